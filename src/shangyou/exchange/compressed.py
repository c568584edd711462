"""Arrow streams whose buffers are compressed: opened, 40 kB can be a gigabyte, so those of other nodes are refused."""

from __future__ import annotations

import struct

import pyarrow as pa


def is_compressed(stream: bytes | pa.Buffer) -> bool:
    """Is any part of an Arrow stream compressed? Raises as pyarrow, struct.error or IndexError where it is none."""
    return any(map(_has_compression, pa.ipc.MessageReader.open_stream(pa.BufferReader(stream))))


def _has_compression(message: pa.ipc.Message) -> bool:
    """The flatbuffer is read by hand: pyarrow does not tell.

    Source: Arrow columnar format, Message.fbs (RecordBatch: length, nodes, buffers, compression).
    """
    buffer = message.metadata.to_pybytes()
    root = struct.unpack_from("<I", buffer)[0]
    kind, inner = _field(buffer, root, 1), _field(buffer, root, 2)
    if not kind or not inner or buffer[kind] not in (2, 3):  # dictionary batch, record batch
        return False
    batch = inner + struct.unpack_from("<I", buffer, inner)[0]
    if buffer[kind] == 2:
        data = _field(buffer, batch, 1)
        batch = data + struct.unpack_from("<I", buffer, data)[0]
    return _field(buffer, batch, 3) != 0


def _field(buffer: bytes, table: int, number: int) -> int:
    """Where a field of a flatbuffer's table is; 0 = not there."""
    names: int = table - struct.unpack_from("<i", buffer, table)[0]
    if 4 + 2 * number >= struct.unpack_from("<H", buffer, names)[0]:
        return 0
    offset: int = struct.unpack_from("<H", buffer, names + 4 + 2 * number)[0]
    return table + offset if offset else 0
