"""Read a plan from YAML: ours, with a user's laid over it. All faults are told at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Final, TypeVar

import yaml

from shangyou.core.errors import InputError
from shangyou.core.records import Flag, Mark, Refusal
from shangyou.core.vocabulary import parameters
from shangyou.quality.plan import (
    Cadence,
    Detection,
    Flat,
    Likeness,
    Limits,
    Motion,
    Order,
    Plan,
    Rate,
    Saturation,
    Sourced,
    Span,
    Spike,
    TimeLimits,
)

Group = TypeVar("Group", bound=Sourced)
Tree = Mapping[str, Any]

PARTS: Final = {
    "edition",
    "time",
    "cadences",
    "marks",
    "units",
    "parameters",
    "orders",
    "saturation",
    "sites",
}
LARGEST: Final = 10**18
STATUSES: Final = ("confirmed", "unverified")
VERDICTS: Final = {"good": Flag.GOOD, "suspect": Flag.SUSPECT, "fail": Flag.FAIL}
# PyYAML lets these through for scalars that do not fit their tag, such as 2021-02-31 or "!!bool perhaps"
BROKEN: Final = (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, ArithmeticError, RecursionError)


@cache
def packaged_plan() -> Plan:
    """Our own plan."""
    return read_plan()


def read_plan(text: str = "") -> Plan:
    """The plan with a user's text laid over ours; "" = ours alone.

    Raises:
        InputError: "quality.plan" with `faults`, a list of Refusal: every fault with its place in `column`.
    """
    reader = _Reader()
    tree = _over(_packaged(), _parse(text))
    plan = reader.plan(tree)
    if plan is None or reader.faults:
        raise _error(reader.faults)
    return plan


@cache
def _packaged() -> Tree:
    return _parse((files("shangyou.quality") / "plan.yaml").read_text(encoding="utf-8"))


def _error(faults: list[Refusal]) -> InputError:
    first = faults[0]
    return InputError("quality.plan", count=len(faults), first=first.column or f"line {first.line}", faults=faults)


def _parse(text: str) -> Tree:
    try:
        tree = yaml.safe_load(text)
    except BROKEN as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else None
        raise _error([Refusal("quality.plan.yaml", {"problem": str(error)[:500]}, line=line)]) from None
    if tree is None:
        return {}
    if not isinstance(tree, Mapping):
        raise _error([Refusal("quality.plan.group", {"where": "."}, line=1)])
    return tree


def _over(below: Tree, above: Tree) -> dict[str, Any]:
    """One tree laid over another: groups are merged, everything else is replaced."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _over(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


