"""The raw journal, entry by entry: what arrived, as it arrived, and beside it what was read from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from shangyou.core import vocabulary
from shangyou.core.errors import NotFoundError
from shangyou.core.journal import Entry
from shangyou.faces.portal import figures
from shangyou.faces.portal.origins import entry_of
from shangyou.faces.portal.visit import Visit
from shangyou.faces.sentences import Sentence, sentence
from shangyou.ingest.hj212.codes import COMMANDS, MARKS, SYSTEMS
from shangyou.ingest.hj212.frame import readable
from shangyou.ingest.hj212.note import KIND, Note
from shangyou.ingest.hj212.packet import Packet, parse

HEAD: Final = 6  # ## and four digits before the segment of a frame
TAIL: Final = 6  # four digits of checksum, CR, LF
LOOK: Final = 5000  # entries that are looked through for those of one source
SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a packet, and what it means."""

    name: str
    value: str
    meaning: str


def entry(visit: Visit) -> Response:
    """One entry, with its fields where it is a packet."""
    found = _entry(visit)
    language = visit.t.language
    packet, faults = None, list[Sentence]()
    if found.raw.kind == KIND:
        packet = parse(found.raw.body[HEAD:-TAIL], Note.of(found.raw.note).deviations)
        if not isinstance(packet, Packet):
            faults = [sentence(r.code, r.facts, language) for r in packet]
    return visit.page(
        "entry_part.html" if visit.partial else "entry.html",
        entry=found,
        fields=fields(packet, visit) if isinstance(packet, Packet) else [],
        faults=faults,
        refused=[
            (r, sentence(r.refusal.code, r.refusal.facts, language))
            for r in visit.node.intake.refused(500, source=None)
            if r.entry == found.id
        ],
        last=visit.node.journal.end() - 1,
    )


def raw(visit: Visit) -> Response:
    """The bytes of an entry as a file; never as a page, whatever they are."""
    found = _entry(visit)
    head = {"content-disposition": f'attachment; filename="entry-{found.id}.bin"'}
    return Response(found.raw.body, media_type="application/octet-stream", headers=head)


def entries(visit: Visit) -> Response:
    """The newest entries of the journal, or those of one source among the last few thousand."""
    end, source = visit.node.journal.end(), visit.query("source")
    found = [e for e in visit.node.journal.read(max(0, end - LOOK)) if not source or e.raw.source == source]
    return visit.page("entries.html", entries=found[-SHOWN:][::-1], source=source, looked=min(end, LOOK))


def fields(packet: Packet, visit: Visit) -> list[Field]:
    """The fields of a packet in its order, each with what the tables of HJ 212 and the vocabulary say of it."""
    zh = visit.t.language == "zh"
    system, command = SYSTEMS.get(packet.st), COMMANDS.get(packet.cn)
    head = [
        Field("QN", packet.qn, visit.t("packet.qn")),
        Field("ST", packet.st, (system.zh if zh else system.en) if system else ""),
        Field("CN", packet.cn, (command.zh if zh else command.en) if command else ""),
        Field("MN", packet.mn, visit.t("packet.mn")),
        Field("Flag", "" if packet.flag is None else str(packet.flag), visit.t("packet.flag")),
    ]
    if packet.pnum:
        head.append(Field("PNUM/PNO", f"{packet.pnum}/{packet.pno}", visit.t("packet.parts")))
    data = [item.partition(b"=") for group in packet.cp.split(b";") for item in group.split(b",") if item]
    for raw_name, _, raw_value in data:
        name, value = readable(raw_name, 50), readable(raw_value)
        head.append(Field(name, value, meaning(name, value, visit)))
    return head


def meaning(name: str, value: str, visit: Visit) -> str:
    """What a field of the data area is called: w01001-Rtd is pH, real-time value; its Flag says the mark in words."""
    t = visit.t
    factor, _, part = name.partition("-")
    known = vocabulary.by_hj212().get(factor.lower())
    if known is None or not part:
        return t.known(f"packet.{name.lower()}", "")
    mark = MARKS.get(value)
    said = t.known(f"mark.{mark.name}", "") if part == "Flag" and mark else t.known(f"packet.{part.lower()}", "")
    return t("packet.of", factor=figures.name_of(known.key, t), part=said) if said else figures.name_of(known.key, t)


def _entry(visit: Visit) -> Entry:
    text = visit.request.path_params["id"]
    found = entry_of(visit.node, int(text)) if text.isdigit() and len(text) < 18 else None
    if found is None:
        raise NotFoundError("portal.entry", id=text)
    return found
