"""Which reader takes which kind of file from the journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from shangyou.core.errors import InputError
from shangyou.core.journal import Raw
from shangyou.core.records import Observations, Parsed, Refusal
from shangyou.flows.digest import FileReader
from shangyou.flows.notes import FileNote
from shangyou.flows.receive import TABLE
from shangyou.ingest.cnemc import reading as cnemc
from shangyou.ingest.tables import mapfile
from shangyou.ingest.tables.infer import infer
from shangyou.ingest.tables.reading import read_blocks


def read_page(raw: Raw) -> Iterator[Parsed]:
    """A file of the national portal; a note that cannot be read is a refusal."""
    try:
        note = FileNote.of(raw.note)
    except InputError as error:
        yield _refused(error)
        return
    yield cnemc.read(replace(raw, note=note.date), note.provinces)


def read_table(raw: Raw) -> Iterator[Parsed]:
    """A table by the column map of its note: declared, or inferred at intake; else by the one that it suggests."""
    try:
        note = FileNote.of(raw.note)
        told = note.map or note.inferred
        layout = mapfile.load(told) if told else infer(raw.body, raw.source).map
    except InputError as error:
        yield _refused(error)
        return
    yield from read_blocks([raw.body], layout, raw.source, note.date)


def _refused(error: InputError) -> Parsed:
    return Parsed(Observations.build([]), (), (Refusal(error.code, error.facts),))


READERS: Final[Mapping[str, FileReader]] = {TABLE: read_table} | dict.fromkeys(cnemc.READERS, read_page)
