"""The trust list as a value and as the document that anchors sign.

Whoever reads one checks all of it: a list that is wrong anywhere is no list. Times are whole milliseconds since 1970
UTC, keys and pins are base64url and base64, and every key stands under the name that its bytes give it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from shangyou.core.errors import InputError, NotFoundError, ShangyouError
from shangyou.exchange.keys import SUITES, decoded, encoded, member_key
from shangyou.exchange.member import Level, Member, MemberKey, Role, Standing

KIND: Final = "trust-list"
DAY: Final = 86_400_000  # ms
LONGEST: Final = 400 * DAY  # a list that outlives a year is renewed by nobody
MOST_MEMBERS: Final = 256
NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,30}[a-z0-9]")
CODE: Final = re.compile(r"[0-9]{6}")
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class TrustList:
    """One version of the list."""

    federation: str
    version: int  # 1, 2, 3, ...
    issued: int  # ms since 1970 UTC
    expires: int  # from then on nothing goes
    previous: str  # digest of the version before; "" of the first
    members: tuple[Member, ...]
    anchors: tuple[MemberKey, ...]  # keys that sign lists; their times are not looked at
    threshold: int  # so many of them must have signed
    witnesses: int  # so many cosignatures seal a checkpoint
    warn: int = 10 * DAY  # before the end, when pages begin to warn
    existing: int = 3 * DAY  # before the end, when only what was agreed before goes on

    def member(self, id: str) -> Member:
        """The member of that id. NotFoundError "federation.member"."""
        for member in self.members:
            if member.id == id:
                return member
        raise NotFoundError("federation.member", member=id[:64])


def to_document(trusted: TrustList) -> dict[str, object]:
    """The list as it is signed."""
    return {
        "kind": KIND,
        "federation": trusted.federation,
        "version": trusted.version,
        "issued": trusted.issued,
        "expires": trusted.expires,
        "previous": trusted.previous,
        "anchors": {"threshold": trusted.threshold, "keys": [_key_out(key) for key in trusted.anchors]},
        "quorum": {"witnesses": trusted.witnesses},
        "phases": {"warn": trusted.warn, "existing": trusted.existing},
        "members": [_member_out(member) for member in trusted.members],
    }


def from_document(document: object) -> TrustList:
    """The list that a document states. InputError "trust.document" names what is wrong and where."""
    try:
        return _list(document)
    except InputError as error:
        if error.code == "trust.document":
            raise
        raise InputError("trust.document", where="keys", detail=error.code) from error
    except (ShangyouError, ValueError, TypeError, KeyError) as error:
        raise InputError("trust.document", where="?", detail=type(error).__name__) from error


def _list(document: object) -> TrustList:
    own = _object(document, "", _TOP)
    anchors, phases = _object(own["anchors"], "anchors", ("threshold", "keys")), own["phases"]
    times = _object(phases, "phases", ("warn", "existing"))
    quorum = _object(own["quorum"], "quorum", ("witnesses",))
    trusted = TrustList(
        federation=_text(own["federation"], "federation", NAME),
        version=_whole(own["version"], "version", 1),
        issued=_whole(own["issued"], "issued"),
        expires=_whole(own["expires"], "expires"),
        previous=_text(own["previous"], "previous", re.compile(r"|[0-9a-f]{64}")),
        members=tuple(_member(each, f"members[{n}]") for n, each in enumerate(_array(own["members"], "members"))),
        anchors=tuple(_key(each, "anchors.keys") for each in _array(anchors["keys"], "anchors.keys")),
        threshold=_whole(anchors["threshold"], "anchors.threshold", 1),
        witnesses=_whole(quorum["witnesses"], "quorum.witnesses"),
        warn=_whole(times["warn"], "phases.warn"),
        existing=_whole(times["existing"], "phases.existing"),
    )
    if own["kind"] != KIND:
        raise _wrong("kind", "trust-list")
    check_whole(trusted)
    return trusted


_TOP: Final = (
    *("kind", "federation", "version", "issued", "expires", "previous"),
    *("anchors", "quorum", "phases", "members"),
)


def check_whole(trusted: TrustList) -> None:
    """What must hold between the parts of a list. InputError "trust.document"."""
    rules = {
        "expires": trusted.issued < trusted.expires <= trusted.issued + LONGEST,
        "previous": (trusted.version == 1) == (trusted.previous == ""),
        # more than half: so two lists of one version cannot both have enough signatures without a common signer
        "anchors.threshold": trusted.threshold <= len(trusted.anchors) < 2 * trusted.threshold,
        "anchors.keys": _unlike([key.kid for key in trusted.anchors]),
        "members": len(trusted.members) <= MOST_MEMBERS and _unlike([member.id for member in trusted.members]),
        "members.address": _unlike([member.address for member in trusted.members]),
        "members.keys": _unlike([key.kid for member in trusted.members for key in member.keys]),
        "quorum.witnesses": trusted.witnesses < max(1, len(trusted.members)),
        "phases": 0 <= trusted.existing <= trusted.warn,
    }
    for where, holds in rules.items():
        if not holds:
            raise _wrong(where, "rule")


def _unlike(names: Sequence[str]) -> bool:
    return len(set(names)) == len(names)


def member_in(document: object) -> Member:
    """A member as a document states it. InputError "trust.document"."""
    try:
        return _member(document, "member")
    except (ValueError, TypeError, KeyError) as error:
        raise InputError("trust.document", where="member", detail=type(error).__name__) from error


def member_out(member: Member) -> dict[str, object]:
    """A member as a document states it."""
    return _member_out(member)


def check_address(address: str) -> str:
    """The base of a node: https anywhere; http on this machine alone. InputError "trust.document"."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise _wrong("address", address[:200]) from None
    plain = parts.scheme == "http" and parts.hostname in LOOPBACK
    whole = parts.hostname and not (parts.path or parts.query or parts.fragment or parts.username or parts.password)
    if len(address) > 200 or not whole or not (parts.scheme == "https" or plain) or port == 0:
        raise _wrong("address", address[:200])
    return address


