"""Money is split and netted to the cent."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from shangyou.governance.compensation.money import CENT, added, moved, payments, split, yuan

MONEY = st.integers(0, 10**13).map(lambda cents: Decimal(cents) * CENT)
SHARES = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(1, 10**6).map(Decimal), min_size=1)


@given(MONEY, SHARES)
def test_parts_add_up_to_the_amount_and_none_is_a_cent_off(amount: Decimal, shares: dict[str, Decimal]) -> None:
    parts = split(amount, tuple(shares.items()))
    assert sum(parts.values()) == amount
    whole = sum(shares.values())
    assert all(abs(part - amount * shares[name] / whole) < CENT for name, part in parts.items())


@given(MONEY, SHARES, st.randoms())
def test_the_order_of_the_shares_changes_no_part(amount: Decimal, shares: dict[str, Decimal], random: object) -> None:
    turned = list(shares.items())
    random.shuffle(turned)  # type: ignore[attr-defined]
    assert split(amount, tuple(turned)) == split(amount, tuple(shares.items()))


def test_a_cent_that_is_left_goes_to_the_largest_remainder_and_of_equals_to_the_first_name() -> None:
    third = tuple((name, Decimal(1)) for name in ("c", "a", "b"))
    assert split(Decimal("100.00"), third) == {"a": Decimal("33.34"), "b": Decimal("33.33"), "c": Decimal("33.33")}
    assert split(Decimal("0.01"), (("a", Decimal(1)), ("b", Decimal(2)))) == {"a": Decimal(0), "b": Decimal("0.01")}


@given(MONEY, SHARES, SHARES)
def test_what_is_moved_adds_up_to_nothing(
    amount: Decimal, payers: dict[str, Decimal], payees: dict[str, Decimal]
) -> None:
    postings = moved(amount, tuple(payers.items()), tuple(payees.items()))
    assert sum((part for _, part in postings), Decimal(0)) == 0
    assert [name for name, _ in postings] == sorted(name for name, _ in postings)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef"), MONEY), max_size=20))
def test_payments_meet_every_net_and_are_fewer_than_the_parties(flows: list[tuple[str, str, Decimal]]) -> None:
    nets = dict(added(*([(a, -amount), (b, amount)] for a, b, amount in flows)))
    found = payments(nets)
    assert dict(added(*([(a, -amount), (b, amount)] for a, b, amount in found))) == nets
    assert len(found) <= max(len(nets) - 1, 0)
    assert all(amount > 0 for _, _, amount in found)


def test_only_whole_cents_are_money() -> None:
    assert [yuan(given) for given in ("200000000.00", 200000000, "1,000.5")] == [
        *(Decimal("200000000.00"),) * 2,
        Decimal("1000.50"),
    ]
    assert [yuan(given) for given in ("0.005", "-1", "1e6", "NaN", True, None, "", "٣", 10**14)] == [None] * 9
