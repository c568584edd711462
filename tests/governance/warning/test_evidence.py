"""Of which warnings a node's own detection takes notice, where, and for how long."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.governance.detection.readings import Expected
from shangyou.governance.warning.evidence import LONGEST, MARGIN, evidence
from shangyou.governance.warning.values import Situation
from tests.governance.warning.saying import NOW, Talk

HOUR = 3_600_000
DOWN = {("51.a", "50.b"), ("51.a", "50.c")}


def row(place: str, early: float, late: float, **more: Any) -> dict[str, Any]:
    times = {"first_early": early, "first": early + 1, "first_late": early + 2, "peak": late - 1, "peak_late": late}
    return {"place": place, **{name: NOW + round(hours * HOUR) for name, hours in times.items()}, **more}


def talk(*rows: dict[str, Any], **changed: Any) -> Talk:
    table = {"at": NOW, "method": "m", "rows": list(rows) or [row("50.b", 8, 14)]}
    given: dict[str, Any] = {"place": "51.a", "substance": "ammonia_nitrogen", "arrivals": table}
    return Talk(**(given | changed))


def upstream(member: str, place: str, section: str) -> bool:
    return member == "sc" and (place, section) in DOWN


def due(*said: Situation, me: str = "cq", simulated: bool = False) -> tuple[Expected, ...]:
    return evidence({f"w{n}": each for n, each in enumerate(said)}, me, simulated, upstream)


def test_what_is_due_is_the_band_of_the_table_with_a_margin() -> None:
    (found,) = due(talk().seen())
    assert (found.warning, found.member, found.section, found.parameter) == ("w0", "sc", "50.b", "ammonia_nitrogen")
    assert (found.first, found.last) == (NOW + 8 * HOUR - MARGIN, NOW + 14 * HOUR + MARGIN)


def test_a_table_without_bands_and_a_warning_without_a_table_are_no_evidence() -> None:
    bare = {"place": "50.b", "first": NOW + 8 * HOUR, "peak": NOW + 10 * HOUR}
    assert due(talk(bare).seen()) == ()
    assert due(Talk(place="51.a", substance="ammonia_nitrogen").seen()) == ()


def test_what_has_not_been_said_yet_was_no_evidence() -> None:
    (found,) = due(talk(row("50.b", -6, 14)).seen())
    assert found.first == NOW


def test_the_own_table_counts_beside_that_of_those_in_charge_and_no_third_one() -> None:
    said = talk()
    mine = {"at": NOW, "method": "m", "rows": [row("50.b", 7, 15)]}
    said.say("cq", "information", arrivals=mine)
    (found,) = due(said.seen())
    assert (found.first, found.last) == (NOW + 7 * HOUR - MARGIN, NOW + 15 * HOUR + MARGIN)
    said.say("gz", "information", arrivals={"at": NOW, "method": "m", "rows": [row("50.c", 1, 90)]})
    assert due(said.seen()) == (found,)


@pytest.mark.parametrize(
    "changed",
    [
        {"exercise": True},
        {"simulated": True},  # beside real data
        {"type": "request"},  # somebody asks, nobody warns
        {"place": "50.c"},  # its waters do not come here
        {"place": "51.z"},
        {"substance": "", "text": "油膜"},
        {"in_charge": ["cq"]},  # our own waters
    ],
)
def test_what_warns_of_nothing_that_comes_here_is_no_evidence(changed: dict[str, Any]) -> None:
    assert due(talk(**changed).seen()) == ()


def test_simulated_water_is_evidence_for_simulated_water() -> None:
    assert len(due(talk(simulated=True).seen(), simulated=True)) == 1


def test_who_warns_of_waters_that_are_not_its_own_gives_no_evidence() -> None:
    said = talk().seen()
    forged = replace(said, messages=(replace(said.messages[0], by="gz"), *said.messages[1:]), in_charge=("gz",))
    assert due(forged) == ()


def test_an_all_clear_ends_it_from_then_on_and_what_was_read_before_stays_read_with_it() -> None:
    said = talk()
    said.say("sc", "clear", after=600)
    (found,) = due(said.seen())
    assert (found.first, found.last) == (NOW + 8 * HOUR - MARGIN, NOW + 10 * HOUR - 1)
    early = talk()
    early.say("sc", "clear", after=60)
    assert due(early.seen()) == ()


def test_an_all_clear_for_ones_own_waters_ends_it_there() -> None:
    said = talk()
    said.say("cq", "clear", after=600)
    assert [each.last for each in due(said.seen())] == [NOW + 10 * HOUR - 1]


def test_ones_own_warning_and_its_echo_prove_nothing() -> None:
    mine = talk().seen()
    echo = replace(mine, refers=("w0",))
    own = replace(mine, messages=(replace(mine.messages[0], by="cq"),), in_charge=("cq",))
    assert due(own, echo) == ()
    assert len(due(mine, echo)) == 2  # of another's it is one more


def test_an_old_warning_that_is_told_anew_brings_its_old_times_along() -> None:
    said = talk().seen()
    again = replace(said, messages=(replace(said.messages[0], at=NOW + 30 * 24 * HOUR), *said.messages[1:]))
    assert due(again) == ()


def test_a_table_that_never_ends_does_not_lend_its_word_for_ever() -> None:
    (found,) = due(talk(row("50.b", 8, 14, until=NOW + 5_000 * 24 * HOUR)).seen())
    assert found.last <= NOW + LONGEST + MARGIN


@given(st.permutations(range(3)), st.sampled_from(["cq", "gz", "sc", "nobody"]))
def test_the_order_in_which_warnings_are_held_does_not_matter(order: list[int], me: str) -> None:
    held = [talk().seen(), talk(row("50.c", 20, 30)).seen(), talk(exercise=True).seen()]
    told = {f"w{n}": held[n] for n in range(3)}
    assert evidence({f"w{n}": held[n] for n in order}, me, False, upstream) == evidence(told, me, False, upstream)
