"""Slow, silent, deaf, half-open and hostile peers, a full disk, a registry that fails: the listener outlives all."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Collection

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shangyou.adapters.hj212 import Hj212Listener, ListenerSettings
from shangyou.core.errors import UnavailableError
from shangyou.core.registry import Device
from tests.adapters.hj212.node import Peer, Place, dialled, packet, place, run
from tests.fakes.state import FakeRegistry

BAD = b"hello\r\n"


async def works(here: Place) -> None:
    """A good device is served as if nothing had happened."""
    peer = await here.peer()
    await peer.send(packet(qn="9" * 17).frame())
    assert (await peer.answer()).qn == "9" * 17


async def closed_for(here: Place, reason: str) -> None:
    """The books say why a line was closed."""
    await here.intake.until(lambda: any(s.reason == f"hj212.closed_{reason}" for s in here.intake.sessions()))


def test_a_peer_that_never_finishes_its_frame_is_hung_up_on() -> None:
    async def test() -> None:
        async with place(frame_s=0.03) as here:
            peer = await here.peer()
            await peer.send(packet(qn="1" * 17).frame())
            await peer.answer()
            await peer.send(packet().frame()[:50])
            assert await peer.until_closed() == b""
            await closed_for(here, "slow")
            await works(here)

    run(test())


def test_a_peer_that_drips_is_hung_up_on_however_often_it_drips() -> None:
    async def test() -> None:
        async with place(frame_s=0.05) as here:
            peer = await here.peer()
            drip = asyncio.create_task(dripping(peer))
            assert await peer.until_closed() == b""
            drip.cancel()
            await asyncio.gather(drip, return_exceptions=True)

    async def dripping(peer: Peer) -> None:
        for byte in b"##9999" + b"x" * 9000:
            await peer.send(bytes([byte]))
            await asyncio.sleep(0.002)  # the fault itself, not a wait for something

    run(test())


def test_a_peer_that_never_brings_a_packet_is_hung_up_on() -> None:
    async def test() -> None:
        async with place(first_packet_s=0.03) as here:
            peer = await here.peer()
            assert await peer.until_closed() == b""
            assert here.intake.sessions() == []  # whoever only knocks leaves no row

    run(test())


def test_blank_lines_are_no_sign_of_life_before_the_first_packet() -> None:
    async def test() -> None:
        async with place(first_packet_s=0.05) as here:
            peer = await here.peer()
            await peer.send(b"\r\n" * 100)
            assert await peer.until_closed() == b""

    run(test())


def test_a_device_that_falls_silent_is_hung_up_on() -> None:
    async def test() -> None:
        async with place(idle_s=0.03) as here:
            peer = await here.peer()
            await peer.send(packet().frame())
            await peer.answer()
            assert await peer.until_closed() == b""
            await closed_for(here, "idle")

    run(test())


def test_a_peer_that_leaves_its_answers_unread_is_not_read_from_and_then_hung_up_on() -> None:
    async def test() -> None:
        async with place(deaf_s=0.05, unread_bytes=1024) as here:
            host, port = here.listener.address
            deaf = socket.socket()
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            deaf.connect((host, port))
            await asyncio.to_thread(flood, deaf)
            await closed_for(here, "deaf")
            await works(here)
            deaf.close()

    def flood(deaf: socket.socket) -> None:
        frames = b"".join(packet(qn=f"{i:017d}").frame() for i in range(200))
        try:
            while True:
                deaf.sendall(frames)
        except OSError:
            return  # hung up on

    run(test())


def test_a_half_closed_line_still_gets_its_answer() -> None:
    async def test() -> None:
        async with place() as here:
            peer = await here.peer()
            here.journal.gate.clear()
            await peer.send(packet().frame())
            peer.writer.write_eof()
            await asyncio.to_thread(here.journal.entered.wait)
            here.journal.gate.set()
            assert (await peer.answer()).cn == "9014"
            assert await peer.until_closed() == b""
            await closed_for(here, "peer")

    run(test())


def test_a_line_that_breaks_off_within_a_frame_is_kept_as_refused() -> None:
    async def test() -> None:
        async with place() as here:
            peer = await here.peer()
            await peer.send(packet().frame()[:40])
            await peer.close()
            assert [raw.note for raw in await here.until_kept(1)] == ["refused hj212.truncated"]

    run(test())


def test_a_dead_line_will_be_noticed_by_keep_alive() -> None:
    async def test() -> None:
        async with place() as here:
            await here.peer()
            while not here.listener.connections:
                await asyncio.sleep(0)
            (line,) = here.listener.lines
            assert line.transport is not None
            sock = line.transport.get_extra_info("socket")
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)

    run(test())


def test_too_many_bad_packets_in_a_row_end_the_line() -> None:
    async def test() -> None:
        async with place(bad_in_a_row=5) as here:
            peer = await here.peer()
            await peer.send(BAD * 1000)
            assert await peer.until_closed() == b""
            await closed_for(here, "bad")
            assert here.listener.figures.refused == 5
            await works(here)

    run(test())


def test_a_stranger_that_insists_is_hung_up_on() -> None:
    async def test() -> None:
        async with place(bad_in_a_row=5) as here:
            peer = await here.peer()
            await peer.send(packet("STRANGER").frame() * 5)
            assert await peer.until_closed() == b""
            await closed_for(here, "bad")

    run(test())


def test_noise_between_good_packets_does_not_end_the_line() -> None:
    async def test() -> None:
        async with place(bad_in_a_row=3) as here:
            peer = await here.peer()
            for i in range(10):
                await peer.send(BAD + packet(qn=f"{i:017d}").frame())
                assert (await peer.answer()).qn == f"{i:017d}"

    run(test())


def test_refused_packets_beyond_the_limit_are_counted_but_not_kept() -> None:
    async def test() -> None:
        async with place(refused_a_minute=3, bad_in_a_row=1000) as here:
            peer = await here.peer()
            await peer.send(BAD * 50 + packet().frame())
            await peer.answer()
            assert len(here.journal.raws) <= 3 * 2 + 1  # the minute may turn while the test runs
            assert here.listener.figures.refused == 50

    run(test())


@pytest.mark.parametrize("limits", [{"connections": 2}, {"per_address": 2}])
def test_connections_over_the_limit_are_turned_away_until_one_ends(limits: dict[str, int]) -> None:
    async def test() -> None:
        async with place(**limits) as here:  # type: ignore[arg-type]
            first, second = await here.peer(), await here.peer()
            for i, peer in enumerate((first, second)):
                await peer.send(packet(qn=f"{i:017d}").frame())
                await peer.answer()
            third = await here.peer()
            assert await third.until_closed() == b""
            assert (here.listener.connections, here.listener.figures.turned_away) == (2, 1)
            await first.close()
            while here.listener.connections == 2:
                await asyncio.sleep(0)
            await works(here)

    run(test())


def test_while_the_disk_waits_no_more_is_taken_than_may_be_held() -> None:
    async def test() -> None:
        held = 20_000
        async with place(held_bytes=held) as here:
            here.journal.gate.clear()
            peer = await here.peer()
            stream = b"".join(packet(qn=f"{i:017d}").frame() for i in range(6_000))
            sending = asyncio.create_task(peer.send(stream))
            await asyncio.to_thread(here.journal.entered.wait)
            assert await peer.silence(0.1)
            taken = here.listener.figures.bytes
            assert taken < held + (1 << 19)  # what one or two reads from the socket may bring
            assert taken < len(stream)
            here.journal.gate.set()
            assert [(await peer.answer()).qn for _ in range(6_000)] == [f"{i:017d}" for i in range(6_000)]
            await sending

    run(test())


def test_a_line_that_sends_too_much_is_slowed_and_not_cut() -> None:
    async def test() -> None:
        count = 400
        size = len(packet().frame())
        async with place(line_bytes_a_second=count * size * 5) as here:
            peer = await here.peer()
            started = asyncio.get_running_loop().time()
            await peer.send(b"".join(packet(qn=f"{i:017d}").frame() for i in range(count)))
            for _ in range(count):
                await peer.answer()
            await peer.send(packet(qn="9" * 17).frame())
            await peer.answer()
            # the first burst is allowed, and paid for before anything more is read
            assert asyncio.get_running_loop().time() - started > 0.1

    run(test())


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=200), st.just(packet().frame()), st.just(b"##9999")), max_size=6))
def test_any_bytes_leave_the_listener_at_work(chunks: list[bytes]) -> None:
    async def test() -> None:
        async with place() as here:
            peer = await here.peer()
            for chunk in chunks:
                await peer.send(chunk)
            await peer.close()
            await works(here)

    run(test())


def test_a_full_disk_acknowledges_nothing_and_is_recovered_from() -> None:
    async def test() -> None:
        async with place() as here:
            here.journal.full = True
            async with dialled(here.device(answer_s=0.05, retries=0)) as monitor:
                assert await monitor.send("2011", b"DataTime=20260801080000") == [(False, 1)]
                assert here.listener.figures.journal_failures == 1
                assert "journal.full" in here.listener.figures.last_failure
                here.journal.full = False
                assert await monitor.send("2011", b"DataTime=20260801080000") == [(True, 1)]
            assert len(here.journal.raws) == 1

    run(test())


def test_what_was_not_acknowledged_is_sent_again_until_the_disk_has_room() -> None:
    async def test() -> None:
        async with place() as here:
            here.journal.full = True
            async with dialled(here.device(answer_s=0.05, retries=3)) as monitor:
                sending = asyncio.create_task(monitor.send("2011", b"DataTime=20260801080000"))
                while not here.listener.figures.journal_failures:
                    await asyncio.sleep(0)
                here.journal.full = False
                (delivery,) = await sending
                assert delivery.acknowledged
                assert delivery.attempts > 1

    run(test())


class BrokenRegistry(FakeRegistry):
    """A registry whose database is away, or that has a fault of its own."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error: Exception | None = error

    def reporters(self, mns: Collection[str]) -> dict[str, tuple[Device, str]]:
        if self.error is not None:
            raise self.error
        return super().reporters(mns)


