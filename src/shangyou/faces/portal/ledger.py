"""The ledger in the portal: what the node did, who has sealed it, and proofs to take away."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from starlette.responses import Response

from shangyou.core.errors import InputError, NotFoundError, ShangyouError
from shangyou.exchange.ledger.checkpoint import parse_checkpoint
from shangyou.exchange.ledger.entry import KINDS
from shangyou.exchange.ledger.log import Kept
from shangyou.exchange.ledger.succession import REASONS, behind, newest_origin
from shangyou.faces import verify_proof
from shangyou.faces.api.acts import perform
from shangyou.faces.api.ledger import newest
from shangyou.faces.keeping import Keeping, keeping
from shangyou.faces.portal.parties import desk_of
from shangyou.faces.portal.visit import Visit
from shangyou.faces.sentences import sentence
from shangyou.flows import ledger as flow

if TYPE_CHECKING:
    from shangyou.wiring import Node

REOPEN: Final = "ledger/reopen"  # the deed
ROWS: Final = 50
LONG: Final = 48  # characters of a fact that are shown whole: an id fits, a hash does not say more than its beginning
ALARMS: Final = 20  # that the page shows, the newest


def page(visit: Visit, error: ShangyouError | None = None) -> Response:
    """How far the log is sealed, what is wrong, and its newest entries."""
    kept = keeping(cast("Node", visit.node))
    kind = visit.query("kind") if visit.query("kind") in KINDS else ""
    before = visit.number("before", 0, 0, 1 << 53)
    found = list(newest(kept.ledger, ROWS + 1, before, kind, visit.query("about").strip()))
    sealed = _size(kept.ledger.shelf.sealed())
    alarms = kept.ledger.shelf.alarms()
    return visit.page(
        "ledger.html",
        title=finding(visit, kept, len(alarms)),
        status=error.status if error else 200,
        wrong=sentence(error.code, error.facts, visit.t.language) if error else None,
        log=_origin(kept),
        behind=behind(kept.ledger.shelf, _origin(kept)),
        me=kept.members.me,
        reasons=REASONS,
        given=visit.form,
        joined=kept.joined,
        size=kept.ledger.size(),
        stored=kept.ledger.stored(),
        signed=_size(kept.ledger.shelf.checkpoint()),
        sealed=sealed,
        sealing=flow.sealing(kept.ledger.shelf, kept.members),
        witnesses=_witnesses(visit, kept),
        alarms=[(alarm, sentence(alarm.code, alarm.facts, visit.t.language)) for alarm in reversed(alarms)][:ALARMS],
        kinds=KINDS,
        kind=kind,
        rows=[(index, entry, _facts(entry.facts)) for index, entry in found[:ROWS]],
        older=found[ROWS - 1][0] if len(found) > ROWS else None,
    )


def _origin(kept: Keeping) -> str:
    return newest_origin(kept.ledger.shelf, kept.members.me, kept.ledger.hash)


def finding(visit: Visit, kept: Keeping, alarms: int) -> str:
    """The title: what is wrong; else how far it is sealed."""
    t, size = visit.t, kept.ledger.size()
    if alarms:
        return t.count("ledger.title_alarms", alarms)
    sealing = flow.sealing(kept.ledger.shelf, kept.members)
    if sealing is None:
        return t.count("ledger.title_unsigned", size)
    if not sealing.asked:
        return t.count("ledger.title_lone", sealing.checkpoint.size)
    state = "sealed" if sealing.sealed else "open"
    return t.count(
        f"ledger.title_{state}", sealing.checkpoint.size, cosigned=sealing.cosigned, asked=len(sealing.asked)
    )


def _size(kept: Kept | None) -> int:
    return parse_checkpoint(kept.note.text).size if kept else 0


def _witnesses(visit: Visit, kept: Keeping) -> list[tuple[str, flow.Asked, str]]:
    """(name, what it did with our newest checkpoint, why not) of each."""
    last = kept.keeper.last or flow.sealing(kept.ledger.shelf, kept.members)
    asked = {each.member: each for each in last.asked} if last else {}
    told = []
    for member in flow.witnesses(kept.members):
        each = asked.get(member.id, flow.Asked(member.id))
        reason = sentence(each.code, each.facts or {}, visit.t.language).text if each.code else ""
        told.append((member.name_zh if visit.t.language == "zh" else member.name_en, each, reason))
    return told


def _facts(facts: Mapping[str, object]) -> list[tuple[str, str]]:
    """Facts as a reader sees them: hashes shortened, what is deep as JSON."""
    told = []
    for name, value in sorted(facts.items()):
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        told.append((name, text if len(text) <= LONG or " " in text[:LONG] else f"{text[:24]}…"))
    return told


def proof(visit: Visit) -> Response:
    """The proof of an entry as a file. NotFoundError "portal.page"; as flows.ledger.prove."""
    text = visit.request.path_params["index"]
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise NotFoundError("portal.page", path=visit.request.url.path)
    log = keeping(cast("Node", visit.node)).ledger
    return _file(flow.prove(log, log.shelf, int(text)).text(), f"entry-{text}.tlog-proof")


def policy(visit: Visit) -> Response:
    """Whom to trust for this log, as a file."""
    kept = keeping(cast("Node", visit.node))
    return _file(flow.policy(kept.members, _origin(kept)).text(), "policy.txt")


def verifier(visit: Visit) -> Response:
    """The stand-alone program as a file."""
    return _file(Path(verify_proof.__file__).read_text(encoding="utf-8"), "verify_proof.py")


def _file(text: str, name: str) -> Response:
    head = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="text/plain; charset=utf-8", headers=head)


def sign(visit: Visit) -> Response:
    """Sign and ask the witnesses now. InputError "ledger.entry" while there is nothing to sign."""
    visit.need("ledger.sign")
    if keeping(cast("Node", visit.node)).keeper.now(visit.now) is None:
        raise InputError("ledger.entry", detail="0")
    return visit.go("/ledger?done=signed")


def reopen(visit: Visit) -> Response:
    """Go on under a new name. It cannot be undone, so the member id is typed. Raises as api.ledger.reopen."""
    by, given = visit.need("ledger.reopen"), visit.form
    typed = given.get("typed", "").strip()
    try:
        perform(desk_of(visit, by), REOPEN, reason=given.get("reason", ""), member=typed)
    except ShangyouError as error:
        return page(visit, error)
    return visit.go("/ledger?done=reopened")
