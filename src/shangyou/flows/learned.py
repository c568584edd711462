"""What a tracing has learned of the river while it explained a pulse: how fast it is, and how much it disperses.

The pulse has passed two stations, so its speed and its width between them are known far better than formulas know
them. What is foreseen further down of the same release uses that, with what stays unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from shangyou.basin.course import Course
from shangyou.basin.tracing.model import SPEED, SPREAD
from shangyou.basin.tracing.result import TraceResult, Verdict
from shangyou.basin.transport.dispersion import FORMULAS
from shangyou.basin.transport.hydraulics import hydraulics
from shangyou.basin.transport.values import Uncertainty
from shangyou.core.records import Array
from shangyou.governance.warning.values import Traced

CERTAIN = (Verdict.FOUND, Verdict.LIKELY)
HOUR = 3_600_000


@dataclass(frozen=True, slots=True)
class Learned:
    """Factors on what was thought before, each with the standard deviation of its logarithm."""

    velocity: float
    velocity_sd: float
    dispersion: float  # on the geometric mean of the formulas, or on a calibrated coefficient
    dispersion_sd: float

    def on(self, river: Course, flow: Array | None) -> Course:
        """The course as the pulse met it: the velocity in its area or roughness, the dispersion as coefficients."""
        at = hydraulics(river, river.flow if flow is None else flow)
        each = [np.log(formula(at.width, at.depth, at.velocity, at.shear)) for formula in FORMULAS.values()]
        before = np.where(river.dispersion > 0, river.dispersion, np.exp(np.mean(each, axis=0)))
        return river.replace(
            area=river.area / self.velocity,  # NaN where it is not known: then the roughness carries it
            roughness=np.where(np.isnan(river.area), river.roughness * self.velocity ** (-1 / 0.6), river.roughness),
            dispersion=before * self.dispersion,
        )

    def said(self) -> dict[str, float]:
        """The same as a warning carries it."""
        return {field.name: float(f"{getattr(self, field.name):.4g}") for field in fields(self)}

    @classmethod
    def told(cls, by: Traced) -> Learned:
        """What somebody else's tracing has learned, as its warning says."""
        return cls(by.velocity, by.velocity_sd, by.dispersion, by.dispersion_sd)

    def known(self, flow: float, amount: float) -> Uncertainty:
        """How well things are known now. The flow's error is in the velocity already, and the amount goes with it."""
        return Uncertainty(flow, self.velocity_sd, self.dispersion_sd, amount)


def learned(found: TraceResult, place: str, began: int) -> Learned | None:
    """What was learned of a release from `place` that began then [ms]; None where the tracing speaks of another, or
    is not sure enough.
    """
    first = found.ranked[0]
    if found.verdict not in CERTAIN or first.candidate.id != place:
        return None
    if not first.begin.low - HOUR <= began <= first.begin.high + HOUR:
        return None
    priors = found.problem.priors
    ids = [each.id for each in found.problem.candidates]
    rows = found.draws.rows[found.draws.which == ids.index(place)]
    speed = rows[:, SPEED] * priors.velocity_sd * np.sqrt(priors.velocity_shared)
    leg = priors.velocity_sd * np.sqrt(1 - priors.velocity_shared)  # of the water below, which no station has seen
    spread = rows[:, SPREAD] * priors.dispersion_sd
    return Learned(
        velocity=float(np.exp(speed.mean())),
        velocity_sd=float(np.hypot(speed.std(), leg)),
        dispersion=float(np.exp(spread.mean())),
        dispersion_sd=float(spread.std()),
    )
