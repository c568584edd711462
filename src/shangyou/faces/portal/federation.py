"""The federation in the portal: who is in it, how each is, how long the list counts; and the dots of the top bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from starlette.responses import Response

from shangyou.core.errors import RefusedError
from shangyou.exchange.keys import counts
from shangyou.exchange.member import Member, Standing
from shangyou.exchange.trust.acceptance import Phase
from shangyou.faces.portal.visit import Visit
from shangyou.faces.portal.words import Words
from shangyou.faces.sentences import Sentence, sentence
from shangyou.flows.telling import EVERY, Pulse
from shangyou.wiring_exchange import Exchange, exchange, member_exchange

if TYPE_CHECKING:
    from shangyou.wiring import Node

LATE: Final = 4 * EVERY  # ms without an answer after which a member that answered before is late
SHAPES: Final = {"good": "●", "late": "◐", "bad": "○", "out": "✕", "unknown": "·"}  # colour never speaks alone


@dataclass(frozen=True, slots=True)
class Dot:
    """How one member is, at a glance."""

    member: Member
    name: str
    state: str  # good, late, bad, out (suspended or revoked), unknown
    mine: bool
    pulse: Pulse
    why: Sentence | None  # of what went wrong last

    @property
    def shape(self) -> str:
        """Stands beside the colour."""
        return SHAPES[self.state]


def dots(visit: Visit) -> list[Dot]:
    """As many as members; none while the node is in no federation, or nobody is signed in."""
    if visit.person is None:
        return []
    found = exchange(cast("Node", visit.node))
    return [] if found is None else [_dot(found, member, visit.t, visit.now) for member in found.trust.members()]


def _dot(found: Exchange, member: Member, t: Words, now: int) -> Dot:
    pulse, mine = found.health.get(member.id, Pulse()), member.id == found.me
    name = member.name_zh if t.language == "zh" else member.name_en or member.name_zh
    why = None
    if pulse.code and not mine:
        facts: dict[str, object] = {"member": name, "address": member.address, "reason": pulse.reason, "detail": ""}
        shown = f"check.{pulse.reason}" if pulse.code == "peer.unreachable" and pulse.reason else pulse.code
        why = sentence(shown, facts, t.language)
    return Dot(member, name, _state(member, pulse, mine, now), mine, pulse, why)


def _state(member: Member, pulse: Pulse, mine: bool, now: int) -> str:
    if member.standing is not Standing.ACTIVE:
        return "out"
    if mine:
        return "good"
    if not pulse.tried:
        return "unknown"
    if pulse.code:
        return "late" if pulse.answered and now - pulse.answered < LATE else "bad"
    return "good"


def page(visit: Visit) -> Response:
    """Members, list, own key; with ?check=1 what is wrong with each connection."""
    found = exchange(cast("Node", visit.node))
    if found is None:
        return visit.page("federation_none.html")
    trusted, left = found.trust.trusted, found.countdown()
    me = trusted.member(found.me)
    keys = [key for key in me.keys if counts(key, visit.now)]
    members = [_dot(found, member, visit.t, visit.now) for member in trusted.members]
    ill = [dot for dot in members if dot.state not in ("good", "unknown")]
    return visit.page(
        "federation.html",
        trusted=trusted,
        left=left,
        phase_chip={Phase.FRESH: "good", Phase.WARN: "warn"}.get(left.phase, "bad"),
        me=me,
        keys=keys,
        coming=[key for key in me.keys if key.start > visit.now],
        members=members,
        ill=ill,
        drafts=found.trust.drafts.names(),
        requests=found.trust.requests.names(),
        checked=_checked(visit) if visit.query("check") else None,
    )


def _checked(visit: Visit) -> Sequence[dict[str, object]]:
    """As the command `federation check`; it asks all others, so only those who may change trust may have it done."""
    from shangyou.faces.api.desk import Desk
    from shangyou.faces.api.federation import check
    from shangyou.faces.api.federation_deeds import KEEPERS

    if visit.person is None or visit.person.role not in KEEPERS | {"engineer", "duty", "manager"}:
        role = visit.person.role if visit.person else ""
        raise RefusedError("portal.role", role=visit.t.known(f"role.{role}", role))
    node = cast("Node", visit.node)
    member_exchange(node)
    rows: list[dict[str, object]] = check(Desk(node, language=visit.t.language)).table().to_pylist()
    return rows
