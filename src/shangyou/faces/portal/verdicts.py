"""What is the matter with a value, in words: the flag, the checks that speak against it, the mark of its source."""

from __future__ import annotations

from shangyou.core.records import Check, Flag, Mark
from shangyou.faces.portal.words import Words

FINE = (Mark.NONE, Mark.NORMAL)


def reason(flag: int, checks: int, mark: int, t: Words) -> str:
    """All that speaks against a value; "" if nothing does."""
    found = [t(f"check.{check.name}") for check in Check if checks & check and check.name]
    if mark not in FINE:
        found.append(t(f"mark.{Mark(mark).name}"))
    if flag in (Flag.SUSPECT, Flag.FAIL) and not found:
        found.append(t(f"flag.{flag}"))
    return t("basin.and").join(found)
