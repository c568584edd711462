"""Members of a federation, as the trust list names them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """Of a member: the ministry's centre, or a provincial-level agency."""

    NATIONAL = "national"
    PROVINCIAL = "provincial"


class Standing(StrEnum):
    """May a member take part?"""

    ACTIVE = "active"
    SUSPENDED = "suspended"  # for a time: nothing new, nothing runs
    REVOKED = "revoked"  # for good


class Role(StrEnum):
    """What a member may do beside being one."""

    PROVIDER = "provider"
    CONSUMER = "consumer"
    WITNESS = "witness"  # cosigns the checkpoints of the others
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class MemberKey:
    """A public key of a member, with the time in which signatures by it count."""

    kid: str  # thumbprint, see `keys.kid`
    suite: str  # std (Ed25519, SHA-256) or gm (SM2, SM3)
    public: bytes  # 32 bytes of Ed25519, or 64 of SM2 (x, y)
    start: int  # ms since 1970 UTC, from and including
    stop: int | None = None  # up to and not including; None = open


@dataclass(frozen=True, slots=True)
class Member:
    """One organisation with one node. `id` is its name on every wire: a-z, 0-9 and -, 2 to 32 characters."""

    id: str
    name_zh: str
    name_en: str
    level: Level
    adm_code: str  # 行政区划代码, six digits of GB/T 2260
    address: str  # base of its node: https://host:port, no path
    keys: tuple[MemberKey, ...]
    roles: tuple[Role, ...] = (Role.PROVIDER, Role.CONSUMER, Role.WITNESS)
    standing: Standing = Standing.ACTIVE
    reason: str = ""  # of a suspension or revocation
    pins: tuple[str, ...] = ()  # sha256 of its TLS public keys, base64; () = any certificate of a known CA
