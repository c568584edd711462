"""Real tables of others: inferred and read as they are found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shangyou.core.errors import InputError
from shangyou.ingest.tables.infer import infer
from shangyou.ingest.tables.reading import read
from tests.ingest.tables.maps import raw, values

pytestmark = pytest.mark.shared


@pytest.mark.parametrize(
    ("name", "rows", "parameters"),
    [
        ("logan/FB2017.csv", 35032, 4),
        ("logan/FranklinBasin2014.csv", 18668, 6),
        ("logan/FranklinBasin2017_2019.csv", 103605, 4),
        ("logan/MainStreet2019.csv", 25881, 6),
        ("logan/Mendon2019.csv", 25883, 6),
        ("anomaly/sandy_creek.csv", 5402, 3),
        ("air/ChengduPM20100101_20151231.csv", 52584, 4),
        ("hydrology/flood5_2020-08_TRANSCRIBED.csv", 60, 2),
        ("loads/Choptank_Daily.csv", 11688, 2),
    ],
)
def test_a_table_found_elsewhere_is_read_whole_by_its_inferred_map(
    shared: Path, name: str, rows: int, parameters: int
) -> None:
    body = (shared / "data" / name).read_bytes()
    guess = infer(body, name)
    parsed = read(raw(body, name), guess.map)
    assert parsed.refusals == ()
    assert len(guess.map.measured) == parameters
    assert len(parsed.observations) == rows * parameters


def test_no_value_of_a_sensor_is_ever_read_as_a_number(shared: Path) -> None:
    body = (shared / "data/logan/FranklinBasin2014.csv").read_bytes()
    parsed = read(raw(body, "FranklinBasin2014.csv"), infer(body, "FranklinBasin2014.csv").map)
    assert parsed.observations.value[np.isfinite(parsed.observations.value)].min() > -100
    stage = values(parsed, "water_level")
    assert np.isnan(stage[0])  # -9999
    assert stage[2] == 51.09


@pytest.mark.parametrize("name", ["logan/MainStreet_cond_calib_dates.csv", "loads/Choptank_INFO.csv"])
def test_a_table_without_a_record_is_not_forced_into_one(shared: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"tables\.infer"):
        infer((shared / "data" / name).read_bytes(), name)
