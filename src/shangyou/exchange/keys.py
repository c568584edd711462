"""Signatures: two suites behind one face, key names, and signed documents.

Suite `std` is Ed25519 with SHA-256; suite `gm` is SM2 with SM3 (GB/T 32918, 32905), loaded only where a key asks for
it. What is signed is never raw bytes of somebody's making: a document is signed in its canonical form behind a line of
ours, so that a signature on a document can never pass for one on a token or on a checkpoint.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shangyou.core.errors import InputError, RefusedError
from shangyou.exchange.canonical import canonical
from shangyou.exchange.member import MemberKey
from shangyou.exchange.ports import Signer

STD: Final = "std"
GM: Final = "gm"
SUITES: Final = (STD, GM)
PUBLIC_BYTES: Final = {STD: 32, GM: 64}
SIGNATURE_BYTES: Final = 64  # in both suites: R and S of Ed25519, r and s of SM2
PURPOSE: Final = b"shangyou sealed document v1\n"
MOST_SIGNATURES: Final = 32  # on one document; anchors are few


def encoded(data: bytes) -> str:
    """Base64url without padding, as JOSE writes it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: object) -> bytes:
    """The bytes of base64url without padding. ValueError for anything but the one right spelling of them."""
    if not isinstance(text, str) or len(text) % 4 == 1:
        raise ValueError("base64url")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("base64url") from error
    if encoded(data) != text:  # another spelling of the same bytes: two texts for one thing are one too many
        raise ValueError("base64url")
    return data


def kid(suite: str, public: bytes) -> str:
    """Name of a public key: its JWK thumbprint (RFC 7638, RFC 8037), by the digest of its suite."""
    if suite not in SUITES or len(public) != PUBLIC_BYTES[suite]:
        raise InputError("keys.public", suite=suite, bytes=len(public))
    if suite == STD:
        jwk = {"crv": "Ed25519", "kty": "OKP", "x": encoded(public)}
    else:
        jwk = {"crv": "SM2", "kty": "EC", "x": encoded(public[:32]), "y": encoded(public[32:])}
    return encoded(body_digest(suite, canonical(jwk)))


def member_key(suite: str, public: bytes, start: int, stop: int | None = None) -> MemberKey:
    """A public key under its right name. InputError "keys.public"."""
    return MemberKey(kid(suite, public), suite, public, start, stop)


def body_digest(suite: str, body: bytes) -> bytes:
    """SHA-256 or SM3: 32 bytes either way."""
    if suite == GM:
        from gmssl_pyx import sm3_hash

        return bytes(sm3_hash(body))
    return hashlib.sha256(body).digest()


def verify(key: MemberKey, message: bytes, signature: bytes) -> bool:
    """Is this the key's signature on the message? Validity in time is the caller's question, see `counts`."""
    if len(signature) != SIGNATURE_BYTES:
        return False
    return _VERIFIERS[key.suite](key.public, message, signature) if key.suite in _VERIFIERS else False


def counts(key: MemberKey, at: int) -> bool:
    """Does a signature by the key count at that time?"""
    return key.start <= at and (key.stop is None or at < key.stop)


def seal(document: Mapping[str, object], signer: Signer) -> dict[str, object]:
    """The document with one signature. InputError "seal.document" if JSON cannot hold it."""
    return cosigned({"document": document, "signatures": []}, signer)


def cosigned(sealed: Mapping[str, object], signer: Signer) -> dict[str, object]:
    """The same document with one more signature; a former one by the same key is replaced."""
    document = sealed["document"]
    kept = [each for each in _signatures(sealed) if each["kid"] != signer.kid]
    added = {"kid": signer.kid, "signature": encoded(signer.sign(signed_bytes(document)))}
    return {"document": document, "signatures": [*kept, added]}


