"""The cases of a compact: what was measured in a year, and the money that it must come to; and where it comes to other.

cases:
  - name: both sections in class II, as published for 2019
    period: "2019"
    source: qi18.com
    data: {52.清水铺: {total_phosphorus: 0.03}}    # the mean of every month, or {"2019-01": 0.03, ..}
    before: {..}                                   # the same of all earlier months that the compact asks for
    declared: {accident: false}
    nets: {yunnan: "40000000.00", guizhou: "-40000000.00"}
    payments: [[guizhou, yunnan, "40000000.00"]]   # if it is known who pays whom
    index: {P: "0.850"}
    open: 0                                        # lines that cannot be reckoned
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import isfinite
from typing import Any, Final

from shangyou.core.errors import InputError
from shangyou.governance.compensation.compact import Compact
from shangyou.governance.compensation.compute import Given, compute
from shangyou.governance.compensation.figures import Figure, Place, months_of, wanted, written
from shangyou.governance.compensation.money import NOTHING, yuan
from shangyou.governance.compensation.paper import Fault, Faults, paper
from shangyou.governance.compensation.read import compact_of
from shangyou.governance.compensation.statement import Statement
from shangyou.governance.compensation.values import listed, mapping, named, whole, word

KEYS: Final = {
    *("name", "period", "source", "status", "note", "data", "before", "declared"),
    *("nets", "payments", "index", "open"),
}
MOST: Final = 200
PLENTY: Final = 10_000  # values behind each month, so that none has too few


def tried(text: bytes) -> tuple[int, tuple[Fault, ...]]:
    """How many cases a compact's text has, and where they are wrong or the compact comes to something else.

    A text that is no sound compact has no cases here: `read.examine` tells its faults.
    """
    faults = Faults()
    document = paper(text, faults)
    compact = compact_of(document, faults) if document else None
    if compact is None:
        return 0, ()
    given = listed(document.get("cases", []), "cases", faults)
    if len(given) > MOST:
        faults.add("cases", "compensation.count", count=len(given), least=0, most=MOST)
    for place, each in enumerate(given[:MOST]):
        _try(compact, mapping(each, f"cases[{place}]", faults, KEYS), f"cases[{place}]", faults)
    return len(given), tuple(sorted(faults.found, key=lambda fault: (fault.line, fault.path)))


def _try(compact: Compact, case: Mapping[str, Any], path: str, faults: Faults) -> None:
    name, period = word(case, "name", path, faults), str(case.get("period", ""))
    word(case, "source", path, faults)
    declared = mapping(case.get("declared", {}), f"{path}.declared", faults)
    for fact, value in declared.items():
        if not isinstance(value, bool):
            faults.add(f"{path}.declared.{fact}", "compensation.form", wanted="true, false")
    before = len(faults.found)
    try:
        figures = tuple(_figures(compact, period, case, path, faults))
        made = compute(compact, period, Given(figures, {str(f): value is True for f, value in declared.items()}))
    except InputError as error:
        faults.add(f"{path}.period", error.code, **error.facts)
        return
    if len(faults.found) == before:  # of figures that cannot be read nothing follows
        _compare(compact, case, made, path, name, faults)


def _figures(compact: Compact, period: str, case: Mapping[str, Any], path: str, faults: Faults) -> Iterator[Figure]:
    """The monthly means that a case tells."""
    asked = wanted(compact, period)
    sections, indicators = {each.section for each in asked}, {each.indicator for each in asked}
    years = set(months_of(period))
    for part in ("data", "before"):
        months = {place.month for place in asked if (place.month in years) == (part == "data")}
        for section, told in mapping(case.get(part, {}), f"{path}.{part}", faults).items():
            here = f"{path}.{part}.{section}"
            named(section, here, sections, faults)
            for indicator, means in mapping(told, here, faults).items():
                named(indicator, f"{here}.{indicator}", indicators, faults)
                by_month = means if isinstance(means, Mapping) else dict.fromkeys(months, means)
                for month, mean in by_month.items():
                    place = Place(section, indicator, str(month))
                    value = _mean(mean)
                    if value is None or (place.month not in months and isinstance(means, Mapping)):
                        faults.add(
                            f"{here}.{indicator}",
                            "compensation.number",
                            given=str(mean if value is None else month)[:40],
                        )
                    elif place in asked:
                        yield Figure(place, written(value), PLENTY, "", ())


def _mean(given: object) -> float | None:
    try:
        value = float(str(given)) if not isinstance(given, bool) else -1.0
    except ValueError:
        return None
    return value if isfinite(value) and value >= 0 else None


def _compare(compact: Compact, case: Mapping[str, Any], made: Statement, path: str, name: str, faults: Faults) -> None:
    """Each amount, payment and index that is another than the case says."""
    if "nets" not in case:
        faults.add(path, "compensation.missing_key", name="nets")
    parties = {each.id for each in compact.parties}
    told = {}
    for party, text in mapping(case.get("nets", {}), f"{path}.nets", faults).items():
        told[named(party, f"{path}.nets.{party}", parties, faults)] = _signed(text, f"{path}.nets.{party}", faults)
    for party in sorted(told.keys() | made.nets.keys()):
        expected, found = told.get(party, NOTHING), made.nets.get(party, NOTHING)
        if expected is not None and expected != found:
            facts = {"case": name, "party": party, "expected": f"{expected:,}", "found": f"{found:,}"}
            faults.add(f"{path}.nets.{party}", "compensation.case_net", **facts)
    if "payments" in case:
        found_payments = [[a, b, str(amount)] for a, b, amount in made.payments]
        if case["payments"] != found_payments:
            facts = {"case": name, "found": "; ".join(f"{a} → {b} {amount}" for a, b, amount in found_payments)}
            faults.add(f"{path}.payments", "compensation.case_payments", **facts)
    open_lines = whole(case.get("open", 0), f"{path}.open", faults, 0, 10_000)
    if open_lines != made.open:
        faults.add(f"{path}.open", "compensation.case_open", case=name, expected=open_lines, found=made.open)
    values = {finding.what: finding.found for line in made.lines for finding in line.findings}
    for index, text in mapping(case.get("index", {}), f"{path}.index", faults).items():
        if values.get(index) != str(text):
            facts = {
                "case": name,
                "index": str(index)[:80],
                "expected": str(text)[:40],
                "found": values.get(index) or "—",
            }
            faults.add(f"{path}.index.{index}", "compensation.case_index", **facts)


def _signed(given: object, path: str, faults: Faults) -> Decimal | None:
    """Money that is got (+) or given (-)."""
    text = str(given)
    amount = yuan(text.removeprefix("-"))
    if amount is None or isinstance(given, bool):
        faults.add(path, "compensation.money", given=text[:40])
        return None
    return -amount if text.startswith("-") else amount
