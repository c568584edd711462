"""What the entries of a warning amount to, at every member and in whatever order they came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.governance.warning.fold import situation
from tests.governance.warning.saying import FIRST, MINUTE, NOW, Talk


def test_a_warning_is_opened_updated_acknowledged_and_cleared() -> None:
    talk = Talk()
    seen = talk.seen("cq")
    assert (seen.state, seen.content.amount, seen.in_charge) == ("open", None, ("sc",))
    assert seen.contacts["sc"].phone == "028-0000000"
    talk.say("cq", "acknowledge", 4, role="duty")
    talk.say(
        "sc", "update", 5, changes={"amount": 2.5e6, "amount_least": 1e6, "amount_most": 5e6}, text="核实约 2.5 吨"
    )
    seen = talk.seen("gz")
    assert seen.content.amount == 2.5e6
    assert seen.taken[seen.id, "cq"].at == NOW + 4 * MINUTE
    assert (seen.messages[-1].entry, "cq") not in seen.taken  # what came later it has not acknowledged
    talk.say("sc", "clear", 300, text="各断面达标")
    assert (talk.seen("gz").state, talk.seen("gz").ended) == ("cleared", talk.now)


def test_an_acknowledgement_covers_what_was_read_and_no_more() -> None:
    talk = Talk()
    update = talk.say("sc", "update", changes={"substance": "toluene"}, deliver=False)
    talk.say("cq", "acknowledge", 3, deliver=False)  # the two cross
    talk.desk.deliver()
    seen = talk.seen()
    assert (seen.id, "cq") in seen.taken
    assert (update, "cq") not in seen.taken


@pytest.mark.parametrize("missing", ["title_zh", "place_zh"])
def test_a_first_warning_without_what_it_must_say_opens_nothing(missing: str) -> None:
    with pytest.raises(InputError) as caught:
        Talk(**{missing: " "}).seen()
    assert caught.value.code == "warning.required"


def test_only_those_in_charge_change_what_is_known_and_others_inform() -> None:
    talk = Talk()
    talk.say("cq", "update", changes={"amount": 1.0})
    talk.say("cq", "information", text="朱沱断面未检出")
    seen = talk.seen()
    assert [each.code for each in seen.void] == ["warning.not_in_charge"]
    assert seen.content.amount is None
    assert seen.messages[-1].text == "朱沱断面未检出"


def test_all_clear_for_own_waters_ends_it_for_nobody_else() -> None:
    talk = Talk()
    talk.say("gz", "clear", text="赤水不受影响")
    assert (talk.seen().state, talk.seen().cleared) == ("open", ("gz",))


def test_an_all_clear_that_did_not_know_of_a_newer_warning_does_not_end_it() -> None:
    talk = Talk(in_charge=["sc", "cq"])
    talk.say("sc", "clear", deliver=False)
    talk.say("cq", "first", 1, deliver=False, **{**FIRST, "title_zh": "又一次泄漏"})
    talk.desk.deliver()
    assert [talk.seen(member).state for member in ("sc", "cq", "gz")] == ["open"] * 3
    assert talk.seen().content.title_zh == "又一次泄漏"
    talk.say("cq", "clear", 1)
    talk.say("sc", "update", 1, changes={"amount": 1.0})
    assert [each.code for each in talk.seen().void] == ["warning.cleared"]


def test_who_asks_for_a_cause_warns_nobody_until_somebody_knows_it() -> None:
    talk = Talk(type="request", text="在朱沱检出苯，来源不明，请上游查找", to=["cq"])
    assert (talk.seen().state, talk.seen().in_charge) == ("asked", ())
    request = talk.seen().id
    talk.say("cq", "information", 5, text="我方无排放", answers=request)
    assert talk.seen().taken[request, "cq"].at == talk.now
    talk.say("gz", "first", 5, **FIRST)
    seen = talk.seen()
    assert (seen.state, seen.in_charge) == ("open", ("gz",))


@pytest.mark.parametrize(
    ("verb", "body", "code"),
    [
        ("shout", {}, "warning.kind"),
        ("request", {"text": "?", "to": ["yn"]}, "warning.stranger"),
        ("request", {}, "entry.field"),
        ("information", {"text": "x", "answers": "nothing"}, "warning.request"),
        ("acknowledge", {"role": "emperor"}, "entry.field"),
        ("update", {"changes": {"amount": -1}}, "entry.field"),
        ("update", {"changes": {"colour": "red"}}, "entry.field"),
        ("update", {"changes": {"amount_least": 5.0, "amount_most": 1.0}}, "entry.field"),
        ("update", {"changes": {"began": NOW + 1}}, "entry.field"),
        ("information", {"arrivals": {"at": NOW, "rows": [{"place": "a"}, {"place": "a"}]}}, "entry.field"),
        ("information", {"arrivals": {"at": NOW, "rows": [{"place": "a", "peak": 2, "peak_late": 1}]}}, "entry.field"),
        (
            "information",
            {"arrivals": {"at": NOW, "rows": [{"place": "a", "until": 2, "until_early": 3}]}},
            "entry.field",
        ),
    ],
)
def test_what_may_not_be_said_stays_without_effect(verb: str, body: Mapping[str, Any], code: str) -> None:
    talk = Talk()
    before = talk.seen()
    talk.say("sc", verb, **body)
    after = talk.seen()
    assert [each.code for each in after.void] == [code]
    assert (after.content, after.messages, after.state) == (before.content, before.messages, before.state)


def test_tables_of_several_members_stand_beside_each_other_the_newest_of_each() -> None:
    talk = Talk(arrivals={"at": NOW, "rows": [{"place": "50.朱沱", "first": NOW + 30 * MINUTE}]})
    talk.say("cq", "information", arrivals={"at": NOW, "rows": [{"place": "50.朱沱", "first": NOW + 50 * MINUTE}]})
    talk.say("cq", "information", 1, arrivals={"at": NOW, "rows": [{"place": "50.朱沱", "first": NOW + 55 * MINUTE}]})
    tables = talk.seen("gz").tables
    assert {by: (table.arrivals[0].first or 0) - NOW for by, table in tables.items()} == {
        "sc": 30 * MINUTE,
        "cq": 55 * MINUTE,
    }


SAYS = st.sampled_from(
    [
        ("sc", "update", {"changes": {"amount": 5.0}}),
        ("cq", "update", {"changes": {"amount": 6.0}}),
        ("sc", "clear", {}),
        ("cq", "clear", {}),
        ("sc", "first", dict(FIRST)),
        ("cq", "acknowledge", {}),
        ("gz", "acknowledge", {"role": "supervisor"}),
        ("gz", "request", {"text": "多少吨？"}),
        ("cq", "information", {"text": "x"}),
    ]
)


@settings(max_examples=40)
@given(st.lists(st.tuples(SAYS, st.booleans(), st.integers(0, 30)), max_size=10), st.data())
def test_whatever_the_order_of_delivery_all_members_see_the_same(
    says: list[tuple[tuple[str, str, dict[str, Any]], bool, int]], data: st.DataObject
) -> None:
    talk = Talk(in_charge=["sc", "cq"])

    def choose(count: int) -> int:
        return data.draw(st.integers(0, count - 1))

    for (member, verb, body), delivers, minutes in says:
        talk.say(member, verb, minutes, deliver=False, **body)
        if delivers:
            talk.desk.deliver(choose, doubled=True)
    talk.desk.deliver(choose)
    seen = [talk.seen(member) for member in ("sc", "cq", "gz")]
    assert seen[0] == seen[1] == seen[2]


@dataclass(frozen=True)
class Whatever:
    """An entry that may say anything."""

    id: str
    kind: str
    author: str
    at: int
    number: int
    after: tuple[str, ...]
    body: Mapping[str, object]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from([*FIRST, "changes", "arrivals", "to", "answers", "role", "text", "members", "rows"])
VERBS = st.sampled_from(["first", "update", "request", "information", "clear", "acknowledge", "comment", "x"])


@settings(max_examples=150)
@given(st.lists(st.tuples(VERBS, st.dictionaries(NAMES, JSON, max_size=5)), max_size=5))
def test_nothing_that_a_member_says_is_a_fault(says: list[tuple[str, dict[str, Any]]]) -> None:
    first = Whatever("0", "dossier.open", "sc", NOW, 1, (), {**FIRST, "subject": "warning", "members": ["cq", "sc"]})
    said = [
        Whatever(str(n), f"warning.{verb}", "sc", NOW, n + 1, (str(n - 1),), {**FIRST, **body})
        for n, (verb, body) in enumerate(says, 1)
    ]
    seen = situation([first, *said])
    assert len(seen.messages) + len(seen.void) == 1 + len(said)


@pytest.mark.parametrize("changed", [{"title_zh": " "}, {"place_zh": ""}, {"substance": "", "text": ""}])
def test_an_update_takes_nothing_back_that_a_warning_must_say(changed: dict[str, str]) -> None:
    talk = Talk()
    talk.say("sc", "update", changes=changed)
    assert talk.seen("cq").void[-1].code == "warning.required"
    assert talk.seen("cq").content.title_zh == FIRST["title_zh"]


@pytest.mark.parametrize("noticed", [0, -1, 2**52, 253_402_300_800_000, True, 1.5, "now"])
def test_a_moment_that_no_calendar_holds_opens_nothing(noticed: object) -> None:
    with pytest.raises(InputError, match=r"entry\.field"):
        Talk(noticed=noticed).seen()


def test_a_table_of_an_earlier_edition_has_an_end_without_a_band_and_a_newer_one_has_both() -> None:
    old: dict[str, object] = {"place": "50.朱沱", "first": NOW, "until": NOW + 9}
    talk = Talk(arrivals={"at": NOW, "rows": [old]})
    talk.say(
        "cq", "information", arrivals={"at": NOW, "rows": [{**old, "until_early": NOW + 5, "until_late": NOW + 12}]}
    )
    tables = talk.seen("gz").tables
    ends = {by: (a.until_early, a.until, a.until_late) for by, t in tables.items() for a in t.arrivals}
    assert ends == {"sc": (None, NOW + 9, None), "cq": (NOW + 5, NOW + 9, NOW + 12)}


def test_arrivals_that_no_calendar_holds_are_void() -> None:
    talk = Talk()
    talk.say("cq", "information", arrivals={"at": NOW, "method": "m", "rows": [{"place": "x", "first": 2**52}]})
    assert [each.code for each in talk.seen().void] == ["entry.field"]