@pytest.mark.parametrize("error", [UnavailableError("state.read"), RuntimeError("a fault of ours")])
def test_a_registry_that_fails_admits_nobody_and_is_recovered_from(error: Exception) -> None:
    async def test() -> None:
        seen: list[dict[str, object]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: seen.append(context))
        async with place() as here:
            registry = BrokenRegistry(error)
            registry.put_device(Device("A510000_0001", "", ""), "123456", "test", 0)
            listener = Hj212Listener(here.journal, registry, here.intake, here.clock, ListenerSettings(port=0))
            await listener.start()
            host, port = listener.address
            peer = Peer(*await asyncio.open_connection(host, port))
            await peer.send(packet().frame())
            while not listener.figures.journal_failures:
                await asyncio.sleep(0)
            registry.error = None
            await peer.send(packet().frame())
            assert (await peer.answer()).cn == "9014"
            assert len(seen) == isinstance(error, RuntimeError)  # a fault of ours is not hidden
            await peer.close()
            await listener.close()

    run(test())


def test_a_port_in_use_is_said_so() -> None:
    async def test() -> None:
        async with place() as here:
            _, port = here.listener.address
            second = Hj212Listener(here.journal, here.registry, here.intake, here.clock, ListenerSettings(port=port))
            with pytest.raises(UnavailableError, match=r"hj212\.listen"):
                await second.start()

    run(test())


def test_closing_finishes_what_arrived_and_tells_the_books() -> None:
    async def test() -> None:
        async with place() as here:
            peer = await here.peer()
            here.journal.gate.clear()
            await peer.send(packet().frame())
            await asyncio.to_thread(here.journal.entered.wait)
            closing = asyncio.create_task(here.listener.close())
            await asyncio.sleep(0)
            here.journal.gate.set()
            await closing
            assert (await peer.answer()).cn == "9014"
            assert await peer.until_closed() == b""
            assert [(s.reason, s.packets) for s in here.intake.sessions()] == [("hj212.closed_stopped", 1)]

    run(test())
