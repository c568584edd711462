"""Throw mutated packets at the HJ 212 reader and count what became of them.

    python scripts/fuzz_hj212.py [N=100000] [SEED=1]

Each input is a good packet that was bent: bytes flipped, cut, doubled, swapped, replaced by noise or by words of the
protocol, or several joined and cut anew. An exception is a fault of ours and ends the run with the input's seed.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections import Counter

from shangyou.core.journal import Entry, Raw
from shangyou.core.registry import Device
from shangyou.ingest.hj212.answer import data_area, parts
from shangyou.ingest.hj212.frame import BadFrame, Frame, PacketReader
from shangyou.ingest.hj212.frame import frame as framed
from shangyou.ingest.hj212.note import Note
from shangyou.ingest.hj212.packet import Packet, parse
from shangyou.ingest.hj212.read import Reader

FACTORS = {code: {"Avg": 1.25, "Min": 1, "Flag": "N"} for code in ("w01001", "w01009", "w21003", "w21011", "w20120")}
WHOLE = Packet("A510000_0001", "2061", "21", "123456", data_area("20260801080000", FACTORS), "20260801090000001", 5)
SEEDS = [part.segment() for packet in (WHOLE, WHOLE._replace(cn="2011", flag=9)) for part in parts(packet, 120)]
SEEDS += [WHOLE.segment(), WHOLE._replace(cn="9011", cp=b"QnRtn=1").segment()]
AT_ONCE = 100  # frames read together
WORDS = [
    b"##",
    b"&&",
    b"\r\n",
    b";",
    b",",
    b"=",
    b"-",
    b"DataTime=",
    b"-Flag=",
    b"Flag=7;PNUM=2;PNO=3",
    b"QN=",
    b"CP=&&",
]
WORDS += [b"9" * 400, b"nan", b"1e999", "设备".encode("gb18030"), b"\xff\xfe", b"\0", b"#" * 40, b"w99999-Avg=1"]


def bend(dice: random.Random, data: bytearray) -> None:
    """Change something, in place."""
    at = dice.randrange(len(data) + 1)
    kind = dice.randrange(6)
    if kind == 0 and at < len(data):
        data[at] ^= 1 << dice.randrange(8)
    elif kind == 1:
        del data[at : at + dice.randrange(1, 40)]
    elif kind == 2:
        data[at:at] = dice.choice(WORDS)
    elif kind == 3:
        data[at:at] = dice.randbytes(dice.randrange(1, 20))
    elif kind == 4:
        data[at:at] = data[: dice.randrange(60)]
    elif at < len(data):
        data[at] = dice.choice(b"0123456789;,=-&#\r\n")


def stream(dice: random.Random) -> bytes:
    """Some frames, bent before or after they got their check sum, sometimes not at all."""
    whole = bytearray()
    for _ in range(dice.randrange(1, 4)):
        segment = bytearray(dice.choice(SEEDS).replace(b"090000001", b"%09d" % dice.randrange(235959999)))
        for _ in range(dice.randrange(3)):
            bend(dice, segment)
        body = bytearray(framed(bytes(segment[:9999])))
        for _ in range(dice.choice((0, 0, 1, 2))):
            bend(dice, body)
        whole += body
    return bytes(whole)


def main(count: int, seed: int) -> None:
    reasons: Counter[str] = Counter()
    reader, entries = Reader(), 0
    device = Device("A510000_0001", "", "", profile="lenient")
    started, most = time.perf_counter(), 0
    batch: list[Entry] = []
    for i in range(count):
        dice = random.Random(f"{seed}.{i}")
        cutter = PacketReader()
        data = stream(dice)
        try:
            while data or cutter.waiting:
                step = dice.randrange(1, 300)
                cutter.receive(data[:step])
                data = data[step:]
                found: list[Frame | BadFrame] = list(iter(cutter.next, None))
                if not data and (last := cutter.finish()):
                    found.append(last)
                for item in found:
                    packet = None if isinstance(item, BadFrame) else parse(item.segment, item.deviations)
                    code = item.refusal.code if isinstance(item, BadFrame) else ""
                    note = Note("lenient", getattr(item, "deviations", ()), code if packet is None else "")
                    batch.append(Entry(entries, Raw("hj212", "", i * 10, item.body, note.text())))
                    entries += 1
                most = max(most, cutter.waiting)
            if len(batch) < AT_ONCE and i < count - 1:
                continue
            reading = reader.read(batch, lambda mn: device if mn == device.mn else None)
            batch = []
        except Exception:
            print(f"input {i} of seed {seed}, or one shortly before it, is not survived", file=sys.stderr)
            raise
        reasons.update(refusal.code for _, refusal in reading.refused)
        reasons["values taken"] += len(reading.parsed.observations)
        reasons["duplicates"] += reading.duplicates
    took = time.perf_counter() - started
    for reason, times in reasons.most_common():
        print(f"{times:9d}  {reason}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{count} inputs, {entries} frames and pieces, {took:.1f} s, at most {most} bytes held, {peak} MB resident")


if __name__ == "__main__":
    main(*(int(a) for a in (sys.argv[1:] + ["100000", "1"][len(sys.argv) - 1 :])))
