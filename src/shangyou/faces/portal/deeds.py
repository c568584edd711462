"""What pages can change: roll a batch back, ask a device to send again, read its refused packets again."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from shangyou.core.clock import LEGAL, to_ms
from shangyou.core.errors import InputError, NotFoundError
from shangyou.core.ports import Command
from shangyou.faces.api.acts import write_down
from shangyou.faces.portal.visit import Visit
from shangyou.flows.again import order
from shangyou.ingest.hj212.commands import check
from shangyou.ingest.hj212.times import LegalTime

HISTORY: Final = {"minute": "2051", "hour": "2061", "day": "2031"}  # CN of HJ 212-2017


def withdraw(visit: Visit) -> Response:
    """Roll a batch back: what was in force before it is in force again, and nothing is forgotten."""
    by = visit.need("batch.withdraw")
    try:
        batch = int(visit.request.path_params["id"])
    except ValueError:
        raise NotFoundError("store.batch", batch=visit.request.path_params["id"]) from None
    visit.node.store.withdraw(batch, visit.now)
    write_down(visit.node.ledger, "batches/withdraw", by, {"batch": batch}, visit.now)
    return visit.go(f"/intake?view=batches&batch={batch}&done=withdrawn")


def ask_again(visit: Visit) -> Response:
    """Queue a request for history to a device; the listener sends it when the device is connected."""
    by = visit.need("device.ask")
    mn = visit.form.get("mn", "")
    if visit.node.registry.device(mn) is None:
        raise NotFoundError("device.unknown", mn=mn)
    code = HISTORY.get(visit.form.get("what", ""), "2051")
    arguments = check(
        code, {"BeginTime": _time(visit.form.get("start", "")), "EndTime": _time(visit.form.get("stop", ""))}
    )
    visit.node.intake.ask(Command(0, mn, code, arguments, "queued", asked=visit.now, changed=visit.now, by=by))
    visit.shared.asked()
    write_down(visit.node.ledger, "devices/ask", by, {"mn": mn, "code": code, **arguments}, visit.now)
    return visit.go("/intake?view=commands&done=asked")


def read_again(visit: Visit) -> Response:
    """Order that the refused packets of a device be read again; the digest does it within a second."""
    by = visit.need("device.read_again")
    node, mn = visit.node, visit.form.get("mn", "")
    packets, _ = order(node.journal, node.intake, node.registry, node.clock, mn, by)
    write_down(node.ledger, "devices/read-again", by, {"mn": mn}, visit.now)
    said = "read_again" if packets else "none_again"
    return visit.go(f"/intake?{urlencode({'view': 'refused', 'source': mn, 'done': said})}")


def _time(text: str) -> str:
    """A time of a form (legal, without zone) as HJ 212 writes it."""
    try:
        return LegalTime().write(to_ms(datetime.fromisoformat(text).replace(tzinfo=LEGAL)))
    except (ValueError, OverflowError):
        raise InputError("portal.time", text=text) from None
