"""Packets: the fields of a data segment. Source: HJ 212-2017, 6.3.2.

The data area stays bytes: its separators never occur inside a character of UTF-8 or GB 18030, so it can be cut
before anybody knows which of the two it is written in.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from shangyou.core.records import Refusal
from shangyou.ingest.hj212.codes import edition
from shangyou.ingest.hj212.frame import frame, readable

SEGMENT_LIMIT: Final = 1024  # of 2005 and 2017; of 2025 it is not known
_USUAL: Final = re.compile(  # the order of the standard, and of 2005 with PNUM and PNO before ST
    rb"(?:QN=(\d{17});)?(?:PNUM=(\d{1,4});PNO=(\d{1,4});)?ST=([0-9A-Z]{2});CN=(\d{4});PW=([!-:<-~]*);MN=([!-:<-~]+)"
    rb"(?:;Flag=(\d{1,3}))?(?:;PNUM=(\d{1,4});PNO=(\d{1,4}))?;CP=&&(.*)&&",
    re.DOTALL,
)
_MARK_FIRST: Final = re.compile(rb";[^-=,;&]*-E?Flag=")
_MARK_APART: Final = re.compile(rb"([^-=,;&\s]+)-\w+=[^,;]*;\s*\1-E?Flag=")  # w01001-Rtd=7.1;w01001-Flag=N
_FORMS: Final = {  # what each field must look like
    "QN": re.compile(rb"\d{17}"),
    "ST": re.compile(rb"[0-9A-Z]{2}"),
    "CN": re.compile(rb"\d{4}"),
    "PW": re.compile(rb"[!-:<-~]*"),
    "MN": re.compile(rb"[!-:<-~]+"),
    "Flag": re.compile(rb"\d{1,3}"),
    "PNUM": re.compile(rb"\d{1,4}"),
    "PNO": re.compile(rb"\d{1,4}"),
}
_COMMON: Final = frozenset({0, 1, 4, 5, 8, 9})  # Flag of packets that are not split
_MN_LIMIT: Final = 64  # 24 in the standard; a name of any length would be kept as a key


class Packet(NamedTuple):
    """One data segment, read."""

    mn: str
    cn: str
    st: str
    pw: str
    cp: bytes  # between CP=&& and &&
    qn: str = ""  # "" = missing
    flag: int | None = None  # None = missing, as 2005 allows
    pnum: int = 0  # 0 = not split
    pno: int = 0
    deviations: tuple[str, ...] = ()  # keys of codes.DEVIATIONS

    @property
    def wants_answer(self) -> bool:
        """Bit A of Flag."""
        return self.flag is not None and bool(self.flag & 1)

    @property
    def split(self) -> bool:
        """Is it one of several parts?"""
        return self.pnum > 1

    def segment(self) -> bytes:
        """The data segment, in the order of the standard."""
        qn = f"QN={self.qn};" if self.qn else ""
        flag = "" if self.flag is None else f";Flag={self.flag}"
        parts = f";PNUM={self.pnum};PNO={self.pno}" if self.pnum else ""
        head = f"{qn}ST={self.st};CN={self.cn};PW={self.pw};MN={self.mn}{flag}{parts};CP=&&"
        return b"%b%b&&" % (head.encode(), self.cp)

    def frame(self) -> bytes:
        """The whole frame; InputError "hj212.too_long"."""
        return frame(self.segment())


def parse(segment: bytes, deviations: tuple[str, ...] = ()) -> Packet | list[Refusal]:
    """The packet of a data segment, or everything that is wrong with it; 3 us for the usual order."""
    match = _USUAL.fullmatch(segment)
    if match is None:
        return _parse_any_order(segment, deviations)
    qn, pnum, pno, st, cn, pw, mn, flag, pnum2, pno2, cp = match.groups(b"")
    packet = Packet(
        mn.decode(),
        cn.decode(),
        st.decode(),
        pw.decode(),
        cp,
        qn.decode(),
        int(flag) if flag else None,
        int(pnum or pnum2 or 0),
        int(pno or pno2 or 0),
        deviations,
    )
    return _checked(packet, len(segment))


def _checked(packet: Packet, length: int) -> Packet | list[Refusal]:
    """The packet with its own deviations marked, or what contradicts itself in it."""
    apart = _MARK_FIRST.search(packet.cp) and _MARK_APART.search(packet.cp)
    usual = packet.flag in _COMMON and not packet.pnum and length <= SEGMENT_LIMIT and len(packet.mn) <= 24
    if packet.qn and usual and not apart:
        return packet
    refusals = []
    if packet.flag is not None and packet.flag > 255:
        refusals.append(Refusal("hj212.field_form", {"field": "Flag", "value": packet.flag}, column="Flag"))
    numbered = packet.pnum > 0 or packet.pno > 0
    asked = packet.flag is not None and bool(packet.flag & 2)
    if (numbered and not 1 <= packet.pno <= packet.pnum) or (asked and not numbered):
        facts: dict[str, object] = {"pnum": packet.pnum, "pno": packet.pno}
        refusals.append(Refusal("hj212.part_number", facts, column="PNO"))
    if len(packet.mn) > _MN_LIMIT:
        refusals.append(Refusal("hj212.field_form", {"field": "MN", "value": packet.mn[:_MN_LIMIT]}, column="MN"))
    if refusals:
        return refusals
    if length > SEGMENT_LIMIT and edition(packet.flag) in (2005, 2017):
        packet = packet._replace(deviations=(*packet.deviations, "segment-long"))
    if not packet.qn:
        packet = packet._replace(deviations=(*packet.deviations, "qn-missing"))
    if apart:
        packet = packet._replace(deviations=(*packet.deviations, "flag-apart"))
    return packet


def _parse_any_order(segment: bytes, deviations: tuple[str, ...]) -> Packet | list[Refusal]:
    """The same for fields in another order, with blanks, or wrong."""
    head, found, area = segment.partition(b"CP=&&")
    if not found or not area.endswith(b"&&"):
        return [Refusal("hj212.data_area", {}, column="CP", text=readable(segment))]
    fields: dict[str, bytes] = {}
    refusals = []
    for item in head.split(b";"):
        name, equals, value = item.strip().partition(b"=")
        if not name and not equals:
            continue
        key = name.decode("ascii", "replace").strip()
        form = _FORMS.get(key)
        if not equals or form is None:
            refusals.append(Refusal("hj212.field_unknown", {"field": readable(item, 50)}, text=readable(item)))
        elif key in fields:
            refusals.append(Refusal("hj212.field_twice", {"field": key}, column=key, text=readable(item)))
        elif not form.fullmatch(value.strip()):
            facts: dict[str, object] = {"field": key, "value": readable(value, 50)}
            refusals.append(Refusal("hj212.field_form", facts, column=key, text=readable(value)))
        fields.setdefault(key, value.strip())
    missing = [key for key in ("ST", "CN", "MN") if key not in fields]
    refusals += [Refusal("hj212.field_missing", {"field": key}, column=key) for key in missing]
    if refusals:
        return refusals
    flag = fields.get("Flag")
    packet = Packet(
        **{key.lower(): fields.get(key, b"").decode() for key in ("MN", "CN", "ST", "PW", "QN")},
        cp=area[:-2],
        flag=int(flag) if flag else None,
        pnum=int(fields.get("PNUM", 0)),
        pno=int(fields.get("PNO", 0)),
        deviations=deviations,
    )
    return _checked(packet, len(segment))


def plain_fields(cp: bytes) -> dict[str, str]:
    """Fields of a data area that carry no factor, such as QnRtn or SystemTime; the first of a name counts."""
    fields: dict[str, str] = {}
    for item in re.split(rb"[;,]", cp):
        name, equals, value = item.partition(b"=")
        if equals and b"-" not in name:
            fields.setdefault(readable(name.strip(), 50), readable(value.strip()))
    return fields
