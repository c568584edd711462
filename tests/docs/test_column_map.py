"""The example of docs/column-map.md is read as the page says."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from shangyou.core.journal import Raw
from shangyou.core.records import Censor, Mark
from shangyou.ingest.tables import mapfile
from shangyou.ingest.tables.columns import ColumnMap, column_fields
from shangyou.ingest.tables.reading import read

PAGE = (Path(__file__).parents[2] / "docs" / "column-map.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


def shown(value: float, censor: int, mark: int) -> str:
    if value != value:
        assert mark != Mark.NONE
        return "none"
    return f"{'<' if censor == Censor.BELOW else ''}{round(value, 3):g}"


def test_the_table_of_the_page_is_read_by_its_map_as_the_page_says() -> None:
    (table,), (text,) = blocks("csv"), blocks("text")
    parsed = read(Raw("table", "station.csv", 0, table.encode()), mapfile.load(blocks("toml")[0]))
    o = parsed.observations
    found = [
        f"{o.keys[series].parameter} {datetime.fromtimestamp(time / 1000, UTC):%Y-%m-%dT%H:%MZ} {shown(*said)}"
        for series, time, *said in zip(o.series, o.time, o.value, o.censor, o.mark, strict=True)
    ]
    assert sorted(found) == sorted(text.splitlines())
    assert parsed.refusals == ()
    assert [section.id for section in parsed.sections] == ["51.清风峡"]


def test_every_map_of_the_page_is_sound_and_the_first_names_every_field() -> None:
    wide, long = (mapfile.load(text) for text in blocks("toml"))
    assert isinstance(wide, ColumnMap)
    assert long.long is not None
    assert [name for name in column_fields() if name not in PAGE] == []
