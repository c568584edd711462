"""Tracings over HTTP: begun by a deed, reckoned beside the node, told by questions, and written into the ledger."""

from __future__ import annotations

import json
import threading
import time

import numpy as np
import pytest

from shangyou.core.ports import Batch
from shangyou.core.records import Flag, Flagged, Observations, SeriesKey
from shangyou.exchange.ledger.entry import parse_entry, pseudonym
from tests.faces.api.conftest import Api
from tests.flows.test_trace import observed

START = 1_767_484_800_000  # 2026-01-04 08:00 legal time
HOURS = 60
ASKED: dict[str, object] = {
    "station": ["50.朱沱", "50.江津大桥"],
    "parameter": "ammonia_nitrogen",
    "start": "2026-01-04",
    "stop": "2026-01-07",
    "candidate": ["risk.naxi", "risk.panzhihua"],
}
LONGEST = 240.0  # s that a tracing may take here, the start of its process included


def fill(api: Api, flow: float | None = None) -> None:
    """Ammonia at two sections with the spill of the tests of tracing; and a gauge, where a flow is given."""
    seen = observed()
    keys = [SeriesKey(each.station, "ammonia_nitrogen", "hour", "mean") for each in seen]
    values = [each.value for each in seen]
    if flow is not None:
        keys.append(SeriesKey("50.朱沱", "flow", "hour", "mean"))
        values.append(np.full(HOURS, flow))
    count = len(keys) * HOURS
    rows = Observations(
        tuple(keys),
        np.repeat(np.arange(len(keys), dtype=np.int32), HOURS),
        np.concatenate([START + seen[0].time] * len(keys)),
        np.concatenate(values),
        np.zeros(count, np.uint8),
        np.zeros(count, np.uint8),
    )
    none = np.zeros(count, np.uint32)
    flagged = Flagged(rows, np.full(count, Flag.GOOD, np.uint8), none, none)
    api.desk.node.store.append(Batch(900, "file", "test", START), flagged)


def begun(api: Api, **changes: object) -> dict[str, object]:
    answer = api.post("tracings/begin", **(ASKED | changes))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def over(api: Api, id: object) -> dict[str, object]:
    """The row of a tracing once it has ended."""
    until, pause = time.monotonic() + LONGEST, threading.Event()
    while time.monotonic() < until:
        [row] = [row for row in api.rows("tracings") if row["id"] == id]
        if row["ended"]:
            return row
        pause.wait(0.2)  # the reckoning needs the processor that asking would take
    raise AssertionError("it did not end")


def test_a_tracing_is_begun_computed_beside_the_node_and_told(api: Api) -> None:
    fill(api)
    made = begun(api)
    row = over(api, made["id"])
    assert (row["state"], row["first"], row["by"]) == ("done", "risk.naxi", "local")
    assert row["share"] == 1.0
    first, *_, last = api.rows("tracing", id=made["id"])
    assert (first["rank"], first["place"]) == (1, "risk.naxi")
    assert last["place"] == "elsewhere"
    assert len(api.rows("tracing/predicted", id=made["id"])) == 2 * HOURS
    assert {"place", "time", "bits_place"} <= set(api.table("tracing/further", id=made["id"]).schema.names)


def test_who_asked_and_both_digests_stand_in_the_ledger_without_names(api: Api) -> None:
    fill(api)
    ledger = api.desk.node.ledger
    before = ledger.size()
    made = begun(api)
    row = over(api, made["id"])
    deed, found = (parse_entry(leaf) for leaf in ledger.entries(before, ledger.size()))
    assert deed.facts["deed"] == "tracings/begin"
    assert found.facts == {
        "act": "tracing",
        "by": pseudonym(ledger.shelf.salt, "local"),
        "inputs": row["inputs"],
        "result": row["result"],
        "verdict": row["verdict"],
    }
    assert "outlet" not in json.dumps(found.facts)


def test_equal_inputs_are_one_tracing_and_another_seed_is_another(api: Api) -> None:
    fill(api)
    one = begun(api)
    assert begun(api)["id"] == one["id"]
    other = begun(api, seed=1)
    assert other["id"] != one["id"]
    results = {over(api, each["id"])["result"] for each in (one, other)}
    assert len(results) == 2  # the draws differ in the fourth digit
    assert len(api.rows("tracings")) == 2


def test_the_flow_of_those_days_is_what_the_node_has_gauged(api: Api) -> None:
    fill(api, flow=4_150.0)  # half of the usual
    row = over(api, begun(api)["id"])
    assert row["gauges"] == 1
    assert row["discharge_sd"] == pytest.approx(0.05)
    assert row["velocity_sd"] == pytest.approx(0.097, abs=0.001)  # so far from usual, it follows less surely
    [first, *_] = api.rows("tracing", id=row["id"])
    usual = over(api, begun(api, flow=["50.朱沱=8300"])["id"])
    [again, *_] = api.rows("tracing", id=usual["id"])
    assert first["amount_kg"] < 0.7 * again["amount_kg"]


def test_without_a_gauge_the_season_is_unknown_and_the_answer_less_sure(api: Api) -> None:
    fill(api)
    unsure = over(api, begun(api)["id"])
    assert (unsure["gauges"], unsure["discharge_sd"]) == (0, pytest.approx(0.4))
    assert unsure["velocity_sd"] == pytest.approx(0.152, abs=0.001)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"station": []}, "trace.stations"),
        ({"stop": "2026-03-01"}, "trace.span"),
        ({"stop": ""}, "trace.span"),
        ({"station": ["50.nowhere"]}, "network.place"),
        ({"start": "2025-01-01", "stop": "2025-01-03"}, "trace.no_values"),
        ({"flow": ["50.朱沱=much"]}, "network.gauged"),
        ({"longest": -1.0}, "trace.prior"),
    ],
)
def test_what_cannot_be_traced_is_refused_at_once(api: Api, changes: dict[str, object], code: str) -> None:
    fill(api)
    answer = api.post("tracings/begin", **(ASKED | changes))
    assert answer.json()["code"] == code
    assert api.rows("tracings") == []


def test_a_tracing_that_nobody_began_is_not_found(calm: Api) -> None:
    for path in ("tracing", "tracing/further", "tracing/predicted"):
        answer = calm.get(path, id="abc")
        assert (answer.status_code, answer.json()["code"]) == (404, "trace.unknown")


def test_a_viewer_may_read_tracings_but_not_begin_one(api: Api) -> None:
    api.sign_in("wang")
    browser = api.client
    assert browser.get("/api/v1/tracings").status_code == 200
    answer = browser.post("/api/v1/tracings/begin", json=ASKED, headers={"sec-fetch-site": "same-origin"})
    assert answer.status_code == 403
