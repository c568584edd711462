"""Units: an allow-list of names at the border, converted once to the canonical unit of the parameter.

Free text is never parsed as a unit: pint would read `pH` as picohenry and `ppt` as picopint.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from shangyou.core.errors import InputError

if TYPE_CHECKING:
    from pint import UnitRegistry

    from shangyou.core.records import Array

NAMES: Final = {  # our name of a unit: how pint writes it
    "1": "dimensionless",
    "%": "percent",
    "mg/L": "milligram / liter",
    "ug/L": "microgram / liter",
    "ng/L": "nanogram / liter",
    "g/L": "gram / liter",
    "mg/m3": "milligram / meter ** 3",
    "ug/m3": "microgram / meter ** 3",
    "ng/m3": "nanogram / meter ** 3",
    "kg/m3": "kilogram / meter ** 3",
    "degC": "degree_Celsius",
    "degF": "degree_Fahrenheit",
    "K": "kelvin",
    "uS/cm": "microsiemens / centimeter",
    "mS/cm": "millisiemens / centimeter",
    "mS/m": "millisiemens / meter",
    "S/m": "siemens / meter",
    "m": "meter",
    "cm": "centimeter",
    "mm": "millimeter",
    "m2": "meter ** 2",
    "m/s": "meter / second",
    "m3/s": "meter ** 3 / second",
    "m3/h": "meter ** 3 / hour",
    "L/s": "liter / second",
    "ft": "foot",
    "ft3/s": "foot ** 3 / second",
    "1/L": "count / liter",
    "1/mL": "count / milliliter",
    "1/m3": "count / meter ** 3",
    "Bq/L": "becquerel / liter",
    "kPa": "kilopascal",
    "hPa": "hectopascal",
    "Pa": "pascal",
    "deg": "degree",
    "kg": "kilogram",
    "A": "ampere",
    "V": "volt",
    "mV": "millivolt",
    "kWh": "kilowatt_hour",
    "s": "second",
    "min": "minute",
    "rpm": "revolutions_per_minute",
    "t/km2/month": "metric_ton / kilometer ** 2 / month",
}
BARE: Final = {"NTU", "FNU", "colour", "dB", "timestamp", "text", "pH"}  # only ever themselves

ALIASES: Final = {  # what sources write: our name
    "℃": "degC",
    "°C": "degC",
    "deg C": "degC",
    "摄氏度": "degC",
    "无量纲": "1",
    "none": "1",
    "": "1",
    "-": "1",
    "mg/l": "mg/L",
    "毫克/升": "mg/L",
    "毫克每升": "mg/L",
    "μg/L": "ug/L",
    "µg/L": "ug/L",
    "ug/l": "ug/L",
    "微克/升": "ug/L",
    "ng/l": "ng/L",
    "纳克/升": "ng/L",
    "mg/m³": "mg/m3",
    "毫克/立方米": "mg/m3",
    "μg/m³": "ug/m3",
    "µg/m³": "ug/m3",
    "微克/立方米": "ug/m3",
    "纳克/立方米": "ng/m3",
    "μS/cm": "uS/cm",
    "µS/cm": "uS/cm",
    "us/cm": "uS/cm",
    "ms/m": "mS/m",
    "微西门子/厘米": "uS/cm",
    "cells/L": "1/L",
    "个/L": "1/L",
    "个/升": "1/L",
    "个/mL": "1/mL",
    "m³/s": "m3/s",
    "立方米/秒": "m3/s",
    "立方米/小时": "m3/h",
    "升/秒": "L/s",
    "cfs": "ft3/s",
    "米": "m",
    "ntu": "NTU",
    "度": "colour",
}

SPECIES: Final = {  # (as reported, as kept): factor by mass, from atomic masses N 14.007, O 15.999, H 1.008, P 30.974
    ("NO3", "NO3-N"): 14.007 / 62.004,
    ("NO2", "NO2-N"): 14.007 / 46.005,
    ("NH4", "NH4-N"): 14.007 / 18.039,
    ("NH4", "NH3-N"): 14.007 / 18.039,  # ammonia nitrogen counts both, as N
    ("NH4-N", "NH3-N"): 1.0,
    ("NH3", "NH3-N"): 14.007 / 17.031,
    ("PO4", "PO4-P"): 30.974 / 94.970,
}


def canonical_name(text: str) -> str:
    """Our name of what a source writes; InputError "units.unknown" if it is not on the list.

    >>> canonical_name(" μS/cm ")
    'uS/cm'
    """
    name = text.strip()
    name = ALIASES.get(name, name)
    if name in NAMES or name in BARE:
        return name
    lower = ALIASES.get(name.lower(), name).lower()
    for known in (*NAMES, *BARE):
        if known.lower() == lower:
            return known
    raise InputError("units.unknown", unit=text)


@cache
def _registry() -> UnitRegistry[float]:
    import pint  # 20 MB and 0.2 s: only where something must be converted

    return pint.UnitRegistry()


@cache
def linear(source: str, target: str) -> tuple[float, float]:
    """(factor, shift) with target = factor * source + shift.

    Raises InputError "units.unknown" or "units.incompatible".

    >>> linear("ug/L", "mg/L")
    (0.001, 0.0)
    """
    one, other = canonical_name(source), canonical_name(target)
    if one == other:
        return 1.0, 0.0
    if one in BARE or other in BARE:
        raise InputError("units.incompatible", source=source, target=target)
    registry = _registry()
    import pint

    try:
        zero, unit = (float(registry.Quantity(x, NAMES[one]).to(NAMES[other]).magnitude) for x in (0.0, 1.0))
    except pint.DimensionalityError:
        raise InputError("units.incompatible", source=source, target=target) from None
    # binary fractions such as 0.0010000000000000002 come of pint's own steps; 15 digits are what a double carries
    return float(f"{unit - zero:.15g}"), float(f"{zero:.15g}")


def convert(value: Array, source: str, target: str) -> Array:
    """Values in another unit; shapes kept. Raises as `linear`."""
    factor, shift = linear(source, target)
    if factor == 1.0 and shift == 0.0:
        return value
    if factor != 0 and abs(factor) < 1:  # divide by the whole number: 25 ug/L is 0.025 mg/L to the last bit
        return value / float(f"{1 / factor:.15g}") + shift
    return value * factor + shift
