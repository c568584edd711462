"""What is sent: answers to packets, uploads, requests. Source: HJ 212-2017, 6.5 and appendix C."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from shangyou.core.errors import InputError
from shangyou.ingest.hj212.codes import COMMANDS
from shangyou.ingest.hj212.frame import frame
from shangyou.ingest.hj212.packet import SEGMENT_LIMIT, Packet

INTERACTION: Final = "91"  # ST of answers
VERSIONS: Final = {2005: 0, 2017: 4, 2025: 8}  # version bits, in their place in Flag
AREA_LIMIT: Final = 950  # bytes of a data area in 2017
_FORBIDDEN: Final = frozenset(";,=&\r\n")


def answer_code(packet: Packet) -> str | None:
    """CN of the answer that a received packet calls for; None if it calls for none.

    Uploads are answered by 9014, notices by 9013, and answers by nothing, whatever their Flag says.
    """
    if not packet.wants_answer:
        return None
    command = COMMANDS.get(packet.cn)
    kind = command.kind if command else "upload"
    return {"interaction": None, "notice": "9013"}.get(kind, "9014")


def answer(packet: Packet) -> bytes | None:
    """The frame that acknowledges a packet: its QN, PW and MN again, its version bits, and no wish for an answer."""
    code = answer_code(packet)
    if code is None or packet.flag is None:
        return None
    qn = f"QN={packet.qn};" if packet.qn else ""
    head = f"{qn}ST={INTERACTION};CN={code};PW={packet.pw};MN={packet.mn};Flag={packet.flag & ~3};CP=&&&&"
    return frame(head.encode())


def reply(request: Packet, code: str, area: str = "") -> Packet:
    """A device's answer to a request: 9011 with QnRtn, 9012 with ExeRtn, 9013, or data under the request's own CN."""
    st = INTERACTION if code.startswith("9") else request.st
    flag = (request.flag or 0) & ~3
    return Packet(request.mn, code, st, request.pw, area.encode(), request.qn, flag)


def flag_of(edition: int, wants_answer: bool, split: bool = False) -> int:
    """The Flag of an edition."""
    return VERSIONS[edition] | (2 if split else 0) | (1 if wants_answer else 0)


def data_area(time: str, factors: Mapping[str, Mapping[str, object]], encoding: str = "utf-8") -> bytes:
    """A data area: DataTime, and of each factor its fields in order.

    Raises InputError "hj212.text" if a text holds a separator of the protocol.

    >>> data_area("20260801080000", {"w01001": {"Avg": 7.64, "Flag": "N"}, "w01009": {"Avg": 6.6}})
    b'DataTime=20260801080000;w01001-Avg=7.64,w01001-Flag=N;w01009-Avg=6.6'
    """
    groups = [",".join(f"{code}-{name}={_text(value)}" for name, value in f.items()) for code, f in factors.items()]
    return ";".join([f"DataTime={time}", *groups]).encode(encoding)


def fields_area(fields: Iterable[tuple[str, object]]) -> str:
    """A data area of plain fields, such as `RtdInterval=30`; raises as `data_area`."""
    return ";".join(f"{name}={_text(value)}" for name, value in fields)


def _text(value: object) -> str:
    text = str(value)
    if not _FORBIDDEN.isdisjoint(text):
        raise InputError("hj212.text", text=text[:50])
    return text


def parts(packet: Packet, limit: int = AREA_LIMIT) -> list[Packet]:
    """The packet, split where it is too long: whole factors a part, DataTime in each, as in table C.50.

    limit: bytes of a data area; less where the head is so long that the segment would pass its own limit.
    All parts keep the QN; a factor that alone is longer than the limit is a part of its own.
    """
    head_bytes = len(packet.segment()) - len(packet.cp) + len(";PNUM=1000;PNO=1000")
    limit = min(limit, SEGMENT_LIMIT - head_bytes)
    if len(packet.cp) <= limit:
        return [packet]
    head, *groups = packet.cp.split(b";")
    areas = [head]
    for group in groups:
        longer = areas[-1] + b";" + group
        if len(longer) <= limit or areas[-1] == head:
            areas[-1] = longer
        else:
            areas.append(head + b";" + group)
    if len(areas) == 1:
        return [packet]
    flag = None if packet.flag is None else packet.flag | 2
    return [packet._replace(cp=area, flag=flag, pnum=len(areas), pno=i) for i, area in enumerate(areas, 1)]
