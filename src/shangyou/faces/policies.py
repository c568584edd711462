"""Decisions and policies in words, as rows: for the command line, the API and pages alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

import pyarrow as pa

from shangyou.core.clock import LEGAL, from_ms
from shangyou.exchange.policy.explain import Line
from shangyou.exchange.policy.policy import Fault
from shangyou.exchange.policy.terms import OPERANDS
from shangyou.faces.limits import place_of, value
from shangyou.faces.rows import Rows
from shangyou.faces.sentences import sentence

WORDS: Final[dict[str, tuple[str, str]]] = {  # of lines: Chinese, English
    "permitted": ("许可", "permitted"),
    "refused": ("拒绝", "refused"),
    "permission": ("许可", "permission"),
    "prohibition": ("禁止", "prohibition"),
    "holds": ("成立", "holds"),
    "fails": ("不成立", "does not hold"),
    "narrows": ("限定数据范围", "narrows the rows"),
    "unknown": ("无法理解", "not understood"),
    "aside": ("与此动作无关", "about another action"),
    "steward": ("提供方数据管理员", "the provider's data steward"),
    "consumer": ("请求方", "the consumer"),
    "operator": ("联邦运营方", "the federation's operator"),
    "time": ("时间（等待即可）", "time (waiting is enough)"),
    "use": ("使用", "use"),
    "read": ("读取", "read"),
    "aggregate": ("汇总", "aggregate"),
    "distribute": ("转供他人", "pass on"),
    "notDistribute": ("不得转供他人", "not to be passed on"),
    "delete": ("到期删除", "delete after"),
    "attribute": ("注明来源", "cite the source"),
    "and": ("全部满足", "all of"),
    "or": ("满足其一", "any of"),
    "xone": ("恰好满足其一", "exactly one of"),
    "eq": ("为", "is"),
    "neq": ("不为", "is not"),
    "lt": ("小于", "below"),
    "lteq": ("至多", "at most"),
    "gt": ("大于", "above"),
    "gteq": ("至少", "at least"),
    "isAnyOf": ("为其中之一", "is any of"),
    "isNoneOf": ("不在其中", "is none of"),
    "isPartOf": ("属于", "is part of"),
    "from": ("监测时间起", "observed from"),
    "to": ("监测时间止", "observed up to"),
}
SCHEMA: Final = pa.schema(
    [(name, pa.string()) for name in ("kind", "path", "code", "operand", "operator", "wanted", "found", "outcome")]
    + [("who", pa.string()), ("when", pa.timestamp("ms", "UTC")), ("said", pa.string()), ("remedy", pa.string())]
    + [("place", pa.string())]
)
FAULTS: Final = pa.schema([(name, pa.string()) for name in ("path", "code", "said", "remedy")])


def word(key: str, language: str) -> str:
    """A word of the profile or of a line."""
    if key in OPERANDS:
        return OPERANDS[key].zh if language == "zh" else OPERANDS[key].en
    return WORDS[key][language != "zh"] if key in WORDS else key


def limit(operand: str, text: str, language: str) -> str:
    """An operator and a value, as reasons of negotiations have them, in words: "lteq 100", "isAnyOf a, b"."""
    operator, space, rest = text.partition(" ")
    if space and operator in WORDS:
        return f"{word(operator, language)} {value(operand, rest, language)}"
    return value(operand, text, language)


def said(line: Line, language: str) -> str:
    """A line as a sentence."""
    wanted, found = (value(line.operand, each, language) for each in (line.wanted, line.found))
    if line.kind == "reason":
        words = {"operand": word(line.operand, language), "operator": word(line.operator, language)}
        words |= {"wanted": wanted, "found": found, "path": place_of(line.path, language) if line.path else ""}
        return sentence(line.code, asdict(line) | words, language).text
    if line.kind == "constraint" and line.outcome == "unknown":
        return f"{word('unknown', language)}: {line.wanted}"
    if line.kind == "verdict":
        resolution = value("resolution", line.found, language)
        return word(line.outcome, language) + (
            f"{'：' if language == 'zh' else ': '}{resolution}" if resolution else ""
        )
    if line.kind == "scope" and line.operand:
        return f"  {word(line.operand, language)} {found}"
    if line.kind == "scope":
        return f"  {'全部' if language == 'zh' else 'everything'}"
    if line.kind == "duty":
        wanted = value("elapsedTime" if line.code == "delete" else "", line.wanted, language)
    parts = [line.operand, line.operator] if line.kind == "constraint" else [line.outcome, line.code]
    text = " ".join(word(part, language) for part in (parts if line.kind != "duty" else [line.code]) if part)
    beside = ("（{}）" if language == "zh" else "({})").format(found) if found else ""
    return "  " * line.depth + " ".join(each for each in (text, wanted, beside) if each)


@dataclass(frozen=True, slots=True)
class Told:
    """A line in words, as the part `policy_why.html` of a page shows it."""

    said: str
    path: str
    outcome: str
    who: str
    when: datetime | None  # legal time
    remedy: str
    permits: bool
    doubtful: bool  # it does not hold, or is not understood


def told(found: Sequence[Line], language: str) -> list[Told]:
    """An explanation in words, in the order of its lines."""
    return [
        Told(
            said=said(line, language).strip(),
            path=place_of(line.path, language) if line.path else "",
            outcome=word(line.outcome, language) if line.kind == "constraint" else "",
            who=word(line.who, language),
            when=None if line.when is None else from_ms(line.when).astimezone(LEGAL),
            remedy=remedy(line, language),
            permits=line.outcome == "permitted",
            doubtful=line.outcome in ("fails", "unknown"),
        )
        for line in found
    ]


def remedy(line: Line, language: str) -> str:
    """What can be done about a reason."""
    if line.kind != "reason":
        return ""
    words = {name: value(line.operand, getattr(line, name), language) for name in ("wanted", "found")}
    return sentence(line.code, asdict(line) | words, language).remedy


def lines(found: Sequence[Line], language: str) -> Rows:
    """An explanation as rows."""
    return Rows.of(
        pa.Table.from_pylist(
            [
                asdict(line)
                | {
                    "said": said(line, language),
                    "place": place_of(line.path, language) if line.path else "",
                    "outcome": word(line.outcome, language),
                    "who": word(line.who, language),
                    "remedy": remedy(line, language),
                }
                for line in found
            ],
            SCHEMA,
        )
    )


def faults(found: Sequence[Fault], language: str) -> Rows:
    """What is wrong with a policy, each fault with its place and what to do."""
    told = [(fault, sentence(fault.code, fault.facts, language)) for fault in found]
    return Rows.of(
        pa.Table.from_pylist(
            [{"path": f.path or "/", "code": f.code, "said": s.text, "remedy": s.remedy} for f, s in told], FAULTS
        )
    )
