"""Bring the data of a transfer in: block by block, each checked, kept and counted; a cut is nothing but a pause."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final, Protocol

import pyarrow as pa

from shangyou.core.errors import ConflictError, InputError, NotFoundError, RefusedError, ShangyouError, UnavailableError
from shangyou.core.ports import Batch
from shangyou.exchange.agreement import Transfer
from shangyou.exchange.block import decode, digest_of, form_of, whole_digest
from shangyou.exchange.keys import cosigned, opened, seal
from shangyou.exchange.metering import Block, Count, Meters, Passage, Receipt, as_facts, gaps, reconcile, statement
from shangyou.exchange.outlet import Outlet
from shangyou.exchange.ports import Answer, Contracts, Members, Peers, Signer
from shangyou.exchange.wire import parsed_object
from shangyou.flows.passage import cause, secret_of

SECRET: Final = "x-transfer-authorization"  # noqa: S105  the name of a header
DIGEST: Final = "x-block-digest"
CODE: Final = "x-shangyou-code"
RECEIPTS: Final = "/data/receipts"
SECONDS: Final = 60.0  # for a block
AHEAD: Final = 2  # blocks that are asked for while one is being kept
PAUSES: Final = ("trust.stopped", "token.clock", "token.expired")  # that may pass by themselves
REFUSED: Final = "transfer.refused"  # by the policy, for good
MOST_BLOCKS: Final = 1_000_000


class Sink(Protocol):
    """Where blocks go."""

    def put(self, number: int, rows: pa.RecordBatch) -> None:
        """Keep a block; the same block again changes nothing."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Taking:
    """What a consumer's end of the data plane works with."""

    members: Members
    contracts: Contracts
    peers: Peers
    meters: Meters
    store: Outlet
    signer: Callable[[], Signer]
    now: Callable[[], int]
    record: Callable[[str, Mapping[str, object]], None]  # into the ledger


class StoreSink:
    """Keeps blocks in the node's own store, with where they came from."""

    def __init__(self, store: Outlet, passage: Passage, now: Callable[[], int]) -> None:
        self._store, self._now = store, now
        self._batch = batch_of(passage, 0)

    def put(self, number: int, rows: pa.RecordBatch) -> None:
        """See Sink."""
        self._store.take(replace(self._batch, received=self._now()), rows)


def batch_of(passage: Passage, received: int) -> Batch:
    """The batch of a passage's observations. Its number is negative: no journal entry has it."""
    number = int.from_bytes(hashlib.sha256(f"{passage.peer} {passage.id}".encode()).digest()[:7], "big")
    return Batch(-1 - number, "transfer", passage.dataset, received, by=passage.agreement)


def open_passage(taking: Taking, transfer: Transfer) -> Passage:
    """The passage of a transfer that has started at the consumer's end. InputError "transfer.address"."""
    path, secret = secret_of(transfer.address)
    agreement = taking.contracts.agreement(transfer.agreement)
    form_of(transfer.format)
    passage = taking.meters.put(
        Passage(
            id=transfer.id,
            role="consumer",
            peer=transfer.peer,
            other=transfer.other_id,
            agreement=agreement.id,
            dataset=agreement.dataset,
            format=transfer.format,
            state="started",
            secret=secret,
            endpoint=path,
            selection=dict(transfer.selection or {}),
            opened=taking.now(),
        )
    )
    if passage.state == "paused" or passage.secret != secret:
        passage = taking.meters.change(
            replace(passage, state="started", secret=secret, endpoint=path, changed=taking.now())
        )
    return passage


# ---- asking -----------------------------------------------------------------------------------------------------


def ask(taking: Taking, passage: Passage, path: str, method: str = "GET", body: bytes = b"") -> Answer:
    """One request to the provider's data plane. Raises what the provider answered as the error that it is."""
    answer = taking.peers.call(passage.peer, method, path, body, headers={SECRET: passage.secret}, seconds=SECONDS)
    if answer.status >= 400:
        raise told(answer)
    return answer


def told(answer: Answer) -> ShangyouError:
    """The error in an answer, with its code and facts; anything else is UnavailableError "transfer.answer"."""
    code = answer.headers.get(CODE, "")
    kinds = {400: InputError, 403: RefusedError, 404: NotFoundError, 503: UnavailableError}
    if not code or len(code) > 80 or answer.status >= 500 or answer.status == 401:
        return UnavailableError("transfer.answer", status=answer.status, code_there=code[:80])
    try:
        facts = parsed_object(answer.body[: 1 << 16]).get("facts")
    except ShangyouError:
        facts = None
    kept = {str(k): v for k, v in facts.items() if k != "code"} if isinstance(facts, dict) else {}
    return kinds.get(answer.status, ConflictError)(code[:80], **kept)


