"""The negative list of the DCP kit's token tests, and what our claims add: each refusal has its own code."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import NotFoundError
from shangyou.exchange.canonical import canonical
from shangyou.exchange.keys import body_digest, encoded
from shangyou.exchange.member import Member
from shangyou.exchange.token import ALGORITHMS, KIND, LEEWAY, LIFE, Asked, Checked, Seen, TokenError, check, mint
from tests.exchange.signers import gm, key, member, std

NOW = 1_795_305_600_000
BODY = b'{"a": 1}'
ASKED = Asked("POST", "/dsp/2025-1/negotiations/request?x=1", BODY)
ID = "an-id-of-enough-letters"
MEMBERS = {
    "sichuan": member("sichuan", key(std("sichuan"))),
    "guizhou": member("guizhou", key(gm("guizhou"))),
    "yunnan": member("yunnan", key(std("old"), 0, NOW), key(std("new"), NOW + 1000)),
}


def find(id: str) -> Member:
    if id not in MEMBERS:
        raise NotFoundError("federation.member", member=id)
    return MEMBERS[id]


def checked(token: str, asked: Asked = ASKED, at: int = NOW, me: str = "ministry") -> Checked:
    return check(token, find, me, asked, at)


def code_of(token: str, asked: Asked = ASKED, at: int = NOW, me: str = "ministry") -> str:
    with pytest.raises(TokenError) as refused:
        checked(token, asked, at, me)
    assert refused.value.status == 401
    return refused.value.code


def good(at: int = NOW) -> str:
    return mint(std("sichuan"), "sichuan", "ministry", ASKED, at, ID)


def forged(change: Callable[[dict[str, Any], dict[str, Any]], object]) -> str:
    """A token whose header and claims were changed before the member's own key signed them."""
    head: dict[str, Any] = {"alg": "EdDSA", "kid": std("sichuan").kid, "typ": KIND}
    seconds = NOW // 1000
    claims: dict[str, Any] = {"iss": "sichuan", "sub": "sichuan", "aud": "ministry", "jti": ID, "iat": seconds}
    claims |= {"exp": seconds + LIFE, "htm": ASKED.method, "htu": ASKED.path}
    claims |= {"hbd": encoded(body_digest("std", BODY))}
    change(head, claims)
    text = f"{encoded(canonical(head))}.{encoded(canonical(claims))}"
    return f"{text}.{encoded(std('sichuan').sign(text.encode()))}"


@pytest.mark.parametrize(("signer", "id"), [(std("sichuan"), "sichuan"), (gm("guizhou"), "guizhou")])
def test_a_right_token_says_who_asks(signer: Any, id: str) -> None:
    token = mint(signer, id, "ministry", ASKED, NOW, ID)
    assert checked(token) == Checked(MEMBERS[id], ID, NOW + LIFE * 1000)


def test_the_helper_of_these_tests_makes_right_tokens() -> None:
    assert checked(forged(lambda head, claims: None)).member.id == "sichuan"


