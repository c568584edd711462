from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.adapters.keys import FileSigner
from shangyou.core.errors import InputError, RefusedError, ShangyouError
from shangyou.exchange import keys
from shangyou.exchange.canonical import canonical
from tests.exchange.signers import gm, key, std

DOCUMENT = {"kind": "notice", "at": 1_795_305_600_000, "reason": "到期", "rows": [1, 2.5, None, True]}


def test_the_name_of_an_ed25519_key_is_the_thumbprint_of_rfc_8037() -> None:
    public = keys.decoded("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
    assert keys.kid(keys.STD, public) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.mark.parametrize("signer", [std("a"), gm("a")], ids=["std", "gm"])
def test_a_sealed_document_gives_its_content_back(signer: FileSigner) -> None:
    sealed = keys.seal(DOCUMENT, signer)
    known = key(std("a") if signer.suite == keys.STD else gm("a"))
    assert keys.verified(json.loads(json.dumps(sealed)), [known], 5) == DOCUMENT


@pytest.mark.parametrize("signer", [std("a"), gm("a")], ids=["std", "gm"])
@given(place=st.integers(0, 10_000), new=st.integers(0, 255))
def test_any_changed_byte_of_a_sealed_document_is_refused(signer: FileSigner, place: int, new: int) -> None:
    known = key(std("a") if signer.suite == keys.STD else gm("a"))
    text = bytearray(canonical(keys.seal(DOCUMENT, signer)))
    place %= len(text)
    if text[place] == new:
        return
    text[place] = new
    try:
        changed = json.loads(bytes(text))
    except ValueError:
        return
    with pytest.raises(ShangyouError):
        keys.verified(changed, [known], 5)


def test_signatures_of_strangers_of_late_keys_and_of_nobody_are_refused() -> None:
    sealed = keys.seal(DOCUMENT, std("a"))
    for known, at, code in (
        ([key(std("b"))], 5, "seal.kid"),
        ([key(std("a"), 10)], 5, "seal.key_time"),
        ([key(std("a"), 0, 5)], 5, "seal.key_time"),
    ):
        with pytest.raises(RefusedError) as refused:
            keys.verified(sealed, known, at)
        assert refused.value.code == code
    with pytest.raises(RefusedError, match=r"seal\.unsigned"):
        keys.verified({"document": DOCUMENT, "signatures": []}, [key(std("a"))], 5)


def test_one_wrong_signature_among_right_ones_spoils_the_document() -> None:
    sealed = keys.cosigned(keys.seal(DOCUMENT, std("a")), std("b"))
    known = [key(std("a")), key(std("b"))]
    assert keys.opened(sealed, known, 5)[1] == {std("a").kid, std("b").kid}
    other = keys.seal({**DOCUMENT, "at": 1}, std("b"))["signatures"]
    assert isinstance(other, list)
    signed = sealed["signatures"]
    assert isinstance(signed, list)
    with pytest.raises(RefusedError, match=r"seal\.signature"):
        keys.opened({"document": DOCUMENT, "signatures": [signed[0], *other]}, known, 5)


def test_one_key_has_one_voice() -> None:
    sealed = keys.seal(DOCUMENT, std("a"))
    signatures = sealed["signatures"]
    assert isinstance(signatures, list)
    with pytest.raises(InputError, match=r"seal\.shape"):
        keys.verified({"document": DOCUMENT, "signatures": signatures * 2}, [key(std("a"))], 5)


def test_a_signature_on_other_bytes_is_none_on_a_document() -> None:
    forged = keys.encoded(std("a").sign(canonical(DOCUMENT)))  # without our line before it
    with pytest.raises(RefusedError, match=r"seal\.signature"):
        keys.verified(
            {"document": DOCUMENT, "signatures": [{"kid": std("a").kid, "signature": forged}]}, [key(std("a"))], 5
        )


@given(st.binary(min_size=64, max_size=64))
def test_sm2_signatures_keep_their_numbers_through_der(raw: bytes) -> None:
    assert keys.raw(keys.der(raw)) == raw


@given(st.binary(max_size=100))
def test_base64url_has_one_spelling(data: bytes) -> None:
    assert keys.decoded(keys.encoded(data)) == data


@given(st.text(max_size=40))
def test_another_spelling_is_no_base64url(text: str) -> None:
    try:
        data = keys.decoded(text)
    except ValueError:
        return
    assert keys.encoded(data) == text


@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.floats(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_whatever_comes_in_place_of_a_sealed_document_is_an_error_of_ours(value: object) -> None:
    for form in (value, {"document": value, "signatures": value}, {"document": {"a": value}, "signatures": []}):
        with pytest.raises(ShangyouError):
            keys.verified(form, [key(std("a"))], 5)