class _Reader:
    """Makes values of the tree and keeps every fault it meets."""

    def __init__(self) -> None:
        self.faults: list[Refusal] = []

    def plan(self, tree: Tree) -> Plan | None:
        self.only(tree, PARTS, "")
        time = self.group(TimeLimits, tree.get("time"), "time")
        saturation = self.group(Saturation, tree.get("saturation"), "saturation")
        cadences = self.named(tree, "cadences", lambda raw, at: self.group(Cadence, raw, at))
        orders = tuple(
            order
            for i, raw in enumerate(self.listed(tree.get("orders"), "orders"))
            if (order := self.group(Order, raw, f"orders.{i}"))
        )
        neighbours, limits = self.places(tree, tuple(cadences))
        if time is None:
            self.fault("quality.plan.group", "time")
            return None
        return Plan(
            edition=str(tree.get("edition", "")),
            time=time,
            cadences=cadences,
            marks=self.marks(tree),
            limits=limits,
            orders=orders,
            saturation=saturation,
            neighbours=neighbours,
        )

    def marks(self, tree: Tree) -> dict[Mark, Flag]:
        raw = self.mapping(tree.get("marks"), "marks")
        self.group(Sourced, {key: value for key, value in raw.items() if key not in VERDICTS}, "marks")
        verdicts: dict[Mark, Flag] = {}
        for verdict, flag in VERDICTS.items():
            for name in self.listed(raw.get(verdict), f"marks.{verdict}"):
                if isinstance(name, str) and name in Mark.__members__:
                    verdicts[Mark[name]] = flag
                else:
                    self.fault("quality.plan.mark", f"marks.{verdict}", name=str(name))
        return verdicts

    def places(
        self, tree: Tree, cadences: tuple[str, ...]
    ) -> tuple[dict[str, tuple[str, ...]], dict[tuple[str, str], Limits]]:
        """Neighbours of sites, and thresholds of parameters everywhere and at sites."""
        units = self.named(tree, "units", lambda raw, at: self.group(Span, raw, at))
        general = self.mapping(tree.get("parameters"), "parameters")
        limits = {("", p.key): Limits(physical=units[p.unit]) for p in parameters().values() if p.unit in units}
        for key, raw in general.items():
            self.parameter(limits, ("", str(key)), raw, f"parameters.{key}", units, cadences)
        neighbours: dict[str, tuple[str, ...]] = {}
        for name, raw_site in self.mapping(tree.get("sites"), "sites").items():
            at, site = f"sites.{name}", str(name)
            raw = self.mapping(raw_site, at)
            self.only(raw, {"neighbours", "parameters"}, at)
            others = self.listed(raw.get("neighbours"), f"{at}.neighbours")
            neighbours[site] = tuple(str(other) for other in others)
            for key, own in self.mapping(raw.get("parameters"), f"{at}.parameters").items():
                below, where = general.get(key), f"{at}.parameters.{key}"
                whole = _over(below if isinstance(below, Mapping) else {}, self.mapping(own, where))
                self.parameter(limits, (site, str(key)), whole, where, units, cadences)
        return neighbours, limits

    def parameter(
        self,
        limits: dict[tuple[str, str], Limits],
        key: tuple[str, str],
        raw_limits: object,
        at: str,
        units: Mapping[str, Span],
        cadences: tuple[str, ...],
    ) -> None:
        raw = self.mapping(raw_limits, at)
        known = parameters().get(key[1])
        if known is None:
            self.fault("quality.plan.parameter", at, parameter=key[1])
            return
        if raw.get("unit", known.unit) != known.unit:
            self.fault("quality.plan.unit", f"{at}.unit", unit=str(raw["unit"]), canonical=known.unit)
        self.only(raw, {"unit", "physical", "site", "detection", "neighbour", *cadences}, at)
        physical = units.get(known.unit)
        if "physical" in raw:
            physical = self.group(Span, raw["physical"], f"{at}.physical")
        limits[key] = Limits(
            physical=physical,
            site=self.group(Span, raw.get("site"), f"{at}.site"),
            detection=self.group(Detection, raw.get("detection"), f"{at}.detection"),
            neighbour=self.group(Likeness, raw.get("neighbour"), f"{at}.neighbour"),
            motion={c: self.motion(raw[c], f"{at}.{c}") for c in cadences if raw.get(c) is not None},
        )

    def motion(self, raw_motion: object, at: str) -> Motion:
        raw = self.mapping(raw_motion, at)
        self.only(raw, {"spike", "rate", "flat"}, at)
        return Motion(
            spike=self.group(Spike, raw.get("spike"), f"{at}.spike"),
            rate=self.group(Rate, raw.get("rate"), f"{at}.rate"),
            flat=self.group(Flat, raw.get("flat"), f"{at}.flat"),
        )

    def group(self, kind: type[Group], raw_group: object, at: str) -> Group | None:
        """One group of thresholds; None if it is absent, switched off, or faulty (and then the fault is kept)."""
        if not isinstance(raw_group, Mapping):
            self.mapping(raw_group, at)
            return None
        raw, before = raw_group, len(self.faults)
        self.only(raw, {f.name for f in fields(kind)}, at)
        given: dict[str, Any] = {}
        for f in fields(kind):
            if raw.get(f.name) is not None:
                given[f.name] = self.leaf(str(f.type), raw[f.name], f"{at}.{f.name}")
            elif f.default is MISSING:
                self.fault("quality.plan.missing", f"{at}.{f.name}")
        if given.get("status", STATUSES[0]) not in STATUSES:
            self.fault("quality.plan.status", f"{at}.status")
        for less, more in (("low", "high"), ("suspect", "fail")):
            if None not in (given.get(less), given.get(more)) and not given[less] <= given[more]:
                self.fault("quality.plan.order", f"{at}.{more}")
        return kind(**given) if len(self.faults) == before else None

    def leaf(self, kind: str, raw: object, at: str) -> object:
        """A value of the type of a field: text, date, truth, or a finite number, which is not below 0 but in a span."""
        checks: dict[str, Callable[[Any], bool]] = {
            "str": lambda x: isinstance(x, str),
            "bool": lambda x: isinstance(x, bool),
            "date": lambda x: type(x) is date,
        }
        if kind in checks:
            if checks[kind](raw):
                return raw
        elif isinstance(raw, int | float) and not isinstance(raw, bool):
            signed = at.endswith((".low", ".high", ".floor"))
            if (-LARGEST if signed else 0) <= raw <= LARGEST:  # this way round refuses NaN too
                return float(raw)
        self.fault("quality.plan.value", at, kind=kind.split(" ")[0])
        return None

    def named(self, tree: Tree, name: str, read: Callable[[object, str], Group | None]) -> dict[str, Group]:
        """A mapping of named groups."""
        raw = self.mapping(tree.get(name), name)
        return {str(key): group for key, value in raw.items() if (group := read(value, f"{name}.{key}")) is not None}

    def mapping(self, raw: object, at: str) -> Tree:
        if isinstance(raw, Mapping):
            return raw
        if raw is not None:
            self.fault("quality.plan.group", at)
        return {}

    def listed(self, raw: object, at: str) -> list[Any]:
        if isinstance(raw, list):
            return raw
        if raw is not None:
            self.fault("quality.plan.list", at)
        return []

    def only(self, raw: Tree, known: set[str], at: str) -> None:
        """Keep a fault for each key that means nothing; a misspelt threshold must not pass in silence."""
        for key in raw:
            if key not in known:
                self.fault("quality.plan.unknown", f"{at}.{key}".lstrip("."))

    def fault(self, code: str, at: str, **facts: object) -> None:
        self.faults.append(Refusal(code, {"where": at, **facts}, column=at))