WRONG: dict[str, tuple[Callable[[dict[str, Any], dict[str, Any]], object], str]] = {
    "issuer is not the subject": (lambda h, c: c.update(sub="guizhou"), "token.claims"),
    "issuer is unknown": (lambda h, c: c.update(iss="nobody", sub="nobody"), "token.member"),
    "no audience": (lambda h, c: c.pop("aud"), "token.claims"),
    "another audience": (lambda h, c: c.update(aud="chongqing"), "token.audience"),
    "several audiences": (lambda h, c: c.update(aud=["ministry", "x"]), "token.claims"),
    "no id": (lambda h, c: c.pop("jti"), "token.claims"),
    "a short id": (lambda h, c: c.update(jti="1"), "token.claims"),
    "a long id": (lambda h, c: c.update(jti="1" * 65), "token.claims"),
    "another method": (lambda h, c: c.update(htm="GET"), "token.method"),
    "another path": (lambda h, c: c.update(htu="/dsp/2025-1/negotiations/request?x=2"), "token.path"),
    "another body": (lambda h, c: c.update(hbd=encoded(b"0" * 32)), "token.body"),
    "no time of issue": (lambda h, c: c.pop("iat"), "token.claims"),
    "a time that is no number": (lambda h, c: c.update(iat="now"), "token.claims"),
    "a time that is true": (lambda h, c: c.update(iat=True), "token.claims"),
    "a time of fractions": (lambda h, c: c.update(exp=c["exp"] + 0.5), "token.claims"),
    "good for too long": (lambda h, c: c.update(exp=c["iat"] + LIFE + 1), "token.lifetime"),
    "ends before it begins": (lambda h, c: c.update(exp=c["iat"] - 1), "token.lifetime"),
    "not before later": (lambda h, c: c.update(nbf=c["iat"] + LEEWAY + 1), "token.early"),
    "issued tomorrow": (lambda h, c: c.update(iat=c["iat"] + 86400, exp=c["exp"] + 86400), "token.early"),
    "ended yesterday": (lambda h, c: c.update(iat=c["iat"] - 86400, exp=c["exp"] - 86400), "token.expired"),
    "a claim nobody knows": (lambda h, c: c.update(scope="all"), "token.claims"),
    "no algorithm": (lambda h, c: h.update(alg="none"), "token.algorithm"),
    "HMAC with the public key": (lambda h, c: h.update(alg="HS256"), "token.algorithm"),
    "the other suite's algorithm": (lambda h, c: h.update(alg="SM2"), "token.algorithm"),
    "another type": (lambda h, c: h.update(typ="JWT"), "token.algorithm"),
    "its own key in the header": (lambda h, c: h.update(jwk={"kty": "OKP"}), "token.algorithm"),
    "critical extensions": (lambda h, c: h.update(crit=["x"]), "token.algorithm"),
    "no key": (lambda h, c: h.pop("kid"), "token.algorithm"),
    "an unknown key": (lambda h, c: h.update(kid=std("other").kid), "token.key"),
    "the key of another member": (lambda h, c: h.update(kid=gm("guizhou").kid), "token.key"),
    "the name of another member": (lambda h, c: c.update(iss="guizhou", sub="guizhou"), "token.key"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_token_is_refused_for(name: str) -> None:
    change, code = WRONG[name]
    assert code_of(forged(change)) == code


def test_a_token_is_refused_for_another_request_than_its_own() -> None:
    token = good()
    assert code_of(token, Asked("PUT", ASKED.path, ASKED.body)) == "token.method"
    assert code_of(token, Asked("POST", ASKED.path + "&y=2", ASKED.body)) == "token.path"
    assert code_of(token, Asked("POST", ASKED.path, BODY + b" ")) == "token.body"
    assert code_of(token, me="chongqing") == "token.audience"


def test_a_key_counts_in_its_time_alone() -> None:
    old = mint(std("old"), "yunnan", "ministry", ASKED, NOW - 1000, ID)
    new = mint(std("new"), "yunnan", "ministry", ASKED, NOW + 1000, ID)
    assert checked(old, at=NOW - 1).member.id == "yunnan"
    assert code_of(old, at=NOW) == "token.key_time"
    assert code_of(new, at=NOW + 999) == "token.key_time"
    assert checked(new, at=NOW + 1000).member.id == "yunnan"


def test_a_signature_of_another_key_is_refused() -> None:
    head, claims, _ = good().split(".")
    other = encoded(std("other").sign(f"{head}.{claims}".encode()))
    assert code_of(f"{head}.{claims}.{other}") == "token.signature"


@pytest.mark.parametrize("minutes", [-10, -5, -2, 2, 5, 10])
def test_a_clock_that_is_minutes_off_is_told_as_such(minutes: int) -> None:
    with pytest.raises(TokenError) as refused:
        checked(good(NOW + minutes * 60_000))
    assert refused.value.code == "token.clock"
    assert refused.value.facts["seconds"] == minutes * 60


@given(st.integers(-LEEWAY, LEEWAY))
def test_a_clock_that_is_a_little_off_is_no_matter(seconds: int) -> None:
    assert checked(good(NOW + seconds * 1000)).member.id == "sichuan"


def test_a_name_that_stands_twice_in_the_claims_is_refused() -> None:
    head, _, _ = good().split(".")
    twice = encoded(b'{"aud":"ministry",' + json.dumps({"aud": "x"}).encode()[1:])
    text = f"{head}.{twice}"
    assert code_of(f"{text}.{encoded(std('sichuan').sign(text.encode()))}") == "token.shape"


def test_a_token_is_good_once_and_another_still_is() -> None:
    seen = Seen()
    seen.take(checked(good()), NOW)
    with pytest.raises(TokenError, match=r"token\.replayed"):
        seen.take(checked(good()), NOW + 1000)
    seen.take(Checked(MEMBERS["sichuan"], "another-id-of-many-letters", NOW + 60_000), NOW)


def test_no_token_can_be_used_twice_while_it_counts_however_many_come_between() -> None:
    seen = Seen(most=50)
    first = checked(good())
    seen.take(first, NOW)
    end = first.expires + LEEWAY * 1000
    for step in range(49):
        at = NOW + step * (end - NOW) // 49
        seen.take(Checked(MEMBERS["sichuan"], f"id-number-{step:020}", at + 60_000), at)
    with pytest.raises(TokenError, match=r"token\.replayed"):
        seen.take(first, end)


def test_what_is_remembered_is_bounded_for_each_member_alone() -> None:
    seen = Seen(most=3)
    for n in range(3):
        seen.take(Checked(MEMBERS["sichuan"], f"id-{n}", NOW + 60_000), NOW)
    with pytest.raises(TokenError, match=r"token\.many"):
        seen.take(Checked(MEMBERS["sichuan"], "id-3", NOW + 60_000), NOW)
    seen.take(Checked(MEMBERS["guizhou"], "id-0", NOW + 60_000), NOW)
    seen.take(Checked(MEMBERS["sichuan"], "id-3", NOW + 300_000), NOW + 240_000)  # the old ones are forgotten


@given(st.text(max_size=300) | st.binary(max_size=200).map(lambda b: b.decode("latin-1")))
def test_whatever_comes_as_a_token_is_refused(text: str) -> None:
    assert code_of(text).startswith("token.")


@given(st.integers(0, 2_000), st.sampled_from("ABCxyz019-_.="))
def test_a_token_with_one_letter_changed_is_refused(place: int, letter: str) -> None:
    token = good()
    place %= len(token)
    if token[place] != letter:
        assert code_of(token[:place] + letter + token[place + 1 :]).startswith("token.")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.text(max_size=9),
        lambda x: st.lists(x, max_size=3),
    ),
    st.sampled_from(sorted(WRONG)),
)
def test_claims_of_any_kind_are_refused_not_stumbled_over(value: object, name: str) -> None:
    for claim in ("iss", "aud", "jti", "iat", "exp", "htm", "htu", "hbd"):

        def change(head: dict[str, Any], claims: dict[str, Any], claim: str = claim) -> None:
            claims[claim] = value

        with contextlib.suppress(TokenError):
            assert checked(forged(change)).member.id == "sichuan"


def test_every_suite_has_its_algorithm() -> None:
    assert ALGORITHMS == {"std": "EdDSA", "gm": "SM2"}
