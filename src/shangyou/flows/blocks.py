"""Let data leave: what may, block by block, decided anew and counted before each block leaves.

A pull is pinned when its first block is asked for: to a time ("as of"), to the scopes that the policies allow, and to
spans that make its blocks: of places in the store, or of time where means leave. So any block can be asked for again,
alone, and is the same bytes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

import pyarrow as pa

from shangyou.core.errors import ConflictError, NotFoundError, RefusedError
from shangyou.core.ports import Selection
from shangyou.exchange.block import KINDS, digest_of, encode, form_of, whole_digest
from shangyou.exchange.metering import Block, Count, Passage
from shangyou.exchange.outlet import Place
from shangyou.exchange.policy.decision import Permitted
from shangyou.exchange.policy.select import selection as compiled
from shangyou.exchange.scope import Scope
from shangyou.flows.mean import means_between, period_start
from shangyou.flows.passage import LEGAL, NAMES, Providing, permit, stop, terms


@dataclass(frozen=True, slots=True)
class Cargo:
    """A block that may leave."""

    body: bytes
    kind: str  # content type
    block: Block


# ---- the plan ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pull is pinned to."""

    as_of: int
    scopes: tuple[Scope, ...]
    cuts: tuple[tuple[int, int, int], ...]  # scope, from, up to: one a block
    place: Place | None = None  # behind all that the store held then; None: the spans are of time


def plan(providing: Providing, passage: Passage) -> Plan:
    """The plan of a pull, made when it is first asked for. RefusedError "transfer.refused"."""
    if passage.plan:
        return _read_plan(passage.plan)
    at = providing.now()

    def count(start: int | None, stop: int | None) -> tuple[int, int, int]:
        return providing.meters.count(passage.agreement, "provider", start, stop)

    permitted, place = permit(terms(providing, passage, at).decide(count)), providing.store.here(None)
    cuts: list[tuple[int, int, int]] = []
    for number, scope in enumerate(permitted.scopes):
        wanted = _selection(providing, scope, at)
        if wanted is not None:
            spans = _spans(providing, wanted, scope.resolution)
            if not scope.resolution:  # what is stored from now on is of no block, whenever it was received
                spans = [(start, min(stop, place.row)) for start, stop in spans if start < place.row]
            cuts += [(number, *span) for span in spans]
    made = Plan(at, permitted.scopes, tuple(cuts), place)
    providing.meters.ask(passage.agreement, "provider", at)
    return _read_plan(providing.meters.pin(passage.id, _write_plan(made)))


def _selection(providing: Providing, scope: Scope, at: int) -> Selection | None:
    found = compiled(scope, at, providing.registry.sites_of)
    return None if found is None else replace(found, as_of=at)


def _spans(providing: Providing, wanted: Selection, resolution: str) -> list[tuple[int, int]]:
    """Of places in the store; of time on the borders of the periods whose means leave, so that no mean is of a part."""
    if not resolution:
        return providing.store.runs(wanted, providing.rows)
    spans = providing.store.cuts(wanted, providing.rows)
    if not spans:
        return spans
    borders = sorted({period_start(start, resolution, LEGAL) for start, _ in spans})
    return list(zip(borders, [*borders[1:], spans[-1][1]], strict=True))


def _write_plan(made: Plan) -> str:
    def plain(value: object) -> object:
        return sorted(value) if isinstance(value, frozenset) else value

    scopes = [{name: plain(value) for name, value in asdict(scope).items()} for scope in made.scopes]
    place = None if made.place is None else [made.place.row, made.place.check]
    return json.dumps({"as_of": made.as_of, "scopes": scopes, "cuts": made.cuts, "place": place})


def _read_plan(text: str) -> Plan:
    found = json.loads(text)
    scopes = []
    for each in found["scopes"]:
        names = {name: None if each[name] is None else frozenset(each[name]) for name in NAMES}
        scopes.append(Scope(**each | names))
    cuts = tuple((int(n), int(a), int(b)) for n, a, b in found["cuts"])
    place = found.get("place")  # plans of before had none
    return Plan(found["as_of"], tuple(scopes), cuts, Place(place[0], None, place[1]) if place else None)


# ---- blocks -----------------------------------------------------------------------------------------------------


def block(providing: Providing, passage: Passage, number: int) -> Cargo:
    """A block of a pull, counted. Decided again each time: standing, agreement, time, scopes, quotas.

    Raises RefusedError "transfer.refused" (and the passage is stopped), NotFoundError "transfer.block_number",
    ConflictError "transfer.changed" if the same block is other bytes by now.
    """
    pinned = plan(providing, passage)
    if not 0 <= number < len(pinned.cuts):
        raise NotFoundError("transfer.block_number", number=number, blocks=len(pinned.cuts))
    form, _ = form_of(passage.format)
    scope = pinned.scopes[pinned.cuts[number][0]]
    rows = _rows(providing, pinned, number)
    body = encode(rows, form)
    made = Cargo(body, KINDS[form], Block(str(number), rows.num_rows, len(body), digest_of(body)))
    return leave(providing, passage, str(number), made, rows, scope)


