"""Questions and deeds about the ledger: its entries, seals and proofs, and what is wrong with the logs of others."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Final

import pyarrow as pa

from shangyou.core.clock import from_ms
from shangyou.core.errors import ConflictError, InputError, ShangyouError
from shangyou.exchange.ledger.checkpoint import epoch_of, member_of, parse_checkpoint
from shangyou.exchange.ledger.entry import KINDS, Entry, parse_entry, pseudonym
from shangyou.exchange.ledger.log import Kept, Log
from shangyou.exchange.ledger.succession import behind, newest_origin
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.kinds import TEXT, TIME, WHOLE, made
from shangyou.faces.keeping import keeping
from shangyou.faces.rows import Rows
from shangyou.faces.sentences import sentence
from shangyou.flows import ledger as flow
from shangyou.flows import succession
from shangyou.flows.witness import cross_check
from shangyou.wiring_exchange import member_exchange

LOOK: Final = 20_000  # entries that are looked through for those of a kind
PIECE: Final = 500
ENTRY: Final = pa.schema([("index", WHOLE), ("at", TIME), ("kind", TEXT), ("facts", TEXT)])


def newest(log: Log, limit: int, before: int = 0, kind: str = "", about: str = "") -> Iterator[tuple[int, Entry]]:
    """Entries, newest first: of a kind, about an agreement, a transfer or a dataset; what is none of ours as it is."""
    if kind and kind not in KINDS:
        raise InputError("ledger.entry", detail=f"kind {kind[:30]!r}")
    end = min(log.size(), before) if before > 0 else log.size()
    places: Iterator[int]
    if about:
        places = reversed([index for index in log.find(about) if index < end])
    else:
        places = iter(range(end - 1, max(end - LOOK, 0) - 1 if kind else -1, -1))
    found, held = 0, dict[int, bytes]()
    for index in places:
        if index not in held:
            start = max(index - PIECE + 1, 0) if not about else index
            held = dict(enumerate(log.entries(start, index + 1), start))
        entry = _read(held[index])
        if not kind or entry.kind == kind:
            yield index, entry
            found += 1
        if found >= limit:
            return


def _read(leaf: bytes) -> Entry:
    try:
        return parse_entry(leaf)
    except ShangyouError:
        return Entry("", {"raw": leaf[:200].decode("utf-8", "replace")}, 0)


def entries(
    desk: Desk,
    kind: Annotated[str, ", ".join(KINDS)] = "",
    about: Annotated[str, "id of an agreement, a negotiation, a transfer or a dataset"] = "",
    before: Annotated[int, "only entries with a smaller number; 0: the newest"] = 0,
    limit: Annotated[int, "at most so many"] = 50,
) -> Rows:
    """What the node has written down of its acts, newest first."""
    found = newest(desk.node.ledger, max(1, min(limit, 10_000)), before, kind, about)
    rows: list[dict[str, object]] = [
        {
            "index": index,
            "at": from_ms(entry.at),
            "kind": entry.kind,
            "facts": json.dumps(entry.facts, ensure_ascii=False, sort_keys=True),
        }
        for index, entry in found
    ]
    return made(ENTRY, rows)


STATE: Final = pa.schema(
    [
        *(("log", TEXT), ("hash", TEXT), ("size", WHOLE), ("bytes", WHOLE)),
        *(("signed", WHOLE), ("signed_at", TIME), ("root", TEXT), ("cosigned", WHOLE), ("needed", WHOLE)),
        *(("sealed", WHOLE), ("sealed_at", TIME), ("alarms", WHOLE), ("behind", WHOLE)),
    ]
)


def state(desk: Desk) -> Rows:
    """The ledger: how long it is, up to where it is signed and sealed."""
    kept, node = keeping(desk.node), desk.node
    shelf = node.ledger.shelf
    sealing = flow.sealing(shelf, kept.members)
    origin = newest_origin(shelf, kept.members.me, node.ledger.hash)
    row: dict[str, object] = {
        "log": origin,
        "behind": behind(shelf, origin),
        "hash": node.ledger.hash,
        "size": node.ledger.size(),
        "bytes": node.ledger.stored(),
        "cosigned": sealing.cosigned if sealing else 0,
        "needed": sealing.needed if sealing else 0,
        "root": sealing.checkpoint.root.hex() if sealing else "",
        "alarms": len(shelf.alarms()),
    }
    return made(STATE, [row | _reached("signed", shelf.checkpoint()) | _reached("sealed", shelf.sealed())])


def _reached(name: str, kept: Kept | None) -> dict[str, object]:
    if kept is None:
        return {name: 0, f"{name}_at": None}
    return {name: parse_checkpoint(kept.note.text).size, f"{name}_at": from_ms(kept.at)}


def witnesses(desk: Desk) -> Rows:
    """Who cosigns this node's checkpoints, and how far each of them is."""
    kept = keeping(desk.node)
    last = kept.keeper.last or flow.sealing(desk.node.ledger.shelf, kept.members)
    listed = {member.id: member for member in flow.witnesses(kept.members)}
    asked = {each.member: each for each in last.asked} if last else {}
    rows: list[dict[str, object]] = []
    for id, member in listed.items():
        each = asked.get(id, flow.Asked(id))
        reason = sentence(each.code, dict(each.facts or {}), desk.language).text if each.code else ""
        size = last.checkpoint.size if last and each.time else None
        at = from_ms(each.time * 1000) if each.time else None
        names: dict[str, object] = {"member": id, "name_zh": member.name_zh, "name_en": member.name_en}
        rows.append(names | {"size": size, "at": at, "code": each.code, "reason": reason})
    kinds = [("member", TEXT), ("name_zh", TEXT), ("name_en", TEXT), ("size", WHOLE), ("at", TIME)]
    return made(pa.schema([*kinds, ("code", TEXT), ("reason", TEXT)]), rows)


