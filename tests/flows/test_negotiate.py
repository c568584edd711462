"""How two members come to an agreement, or do not."""

from __future__ import annotations

import pytest

from shangyou.core.errors import ConflictError, InputError, RefusedError
from shangyou.exchange.agreement import AgreementState
from shangyou.exchange.dsp.judge import Verdict
from shangyou.exchange.dsp.talk import Talk
from shangyou.flows import agreements, negotiate, reconcile, transfer
from tests.fakes.exchange_world import DATASET, DAY, OFFER, USE, World

NARROW = {
    "permission": [{"action": "use", "constraint": [{"leftOperand": "x", "operator": "eq", "rightOperand": "y"}]}]
}


@pytest.fixture
def world() -> World:
    return World()


def asked(world: World) -> Talk:
    return negotiate.request(world.nodes["chongqing"].control, "sichuan", DATASET, OFFER, USE, "li")


def run(world: World) -> None:
    """Let both nodes send what they have, with no time going by."""
    nodes = list(world.nodes.values())
    while any(node.waiting for node in nodes):
        for node in nodes:
            node.send_all()


def states(world: World, talk: Talk) -> tuple[str, str]:
    here = world.nodes["chongqing"].contracts.talk(talk.kind, talk.id)
    there = world.nodes["sichuan"].contracts.talk(talk.kind, here.other)
    return here.state, there.state


def agreed(world: World) -> str:
    asked(world)
    run(world)
    agreement = world.nodes["chongqing"].agreement()
    assert agreement is not None
    return agreement.id


def test_an_offer_that_the_policy_allows_is_agreed_without_anybody_and_without_waiting(world: World) -> None:
    start, talk = world.at, asked(world)
    run(world)
    assert states(world, talk) == ("FINALIZED", "FINALIZED")
    assert world.at == start
    ours, theirs = (world.nodes[id].agreement() for id in ("chongqing", "sichuan"))
    assert ours is not None
    assert ours == theirs
    assert (ours.provider, ours.consumer, ours.dataset, ours.state) == ("sichuan", "chongqing", DATASET, "active")


def test_both_ends_record_decision_and_agreement_with_equal_facts(world: World) -> None:
    asked(world)
    run(world)
    for node in world.nodes.values():
        reconcile.records(node.control)
    kinds = {id: [act.kind for act in node.ledger] for id, node in world.nodes.items()}
    assert kinds == {"sichuan": ["decision", "agreement"], "chongqing": ["decision", "agreement"]}
    assert world.nodes["sichuan"].ledger[1].facts == world.nodes["chongqing"].ledger[1].facts


def test_a_refusal_tells_rule_operands_and_who_can_change_it_at_both_ends(world: World) -> None:
    world.nodes["sichuan"].judge.verdict = Verdict(
        "refuse", code="policy.purpose", rule="purpose", operands=("flood warning", "research"), whom="sichuan"
    )
    talk = asked(world)
    run(world)
    assert states(world, talk) == ("TERMINATED", "TERMINATED")
    here = world.nodes["chongqing"].contracts.talk("negotiation", talk.id)
    told = {"rule": "purpose", "demanded": "flood warning", "found": "research", "changeable_by": "sichuan"}
    assert (here.code, here.reasons) == ("policy.purpose", (told,))
    there = world.nodes["sichuan"].contracts.talk("negotiation", here.other)
    assert (there.code, there.reasons) == ("policy.purpose", (told,))


def test_a_counter_offer_waits_for_a_person_and_is_agreed_when_accepted(world: World) -> None:
    world.nodes["sichuan"].judge.verdict = Verdict("counter", policy=NARROW)
    talk = asked(world)
    run(world)
    assert states(world, talk) == ("OFFERED", "OFFERED")
    assert world.nodes["chongqing"].contracts.talk("negotiation", talk.id).waits == "person"
    negotiate.accept(world.nodes["chongqing"].control, talk.id, "li")
    run(world)
    assert states(world, talk) == ("FINALIZED", "FINALIZED")
    agreement = world.nodes["sichuan"].agreement()
    assert agreement is not None
    assert agreement.policy["permission"] == NARROW["permission"]


def test_what_waits_for_a_person_is_overdue_after_the_deadline_and_still_theirs_to_decide(world: World) -> None:
    provider = world.nodes["sichuan"]
    provider.judge.verdict = Verdict("wait", code="policy.person")
    talk = asked(world)
    run(world)
    there = provider.contracts.talk(
        "negotiation", world.nodes["chongqing"].contracts.talk("negotiation", talk.id).other
    )
    assert (there.waits, there.due) == ("person", world.at + 10 * DAY)
    world.at += 10 * DAY
    reconcile.turn(provider.control)
    assert [act.facts["code"] for act in provider.ledger if act.kind == "alarm"] == ["contract.unanswered"]
    assert reconcile.decisions(provider.control) == 0
    assert [each.why for each in reconcile.stuck(provider.control)] == ["contract.desk"]
    negotiate.accept(provider.control, there.id, "wang")
    run(world)
    assert states(world, talk) == ("FINALIZED", "FINALIZED")


def test_an_offer_that_nobody_made_and_a_dataset_that_is_not_there_are_refused_with_the_code(world: World) -> None:
    consumer = world.nodes["chongqing"]
    for dataset, offer, code in ((DATASET, "other", "dsp.offer"), ("sichuan/none", OFFER, "catalogue.dataset")):
        talk = negotiate.request(consumer.control, "sichuan", dataset, offer, USE, "li")
        run(world)
        assert consumer.contracts.talk("negotiation", talk.id).state == "TERMINATED"
        assert consumer.contracts.talk("negotiation", talk.id).code == code


