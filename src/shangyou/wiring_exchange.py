"""Where a node becomes a member: what it needs among others, joined once, when it is first asked for."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from shangyou.adapters.peers import Line, SignedPeers
from shangyou.adapters.state import SqlCatalogue
from shangyou.adapters.trust import TrustFolder, founded
from shangyou.adapters.used_tokens import UsedTokens
from shangyou.core.clock import to_ms
from shangyou.core.errors import NotFoundError, RefusedError
from shangyou.exchange.member import Member, Standing
from shangyou.exchange.ports import Answer, Members, Peers, Signer
from shangyou.exchange.token import Seen
from shangyou.exchange.trust.acceptance import Accepted, Countdown, Phase, countdown
from shangyou.flows.crawl import crawl, due, leave
from shangyou.flows.federation import Outcome
from shangyou.flows.joining import Ask
from shangyou.flows.ledger import record
from shangyou.flows.telling import Pulse, Tell, feel, hand_on
from shangyou.wiring import Node

MADE = "exchange"
FORK = "trust.fork"  # two signed lists of one version: the one thing that no protocol can mend


@dataclass(frozen=True, slots=True, eq=False)
class Exchange:
    """A node among others."""

    node: Node
    trust: TrustFolder
    peers: Peers
    seen: Seen = field(default_factory=Seen)
    health: dict[str, Pulse] = field(default_factory=dict)  # of each other member, as the last pulse found it
    hearers: list[Tell] = field(default_factory=list)  # who writes acts down: kind and facts

    @property
    def members(self) -> Members:
        """The trust list in force."""
        return self.trust

    @property
    def me(self) -> str:
        """This node's member id."""
        return self.trust.me

    @property
    def signer(self) -> Signer:
        """The key of this moment; take it once for one signature. NotFoundError "keys.none"."""
        return self.trust.keys.choose(self.trust.member(self.trust.me).keys, self.now())

    @property
    def catalogue(self) -> SqlCatalogue:
        """Own datasets, and what is known of those of others; made when it is first needed."""
        return self.node.made.once("catalogue", lambda: SqlCatalogue(self.node.database))

    def crawls(self, at: int) -> list[Callable[[], object]]:
        """Catalogues of others that are due to be read, one piece of work for each member."""
        leave(self.members, self.catalogue)
        return [
            partial(crawl, id, self.peers, self.catalogue, self.now) for id in due(self.members, self.catalogue, at)
        ]

    def now(self) -> int:
        """The node's time [ms since 1970 UTC]."""
        return to_ms(self.node.clock.now())

    def new_id(self) -> str:
        """A random name of 128 bits that nobody has used."""
        return secrets.token_urlsafe(16)

    def tell(self, kind: str, facts: Mapping[str, object]) -> None:
        """Write an act down."""
        for hear in self.hearers:
            hear(kind, facts)

    def hand_on(self, outcome: Outcome) -> dict[str, str]:
        """Tell every other member of a change of the list; the code of what failed, by member."""
        return hand_on(self.trust, self.peers, outcome, self.tell)

    def due(self, at: int) -> list[Callable[[], None]]:
        """Pulses that are due now, one piece of work for each member."""
        others = [member.id for member in self.trust.members() if member.id != self.me]
        return [partial(self.feel, id) for id in others if self.health.get(id, Pulse()).due(at)]

    def feel(self, id: str) -> None:
        """Ask a member how it is, and bring both lists to one version."""
        last = self.health.get(id, Pulse())
        self.health[id] = now = feel(self.trust, self.peers, id, last, self.now)
        if now.code == FORK and last.code != FORK:
            self.tell("alarm", {"code": FORK, "member": id, "list": self.trust.trusted.version})

    def countdown(self) -> Countdown:
        """What the age of the trust list allows now."""
        return countdown(self.trust.trusted, self.now())

    def need_running(self, member: Member) -> None:
        """May anything go on with this member? RefusedError "trust.stopped", "peer.standing"."""
        if self.countdown().phase is Phase.STOP:
            raise RefusedError("trust.stopped", version=self.trust.trusted.version)
        for each in (member, self.trust.member(self.me)):
            if each.standing is not Standing.ACTIVE:
                raise RefusedError("peer.standing", member=each.id, standing=str(each.standing), reason=each.reason)

    def need_new(self, member: Member) -> None:
        """May something new begin with this member? RefusedError "trust.existing_only" too."""
        self.need_running(member)
        if self.countdown().phase is Phase.EXISTING:
            raise RefusedError("trust.existing_only", version=self.trust.trusted.version)


def exchange(node: Node) -> Exchange | None:
    """The node among others, made once; None while it is in no federation."""
    found = node.made.get(MADE)
    if found is None and founded(node.settings.home):
        found = node.made.once(MADE, lambda: _joined(node))
    assert found is None or isinstance(found, Exchange)
    return found


def member_exchange(node: Node) -> Exchange:
    """The same where a node must be a member. NotFoundError "federation.none"."""
    found = exchange(node)
    if found is None:
        raise NotFoundError("federation.none")
    return found


def trust_folder(node: Node) -> TrustFolder:
    """What the node keeps of its federation; of a node that is in none, what it prepares to be in one."""
    found = exchange(node)
    return TrustFolder(node.settings.home) if found is None else found.trust


def knocking(node: Node) -> Ask:
    """How a node asks another that it has no list of; see `flows.joining.knock`."""
    line = _line(node)

    def ask(member: Member, path: str, body: bytes) -> Answer:
        try:
            return line.ask(member, "POST", path, {"content-type": "application/json"}, body, 10.0)
        finally:
            line.close()

    return ask


def _line(node: Node) -> Line:
    from shangyou.adapters.lines import HttpLine, TlsSettings

    settings = node.settings
    return HttpLine(TlsSettings(settings.tls_authorities, settings.tls_certificate, settings.tls_key))


def _joined(node: Node) -> Exchange:
    trust = TrustFolder(node.settings.home)

    def now() -> int:
        return to_ms(node.clock.now())

    def signer() -> Signer:
        return trust.keys.choose(trust.member(trust.me).keys, now())

    peers = SignedPeers(trust, _line(node), signer, now, lambda: secrets.token_urlsafe(16))
    node.made.at_end(peers.close)
    return among(node, trust, peers)


def among(node: Node, trust: TrustFolder, peers: Peers) -> Exchange:
    """A node among others over these lines; what it is told of is written into its ledger."""
    used = UsedTokens(trust.folder / "tokens")
    node.made.at_end(used.close)
    made = Exchange(node, trust, peers, Seen(used=used.kept(), keep=used.keep))

    def write_down(kind: str, facts: Mapping[str, object]) -> None:
        record(node.ledger, kind, facts, made.now())

    made.hearers.append(write_down)
    trust.on_change(lambda accepted: made.tell("member", list_facts(accepted)))
    return made


def list_facts(accepted: Accepted) -> dict[str, object]:
    """What is written down when another list comes into force."""
    trusted = accepted.trusted
    standings = {member.id: str(member.standing) for member in trusted.members}
    return {"list": trusted.version, "digest": accepted.digest, "expires": trusted.expires, "standings": standings}
