"""Ask a neighbour about what a tracing found: a request with its evidence, never an accusation.

    dossiers.add(warning, "warning.request", request(found, network, "sichuan", "ammonia_nitrogen"))

What is asked goes into the dossier of a warning, signed, and both ends keep it. Texts are Chinese first, then English,
since members read both.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from shangyou.basin.network.network import Network
from shangyou.basin.tracing.result import Ranked, TraceResult, Verdict
from shangyou.core.clock import LEGAL

LEAST: Final = 0.01  # probability of a place that is named to its owner
ZH: Final = (
    "我方在{stations}观测到{parameter}的异常过程。按现有数据和流量推算，来水方向上可能相关的位置有：{places}。{doubt}"
    "这是带不确定性的推算，不是认定，也不指向任何单位的责任。"
    "请协助核实上述时段的情况，并在合约范围内提供附近断面的数据；如有其他解释，请告知。"
)
EN: Final = (
    "We saw an unusual course of {parameter} at {stations}. From the data and flows at hand, places upstream that may "
    "have to do with it are: {places}. {doubt}This is an estimate with its uncertainty, not a finding, and holds "
    "nobody responsible. Please help us look into these hours, and share data of sections nearby under our agreement; "
    "if there is another explanation, please tell us."
)
DOUBT: Final = {
    Verdict.UNEXPLAINED: (
        "目前的候选位置都不能很好地解释观测，",
        "None of the places considered explains the data well. ",
    ),
    Verdict.OPEN: ("目前几处位置尚不能区分，", "Several places cannot be told apart yet. "),
}
NONE: Final = ("贵方水域内尚无可指明的位置", "none in your waters that could be named yet")


def owners(found: TraceResult, network: Network) -> dict[str, float]:
    """Members in whose waters the source may lie, with the probability; the most probable first."""
    chance: dict[str, float] = {}
    for each in found.ranked:
        for owner in owner_of(network, each.candidate.id).split():
            chance[owner] = chance.get(owner, 0.0) + each.probability
    return dict(sorted(chance.items(), key=lambda item: -item[1]))


def owner_of(network: Network, place: str) -> str:
    """Who is in charge of a place; "" where nobody is known."""
    return network.places[network.index(place)].owner if network.has(place) else ""


def request(found: TraceResult, network: Network, to: str, parameter: str) -> dict[str, object]:
    """Body of a "warning.request" to one member: what was seen, which of its places may matter, what is asked.

    Places of others are not named to it.
    """
    own = [
        each
        for each in found.ranked
        if each.probability >= LEAST and to in owner_of(network, each.candidate.id).split()
    ]
    pulses = found.problem.pulses
    stations = [pulse.station for pulse in pulses]
    doubt = DOUBT.get(found.verdict, ("", ""))
    zh = ZH.format(stations="、".join(stations), parameter=parameter, places=_places(own, 0), doubt=doubt[0])
    en = EN.format(stations=", ".join(stations), parameter=parameter, places=_places(own, 1), doubt=doubt[1])
    return {
        "text": f"{zh}\n\n{en}",
        "to": [to],
        "evidence": [
            f"{p.station}: {len(p.time)} × {parameter}, {_hour(p.time[0])} – {_hour(p.time[-1])}" for p in pulses
        ],
        "tracing": {
            "verdict": found.verdict.value,
            "candidates": [
                {
                    "place": each.candidate.id,
                    "probability": round(each.probability, 3),
                    "begin": [round(each.begin.low), round(each.begin.high)],
                    "amount_kg": [round(each.amount.low / 1000, 3), round(each.amount.high / 1000, 3)],
                }
                for each in own
            ],
        },
    }


def _places(own: Sequence[Ranked], language: int) -> str:
    said = (
        "{name}（概率约 {chance:.0%}，起始时间 {low} 至 {high}）",
        "{name} (about {chance:.0%}, beginning {low} to {high})",
    )[language]
    each = [
        said.format(
            name=(r.candidate.name_zh, r.candidate.name_en)[language] or r.candidate.id,
            chance=r.probability,
            low=_hour(r.begin.low),
            high=_hour(r.begin.high),
        )
        for r in own
    ]
    return ("；", "; ")[language].join(each) or NONE[language]


def _hour(ms: float) -> str:
    return datetime.fromtimestamp(round(float(ms)) / 1000, LEGAL).strftime("%m-%d %H:%M")
