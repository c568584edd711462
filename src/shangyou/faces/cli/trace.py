"""`shangyou basin trace`: where a pulse that stations saw may have come from."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from shangyou.core.clock import LEGAL
from shangyou.core.errors import InputError, NotFoundError
from shangyou.faces.cli.call import Call, command, t

if TYPE_CHECKING:
    from shangyou.basin.network.network import Network
    from shangyou.basin.tracing.observed import Observed

Many = list[str] | None
WHATS: Final = ("ranked", "next", "predicted")
RANKED: Final = (
    "rank",
    "place",
    "name_zh",
    "name_en",
    "probability",
    "begin_low",
    "begin_high",
    "hours_low",
    "hours_high",
    "amount_kg_low",
    "amount_kg_high",
)
SAID: Final = {  # by verdict
    "found": "basin.trace.found",
    "likely": "basin.trace.likely",
    "open": "basin.trace.open",
    "elsewhere": "basin.trace.elsewhere",
    "stretch": "basin.trace.stretch",
    "unexplained": "basin.trace.unexplained",
    "quiet": "basin.trace.quiet",
}
LARGEST: Final = 4 << 20  # bytes of a file


def register(app: typer.Typer) -> None:
    """Add the command to the group of the basin."""
    command(app, "trace", "basin.trace", rows=True)(run)


def run(
    call: Call,
    observed: Annotated[Path, typer.Option("--observed", metavar="FILE", help=t("basin.trace.observed"))],
    network: Annotated[Path | None, typer.Option("--network", metavar="FILE", help=t("basin.trace.network"))] = None,
    candidates: Annotated[
        Path | None, typer.Option("--candidates", metavar="FILE", help=t("basin.trace.candidates"))
    ] = None,
    free: Annotated[float, typer.Option(metavar="KM", min=0, max=100, help=t("basin.trace.free"))] = 0.0,
    what: Annotated[str, typer.Option(metavar="|".join(WHATS), help=t("basin.trace.what"))] = "ranked",
    begin: Annotated[str, typer.Option(metavar="TIME", help=t("basin.trace.begin"))] = "",
    end: Annotated[str, typer.Option(metavar="TIME", help=t("basin.trace.end"))] = "",
    longest: Annotated[float, typer.Option(metavar="HOURS", help=t("basin.trace.longest"))] = 24.0,
    velocity: Annotated[float, typer.Option(metavar="%", help=t("basin.trace.velocity"))] = 5.0,
    mean: Annotated[float, typer.Option(metavar="MINUTES", min=0, max=1440, help=t("basin.trace.mean"))] = 0.0,
    flow: Annotated[Many, typer.Option(metavar="PLACE=M3/S", help=t("basin.flow"))] = None,
    seed: Annotated[int, typer.Option(min=0, help=t("basin.trace.seed"))] = 0,
) -> None:
    """Rank the places that a pulse may have come from."""
    from shangyou.basin.tracing.result import Verdict
    from shangyou.basin.tracing.trace import trace
    from shangyou.faces import traced
    from shangyou.flows.trace import Asked, further, lay_out

    if what not in WHATS:
        raise InputError("trace.what", what=what, known=", ".join(WHATS))
    seen, river = _observed(observed), _network(network)
    chosen, weights = _candidates(candidates)
    asked = Asked(
        candidates=chosen,
        weights=weights,
        free=free * 1000,
        start_from=_moment(begin),
        start_to=_moment(end),
        longest=longest * 3600,
        velocity_sd=velocity / 100,
        gauged=dict(map(_gauged, flow or [])),
    )
    problem = lay_out(river, seen, asked, [60 * mean] * len(seen))
    found = trace(problem, seed)
    if what == "next":
        call.show(traced.further(further(problem, found, river, int(max(s.time[-1] for s in seen)), seed=seed)))
    elif what == "predicted":
        call.show(traced.predicted(found))
    else:
        call.show(traced.ranked(found), RANKED)
    first = found.ranked[0].candidate
    share = found.elsewhere if found.verdict is Verdict.ELSEWHERE else found.ranked[0].probability
    call.say(SAID[found.verdict.value], place=first.id, share=f"{share:.0%}")
    if found.alike:
        call.say("basin.trace.alike", places=", ".join(found.alike[:8]))
    if found.unseen:
        call.say("basin.trace.unseen", places=", ".join(found.unseen[:8]), count=len(found.unseen))


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise NotFoundError("trace.no_file", path=str(path)) from error


def _observed(path: Path) -> list[Observed]:
    from shangyou.basin.tracing.observed import read_observed

    found, faults = read_observed(_bytes(path), LEGAL)
    if faults:
        first = faults[0]
        about = {"count": len(faults), "line": first.line or 0, "first": first.code, "text": first.text[:80]}
        raise InputError("trace.file", **about, faults=tuple(faults))
    return found


def _network(path: Path | None) -> Network:
    """The network of a file, or the one that ships."""
    if path is not None:
        from shangyou.adapters.network_files import load

        return load(path)
    from shangyou.basin.network.facts import upper_yangtze

    return upper_yangtze()


def _candidates(path: Path | None) -> tuple[tuple[str, ...], dict[str, float]]:
    """Lines of a place and, after a comma, its weight; a first line of names is passed over."""
    if path is None:
        return (), {}
    places: list[str] = []
    weights: dict[str, float] = {}
    for number, line in enumerate(_bytes(path).decode("utf-8-sig", "replace").splitlines(), 1):
        place, _, weight = (each.strip() for each in line.partition(","))
        if not place or place.startswith("#") or (number == 1 and place in ("place", "candidate", "位置", "候选位置")):
            continue
        try:
            weights[place] = float(weight) if weight else 1.0
        except ValueError:
            raise InputError("trace.candidates_file", line=number, text=line[:80]) from None
        places.append(place)
    if not places:
        raise InputError("trace.candidates_file", line=1, text="")
    return tuple(places), weights


def _moment(text: str) -> int | None:
    if not text:
        return None
    try:
        then = datetime.fromisoformat(text)
    except ValueError:
        raise InputError("trace.file_time", text=text[:40]) from None
    return round((then if then.tzinfo else then.replace(tzinfo=LEGAL)).timestamp() * 1000)


def _gauged(text: str) -> tuple[str, float]:
    place, _, flow = text.rpartition("=")
    try:
        return place, float(flow)
    except ValueError:
        raise InputError("network.gauged", id=text[:80], value=flow[:20]) from None
