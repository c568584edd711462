"""A room opened at both sides of a partition: neither is lost, and all see which was first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shangyou.core.errors import ConflictError
from shangyou.faces.api.incident_deeds import open_incident
from shangyou.faces.together import of
from shangyou.flows.incident import rooms_of
from tests.fakes.exchange_basin import basin
from tests.federation.test_warnings import Warned

IDS = ("chongqing", "sichuan")


@pytest.fixture
def warned(tmp_path: Path) -> Iterator[Warned]:
    with basin(tmp_path, IDS, threshold=1) as made:
        yield Warned(made)


def test_a_second_room_for_the_same_warning_is_refused_and_the_first_is_named(warned: Warned) -> None:
    warning = warned.send()
    first = open_incident(warned.desk("sichuan"), warning=warning)["id"]
    warned.run()
    for member in IDS:
        with pytest.raises(ConflictError) as caught:
            open_incident(warned.desk(member), warning=warning)
        assert (caught.value.code, caught.value.facts["id"]) == ("incident.opened", first)


def test_rooms_that_were_opened_apart_are_both_seen_by_all_in_the_same_order(warned: Warned) -> None:
    warning = warned.send()
    warned.basin.network.cut(frozenset({"sichuan"}), frozenset({"chongqing"}))
    rooms = []
    for member in ("chongqing", "sichuan"):
        warned.basin.clock.advance(minutes=1)
        rooms.append(open_incident(warned.desk(member), warning=warning)["id"])
    warned.run()
    warned.basin.network.heal()
    for _ in range(6):
        warned.turn(3600)
    for member in IDS:
        assert [each.id for each in rooms_of(of(warned.basin[member]), warning)] == rooms
