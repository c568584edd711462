"""Laws of dossiers between members, whatever the network does and whenever a node dies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from shangyou.core.errors import NotFoundError
from shangyou.flows import dossier
from tests.fakes.dossier_world import Circle, empty

IDS = ("sc", "cq", "gz")
FATES = st.sampled_from(["pass", "pass", "lost", "unheard", "twice", "late"])
MEMBERS = st.sampled_from(IDS)


@pytest.fixture
def three() -> Iterator[Circle]:
    world = Circle(IDS)
    yield world
    world.close()


class Dossiers(RuleBasedStateMachine):
    """Members say and invite what they like while requests are lost, doubled, late, and nodes die."""

    def __init__(self) -> None:
        super().__init__()
        self.world = Circle(IDS)
        self.said = 0
        self.opened: list[str] = []

    @rule(member=MEMBERS, other=MEMBERS)
    def open(self, member: str, other: str) -> None:
        if len(self.opened) < 3:
            self.opened.append(self.world.at(member).open("warning", [other], {}).dossier)
            self.said += 1

    @precondition(lambda self: bool(self.opened))
    @rule(member=MEMBERS, data=st.data())
    def add(self, member: str, data: st.DataObject) -> None:
        try:
            self.world.at(member).add(data.draw(st.sampled_from(self.opened)), "warning.note", {"said": self.said})
        except NotFoundError:
            return
        self.said += 1

    @precondition(lambda self: bool(self.opened))
    @rule(member=MEMBERS, other=MEMBERS, data=st.data())
    def invite(self, member: str, other: str, data: st.DataObject) -> None:
        try:
            self.world.at(member).invite(data.draw(st.sampled_from(self.opened)), [other])
        except NotFoundError:
            return
        self.said += 1

    @rule(member=MEMBERS, fate=FATES)
    def send(self, member: str, fate: str) -> None:
        self.world.fate = lambda source, target, path: fate
        self.world.run_one(member)

    @rule(member=MEMBERS, other=MEMBERS, fate=FATES, ahead=st.integers(0, 70_000))
    def compare(self, member: str, other: str, fate: str, ahead: int) -> None:
        self.world.time += ahead
        self.world.fate = lambda source, target, path: fate
        self.world.turn(member)
        if member != other:
            self.world.compare(member, other)

    @rule(member=MEMBERS)
    def crash(self, member: str) -> None:
        """In the middle of handing over: what it took to send is leased to nobody."""
        keeping = self.world.keepings[member]
        for waiting in keeping.cabinet.waiting(self.world.time):
            keeping.cabinet.take(waiting, self.world.time, self.world.time + dossier.LEASE_MS, 2)
        self.world.start(member)

    @precondition(lambda self: bool(self.world.late))
    @rule(data=st.data())
    def arrive_late(self, data: st.DataObject) -> None:
        self.world.fate = lambda source, target, path: "pass"
        self.world.late.pop(data.draw(st.integers(0, len(self.world.late) - 1)))()

    def teardown(self) -> None:
        self.world.settle()
        held = 0
        for id in self.opened:
            views = []
            for member in IDS:
                headings = {each.id: each for each in self.world.at(member).headings()}
                if id in headings:
                    views.append(self.world.at(member).entries(id))
                    assert headings[id].entries == len(views[-1])
                    assert all(each.received for each in self.world.at(member).receptions(id))
            assert all(view == views[0] for view in views)
            members = {each.members for m in IDS for each in self.world.at(m).headings() if each.id == id}
            assert len(members) == 1  # all know the same members
            held += len(views[0])
        assert held == self.said  # nothing is lost, nothing is there twice
        for member in IDS:
            assert self.world.keepings[member].cabinet.waiting(self.world.time + 10**9) == []
        self.world.close()


TestDossiers = Dossiers.TestCase
TestDossiers.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)


def test_what_one_says_is_with_the_others_at_once_and_they_have_signed_for_it(three: Circle) -> None:
    first = three.at("sc").open("warning", ["cq", "gz"], {"where": "泸州"})
    three.run()
    assert three.at("gz").entries(first.dossier) == [first]
    receptions = three.at("sc").receptions(first.dossier)
    assert [(each.member, each.received, each.trouble) for each in receptions] == [
        ("cq", three.time, ""),
        ("gz", three.time, ""),
    ]
    assert [path for _, _, path, _ in three.sent] == [dossier.ENTRIES] * 2


def test_two_who_cannot_see_each_other_are_told_by_the_third(three: Circle) -> None:
    first = three.at("sc").open("warning", ["cq", "gz"], {})
    three.fate = lambda source, target, path: "lost" if {source, target} == {"sc", "gz"} else "pass"
    three.run()
    with pytest.raises(NotFoundError):
        three.at("gz").entries(first.dossier)
    assert not three.compare("cq", "gz")
    three.run()
    assert three.at("gz").entries(first.dossier) == [first]
    [handed_on] = three.at("cq").receptions(first.dossier)
    assert (handed_on.member, handed_on.received) == ("gz", three.time)
    answer = three.at("gz").add(first.dossier, "warning.acknowledge", {})
    three.run()
    three.compare("sc", "cq")
    assert three.at("sc").entries(first.dossier) == [first, answer]


def test_who_is_away_for_a_day_gets_all_of_it_once(three: Circle) -> None:
    first = three.at("sc").open("warning", ["cq", "gz"], {})
    three.run()
    three.fate = lambda source, target, path: "lost" if "gz" in (source, target) else "pass"
    said = []
    for number in range(80):
        said.append(three.at("sc" if number % 2 else "cq").add(first.dossier, "warning.update", {"number": number}))
        three.run()
        three.time += 1_080_000
    assert "peer.unreachable" in {each.trouble for each in three.at("sc").receptions(first.dossier)}
    three.fate = lambda source, target, path: "pass"
    three.sent.clear()
    three.turn("sc")
    three.run()
    assert three.at("gz").entries(first.dossier) == [first, *said]
    assert len(three.sent) <= 8  # in batches, what they follow included
    three.settle(1)
    assert all(each.received for each in three.at("cq").receptions(first.dossier))


def test_who_is_invited_late_gets_all_also_from_those_who_did_not_know(three: Circle) -> None:
    first = three.at("sc").open("incident", ["cq"], {})
    three.run()
    three.fate = lambda source, target, path: "lost" if {source, target} == {"sc", "cq"} else "pass"
    here = three.at("cq").add(first.dossier, "incident.note", {"by": "cq"})  # said without knowing of the invitation
    three.at("sc").invite(first.dossier, ["gz"])
    three.run()
    assert here not in three.at("gz").entries(first.dossier)
    three.settle()
    assert here in three.at("gz").entries(first.dossier)
    assert three.at("gz").entries(first.dossier) == three.at("sc").entries(first.dossier)


def test_a_member_that_was_restored_from_an_old_copy_is_given_again_what_it_had_confirmed(three: Circle) -> None:
    first = three.at("sc").open("warning", ["cq"], {})
    three.run()
    empty(three.databases["cq"])
    assert not three.compare("sc", "cq")
    three.run()
    assert three.at("cq").entries(first.dossier) == [first]
    assert three.compare("sc", "cq")


def test_members_that_hold_the_same_compare_in_one_small_request(three: Circle) -> None:
    for number in range(30):
        three.at("sc").open("warning", ["cq"], {"number": number})
        three.run()
    three.sent.clear()
    assert three.compare("cq", "sc")
    [(_, _, path, size)] = three.sent
    assert path == dossier.COMPARE
    assert size < 3_000
