"""Messages between two processes of this programme, over the pipes of the one that the other began."""

from __future__ import annotations

import pickle
import struct
from typing import IO, Any, Final

SIZE: Final = struct.Struct("<Q")
LARGEST: Final = 1 << 32  # bytes of a message


def send(pipe: IO[bytes], what: object) -> None:
    """Write a message, whole."""
    data = pickle.dumps(what, protocol=5)
    pipe.write(SIZE.pack(len(data)) + data)
    pipe.flush()


def receive(pipe: IO[bytes]) -> Any:
    """What the other end sent; EOFError if it is gone. Both ends are one programme: pickle is no door for anybody."""
    head = pipe.read(SIZE.size)
    if len(head) < SIZE.size:
        raise EOFError
    (length,) = SIZE.unpack(head)
    if length > LARGEST:
        raise EOFError
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError
    return pickle.loads(data)  # noqa: S301
