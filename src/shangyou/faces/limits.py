"""What a rule compares, in words: the profile's values, durations, times, numbers, parameters as people say them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from shangyou.core.clock import LEGAL, from_ms
from shangyou.core.errors import NotFoundError
from shangyou.core.vocabulary import parameter
from shangyou.exchange.catalogue.offers import USES
from shangyou.exchange.policy.terms import OPERANDS, REVIEWS, Kind
from shangyou.exchange.policy.values import duration

VALUES: Final[dict[str, dict[str, tuple[str, str]]]] = {  # operand: value: Chinese, English
    "resolution": {
        "observed": ("原始观测", "as observed"),
        "hour": ("小时均值", "hourly means"),
        "day": ("日均值", "daily means"),
        "month": ("月均值", "monthly means"),
        "year": ("年均值", "yearly means"),
    },
    "recipientLevel": {"national": ("国家级", "national"), "provincial": ("省级", "provincial")},
    "purpose": dict(USES),
    "cadence": {
        "instant": ("实时", "instant"),
        "minute": ("分钟", "minute"),
        "hour": ("小时", "hour"),
        "4h": ("4 小时", "4 hours"),
        "day": ("日", "day"),
        "month": ("月", "month"),
    },
    "statistic": {
        "value": ("单值", "single value"),
        "mean": ("均值", "mean"),
        "min": ("最小值", "minimum"),
        "max": ("最大值", "maximum"),
        "total": ("合计", "total"),
    },
    "review": {
        "none": ("未审核", "not reviewed"),
        "first": ("一审", "first review"),
        "second": ("二审", "second review"),
        "final": ("终审", "final review"),
    },
}
UNITS: Final = (
    (86_400_000, "天", "day"),
    (3_600_000, "小时", "hour"),
    (60_000, "分钟", "minute"),
    (1000, "秒", "second"),
)
MOMENTS: Final = ("from", "to")  # of a scope, beside the operands whose kind is a time
COUNTED: Final = frozenset({name for name, each in OPERANDS.items() if each.kind is Kind.COUNT})
PIECE: Final = re.compile(r"(\w+)(?:\[(\d+)\])?")
PLACES: Final = {  # pieces of the path of a rule: Chinese, English
    "permission": ("许可", "permission"),
    "prohibition": ("禁止", "prohibition"),
    "obligation": ("义务", "obligation"),
    "duty": ("义务", "duty"),
    "constraint": ("约束", "constraint"),
    "action": ("动作", "action"),
    "leftOperand": ("左操作数", "left operand"),
    "operator": ("运算符", "operator"),
    "rightOperand": ("右操作数", "right operand"),
    "scope": ("范围", "scope"),
    "and": ("并列", "all of"),
    "or": ("任一", "any of"),
    "xone": ("恰一", "one of"),
    "andSequence": ("依次", "in turn"),
    "agreement": ("协议", "agreement"),
}


def value(operand: str, text: str, language: str) -> str:
    """A right operand, or what was found, in words; what is not known stands as it was written.

    >>> value("delay", "PT36H", "en"), value("purpose", "warning, research", "zh")
    ('1 day 12 hours', '预警、科研')
    """
    if not text:
        return ""
    if operand in COUNTED:
        return f"{int(text):,}" if text.isdigit() else text
    if operand in MOMENTS or (operand in OPERANDS and OPERANDS[operand].kind is Kind.TIME):
        return _moment(text)
    if operand in ("delay", "elapsedTime"):
        return _length(text, language)
    place = language != "zh"
    return ("、", ", ")[place].join(_one(operand, each, place) for each in text.split(", "))


def _one(operand: str, text: str, place: bool) -> str:
    if operand == "parameter":
        try:
            found = parameter(text)
        except NotFoundError:
            return text
        return found.name_en if place else found.name_zh
    if operand == "review" and text.isdigit() and int(text) < len(REVIEWS):
        text = REVIEWS[int(text)]
    known = VALUES.get(operand, {}).get(text)
    return text if known is None else known[place]


def _moment(text: str) -> str:
    try:
        at = from_ms(int(text)) if text.lstrip("-").isdigit() else datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return text
    return at.astimezone(LEGAL).strftime("%Y-%m-%d %H:%M")


def _length(text: str, language: str) -> str:
    left = int(text) if text.isdigit() else duration(text)
    if left is None or left % 1000:
        return text
    said = []
    for size, zh, en in UNITS:
        count, left = divmod(left, size)
        if count:
            said.append(f"{count} {zh}" if language == "zh" else f"{count} {en}{'s' if count > 1 else ''}")
    return " ".join(said) or ("无" if language == "zh" else "none")


def place_of(path: str, language: str) -> str:
    """Where a rule stands, as people count: from one.

    >>> place_of("permission[0].constraint[1]", "zh"), place_of("scope[0]", "en")
    ('许可 1 · 约束 2', 'scope 1')
    """
    said = []
    for piece in path.split("."):
        met = PIECE.fullmatch(piece)
        if met is None:
            return path
        name = PLACES[met[1]][language != "zh"] if met[1] in PLACES else met[1]
        said.append(name + (f" {int(met[2]) + 1}" if met[2] else ""))
    return " · ".join(said)
