"""Messages of others are read within bounds; whatever comes, an error of ours or a message goes out."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.exchange.dsp.messages import DEPTH_LIMIT, SIZE_LIMIT, TYPES, decoded, read
from shangyou.exchange.dsp.schemas import CONTEXT, MESSAGES

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)
MEMBERS = (
    "@context",
    "@type",
    "@id",
    "providerPid",
    "consumerPid",
    "offer",
    "agreement",
    "eventType",
    "callbackAddress",
)


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_to_be_refused(body: bytes) -> None:
    with pytest.raises(InputError, match=r"dsp\."):
        read(body, *TYPES.values())


@settings(max_examples=300)
@given(st.sampled_from(sorted(MESSAGES)), st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=6))
def test_no_message_does_more_than_to_be_refused_or_read(type: str, value: dict[str, object]) -> None:
    body = json.dumps({"@context": [CONTEXT], "@type": type, **value}).encode()
    try:
        message = read(body, *TYPES.values())
    except InputError as error:
        message, code = {"@type": type}, error.code
    else:
        code = "read"
    assert code in ("read", "dsp.schema", "dsp.type", "dsp.json", "dsp.depth")
    assert code != "read" or message["@type"] in TYPES.values()


def test_too_much_too_deep_and_what_no_database_keeps_is_refused() -> None:
    with pytest.raises(InputError, match=r"dsp\.size"):
        decoded(b" " * (SIZE_LIMIT + 1))
    with pytest.raises(InputError, match=r"dsp\.depth"):
        decoded(b'{"a":' + b"[" * DEPTH_LIMIT + b"]" * DEPTH_LIMIT + b"}")
    with pytest.raises(InputError, match=r"dsp\.depth"):
        decoded(b"[" * 100_000)
    with pytest.raises(InputError, match=r"dsp\.json"):
        decoded(b'{"a":["\\u0000"]}')
    assert decoded(b'{"a":"' + b"[{" * 1000 + b'\\""}') == {"a": "[{" * 1000 + '"'}


def test_members_that_nobody_named_are_ignored_and_a_fault_says_where_it_is() -> None:
    event = {"@context": [CONTEXT], "@type": "ContractNegotiationEventMessage", "providerPid": "p", "consumerPid": "c"}
    assert read(json.dumps(event | {"eventType": "ACCEPTED", "x": [1]}).encode(), event["@type"])["x"] == [1]  # type: ignore[arg-type]
    with pytest.raises(InputError) as caught:
        read(json.dumps(event | {"eventType": "LOST"}).encode(), "ContractNegotiationEventMessage")
    assert caught.value.facts["at"] == "/eventType enum"
