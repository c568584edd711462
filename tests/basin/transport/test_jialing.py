"""The antimony of 2015 on the Jialing, as far as its bulletins go; what is assumed is said in docs/validation.md."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from shangyou.basin.course import Course
from shangyou.basin.transport.respond import respond
from shangyou.basin.transport.values import Curves, Inflow

HOUR = 3600.0
KILOMETRES = (6.0, 28.0, 41.0, 55.0)  # below the border: 大滩镇, 清风峡, 沙河镇, 千佛崖
BACKGROUND = 0.00183  # mg/L at 大滩 on 2 December
BEGAN = 100.0  # hours from the start of the reckoning to 5 December, 00:00


def hindcast() -> Curves:
    """Antimony above the background, hours counted from BEGAN hours before 5 December."""
    rise = (0.0144 - 0.005) / 8  # mg/L an hour, as seen at 大滩 between 00:00 and 08:00
    lag = (0.0208 - 0.0144) / rise  # hours by which 大滩 is behind the border, at 08:00
    velocity = 6000.0 / (lag * HOUR)
    hours = np.arange(0.0, BEGAN + 72.0)
    border = np.interp(
        hours,
        [BEGAN + 8 - (0.0208 - BACKGROUND) / rise, BEGAN + 8, BEGAN + 66],
        [0.0, 0.0208 - BACKGROUND, 0.0221 - BACKGROUND],
    )
    n, one = 28, np.ones(28)
    river = Course(
        tuple(map(str, range(n))),
        length=one * 2000.0,
        width=one * 60.0,
        slope=one * np.nan,
        roughness=one * 0.035,
        flow=one * 30.0,
        area=one * 30.0 / velocity,
        dispersion=one * np.nan,
        storage_ratio=one * 0,
        storage_rate=one * 0,
        impounded=one * 0,
        gain=one * 0,
    )
    return respond(river, Inflow(hours * HOUR, border), (BEGAN + 72) * HOUR, np.array(KILOMETRES) * 1000, step=300.0)


@pytest.mark.shared
def test_antimony_went_down_the_jialing_as_the_bulletins_say(shared: Path) -> None:
    incidents = json.loads((shared / "reference/facts/incidents.json").read_text())
    facts = next(each for each in incidents if each["id"] == "jialing_sb_2015")
    bulletin, later = facts["bulletin43_2015-12-05T08:00"], facts["12-07(?)T18:00"]
    curves = hindcast()
    morning, last = (curves.at(np.array([(BEGAN + h) * HOUR]))[0] + BACKGROUND for h in (8.0, 66.0))
    over = curves.time[np.argmax(curves.concentration[:, 0] + BACKGROUND > facts["limit_mg_L"])] / HOUR - BEGAN
    assert abs(over) < 1.0  # hours from midnight; this and the next set the velocity
    assert morning[0] == pytest.approx(bulletin["大滩镇(6km)"], rel=0.05)
    assert morning[1:].max() < facts["limit_mg_L"]  # these are foretold: 清风峡, 沙河镇, 千佛崖 keep to the limit
    assert last[0] == pytest.approx(later["大滩"], rel=0.05)
