"""What a column header says: time, place, a parameter with unit, statistic and species, a mark, or nothing known."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, lru_cache
from typing import Final

from shangyou.core import units, vocabulary
from shangyou.core.errors import InputError


class Role(StrEnum):
    """What a column is for."""

    TIME = "time"  # date and time, or a date
    CLOCK = "clock"  # time of day
    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    HOUR = "hour"
    MINUTE = "minute"
    ID = "id"
    NAME = "name"
    PROVINCE = "province"
    CITY = "city"
    BASIN = "basin"
    RIVER = "river"
    LONGITUDE = "longitude"
    LATITUDE = "latitude"
    VALUE = "value"  # of one parameter, in a wide table
    FLAG = "flag"  # marks of the parameter of the same name
    STATE = "state"  # mark of the whole row
    COPY = "copy"  # a corrected or labelled copy of another column
    LONG_PARAMETER = "long_parameter"
    LONG_VALUE = "long_value"
    LONG_UNIT = "long_unit"
    LONG_FLAG = "long_flag"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Heading:
    """One header, understood."""

    text: str
    role: Role = Role.UNKNOWN
    key: str = ""  # parameter that it means
    unit: str = ""  # that it states, a name of core.units
    usual: str = ""  # unit that sources mean who state none
    species: str = ""
    statistic: str = ""
    zone: str = ""  # that a time column states
    confidence: float = 0.0


def fold(text: str) -> str:
    """Text as words of headers are compared: width, case, blanks and joining signs do not count.

    >>> fold(" Site_No. ")
    'siteno'
    """
    return re.sub(r"[\s_\-.·:,/]+", "", unicodedata.normalize("NFKC", text)).lower()


_ROLES: Final[dict[Role, tuple[str, ...]]] = {  # folded names, blank between them
    Role.TIME: (
        "时间 监测时间 采样时间 数据时间 观测时间 测定时间 日期时间 日期 监测日期 采样日期 时间戳 tm time date",
        "datetime datatime timestamp timepoint sampledate samplingdate sampledt sampletime monitortime",
        "activitystartdate",
    ),
    Role.CLOCK: ("时刻 clock activitystarttimetime sampletm starttime",),
    Role.YEAR: ("年 年份 year yr",),
    Role.MONTH: ("月 月份 month mo",),
    Role.DAY: ("日 day",),
    Role.HOUR: ("时 小时 hour hr",),
    Role.MINUTE: ("分 分钟 minute",),
    Role.ID: (
        "断面编码 断面代码 断面编号 站点编码 站点代码 站点编号 点位编码 测站编码 站码 站号 mn mn号 stcd siteno siteid",
        "sitecode stationcode stationid monitoringlocationidentifier",
    ),
    Role.NAME: (
        "断面名称 断面 站点名称 站点 点位 点位名称 测站 测站名称 站名 监测点 监测点位 名称 section station stationname",
        "sitename site positionname stnm stationnm monitoringlocationname name",
    ),
    Role.PROVINCE: ("省份 省 省级 所在省份 省市 province",),
    Role.CITY: ("城市 地市 所在地市 所属城市 市 city area",),
    Role.BASIN: ("流域 所属流域 水系 basin",),
    Role.RIVER: ("河流 所属河流 河流名称 水体 水体名称 所在水体 river rvnm",),
    Role.LONGITUDE: ("经度 lon longitude lng decimallongitude",),
    Role.LATITUDE: ("纬度 lat latitude decimallatitude",),
    Role.STATE: ("站点情况 站点状态 运行状态 状态 标记 数据标识 flag quality qc state",),
    Role.LONG_PARAMETER: (
        "监测项目 项目 监测因子 因子 因子名称 因子编码 指标 指标名称 参数 参数名称 项目名称",
        "parameter characteristicname variable observedproperty factor",
    ),
    Role.LONG_VALUE: ("监测值 实测值 数值 值 结果 监测结果 浓度 value val result resultmeasurevalue measurement",),
    Role.LONG_UNIT: ("单位 计量单位 unit units uom resultmeasuremeasureunitcode",),
    Role.LONG_FLAG: ("数据标记 resultdetectionconditiontext qualifier remark remarkcd",),
}
_MORE_NAMES: Final = {  # seen in tables, too short or too loose for the vocabulary: (parameter, usual unit)
    "mn": ("manganese", ""),
    "tur": ("turbidity", ""),
    "sc": ("conductivity", ""),
    "level": ("water_level", ""),
    "z": ("water_level", "m"),
    "sd": ("transparency", "m"),
    "humi": ("humidity", "%"),
    "pres": ("air_pressure", ""),
    "pressure": ("air_pressure", ""),
    "windspeed": ("wind_speed", "m/s"),
    "winddirection": ("wind_direction", "deg"),
    "类别": ("class_published", ""),
    "水质等级": ("class_published", ""),
}
_SHORT: Final = frozenset({"ph", "do", "ec", "tp", "tn", "wt", "ss"})  # of two letters, and known to all
_USGS_UNITS: Final = {"00060": "ft3/s", "00065": "ft"}  # what the code itself fixes, where it is not ours
_FLAG_ENDS: Final = ("qual", "flag", "qc", "qa", "cd", "标记", "标识", "质控码", "状态", "qualifier")
_COPY_SIGNS: Final = ("cor", "corr", "corrected", "adj", "label", "type", "raw24", "修正", "校正")
_STATISTICS: Final = {
    "avg": "mean", "mean": "mean", "平均": "mean", "平均值": "mean", "均值": "mean", "日均": "mean", "时均": "mean",
    "min": "min", "minimum": "min", "最小": "min", "最小值": "min", "max": "max", "maximum": "max", "最大": "max",
    "最大值": "max", "cou": "total", "total": "total", "累计": "total", "rtd": "value", "实时": "value",
    "实时值": "value",
}  # fmt: skip
_USGS_STATISTICS: Final = {"00001": "max", "00002": "min", "00003": "mean", "00006": "total", "00011": "value"}
_SQUASHED_UNITS: Final = {
    "mgl": "mg/L", "ugl": "ug/L", "μgl": "ug/L", "degc": "degC", "uscm": "uS/cm", "μscm": "uS/cm", "mscm": "mS/cm",
    "ntu": "NTU", "m3s": "m3/s", "cms": "m3/s", "m": "m", "cm": "cm", "c": "degC", "℃": "degC", "°c": "degC",
    "ugm3": "ug/m3", "μgm3": "ug/m3", "mgm3": "mg/m3", "cellsl": "1/L",
}  # fmt: skip
_LONGEST: Final = 200  # characters of a header; a longer one is a sentence
_BRACKETS: Final = re.compile(r"[\[(]([^\[\]()]*)[\])]")
_ZONE: Final = re.compile(r"utc([+-]?[0-9]{1,2})?|gmt([+-]?[0-9]{1,2})?|北京时间|bjt|cst8")


@cache
def _by_usgs() -> dict[str, str]:
    return {p.usgs: p.key for p in vocabulary.parameters().values() if p.usgs}


@cache
def _role_names() -> dict[str, Role]:
    return {fold(name): role for role, lines in _ROLES.items() for line in lines for name in line.split()}


def unit_of(text: str) -> str:
    """The unit that a text names, as core.units calls it; "" if it names none."""
    plain = unicodedata.normalize("NFKC", text).strip().replace("µ", "μ")
    if not plain:
        return ""
    try:
        return units.canonical_name(plain)
    except InputError:
        return _SQUASHED_UNITS.get(fold(plain), "")


@lru_cache(maxsize=8192)  # the same headers are asked for each guess of the header row, and for each file of a kind
def understand(header: str) -> Heading:
    """What a header says; Role.UNKNOWN where nothing of it is known.

    >>> heading = understand("叶绿素α(mg/L)")
    >>> heading.key, heading.unit
    ('chlorophyll_a', 'mg/L')
    """
    plain = unicodedata.normalize("NFKC", header).strip()
    heading = Heading(header)
    if len(plain) > _LONGEST:
        return heading
    role = _role(plain)
    if role is not None:
        return replace(heading, role=role[0], zone=role[1], confidence=role[2])
    if usgs := re.fullmatch(r"(?:X_?|[0-9]+_)?([0-9]{5})(?:_([0-9]{5}))?(_cd)?", plain):
        return _by_code(heading, usgs[1], usgs[2] or "", bool(usgs[3]))
    base = plain
    for inside in _BRACKETS.findall(plain):
        found = _inside(heading, inside)
        if found is not None:
            heading, base = found, base.replace(f"({inside})", " ").replace(f"[{inside}]", " ")
    whole = _by_name(heading, plain) if heading.species else heading  # the vocabulary knows 硝酸盐(以N计) as a whole
    whole = whole if whole.key else _by_name(heading, base)
    return whole if whole.key else _by_words(heading, base)


def _by_code(heading: Heading, code: str, statistic: str, flag: bool) -> Heading:
    key = _by_usgs().get(code)
    if key is None:
        return heading
    return replace(
        heading,
        role=Role.FLAG if flag else Role.VALUE,
        key=key,
        unit=_USGS_UNITS.get(code) or vocabulary.parameter(key).unit,
        statistic=_USGS_STATISTICS.get(statistic, ""),
        confidence=0.9,
    )


def _role(plain: str) -> tuple[Role, str, float] | None:
    names = _role_names()
    if plain == "Mn":  # manganese; MN is the number of a device
        return None
    bare = fold(_BRACKETS.sub(" ", plain)) or fold(plain)
    if bare in names:
        return names[bare], _zone_of(plain), 1.0
    without = _ZONE.sub("", bare)
    if without != bare and names.get(without) is Role.TIME:
        return Role.TIME, _zone_of(plain), 1.0
    if re.fullmatch(r".{1,12}(?:时间|日期|date|time)", without):
        return Role.TIME, _zone_of(plain), 0.6
    return None


def _zone_of(text: str) -> str:
    match = _ZONE.search(fold(text)) or _ZONE.search(text.lower().replace(" ", ""))
    if match is None:
        return ""
    if match[0] in ("北京时间", "bjt", "cst8"):
        return "+08:00"
    hours = int(next((g for g in match.groups() if g), "0"))
    return f"{'-' if hours < 0 else '+'}{abs(hours):02d}:00" if abs(hours) < 15 else ""


def _inside(heading: Heading, inside: str) -> Heading | None:
    """What a bracket adds; None if it belongs to the name, as (NH3-N) or (六价) do."""
    unit, _, species = inside.partition(" as ")
    if unit_of(unit):
        return replace(heading, unit=unit_of(unit), species=species.strip() or heading.species)
    if counted := re.fullmatch(r"(?:以|as )\s*([A-Za-z0-9]+)-?\s*计?", inside.strip()):
        return replace(heading, species=counted[1].upper())
    statistic = _STATISTICS.get(fold(inside))
    return replace(heading, statistic=statistic) if statistic else None


def _by_name(heading: Heading, name: str) -> Heading:
    """The parameter that a name, or the name in its bracket, means."""
    loose = _MORE_NAMES.get(fold(name))
    if loose:
        return replace(heading, role=Role.VALUE, key=loose[0], usual=loose[1], confidence=0.6)
    for text, confidence in (
        (name, 1.0),
        (_BRACKETS.sub(" ", name), 0.9),
        *((t, 0.8) for t in _BRACKETS.findall(name)),
    ):
        found = vocabulary.find(text) or _ambiguous(text, heading.species)
        if found is not None:
            sure = confidence
            if text.isascii() and len(fold(text)) <= 2 and not heading.unit:
                sure = 0.8 if fold(text) in _SHORT else 0.4  # SE is selenium to some and a standard error to others
            return replace(heading, role=Role.VALUE, key=found.key, confidence=sure)
    return heading


def _ambiguous(name: str, species: str) -> vocabulary.Parameter | None:
    """Nitrate and its like, where the header says as what it is counted; else it must be declared."""
    ions = {
        "nitrate": "NO3",
        "no3": "NO3",
        "nitrite": "NO2",
        "no2": "NO2",
        "nh4": "NH4",
        "ammonium": "NH4",
        "nh3": "NH3",
    }
    ion = ions.get(fold(name))
    if ion is None or species not in ("N", ion, f"{ion}-N"):
        return None
    return vocabulary.find(f"{'NH3' if ion == 'NH4' else ion}-N")


def _by_words(heading: Heading, base: str) -> Heading:
    """A name with words around it: temp_cor, w01018-Avg, DO_mgL, 氨氮 最大值."""
    words = [word for word in re.split(r"[\s_\-]+|(?<=[^\x00-\x7f])(?=[A-Za-z])", base) if word]
    every = list(words)
    role = Role.VALUE
    while len(words) > 1 and (taken := _strip(heading, role, words)) is not None:
        heading, role = taken
        found = _by_name(heading, " ".join(words))
        if found.key:
            return replace(found, role=role, confidence=min(found.confidence, 0.8))
    for end, statistic in _STATISTICS.items():  # Chinese puts no blank between name and statistic
        if not end.isascii() and base.strip().endswith(end):
            found = _by_name(replace(heading, statistic=statistic), base.strip()[: -len(end)])
            if found.key:
                return replace(found, confidence=min(found.confidence, 0.8))
    for word in reversed(every) if len(every) > 1 else ():  # group names of a header stand above, so in front
        found = heading if fold(word) in (*_FLAG_ENDS, *_COPY_SIGNS) else _by_name(heading, word)
        if found.key and len(fold(word)) > 1:
            return replace(found, role=role, confidence=0.7 if word == words[-1] else 0.5)
    return heading


def _strip(heading: Heading, role: Role, words: list[str]) -> tuple[Heading, Role] | None:
    """Take one word that is no name from either end of `words`; None if there is none."""
    for place in (-1, 0):
        word = fold(words[place])
        if word in _FLAG_ENDS and place == -1:
            role = Role.FLAG
        elif word in _COPY_SIGNS:
            role = Role.COPY
        elif word in _STATISTICS:
            heading = replace(heading, statistic=_STATISTICS[word])
        elif place == -1 and not heading.unit and unit_of(words[place]):
            heading = replace(heading, unit=unit_of(words[place]))
        else:
            continue
        del words[place]
        return heading, role
    return None
