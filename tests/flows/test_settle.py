"""Each party reckons from contracted data on its own node; equal and signed by all is settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from shangyou.core.clock import LEGAL, from_ms, to_ms
from shangyou.core.errors import ConflictError, InputError, NotFoundError, RefusedError
from shangyou.core.ports import Batch
from shangyou.core.records import Censor, Flag, Flagged, Observations, SeriesKey
from shangyou.exchange.question import Question
from shangyou.flows import settle
from shangyou.flows.answer import Own
from shangyou.flows.query import Found, ask
from shangyou.flows.saying import Together
from shangyou.flows.settle import Gathered, Means
from shangyou.governance.compensation.figures import Place
from shangyou.governance.compensation.read import parse
from shangyou.standards.compacts import compact_text
from tests.fakes.dossiers import Desk
from tests.fakes.exchange_question import (
    APRIL,
    HOUR,
    NOW,
    FewContracts,
    FewSections,
    Respondents,
    Row,
    a_section,
    agreed,
    constraint,
    give,
    may,
)

CHISHUI = parse(compact_text("chishui-2018"))
SECTIONS = ("52.清水铺", "52.鲢鱼溪")
REGISTRY = FewSections([a_section(id) for id in SECTIONS])
PARTIES = ("guizhou", "sichuan", "yunnan")
WHO = "salted"
FIRST = (to_ms(datetime(2019, 1, 1, 10, tzinfo=LEGAL)) - APRIL) // HOUR
GOOD = {"permanganate_index": 1.6, "ammonia_nitrogen": 0.12, "total_phosphorus": 0.03}


def year_of(section: str, means: Mapping[str, float] = GOOD) -> list[Row]:
    """A value a day for all of 2019, a little off its mean up and down."""
    days = (date(2019, 12, 31) - date(2019, 1, 1) + timedelta(1)).days
    return [
        (section, item, FIRST + 24 * day, round(mean * (1.1 if day % 2 else 0.9), 4))
        for item, mean in means.items()
        for day in range(days)
    ]


@dataclass(eq=False)
class River:
    """Three parties: Guizhou has the monitors, the others ask it under agreements."""

    desk: Desk = field(default_factory=lambda: Desk(lambda: NOW))
    acts: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)
    asking: dict[str, Respondents] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in PARTIES:
            self.asking[name] = Respondents(name, REGISTRY, *(other for other in PARTIES if other != name))
        for name in PARTIES[1:]:
            self.asking[name].swap("guizhou", self.store)
        for section in SECTIONS:
            give(self.store, year_of(section))

    @property
    def store(self) -> Any:
        return self.asking["guizhou"].store("guizhou")

    def seat(self, member: str) -> Together:
        return Together(self.desk.at(member), member, lambda: NOW, lambda kind, facts: self.acts.append((kind, facts)))

    def gather(self, member: str) -> Gathered:
        nodes = self.asking[member]

        def reply(question: Question) -> Found:
            return ask(question, nodes.own, nodes.members, nodes, lambda: NOW)

        return settle.gather(CHISHUI, "2019", reply)

    def reckon(self, member: str, id: str, **more: Any) -> None:
        settle.reckon(self.seat(member), id, self.gather(member), Means({}, version="1"), WHO, **more)
        self.desk.deliver()


@pytest.fixture
def river() -> River:
    return River()


def begun(river: River) -> str:
    id = settle.begin(river.seat("sichuan"), CHISHUI, "2019", WHO)
    river.desk.deliver()
    return id


def test_three_parties_reckon_the_same_from_contracted_data_and_sign(river: River) -> None:
    id = begun(river)
    for member in PARTIES:
        river.reckon(member, id)
    state, _ = settle.look(river.seat("yunnan"), id)
    assert state.phase == "equal"
    assert state.stated["yunnan"].statement.nets["yunnan"] == Decimal("40000000.00")
    assert {figure.sources for figure in state.stated["yunnan"].statement.figures} == {("guizhou",)}
    for member in PARTIES:
        settle.sign(river.seat(member), id, WHO)
        river.desk.deliver()
    assert {settle.look(river.seat(member), id)[0].phase for member in PARTIES} == {"settled"}
    settle.close(river.seat("yunnan"), id, "paid", WHO)
    told = [facts["said"] for kind, facts in river.acts if kind == "notice"]
    assert told == ["dossier.open", *["statement.compute"] * 3, *["statement.sign"] * 3, "statement.close"]


def test_what_a_node_holds_itself_and_what_it_is_told_come_to_the_same_figures(river: River) -> None:
    held = settle.gather_held(CHISHUI, "2019", Own("guizhou", river.store, REGISTRY))
    assert held.figures == river.gather("sichuan").figures
    assert [figure.count for figure in held.figures[:3]] == [31, 28, 31]
    assert len(held.figures) == 2 * 3 * 12


def test_what_a_node_holds_counts_where_its_registry_does_not_know_the_section(river: River) -> None:
    known, unknown = (
        settle.gather_held(CHISHUI, "2019", Own("guizhou", river.store, FewSections(sections)))
        for sections in ([a_section(id) for id in SECTIONS], [a_section(SECTIONS[0])])
    )
    assert unknown.figures == known.figures
    assert {figure.place.section for figure in unknown.figures} == set(SECTIONS)


def test_a_difference_is_signed_only_with_a_reason_and_is_named_by_the_result_of_the_other(river: River) -> None:
    id = begun(river)
    river.reckon("sichuan", id)
    give(river.store, [("52.清水铺", "total_phosphorus", FIRST + 24 * 300 + 1, 90.0)])
    river.reckon("yunnan", id)
    with pytest.raises(ConflictError) as refused:
        settle.sign(river.seat("sichuan"), id, WHO)
    assert (refused.value.code, refused.value.facts["members"]) == ("statement.differs", "yunnan")
    said = settle.sign(river.seat("sichuan"), id, WHO, "以十月前的数据为准")
    state, _ = settle.look(river.seat("sichuan"), id)
    assert said.body["differs"] == {"yunnan": state.stated["yunnan"].statement.result}
    assert state.signatures["sichuan"].why == "以十月前的数据为准"


def test_a_value_that_changed_between_two_reckonings_is_named_by_section_month_and_source(river: River) -> None:
    id = begun(river)
    river.reckon("sichuan", id)
    give(river.store, [("52.清水铺", "total_phosphorus", FIRST + 24 * 45, 25.0)])  # a revision, in February
    river.reckon("yunnan", id)
    state, _ = settle.look(river.seat("guizhou"), id)
    found = settle.comparison(state, "sichuan", "yunnan")
    assert [each.key.rule for each in found.lines] == ["qingshuipu"]
    [cause] = found.lines[0].causes
    assert (cause.kind, cause.place, cause.whose) == (
        "mean",
        ("52.清水铺", "total_phosphorus", "2019-02"),
        ("guizhou",),
    )
    assert Decimal(cause.ours) < Decimal("0.04") < Decimal("0.9") < Decimal(cause.theirs)


def test_a_value_below_its_limit_enters_with_half_of_it_and_is_not_taken_for_a_value_as_high(river: River) -> None:
    own, other = (river.asking["guizhou"], River().asking["guizhou"])
    at = APRIL + (FIRST + 24 * 45) * HOUR
    key = SeriesKey("52.清水铺", "total_phosphorus", "hour")
    for nodes, value, censor in ((own, 0.02, Censor.BELOW), (other, 0.01, Censor.NONE)):
        rows = Observations.build([(key, at, value, censor, 1)])
        none = np.zeros(1, np.uint32)
        store = nodes.store("guizhou")
        store.append(Batch(99, "table", "test", NOW - HOUR), Flagged(rows, np.full(1, Flag.GOOD, np.uint8), none, none))
    below, known = (
        {
            each.place: each
            for each in settle.gather_held(CHISHUI, "2019", Own("guizhou", n.store("guizhou"), REGISTRY)).figures
        }
        for n in (own, other)
    )
    place = Place("52.清水铺", "total_phosphorus", "2019-02")
    assert (below[place].mean, below[place].count) == (known[place].mean, known[place].count)
    assert below[place].digest != known[place].digest
    assert below.items() - known.items() == {(place, below[place])}


def test_a_node_that_is_away_costs_its_own_data_and_is_named(river: River) -> None:
    river.asking["yunnan"] = Respondents("yunnan", REGISTRY, "guizhou")
    river.asking["yunnan"].swap("guizhou", river.store)
    river.asking["yunnan"].down = {"guizhou"}
    gathered = river.gather("yunnan")
    assert gathered.figures == ()
    assert [(line.node, line.state) for line in gathered.lines if line.node == "guizhou"] == [("guizhou", "away")]
    assert settle.reckoned(CHISHUI, "2019", gathered, Means({})).open == 2


def test_an_agreement_that_asks_for_this_purpose_is_fulfilled(river: River) -> None:
    policy = may(constraint("purpose", "eq", settle.PURPOSE))
    river.asking["sichuan"].contracts["guizhou"] = FewContracts(agreed("guizhou", "sichuan", policy))
    assert len(river.gather("sichuan").figures) == 72


def test_a_correction_needs_a_reason_and_a_second_opening_is_refused(river: River) -> None:
    id = begun(river)
    river.reckon("sichuan", id)
    with pytest.raises(InputError, match=r"entry\.field"):
        river.reckon("sichuan", id)
    river.reckon("sichuan", id, why="recount")
    with pytest.raises(ConflictError, match=r"statement\.opened"):
        begun(river)


def test_who_is_no_party_opens_nothing_and_what_would_not_count_is_not_said(river: River) -> None:
    with pytest.raises(RefusedError, match=r"statement\.author"):
        settle.begin(river.seat("tibet"), CHISHUI, "2019", WHO)
    with pytest.raises(InputError, match=r"compensation\.period"):
        settle.begin(river.seat("sichuan"), CHISHUI, "2031", WHO)
    id = begun(river)
    with pytest.raises(ConflictError, match=r"statement\.first"):
        settle.sign(river.seat("sichuan"), id, WHO)
    with pytest.raises(NotFoundError, match=r"statement\.first"):
        settle.comparison(settle.look(river.seat("sichuan"), id)[0], "sichuan", "yunnan")
    assert len(river.desk.at("sichuan").entries(id)) == 1


def test_base_years_are_asked_for_in_as_few_questions_as_there_are_runs_of_years() -> None:
    asked = settle.questions(parse(compact_text("xinanjiang-2012")), "2014")
    years = [[from_ms(ms).astimezone(LEGAL).year for ms in (each.start, each.stop) if ms is not None] for each in asked]
    assert years == [[2008, 2011], [2014, 2015]]
