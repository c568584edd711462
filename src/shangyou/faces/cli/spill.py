"""`shangyou basin spill` and `calibrate`: what a release does downstream, and coefficients from tracer runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from shangyou.core.errors import InputError, NotFoundError
from shangyou.faces.cli.call import Call, command, t
from shangyou.faces.cli.progress import Bar

if TYPE_CHECKING:
    from shangyou.adapters.computing import ComputingBeside
    from shangyou.basin.network.network import Network
    from shangyou.basin.transport.riverfile import River
    from shangyou.flows.spill import Arrivals

Many = list[str] | None
OWN: Final = (".yaml", ".yml")  # a river in a file of its own
LARGEST: Final = 16 << 20  # bytes of it
DAY: Final = 86_400.0


def register(app: typer.Typer) -> None:
    """Add the commands to the group of the basin."""
    command(app, "spill", "basin.spill", rows=True)(spill)
    command(app, "calibrate", "basin.calibrate", rows=True)(calibrate)


def spill(
    call: Call,
    at: Annotated[str, typer.Option(metavar="PLACE", help=t("basin.spill.at"))],
    mass: Annotated[float, typer.Option(metavar="KG", help=t("basin.spill.mass"))],
    network: Annotated[Path | None, typer.Option(metavar="FILE", help=t("basin.spill.network"))] = None,
    duration: Annotated[float, typer.Option(metavar="HOURS", help=t("basin.spill.duration"))] = 0.0,
    limit: Annotated[float | None, typer.Option(metavar="MG/L", help=t("basin.spill.limit"))] = None,
    flow: Annotated[Many, typer.Option(metavar="FACTOR|PLACE=M3/S", help=t("basin.spill.flow"))] = None,
    decay: Annotated[float, typer.Option(metavar="1/DAY", help=t("basin.spill.decay"))] = 0.0,
    members: Annotated[int, typer.Option(help=t("basin.spill.members"))] = 1000,
    seed: Annotated[int, typer.Option(min=0, help=t("basin.spill.seed"))] = 1,
    horizon: Annotated[float | None, typer.Option(metavar="DAYS", help=t("basin.spill.horizon"))] = None,
) -> None:
    """Print when a release arrives downstream, how much of it, and how sure that is."""
    from shangyou.basin.transport.values import Fate
    from shangyou.faces.arriving import SHOWN, arrived
    from shangyou.flows.spill import Outlook

    factor, gauged = _flows(flow or [])
    outlook = Outlook(
        limit=limit,
        members=members,
        seed=seed,
        fate=Fate(decay=decay / DAY),
        horizon=None if horizon is None else horizon * DAY,
    )
    with _computing() as computing:
        if network is not None and network.suffix.lower() in OWN:
            found = _on_river(call, network, at, (mass, duration), outlook, factor, gauged, computing)
        else:
            found = _on_network(call, network, at, (mass, duration), outlook, factor, gauged, computing)
    call.show(arrived(found), SHOWN)
    table = found.table
    call.say("basin.spill.done", members=table.members, formulas=len(table.formulas))


def calibrate(
    call: Call, file: Annotated[Path, typer.Argument(metavar="FILE", help=t("basin.calibrate.file"))]
) -> None:
    """Find dispersion, area and storage of each reach from tracer curves."""
    from shangyou.basin.transport.calibrate import calibrate as fitted
    from shangyou.faces.arriving import calibrated

    river = _river(file)
    if river.tracer is None:
        raise InputError("riverfile.shape", where="release", got="nothing")
    with _computing() as computing, Bar(call.words("basin.calibrate.bar"), 100) as bar:
        found = computing.run(
            fitted, river.course, river.tracer, river.observed, river.groups, river.fit, tell=_Told(bar).tell
        )
    call.show(calibrated(found, river))
    call.say("basin.calibrate.done", rmse=f"{found.rmse:.4g}", steps=found.steps, curves=len(river.observed))


class _Told:
    """Shares told, as steps of a bar."""

    def __init__(self, bar: Bar) -> None:
        self._bar, self._done = bar, 0

    def tell(self, share: float) -> None:
        whole = round(share * 100)
        self._bar.advance(max(whole - self._done, 0))
        self._done = max(whole, self._done)


def _on_network(
    call: Call,
    path: Path | None,
    at: str,
    released: tuple[float, float],
    outlook: object,
    factor: float,
    gauged: dict[str, float],
    computing: ComputingBeside,
) -> Arrivals:
    from shangyou.basin.transport.values import Release
    from shangyou.flows.spill import Outlook, arrivals_on, way_down

    assert isinstance(outlook, Outlook)
    river, day = way_down(_network(path), at, gauged)
    flow = (river.flow if day is None else day) * factor
    release = Release(0.0, released[0] * 1000, duration=released[1] * 3600)
    with Bar(call.words("basin.spill.bar"), 100) as bar:
        return arrivals_on(river, release, 0, computing, outlook, flow, _Told(bar).tell)


def _on_river(
    call: Call,
    path: Path,
    at: str,
    released: tuple[float, float],
    outlook: object,
    factor: float,
    gauged: dict[str, float],
    computing: ComputingBeside,
) -> Arrivals:
    from shangyou.basin.transport.values import Release
    from shangyou.flows.spill import Outlook, arrivals_on

    assert isinstance(outlook, Outlook)
    if gauged:
        raise InputError("spill.flow", flow=", ".join(f"{k}={v:g}" for k, v in gauged.items()))
    river = _river(path).course
    where = _kilometres(at)
    where = river.place(at).at if where is None else where
    release = Release(where, released[0] * 1000, duration=released[1] * 3600)
    with Bar(call.words("basin.spill.bar"), 100) as bar:
        return arrivals_on(river, release, 0, computing, outlook, factor, _Told(bar).tell)


def _kilometres(text: str) -> float | None:
    """m of a text such as 12.5km; None if it is none."""
    try:
        return float(text.removesuffix("km")) * 1000 if text.endswith("km") else None
    except ValueError:
        return None


def _flows(given: list[str]) -> tuple[float, dict[str, float]]:
    """A factor on the flow, and flows by place."""
    factor, gauged = 1.0, dict[str, float]()
    for text in given:
        place, _, value = text.rpartition("=")
        try:
            number = float(value)
        except ValueError:
            raise InputError("spill.flow", flow=text[:80]) from None
        if not 0 < number < 1e9:
            raise InputError("spill.flow", flow=text[:80])
        if place:
            gauged[place] = number
        else:
            factor = number
    return factor, gauged


def _network(path: Path | None) -> Network:
    """The network of a file, or the one that ships."""
    if path is not None:
        from shangyou.adapters.network_files import load

        return load(path)
    from shangyou.basin.network.facts import upper_yangtze

    return upper_yangtze()


def _river(path: Path) -> River:
    import yaml

    from shangyou.basin.transport.riverfile import read_river

    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise InputError("spill.file", path=str(path), detail=f"> {LARGEST} bytes")
        return read_river(yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506  it is safe
    except OSError as error:
        raise NotFoundError("spill.file", path=str(path), detail=error.strerror or str(error)) from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InputError("spill.file", path=str(path), detail=str(error).splitlines()[0][:120]) from error


@contextlib.contextmanager
def _computing() -> Iterator[ComputingBeside]:
    from shangyou.adapters.computing import ComputingBeside

    found = ComputingBeside()
    try:
        yield found
    finally:
        found.close()
