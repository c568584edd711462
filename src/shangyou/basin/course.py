"""The way down a river: reaches in order of flow, with what the transport of a substance needs to know of each."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shangyou.core.errors import InputError
from shangyou.core.records import Array

LONGEST: Final = 1e7  # m of one reach; no river on earth is 10,000 km long
LARGEST_FLOW: Final = 1e6  # m3/s; the Amazon in flood carries some 3e5
_BOUNDS: Final[dict[str, tuple[float, float, bool]]] = {  # (least, most, may it be NaN, that is, not known)
    "length": (0.0, LONGEST, False),
    "width": (0.0, 1e5, False),
    "slope": (0.0, 1.0, True),
    "roughness": (0.0, 1.0, False),
    "flow": (0.0, LARGEST_FLOW, False),
    "area": (0.0, 1e7, True),
    "dispersion": (0.0, 1e6, True),
    "storage_ratio": (0.0, 1e4, False),
    "storage_rate": (0.0, 1e3, False),
    "impounded": (0.0, 1e12, False),
    "gain": (0.0, LARGEST_FLOW, False),
}
_MAY_BE_ZERO: Final = ("dispersion", "storage_ratio", "storage_rate", "impounded", "gain")


def beyond(name: str, values: Array) -> NDArray[np.bool_]:
    """Which values of a column of `Course` are missing, negative, zero where nothing can be zero, or absurd."""
    least, most, unknown = _BOUNDS[name]
    low = values >= least if name in _MAY_BE_ZERO else values > least
    return ~((low & (values <= most)) | (np.isnan(values) & unknown))


@dataclass(frozen=True, slots=True)
class Place:
    """Something on the way: a section, an intake, a dam, a border, a point where a spill can be held."""

    id: str
    name_zh: str
    name_en: str
    kind: str  # section, intake, dam, gate, border, control, outlet, station
    at: float  # m from the start of the course
    member: str = ""  # who is in charge; "" = not known


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """The way down a river: n reaches in order of flow.

    Raises:
        InputError: "course.shape" arrays of unequal length or no reach; "course.value" a value that is missing,
            negative, zero where nothing can be zero, or absurd (the first such value is named); "course.place" a place
            beyond the ends.
    """

    reaches: tuple[str, ...]  # (n,) ids
    length: Array  # (n,) m, > 0
    width: Array  # (n,) m at `flow`
    slope: Array  # (n,) m/m; NaN = not known
    roughness: Array  # (n,) Manning's n [s/m^(1/3)]
    flow: Array  # (n,) m3/s at which width, and area where it is given, hold; the mean flow
    area: Array  # (n,) m2 at `flow`; NaN = from Manning's formula
    dispersion: Array  # (n,) m2/s, calibrated; NaN = from the formulas
    storage_ratio: Array  # (n,) area of the storage zone over area of the channel; 0 = none
    storage_rate: Array  # (n,) exchange with the storage zone [1/s]
    impounded: Array  # (n,) m3 of a reservoir at the end of the reach; 0 = none
    gain: Array  # (n,) m3/s that join at the start of the reach; they dilute
    places: tuple[Place, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.reaches)
        for name in _BOUNDS:
            values: Array = getattr(self, name)
            if n == 0 or values.shape != (n,):
                raise InputError("course.shape", column=name, rows=n, got=str(values.shape))
            bad = beyond(name, values)
            if bad.any():
                i = int(np.argmax(bad))
                raise InputError("course.value", column=name, reach=self.reaches[i], value=float(values[i]))
        unbuilt = np.isnan(self.area) & np.isnan(self.slope)
        if unbuilt.any():  # Manning's formula needs a slope
            raise InputError("course.value", column="slope", reach=self.reaches[int(np.argmax(unbuilt))], value="NaN")
        for place in self.places:
            if not 0 <= place.at <= self.end:
                raise InputError("course.place", place=place.id, at=place.at, end=self.end)

    @property
    def end(self) -> float:
        """Length of the whole course [m]."""
        return float(self.length.sum())

    @property
    def starts(self) -> Array:
        """(n + 1,) distance of each reach's start, and at last the end, from the start of the course [m]."""
        return np.concatenate(([0.0], np.cumsum(self.length)))

    def place(self, id: str) -> Place:
        """The place of that id or name; InputError "course.unknown" if there is none."""
        for place in self.places:
            if id in (place.id, place.name_zh, place.name_en):
                return place
        raise InputError("course.unknown", place=id)

    def replace(self, **columns: Array) -> Course:
        """The same course with other columns."""
        return dataclasses.replace(self, **columns)  # type: ignore[arg-type]