def verified(sealed: object, keys: Iterable[MemberKey], at: int) -> Mapping[str, object]:
    """The document, if every signature on it is right, by one of these keys, which counts at that time.

    Raises:
        InputError: "seal.shape" if it is no signed document.
        RefusedError: "seal.unsigned", "seal.kid", "seal.key_time", "seal.signature".
    """
    document, _ = opened(sealed, keys, at)
    return document


def opened(sealed: object, keys: Iterable[MemberKey], at: int | None) -> tuple[Mapping[str, object], frozenset[str]]:
    """As `verified`, with the names of all keys that signed. `at` None: validity in time is not asked."""
    if not isinstance(sealed, Mapping) or set(sealed) != {"document", "signatures"}:
        raise InputError("seal.shape")
    document, signatures = sealed["document"], _signatures(sealed)
    if not isinstance(document, Mapping):
        raise InputError("seal.shape")
    if not signatures:
        raise RefusedError("seal.unsigned")
    message, known = signed_bytes(document), {key.kid: key for key in keys}
    for each in signatures:
        key = known.get(each["kid"])
        if key is None:
            raise RefusedError("seal.kid", kid=each["kid"][:64])
        if at is not None and not counts(key, at):
            raise RefusedError("seal.key_time", kid=key.kid)
        if not verify(key, message, _bytes(each["signature"])):
            raise RefusedError("seal.signature", kid=key.kid)
    return document, frozenset(each["kid"] for each in signatures)


def signed_bytes(document: object) -> bytes:
    """What is signed of a document. InputError "seal.document"."""
    try:
        return PURPOSE + canonical(document)
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError("seal.document", detail=type(error).__name__) from error


def _signatures(sealed: Mapping[str, object]) -> list[dict[str, str]]:
    given = sealed.get("signatures")
    if not isinstance(given, list | tuple) or len(given) > MOST_SIGNATURES:
        raise InputError("seal.shape")
    found: list[dict[str, str]] = []
    for each in given:
        if not isinstance(each, Mapping) or set(each) != {"kid", "signature"}:
            raise InputError("seal.shape")
        if not isinstance(each["kid"], str) or not isinstance(each["signature"], str):
            raise InputError("seal.shape")
        found.append({"kid": each["kid"], "signature": each["signature"]})
    if len({each["kid"] for each in found}) != len(found):  # one key has one voice
        raise InputError("seal.shape")
    return found


def _bytes(text: str) -> bytes:
    try:
        return decoded(text)
    except ValueError:
        return b""


def _ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        _ed25519_key(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=256)  # members are few and ask often
def _ed25519_key(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)


def _sm2(public: bytes, message: bytes, signature: bytes) -> bool:
    import gmssl_pyx

    try:
        return bool(gmssl_pyx.sm2_verify(public, message, der(signature)))
    except gmssl_pyx.GmsslInnerError:
        return False


_VERIFIERS: Final[Mapping[str, Callable[[bytes, bytes, bytes], bool]]] = {STD: _ed25519, GM: _sm2}


def der(raw: bytes) -> bytes:
    """r and s of SM2, 32 bytes each, as the SEQUENCE of two INTEGERs that the library takes."""
    parts = b""
    for number in (raw[:32], raw[32:]):
        body = number.lstrip(b"\0") or b"\0"
        body = b"\0" + body if body[0] & 0x80 else body
        parts += bytes((2, len(body))) + body
    return bytes((0x30, len(parts))) + parts


def raw(der_signature: bytes) -> bytes:
    """r and s of a DER signature, 32 bytes each. ValueError if it is none."""
    numbers, rest = list[bytes](), der_signature[2:]
    while rest:
        length = rest[1]
        numbers.append(rest[2 : 2 + length].lstrip(b"\0").rjust(32, b"\0"))
        rest = rest[2 + length :]
    if len(numbers) != 2 or any(len(number) != 32 for number in numbers):
        raise ValueError("not a signature of SM2")
    return b"".join(numbers)


def key_names(keys: Collection[MemberKey]) -> frozenset[str]:
    """The names of keys."""
    return frozenset(key.kid for key in keys)
