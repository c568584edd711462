"""Parameters: what can be measured, in which canonical unit, and what others call it.

The table is `vocabulary.csv` beside this file, one row a parameter. Codes and units of HJ 212 are from
HJ 212-2017 appendix B; WQX and USGS names are the characteristic name and the five-digit parameter code.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from shangyou.core.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. Species are kept apart: nitrate as N is not nitrate as NO3."""

    key: str
    name_zh: str
    name_en: str
    unit: str  # canonical unit, a name of core.units
    hj212: str  # code of HJ 212-2017, "" if it has none
    hj212_2005: str  # code of the 2005 edition
    hj212_unit: str  # unit in which HJ 212 devices report it, as core.units writes it
    decimals: int | None  # digits after the point in reports
    detection_limit: float | None  # [unit], where known
    gb3838: str  # item of GB 3838-2002: DO, CODMn ...
    wqx: str  # WQX characteristic name
    usgs: str  # USGS parameter code
    group: str  # water, air, sound, process, station
    status: str  # confirmed, or unverified


@cache
def parameters() -> dict[str, Parameter]:
    """Every parameter by key, in the order of the table."""
    text = (files("shangyou.core") / "vocabulary.csv").read_text(encoding="utf-8")
    return {row["key"]: _parameter(row) for row in csv.DictReader(text.splitlines())}


def _parameter(row: dict[str, str]) -> Parameter:
    return Parameter(
        key=row["key"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        unit=row["unit"],
        hj212=row["hj212"],
        hj212_2005=row["hj212_2005"],
        hj212_unit=row["hj212_unit"],
        decimals=int(row["decimals"]) if row["decimals"] else None,
        detection_limit=float(row["detection_limit"]) if row["detection_limit"] else None,
        gb3838=row["gb3838"],
        wqx=row["wqx"],
        usgs=row["usgs"],
        group=row["group"],
        status=row["status"],
    )


def parameter(key: str) -> Parameter:
    """The parameter of a key; NotFoundError "vocabulary.parameter" if there is none."""
    try:
        return parameters()[key]
    except KeyError:
        raise NotFoundError("vocabulary.parameter", key=key) from None


@cache
def by_hj212() -> dict[str, Parameter]:
    """Parameters by their HJ 212 code, 2017 codes first, then those of 2005 (keys are lower case)."""
    table = {p.hj212_2005.lower(): p for p in parameters().values() if p.hj212_2005}
    return table | {p.hj212.lower(): p for p in parameters().values() if p.hj212}
