"""Standing subscriptions: set up with the other level or with chosen members, and how far each dataset has come."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Final

import pyarrow as pa

from shangyou.core.errors import NotFoundError, ShangyouError
from shangyou.exchange.member import Level, Member
from shangyou.exchange.standing import STATES, Stand, Wish, counterpart, sources
from shangyou.faces import ended
from shangyou.faces.api.catalogue import measured, signed
from shangyou.faces.api.contracts import DESK
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.kinds import TEXT, TIME, WHOLE, Texts, made
from shangyou.faces.api.tables import Deed, Done, Question
from shangyou.faces.rows import Rows
from shangyou.faces.sentences import sentence
from shangyou.flows import publish
from shangyou.flows.crawl import crawl
from shangyou.flows.giving import owed
from shangyou.flows.passage import asked
from shangyou.wiring_exchange import Exchange, member_exchange

if TYPE_CHECKING:
    from shangyou.faces.standing import Keeper

READERS: Final = 8  # catalogues that are read at once
YES: Final = pa.bool_()
STANDS: Final = pa.schema(
    [
        *((name, TEXT) for name in ("owner", "dataset", "state", "waits")),
        *((name, YES) for name in ("person", "by_itself")),
        *((name, TEXT) for name in ("code", "why")),
        ("since", TIME),
        ("rows", WHOLE),
        *((name, TIME) for name in ("last", "seen")),
        *((name, TEXT) for name in ("negotiation", "agreement", "feed")),
    ]
)
WISHES: Final = pa.schema(
    [
        *((name, TEXT) for name in ("source", "datasets", "purpose")),
        ("backfill", YES),
        ("by", TEXT),
        ("since", TIME),
    ]
)


def stands(desk: Desk) -> Rows:
    """Each dataset of the standing subscriptions: how far it is, and whom it waits for."""
    found = _keeper(desk)
    return made(STANDS, [_row(desk, found.joined, each) for each in found.look()])


def wishes(desk: Desk) -> Rows:
    """Whose data are to be here."""
    found = _keeper(desk).wishes.wishes()
    names = [(each, ", ".join(each.datasets)) for each in found]
    return made(WISHES, [{n: getattr(w, n) for n in WISHES.names} | {"datasets": text} for w, text in names])


def _row(desk: Desk, joined: Exchange, stand: Stand) -> dict[str, object]:
    kind = f"standing.{stand.state}" + (".person" if stand.state == "asked" and stand.person else "")
    facts = {"member": stand.waits, "peer": stand.owner, "owner": stand.owner, "dataset": stand.dataset}
    facts |= {"id": stand.negotiation or stand.feed, "agreement": stand.agreement}
    texts = [sentence(kind, facts, desk.language).text]
    pulse = joined.health.get(stand.owner)
    code = stand.code or (pulse.code if pulse is not None else "")
    if code:
        texts.append(ended.why(code, facts, stand.reasons, desk.language).text)
    texts += [each for each in stand.reasons if isinstance(each, str) and each]
    row = {name: getattr(stand, name) for name in STANDS.names if hasattr(stand, name)}
    seen = pulse.answered if pulse is not None and pulse.answered else None
    return row | {"by_itself": STATES[stand.state], "code": code, "why": " ".join(texts), "seen": seen}


def stand(
    desk: Desk,
    source: Annotated[Texts, "members, or a level: provincial, national; none: the other level"] = (),
    dataset: Annotated[Texts, "names of datasets; none: all that this node may have"] = (),
    purpose: Annotated[str, "what for, as agreements name it"] = "assessment",
    backfill: Annotated[bool, "also what was there before, after what is fresh"] = True,
    give: Annotated[bool, "also publish what the other level is to have of this node"] = True,
    again: Annotated[bool, "ask anew for what was refused, revoked or stopped"] = False,
) -> Done:
    """Set standing subscriptions up, or change them; the node asks, follows and catches up by itself from then on."""
    found = _keeper(desk)
    joined = found.joined
    asked({"purpose": purpose})
    chosen = list(source) or [counterpart(joined.members.member(joined.me).level)]
    levels = {each.value for each in Level}
    for name in chosen:
        if name not in levels:
            joined.members.member(name)
    given = _give(desk, joined) if give else []
    for name in chosen:
        found.wishes.put(Wish(name, tuple(dataset), purpose, backfill, desk.by, desk.now()))
    _read(joined, [m for w in found.wishes.wishes() for m in sources(w, joined.members.members(), joined.me)])
    now = found.tend(again)
    counts = {state: sum(each.state == state for each in now) for state in STATES}
    return {"sources": chosen, "given": given, "datasets": sum(bool(each.dataset) for each in now)} | counts


def _give(desk: Desk, joined: Exchange) -> list[str]:
    """Publish what the other level has not been offered yet; ids."""
    me, node = joined.members.member(joined.me), desk.node
    own, sections = joined.catalogue.datasets(), node.registry.sections()
    found = list(owed(me, joined.members.members(), sections, own, desk.now(), desk.simulated))
    for each in found:
        publish.publish(each, joined.catalogue, node.registry, joined.tell, joined.me, desk.now(), signed(desk))
        measured(desk, each.id)
    return [each.id for each in found]


def _read(joined: Exchange, members: list[Member]) -> None:
    """Read their catalogues now; whoever is away is read by the loop when it is back."""
    ids = {member.id for member in members}
    if ids:
        with ThreadPoolExecutor(READERS, "crawl") as pool:
            list(pool.map(lambda each: crawl(each, joined.peers, joined.catalogue, joined.now), sorted(ids)))


def unstand(
    desk: Desk,
    source: Annotated[str, "member or level"],
    stop: Annotated[bool, "also end the feeds that run"] = False,
) -> Done:
    """Take a standing subscription back. Agreements stay; feeds go on unless they are to be ended."""
    from shangyou.flows import transfer

    found = _keeper(desk)
    before = found.look() if stop else []
    if not found.wishes.drop(source):
        raise NotFoundError("standing.wish", source=source[:80])
    left = {each.feed for each in found.look()}
    ended = 0
    for each in before:
        if each.feed and each.feed not in left and each.state not in ("stopped", "over"):
            try:
                transfer.stop(found.holding.control, each.feed, "contract.stopped", [], desk.by)
                ended += 1
            except ShangyouError:  # it was over already
                continue
    return {"source": source, "ended": ended}


def _keeper(desk: Desk) -> Keeper:
    from shangyou.faces.standing import keeper

    return keeper(member_exchange(desk.node))


QUESTIONS: Final = (
    Question("feeds/standing", stands, "contracts"),
    Question("feeds/wishes", wishes, "contracts"),
)
DEEDS: Final = (
    Deed("feeds/stand", stand, "contracts", DESK),
    Deed("feeds/unstand", unstand, "contracts", DESK),
)
