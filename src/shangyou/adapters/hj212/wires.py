"""The sockets of all lines, served together: one turn of the event loop reads everything that has come.

An event loop that calls back for each socket, and a `socket.recv` or `send`, let go of the interpreter lock every time.
While another thread computes, each of them then waits for the lock anew, and a few thousand packets a second wait for
seconds. Here a turn takes the lock once, however many lines have something; the system calls never block, so they may
keep it.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import os
import select
import socket
from collections.abc import Callable
from typing import Final

RECV_BYTES: Final = 1 << 16
LINES_A_TURN: Final = 512  # 10 to 20 ms of work at most; the rest is read in the next turn, after other things
ACCEPTED_A_TURN: Final = 64
NO_FILES_S: Final = 1.0  # how long nobody is let in after there was no file descriptor left
LOST: Final = select.EPOLLERR | select.EPOLLHUP
IN: Final = select.EPOLLIN | LOST
OUT: Final = select.EPOLLOUT | LOST
FLAGS: Final = socket.MSG_DONTWAIT | getattr(socket, "MSG_NOSIGNAL", 0)

_libc = ctypes.PyDLL(None, use_errno=True)  # unlike CDLL, its calls keep the interpreter lock
_recv, _send = _libc.recv, _libc.send
_recv.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
_send.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int)
_recv.restype = _send.restype = ctypes.c_ssize_t


class Switchboard:
    """Accepts connections and serves them all; each has a protocol that `make` gives. Belongs to one event loop."""

    def __init__(self, make: Callable[[], asyncio.Protocol]) -> None:
        self.loop = asyncio.get_running_loop()
        self.wires: dict[int, Wire] = {}  # by file descriptor
        self.poll = select.epoll()
        self._make = make
        self._listening: list[socket.socket] = []
        self._room = bytearray(RECV_BYTES)
        self._view = memoryview(self._room)
        self._address = ctypes.addressof(ctypes.c_char.from_buffer(self._room))
        self._closed = False
        self.loop.add_reader(self.poll.fileno(), self._turn)

    async def listen(self, host: str, port: int, backlog: int) -> tuple[str, int]:
        """Let connections in at every address of a host; the first of them. Raises OSError."""
        found = await self.loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, address in dict.fromkeys((place[0], place[4]) for place in found):
            made = socket.socket(family, socket.SOCK_STREAM)
            self._listening.append(made)
            made.setblocking(False)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            made.bind(address)
            made.listen(backlog)
            self.loop.add_reader(made.fileno(), self._accept, made)
        name, number = self._listening[0].getsockname()[:2]
        return str(name), int(number)

    def stop_listening(self) -> None:
        """Let nobody in any more; the lines stay."""
        for made in self._listening:
            self.loop.remove_reader(made.fileno())
            made.close()
        self._listening.clear()

    def close(self) -> None:
        """Let go of everything, once all lines are closed."""
        self.stop_listening()
        if not self._closed:
            self._closed = True
            self.loop.remove_reader(self.poll.fileno())
            self.poll.close()

    def read(self, fd: int) -> bytes | None:
        """What has come, b"" at the end, None if nothing has. Raises OSError."""
        count = _recv(fd, self._address, RECV_BYTES, FLAGS)
        if count >= 0:
            return bytes(self._view[:count])
        if _passing(number := ctypes.get_errno()):
            return None
        raise OSError(number, os.strerror(number))

    def _accept(self, made: socket.socket) -> None:
        for _ in range(ACCEPTED_A_TURN):
            try:
                peer, address = made.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:  # no file descriptors: the connection waits in the backlog, and so do we
                self.loop.remove_reader(made.fileno())
                self.loop.call_later(NO_FILES_S, self._listen_again, made)
                return
            peer.setblocking(False)
            with contextlib.suppress(OSError):
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            Wire(self, peer, address, self._make())

    def _listen_again(self, made: socket.socket) -> None:
        if made in self._listening:
            self.loop.add_reader(made.fileno(), self._accept, made)

    def _turn(self) -> None:
        for fd, events in self.poll.poll(0, LINES_A_TURN):
            wire = self.wires.get(fd)  # None: it was closed by what another line brought
            if wire is None:
                continue
            try:
                wire.serve(events)
            except Exception as error:  # noqa: BLE001 - a fault of one line must not cost the others their turn
                context = {"message": "a line of HJ 212 failed", "exception": error, "transport": wire}
                self.loop.call_exception_handler(context)
                wire.abort()


class Wire(asyncio.Transport):
    """One connection of a switchboard: of asyncio's transport what a line needs."""

    def __init__(self, board: Switchboard, peer: socket.socket, address: object, protocol: asyncio.Protocol) -> None:
        super().__init__({"socket": peer, "peername": address})
        self._board, self._socket, self._protocol = board, peer, protocol
        self._fd = peer.fileno()
        self._mask = 0  # what the poll looks for; 0 = it does not know the socket
        self._reading, self._ended = True, False
        self._closing = self._lost = False
        self._out = bytearray()
        self._high = RECV_BYTES
        self._full = False  # the protocol was told to write no more
        board.wires[self._fd] = self
        protocol.connection_made(self)
        self._watch()

    def serve(self, events: int) -> None:
        """Do what the poll has found possible."""
        if events & OUT and self._out:
            self._flush()
        if events & IN and self._wants():
            self._read()

    def is_closing(self) -> bool:
        """Is it closed, or about to be?"""
        return self._closing

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Bytes that may wait for the peer before the protocol is told."""
        self._high = RECV_BYTES if high is None else high

    def pause_reading(self) -> None:
        """Read nothing for a while."""
        self._reading = False
        self._watch()

    def resume_reading(self) -> None:
        """Read on."""
        self._reading = True
        self._watch()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send; what the peer does not take yet waits."""
        if self._lost or not data:
            return
        waited = bool(self._out)
        self._out += data
        if not waited:
            self._flush()
        if len(self._out) > self._high and not self._full and not self._lost:
            self._full = True
            self._protocol.pause_writing()

    def close(self) -> None:
        """Close once what waits is sent; nothing is read any more."""
        if not self._closing:
            self._closing = True
            if self._out:
                self._watch()
            else:
                self._lose(None)

    def abort(self) -> None:
        """Close now."""
        self._lose(None)

    def _wants(self) -> bool:
        return self._reading and not self._ended and not self._closing

    def _watch(self) -> None:
        """Tell the poll what there is to wait for. It would report a lost line for ever if nobody looked."""
        if self._lost:
            return
        mask = (select.EPOLLIN if self._wants() else 0) | (select.EPOLLOUT if self._out else 0)
        if mask == self._mask:
            return
        if not mask:
            self._board.poll.unregister(self._fd)
        elif self._mask:
            self._board.poll.modify(self._fd, mask)
        else:
            self._board.poll.register(self._fd, mask)
        self._mask = mask

    def _read(self) -> None:
        try:
            data = self._board.read(self._fd)
        except OSError as error:
            self._lose(error)
            return
        if data:
            self._protocol.data_received(data)
        elif data is not None:
            self._ended = True
            self._watch()
            if not self._protocol.eof_received():
                self.close()

    def _flush(self) -> None:
        count = _send(self._fd, bytes(self._out), len(self._out), FLAGS)
        if count < 0 and not _passing(number := ctypes.get_errno()):
            self._lose(OSError(number, os.strerror(number)))
            return
        del self._out[: max(count, 0)]
        self._watch()
        if self._full and len(self._out) <= self._high // 4:
            self._full = False
            self._protocol.resume_writing()
        if self._closing and not self._out:
            self._lose(None)

    def _lose(self, error: OSError | None) -> None:
        """The end. The protocol hears of it in a turn of its own, for it may be in the midst of something."""
        if self._lost:
            return
        self._closing = True
        self._out.clear()
        self._reading = False
        self._watch()
        self._lost = True
        del self._board.wires[self._fd]
        self._board.loop.call_soon(self._tell_lost, error)

    def _tell_lost(self, error: OSError | None) -> None:
        try:
            self._protocol.connection_lost(error)
        finally:
            self._socket.close()


def _passing(number: int) -> bool:
    """Is an error number no error, but only a matter of time?"""
    return number in (errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR)
