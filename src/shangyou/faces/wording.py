"""What a notice of a warning says, in the language of the node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from shangyou.core import vocabulary
from shangyou.faces.api.moments import legal
from shangyou.flows.warn import Seen
from shangyou.governance.warning.clocks import Clock
from shangyou.governance.warning.values import Content

KINDS: Final = {
    "zh": {"first": "预警", "update": "预警续报", "request": "预警问询", "clear": "预警解除"},
    "en": {"first": "Warning", "update": "Warning update", "request": "Information request", "clear": "All-clear"},
}
EXERCISE: Final = {"zh": "【演练】", "en": "[EXERCISE] "}
SIMULATED: Final = {"zh": "【模拟数据】", "en": "[SIMULATED DATA] "}
LINES: Final = {
    "zh": (
        "地点：{place}",
        "时间：{time}",
        "物质：{substance}",
        "数量：{amount}",
        "{text}",
        "最早到达本方：{name} {at}",
    ),
    "en": ("Where: {place}", "When: {time}", "Substance: {substance}", "Amount: {amount}", "{text}", "{name} at {at}"),
}
OWED: Final = {
    "zh": "请于 {due} 前{act}。联系：{call}",
    "en": "Please {act} by {due}. Call: {call}",
}
ACTS: Final = {
    "zh": {"request": "答复", "": "确认"},
    "en": {"request": "answer", "": "acknowledge"},
}
SIZES: Final = (("t", 1e6), ("kg", 1e3), ("g", 1.0))  # unit, grams in it
UNKNOWN: Final = {"zh": "不明", "en": "not known"}


def words(me: str, language: str) -> Callable[[Seen, Clock], tuple[str, str]]:
    """What makes title and text of a notice for people at this member."""

    def say(seen: Seen, clock: Clock) -> tuple[str, str]:
        situation, content = seen.situation, seen.situation.content
        title = content.title_zh if language == "zh" else content.title_en
        marks = (EXERCISE[language] if situation.exercise else "") + (
            SIMULATED[language] if situation.simulated else ""
        )
        return f"{marks}{KINDS[language][clock.kind]}: {title}", _text(seen, clock, me, language)

    return say


def _text(seen: Seen, clock: Clock, me: str, language: str) -> str:
    content = seen.situation.content
    contact = next((each for id, each in seen.situation.contacts.items() if id != me), None)
    first = _first(seen, me)
    facts = {
        "place": content.place_zh if language == "zh" else content.place_en,
        "time": legal(content.began if content.began is not None else content.noticed),
        "substance": substance(content, language) or UNKNOWN[language],
        "amount": amount(content, language),
        "text": content.text,
        "name": (first[0] if language == "zh" else first[1]) if first else "",
        "at": legal(first[2]) if first else "",
    }
    lines = LINES[language] if first else LINES[language][:-1]
    told = [line.format(**facts) for line in lines]
    act = ACTS[language].get(clock.kind, ACTS[language][""])
    call = f"{contact.office} {contact.phone}".strip() if contact else UNKNOWN[language]
    return "\n".join(
        [*(each for each in told if each), OWED[language].format(due=legal(clock.due), act=act, call=call)]
    )


def _first(seen: Seen, me: str) -> tuple[str, str, int] | None:
    """The first place in our charge that it reaches, by our own table, else by any."""
    tables = seen.situation.tables
    ordered = [tables[me]] if me in tables else list(tables.values())
    found = [
        (each.name_zh, each.name_en or each.name_zh, at)
        for table in ordered
        for each in table.arrivals
        if each.member == me and (at := each.first_early or each.first) is not None
    ]
    return min(found, key=lambda each: each[2], default=None)


def substance(content: Content, language: str) -> str:
    """The name of a substance of the vocabulary; what is not in it as it was written."""
    known = vocabulary.parameters().get(content.substance)
    if known is None:
        return content.substance
    return known.name_zh if language == "zh" else known.name_en


def amount(content: Content, language: str) -> str:
    """The amount in grams, kilograms or tonnes with its bounds; that it is not known, where it is not."""
    known = [each for each in (content.amount_least, content.amount, content.amount_most) if each is not None]
    if not known:
        return UNKNOWN[language]
    unit, size = _unit(max(known))
    told = "–".join(_three(each / size) for each in ([known[0], known[-1]] if len(known) > 1 else known))
    middle = content.amount
    return f"{_three(middle / size)} {unit} ({told})" if middle is not None and len(known) > 1 else f"{told} {unit}"


def mass(grams: float) -> str:
    """One amount in grams, kilograms or tonnes."""
    unit, size = _unit(grams)
    return f"{_three(grams / size)} {unit}"


def _unit(grams: float) -> tuple[str, float]:
    return next(each for each in SIZES if grams >= each[1] or each is SIZES[-1])


def _three(value: float) -> str:
    """A figure with three digits that count."""
    shown = float(f"{value:.3g}")
    return f"{shown:,.0f}" if shown >= 100 else f"{shown:g}"
