"""A push: the provider hands the blocks over, the consumer keeps each once; decided and counted as in a pull."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from shangyou.core.errors import InputError, NotFoundError, UnavailableError
from shangyou.exchange.block import decode, digest_of, form_of
from shangyou.exchange.metering import Block, Passage
from shangyou.exchange.ports import Peers
from shangyou.flows.blocks import block, manifest, plan
from shangyou.flows.deliver import DIGEST, SECONDS, SECRET, StoreSink, Taking, own_statement, told
from shangyou.flows.passage import Providing, data_address, not_now

PATH: Final = "/data/push"


def address(taking: Taking, name: Callable[[], str]) -> dict[str, object]:
    """Where a provider may push to: an address and a secret of this one transfer."""
    me = taking.members.member(taking.members.me).address.rstrip("/")
    return data_address(f"{me}{PATH}/{name()}", name())


def push(providing: Providing, peers: Peers, passage: Passage, stopping: Callable[[], bool]) -> bool:
    """Hand over what is left; True when the consumer has all of it. Goes on with the block that may be on its way.

    Raises UnavailableError where it can go on later; as `blocks.block`.
    """
    count = len(plan(providing, passage).cuts)
    passage = providing.meters.passage(passage.id)
    for number in range(max(0, passage.blocks - 1), count):
        if stopping():
            return False
        cargo = block(providing, passage, number)
        headers = {SECRET: passage.secret, DIGEST: cargo.block.digest}
        path = f"{passage.endpoint}?block={number}"
        answer = peers.call(passage.peer, "POST", path, cargo.body, cargo.kind, headers, SECONDS)
        if answer.status >= 400:
            raise told(answer)
    path = f"{passage.endpoint}?whole={manifest(providing, passage)['digest']}"
    answer = peers.call(passage.peer, "POST", path, b"", headers={SECRET: passage.secret})
    if answer.status >= 400:
        raise told(answer)
    return True


def expected(taking: Taking, endpoint: str, member: str, secret: str) -> Passage:
    """The passage that a provider pushes into. NotFoundError "transfer.unknown"; ConflictError "transfer.state"."""
    for passage in taking.meters.passages(limit=1_000):
        same = hmac.compare_digest(passage.secret.encode(), secret.encode())
        if (passage.role, passage.endpoint, passage.peer) == ("consumer", endpoint, member) and same:
            if passage.state not in ("started", "complete"):
                raise not_now(passage)
            return passage
    raise NotFoundError("transfer.unknown", id=endpoint.rpartition("/")[2][:80])


def take(taking: Taking, passage: Passage, number: int, body: bytes, digest: str) -> None:
    """Keep a block that was pushed. UnavailableError "transfer.damaged"; InputError "transfer.changed"."""
    if digest_of(body) != digest:
        raise UnavailableError("transfer.damaged", number=number)
    if passage.state == "complete":
        return
    rows = decode(body, form_of(passage.format)[0])
    StoreSink(taking.store, passage, taking.now).put(number, rows)
    made = Block(str(number), rows.num_rows, len(body), digest)
    known = taking.meters.enter(passage.id, str(number), taking.now(), lambda _: made)
    if known.digest != digest:
        raise InputError("transfer.changed", id=passage.id, number=number)


def whole(taking: Taking, passage: Passage, digest: str) -> None:
    """The provider says that this was all. InputError "transfer.whole"."""
    own = own_statement(taking.meters, passage)
    if own["digest"] != digest:
        raise InputError("transfer.whole", own=own["digest"], theirs=digest[:64])
    if passage.state != "complete":
        taking.meters.change(replace(taking.meters.passage(passage.id), state="complete", changed=taking.now()))
