"""What is simulated: a seed, the hour that counts as the present, and how many days lie before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shangyou.core.errors import InputError
from shangyou.simulation.stretch import Station, stations

HOUR_MS: Final = 3_600_000
DAY_HOURS: Final = 24
LEGAL_HOURS: Final = 8  # the sun of the stretch, near enough the legal time


@dataclass(frozen=True, slots=True)
class Scenario:
    """One simulated river. Everything else follows from it, the same each time.

    InputError "simulation.scenario" if the days are not 9 to 400, or the present is no whole hour.
    """

    seed: int
    present: int  # ms since 1970 UTC, a whole hour: the told events end before it, live data begin with it
    days: int = 30

    def __post_init__(self) -> None:
        if not 9 <= self.days <= 400:  # the spill needs eight days to pass
            raise InputError("simulation.scenario", name="days", value=self.days)
        if self.present % HOUR_MS or self.present <= 0:
            raise InputError("simulation.scenario", name="present", value=self.present)
        if self.seed < 0:
            raise InputError("simulation.scenario", name="seed", value=self.seed)

    @property
    def present_hour(self) -> int:
        """The present in whole hours since 1970."""
        return self.present // HOUR_MS

    @property
    def first_hour(self) -> int:
        """The first hour of the history."""
        return self.present_hour - self.days * DAY_HOURS

    @property
    def stations(self) -> tuple[Station, ...]:
        """The stations, in the order of all arrays."""
        return stations()
