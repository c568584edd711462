"""By when a word is owed, and who is called next."""

from __future__ import annotations

import pytest

from shangyou.governance.warning.clocks import clocks, open_clocks
from shangyou.governance.warning.compare import differences
from shangyou.governance.warning.read import table
from shangyou.governance.warning.values import Table
from tests.governance.warning.saying import FIRST, MINUTE, NOW, RULES, Talk


def test_the_cases_of_the_edition_hold() -> None:
    talk = Talk()
    for case in RULES.cases:
        found = clocks(talk.seen(), RULES, NOW + case.get("elapsed", 0) * MINUTE)[0]
        if "kind" in case:
            assert (found.kind, found.due - found.start) == (case["kind"], case["minutes"] * MINUTE)
        else:
            assert found.step == case["step"]
    assert RULES.status == "unverified"


@pytest.mark.parametrize(
    ("elapsed", "state", "step", "following"),
    [
        (0, "running", "duty", 10),
        (10, "running", "supervisor", 15),
        (16, "late", "telephone", 30),
        (31, "late", "ministry", None),
    ],
)
def test_while_nobody_acknowledges_the_next_is_called(
    elapsed: int, state: str, step: str, following: int | None
) -> None:
    found = clocks(Talk().seen(), RULES, NOW + elapsed * MINUTE)
    assert [each.member for each in found] == ["cq", "gz"]
    assert {(each.state, each.step) for each in found} == {(state, step)}
    assert found[0].left == (15 - elapsed) * MINUTE
    assert found[0].next == (None if following is None else NOW + following * MINUTE)


def test_who_has_acknowledged_is_called_no_more_and_it_is_told_whether_that_was_in_time() -> None:
    talk = Talk()
    talk.say("cq", "acknowledge", 14)
    talk.say("gz", "acknowledge", 2, role="supervisor")
    cq, gz = clocks(talk.seen(), RULES, talk.now + 60 * MINUTE)
    assert (cq.state, cq.done, cq.role, cq.step) == ("done", NOW + 14 * MINUTE, "duty", "")
    assert (gz.state, gz.role) == ("done_late", "supervisor")


def test_the_clock_of_who_is_let_in_later_starts_then() -> None:
    talk = Talk()
    talk.now += 40 * MINUTE
    talk.desk.at("sc").invite(talk.id, ["moee"])
    talk.desk.deliver()
    [found] = [each for each in clocks(talk.seen(), RULES, talk.now) if each.member == "moee"]
    assert (found.start, found.state) == (NOW + 40 * MINUTE, "running")


def test_after_the_all_clear_only_the_all_clear_is_owed_a_word() -> None:
    talk = Talk()
    clear = talk.say("sc", "clear", 60)
    found = clocks(talk.seen(), RULES, talk.now)
    assert {each.state for each in found if each.message != clear} == {"over"}
    assert [each.member for each in open_clocks(found)] == ["cq", "gz"]
    talk.say("cq", "acknowledge", 1)
    assert [each.member for each in open_clocks(clocks(talk.seen(), RULES, talk.now))] == ["gz"]


def test_a_request_is_owed_an_answer_by_those_who_were_asked() -> None:
    talk = Talk()
    request = talk.say("sc", "request", text="下游取水口停了吗？", to=["cq"])
    [found] = [each for each in clocks(talk.seen(), RULES, talk.now) if each.message == request]
    assert (found.member, found.due - found.start) == ("cq", 60 * MINUTE)
    talk.say("cq", "acknowledge", 1)  # read is not answered
    assert request in {each.message for each in open_clocks(clocks(talk.seen(), RULES, talk.now))}
    talk.say("cq", "information", 1, text="已停", answers=request)
    assert request not in {each.message for each in open_clocks(clocks(talk.seen(), RULES, talk.now))}


def made(*rows: dict[str, object]) -> Table:
    found = table({"arrivals": {"at": NOW, "rows": list(rows)}}, "sc", "e")
    assert found is not None
    return found


def test_differences_are_shown_where_people_should_talk() -> None:
    hour = 60 * MINUTE
    mine = made(
        {"place": "a", "first": NOW + 10 * hour, "peak": NOW + 12 * hour, "concentration": 2.0},
        {"place": "b", "first": NOW + 1 * hour},
        {"place": "c", "first": NOW + 1 * hour},
        {"place": "d", "first": None},
    )
    theirs = made(
        {"place": "a", "first": NOW + 11 * hour, "peak": NOW + 12 * hour, "concentration": 5.0},
        {"place": "b", "first": NOW + 1 * hour + 29 * MINUTE},
        {"place": "c", "first": NOW + 1 * hour + 31 * MINUTE},
        {"place": "d", "first": NOW},
        {"place": "e", "first": NOW},
    )
    found = {each.place: each for each in differences(mine, theirs, NOW, RULES)}
    assert [id for id, each in found.items() if each.apart] == ["c", "d", "e"]
    assert (found["a"].first, found["a"].peak, found["a"].factor) == (hour, 0, 2.5)  # a fifth of 10 h is 2 h
    assert found["e"].mine is None
    back = {each.place: each for each in differences(theirs, mine, NOW, RULES)}
    assert {id: each.first for id, each in back.items() if each.first is not None} == {
        "a": -hour,
        "b": -29 * MINUTE,
        "c": -31 * MINUTE,
    }


def test_a_search_for_a_cause_has_a_clock_for_each_who_was_asked() -> None:
    talk = Talk(**{**FIRST, "type": "request", "to": ["gz"]})
    assert [(each.member, each.kind) for each in clocks(talk.seen(), RULES, NOW)] == [("gz", "request")]