def _fetch(taking: Taking, passage: Passage, number: int) -> tuple[int, pa.RecordBatch, Block]:
    answer = ask(taking, passage, f"{passage.endpoint}?block={number}")
    digest = digest_of(answer.body)
    if answer.headers.get(DIGEST, "") != digest:
        raise UnavailableError("transfer.damaged", number=number)
    rows = decode(answer.body, form_of(passage.format)[0])
    return number, rows, Block(str(number), rows.num_rows, len(answer.body), digest)


# ---- a pull -----------------------------------------------------------------------------------------------------

Progress = Callable[[int, int, int], None]  # blocks, of how many, rows


def fetch(
    taking: Taking,
    passage: Passage,
    sink: Sink,
    progress: Progress = lambda done, count, rows: None,
    *,
    again: bool = False,
    stopping: Callable[[], bool] = lambda: False,
) -> Passage:
    """Pull what is left of a transfer; again: from the first block on, for a sink that has none of them.

    Raises UnavailableError where it can go on later; what the provider refuses stops the passage, with its reason.
    """
    try:
        manifest = parsed_object(ask(taking, passage, passage.endpoint).body)
        count = manifest.get("blocks")
        if type(count) is not int or not 0 <= count <= MOST_BLOCKS:
            raise InputError("transfer.manifest", blocks=str(count)[:20])
        rows, going = 0, ("started", "complete") if again else ("started",)
        for number, batch, block in _blocks(taking, passage, 0 if again else passage.blocks, count):
            if stopping() or taking.meters.passage(passage.id).state not in going:
                return taking.meters.passage(passage.id)
            sink.put(number, batch)
            known = taking.meters.enter(passage.id, str(number), taking.now(), _as(block))
            if known.digest != block.digest:
                raise InputError("transfer.changed", id=passage.id, number=number)
            rows += block.rows
            progress(number + 1, count, rows)
        return _finish(taking, passage)
    except UnavailableError:
        raise
    except ShangyouError as error:
        if error.code in PAUSES or error.facts.get("state") in ("offered", "paused"):
            raise UnavailableError("transfer.waiting", why=error.code) from error
        halted(taking, passage, error)
        raise


def _as(block: Block) -> Callable[[Count], Block]:
    return lambda _: block


def _blocks(taking: Taking, passage: Passage, first: int, count: int) -> Iterator[tuple[int, pa.RecordBatch, Block]]:
    """Blocks in order; the next ones are on their way while one is being kept.

    Where a policy ends the transfer with one, those behind it that have left already are kept, for both ends count
    them; then its RefusedError is raised.
    """
    refused: RefusedError | None = None
    with ThreadPoolExecutor(AHEAD, "fetch") as pool:
        waiting: list[Future[tuple[int, pa.RecordBatch, Block]]] = []
        number = first
        try:
            while (number < count and refused is None) or waiting:
                while refused is None and number < count and len(waiting) < AHEAD:
                    waiting.append(pool.submit(_fetch, taking, passage, number))
                    number += 1
                try:
                    found = waiting.pop(0).result()
                except RefusedError as error:
                    if refused is None and error.code != REFUSED:
                        raise
                    refused = refused or error
                except ShangyouError:
                    if refused is None:
                        raise
                else:
                    yield found
            if refused is not None:
                raise refused
        finally:
            for each in waiting:
                each.cancel()


def _finish(taking: Taking, passage: Passage) -> Passage:
    """All blocks are here: the whole is held against the provider's digest, and receipted."""
    manifest = parsed_object(ask(taking, passage, passage.endpoint).body)
    own = own_statement(taking.meters, passage)
    if manifest.get("digest") != own["digest"]:
        raise InputError("transfer.whole", own=own["digest"], theirs=str(manifest.get("digest"))[:64])
    found = taking.meters.passage(passage.id)
    receipt(taking, found)  # before it is called complete: a receipt whose answer was lost is asked for again
    return taking.meters.change(replace(found, state="complete", changed=taking.now()))


def halted(taking: Taking, passage: Passage, error: ShangyouError) -> Passage:
    """The provider lets nothing more through: why, with its signed notice where it gives one."""
    notice: Mapping[str, object] = {}
    try:
        notice = parsed_object(ask(taking, passage, f"{passage.endpoint}/notice").body)
        opened(notice, taking.members.member(passage.peer).keys, taking.now())
    except ShangyouError:
        notice = {}
    document = notice.get("document")
    said = document if isinstance(document, Mapping) else {}
    code, facts, reason = cause(_noticed(said) if said.get("code") else error)
    at, found = taking.now(), taking.meters.passage(passage.id)
    over = replace(found, state="stopped", code=code, facts=facts, reason=reason, notice=dict(notice), changed=at)
    if said:
        taking.record("notice", said)
    return taking.meters.change(over)


