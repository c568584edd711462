"""Both ends speak at once, in every state and with every pair of messages: they come to the same state."""

from __future__ import annotations

import itertools

import pytest

from shangyou.core.errors import ConflictError
from shangyou.exchange.dsp.judge import Verdict
from shangyou.exchange.dsp.tables import FINAL, TABLES, allowed, states
from shangyou.exchange.dsp.talk import Step, Talk
from shangyou.flows import negotiate, transfer
from shangyou.flows.converse import Control, end, say
from tests.fakes.exchange_world import DATASET, OFFER, USE, World

ROLES = {"chongqing": "consumer", "sichuan": "provider"}
TO: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {  # messages that lead to a state
    ("negotiation", "REQUESTED"): (),
    ("negotiation", "OFFERED"): (("sichuan", "offer"),),
    ("negotiation", "ACCEPTED"): (("sichuan", "offer"), ("chongqing", "accepted")),
    ("negotiation", "AGREED"): (("sichuan", "agreement"),),
    ("negotiation", "VERIFIED"): (("sichuan", "agreement"), ("chongqing", "verification")),
    ("transfer", "REQUESTED"): (),
    ("transfer", "STARTED"): (("sichuan", "start"),),
    ("transfer", "SUSPENDED"): (("sichuan", "start"), ("chongqing", "suspension")),
}
PAIRS = [
    (kind, state, ours, theirs)
    for kind in TABLES
    for state in states(kind)
    if state not in FINAL
    for ours, theirs in itertools.product(allowed(kind, state, "consumer"), allowed(kind, state, "provider"))
]


def by_hand(control: Control, talk: Talk, at: int) -> Step:
    return Step()


def pid(world: World, kind: str, side: str) -> str:
    return world.nodes[side].contracts.talks(kind)[0].id


def speak(world: World, kind: str, side: str, message: str) -> None:
    control = world.nodes[side].control
    talk = control.talks.talks(kind)[0]
    content: dict[str, object] = {}
    if message in ("request", "offer"):
        content = {"offer": negotiate.offered(USE, OFFER, DATASET)}
    elif message == "agreement":
        content = {"agreement": negotiate.terms(control, talk, world.at)}
    if message == "termination":
        end(control, kind, talk.id, f"by.{side}", [])
    else:
        say(control, kind, talk.id, message, content)


def run(world: World) -> None:
    while any(node.waiting for node in world.nodes.values()):
        for node in world.nodes.values():
            node.send_all()


def stand(kind: str, state: str) -> World:
    """A world whose two ends stand in a state, and do nothing by themselves from then on."""
    world = World()
    if kind == "transfer":
        negotiate.request(world.nodes["chongqing"].control, "sichuan", DATASET, OFFER, USE, "li")
        run(world)
    for node in world.nodes.values():
        object.__setattr__(node.control, "decide", by_hand)
        node.judge.verdict = Verdict("wait")
    if kind == "transfer":
        agreement = world.nodes["chongqing"].contracts.agreements()[0].id
        transfer.start(world.nodes["chongqing"].control, agreement, "Arrow-PULL", "li")
    else:
        negotiate.request(world.nodes["chongqing"].control, "sichuan", DATASET, OFFER, USE, "li")
    run(world)
    for side, message in TO[kind, state]:
        speak(world, kind, side, message)
        run(world)
    return world


@pytest.mark.parametrize(("kind", "state", "ours", "theirs"), PAIRS)
@pytest.mark.parametrize("first", ["chongqing", "sichuan"])
@pytest.mark.parametrize("fate", ["pass", "lost", "unheard", "twice"])
def test_two_messages_that_cross_lead_both_ends_to_one_state(
    kind: str, state: str, ours: str, theirs: str, first: str, fate: str
) -> None:
    world = stand(kind, state)
    speak(world, kind, "chongqing", ours)
    speak(world, kind, "sichuan", theirs)
    world.fate = lambda path: fate
    world.nodes[first].send_one()
    world.fate = lambda path: "pass"
    world.settle(12)
    found = {world.nodes[side].contracts.talks(kind)[0].state for side in ROLES}
    assert len(found) == 1
    assert all(node.contracts.letter(pid(world, kind, side)) is None for side, node in world.nodes.items())


def test_a_letter_that_comes_late_and_twice_does_not_undo_what_was_said_after_it() -> None:
    world = stand("transfer", "STARTED")
    world.fate = lambda path: "again_late"
    speak(world, "transfer", "chongqing", "suspension")
    run(world)
    world.fate = lambda path: "pass"
    speak(world, "transfer", "chongqing", "start")
    run(world)
    late = world.kept.pop(0)
    assert late().status == 200
    assert {world.nodes[side].contracts.talks("transfer")[0].state for side in ROLES} == {"STARTED"}


def test_a_letter_that_is_overtaken_by_a_later_one_is_refused_when_it_comes_at_last() -> None:
    world = stand("transfer", "STARTED")
    world.fate = lambda path: "late"
    speak(world, "transfer", "chongqing", "suspension")
    run(world)
    world.fate = lambda path: "pass"
    speak(world, "transfer", "sichuan", "suspension")
    run(world)
    speak(world, "transfer", "chongqing", "start")
    run(world)
    late = world.kept.pop(0)
    assert late().status == 400
    assert {world.nodes[side].contracts.talks("transfer")[0].state for side in ROLES} == {"STARTED"}


def test_one_end_says_one_thing_at_a_time_but_may_always_end() -> None:
    world = stand("transfer", "STARTED")
    speak(world, "transfer", "sichuan", "suspension")
    with pytest.raises(ConflictError, match=r"dsp\.waiting"):
        speak(world, "transfer", "sichuan", "start")
    speak(world, "transfer", "sichuan", "termination")
    run(world)
    assert {world.nodes[side].contracts.talks("transfer")[0].state for side in ROLES} == {"TERMINATED"}
