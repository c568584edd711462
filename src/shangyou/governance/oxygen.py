"""How much oxygen water can hold: saturation by temperature and by pressure or altitude."""

from __future__ import annotations

from typing import Final

import numpy as np

from shangyou.core.records import Array

ATMOSPHERE: Final = 101.325  # kPa


def air_pressure(altitude: Array) -> Array:
    """Mean air pressure [kPa] at an altitude [m above the sea], any shape.

    Source: International Standard Atmosphere (ISO 2533), lowest layer, up to 11,000 m.
    >>> air_pressure(np.array([0.0, 4000.0])).round(2).tolist()
    [101.32, 61.64]
    """
    result: Array = ATMOSPHERE * (1.0 - 2.25577e-5 * altitude) ** 5.25588
    return result


def oxygen_solubility(temperature: Array, pressure: Array) -> Array:
    """Dissolved oxygen of fresh water in balance with moist air [mg/L].

    Args:
        temperature: of the water [degC], any shape; the source covers 0 to 40.
        pressure: of the air [kPa], same shape; the source covers 50 to 110.

    Source: Benson and Krause (1984), Limnology and Oceanography 29, 620-632, equations 24 and 32, salinity 0; as the
    USGS uses it (Office of Water Quality Technical Memorandum 2011.03).
    >>> oxygen_solubility(np.array([0.0, 20.0]), np.array([101.325, 101.325])).round(2).tolist()
    [14.62, 9.09]
    """
    kelvin = temperature + 273.15
    at_one = np.exp(
        -139.34411 + 1.575701e5 / kelvin - 6.642308e7 / kelvin**2 + 1.243800e10 / kelvin**3 - 8.621949e11 / kelvin**4
    )
    vapour = np.exp(11.8571 - 3840.70 / kelvin - 216961.0 / kelvin**2)  # atm
    theta = 0.000975 - 1.426e-5 * temperature + 6.436e-8 * temperature**2
    atm = pressure / ATMOSPHERE
    share = (atm - vapour) * (1.0 - theta * atm) / ((1.0 - vapour) * (1.0 - theta))
    result: Array = at_one * share
    return result


def oxygen_saturation(oxygen: Array, temperature: Array, altitude: Array) -> Array:
    """Dissolved oxygen in percent of what the water can hold.

    NaN where one of the three is not known, or lies outside what the formulas cover.

    Args:
        oxygen: [mg/L], any shape.
        temperature: of the water [degC], same shape.
        altitude: [m above the sea], same shape; stands for the pressure, which is seldom measured.

    >>> oxygen_saturation(np.array([9.09, 9.09]), np.array([20.0, 60.0]), np.array([0.0, 0.0])).round(0).tolist()
    [100.0, nan]
    """
    warm = np.where((temperature >= 0.0) & (temperature <= 40.0), temperature, np.nan)
    high = np.where((altitude >= -500.0) & (altitude <= 5500.0), altitude, np.nan)  # above lie 50 kPa
    result: Array = 100.0 * oxygen / oxygen_solubility(warm, air_pressure(high))
    return result
