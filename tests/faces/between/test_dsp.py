"""Whatever comes to the endpoints of the protocol, it answers by the protocol, and no talk of others changes."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.exchange.dsp.messages import ENDINGS, FOLDERS, TYPES
from shangyou.exchange.dsp.schemas import CONTEXT, MESSAGES, faults
from shangyou.exchange.dsp.talk import Talk
from shangyou.faces.between.dsp import notice, respond
from shangyou.flows import negotiate, transfer
from tests.fakes.exchange_world import DATASET, OFFER, USE, World, member

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
OFFERS = st.fixed_dictionaries(
    {
        "@id": st.sampled_from([OFFER, "x", ""]),
        "@type": st.just("Offer"),
        "permission": st.just(USE["permission"]) | st.lists(st.dictionaries(st.text(max_size=8), JSON), max_size=2),
        "target": st.sampled_from([DATASET, "none", ""]),
    }
)


@cache
def world() -> tuple[World, str, str]:
    """Two members with an agreement and a running transfer; pids at the provider."""
    made = World()
    consumer = made.nodes["chongqing"]
    negotiate.request(consumer.control, "sichuan", DATASET, OFFER, USE, "li")
    made.settle(3)
    transfer.start(consumer.control, consumer.contracts.agreements()[0].id, "Arrow-PULL", "li")
    made.settle(3)
    provider = made.nodes["sichuan"].contracts
    return made, provider.talks("negotiation")[0].id, provider.talks("transfer")[0].id


@settings(max_examples=400)
@given(st.data())
def test_every_request_gets_an_answer_of_the_protocol(data: st.DataObject) -> None:
    made, negotiation, moved = world()
    kind = data.draw(st.sampled_from(sorted(FOLDERS)))
    pid = data.draw(st.sampled_from([negotiation, moved, "urn:uuid:none", "", "request", "..", "%2F"]))
    ending = data.draw(st.sampled_from([*ENDINGS.values(), "", "x"]))
    type = data.draw(st.sampled_from([*TYPES.values(), "Catalog", "x"]))
    members: dict[str, Any] = data.draw(
        st.fixed_dictionaries(
            {},
            optional={
                "providerPid": st.sampled_from([negotiation, moved, ""]) | JSON,
                "consumerPid": st.sampled_from(["urn:c1", ""]) | JSON,
                "callbackAddress": st.sampled_from(["https://tibet.example/dsp/2025-1", "https://x", ""]) | JSON,
                "offer": OFFERS | JSON,
                "agreementId": st.sampled_from([made.nodes["sichuan"].contracts.agreements()[0].id, "x"]) | JSON,
                "format": st.just("Arrow-PULL") | JSON,
                "eventType": st.sampled_from(["ACCEPTED", "FINALIZED"]) | JSON,
                "code": JSON,
                "reason": JSON,
                "selection": JSON,
            },
        )
    )
    body = json.dumps({"@context": [CONTEXT], "@type": type, **members}).encode()
    method = data.draw(st.sampled_from(["POST", "POST", "GET"]))
    before = (talk(made, "negotiation", negotiation), talk(made, "transfer", moved))
    stranger = member("tibet")  # a member, but with no part in these talks
    path = f"/{FOLDERS[kind]}/{pid}/{ending}"
    status, told = respond(made.nodes["sichuan"].control, stranger, method, path, body)
    assert status in (200, 201, 400, 404)
    assert faults(str(told["@type"]), told) == []
    assert (talk(made, "negotiation", negotiation), talk(made, "transfer", moved)) == before


def talk(made: World, kind: str, id: str) -> Talk:
    return made.nodes["sichuan"].contracts.talk(kind, id)


@settings(max_examples=200)
@given(st.binary(max_size=200), st.text(max_size=40), st.sampled_from(["GET", "POST"]))
def test_no_bytes_and_no_path_are_a_fault(body: bytes, path: str, method: str) -> None:
    made, _, _ = world()
    control = made.nodes["sichuan"].control
    for start in ("/negotiations/", "/transfers/", "/catalog/", "/"):
        status, told = respond(control, member("chongqing"), method, start + path, body)
        assert status in (200, 400, 404)
        assert str(told["@type"]) in MESSAGES
    status, _ = notice(control, member("chongqing"), body)
    assert status in (400, 403, 404)
