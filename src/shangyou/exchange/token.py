"""The token of one request between two nodes: who asks whom for what, for a minute, once.

Claims are those of DCP's Self-Issued ID Token (iss = sub, aud, jti, iat, exp), so that credentials can be added without
another wire, and three more that bind it to the message: htm, htu (method and path, names of RFC 9449) and hbd, the
digest of the body. A stolen token is worth nothing for any other message.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import msgspec

from shangyou.core.errors import NotFoundError, RefusedError
from shangyou.exchange.keys import GM, STD, body_digest, counts, decoded, encoded, verify
from shangyou.exchange.member import Member, MemberKey
from shangyou.exchange.ports import Signer

ALGORITHMS: Final = {STD: "EdDSA", GM: "SM2"}
KIND: Final = "node+jwt"
LIFE: Final = 60  # seconds that a token is good for
LEEWAY: Final = 30  # seconds by which two clocks may differ unnoticed
CLOCK: Final = 1200  # up to so many seconds off, it is a clock that is wrong rather than a token that is old
MOST_BYTES: Final = 4096
MOST_ID: Final = 64  # characters of jti
CLAIMS: Final = frozenset({"iss", "sub", "aud", "jti", "iat", "exp", "htm", "htu", "hbd"})
ALLOWED: Final = CLAIMS | {"nbf", "token"}  # `token` is DCP's, for credentials; not looked at


Keep = Callable[[str, str, int, int], None]


class TokenError(RefusedError):
    """The token does not say who asks, or not for this request."""

    status = 401


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as far as its token is concerned."""

    method: str
    path: str  # with the query, as on the wire
    body: bytes | None = b""  # None: not read yet, and not looked at


@dataclass(frozen=True, slots=True)
class Checked:
    """What a good token says."""

    member: Member
    id: str
    expires: int  # ms since 1970 UTC


def mint(signer: Signer, me: str, peer: str, asked: Asked, at: int, id: str) -> str:
    """A token for one request. at: ms since 1970 UTC; id: random, at least 128 bits, never used before."""
    issued = at // 1000
    claims = {
        "iss": me,
        "sub": me,
        "aud": peer,
        "jti": id,
        "iat": issued,
        "exp": issued + LIFE,
        "htm": asked.method,
        "htu": asked.path,
        "hbd": encoded(body_digest(signer.suite, asked.body or b"")),
    }
    text = f"{_head(signer.suite, signer.kid)}.{encoded(_sorted(claims))}"
    return f"{text}.{encoded(signer.sign(text.encode()))}"


@lru_cache(maxsize=64)  # of every token of one key it is the same
def _head(suite: str, kid: str) -> str:
    return encoded(_sorted({"alg": ALGORITHMS[suite], "kid": kid, "typ": KIND}))


def _sorted(value: Mapping[str, object]) -> bytes:
    """Names in their order and nothing between: for an object of texts and whole numbers, at a tenth of the cost."""
    return msgspec.json.encode(value, order="sorted")


def check(token: str, member: Callable[[str], Member], me: str, asked: Asked, at: int) -> Checked:
    """Who asks, if the token is right for this request at this time. Replay and standing are asked elsewhere.

    Raises TokenError: "token.shape", "token.algorithm", "token.member", "token.key", "token.key_time",
    "token.signature", "token.claims", "token.audience", "token.method", "token.path", "token.body", "token.lifetime",
    "token.clock", "token.early", "token.expired".
    """
    head, claims, signed, signature = _parts(token)
    sender = _sender(claims, member)
    key = _key(head, sender)
    if not verify(key, signed, signature):
        raise TokenError("token.signature", member=sender.id)
    _check_binding(claims, key, me, asked)
    expires = _check_times(claims, at)  # before the key's time: a wrong clock is to be told as a wrong clock
    if not counts(key, at):
        raise TokenError("token.key_time", member=sender.id, kid=key.kid)
    return Checked(sender, str(claims["jti"]), expires)


def _parts(token: str) -> tuple[dict[str, object], dict[str, object], bytes, bytes]:
    if len(token) > MOST_BYTES or token.count(".") != 2:
        raise TokenError("token.shape")
    head, claims, signature = token.split(".")
    try:
        return _object(head), _object(claims), f"{head}.{claims}".encode(), decoded(signature)
    except (ValueError, RecursionError):
        raise TokenError("token.shape") from None


def _object(part: str) -> dict[str, object]:
    """An object in which no name stands twice; what is written as we write it has none, and is not counted."""
    data = decoded(part)
    try:
        value = msgspec.json.decode(data, type=dict[str, object])
    except msgspec.DecodeError as error:
        raise ValueError("json") from error
    if len(value) > len(ALLOWED) or (_sorted(value) != data and _names(data) != len(value)):
        raise ValueError("twice")
    return value