def test_nobody_asks_itself_and_nobody_asks_for_nothing(world: World) -> None:
    control = world.nodes["chongqing"].control
    with pytest.raises(InputError, match=r"dsp\.self"):
        negotiate.request(control, "chongqing", DATASET, OFFER, USE, "li")
    with pytest.raises(InputError, match=r"dsp\.policy"):
        negotiate.request(control, "sichuan", DATASET, OFFER, {}, "li")


def test_an_agreement_that_is_not_what_was_on_the_table_is_not_verified(world: World) -> None:
    talk = asked(world)
    consumer = world.nodes["chongqing"].contracts
    other = Talk("negotiation", "x", "provider", "chongqing", "", dataset=DATASET, offer=NARROW)
    terms = negotiate.terms(world.nodes["sichuan"].control, other, world.at)
    here = consumer.talk("negotiation", talk.id)
    from dataclasses import replace

    assert negotiate.difference(replace(here, terms=terms), "chongqing").startswith("permission")
    assert negotiate.difference(replace(here, terms=terms), "other") == "assignee"


def test_revoking_stops_transfers_at_both_ends_and_refuses_new_ones(world: World) -> None:
    id = agreed(world)
    provider, consumer = world.nodes["sichuan"], world.nodes["chongqing"]
    talk = transfer.start(consumer.control, id, "Arrow-PULL", "li")
    run(world)
    assert states(world, talk) == ("STARTED", "STARTED")
    assert len(provider.plane.running()) == len(consumer.plane.running()) == 1
    agreements.revoke(provider.control, id, "wang", "pipeline works")
    assert provider.plane.running() == set()  # at once, before anything was sent
    run(world)
    assert consumer.plane.running() == set()
    assert states(world, talk) == ("TERMINATED", "TERMINATED")
    assert consumer.contracts.talk("transfer", talk.id).code == "agreement.revoked"
    for node in (provider, consumer):
        agreement = node.agreement()
        assert agreement is not None
        assert (agreement.state, agreement.reason) == (AgreementState.REVOKED, "pipeline works")
    with pytest.raises(ConflictError, match=r"exchange\.agreement_state"):
        transfer.start(consumer.control, id, "Arrow-PULL", "li")


def test_only_the_provider_revokes_and_only_a_signed_notice_counts(world: World) -> None:
    id = agreed(world)
    provider = world.nodes["sichuan"]
    document = {"act": "revoked", "agreement": id, "at": 1, "by": "chongqing", "reason": ""}
    asker = provider.control.members.member("chongqing")
    with pytest.raises(RefusedError, match=r"dsp\.notice_side"):
        agreements.hear_notice(provider.control, asker, {"document": document, "by": "chongqing"})
    with pytest.raises(RefusedError, match=r"keys\.signature"):
        agreements.hear_notice(provider.control, asker, {"document": document | {"act": "ended"}, "by": "tibet"})


def test_an_agreement_whose_time_is_over_expires_at_both_ends(world: World) -> None:
    id = agreed(world)
    for node in world.nodes.values():
        node.ends[id] = world.at + DAY
    world.at += DAY
    world.settle(3)
    found = [node.agreement() for node in world.nodes.values()]
    assert [each.state for each in found if each is not None] == ["expired", "expired"]


def test_a_renewal_takes_the_place_of_the_old_agreement_and_ends_its_transfers(world: World) -> None:
    old = agreed(world)
    consumer = world.nodes["chongqing"]
    talk = transfer.start(consumer.control, old, "Arrow-PULL", "li")
    run(world)
    world.at += DAY
    negotiate.renew(consumer.control, old, "li")
    run(world)
    assert states(world, talk) == ("TERMINATED", "TERMINATED")
    for node in world.nodes.values():
        found = {each.id: each for each in node.contracts.agreements()}
        assert found[old].state == "replaced"
        assert [each.replaces for each in found.values() if each.state == "active"] == [old]


def test_a_transfer_can_be_held_resumed_and_completed_by_either_end(world: World) -> None:
    id = agreed(world)
    consumer, provider = world.nodes["chongqing"], world.nodes["sichuan"]
    talk = transfer.start(consumer.control, id, "Arrow-PULL", "li")
    run(world)
    there = consumer.contracts.talk("transfer", talk.id).other
    transfer.suspend(provider.control, there, "plant.works", ["until Monday"])
    run(world)
    assert states(world, talk) == ("SUSPENDED", "SUSPENDED")
    assert consumer.plane.running() == provider.plane.running() == set()
    transfer.resume(consumer.control, talk.id)
    run(world)
    assert states(world, talk) == ("STARTED", "STARTED")
    transfer.complete(consumer.control, talk.id)
    run(world)
    assert states(world, talk) == ("COMPLETED", "COMPLETED")


def test_a_request_to_a_node_that_is_away_is_delivered_when_it_is_back(world: World) -> None:
    world.fate = lambda path: "lost"
    talk = asked(world)
    world.settle(4)
    consumer = world.nodes["chongqing"]
    told = reconcile.stuck(consumer.control)
    assert [(each.side, each.why) for each in told] == [("sichuan", "peer.unreachable")]
    world.fate = lambda path: "pass"
    world.settle(12)
    assert states(world, talk) == ("FINALIZED", "FINALIZED")
    assert reconcile.stuck(consumer.control) == []


def test_letters_go_to_the_address_of_the_member_and_nowhere_else(world: World) -> None:
    from shangyou.flows.converse import callback

    own = world.nodes["sichuan"].control.members.member("chongqing")
    assert callback(own, "https://chongqing.example/dsp/2025-1/") == "https://chongqing.example/dsp/2025-1"
    for address in ("https://chongqing.example.evil.net", "http://127.0.0.1:8350", "", "https://tibet.example/dsp"):
        with pytest.raises(RefusedError, match=r"dsp\.callback"):
            callback(own, address)
