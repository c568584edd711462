"""What stands beside a file in the raw journal, so that its reader needs nothing that could change later."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from shangyou.core.errors import InputError


@dataclass(frozen=True, slots=True)
class FileNote:
    """How a file is to be read.

    >>> FileNote("2021-04").text(), FileNote.of("2021-04")
    ('2021-04', FileNote(date='2021-04', provinces=(), map='', inferred=''))
    """

    date: str = ""  # year, month or day of a file whose times do not name the year
    provinces: tuple[str, ...] = ()  # keep only these; () = all
    map: str = ""  # TOML of the column map of a table, as somebody declared it; "" = nobody did
    inferred: str = ""  # TOML of the map that was inferred at intake; kept, so that a replay reads as the first time

    def text(self) -> str:
        """As it stands in Raw.note: the date alone, where there is nothing else to say."""
        if not self.provinces and not self.map and not self.inferred:
            return self.date
        return msgspec.json.encode(self).decode()

    @classmethod
    def of(cls, text: str) -> FileNote:
        """The note of a text; InputError "receive.note"."""
        if not text.startswith("{"):
            return cls(text)
        try:
            return msgspec.json.decode(text, type=cls)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise InputError("receive.note", note=text[:200]) from error


def declared(text: str) -> str:
    """The note without what was inferred: what somebody said of a file, by which the same file is known again.

    >>> declared(FileNote("2021", inferred="...").text())
    '2021'
    """
    if '"inferred"' not in text:  # of most notes, without reading them
        return text
    try:
        return replace(FileNote.of(text), inferred="").text()
    except InputError:
        return text
