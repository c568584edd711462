"""What a node owes the other level by standing agreements: a province its data to the ministry, the ministry to each
province what concerns it (回流).

A node gives what it holds itself. What came from another member goes to nobody from here: its owner answers for it, and
is followed directly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shangyou.core.registry import PROVINCES, Section
from shangyou.exchange.dataset import Dataset, DatasetQuery, Offer
from shangyou.exchange.member import Level, Member, Standing
from shangyou.exchange.policy.judge import Verdict, judge
from shangyou.exchange.policy.write import TEMPLATES, Terms, written
from shangyou.flows.ground import province_of

UPWARD = "to-national"  # name of the dataset of a province
BACK = "return"  # begins the names of those of the ministry


def owed(
    me: Member, members: Sequence[Member], sections: Sequence[Section], own: Sequence[Dataset], at: int, simulated: bool
) -> Iterator[Dataset]:
    """Datasets that are to be published, or published anew, so that each member of the other level has its due.

    sections: of the registry. own: what is published already; whoever may have one of those needs no other. At a
    province that is one dataset for the ministry, at the ministry one for each province, of the sections in it and on
    the rivers that it has a section on.
    """
    for member in members:
        if member.id == me.id or member.level is me.level or member.standing is not Standing.ACTIVE:
            continue
        name = UPWARD if member.level is Level.NATIONAL else f"{BACK}-{member.id}"
        known = next((each for each in own if each.id == f"{me.id}/{name}"), None)
        if member.level is Level.NATIONAL:
            if known is None and not any(_may(each, member, at) for each in own):
                yield _dataset(me, name, ("报送国家的监测数据", "Observations for the national level"), (), simulated)
                return  # one for all of that level
            continue
        chosen = concerning(member.adm_code, sections)
        if chosen and (known is None or known.query.sections != chosen):
            titles = (f"回流：{member.name_zh}", f"Returned to {member.name_en}")
            yield _dataset(me, name, titles, chosen, simulated, member.id)


def concerning(adm_code: str, sections: Sequence[Section]) -> tuple[str, ...]:
    """Ids of the sections in a province, and of those on its rivers, upstream and downstream."""
    head = adm_code[:2] if adm_code[:2] in PROVINCES.values() else ""
    inside = [each for each in sections if head and province_of(each) == head]
    rivers = {each.river for each in inside if each.river}
    ids = {each.id for each in inside} | {each.id for each in sections if each.river in rivers}
    return tuple(sorted(ids))


def _may(dataset: Dataset, member: Member, at: int) -> bool:
    """May this member have it as it is offered?"""
    offers = [{**offer.policy, "@id": offer.id, "@type": "Offer"} for offer in dataset.offers]
    return any(judge(each, each, dataset, member, at).verdict is Verdict.WITHIN for each in offers)


def _dataset(
    me: Member, name: str, titles: tuple[str, str], sections: tuple[str, ...], simulated: bool, recipient: str = ""
) -> Dataset:
    id = f"{me.id}/{name}"
    terms = Terms(recipients=(recipient,)) if recipient else TEMPLATES["national"]
    policy = {key: value for key, value in written(terms, "offer").items() if not key.startswith("@")}
    offer = Offer(f"{id}#1", policy)
    return Dataset(id, me.id, *titles, DatasetQuery(sections), (offer,), simulated=simulated)
