"""What a dossier about a statement says: the same for all members, whatever way its entries came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.governance.compensation.compact import Compact
from shangyou.governance.compensation.compute import Given, compute
from shangyou.governance.compensation.fold import State, fold
from shangyou.governance.compensation.read import parse
from shangyou.governance.compensation.statement import Statement
from shangyou.standards.compacts import compact_text
from tests.fakes.dossiers import Desk
from tests.governance.compensation.conftest import figures

COMPACT = parse(compact_text("chishui-2018"))
PARTIES = ("guizhou", "sichuan", "yunnan")


def reckoned(mean: float, year: str = "2019") -> Statement:
    """With Lianyuxi and Qingshuipu at one mean: up to 0.02 the total phosphorus is in class I, above 0.1 in III."""
    data = {section.id: dict.fromkeys(COMPACT.indicators, mean) for section in COMPACT.sections}
    return compute(COMPACT, year, Given(figures(COMPACT, year, data), {}, (), "1"))


GOOD, BAD = reckoned(0.05), reckoned(0.3)  # bad: what is deducted stays open, as the compact does not tell the part


SMALL = parse(
    b"""
id: small
title_zh: "-"
title_en: "-"
source: made for this test
status: confirmed
valid_from: 2019-01-01
valid_to: 2019-12-31
parties:
  - {id: guizhou, name_zh: "-", name_en: "-"}
  - {id: sichuan, name_zh: "-", name_en: "-"}
  - {id: yunnan, name_zh: "-", name_en: "-"}
indicators: [ammonia_nitrogen]
declared: {built: {zh: "-", en: "-"}}
rules:
  - id: one
    name_zh: "-"
    name_en: "-"
    cases:
      - {if: {declared: built}, then: {transfer: 1.00, from: {sichuan: 1, guizhou: 1}, to: yunnan}}
      - otherwise: nothing
