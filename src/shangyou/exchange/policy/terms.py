"""The words of the profile: left operands, operators, actions, purposes. The documents and the tests read these tables.

ODRL's own terms are used where it has them (W3C ODRL Vocabulary 2.2); the others are of the profile `PROFILE`. Right
operands are texts (or lists or objects), as the schemas of the Dataspace Protocol ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PROFILE: Final = "urn:shangyou:odrl:1"

RESOLUTIONS: Final = ("observed", "hour", "day", "month", "year")  # from fine to coarse
REVIEWS: Final = ("none", "first", "second", "final")  # as records.Review
CADENCES: Final = ("instant", "minute", "hour", "4h", "day", "month")
STATISTICS: Final = ("value", "mean", "min", "max", "total")
LEVELS: Final = ("national", "provincial")
PURPOSES: Final = {  # purpose: the wider one that it belongs to
    "statutory": "",  # 法定职责
    "assessment": "statutory",  # 考核评价
    "enforcement": "statutory",  # 执法监管
    "warning": "statutory",  # 预警
    "emergency": "statutory",  # 应急处置
    "compensation": "statutory",  # 生态补偿
    "planning": "",  # 规划
    "research": "",  # 科研
    "publication": "",  # 信息公开
}

ACTIONS: Final = ("use", "read", "aggregate")  # of permissions: use is both others
BANNED: Final = (*ACTIONS, "distribute")  # of prohibitions: distribute = no onward sharing
DUTIES: Final = ("delete", "attribute")  # delete after a time; cite the source

OPERATORS: Final = (
    *("eq", "neq", "lt", "lteq", "gt", "gteq", "isA", "isAllOf", "isAnyOf", "isNoneOf", "isPartOf", "hasPart"),
    "term-lteq",  # as the schema of DSP 2025-1 prints lteq a second time
)
LOGICAL: Final = ("and", "or", "xone", "andSequence")

AMONG: Final = frozenset({"eq", "neq", "isAnyOf", "isNoneOf", "isAllOf"})
TREE: Final = AMONG | {"isA", "isPartOf", "hasPart"}
ORDER: Final = frozenset({"lt", "lteq", "gt", "gteq"})
AT_MOST: Final = frozenset({"lt", "lteq"})
AT_LEAST: Final = frozenset({"gt", "gteq"})


class Who(StrEnum):
    """Who can change that a request is refused."""

    STEWARD = "steward"  # of the provider's data: by another policy
    CONSUMER = "consumer"  # by another request
    OPERATOR = "operator"  # of the federation: by the trust list
    TIME = "time"  # waiting is enough


class Kind(StrEnum):
    """What the right operand of an operand is."""

    NAME = "name"  # one text or a list of texts
    TIME = "time"  # xsd:dateTime with zone
    DURATION = "duration"  # ISO 8601: P1D, PT6H; no months or years, whose lengths differ
    LEVEL = "level"  # one word of an ordered list
    COUNT = "count"  # a whole number, 0 to 10^15, as text
    REACH = "reach"  # {"from": section, "to": section}, either may be left out


@dataclass(frozen=True, slots=True)
class Operand:
    """A left operand: what of the request, the moment, the data or the meters a constraint is about."""

    name: str
    kind: Kind
    operators: frozenset[str]
    about: str  # ask (the request and the moment), rows (narrows what may leave), meter (what has left already)
    who: Who
    zh: str
    en: str
    example: object
    known: tuple[str, ...] = ()  # the only values there are; () = any name
    prohibits: frozenset[str] | None = None  # operators in a prohibition, where they differ


def _meter(name: str, zh: str, en: str, who: Who) -> Operand:
    return Operand(name, Kind.COUNT, AT_MOST, "meter", who, zh, en, "1000000", prohibits=AT_LEAST)


OPERANDS: Final = {
    operand.name: operand
    for operand in (
        Operand("recipient", Kind.NAME, AMONG, "ask", Who.STEWARD, "接收方", "recipient", ["sichuan"]),
        Operand(
            *("recipientLevel", Kind.NAME, AMONG, "ask", Who.STEWARD, "接收方层级", "level of the recipient"),
            *("national", LEVELS),
        ),
        Operand(
            *("purpose", Kind.NAME, TREE, "ask", Who.CONSUMER, "用途", "purpose", ["assessment"], tuple(PURPOSES)),
        ),
        Operand(
            *("dateTime", Kind.TIME, ORDER, "ask", Who.TIME, "使用时间", "time of use", "2027-01-01T00:00:00+08:00"),
        ),
        Operand(
            *("resolution", Kind.LEVEL, ORDER | AMONG, "ask", Who.CONSUMER, "数据粒度", "resolution"),
            *("day", RESOLUTIONS),
        ),
        Operand("section", Kind.NAME, AMONG, "rows", Who.CONSUMER, "断面", "section", ["51.清风峡"]),
        Operand("river", Kind.NAME, AMONG, "rows", Who.CONSUMER, "河流", "river", "长江"),
        Operand(
            *("reach", Kind.REACH, frozenset({"isPartOf"}), "rows", Who.CONSUMER, "河段", "reach of a river"),
            {"from": "50.朱沱", "to": "50.清溪场"},
        ),
        Operand("parameter", Kind.NAME, AMONG, "rows", Who.CONSUMER, "监测因子", "parameter", ["ammonia_nitrogen"]),
        Operand("cadence", Kind.NAME, AMONG, "rows", Who.CONSUMER, "频次", "cadence", ["4h"], CADENCES),
        Operand("statistic", Kind.NAME, AMONG, "rows", Who.CONSUMER, "统计量", "statistic", ["value"], STATISTICS),
        Operand(
            *("observed", Kind.TIME, ORDER, "rows", Who.CONSUMER, "监测时间", "time of observation"),
            "2021-04-01T00:00:00+08:00",
        ),
        Operand("delay", Kind.DURATION, ORDER, "rows", Who.TIME, "延迟", "age of an observation", "P1D"),
        Operand(
            *("review", Kind.LEVEL, AT_LEAST, "rows", Who.STEWARD, "审核级别", "level of review", "first", REVIEWS),
            prohibits=AT_MOST,
        ),
        _meter("rows", "行数总额", "rows in all", Who.STEWARD),
        _meter("rowsPerHour", "每小时行数", "rows an hour", Who.TIME),
        _meter("rowsPerDay", "每日行数", "rows a day", Who.TIME),
        _meter("rowsPerMonth", "每月行数", "rows a month", Who.TIME),
        _meter("bytes", "字节总额", "bytes in all", Who.STEWARD),
        _meter("bytesPerHour", "每小时字节", "bytes an hour", Who.TIME),
        _meter("bytesPerDay", "每日字节", "bytes a day", Who.TIME),
        _meter("bytesPerMonth", "每月字节", "bytes a month", Who.TIME),
        _meter("rate", "每小时请求次数", "requests an hour", Who.TIME),
    )
}
METERS: Final = tuple(name for name, operand in OPERANDS.items() if operand.about == "meter")
UP_ONLY: Final = frozenset({"review", *METERS})  # may stand in no xone: what they leave open has only one direction

DUTY_OPERANDS: Final = {"delete": "elapsedTime", "attribute": "citation"}  # what may stand in the constraint of a duty


def within_purpose(purpose: str) -> frozenset[str]:
    """A purpose and all narrower ones.

    >>> sorted(within_purpose("research"))
    ['research']
    """
    return frozenset(p for p in PURPOSES if p == purpose or PURPOSES[p] == purpose)


def above_purpose(purpose: str) -> frozenset[str]:
    """A purpose and all wider ones."""
    return frozenset({purpose, PURPOSES[purpose]} - {""})
