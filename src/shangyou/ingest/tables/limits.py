"""How much a table may ask of the machine. Settings, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass

from shangyou.ingest.tables.faults import DETAILED


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one read. A table beyond them is refused with the bound and what it asked for."""

    block: int = 4 << 20  # bytes of text worked on at once: half a million values, about 100 MB with all copies
    row: int = 1 << 20  # bytes of one row: a longer one is no table, and must not be kept waiting for its end
    columns: int = 4096  # the widest real table (a year of hours, one column each) has a tenth of it
    cells: int = 12_000_000  # of a workbook sheet, empty ones too: its reader holds 40 bytes for each (0.5 GB)
    unpacked: int = 1 << 30  # bytes of a workbook when unpacked: a full sheet of numbers has about a third
    refusals: int = DETAILED  # kept one by one