def _member(value: object, where: str) -> Member:
    own = _object(value, where, _MEMBER)
    pins = tuple(_text(pin, f"{where}.pins") for pin in _array(own["pins"], f"{where}.pins"))
    if any(len(base64.b64decode(pin, validate=True)) != 32 for pin in pins):
        raise _wrong(f"{where}.pins", "sha256")
    keys = tuple(_key(key, f"{where}.keys") for key in _array(own["keys"], f"{where}.keys"))
    if not keys or len(keys) > 16:
        raise _wrong(f"{where}.keys", "1-16")
    return Member(
        id=_text(own["id"], f"{where}.id", NAME),
        name_zh=_text(own["name_zh"], f"{where}.name_zh"),
        name_en=_text(own["name_en"], f"{where}.name_en"),
        level=Level(_text(own["level"], f"{where}.level")),
        adm_code=_text(own["adm_code"], f"{where}.adm_code", CODE),
        address=check_address(_text(own["address"], f"{where}.address")),
        keys=keys,
        roles=tuple(Role(_text(role, f"{where}.roles")) for role in _array(own["roles"], f"{where}.roles")),
        standing=Standing(_text(own["standing"], f"{where}.standing")),
        reason=_text(own["reason"], f"{where}.reason"),
        pins=pins,
    )


_MEMBER: Final = (
    *("id", "name_zh", "name_en", "level", "adm_code", "address"),
    *("keys", "roles", "standing", "reason", "pins"),
)


def _member_out(member: Member) -> dict[str, object]:
    return {
        "id": member.id,
        "name_zh": member.name_zh,
        "name_en": member.name_en,
        "level": str(member.level),
        "adm_code": member.adm_code,
        "address": member.address,
        "keys": [_key_out(key) for key in member.keys],
        "roles": [str(role) for role in member.roles],
        "standing": str(member.standing),
        "reason": member.reason,
        "pins": list(member.pins),
    }


def _key(value: object, where: str) -> MemberKey:
    own = _object(value, where, ("kid", "suite", "public", "start", "stop"))
    suite = _text(own["suite"], f"{where}.suite")
    if suite not in SUITES:
        raise _wrong(f"{where}.suite", suite)
    stop = None if own["stop"] is None else _whole(own["stop"], f"{where}.stop")
    key = member_key(suite, decoded(own["public"]), _whole(own["start"], f"{where}.start"), stop)
    if key.kid != own["kid"]:
        raise _wrong(f"{where}.kid", str(own["kid"])[:64])
    return key


def _key_out(key: MemberKey) -> dict[str, object]:
    return {
        "kid": key.kid,
        "suite": key.suite,
        "public": encoded(key.public),
        "start": key.start,
        "stop": key.stop,
    }


def _object(value: object, where: str, names: Sequence[str]) -> Mapping[str, object]:
    if not isinstance(value, Mapping) or set(value) != set(names):
        raise _wrong(where or "document", "names")
    return value


def _array(value: object, where: str) -> Sequence[object]:
    if not isinstance(value, list | tuple) or len(value) > MOST_MEMBERS:
        raise _wrong(where, "list")
    return value


def _text(value: object, where: str, form: re.Pattern[str] | None = None) -> str:
    if not isinstance(value, str) or len(value) > 500 or not (form is None or form.fullmatch(value)):
        raise _wrong(where, str(value)[:64])
    return value


def _whole(value: object, where: str, least: int = 0) -> int:
    if type(value) is not int or not least <= value < 1 << 52:
        raise _wrong(where, str(value)[:64])
    return value


def _wrong(where: str, detail: str) -> InputError:
    return InputError("trust.document", where=where, detail=detail)
