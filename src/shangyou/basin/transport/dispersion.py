"""Longitudinal dispersion coefficients, as published. They differ sevenfold on one river, so an answer takes them all.

Each takes width W and depth H [m], mean velocity U and shear velocity u* [m/s], and gives D [m2/s], elementwise.
Values at W 600, H 10, U 1.5, u* 0.12 stand beside each and are checked by a test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from shangyou.basin.transport.hydraulics import GRAVITY
from shangyou.core.records import Array

Formula = Callable[[Array, Array, Array, Array], Array]


def elder(w: Array, h: Array, u: Array, s: Array) -> Array:
    """7.116. Vertical shear alone, so far too small for a river. Source: Elder (1959), J. Fluid Mech. 5, 544-560."""
    return 5.93 * h * s + 0.0 * (w + u)


def fischer(w: Array, h: Array, u: Array, s: Array) -> Array:
    """7425. Source: Fischer (1975), J. Environ. Eng. 101, 453-455."""
    return 0.011 * u**2 * w**2 / (h * s)


def mcquivey_keefer(w: Array, h: Array, u: Array, s: Array) -> Array:
    """5925, with slope u*2/(g H). Source: McQuivey and Keefer (1974), J. Environ. Eng. 100, 997-1011: 0.058 Q/(S W)."""
    return 0.058 * h * u * (GRAVITY * h / s**2) + 0.0 * w


def liu(w: Array, h: Array, u: Array, s: Array) -> Array:
    """2749. Source: Liu (1977), J. Environ. Eng. 103, 59-69."""
    return 0.18 * (w / h) ** 2 * (u / s) ** 0.5 * h * s


def koussis(w: Array, h: Array, u: Array, s: Array) -> Array:
    """2592. Source: Koussis and Rodriguez-Mirasol (1998), J. Hydraul. Eng. 124, 317-320."""
    return 0.6 * s * w**2 / h + 0.0 * u


def iwasa_aya(w: Array, h: Array, u: Array, s: Array) -> Array:
    """1115. Source: Iwasa and Aya (1991), Int. Symp. on Environmental Hydraulics, Hong Kong, 505-510."""
    return 2.0 * (w / h) ** 1.5 * h * s + 0.0 * u


def li(w: Array, h: Array, u: Array, s: Array) -> Array:
    """1019. Made for the Three Gorges reservoir. Source: Li, Huang and Li (1998)."""
    return 0.2 * (w / h) ** 1.3 * (u / s) ** 1.2 * h * s


def seo_cheong(w: Array, h: Array, u: Array, s: Array) -> Array:
    """3311. Source: Seo and Cheong (1998), J. Hydraul. Eng. 124, 25-32."""
    return 5.915 * (w / h) ** 0.620 * (u / s) ** 1.428 * h * s


def deng(w: Array, h: Array, u: Array, s: Array) -> Array:
    """2800. Source: Deng, Singh and Bengtsson (2001), J. Hydraul. Eng. 127, 919-927."""
    mixing = 0.145 + (u / s) * (w / h) ** 1.38 / 3520.0
    return 0.15 / (8.0 * mixing) * (w / h) ** (5.0 / 3.0) * (u / s) ** 2 * h * s


def kashefipour_falconer(w: Array, h: Array, u: Array, s: Array) -> Array:
    """1990. Source: Kashefipour and Falconer (2002), Water Research 36, 1596-1608; two forms, about W/H 50."""
    return np.where(w / h > 50.0, 10.612 * h * u * (u / s), kashefipour_falconer_narrow(w, h, u, s))


def kashefipour_falconer_narrow(w: Array, h: Array, u: Array, s: Array) -> Array:
    """2386. The form for W/H up to 50; source as above."""
    return (7.428 + 1.775 * (w / h) ** 0.620 * (s / u) ** 0.572) * h * u * (u / s)


def sahay_dutta(w: Array, h: Array, u: Array, s: Array) -> Array:
    """2873. Source: Sahay and Dutta (2009), Hydrology Research 40, 544-552."""
    return 2.0 * (w / h) ** 0.96 * (u / s) ** 1.25 * h * s


def etemad_shahidi_taghipour(w: Array, h: Array, u: Array, s: Array) -> Array:
    """1762. Source: Etemad-Shahidi and Taghipour (2012), J. Hydraul. Eng. 138, 542-548; two forms, about W/H 30.6."""
    narrow = 15.49 * (w / h) ** 0.78 * (u / s) ** 0.11
    return np.where(w / h <= 30.6, narrow, 14.12 * (w / h) ** 0.61 * (u / s) ** 0.85) * h * s


def zeng_huai(w: Array, h: Array, u: Array, s: Array) -> Array:
    """1976. Source: Zeng and Huai (2014), J. Hydro-environment Research 8, 2-8; with H U, as in the paper."""
    return 5.4 * (w / h) ** 0.7 * (u / s) ** 0.13 * h * u


def disley(w: Array, h: Array, u: Array, s: Array) -> Array:
    """1926. Source: Disley, Gharabaghi, Mahboubi and McBean (2015), Hydrological Processes 29, 161-172."""
    froude = u / np.sqrt(GRAVITY * h)
    return 3.563 * froude**-0.4117 * (w / h) ** 0.6776 * (u / s) ** 1.0132 * h * s


def noori(w: Array, h: Array, u: Array, s: Array) -> Array:
    """1234. Source: Noori and others (2017)."""
    return (u / s) ** 1.125 * (w / h) * h * s


FORMULAS: Final[dict[str, Formula]] = {  # those of rivers; Elder's leaves out what spreads a pulse in one
    "fischer_1975": fischer,
    "mcquivey_keefer_1974": mcquivey_keefer,
    "liu_1977": liu,
    "koussis_1998": koussis,
    "iwasa_aya_1991": iwasa_aya,
    "li_1998": li,
    "seo_cheong_1998": seo_cheong,
    "deng_2001": deng,
    "kashefipour_falconer_2002": kashefipour_falconer,
    "sahay_dutta_2009": sahay_dutta,
    "etemad_shahidi_2012": etemad_shahidi_taghipour,
    "zeng_huai_2014": zeng_huai,
    "disley_2015": disley,
    "noori_2017": noori,
}