def _noticed(document: Mapping[object, object]) -> ShangyouError:
    """What a provider's notice says, as the error that it answers with."""
    facts = document.get("facts")
    named = {str(name): value for name, value in facts.items()} if isinstance(facts, Mapping) else {}
    return RefusedError(str(document["code"]), **named | {"reasons": str(document.get("reason") or "")})


# ---- receipts ---------------------------------------------------------------------------------------------------


def own_statement(meters: Meters, passage: Passage) -> dict[str, object]:
    """What this end has counted of a passage."""
    blocks = sorted(meters.blocks(passage.id), key=lambda each: int(each.name) if each.name.isdigit() else -1)
    return statement(meters.passage(passage.id), whole_digest(each.digest for each in blocks))


def receipt_so_far(taking: Taking, passage: Passage, every: int) -> Receipt | None:
    """A receipt of a feed up to here, which takes the place of the one before.

    every [ms]: at most so often. Returns None where nothing has come since, or it is too early. Raises as `receipt`.
    """
    own = own_statement(taking.meters, passage)
    last = taking.meters.receipt(str(own["transfer"]))
    if not own["rows"] or (last is not None and (last.own == own or taking.now() - last.at < every)):
        return None
    return receipt(taking, passage)


def receipt(taking: Taking, passage: Passage) -> Receipt:
    """Sign what was received, and have it signed by the provider, which says what it has counted."""
    own, signer, at = own_statement(taking.meters, passage), taking.signer(), taking.now()
    body = json.dumps(seal(own, signer)).encode()
    answer = taking.peers.call(passage.peer, "POST", RECEIPTS, body)
    if answer.status >= 400:
        raise told(answer)
    given = parsed_object(answer.body)
    sealed, theirs = given.get("receipt"), given.get("statement")
    keys = (*taking.members.member(passage.peer).keys, *taking.members.member(taking.members.me).keys)
    document, kids = opened(sealed, keys, at)
    provider = {key.kid for key in taking.members.member(passage.peer).keys}
    if document != own or not kids & provider or not isinstance(theirs, Mapping):
        raise InputError("receipt.other", own=str(own["transfer"]), theirs=str(document.get("transfer"))[:80])
    made = _kept(own, own, theirs, sealed if isinstance(sealed, Mapping) else {}, passage.peer, at)
    enter_receipt(taking.meters, made, own, taking.record)
    return made


def enter_receipt(
    meters: Meters, made: Receipt, document: Mapping[str, object], record: Callable[[str, Mapping[str, object]], None]
) -> None:
    """Keep a receipt and write it down once: one that is handed over again, because an answer was lost, is there.

    document: the consumer's statement, which both ends sign and write down.
    """
    known = meters.receipt(made.id)
    if known is None or known.sealed.get("document") != document or known.own != made.own:
        record("receipt", document)  # before it is kept: what is kept has been written down
        if made.differences and gaps(made.differences) != gaps(known.differences if known is not None else ()):
            record("alarm", {"code": "receipt.difference", "facts": {"differences": list(made.differences)}})
    meters.put_receipt(made)


def _kept(
    own: Mapping[str, object],
    mine: Mapping[str, object],
    theirs: Mapping[str, object],
    sealed: Mapping[str, object],
    peer: str,
    at: int,
) -> Receipt:
    different = as_facts(reconcile(mine, theirs))
    return Receipt(str(own["transfer"]), str(own["agreement"]), peer, at, mine, sealed, different)


def countersign(
    meters: Meters,
    members: Members,
    signer: Signer,
    peer: str,
    body: bytes,
    at: int,
    record: Callable[[str, Mapping[str, object]], None],
) -> dict[str, object]:
    """A consumer's receipt at the provider: checked, signed too, and held against what was counted here.

    Returns the answer to the consumer. The signature says that the receipt was handed over; a difference stands beside
    it.
    NotFoundError "transfer.unknown"; InputError "receipt.other"; as `keys.opened`.
    """
    sealed = parsed_object(body)
    theirs, _ = opened(sealed, members.member(peer).keys, at)
    passage = meters.passage(str(theirs.get("transfer")))
    if passage.peer != peer or passage.role != "provider":
        raise NotFoundError("transfer.unknown", id=passage.id)
    own = own_statement(meters, passage)
    both = cosigned(sealed, signer)
    enter_receipt(meters, _kept(own, own, theirs, both, peer, at), theirs, record)
    return {"receipt": both, "statement": own}
