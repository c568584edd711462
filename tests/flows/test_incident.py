"""Working on an incident together: what may not be is told at once, and the ledger holds every act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from shangyou.core.errors import ConflictError, InputError
from shangyou.flows import incident, resolve, warn
from shangyou.flows.saying import Together
from tests.fakes.dossiers import Desk
from tests.governance.incident.rooms import MINUTE, OPENING, START

WHO = "hmac-sha256:abc"


@dataclass(eq=False)
class Two:
    """Sichuan and Chongqing at their nodes, with a clock and what their ledgers hold."""

    at: int = START
    acts: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.desk = Desk(lambda: self.at)

    def node(self, member: str) -> Together:
        return Together(
            self.desk.at(member), member, lambda: self.at, lambda kind, facts: self.acts.append((kind, facts))
        )


@pytest.fixture
def two() -> Two:
    return Two()


def opened(two: Two) -> str:
    id = incident.open_room(two.node("sichuan"), ["chongqing"], OPENING, WHO)
    two.desk.deliver()
    return id


def test_facts_make_a_proposal_and_start_the_clocks_before_anybody_confirms(two: Two) -> None:
    id = opened(two)
    incident.tell(two.node("sichuan"), id, "facts", {"facts": {"crossing": "province"}}, WHO)
    two.desk.deliver()
    for member in ("sichuan", "chongqing"):
        seen = incident.look(two.node(member), id)
        assert (seen.proposal.grade, seen.grade, seen.room.grade) == ("II", "II", None)
        assert {clock.duty for clock in seen.clocks} >= {"ministry", "own_government"}
    two.at += 120 * MINUTE
    assert {clock.duty for clock in incident.look(two.node("sichuan"), id).late} == {
        "own_government",
        "province",
        "ministry",
    }


def test_a_person_confirms_the_proposal_or_gives_a_reason(two: Two) -> None:
    id = opened(two)
    node = two.node("sichuan")
    with pytest.raises(InputError, match=r"entry.field"):
        incident.confirm(node, id, "III", "", "duty", WHO)
    incident.confirm(node, id, "III", "下游为乡镇水源", "duty", WHO)
    found = incident.look(node, id).room.grade
    assert found is not None
    assert (found.value.grade, found.value.proposed) == ("III", "IV")
    incident.confirm(node, id, "", "", "duty", WHO)
    assert incident.look(node, id).grade == "IV"


def test_every_act_is_in_the_ledger_without_a_name(two: Two) -> None:
    id = opened(two)
    entry = incident.tell(two.node("sichuan"), id, "note", {"text": "已到现场"}, WHO)
    assert two.acts[-1] == (
        "notice",
        {"dossier": id, "entry": entry.id, "said": "incident.note", "by": WHO},
    )
    assert [facts["said"] for _, facts in two.acts] == ["dossier.open", "incident.note"]


def test_what_has_no_effect_is_never_said(two: Two) -> None:
    id = opened(two)
    with pytest.raises(ConflictError) as caught:
        incident.tell(two.node("chongqing"), id, "report", {"type": "initial", "sent": START}, WHO)
    assert caught.value.code == "incident.not_in_charge"
    with pytest.raises(InputError):
        incident.open_room(two.node("sichuan"), ["chongqing"], {**OPENING, "noticed": START + MINUTE}, WHO)
    assert len(two.desk.at("sichuan").entries(id)) == 1
    assert len(two.acts) == 1


def test_a_task_keeps_what_is_not_changed(two: Two) -> None:
    id = opened(two)
    incident.claim_task(two.node("sichuan"), id, "monitoring", {"owner": "chongqing", "due": START + MINUTE}, WHO)
    two.desk.deliver()
    incident.claim_task(two.node("chongqing"), id, "monitoring", {"state": "done"}, WHO)
    task = incident.look(two.node("chongqing"), id).room.tasks["monitoring"].value
    assert (task.owner, task.due, task.state) == ("chongqing", START + MINUTE, "done")


def test_nobody_closes_while_a_statutory_report_is_overdue(two: Two) -> None:
    id = opened(two)
    two.at += 300 * MINUTE
    with pytest.raises(ConflictError, match=r"incident.late_reports"):
        incident.end(two.node("sichuan"), id, {"summary_zh": "完"}, WHO)
    duties = [clock.duty for clock in incident.look(two.node("sichuan"), id).clocks]
    report = {"type": "initial", "duties": duties, "to": ["chongqing"], "sent": two.at}
    incident.tell(two.node("sichuan"), id, "report", report, WHO)
    incident.end(two.node("sichuan"), id, {"summary_zh": "完"}, WHO)
    two.desk.deliver()
    incident.end(two.node("chongqing"), id, {"summary_zh": "完"}, WHO)
    assert incident.look(two.node("chongqing"), id).room.closed == two.at


def test_a_room_takes_over_what_a_warning_says(two: Two) -> None:
    began = START - 30 * MINUTE
    body = {"title_zh": "苯超标", "river": "长江", "substance": "benzene", "place": "p", "place_zh": "江安"}
    more = {"noticed": START, "began": began, "text": "油膜", "contact": {"office": "值班室", "phone": "12369"}}
    warned = warn.send(two.node("sichuan"), ["chongqing"], {**body, **more}, WHO)
    found = incident.from_warning(two.node("sichuan"), warned)
    id = incident.open_room(two.node("sichuan"), ["chongqing"], found, WHO)
    opening = incident.look(two.node("sichuan"), id).room.opening
    assert (opening.warning, opening.title_zh, opening.affected) == (warned, "苯超标", ("chongqing",))
    assert (opening.in_charge, opening.occurred, opening.noticed) == (("sichuan",), began, START)
    with pytest.raises(InputError, match=r"warning.opening"):
        incident.from_warning(two.node("sichuan"), id)


def test_an_opening_that_cannot_be_read_spoils_no_list(two: Two) -> None:
    id = opened(two)
    two.desk.at("chongqing").open("incident", ["sichuan"], {"title_zh": 7})
    two.desk.at("chongqing").open("resolution", ["sichuan"], {"rule": []})
    two.desk.deliver()
    assert [each.id for each in incident.incidents(two.node("sichuan"))] == [id]
    assert resolve.resolutions(two.node("sichuan")) == []


def test_looking_back_shows_what_was_known_then(two: Two) -> None:
    id, node = opened(two), two.node("sichuan")
    two.at += 10 * MINUTE
    incident.tell(node, id, "facts", {"facts": {"crossing": "province"}}, WHO)
    assert incident.look_back(node, id, START + 5 * MINUTE).proposal.grade == "IV"
    assert incident.look_back(node, id, START + 15 * MINUTE).proposal.grade == "II"
    with pytest.raises(InputError, match=r"incident.before"):
        incident.look_back(node, id, START - MINUTE)


CODES = {"sichuan": "510000", "chongqing": "500000", "yunnan": "530000", "ministry": "100000"}


def test_members_of_several_provinces_make_it_grave_and_a_person_may_know_better(two: Two) -> None:
    id, node = opened(two), two.node("sichuan")
    entry = incident.derive(node, id, CODES)
    assert entry is not None
    assert entry.body["members"] == ["sichuan", "chongqing"]
    two.desk.deliver()
    for member in ("sichuan", "chongqing"):
        seen = incident.look(two.node(member), id)
        assert (seen.proposal.grade, seen.room.derived) == ("II", {"crossing": ("sichuan", "chongqing")})
        assert incident.derive(two.node(member), id, CODES) is None  # it has been said
    incident.tell(two.node("chongqing"), id, "facts", {"facts": {"crossing": "none"}}, WHO)
    two.desk.deliver()
    assert incident.look(node, id).proposal.grade == "IV"
    assert incident.derive(node, id, CODES) is None  # a person has spoken


@pytest.mark.parametrize(
    ("affected", "banks", "said"),
    [
        ([], [], False),
        (["ministry"], [], False),  # it is no province
        (["unheard_of"], [], False),
        ([], ["sichuan", "yunnan"], True),  # the river is the border where it entered
        (["chongqing", "ministry"], [], True),
    ],
)
def test_one_province_says_nothing_of_borders(two: Two, affected: list[str], banks: list[str], said: bool) -> None:
    id = incident.open_room(two.node("sichuan"), affected, {**OPENING, "affected": affected}, WHO)
    assert (incident.derive(two.node("sichuan"), id, CODES, banks) is not None) == said
