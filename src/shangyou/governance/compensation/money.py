"""Money: yuan with two places, split without losing a cent, and netted into payments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_FLOOR, Context, Decimal
from typing import Final

CENT: Final = Decimal("0.01")
NOTHING: Final = Decimal("0.00")
MOST: Final = Decimal(10) ** 13  # yuan; no compact moves more in a period
EXACT: Final = Context(prec=40)  # enough for MOST in cents times a share of 20 digits

Shares = tuple[tuple[str, Decimal], ...]  # of accounts, in order of their names; each above 0
Postings = tuple[tuple[str, Decimal], ...]  # what accounts get (+) and give (-), in order of their names


def split(amount: Decimal, shares: Shares) -> dict[str, Decimal]:
    """An amount in parts as 1:5:4, to the cent; the parts add up to it.

    Each part is first cut down to whole cents. The cents that are left go one each to the parts that lost most by the
    cut (largest remainder, Hamilton's method); of equals to the one whose name comes first. So the order in which
    the shares were written changes nothing.

    >>> {name: str(part) for name, part in split(Decimal("100.00"), (("a", Decimal(1)), ("b", Decimal(2)))).items()}
    {'a': '33.33', 'b': '66.67'}
    """
    whole = sum((share for _, share in shares), Decimal(0))
    exact = {name: EXACT.divide(EXACT.multiply(amount, share), whole) for name, share in shares}
    parts = {name: part.quantize(CENT, ROUND_FLOOR) for name, part in exact.items()}
    left = int((amount - sum(parts.values(), NOTHING)) / CENT)
    for name in sorted(parts, key=lambda name: (parts[name] - exact[name], name))[:left]:
        parts[name] += CENT
    return parts


def moved(amount: Decimal, payers: Shares, payees: Shares) -> Postings:
    """An amount from some accounts to others; the postings add up to nothing."""
    return added([(name, -part) for name, part in split(amount, payers).items()], split(amount, payees).items())


def added(*many: Iterable[tuple[str, Decimal]]) -> Postings:
    """Postings together: one an account, in order of names, without those that come to nothing."""
    sums: dict[str, Decimal] = {}
    for postings in many:
        for name, amount in postings:
            sums[name] = sums.get(name, NOTHING) + amount
    return tuple((name, sums[name]) for name in sorted(sums) if sums[name])


def payments(nets: Mapping[str, Decimal]) -> tuple[tuple[str, str, Decimal], ...]:
    """Who pays whom so that all nets are met: (payer, payee, amount), at most one payment fewer than accounts.

    The largest debt meets the largest claim; of equals the name that comes first.

    >>> payments({"a": Decimal("4.00"), "b": Decimal("-2.00"), "c": Decimal("-2.00")})
    (('b', 'a', Decimal('2.00')), ('c', 'a', Decimal('2.00')))
    """
    owed = {name: -amount for name, amount in nets.items() if amount < 0}
    claimed = {name: amount for name, amount in nets.items() if amount > 0}
    found: list[tuple[str, str, Decimal]] = []
    while owed and claimed:
        payer, payee = (min(side, key=lambda name: (-side[name], name)) for side in (owed, claimed))
        amount = min(owed[payer], claimed[payee])
        found.append((payer, payee, amount))
        for side, name in ((owed, payer), (claimed, payee)):
            side[name] -= amount
            if not side[name]:
                del side[name]
    return tuple(found)


def yuan(given: object) -> Decimal | None:
    """An amount as people and files write it; None for what is none: no number, below 0, parts of a cent, too much."""
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return None
    text = str(given).strip().replace(",", "")
    if len(text) > 40 or not text.replace(".", "", 1).isdecimal() or not text.isascii():
        return None
    amount = Decimal(text)
    if amount > MOST or amount != amount.quantize(CENT):
        return None
    return amount.quantize(CENT)
