"""The portal's own words: its columns, the states of a station, the signs in its cells."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from shangyou.core import vocabulary
from shangyou.core.errors import InputError
from shangyou.core.records import Mark
from shangyou.ingest.tables.cells import CellRules
from shangyou.ingest.tables.columns import factor
from shangyou.ingest.tables.headers import Role, understand

COLUMNS: Final = (  # as all files and pages from 2020 to 2025 have them, in this order
    "省份", "流域", "断面名称", "监测时间", "水质类别", "水温(℃)", "pH(无量纲)", "溶解氧(mg/L)", "电导率(μS/cm)",
    "浊度(NTU)", "高锰酸盐指数(mg/L)", "氨氮(mg/L)", "总磷(mg/L)", "总氮(mg/L)", "叶绿素α(mg/L)", "藻密度(cells/L)",
    "站点情况",
)  # fmt: skip
CADENCE: Final = "4h"  # analysers run every four hours; the five probes report with them
FILTERED: Final = "极值过滤"
STATES: Final = {  # 站点情况; others become UNKNOWN
    "正常": Mark.NORMAL,
    "维护": Mark.MAINTENANCE,
    "停站": Mark.STOPPED,
    "停运": Mark.STOPPED,
    "不具备运行条件": Mark.STOPPED,  # no water, ice, no power
    "故障": Mark.FAULT,
    "校准": Mark.CALIBRATION,
    "离线": Mark.COMMUNICATION,
    "通讯异常": Mark.COMMUNICATION,
}
SIGNS: Final = {
    "--": Mark.NO_VALUE,
    "-": Mark.NO_VALUE,
    "": Mark.NO_VALUE,
    "*": Mark.NOT_MEASURED,  # not one of the parameters of the station
    FILTERED: Mark.EXTREME_FILTERED,
}
CELLS: Final = CellRules(tuple(SIGNS.items()))
NO_TIME: Final = frozenset({"", "*", "-", "--", "null", "None"})
ALGAE: Final = ("chlorophyll_a", "algal_density")  # measured at stations on lakes and reservoirs

_TAG: Final = re.compile(r"<[^<>]*>")  # a sign < inside ends the search, so that garbage costs no more than its length
_ORIGINAL: Final = re.compile(r"原始值\s*[:：]\s*([^'\"<>]*)")
_TOLD: Final = re.compile(r"所在地市\s*[:：]\s*([^\n'\"<>]*)|所属河流\s*[:：]\s*([^\n'\"<>]*)")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the columns of one source stand."""

    province: int
    basin: int
    name: int
    time: int
    state: int
    values: tuple[tuple[int, str, str], ...]  # (place, parameter, unit), the published class among them
    width: int
    unknown: tuple[str, ...]  # headers that say nothing to us


@lru_cache(maxsize=64)  # a folder of section files asks the same for each
def find_columns(headers: tuple[str, ...]) -> Columns | None:
    """The columns by their headers; None if province, section or time, or all values, are not among them."""
    understood = [understand(unicodedata.normalize("NFKC", text)) for text in headers]
    place = {h.role: i for i, h in reversed(list(enumerate(understood)))}
    if not {Role.PROVINCE, Role.NAME, Role.TIME} <= place.keys():
        return None
    values, seen = list[tuple[int, str, str]](), set[str]()
    for i, h in enumerate(understood):
        unit = h.unit or (vocabulary.parameter(h.key).unit if h.key else "")
        if h.role is Role.VALUE and h.key not in seen and _converts(h.key, unit):
            values.append((i, h.key, unit))
            seen.add(h.key)
    if not values:
        return None
    read = {i for i, *_ in values} | set(place.values())
    unknown = tuple(h.text for i, h in enumerate(understood) if i not in read and h.text.strip())
    return Columns(
        province=place[Role.PROVINCE],
        basin=place.get(Role.BASIN, -1),
        name=place[Role.NAME],
        time=place[Role.TIME],
        state=place.get(Role.STATE, -1),
        values=tuple(values),
        width=len(headers),
        unknown=unknown,
    )


def _converts(parameter: str, unit: str) -> bool:
    try:
        factor(parameter, unit)
    except InputError:
        return False
    return True


def plain(cell: str) -> str:
    """Text of a cell without its tags.

    >>> plain("水温<br/><span class='unit'>(℃)</span>")
    '水温(℃)'
    """
    return html.unescape(_TAG.sub("", cell)).strip()


def value_text(cell: str) -> str:
    """The value of a cell: the original one where the tooltip gives it, for what is displayed is rounded.

    >>> value_text("<span title='原始值：8.6308'>8.63</span>")
    '8.6308'
    """
    if "<" not in cell and "&" not in cell:
        return cell.strip()
    original = _ORIGINAL.search(cell)
    if original is not None and original[1].strip() and ">--<" not in cell:
        return original[1].strip()
    return FILTERED if FILTERED in cell else plain(cell)


def place_told(cell: str) -> tuple[str, str]:
    """(city, river) that the tooltip of a section names; "" where it does not."""
    city = river = ""
    if "所" in cell:
        for match in _TOLD.finditer(html.unescape(cell)):
            city, river = (match[1] or "").strip() or city, (match[2] or "").strip() or river
    return city, river
