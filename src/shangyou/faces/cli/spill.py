"""`shangyou basin spill` and `calibrate`: what a release does downstream, and coefficients from tracer runs."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from shangyou.core.errors import InputError, NotFoundError
from shangyou.faces.cli.call import Call, command, t
from shangyou.faces.cli.progress import Bar

if TYPE_CHECKING:
    from shangyou.adapters.computing import ComputingBeside
    from shangyou.basin.course import Course
    from shangyou.basin.network.network import Network
    from shangyou.basin.transport.riverfile import River
    from shangyou.basin.transport.unsteady import Flows
    from shangyou.basin.transport.values import Release, Uncertainty
    from shangyou.core.records import Array, Refusal

Many = list[str] | None
OWN: Final = (".yaml", ".yml")  # a river in a file of its own
LARGEST: Final = 16 << 20  # bytes of it
DAY: Final = 86_400.0
WORKBOOK: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # how files of Excel begin


def register(app: typer.Typer) -> None:
    """Add the commands to the group of the basin."""
    command(app, "spill", "basin.spill", rows=True)(spill)
    command(app, "calibrate", "basin.calibrate", rows=True)(calibrate)


def spill(
    call: Call,
    at: Annotated[str, typer.Option(metavar="PLACE", help=t("basin.spill.at"))],
    mass: Annotated[float | None, typer.Option(metavar="KG", help=t("basin.spill.mass"))] = None,
    network: Annotated[Path | None, typer.Option(metavar="FILE", help=t("basin.spill.network"))] = None,
    duration: Annotated[float, typer.Option(metavar="HOURS", help=t("basin.spill.duration"))] = 0.0,
    release: Annotated[Path | None, typer.Option(metavar="FILE", help=t("basin.spill.release"))] = None,
    limit: Annotated[float | None, typer.Option(metavar="MG/L", help=t("basin.spill.limit"))] = None,
    flow: Annotated[Many, typer.Option(metavar="FACTOR|PLACE=M3/S", help=t("basin.spill.flow"))] = None,
    flows: Annotated[Path | None, typer.Option(metavar="FILE", help=t("basin.spill.flows"))] = None,
    decay: Annotated[float, typer.Option(metavar="1/DAY", help=t("basin.spill.decay"))] = 0.0,
    members: Annotated[int, typer.Option(help=t("basin.spill.members"))] = 1000,
    seed: Annotated[int, typer.Option(min=0, help=t("basin.spill.seed"))] = 1,
    horizon: Annotated[float | None, typer.Option(metavar="DAYS", help=t("basin.spill.horizon"))] = None,
    runoff: Annotated[float, typer.Option(metavar="L/S/KM2", help=t("basin.spill.runoff"))] = 14.0,
) -> None:
    """Print when a release arrives downstream, how much of it, and how sure that is."""
    from shangyou.basin.transport.values import Fate
    from shangyou.faces.arriving import SHOWN, arrived
    from shangyou.flows.spill import Outlook, arrivals_on

    fate, until = Fate(decay=decay / DAY), None if horizon is None else horizon * DAY
    outlook = Outlook(limit, members, seed, fate, horizon=until, runoff=runoff * 1e-9)
    if flows is not None and flow:
        raise InputError("spill.flow", flow=" ".join([*flow, str(flows)])[:80])
    river, where, day = _way(call, network, at, flow or [], flows)
    given = _released(where, mass, duration, release)
    with _computing(call) as computing, Bar(call.words("basin.spill.bar"), 100) as bar:
        found = arrivals_on(river, given, 0, computing, outlook, day, _Told(bar).tell)
    call.show(arrived(found), SHOWN)
    call.say("basin.spill.done", members=found.table.members, spread=_spread(call, river, where, outlook.known))


def _spread(call: Call, river: Course, at: float, known: Uncertainty | None) -> str:
    """In what the members of an ensemble differ, in words."""
    import numpy as np

    from shangyou.basin.transport.dispersion import FORMULAS
    from shangyou.basin.transport.values import Uncertainty

    known, below = known or Uncertainty(), river.starts[1:] > at
    passed = {id: bool(np.isnan(d)) for id, d, here in zip(river.reaches, river.dispersion, below, strict=True) if here}
    calibrated = len(passed) - sum(passed.values())
    some = "basin.spill.spread.some" if calibrated else "basin.spill.spread.none"
    key = "basin.spill.spread.all" if calibrated == len(passed) else some
    facts = {"calibrated": calibrated, "reaches": len(passed), "formulas": len(FORMULAS)}
    told = call.words(key, dispersion=f"{known.dispersion:.0%}", **facts)
    return call.words("basin.spill.spread", flow=f"{known.flow:.0%}", velocity=f"{known.velocity:.0%}", told=told)


def _way(
    call: Call, path: Path | None, at: str, flow: list[str], flows: Path | None
) -> tuple[Course, float, float | Array | Flows | None]:
    """The course down, the place of release on it [m], and what flows."""
    from shangyou.basin.transport.columns import flow_of, gauged_of, read_columns
    from shangyou.basin.transport.unsteady import Flows

    factor, gauged = _flows(flow)
    changing = None if flows is None else gauged_of(read_columns(_text(flows), flows.name), flows.name)
    if path is not None and path.suffix.lower() in OWN:
        if gauged:
            raise InputError("spill.flow", flow=", ".join(f"{k}={v:g}" for k, v in gauged.items()))
        river = own_river(path).course
        where = _kilometres(at)
        where = river.place(at).at if where is None else where
        if changing is None:
            return river, where, factor
        return river, where, Flows(changing.time, flow_of(changing, river.reaches, river.flow))
    from shangyou.flows.spill import changing_on, way_down

    network = _network(call, path)
    if changing is not None:
        rows = [changing.at(k) for k in range(len(changing.time))]
        course, over_time = changing_on(network, at, changing.time, rows, changing.factor)
        return course, 0.0, over_time
    course, day = way_down(network, at, gauged)
    return course, 0.0, (course.flow if day is None else day) * factor


def _released(at: float, mass: float | None, duration: float, file: Path | None) -> Release:
    """What is let go: a mass [kg], over some hours, or what a file tells of it."""
    from shangyou.basin.transport.columns import read_columns, release_of
    from shangyou.basin.transport.values import Release

    if file is not None and mass is None and not duration:
        return Release.of_series(at, release_of(read_columns(_text(file), file.name), file.name))
    if file is not None or mass is None:
        raise InputError("spill.release", mass=mass if mass is not None else "-", file=str(file or "-"))
    return Release(at, mass * 1000, duration=duration * 3600)


def calibrate(
    call: Call, file: Annotated[Path, typer.Argument(metavar="FILE", help=t("basin.calibrate.file"))]
) -> None:
    """Find dispersion, area and storage of each reach from tracer curves."""
    from shangyou.basin.transport.calibrate import calibrate as fitted
    from shangyou.faces.arriving import calibrated

    river = own_river(file)
    if not river.tracers:
        raise InputError("riverfile.shape", where="release", got="-")
    with _computing(call) as computing, Bar(call.words("basin.calibrate.bar"), 100) as bar:
        found = computing.run(
            fitted, river.course, river.tracers, river.observed, river.groups, river.fit, tell=_Told(bar).tell
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


def say_read_as(call: Call, columns: Mapping[str, str]) -> None:
    """What columns with other names were taken for."""
    if columns:
        call.say("basin.read_as", columns=", ".join(f"{name} → {column}" for name, column in columns.items()))


def _network(call: Call, path: Path | None) -> Network:
    """The network of a file, or the one that ships."""
    if path is not None:
        from shangyou.adapters.network_files import load_as

        found, columns = load_as(path)
        say_read_as(call, columns)
        return found
    from shangyou.basin.network.facts import upper_yangtze

    return upper_yangtze()


def own_river(path: Path) -> River:
    """A river's own file; curves that it names as files of their own are read beside it.

    RiverFileError with all faults and their lines; InputError "spill.file", "spill.table"; NotFoundError "spill.file".
    """
    import yaml

    from shangyou.basin.transport.riverfile import RiverFileError, read_river

    text, loader = _text(path), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        whole = yaml.load(text, Loader=loader)  # noqa: S506  it is safe
    except (yaml.YAMLError, RecursionError) as error:
        raise InputError("spill.file", path=str(path), detail=str(error).splitlines()[0][:120]) from error
    faults = _take_in(whole, path.parent)
    if faults:
        raise RiverFileError(tuple(faults))
    try:
        return read_river(whole)
    except RiverFileError as error:
        root = yaml.compose(text, Loader=loader)
        raise RiverFileError(
            tuple(replace(each, line=_line(root, each.column or "")) for each in error.faults)
        ) from None


def _line(node: Any, where: str) -> int:
    """On which line stands what stands at such a place as reaches[1].width_m, or what it should stand in?"""
    for name, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", where):
        found = None
        if index and node.id == "sequence" and int(index) < len(node.value):
            found = node.value[int(index)]
        elif name and node.id == "mapping":
            found = next((value for key, value in node.value if key.value == name), None)
        if found is None:
            break
        node = found
    return int(node.start_mark.line) + 1


def _take_in(whole: object, folder: Path) -> list[Refusal]:
    """Put the points of curves' own tables where they would stand; a table of several places makes several curves."""
    from shangyou.basin.transport.columns import SECONDS
    from shangyou.basin.transport.curvefile import UNITS, read_curves

    curves = whole.get("observed") if isinstance(whole, dict) else None
    if not isinstance(whole, dict) or not isinstance(curves, list):
        return []
    units = (str(whole.get("time_unit", "hours")), str(whole.get("unit", "mg/L")))
    faults: list[Refusal] = []
    if units[0] not in SECONDS or units[1] not in UNITS:
        units = ("hours", "mg/L")  # the file itself will be told of
    whole["observed"] = every = []
    for curve in curves:
        if not isinstance(curve, dict) or not isinstance(curve.get("file"), str):
            every.append(curve)
            continue
        own = {key: value for key, value in curve.items() if key not in ("file", "column")}
        name = curve["file"]
        found, wrong = read_curves(_text(folder / name), name, str(curve.get("column", "")), *units)
        faults += wrong
        every += [{**each, **own} for each in found]
    return faults


def _text(path: Path) -> str:
    """What stands in a file of text."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise InputError("spill.file", path=str(path), detail=f"> {LARGEST} bytes")
        if data.startswith(WORKBOOK):
            raise InputError("spill.workbook", path=str(path))
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return data.decode("utf-16")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return data.decode("gb18030")
    except OSError as error:
        raise NotFoundError("spill.file", path=str(path), detail=error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise InputError("spill.file", path=str(path), detail=str(error)[:120]) from error


@contextlib.contextmanager
def _computing(call: Call) -> Iterator[ComputingBeside]:
    from shangyou.adapters.computing import ComputingBeside

    found = ComputingBeside()
    if not found.compiled():
        call.say("basin.spill.compiling")
    try:
        yield found
    finally:
        found.close()
