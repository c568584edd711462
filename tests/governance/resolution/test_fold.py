"""Resolutions: which votes count, what is the result, and that it stays, whatever arrives later."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.exchange.dossier.entry import Entry
from shangyou.governance.resolution.fold import HANDLERS, matter
from shangyou.governance.resolution.matter import CHOICES
from tests.governance.resolution.votes import HOUR, MEMBERS, RULE, START, Council


def test_what_most_vote_for_and_sign_is_adopted() -> None:
    council = Council()
    council.all_vote(sichuan="yes", chongqing="yes", guizhou="no", yunnan="yes")
    seen = council.matter("yunnan")
    assert (seen.tally.outcome, seen.tally.no, seen.phase(council.at)) == ("adopted", ("guizhou",), "signing")
    for member in ("sichuan", "chongqing"):
        council.sign(member, 3)
        council.desk.deliver()
    assert council.matter().phase(council.at) == "signing"  # two of four are not more than half
    council.sign("guizhou", 4)
    council.desk.deliver()
    assert {council.matter(member).phase(council.at) for member in MEMBERS} == {"adopted"}


@pytest.mark.parametrize(
    ("rule", "choices", "outcome"),
    [
        ({}, {"sichuan": "yes", "chongqing": "yes", "guizhou": "no"}, "adopted"),
        ({}, {"sichuan": "yes", "chongqing": "yes"}, "no_quorum"),
        ({}, {"sichuan": "yes", "chongqing": "no", "guizhou": "abstain"}, "rejected"),  # just half is not more
        ({"strictly": False}, {"sichuan": "yes", "chongqing": "no", "guizhou": "abstain"}, "adopted"),
        ({}, {"sichuan": "abstain", "chongqing": "abstain", "guizhou": "abstain"}, "rejected"),
        ({"veto": ["guizhou"]}, {"sichuan": "yes", "chongqing": "yes", "guizhou": "no", "yunnan": "yes"}, "vetoed"),
        ({"veto": ["yunnan"]}, {"sichuan": "yes", "chongqing": "yes", "guizhou": "no", "yunnan": "yes"}, "adopted"),
        ({"majority": [2, 3], "strictly": False}, {"sichuan": "yes", "chongqing": "yes", "guizhou": "no"}, "adopted"),
        ({"majority": [1, 1], "strictly": False}, {"sichuan": "yes", "chongqing": "yes", "guizhou": "no"}, "rejected"),
    ],
)
def test_the_rule_decides(rule: dict[str, object], choices: dict[str, str], outcome: str) -> None:
    council = Council(rule)
    council.all_vote(**choices)
    assert council.matter("yunnan").tally.outcome == outcome


def test_a_vote_after_the_deadline_does_not_count() -> None:
    council = Council()
    council.vote("chongqing", "yes", 49)
    council.desk.deliver()
    council.say("sichuan", "receive", 50)
    [ballot] = council.matter().ballots
    assert ballot.not_counted == "resolution.late"


def test_a_vote_of_a_member_that_was_away_counts_if_it_comes_in_within_the_reception_period() -> None:
    council = Council()
    council.desk.away.add("yunnan")
    council.vote("yunnan", "yes", 40)
    council.desk.deliver()
    council.desk.away.clear()
    council.desk.deliver()
    assert [each.not_counted for each in council.matter().ballots] == ["resolution.not_received"]  # not yet
    council.say("guizhou", "receive", 71.9)
    council.desk.deliver()
    assert [each.not_counted for each in council.matter().ballots] == [""]


def test_a_vote_dated_back_does_not_count_for_nobody_had_it_in_time() -> None:
    council = Council()
    council.desk.away.add("yunnan")
    council.vote("yunnan", "no", 47)  # so its clock says; it leaves the member three days later
    council.desk.away.clear()
    council.desk.deliver()
    council.say("guizhou", "receive", 72.1)
    council.desk.deliver()
    assert [each.not_counted for each in council.matter().ballots] == ["resolution.not_received"]


def test_a_vote_dated_before_what_its_author_had_read_is_void() -> None:
    council = Council()
    first = council.desk.at("sichuan").entries(council.id)[0]
    late = Entry(council.id, "resolution.comment", "guizhou", START + 60 * HOUR, 2, (first.id,), {"text": "晚"})
    body = {"version": first.id, "choice": "no"}
    back = Entry(council.id, "resolution.vote", "yunnan", START + 40 * HOUR, 3, (late.id,), body)
    seen = matter([first, late, back])
    assert [each.code for each in seen.void] == ["resolution.dated_back"]


def test_the_last_ballot_of_a_member_counts() -> None:
    council = Council()
    council.vote("chongqing", "no", 1)
    council.vote("chongqing", "yes", 2)
    council.desk.deliver()
    council.say("sichuan", "receive", 3)
    assert [(each.choice, each.not_counted) for each in council.matter().ballots] == [
        ("no", "resolution.replaced"),
        ("yes", ""),
    ]


def test_two_ballots_of_one_member_that_do_not_know_each_other_count_as_the_more_cautious() -> None:
    council = Council()
    first = council.desk.at("sichuan").entries(council.id)[0]
    body = {"version": first.id}
    twins = [
        Entry(council.id, "resolution.vote", "yunnan", START + HOUR, 2, (first.id,), {**body, "choice": choice})
        for choice in ("no", "yes")
    ]
    after = tuple(sorted(each.id for each in twins))
    heard = Entry(council.id, "resolution.receive", "sichuan", START + 2 * HOUR, 3, after, {})
    seen = matter([first, *sorted(twins, key=lambda each: each.id), heard])
    assert seen.tally.no == ("yunnan",)
    assert [each.kind for each in seen.clashes] == ["vote:yunnan"]


def test_a_new_version_is_voted_on_anew() -> None:
    council = Council()
    council.all_vote(sichuan="yes", chongqing="yes", guizhou="yes")
    second = council.say("chongqing", "amend", 5, title_zh="赤水河联合巡查", text_zh="第一条 每月。", why="季度太长")
    council.desk.deliver()
    council.say("guizhou", "receive", 6)
    council.desk.deliver()
    seen = council.matter()
    assert (seen.current.entry, seen.current.number, seen.tally.yes) == (second, 2, ())
    assert {each.not_counted for each in seen.ballots} == {"resolution.other_version"}


def test_of_two_amendments_at_once_the_later_in_order_stands_and_the_other_is_shown() -> None:
    council = Council()
    council.desk.away.add("yunnan")
    texts = {
        m: council.say(m, "amend", 5, title_zh="巡查", text_zh=f"{m} 的文本", why="另议") for m in ("sichuan", "yunnan")
    }
    council.desk.away.clear()
    council.desk.deliver()
    council.say("guizhou", "receive", 6)
    council.desk.deliver()
    for member in MEMBERS:
        seen = council.matter(member)
        assert [each.entry for each in seen.versions[1:]] == [texts["sichuan"], texts["yunnan"]]
        assert seen.current.entry == texts["yunnan"]
        assert [each.kind for each in seen.clashes] == ["amend"]


def test_an_amendment_that_nobody_had_in_time_is_no_version_to_vote_on() -> None:
    council = Council()
    council.desk.away.add("yunnan")
    council.say("yunnan", "amend", 23, title_zh="巡查", text_zh="迟到的文本", why="另议")
    council.desk.away.clear()
    council.desk.deliver()
    council.say("guizhou", "receive", 49)
    council.desk.deliver()
    seen = council.matter()
    assert (seen.current.number, seen.versions[1].not_counted) == (1, "resolution.not_received")


@pytest.mark.parametrize(
    ("member", "kind", "hours", "body", "code"),
    [
        ("sichuan", "amend", 25, {"title_zh": "a", "text_zh": "b", "why": "c"}, "resolution.amend_late"),
        ("sichuan", "amend", 5, {"title_zh": "a", "text_zh": "b"}, "entry.field"),
        ("sichuan", "vote", 5, {"version": "none", "choice": "yes"}, "resolution.version"),
        ("sichuan", "comment", 5, {}, "entry.field"),
        ("guizhou", "withdraw", 5, {"why": "不提了"}, "resolution.not_proposer"),
        ("guizhou", "task", 5, {"task": "t", "title_zh": "巡查", "owner": "sichuan"}, "resolution.not_adopted"),
        ("guizhou", "publish", 5, {}, "resolution.not_adopted"),
        ("guizhou", "sing", 5, {}, "resolution.kind"),
    ],
)
def test_what_may_not_be_said_has_no_effect(
    member: str, kind: str, hours: float, body: dict[str, object], code: str
) -> None:
    council = Council()
    council.say(member, kind, hours, **body)
    assert [each.code for each in council.matter(member).void] == [code]


def test_nobody_signs_before_the_end_or_another_result_than_it_can_see() -> None:
    council = Council()
    council.vote("sichuan", "yes")
    council.desk.deliver()
    council.sign("chongqing", 71)
    assert [each.code for each in council.matter("chongqing").void] == ["resolution.sign_early"]
    first = council.matter("guizhou").current.entry
    council.say("guizhou", "sign", 80, version=first, outcome="adopted", ballots=[])
    assert [each.code for each in council.matter("guizhou").void] == ["resolution.tally"]


def test_a_member_that_is_away_for_all_of_it_holds_nobody_up_and_agrees_afterwards() -> None:
    council = Council()
    council.desk.away.add("yunnan")
    council.all_vote(sichuan="yes", chongqing="yes", guizhou="yes")
    for member in ("sichuan", "chongqing", "guizhou"):
        council.sign(member, 80)
        council.desk.deliver()
    assert council.matter().phase(council.at) == "adopted"
    council.vote("yunnan", "no", 90)
    council.desk.away.clear()
    council.desk.deliver()
    assert council.matter("yunnan") == council.matter("sichuan")
    assert council.matter("yunnan").phase(council.at) == "adopted"


def test_results_that_no_majority_signs_split_the_matter() -> None:
    council = Council(members=("sichuan", "chongqing"))
    council.vote("sichuan", "yes", 1)
    council.desk.deliver()
    council.say("chongqing", "receive", 2)
    council.sign("sichuan", 80)  # it has not heard that its own ballot was received
    council.sign("chongqing", 80)
    council.desk.deliver()
    assert council.matter().phase(council.at) == "split"


def test_tasks_follow_from_what_was_adopted() -> None:
    council = Council()
    council.all_vote(sichuan="yes", chongqing="yes", guizhou="yes", yunnan="yes")
    for member in MEMBERS:
        council.sign(member, 3)
        council.desk.deliver()
    task = {"task": "t1", "title_zh": "第一次巡查", "owner": "guizhou", "due": START + 999 * HOUR}
    council.say("sichuan", "task", 4, **task)
    council.say("sichuan", "publish", 5)
    council.desk.deliver()
    council.say("guizhou", "task", 6, **task, state="done")
    seen = council.matter("guizhou")
    assert (seen.tasks["t1"].value.state, seen.void) == ("done", ())
    assert seen.published is not None


def test_another_dossier_is_no_resolution() -> None:
    council = Council()
    entry = council.desk.at("sichuan").open("warning", [], {})
    with pytest.raises(InputError, match=r"resolution.opening"):
        matter([entry])


# ---- laws -------------------------------------------------------------------------------------------------------

STEPS = st.tuples(
    st.sampled_from(MEMBERS),
    st.sampled_from(["vote", "vote", "vote", "amend", "receive", "sign", "comment", "publish"]),
    st.sampled_from(CHOICES),
    st.integers(0, 4),  # letters that go before the next step
    st.sampled_from([1, 1, 1, 20, 60]),  # hours that pass
)


@settings(max_examples=40)
@given(st.lists(STEPS, max_size=16), st.data())
def test_all_see_one_matter_in_the_end_and_no_result_is_ever_undone(
    steps: list[tuple[str, str, str, int, int]], data: st.DataObject
) -> None:
    council, hours = Council(), 0
    reached: set[tuple[str, str, tuple[str, ...]]] = set()
    for member, kind, choice, gap, passed in steps:
        hours += passed
        if kind == "vote":
            council.vote(member, choice, hours)
        elif kind == "sign":
            council.sign(member, hours)
        else:
            body = {"amend": {"title_zh": "案", "text_zh": f"{member}{hours}", "why": "改"}, "comment": {"text": "议"}}
            council.say(member, kind, hours, **body.get(kind, {}))
        for _ in range(gap):
            if council.desk.letters:
                entry, to = council.desk.letters.pop(data.draw(st.integers(0, len(council.desk.letters) - 1)))
                council.desk.at(to).take(entry)
        for each in MEMBERS:
            settled = council.matter(each).settled
            reached |= {settled.result} if settled is not None else set()
    council.desk.deliver(lambda count: data.draw(st.integers(0, count - 1)), doubled=True)
    seen = [council.matter(member) for member in MEMBERS]
    assert all(each == seen[0] for each in seen)
    assert reached <= ({seen[0].settled.result} if seen[0].settled is not None else set())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


class _Loose(Entry):
    """An entry whose body may hold what no JSON can, under an id of its own."""

    @property
    def id(self) -> str:
        return "loose"


@given(
    st.sampled_from(list(HANDLERS)),
    st.dictionaries(st.sampled_from(["version", "choice", "ballots", "outcome", "text_zh", "task", "members"]), JSON),
)
def test_no_body_whatever_breaks_the_matter(kind: str, body: dict[str, object]) -> None:
    council = Council()
    first = council.desk.at("sichuan").entries(council.id)[0]
    seen = matter([first, _Loose(council.id, kind, "guizhou", START + HOUR, 2, (first.id,), body)])
    assert (seen.versions[0].entry, seen.tally.yes, seen.settled) == (first.id, (), None)


@given(st.dictionaries(st.sampled_from([*RULE, "voters", "veto"]), JSON))
def test_no_rule_whatever_breaks_an_opening(rule: dict[str, object]) -> None:
    body = {
        "subject": "resolution",
        "members": list(MEMBERS),
        "title_zh": "案",
        "text_zh": "文",
        "rule": {**RULE, **rule},
    }
    loose = _Loose("d", "dossier.open", "sichuan", START, 1, (), body)
    with contextlib.suppress(InputError):
        seen = matter([loose]).rule
        assert set(seen.veto) <= set(seen.voters) <= set(MEMBERS)
        assert START < seen.deadline <= seen.closes
