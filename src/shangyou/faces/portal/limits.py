"""Terms that a person sets in a form: some that are there, and limits on top, so that a slip lets out nothing more."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from shangyou.core.clock import LEGAL, from_ms
from shangyou.core.errors import InputError
from shangyou.exchange.policy.terms import PURPOSES, RESOLUTIONS, REVIEWS
from shangyou.exchange.policy.write import Terms, narrowed
from shangyou.faces.api.moments import moment

DELAYS: Final = ("", "PT6H", "P1D", "P7D", "P30D")
DELETE: Final = ("", "P30D", "P90D", "P365D")
CHOICES: Final[Mapping[str, Sequence[str]]] = {  # of the form; "" = no limit more
    "delay": DELAYS,
    "resolution": ("", *RESOLUTIONS[1:]),
    "review": ("", *REVIEWS[1:]),
    "delete_after": DELETE,
}
RULES: Final = ("profile", "permission", "prohibition", "obligation")


@dataclass(frozen=True, slots=True)
class Base:
    """Terms that a form may begin with."""

    key: str  # own, offer 0, offer 1 ..., nearest
    name: str
    policy: Mapping[str, object]


def policy_of(form: Mapping[str, str], bases: Sequence[Base]) -> str:
    """The policy that a form asks for, as JSON.

    Raises InputError "contract.policy" for a text that is no policy or terms that are not offered, "policy.faults",
    "api.moment" and "policy.given" for what is not understood.
    """
    text = form.get("policy", "").strip()
    if text:
        return text
    base = next((each for each in bases if each.key == form.get("base", "")), None)
    if base is None:
        raise InputError("contract.policy", detail=form.get("base", "")[:80])
    return json.dumps(narrowed(base.policy, _terms(form)), ensure_ascii=False)


def _terms(form: Mapping[str, str]) -> Terms:
    rows = form.get("rows_day", "").strip()
    if rows and not (rows.isascii() and rows.isdecimal()):
        raise InputError("policy.given", given=rows[:40])
    chosen = {name: form.get(name, "") for name in CHOICES}
    for name, value in chosen.items():
        if value not in CHOICES[name]:
            raise InputError("policy.given", given=value[:40])
    return Terms(
        purposes=[key for key in PURPOSES if f"purpose:{key}" in form],
        end=_day_after(form.get("until", "")),
        resolution=chosen["resolution"],
        delay=chosen["delay"],
        review=chosen["review"],
        rows_day=int(rows) if rows else None,
        delete_after=chosen["delete_after"],
        cite=form.get("cite", "").strip(),
        onward="kept" not in form,
    )


def _day_after(text: str) -> str:
    """The end of a legal day: the day that a person names is the last."""
    ms = moment(text)
    return "" if ms is None else (from_ms(ms).astimezone(LEGAL) + timedelta(days=1)).isoformat()


def bare(policy: Mapping[str, Any] | None) -> str:
    """The rules of a policy as JSON for an editor."""
    rules = {name: policy[name] for name in RULES if policy and policy.get(name)}
    return json.dumps(rules, ensure_ascii=False, indent=2)
