"""Column maps that several tests use."""

from __future__ import annotations

from shangyou.core.journal import Raw
from shangyou.core.records import Parsed
from shangyou.ingest.tables.columns import ColumnMap, LongColumns, Measured, Site, TimeColumns

WIDE = ColumnMap(
    time=TimeColumns(("时间",), ("%Y-%m-%d %H:%M",)),
    site=Site(name_column="断面", province="四川省", river_column="河流"),
    measured=(
        Measured("水温", "water_temperature", "degC", "4h"),
        Measured("氨氮", "ammonia_nitrogen", "mg/L", "4h"),
        Measured("叶绿素", "chlorophyll_a", "mg/L", "4h"),
    ),
)
LONG = ColumnMap(
    time=TimeColumns(("date", "time"), ("%Y-%m-%d %H:%M",), "UTC"),
    site=Site(id_column="site"),
    long=LongColumns("parameter", "result", "unit", "flag"),
    measured=(
        Measured("Nitrate", "nitrate_nitrogen", "mg/L"),
        Measured("Lead", "lead", "ug/L", limit=0.5),
        Measured("Flow", "flow", "m3/s", "day", "mean"),
    ),
    ignored=("Colour",),
)


def raw(text: str | bytes, source: str = "x.csv", note: str = "") -> Raw:
    """A table as it arrives."""
    return Raw("table", source, 0, text if isinstance(text, bytes) else text.encode(), note)


def codes(parsed: Parsed) -> list[tuple[str, int | None, str | None]]:
    """(code, line, column) of every refusal."""
    return [(r.code, r.line, r.column) for r in parsed.refusals]


def values(parsed: Parsed, parameter: str) -> list[float]:
    """Values of one parameter, in order."""
    o = parsed.observations
    wanted = [i for i, key in enumerate(o.keys) if key.parameter == parameter]
    return [float(v) for s, v in zip(o.series, o.value, strict=True) if s in wanted]