def _names(data: bytes) -> int:
    """How many names are in an object, counted with those that stand twice."""
    import json

    counted: list[int] = []
    json.loads(data, object_pairs_hook=lambda pairs: counted.append(len(pairs)))
    return counted[-1] if counted else 0


def _sender(claims: dict[str, object], member: Callable[[str], Member]) -> Member:
    if not set(claims) >= CLAIMS or not set(claims) <= ALLOWED:
        raise TokenError("token.claims", claims=sorted(set(claims) ^ CLAIMS)[:9])
    texts = ("iss", "sub", "aud", "jti", "htm", "htu", "hbd")
    if not all(isinstance(claims[name], str) for name in texts) or claims["iss"] != claims["sub"]:
        raise TokenError("token.claims", claims=["iss", "sub"])
    if not 16 <= len(str(claims["jti"])) <= MOST_ID:
        raise TokenError("token.claims", claims=["jti"])
    try:
        return member(str(claims["iss"]))
    except NotFoundError:
        raise TokenError("token.member", member=str(claims["iss"])[:64]) from None


def _key(head: dict[str, object], sender: Member) -> MemberKey:
    if set(head) != {"alg", "kid", "typ"} or head["typ"] != KIND:  # no jwk, no x5u, no crit: the list names the keys
        raise TokenError("token.algorithm", algorithm=str(head.get("alg"))[:32])
    key = next((each for each in sender.keys if each.kid == head["kid"]), None)
    if key is None:
        raise TokenError("token.key", member=sender.id, kid=str(head["kid"])[:64])
    if head["alg"] != ALGORITHMS.get(key.suite):  # the key says how it signs; the token has no say in it
        raise TokenError("token.algorithm", algorithm=str(head["alg"])[:32])
    return key


def _check_binding(claims: dict[str, object], key: MemberKey, me: str, asked: Asked) -> None:
    if claims["aud"] != me:
        raise TokenError("token.audience", audience=str(claims["aud"])[:64], me=me)
    if claims["htm"] != asked.method:
        raise TokenError("token.method", method=asked.method)
    if claims["htu"] != asked.path:
        raise TokenError("token.path", path=asked.path[:200])
    if asked.body is not None and claims["hbd"] != encoded(body_digest(key.suite, asked.body)):
        raise TokenError("token.body")


def _check_times(claims: dict[str, object], at: int) -> int:
    """Expiry [ms]. A clock that is wrong is told as such, with its error in seconds."""
    times = [claims[name] for name in ("iat", "exp", "nbf") if name in claims]
    if not all(type(time) is int and 0 <= time < 1 << 40 for time in times):
        raise TokenError("token.claims", claims=["iat", "exp", "nbf"])
    issued, expires = int(str(times[0])), int(str(times[1]))
    starts = max(issued, int(str(times[2]))) if len(times) == 3 else issued
    if not 0 < expires - issued <= LIFE:
        raise TokenError("token.lifetime", seconds=expires - issued, most=LIFE)
    now = at // 1000
    late, early = now - expires - LEEWAY, starts - now - LEEWAY
    if late < 0 and early <= 0:
        return expires * 1000
    if abs(issued - now) <= CLOCK and starts == issued:
        raise TokenError("token.clock", seconds=issued - now)
    raise TokenError("token.expired" if late >= 0 else "token.early", seconds=late + LEEWAY if late >= 0 else early)


class Seen:
    """Tokens that were used, until they are too old to be used again. Bounded; one member cannot crowd out another."""

    def __init__(self, most: int = 20_000, used: Iterable[tuple[str, str, int]] = (), keep: Keep | None = None) -> None:
        """most: tokens of one member at a time. used: member, id and expiry [ms] of what was used before the start;
        keep: writes one down (member, id, expiry, time), so that the next start knows it.
        """
        self._most, self._keep = most, keep
        self._seen: dict[str, OrderedDict[str, int]] = {}
        self._lock = threading.Lock()
        for member, id, expires in sorted(used, key=lambda each: each[2]):
            self._seen.setdefault(member, OrderedDict())[id] = expires

    def take(self, checked: Checked, at: int) -> None:
        """Use a token up. TokenError "token.replayed"; "token.many" where there is no room to remember it."""
        with self._lock:
            known = self._seen.setdefault(checked.member.id, OrderedDict())
            while known and next(iter(known.values())) + LEEWAY * 1000 < at - LIFE * 1000:
                known.popitem(last=False)
            if checked.id in known:
                raise TokenError("token.replayed", member=checked.member.id)
            if len(known) >= self._most:  # better to refuse a good one than to take one twice
                raise TokenError("token.many", member=checked.member.id)
            if self._keep is not None:
                self._keep(checked.member.id, checked.id, checked.expires, at)
            known[checked.id] = checked.expires
