"""The basin in one view: classes now and before, what arrived, who is heard."""

from __future__ import annotations

from pathlib import Path

import pytest

from shangyou.core.clock import LEGAL, to_ms
from shangyou.core.registry import Device
from shangyou.flows.look import DAY, look
from shangyou.flows.overview import arrival, group, hearings, horizon, overview
from tests.faces.portal.node import NOW, FakeNode
from tests.faces.portal.river import DIRTY, HOUR, LAST, MN, fill


@pytest.fixture
def node(tmp_path: Path) -> FakeNode:
    made = FakeNode(tmp_path)
    fill(made)
    return made


def classes(node: FakeNode) -> dict[str, tuple[int, int]]:
    whole = overview(node.store, node.registry, node.intake, to_ms(NOW), LEGAL)
    return {s.section.id: (s.class_no, s.before) for s in whole.states}


def test_every_registered_section_is_there_with_its_class_now_and_a_day_before(node: FakeNode) -> None:
    assert classes(node) == {
        "51.清风峡": (1, 1),
        DIRTY: (5, 3),
        "50.朱沱": (1, 1),
        "50.无名桥": (4, 4),
        "52.静默站": (0, 0),
    }


def test_what_exceeds_is_told_with_its_multiple_and_the_worst_comes_first(node: FakeNode) -> None:
    whole = overview(node.store, node.registry, node.intake, to_ms(NOW), LEGAL)
    assert [(s.section.id, s.exceeding_zh) for s in whole.exceeding] == [
        (DIRTY, "总磷(0.8)"),
        ("50.无名桥", "高锰酸盐指数(0.2)"),
    ]
    assert [s.section.id for s in whole.worsened] == [DIRTY]
    assert whole.all.counts == (1, 2, 0, 0, 1, 1, 0)
    assert (whole.all.known, whole.all.good) == (4, 2)


def test_sections_are_counted_by_province_and_those_without_a_name_come_last(node: FakeNode) -> None:
    whole = overview(node.store, node.registry, node.intake, to_ms(NOW), LEGAL)
    assert [(g.name, sum(g.counts)) for g in group(whole.states, lambda s: s.province)] == [
        ("四川省", 2),
        ("重庆市", 2),
        ("贵州省", 1),
    ]
    assert group(whole.states, lambda s: s.river)[-1].name == ""


def test_of_historic_data_the_newest_observation_stands_for_now(node: FakeNode) -> None:
    assert horizon(node.store, to_ms(NOW)).historic is False
    later = horizon(node.store, to_ms(NOW) + 40 * DAY)
    assert (later.at, later.historic) == (LAST, True)


def test_a_sample_without_a_required_item_has_no_class(node: FakeNode) -> None:
    samples = look(node.store, node.registry, LAST, LAST + 1, LEGAL)
    assert len(samples.time) == 4
    assert (samples.classes > 0).all()
    assert samples.newest(LAST, LAST)[[s.id for s in samples.sections].index("52.静默站")] == -1


def test_a_value_that_quality_control_fails_does_not_make_the_class(node: FakeNode) -> None:
    samples = look(node.store, node.registry, LAST - 3 * DAY, LAST + 1, LEGAL, ["51.清风峡"])
    assert set(samples.classes.tolist()) == {0, 1}  # pH 13.2 would be worse than V; without pH there is no class


def test_the_arrival_rate_is_what_came_of_what_was_due(node: FakeNode) -> None:
    came = arrival(node.store, LAST + 1)
    assert (came.series, came.expected, came.arrived, came.usable) == (24, 144, 144, 144)
    assert came.silent == ()
    half = arrival(node.store, LAST + 12 * HOUR + 1)
    assert (half.expected, half.arrived) == (144, 96)  # the period that goes on is not due
    gone = arrival(node.store, LAST + 30 * HOUR)
    assert (gone.expected, gone.arrived, len(gone.silent)) == (144, 0, 4)
    assert arrival(node.store, LAST + 40 * DAY).expected == 0


def test_a_device_is_online_with_an_open_connection_or_a_packet_within_the_hour(node: FakeNode) -> None:
    node.registry.put_device(Device("B1", "哑站", ""), None, "li", 0)
    node.registry.put_device(Device("B2", "停用站", "", status="blocked"), None, "li", 0)
    heard = {h.device.mn: h.online for h in hearings(node.registry, node.intake, to_ms(NOW))}
    assert heard == {MN: True, "B1": False}


def test_an_empty_node_has_an_overview_too(tmp_path: Path) -> None:
    empty = FakeNode(tmp_path)
    whole = overview(empty.store, empty.registry, empty.intake, to_ms(NOW), LEGAL)
    assert (whole.states, whole.exceeding, whole.arrival.expected) == ((), [], 0)
