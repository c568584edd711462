"""The room: what may be said in it, who may, and one view for all whatever came first."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.exchange.dossier.entry import Entry, ordered
from shangyou.governance.incident.fold import HANDLERS, room
from shangyou.governance.incident.known import heard, then
from shangyou.governance.incident.read import opened
from tests.governance.incident.rooms import GUIDANCE, MINUTE, OPENING, PLAN, START, Stage

POINT: Mapping[str, object] = {
    "point": "p1",
    "name_zh": "朱沱",
    "parameters": ["benzene"],
    "every": 60,
    "member": "chongqing",
}
RESULT: Mapping[str, object] = {"parameter": "benzene", "value": 0.02, "unit": "mg/L", "limit": 0.01}
BODIES: Mapping[str, Mapping[str, object]] = {
    "facts": {"facts": {"crossing": "province", "deaths": 0}},
    "place": {"place": "50.朱沱", "place_zh": "朱沱", "river": "长江", "amount": 2e6},
    "grade": {"grade": "II", "proposed": "II"},
    "report": {"type": "initial", "duties": ["own_government"], "sent": START},
    "task": {"task": "monitoring", "owner": "chongqing", "due": START + 100 * MINUTE, "state": "doing"},
    "point": POINT,
    "sample": {"point": "p1", "taken": START, "results": [RESULT]},
    "measure": {"measure": "m1", "kind": "hold", "name_zh": "向家坝", "member": "sichuan", "share": 0.6},
    "decision": {"text": "关闭取水口", "why": "预计峰值超标"},
    "note": {"text": "已到现场"},
    "close": {"summary_zh": "已处置完毕"},
    "reopen": {"why": "再次超标"},
}


def test_a_room_begins_with_the_eight_tasks_open() -> None:
    found = Stage().room()
    assert len(found.tasks) == 8
    assert {each.value.state for each in found.tasks.values()} == {"open"}
    assert found.waits_for == ("chongqing", "sichuan")
    assert (found.grade, found.void, found.conflicts) == (None, (), ())


def test_everything_that_was_said_is_in_the_room() -> None:
    stage = Stage()
    for minute, kind in enumerate(
        ("facts", "place", "grade", "report", "task", "point", "sample", "measure", "decision")
    ):
        stage.say("sichuan", kind, minute, **BODIES[kind])
    found = stage.room()
    assert found.void == ()
    assert found.facts["crossing"].value == "province"
    assert found.grade is not None
    assert found.grade.value.grade == "II"
    assert found.tasks["monitoring"].value.owner == "chongqing"
    assert found.samples[0].results[0].exceeds
    assert found.measures["m1"].value.share == 0.6
    assert (found.opening.place, found.opening.place_zh, found.opening.amount) == ("50.朱沱", "朱沱", 2e6)
    assert found.opening.substance == "benzene"  # what was not learned anew stays
    assert len(found.lines) == 10


@pytest.mark.parametrize(
    ("member", "kind", "change", "code"),
    [
        ("sichuan", "grade", {"grade": "III"}, "entry.field"),  # another than proposed, without a reason
        ("sichuan", "grade", {"grade": "V"}, "entry.field"),
        ("chongqing", "report", {}, "incident.not_in_charge"),
        ("sichuan", "report", {"sent": START + 60 * MINUTE}, "incident.sent"),
        ("sichuan", "report", {"sent": START - 60 * MINUTE}, "incident.sent"),
        ("sichuan", "facts", {"source": "network"}, "entry.field"),  # without the members of whom it was worked out
        ("sichuan", "facts", {"source": "hearsay"}, "entry.field"),
        ("sichuan", "place", {"amount": -1}, "entry.field"),
        ("sichuan", "place", {"occurred": START}, "entry.field"),  # after it was noticed
        ("sichuan", "task", {"owner": "hubei"}, "incident.stranger"),
        ("sichuan", "task", {"task": "other"}, "entry.field"),
        ("sichuan", "point", {"every": 0}, "entry.field"),
        ("sichuan", "sample", {"point": "p9"}, "incident.unknown"),
        ("sichuan", "sample", {"taken": START + 60 * MINUTE}, "incident.sent"),
        ("sichuan", "sample", {"results": [{**RESULT, "value": -1}]}, "entry.field"),
        ("sichuan", "measure", {"share": 1.1}, "entry.field"),
        ("sichuan", "measure", {"kind": "dilute"}, "entry.field"),
        ("sichuan", "measure", {"effect": {"places": [{"name_zh": "朱沱"}]}}, "entry.field"),
        ("sichuan", "measure", {"effect": {"places": "many"}}, "entry.field"),
        ("sichuan", "measure", {"start": START + 2, "until": START + 1}, "entry.field"),
        ("sichuan", "decision", {"why": " "}, "entry.field"),
        ("ministry", "close", {}, "incident.not_party"),
        ("sichuan", "dance", {}, "incident.kind"),
    ],
)
def test_what_may_not_be_said_has_no_effect_and_says_why(
    member: str, kind: str, change: Mapping[str, object], code: str
) -> None:
    stage = Stage()
    stage.say("sichuan", "point", **POINT)
    before = stage.room()
    stage.desk.deliver()
    stage.say(member, kind, 1, **{**BODIES.get(kind, {}), **change})
    stage.desk.deliver()
    found = stage.room()
    assert [each.code for each in found.void] == [code]
    assert (found.lines, found.tasks, found.grade) == (before.lines, before.tasks, before.grade)


def test_of_two_grades_that_did_not_know_each_other_the_graver_holds_until_somebody_decides() -> None:
    stage = Stage()
    stage.desk.away.add("chongqing")
    grave = stage.say("chongqing", "grade", 5, grade="II", proposed="IV", why="将入渝")
    mild = stage.say("sichuan", "grade", 6, grade="III", proposed="III")
    stage.desk.away.clear()
    stage.desk.deliver()
    for member in ("sichuan", "chongqing", "ministry"):
        found = stage.room(member)
        assert found.grade is not None
        assert found.grade.value.grade == "II"
        [conflict] = found.conflicts
        assert (conflict.matter, conflict.held, set(conflict.entries)) == ("grade", grave, {grave, mild})
    stage.say("sichuan", "grade", 9, grade="III", proposed="III")
    found = stage.room()
    assert found.grade is not None
    assert (found.grade.value.grade, found.conflicts) == ("III", ())
    assert len(found.grades) == 3


def test_a_task_that_one_calls_done_and_the_other_not_is_not_done() -> None:
    stage = Stage()
    stage.desk.away.add("chongqing")
    stage.say("sichuan", "task", 1, task="monitoring", owner="chongqing", state="done")
    stage.say("chongqing", "task", 2, task="monitoring", owner="chongqing", state="doing")
    stage.desk.away.clear()
    stage.desk.deliver()
    assert stage.room().tasks["monitoring"].value.state == "doing"
    assert [each.matter for each in stage.room().conflicts] == ["task:monitoring"]


def test_a_room_is_closed_when_both_sides_have_said_so_and_then_takes_nothing_more() -> None:
    stage = Stage()
    stage.say("sichuan", "close", 10, summary_zh="川方处置完毕")
    stage.desk.deliver()
    assert (stage.room("chongqing").closed, stage.room("chongqing").waits_for) == (None, ("chongqing",))
    stage.say("chongqing", "close", 20, summary_zh="渝方水质恢复")
    stage.desk.deliver()
    assert stage.room().closed == START + 20 * MINUTE
    stage.say("sichuan", "decision", 21, **BODIES["decision"])
    assert [each.code for each in stage.room().void] == ["incident.closed"]
    stage.say("sichuan", "reopen", 22, why="再次超标")
    stage.say("sichuan", "decision", 23, **BODIES["decision"])
    found = stage.room()
    assert (found.closed, len(found.decisions)) == (None, 1)


def test_a_sample_that_did_not_know_of_the_closing_still_counts() -> None:
    stage = Stage()
    stage.say("chongqing", "point", 1, **POINT)
    stage.desk.deliver()
    stage.desk.away.add("ministry")
    stage.say("sichuan", "close", 10, summary_zh="完")
    stage.desk.deliver()
    stage.say("chongqing", "close", 11, summary_zh="完")
    stage.say("ministry", "sample", 12, **BODIES["sample"])
    stage.desk.away.clear()
    stage.desk.deliver()
    assert stage.room().closed is not None
    assert len(stage.room().samples) == 1


def test_a_reopening_that_crosses_a_closing_keeps_the_room_open() -> None:
    stage = Stage()
    stage.say("sichuan", "close", 10, summary_zh="完")
    stage.desk.deliver()
    stage.desk.away.add("chongqing")
    stage.say("chongqing", "close", 11, summary_zh="完")
    stage.say("sichuan", "reopen", 12, why="再次超标")
    stage.desk.away.clear()
    stage.desk.deliver()
    for member in ("sichuan", "chongqing"):
        assert stage.room(member).closed is None


def test_what_was_known_when_is_told_for_all_and_for_one() -> None:
    stage = Stage()
    told = stage.say("sichuan", "facts", 5, facts={"deaths": 1})
    stage.desk.deliver()
    stage.say("chongqing", "note", 9, text="收到")
    stage.desk.deliver()
    stage.say("sichuan", "facts", 20, facts={"deaths": 4})
    entries = stage.entries()
    early = room(then(entries, START + 10 * MINUTE), PLAN, GUIDANCE)
    assert early.facts["deaths"].value == 1
    assert room(then(entries, START + 30 * MINUTE), PLAN, GUIDANCE).facts["deaths"].value == 4
    theirs = room(then(entries, START + 30 * MINUTE, "chongqing"), PLAN, GUIDANCE)
    assert theirs.facts["deaths"].value == 1
    assert [(each.member, each.at) for each in heard(entries) if each.entry == told] == [
        ("chongqing", START + 9 * MINUTE)
    ]


@pytest.mark.parametrize(
    ("said", "place", "amount"),
    [({}, "", None), ({"place": "50.朱沱", "amount": 2e6}, "50.朱沱", 2e6), ({"place": "50.朱沱"}, "50.朱沱", None)],
)
def test_an_opening_may_name_a_place_of_the_network_and_an_amount(
    said: dict[str, object], place: str, amount: float | None
) -> None:
    entry = Entry("d", "dossier.open", "sichuan", START, 1, (), {**OPENING, "subject": "incident", **said})
    found = opened(entry)
    assert (found.place, found.amount) == (place, amount)


@pytest.mark.parametrize("said", [{"place": 5}, {"amount": -1.0}, {"amount": "much"}, {"amount": 1e14}])
def test_an_opening_with_what_is_no_place_or_amount_opens_no_room(said: dict[str, object]) -> None:
    with pytest.raises(InputError, match=r"entry\.field"):
        opened(Entry("d", "dossier.open", "sichuan", START, 1, (), {**OPENING, "subject": "incident", **said}))


def test_a_dossier_of_another_subject_is_no_room() -> None:
    stage = Stage()
    entry = stage.desk.at("sichuan").open("warning", ["chongqing"], OPENING)
    with pytest.raises(InputError, match=r"incident.opening"):
        room([entry], PLAN, GUIDANCE)


# ---- laws -------------------------------------------------------------------------------------------------------

MEMBERS = ("chongqing", "ministry", "sichuan")


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.sampled_from(MEMBERS), st.sampled_from(list(BODIES)), st.integers(0, 3)), max_size=14),
    st.data(),
)
def test_all_members_see_one_room_whatever_came_first_or_twice(
    said: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    """gap 0 to 3: how many letters go before the next entry; the rest waits, so members speak past each other."""
    stage = Stage()
    for minute, (member, kind, gap) in enumerate(said):
        body = dict(BODIES[kind])
        if kind == "grade":
            grade = data.draw(st.sampled_from(["I", "II", "III", "IV"]))
            body |= {"grade": grade, "why": "判断"}
        stage.say(member, kind, minute, **body)
        for _ in range(gap if stage.desk.letters else 0):
            if stage.desk.letters:
                entry, to = stage.desk.letters.pop(data.draw(st.integers(0, len(stage.desk.letters) - 1)))
                stage.desk.at(to).take(entry)
    stage.desk.deliver(lambda count: data.draw(st.integers(0, count - 1)), doubled=True)
    assert stage.room("sichuan") == stage.room("chongqing") == stage.room("ministry")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(list(HANDLERS)), st.data())
def test_no_body_whatever_breaks_the_room(kind: str, data: st.DataObject) -> None:
    known = BODIES.get(kind.removeprefix("incident."), {})
    body = dict(known) | data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(known, JSON)))
    opening = Entry("d", "dossier.open", "sichuan", START, 1, (), {**OPENING, "subject": "incident", "members": []})
    point = Entry("d", "incident.point", "sichuan", START, 2, (opening.id,), POINT)
    last = _Loose("d", kind, "sichuan", START, 3, (point.id,), body)
    found = room([opening, point, last], PLAN, GUIDANCE)
    assert len(found.lines) + len(found.void) == 3


class _Loose(Entry):
    """An entry whose body may hold what no JSON can, under an id of its own."""

    @property
    def id(self) -> str:
        return "loose"


def test_the_shared_order_is_what_the_fold_takes() -> None:
    stage = Stage()
    stage.say("sichuan", "note", 1, text="一")
    held = stage.desk.at("sichuan").entries(stage.id)
    assert ordered(reversed(held)) == held


def test_a_place_that_is_learned_later_has_no_old_name_and_two_at_once_are_both_shown() -> None:
    stage = Stage()
    stage.say("sichuan", "place", 1, place_zh="合江大桥")
    assert (stage.room().opening.place_zh, stage.room().opening.place_en) == ("合江大桥", "合江大桥")
    stage.desk.deliver()
    said = {stage.say("sichuan", "place", 2, amount=1e6): 1e6, stage.say("chongqing", "place", 3, amount=3e6): 3e6}
    stage.desk.deliver()
    last = next(each.id for each in reversed(stage.entries()) if each.id in said)  # in the order that all share
    for member in ("sichuan", "chongqing"):
        found = stage.room(member)
        assert found.opening.amount == said[last]
        assert [(each.matter, each.held, set(each.entries)) for each in found.conflicts] == [
            ("release:amount", last, set(said))
        ]
    stage.say("sichuan", "place", 4, amount=2e6)
    assert (stage.room().opening.amount, stage.room().conflicts) == (2e6, ())


def test_what_a_node_worked_out_is_known_as_such_until_a_person_says_it_or_another_thing() -> None:
    stage = Stage()
    worked_out = {"facts": {"crossing": "province"}, "source": "network", "members": ["sichuan", "chongqing"]}
    stage.say("sichuan", "facts", 1, **worked_out)
    assert stage.room().derived == {"crossing": ("sichuan", "chongqing")}
    stage.say("sichuan", "facts", 2, facts={"crossing": "none"})
    found = stage.room()
    assert (found.facts["crossing"].value, found.derived) == ("none", {})
