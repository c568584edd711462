"""Read anything of the national portal."""

from __future__ import annotations

from collections.abc import Sequence

from shangyou.core.errors import InputError
from shangyou.core.journal import Raw
from shangyou.core.records import Parsed
from shangyou.ingest.cnemc import answers, pages, section_files
from shangyou.ingest.tables.limits import Limits

READERS = {"cnemc-csv": section_files.read, "cnemc-json": answers.read, "cnemc-page": pages.read}  # by Raw.kind


def read(raw: Raw, provinces: Sequence[str] = (), limits: Limits = Limits()) -> Parsed:  # noqa: B008 - a frozen value
    """Observations, sections and refusals of a section file, an answer or a page.

    Args:
        raw: `kind` names the reader; `note` ("2021-04", "2025-11-08") or the dates in `source` give the year.
        provinces: only these, as the portal writes them (四川省); () = all.
        limits: bounds of one read.

    Raises:
        InputError: "cnemc.kind": there is no such reader. Nothing that stands in the bytes raises.
    """
    if raw.kind not in READERS:
        raise InputError("cnemc.kind", kind=raw.kind, known=", ".join(READERS))
    return READERS[raw.kind](raw, provinces, limits)
