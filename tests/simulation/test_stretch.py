from __future__ import annotations

import numpy as np

from shangyou.core.vocabulary import parameter
from shangyou.simulation.stretch import MAIN, PARAMETERS, SOURCE, branches, lag_hours, stations, travel_hours


def test_every_section_says_that_it_is_simulated() -> None:
    assert {station.section.source for station in stations()} == {SOURCE} == {"simulated"}


def test_keys_sections_and_monitors_are_each_one_of_a_kind() -> None:
    for values in (
        [s.key for s in stations()],
        [s.section.id for s in stations()],
        [s.mn for s in stations()],
        [b.key for b in branches()],
    ):
        assert len(set(values)) == len(values)


def test_no_monitor_bears_a_number_that_a_real_station_could_have() -> None:
    assert all(station.mn.split("_")[1].startswith("9") for station in stations())


def test_the_nine_parameters_of_national_stations_have_their_codes() -> None:
    codes = [parameter(name).hj212 for name in PARAMETERS]
    assert codes == ["w01010", "w01001", "w01009", "w01014", "w01003", "w01019", "w21003", "w21011", "w21001"]


def test_water_takes_longer_to_places_further_down() -> None:
    km = np.linspace(0, 1000, 301)
    assert np.all(np.diff(travel_hours(km)) > 0)


def test_a_station_sees_only_branches_that_join_above_it() -> None:
    for station in stations():
        seen = [b for b in branches() if lag_hours(station, b) is not None]
        if station.branch == MAIN:
            assert all(b.mouth_km <= station.km for b in seen)
            assert seen[0].key == MAIN
        else:
            assert [b.key for b in seen] == [station.branch]
