"""Take a file in at the desk."""

from __future__ import annotations

from shangyou.core.errors import InputError
from shangyou.faces.api.desk import Desk
from shangyou.flows.receive import fingerprint, receive
from shangyou.ingest.cnemc.recognition import HEAD, recognise


def take_in(desk: Desk, name: str, body: bytes, kind: str = "", note: str = "") -> dict[str, object]:
    """Keep a file in the journal, unless the same bytes are in force already.

    Args:
        name: of the file, with enough of its path to name the year.
        kind: which reader takes it; "" = by its bytes.
        note: what the reader must know beside the bytes.

    Returns its batch, its fingerprint, and whether it was known. Raises InputError "ingest.kind" and as `receive`.
    """
    kind = kind or recognise(name, body[:HEAD])
    if not kind:
        raise InputError("ingest.kind", name=name)
    taken = receive(desk.node.journal, desk.node.store, desk.node.clock, name, body, kind, note)
    return {
        "batch": taken.batch,
        "kind": kind,
        "digest": fingerprint(kind, note, body),
        "known": taken.before is not None,
    }
