"""Signers of fixed keys, for tests of what is signed."""

from __future__ import annotations

import hashlib
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shangyou.adapters.keys import FileSigner
from shangyou.exchange.keys import GM, STD, member_key
from shangyou.exchange.member import Level, Member, MemberKey, Standing


@cache
def std(name: str) -> FileSigner:
    """An Ed25519 key made of a name."""
    private = hashlib.sha256(name.encode()).digest()
    public = Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    return FileSigner(STD, private, public)


@cache
def gm(name: str) -> FileSigner:
    """An SM2 key; another one in each run."""
    from gmssl_pyx import sm2_key_generate

    public, private = sm2_key_generate()
    return FileSigner(GM, bytes(private), bytes(public))


def key(signer: FileSigner, start: int = 0, stop: int | None = None) -> MemberKey:
    return member_key(signer.suite, signer.public, start, stop)


def member(id: str, *keys: MemberKey, standing: Standing = Standing.ACTIVE, port: int = 8000) -> Member:
    address = f"http://127.0.0.1:{port}"
    return Member(id, f"{id}局", id, Level.PROVINCIAL, "510000", address, keys, standing=standing, reason="")