def leave(providing: Providing, passage: Passage, name: str, made: Cargo, rows: pa.RecordBatch, scope: Scope) -> Cargo:
    """Decide on a block and count it; what does not fit into the quota is cut off, and the passage ends with it."""
    form, way = form_of(passage.format)
    at = providing.now()
    asking = terms(providing, passage, at)
    cut: list[Cargo] = []

    def weigh(count: Count) -> Block:
        left = _left(permit(asking.decide(count)), scope)
        fitting = _fitted(made, rows, form, left)
        if fitting is not made and way == "FEED":  # a page is whole or not at all
            raise RefusedError("transfer.refused", rule="transfer.quota", reasons=[f"{made.block.rows} > {left[0]}"])
        cut.append(fitting)
        return replace(fitting.block, name=name)

    try:
        counted = providing.meters.enter(passage.id, name, at, weigh, last=way == "FEED")
        if not cut:  # it has left before: it may leave again, uncounted, while the agreement allows anything at all
            permit(asking.decide(lambda start, stop: (0, 0, 0)))
    except RefusedError as error:
        stop(providing, passage, error)
        raise
    if cut:
        return cut[0]
    again = made if made.block.rows == counted.rows else _cargo(rows.slice(0, counted.rows), form, made.kind, name)
    if again.block.digest != counted.digest:
        raise ConflictError("transfer.changed", id=passage.id, number=name[:80])
    return again


def _rows(providing: Providing, pinned: Plan, number: int) -> pa.RecordBatch:
    index, start, stop = pinned.cuts[number]
    scope = pinned.scopes[index]
    wanted = _selection(providing, scope, pinned.as_of)
    if wanted is None:
        raise NotFoundError("transfer.block_number", number=number, blocks=len(pinned.cuts))
    if pinned.place is not None and not scope.resolution:
        if not providing.store.holds(pinned.place):  # it was made anew: the spans mean other rows
            raise ConflictError("transfer.changed", number=number)
        return providing.store.extract(wanted, (start, stop))
    start = start if wanted.start is None else max(start, wanted.start)
    stop = stop if wanted.stop is None else min(stop, wanted.stop)
    part = replace(wanted, start=start, stop=stop)
    if scope.resolution:
        return means_between(providing.store, part, scope.resolution, LEGAL)
    return providing.store.extract(part)


def _left(permitted: Permitted, scope: Scope) -> tuple[int | None, int | None]:
    """Rows and bytes that may still leave of a pinned scope. RefusedError "transfer.refused" if nothing may."""
    found = [each for each in permitted.scopes if _same(each, scope)]
    if not found:
        raise RefusedError("transfer.refused", rule="transfer.narrowed", reasons=[])
    rows = [each.rows for each in found if each.rows is not None]
    bytes = [each.bytes for each in found if each.bytes is not None]
    return (max(rows) if rows else None), (max(bytes) if bytes else None)


def _same(one: Scope, other: Scope) -> bool:
    """Do they let the same rows through, but for a beginning that moves with the time?"""
    return all(getattr(one, name) == getattr(other, name) for name in (*NAMES, "stop", "delay", "resolution", "review"))


def _fitted(made: Cargo, rows: pa.RecordBatch, form: str, left: tuple[int | None, int | None]) -> Cargo:
    most, size = left
    kept = min(rows.num_rows, rows.num_rows if most is None else most)
    found = made if kept == rows.num_rows else _cargo(rows.slice(0, kept), form, made.kind, made.block.name)
    while size is not None and found.block.bytes > size:
        kept = min(kept - 1, kept * size // found.block.bytes)
        if kept <= 0:
            raise RefusedError("transfer.refused", rule="transfer.quota", reasons=[f"{found.block.bytes} > {size}"])
        found = _cargo(rows.slice(0, kept), form, made.kind, made.block.name)
    return found


def _cargo(rows: pa.RecordBatch, form: str, kind: str, name: str) -> Cargo:
    whole = pa.Table.from_batches([rows]).combine_chunks().to_batches()  # so that a slice is written as rows of its own
    kept = whole[0] if whole else rows.slice(0, 0)
    body = encode(kept, form)
    return Cargo(body, kind, Block(name, kept.num_rows, len(body), digest_of(body)))


def manifest(providing: Providing, passage: Passage) -> dict[str, object]:
    """How many blocks a pull has, and of those that have left their digests."""
    pinned, left = plan(providing, passage), providing.meters.blocks(passage.id)
    digests = {block.name: block.digest for block in left}
    numbers = [str(number) for number in range(len(pinned.cuts))]
    told = [digests[number] for number in numbers if number in digests]
    return {
        "transfer": passage.id,
        "agreement": passage.agreement,
        "dataset": passage.dataset,
        "format": passage.format,
        "as_of": pinned.as_of,
        "blocks": len(numbers),
        "left": len(told),
        "digest": whole_digest(told),
    }
