"""Laws of talks between two members, whatever the network does and whenever a node dies."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from shangyou.core.errors import ConflictError, ShangyouError
from shangyou.exchange.dsp.judge import Verdict
from shangyou.exchange.dsp.tables import FINAL
from shangyou.flows import agreements, negotiate, reconcile, transfer
from tests.fakes.exchange_world import DATASET, OFFER, USE, NodeAt, World

FATES = st.sampled_from(["pass", "pass", "lost", "unheard", "twice", "late", "again_late"])
SIDES = st.sampled_from(["sichuan", "chongqing"])
VERDICTS = st.sampled_from(
    [
        Verdict("agree"),
        Verdict("counter", policy={**USE, "profile": "x"}),
        Verdict("refuse", code="policy.x"),
        Verdict("wait"),
    ]
)


def healed(world: World) -> None:
    """The network works again; what was kept back arrives at last; everybody makes up for what was missed."""
    world.fate = lambda path: "pass"
    while world.kept:
        world.kept.pop(0)()
    world.settle()


def agree_on(world: World) -> None:
    """Both ends hold the same, and nothing is under way."""
    for kind in ("negotiation", "transfer"):
        here = {t.other: t for t in world.nodes["chongqing"].contracts.talks(kind) if t.other}
        there = {t.id: t for t in world.nodes["sichuan"].contracts.talks(kind)}
        for id, talk in there.items():
            if id in here:
                assert here[id].state == talk.state, (kind, here[id], talk)
            else:  # the consumer has ended it before it learned of our pid, and says so when it is spoken to
                assert talk.state in FINAL or not talk.before, talk
        assert set(here) <= set(there)
    for id in ("chongqing", "sichuan"):
        node = world.nodes[id]
        assert node.contracts.take(world.at + 10**12, 0) == []
        assert node.plane.running() == {t.id for t in node.contracts.talks("transfer") if t.state == "STARTED"}
    ours = {a.id: a.state for a in world.nodes["chongqing"].contracts.agreements()}
    theirs = {a.id: a.state for a in world.nodes["sichuan"].contracts.agreements()}
    assert ours == theirs


class TwoNodes(RuleBasedStateMachine):
    """People at both ends do what they like while letters are lost, doubled, late and out of order, and nodes die."""

    @initialize(agreed=st.booleans(), running=st.booleans())
    def begin(self, agreed: bool, running: bool) -> None:
        self.world = World()
        if agreed:
            negotiate.request(self.chongqing.control, "sichuan", DATASET, OFFER, USE, "li")
            self.world.settle(3)
            found = self.chongqing.contracts.agreements()[0]
            if running:
                transfer.start(self.chongqing.control, found.id, "Arrow-PULL", "li")
                self.world.settle(3)

    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        self.sichuan.judge.verdict = Verdict("agree")
        found = self.chongqing.contracts.agreements(active=True)
        if found:
            negotiate.renew(self.chongqing.control, data.draw(st.sampled_from(found)).id, "li")

    @property
    def sichuan(self) -> NodeAt:
        return self.world.nodes["sichuan"]

    @property
    def chongqing(self) -> NodeAt:
        return self.world.nodes["chongqing"]

    @rule(verdict=VERDICTS)
    def ask(self, verdict: Verdict) -> None:
        self.sichuan.judge.verdict = verdict
        negotiate.request(self.chongqing.control, "sichuan", DATASET, OFFER, USE, "li")

    @rule(side=SIDES, fate=FATES)
    def send(self, side: str, fate: str) -> None:
        self.world.fate = lambda path: fate
        self.world.nodes[side].send_one()

    @rule(side=SIDES)
    def crash(self, side: str) -> None:
        self.world.nodes[side].crash()

    @rule(side=SIDES, fate=FATES, ahead=st.integers(0, 60_000))
    def reconcile(self, side: str, fate: str, ahead: int) -> None:
        self.world.at += ahead
        self.world.fate = lambda path: fate
        reconcile.turn(self.world.nodes[side].control)

    @precondition(lambda self: bool(self.world.kept))
    @rule(data=st.data())
    def arrive_late(self, data: st.DataObject) -> None:
        self.world.fate = lambda path: "pass"
        self.world.kept.pop(data.draw(st.integers(0, len(self.world.kept) - 1)))()

    @rule(side=SIDES, data=st.data(), act=st.sampled_from(["accept", "refuse", "counter"]))
    def desk(self, side: str, data: st.DataObject, act: str) -> None:
        node = self.world.nodes[side]
        talks = node.contracts.talks("negotiation", active=True)
        if not talks:
            return
        talk = data.draw(st.sampled_from(talks))
        try:
            if act == "accept":
                negotiate.accept(node.control, talk.id, "li")
            elif act == "refuse":
                negotiate.refuse(node.control, talk.id, "li", "no")
            else:
                negotiate.counter(node.control, talk.id, USE, "li")
        except ConflictError as error:
            if error.code not in ("dsp.transition", "dsp.waiting"):
                raise

    @rule(data=st.data())
    def pull(self, data: st.DataObject) -> None:
        found = self.chongqing.contracts.agreements(active=True)
        if found:
            transfer.start(self.chongqing.control, data.draw(st.sampled_from(found)).id, "Arrow-PULL", "li")

    @rule(side=SIDES, data=st.data(), act=st.sampled_from(["stop", "suspend", "resume", "complete"]))
    def handle(self, side: str, data: st.DataObject, act: str) -> None:
        node = self.world.nodes[side]
        talks = node.contracts.talks("transfer", active=True)
        if not talks:
            return
        talk = data.draw(st.sampled_from(talks))
        try:
            if act == "stop":
                transfer.stop(node.control, talk.id, "person", [])
            elif act == "suspend":
                transfer.suspend(node.control, talk.id, "person", [])
            elif act == "resume":
                transfer.resume(node.control, talk.id)
            else:
                transfer.complete(node.control, talk.id)
        except ShangyouError as error:
            if error.code not in ("dsp.transition", "dsp.waiting"):
                raise

    @rule(side=SIDES, data=st.data())
    def revoke(self, side: str, data: st.DataObject) -> None:
        node = self.world.nodes[side]
        found = node.contracts.agreements(active=True)
        if found:
            agreements.revoke(node.control, data.draw(st.sampled_from(found)).id, "li", "")

    @invariant()
    def data_move_only_in_transfers_that_are_started(self) -> None:
        for node in self.world.nodes.values():
            started = {t.id for t in node.contracts.talks("transfer") if t.state == "STARTED"}
            assert node.plane.running() <= started

    def teardown(self) -> None:
        if hasattr(self, "world"):
            healed(self.world)
            agree_on(self.world)


TwoNodes.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestTwoNodes = TwoNodes.TestCase


@settings(max_examples=60)
@given(st.lists(FATES, max_size=12), st.lists(st.booleans(), max_size=12))
def test_an_automatic_negotiation_is_finalized_whatever_is_lost_and_whenever_a_node_dies(
    fates: list[str], crashes: list[bool]
) -> None:
    world = World()
    luck, deaths = iter(fates), iter(crashes)
    world.fate = lambda path: next(luck, "pass")
    talk = negotiate.request(world.nodes["chongqing"].control, "sichuan", DATASET, OFFER, USE, "li")
    for _ in range(8):
        for node in world.nodes.values():
            if next(deaths, False):
                node.crash()
            node.send_all()
    healed(world)
    assert world.nodes["chongqing"].contracts.talk("negotiation", talk.id).state == "FINALIZED"
    agree_on(world)
    assert len(world.nodes["sichuan"].contracts.talks("negotiation")) == 1