def proof(desk: Desk, index: Annotated[int, "number of the entry"] = 0) -> Rows:
    """The proof that an entry stands in the log, as a file that needs nobody to be verified."""
    found = flow.prove(desk.node.ledger, desk.node.ledger.shelf, index)
    cosigned = len(flow.cosignatures(found.note, flow.witnesses(keeping(desk.node).members)))
    row: dict[str, object] = {
        "index": index,
        "size": found.checkpoint.size,
        "cosigned": cosigned,
        "proof": found.text(),
    }
    return made(pa.schema([("index", WHOLE), ("size", WHOLE), ("cosigned", WHOLE), ("proof", TEXT)]), [row])


def policy(
    desk: Desk,
    member: Annotated[str, "whose log; empty: this node's"] = "",
    log: Annotated[str, "its name, as on its checkpoints; empty: the member's log of today"] = "",
) -> Rows:
    """Whom a verifier must trust for a member's log: keys of the log and of its witnesses, and how many of them."""
    kept, ledger = keeping(desk.node), desk.node.ledger
    id = member or kept.members.me
    seen = [parse_checkpoint(note.text).origin for note in ledger.shelf.all_cosigned()]  # they tell the hash of others
    known = max((each for each in seen if member_of(each) == id), key=epoch_of, default="")
    origin = log or known or newest_origin(ledger.shelf, id, ledger.hash)
    text = flow.policy(kept.members, origin).text()
    return made(pa.schema([("policy", TEXT)]), [{"policy": text}])


def alarms(desk: Desk) -> Rows:
    """What cannot be if everybody is honest and whole, newest first, with the signed evidence."""
    rows: list[dict[str, object]] = [
        {
            "at": from_ms(alarm.at),
            "code": alarm.code,
            "member": member_of(str(alarm.facts.get("name", ""))) or str(alarm.facts.get("name", "")),
            "text": sentence(alarm.code, dict(alarm.facts), desk.language).text,
            "evidence": "\n".join(alarm.evidence),
        }
        for alarm in reversed(desk.node.ledger.shelf.alarms())
    ]
    names = [(name, TEXT) for name in ("code", "member", "text", "evidence")]
    return made(pa.schema([("at", TIME), *names]), rows)


# ---- deeds ------------------------------------------------------------------------------------------------------


def checkpoint(desk: Desk) -> dict[str, object]:
    """Sign the log as it stands and ask the witnesses now."""
    found = keeping(desk.node).keeper.now(desk.now())
    if found is None:
        raise ConflictError("ledger.pending", index=0, size=0)
    return {"size": found.checkpoint.size, "cosigned": found.cosigned, "needed": found.needed, "sealed": found.sealed}


def check(
    desk: Desk,
    agreement: Annotated[str, "compare the two logs about this agreement too"] = "",
    member: Annotated[str, "the other party of the agreement"] = "",
) -> dict[str, object]:
    """Read the whole log again, compare what all members tell, and say what is wrong."""
    kept, node = keeping(desk.node), desk.node
    damaged = node.ledger.check()
    if damaged is not None:
        raise ConflictError("ledger.damaged", path=str(node.settings.home / "ledger"), entry=damaged)
    found = len(kept.compare(desk.now())) if kept.joined else 0
    done: dict[str, object] = {"entries": node.ledger.size(), "members": len(kept.members.members()) - 1}
    if agreement:
        differ = cross_check(node.ledger, node.ledger.shelf, kept.members, kept.peers, member, agreement, desk.now())
        found += len(differ)
    return done | {"new_alarms": found, "alarms": len(node.ledger.shelf.alarms())}


def reopen(
    desk: Desk,
    reason: Annotated[str, "why the log is behind: backup, loss or copy"],
    member: Annotated[str, "this node's own member id, once more: this cannot be undone"],
) -> dict[str, object]:
    """Let the log go on under a new name where it no longer holds what its witnesses have cosigned; all members see it.

    Refused as long as the log holds all that anybody has seen of it.
    """
    kept, ledger = keeping(desk.node), desk.node.ledger
    if member != kept.members.me:
        raise InputError("ledger.own_name", name=member[:80], member=kept.members.me)
    joined = member_exchange(desk.node)
    by = pseudonym(ledger.shelf.salt, desk.by) if desk.by else ""
    found = succession.reopen(ledger, ledger.shelf, kept.members, kept.peers, joined.signer, reason, by, desk.now())
    sealed = kept.keeper.now(desk.now())
    done = found.facts() | {"cosigned": sealed.cosigned if sealed else 0, "needed": sealed.needed if sealed else 0}
    return {**done, "log": found.log, "reason": reason}


AUDITORS: Final = frozenset({"operator", "security", "manager"})
KEEPERS: Final = frozenset({"operator", "security"})  # who may end a log
QUESTIONS: Final[tuple[tuple[str, Callable[..., Rows], str], ...]] = (  # path, function, group of the documentation
    ("ledger", entries, "ledger"),
    ("ledger/state", state, "ledger"),
    ("ledger/witnesses", witnesses, "ledger"),
    ("ledger/proof", proof, "ledger"),
    ("ledger/policy", policy, "ledger"),
    ("ledger/alarms", alarms, "ledger"),
)
DEEDS: Final[tuple[tuple[str, Callable[..., dict[str, Any]], str, frozenset[str]], ...]] = (
    ("ledger/checkpoint", checkpoint, "ledger", AUDITORS),
    ("ledger/check", check, "ledger", AUDITORS),
    ("ledger/reopen", reopen, "ledger", KEEPERS),
)
