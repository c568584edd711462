"""Warnings at a node: what it knows of the river, whom it tells, and what it does by itself."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from shangyou.adapters.channels import Channels
from shangyou.adapters.channels.email import Smtp
from shangyou.adapters.state.notices import SqlNotices
from shangyou.core.errors import ShangyouError
from shangyou.exchange.member import Level, Standing
from shangyou.faces import beside
from shangyou.faces.together import of
from shangyou.faces.tracings import learned_of
from shangyou.faces.wording import words
from shangyou.flows import notify, warn
from shangyou.flows.arrivals import affected, by_transport, by_travel, flows
from shangyou.flows.gauged import flows_in
from shangyou.flows.notify import Recipient, recipients
from shangyou.flows.saying import Together
from shangyou.flows.warn import Seen
from shangyou.governance.warning.notice import Posted
from shangyou.governance.warning.values import Contact, Content, Traced
from shangyou.wiring import rivers
from shangyou.wiring_exchange import Exchange, member_exchange

if TYPE_CHECKING:
    from shangyou.wiring import Node

log = logging.getLogger("shangyou.warnings")

MADE: Final = "warnings"
COMPUTING: Final = beside.KEY  # in Node.made: the process beside, for whoever computes
HELD: Final = 5_000  # dossiers among which those are that wait for something, the last changed first
LOOKED: Final = 500  # of these looked at in a turn; what is over is not looked at again, and makes room for the next
STALE_MS: Final = 6 * 3_600_000  # a flow that was gauged longer ago says nothing of now
PASSING_MS: Final = 72 * 3_600_000  # after its beginning, in which the flow matters to a release that lies back


@dataclass(eq=False, slots=True)
class Watch:
    """A node's warnings with those who are told of them."""

    joined: Exchange
    together: Together
    notices: SqlNotices
    channels: Channels
    recipients: tuple[Recipient, ...]
    done: set[str] = field(default_factory=set)  # messages for which arrivals were computed
    settled: dict[str, int] = field(default_factory=dict)  # dossiers with nothing to wait for, at so many entries
    troubles: dict[str, str] = field(default_factory=dict)  # by dossier: what the last turn met
    refining: Executor | None = None  # computes better arrivals beside; None = times of travel are all there is

    @property
    def ministry(self) -> str:
        """The basin centre's member id; "" where there is none, or it is suspended."""
        listed = self.joined.members.members()
        found = (each for each in listed if each.level is Level.NATIONAL and each.standing is Standing.ACTIVE)
        return next((each.id for each in found), "")

    def turn(self) -> None:
        """What is due now; one warning that goes wrong does not hold up the others."""
        looked: list[Seen] = []
        held = self.together.dossiers.headings(warn.SUBJECT, HELD)
        waiting = [each for each in held if self.settled.get(each.id) != each.entries]
        for heading in waiting[:LOOKED]:
            try:
                seen = warn.look(self.together, heading.id)
                looked.append(seen)
                self._attend(seen)
            except ShangyouError as error:
                if self.troubles.get(heading.id) != error.code:
                    log.warning("%s: %s", heading.id, error)
                self.troubles[heading.id] = error.code
                if not error.retryable:
                    self.settled[heading.id] = heading.entries
            else:
                self.troubles.pop(heading.id, None)
                if seen.situation.state == "cleared" and not seen.open():
                    self.settled[heading.id] = heading.entries
        try:
            warn.refer(self.together, looked)
        except ShangyouError as error:
            log.warning("%s", error)
        notify.deliver(self.notices, self.channels.channel, self.joined.now)

    def close(self) -> None:
        """End; what waits is not begun any more."""
        if self.refining is not None:
            self.refining.shutdown(wait=True, cancel_futures=True)

    def _attend(self, seen: Seen) -> None:
        self.notices.post(self._due(seen))
        notify.settle(self.notices, seen, self.joined.me)
        warn.attend(self.together, seen, self.compute, self.ministry, self.done)
        wanted = f"{warn.latest_change(seen)} refined" if warn.coarse(seen, self.joined.me) else ""
        if self.refining is not None and wanted and wanted not in self.done:
            self.done.add(wanted)
            with suppress(RuntimeError):  # the node ends: its next start finds the table as coarse as it is
                self.refining.submit(self._refined, seen.id)

    def _refined(self, id: str) -> None:
        try:
            told = warn.traced_by(warn.look(self.together, id), self.joined.me)
            warn.refine(self.together, id, partial(self.transport, told=told))
        except ShangyouError as error:  # the network does not say enough, or the process beside has ended
            log.info("%s: %s", id, error)
        except Exception:
            log.exception("%s: a fault of the programme", id)

    def _due(self, seen: Seen) -> list[Posted]:
        settings = self.joined.node.settings
        link = ""
        if settings.portal_address:
            link = f"{settings.portal_address.rstrip('/')}/warnings/{seen.id.removeprefix('urn:uuid:')}"
        say = words(self.joined.me, settings.language)
        return notify.due(seen, self.joined.me, self.recipients, say, link)

    # ---- what the node knows of the river -------------------------------------------------------------------------

    def gauged(self, began: int | None = None) -> list[tuple[str, float]]:
        """What the river carries where it is gauged [m3/s]: since a release that began then; None = now.

        Of an event that lies back a while, the flows of its own days count, not those of today.
        """
        node, now = self.joined.node, self.joined.now()
        since = now if began is None else min(began, now)
        network = rivers(node).network()
        found = flows_in(node.store, network, since - STALE_MS, min(now, since + PASSING_MS) + 1)
        return [(place, mean) for place, (mean, _) in found.items()]

    def compute(self, content: Content, now: int) -> Mapping[str, object]:
        """An arrival table by this node's network and flows; {} where the place is not on it."""
        body = by_travel(rivers(self.joined.node).network(), content, self.gauged(_began(content)), now)
        traced = learned_of(self.joined.node, content.place, _began(content))
        return {**body, "traced": traced.said()} if body and traced is not None else body

    def transport(self, content: Content, now: int, told: tuple[str, Traced] | None = None) -> Mapping[str, object]:
        """The same by the transport, some seconds later; raises as `by_transport`, which says what is told."""
        node = self.joined.node
        network, gauged = rivers(node).network(), self.gauged(_began(content))
        traced = learned_of(node, content.place, _began(content))
        return by_transport(network, content, gauged, now, beside.computing(node), traced, told)

    def downstream(self, place: str) -> dict[str, float]:
        """Members of the federation whose waters it reaches, with the hours. NotFoundError "network.place"."""
        network = rivers(self.joined.node).network()
        flow, _ = flows(network, self.gauged())
        known = {each.id for each in self.joined.members.members()} - {self.joined.me}
        return {member: hours for member, hours in affected(network, place, flow).items() if member in known}

    @property
    def contact(self) -> dict[str, str]:
        """Whom the others call here; {} where the settings name nobody."""
        settings = self.joined.node.settings
        if not settings.duty_phone:
            return {}
        return {"office": settings.duty_office or settings.name_zh, "phone": settings.duty_phone}

    def line(self, seen: Seen, member: str) -> Contact | None:
        """Whom to call at a member: what it said last, else what the settings here say."""
        told = seen.situation.contacts.get(member)
        if told is not None:
            return told
        for each in self.joined.node.settings.duty_phones:
            name, _, phone = each.partition("=")
            if name.strip() == member and phone.strip():
                return Contact("", phone.strip())
        return None


def _began(content: Content) -> int:
    return content.began if content.began is not None else content.noticed


def watch(node: Node) -> Watch:
    """The node's warnings. NotFoundError "federation.none" while it is in no federation."""
    return watching(member_exchange(node))


def watching(joined: Exchange) -> Watch:
    """The same of a node that is known to be a member; made once. InputError "channel.address" for its settings."""
    return joined.node.made.once(MADE, lambda: _made(joined), Watch.close)


def _made(joined: Exchange) -> Watch:
    settings = joined.node.settings
    smtp = Smtp(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_security,
        settings.smtp_from,
        settings.smtp_user,
        settings.smtp_password,
    )
    channels = Channels(settings.home, smtp, settings.webhook_secret)
    notices = SqlNotices(joined.node.database)
    pool = ThreadPoolExecutor(1, "arrivals")
    return Watch(joined, of(joined), notices, channels, recipients(settings.notify), refining=pool)


def turn(joined: Exchange) -> None:
    """What a node does by itself for its warnings."""
    watching(joined).turn()
