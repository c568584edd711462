"""Why a negotiation or a transfer was ended or stands still: from its code and what both ends keep beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shangyou.faces.limits import place_of
from shangyou.faces.policies import limit, word
from shangyou.faces.sentences import Sentence, sentence


def why(
    code: str,
    names: Mapping[str, object],
    reasons: Sequence[object] = (),
    language: str = "zh",
    facts: Mapping[str, object] | None = None,
) -> Sentence:
    """The sentence of a code that was kept.

    Args:
        code: Of the end.
        names: What every such sentence may name, as readers call it: peer, member, id, state, dataset, ...
        reasons: As a termination carries them: texts; facts; {"rule": "<path> <operand>", "demanded", "found"}.
        facts: As a passage keeps them; they count for more than those of the reasons.
    """
    one = next((each for each in reasons if isinstance(each, Mapping)), {})
    told = {**names, "reason": texts(reasons), "why": "", "detail": "", **_facts(one), **(facts or {})}
    return sentence(code, {**told, **_in_words(told, language)}, language)


def texts(reasons: Sequence[object]) -> str:
    """What was said in words."""
    said = [each.get("message", "") if isinstance(each, Mapping) else each for each in reasons]
    return "; ".join(str(each) for each in said if each)[:500]


def ruled(reasons: Sequence[object]) -> bool:
    """Does a reason name the rule and its operands?"""
    return any(isinstance(each, Mapping) and ("rule" in each or "operand" in each) for each in reasons)


def _facts(one: Mapping[object, object]) -> dict[str, object]:
    if "rule" not in one:
        return {str(name): value for name, value in one.items() if name != "message"}
    path, _, operand = str(one["rule"]).rpartition(" ")
    return {"path": path, "operand": operand, "wanted": one.get("demanded", ""), "found": one.get("found", "")}


def _in_words(told: Mapping[str, object], language: str) -> dict[str, object]:
    """The rule and its operands as people read them, under all names that sentences of policies have for them."""
    if "operand" not in told:
        return {}
    operand, path = str(told["operand"]), str(told.get("path", ""))
    wanted, found = (limit(operand, str(told.get(name, "")), language) for name in ("wanted", "found"))
    operator = word(str(told.get("operator", "")), language)
    return {
        "path": place_of(path, language) if path else "",
        "operand": word(operand, language),
        "operator": operator,
        "wanted": wanted,
        "offered": wanted,
        "found": found,
        "asked": found,
    }