"""
)
YES, NO = (compute(SMALL, "2019", Given((), {"built": built})) for built in (True, False))


class Room:
    """The three parties with their dossiers."""

    def __init__(self, compact: Compact = COMPACT) -> None:
        self.at = 1_700_000_000_000
        self.desk = Desk(lambda: self.at)
        body = {"compact": compact.document, "period": "2019"}
        self.id = self.desk.at("sichuan").open("statement", PARTIES, body).dossier
        self.desk.deliver()

    def say(self, member: str, kind: str, body: Mapping[str, object], deliver: bool = True) -> State:
        self.at += 1000
        self.desk.at(member).add(self.id, f"statement.{kind}", body)
        if deliver:
            self.desk.deliver()
        return self.state(member)

    def state(self, member: str) -> State:
        return fold(self.desk.at(member).entries(self.id))

    def all_compute(self, statement: Statement = GOOD) -> State:
        for member in PARTIES:
            self.say(member, "compute", {"statement": statement.document})
        return self.state("yunnan")


@pytest.fixture
def room() -> Room:
    return Room()


def codes(state: State) -> list[str]:
    return [each.code for each in state.void]


def test_equal_and_signed_by_all_is_settled(room: Room) -> None:
    assert room.state("yunnan").phase == "waiting"
    assert room.all_compute().phase == "equal"
    for member in PARTIES:
        state = room.say(member, "sign", {"result": GOOD.result})
    assert state.phase == "settled"
    assert state.stated["guizhou"].follows
    closed = room.say("yunnan", "close", {"note": "款项已到账"})
    assert (closed.phase, closed.closed and closed.closed[2]) == ("closed", "款项已到账")
    assert codes(room.say("guizhou", "sign", {"result": GOOD.result})) == ["statement.closed"]


def test_a_party_that_reckons_otherwise_makes_them_differ_until_it_corrects(room: Room) -> None:
    room.all_compute()
    state = room.say("guizhou", "correct", {"statement": BAD.document, "why": "补录数据"})
    assert (state.phase, state.stated["guizhou"].why) == ("differing", "补录数据")
    assert room.say("guizhou", "correct", {"statement": GOOD.document, "why": "核对后改回"}).phase == "equal"


def test_a_dispute_stands_until_it_is_answered_or_its_author_signs(room: Room) -> None:
    room.all_compute()
    line = GOOD.lines[0].key.text
    said = {"against": "guizhou", "line": line, "why": "少了一个月"}
    assert room.say("sichuan", "dispute", said).phase == "disputed"
    assert codes(room.say("guizhou", "sign", {"result": GOOD.result})) == ["statement.disputed"]
    assert room.say("guizhou", "correct", {"statement": GOOD.document, "why": "数据齐全"}).disputes == []
    room.say("sichuan", "dispute", said)
    assert room.say("sichuan", "sign", {"result": GOOD.result}).disputes == []


def test_a_signature_binds_its_author_and_falls_when_another_states_something_else(room: Room) -> None:
    room.all_compute()
    room.say("yunnan", "sign", {"result": GOOD.result})
    bound = room.say("yunnan", "correct", {"statement": BAD.document, "why": "反悔"})
    assert (codes(bound), bound.stated["yunnan"].statement.result) == (["statement.bound"], GOOD.result)
    free = room.say("guizhou", "correct", {"statement": BAD.document, "why": "新数据"})
    assert free.signatures == {}
    assert room.say("yunnan", "correct", {"statement": BAD.document, "why": "同意"}).stated["yunnan"].why == "同意"


def test_a_statement_with_open_lines_cannot_be_signed(room: Room) -> None:
    room.all_compute(BAD)
    assert codes(room.say("yunnan", "sign", {"result": BAD.result})) == ["statement.open"]


@pytest.fixture
def differing() -> Room:
    """Sichuan and Yunnan reckon that money moves, Guizhou that none does; no line is open."""
    room = Room(SMALL)
    room.all_compute(YES)
    room.say("guizhou", "correct", {"statement": NO.document, "why": "补录数据"})
    return room


def test_nobody_signs_by_mistake_while_another_states_another_result(differing: Room) -> None:
    refused = differing.say("sichuan", "sign", {"result": YES.result})
    assert (codes(refused), refused.signatures) == (["statement.differs"], {})
    assert refused.void[0].facts["members"] == "guizhou"
    refused = differing.say("guizhou", "sign", {"result": NO.result})
    assert refused.void[-1].facts["members"] == "sichuan, yunnan"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"differs": {"yunnan": NO.result}, "why": "x"}, "statement.differs"),  # of somebody else
        ({"differs": {"guizhou": YES.result}, "why": "x"}, "statement.differs"),  # a result that is not theirs now
        ({"differs": {"guizhou": NO.result}}, "entry.field"),  # without a reason
        ({"differs": "guizhou", "why": "x"}, "entry.field"),
    ],
)
def test_a_difference_is_named_as_it_stands_and_with_a_reason(differing: Room, said: dict[str, Any], code: str) -> None:
    assert codes(differing.say("sichuan", "sign", {"result": YES.result} | said)) == [code]


def test_a_signature_that_names_the_difference_is_on_record_but_settles_nothing(differing: Room) -> None:
    named = {"result": YES.result, "differs": {"guizhou": NO.result}, "why": "以监测总站数据为准"}
    for member in ("sichuan", "yunnan"):
        state = differing.say(member, "sign", named)
    theirs = dict.fromkeys(("sichuan", "yunnan"), YES.result)
    state = differing.say("guizhou", "sign", {"result": NO.result, "differs": theirs, "why": "补录数据有据"})
    assert set(state.signatures) == set(PARTIES)
    assert (state.phase, state.settled, codes(state)) == ("differing", None, [])
    assert codes(differing.say("yunnan", "close", {})) == ["statement.unsettled"]


def test_a_party_that_comes_round_is_met_by_the_signatures_that_stand(differing: Room) -> None:
    named = {"result": YES.result, "differs": {"guizhou": NO.result}, "why": "以监测总站数据为准"}
    for member in ("sichuan", "yunnan"):
        differing.say(member, "sign", named)
    differing.say("guizhou", "correct", {"statement": YES.document, "why": "核对后改回"})
    state = differing.say("guizhou", "sign", {"result": YES.result})
    assert (state.phase, state.signatures["guizhou"].why) == ("settled", "")
    assert state.signatures["sichuan"].why == "以监测总站数据为准"


def test_a_signature_that_names_a_difference_falls_when_that_is_stated_once_more(differing: Room) -> None:
    named = {"result": YES.result, "differs": {"guizhou": NO.result}, "why": "x"}
    assert "sichuan" in differing.say("sichuan", "sign", named).signatures
    assert differing.say("guizhou", "correct", {"statement": NO.document, "why": "复核无误"}).signatures == {}


@pytest.mark.parametrize(
    ("member", "kind", "body", "code"),
    [
        ("tibet", "compute", {"statement": GOOD.document}, "statement.author"),
        ("yunnan", "compute", {"statement": GOOD.document}, "statement.again"),
        ("yunnan", "correct", {"statement": GOOD.document}, "entry.field"),
        ("yunnan", "correct", {"statement": {}, "why": "x"}, "compensation.statement"),
        ("yunnan", "correct", {"statement": reckoned(0.05, "2018").document, "why": "x"}, "statement.other"),
        ("yunnan", "dispute", {"against": "yunnan", "why": "x"}, "statement.against"),
        ("yunnan", "dispute", {"against": "guizhou", "line": "no|such|line|", "why": "x"}, "statement.line"),
        ("yunnan", "dispute", {"against": "guizhou"}, "entry.field"),
        ("yunnan", "sign", {"result": BAD.result}, "statement.result"),
        ("yunnan", "sign", {"result": 7}, "entry.field"),
        ("yunnan", "close", {}, "statement.unsettled"),
        ("yunnan", "bribe", {}, "statement.kind"),
    ],
)
def test_what_may_not_be_said_has_no_effect_and_a_reason(
    room: Room, member: str, kind: str, body: dict[str, Any], code: str
) -> None:
    before = room.all_compute()
    if member == "tibet":
        room.desk.at("sichuan").invite(room.id, ["tibet"])
        room.desk.deliver()
    after = room.say(member, kind, body)
    assert codes(after) == [code]
    assert (after.stated, after.disputes, after.signatures) == (before.stated, before.disputes, before.signatures)


@pytest.mark.parametrize(
    "body", [{}, {"compact": {}, "period": "2019"}, {"compact": COMPACT.document, "period": "2030"}]
)
def test_a_dossier_without_a_sound_compact_and_year_says_nothing(body: dict[str, Any]) -> None:
    desk = Desk(lambda: 1_700_000_000_000)
    id = desk.at("sichuan").open("statement", PARTIES, body).dossier
    desk.at("sichuan").add(id, "statement.sign", {"result": ""})
    state = fold(desk.at("sichuan").entries(id))
    assert (state.compact, state.phase) == (None, "waiting")
    assert codes(state)[1:] == ["statement.opening"]


def test_lines_that_do_not_follow_from_their_own_figures_are_marked(room: Room) -> None:
    document = dict(GOOD.document)
    document["lines"] = [
        line | {"postings": {"sichuan": "1.00", "yunnan": "-1.00"}, "outcome": "moved"}
        if line["key"][0] == "lianyuxi"
        else line
        for line in document["lines"]
    ]
    state = room.say("sichuan", "compute", {"statement": document})
    assert not state.stated["sichuan"].follows


ACTS = st.sampled_from(["yes", "no", "dispute", "sign", "sign", "insist", "close"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PARTIES), ACTS, st.integers(0, 3)), max_size=14), st.data())
def test_all_see_the_same_in_the_end_and_what_is_settled_stays_settled(
    acts: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    room = Room(SMALL)
    settled: set[str] = set()
    signed = [(name, "sign", 2) for name in PARTIES] if data.draw(st.booleans()) else []
    for member, act, deliveries in [(name, "yes", 2) for name in PARTIES] + signed + acts:
        state = room.state(member)
        own = state.stated.get(member)
        other = next(name for name in PARTIES if name != member)
        choices: dict[str, tuple[str, dict[str, object]]] = {
            "yes": ("correct" if own else "compute", {"statement": YES.document, "why": "x"}),
            "no": ("correct" if own else "compute", {"statement": NO.document, "why": "x"}),
            "dispute": ("dispute", {"against": other, "why": "x"}),
            "sign": ("sign", {"result": own.statement.result if own else ""}),
            "insist": (
                "sign",
                {"result": own.statement.result if own else "", "differs": state.differing(member), "why": "x"},
            ),
            "close": ("close", {}),
        }
        kind, body = choices[act]
        room.say(member, kind, body, deliver=False)
        moved = {member}
        for _ in range(deliveries):
            if room.desk.letters:
                entry, to = room.desk.letters.pop(data.draw(st.integers(0, len(room.desk.letters) - 1)))
                room.desk.at(to).take(entry)
                moved.add(to)
        for name in sorted(moved):
            now = room.state(name).phase
            assert name not in settled or now in ("settled", "closed")
            settled |= {name} if now in ("settled", "closed") else set()
    room.desk.deliver(lambda count: data.draw(st.integers(0, count - 1)), doubled=True)
    states = [room.state(name) for name in PARTIES]
    assert states[0] == states[1] == states[2]
    assert all(state.phase in ("settled", "closed") for state in states) or not settled
