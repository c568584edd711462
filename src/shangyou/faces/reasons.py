"""Why an agreement permits or refuses a request now, and how much of its quotas is used: as this end counts it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from shangyou.adapters.state.contracts import SqlContracts
from shangyou.adapters.state.meters import SqlMeters
from shangyou.core.errors import InputError, NotFoundError
from shangyou.core.vocabulary import parameters
from shangyou.exchange.agreement import Agreement
from shangyou.exchange.dataset import Dataset, DatasetQuery, Sharing
from shangyou.exchange.policy.decision import Decision, refusal
from shangyou.exchange.policy.explain import Line
from shangyou.exchange.policy.explain import why as explained
from shangyou.exchange.policy.policy import Atom, atoms
from shangyou.exchange.policy.read import read
from shangyou.exchange.policy.terms import CADENCES, METERS, PURPOSES, RESOLUTIONS, STATISTICS, Who
from shangyou.exchange.policy.windows import window
from shangyou.exchange.scope import Scope
from shangyou.flows.decide import Known, decide_for, known
from shangyou.standards.facts import sections
from shangyou.wiring import rivers
from shangyou.wiring_exchange import Exchange

LEGAL: Final = 8 * 3_600_000  # of the legal day from UTC [ms]
ACTIONS: Final = ("read", "aggregate")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that somebody thinks of. Empty: not said, or all."""

    purpose: str = ""
    action: str = "read"
    resolution: str = ""
    sections: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for given, among in (
            (self.purpose, ("", *PURPOSES)),
            (self.action, ACTIONS),
            (self.resolution, ("", *RESOLUTIONS)),
        ):
            if given not in among:
                raise InputError("policy.given", given=given[:80])


def agreement_of(joined: Exchange, id: str) -> Agreement:
    """By its id, or by the only beginning of one, with or without urn:uuid:. NotFoundError "exchange.agreement"."""
    store = SqlContracts(joined.node.database)
    try:
        return store.agreement(id)
    except NotFoundError:
        found = [a for a in store.agreements() if id and a.id.removeprefix("urn:uuid:").startswith(id)]
        if len(found) != 1:
            raise
        return found[0]


def decided(joined: Exchange, agreement: Agreement, asked: Asked, at: int) -> Decision:
    """What comes of a request under an agreement at a time [ms since 1970 UTC].

    At the provider it is the very decision that lets data out. The consumer decides by what it knows: its copy of the
    agreement, the catalogue and its own meter.
    """
    mine = agreement.provider == joined.me
    dataset = _dataset(joined, agreement, mine)
    if dataset is None:
        return refusal("policy.withdrawn", agreement.dataset, "", Who.STEWARD, "agreement")
    meters, role = SqlMeters(joined.node.database), "provider" if mine else "consumer"
    return decide_for(
        *(agreement, dataset, joined.members.member(agreement.consumer), _known(joined, mine)),
        *(partial(meters.count, agreement.id, role), at),
        purpose=asked.purpose,
        action=asked.action,
        resolution=asked.resolution or None,
        wanted=Scope(
            sections=frozenset(asked.sections) if asked.sections else None,
            parameters=frozenset(asked.parameters) if asked.parameters else None,
        ),
        offset=LEGAL,
    )


def why(joined: Exchange, agreement: Agreement, asked: Asked, at: int) -> list[Line]:
    """The same, line by line."""
    return explained(decided(joined, agreement, asked, at))


def _dataset(joined: Exchange, agreement: Agreement, mine: bool) -> Dataset | None:
    """As its owner publishes it. At the consumer also one that is in no catalogue any more: its terms still count."""
    try:
        return (
            joined.catalogue.dataset(agreement.dataset) if mine else joined.catalogue.entry(agreement.dataset).dataset
        )
    except NotFoundError:
        nothing_more = DatasetQuery()
        bare = Dataset(agreement.dataset, agreement.provider, "", "", nothing_more, (), sharing=Sharing.CONDITIONAL)
        return None if mine else bare


def _known(joined: Exchange, mine: bool) -> Known:
    """At the provider what its store knows; the consumer takes the sections and names that everybody knows."""
    here, node = joined.node.registry.sections(), joined.node
    waters = rivers(node).waters()
    if mine:
        return known(here, node.store.series(), waters)
    places = {section.id: section for section in (*sections(), *here)}
    whole = known(list(places.values()), (), waters)
    return Known(whole.places, frozenset(parameters()), frozenset(CADENCES), frozenset(STATISTICS))


@dataclass(frozen=True, slots=True)
class Quota:
    """How far a meter of an agreement has gone in its window."""

    meter: str  # one of policy.terms.METERS
    used: int
    most: int
    until: int | None  # end of the window [ms since 1970 UTC]; None: it never ends

    @property
    def share(self) -> float:
        """0 to 1."""
        return min(1.0, self.used / self.most) if self.most else 1.0


def quotas(joined: Exchange, agreement: Agreement, at: int) -> list[Quota]:
    """Every meter that the permissions name, in the order of the profile; of several permissions the widest counts."""
    widest: dict[str, int] = {}
    for rule in read(agreement.policy).permissions:
        least: dict[str, int] = {}
        for atom in atoms(rule.condition):
            if isinstance(atom, Atom) and atom.operand in METERS and isinstance(atom.value, int):
                most = atom.value - (atom.operator == "lt")
                least[atom.operand] = min(most, least.get(atom.operand, most))
        widest |= {meter: max(most, widest.get(meter, most)) for meter, most in least.items()}
    role = "provider" if agreement.provider == joined.me else "consumer"
    meters, found = SqlMeters(joined.node.database), []
    for meter in METERS:
        if meter in widest:
            start, stop = window(meter, at, LEGAL)
            rows, bytes, requests = meters.count(agreement.id, role, start, stop)
            used = requests if meter == "rate" else rows if meter.startswith("rows") else bytes
            found.append(Quota(meter, used, widest[meter], stop))
    return found
