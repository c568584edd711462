"""What scripts and files get: the chart, the map, exports, live events."""

from __future__ import annotations

import asyncio
import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from shangyou.adapters.journal import FileJournal
from shangyou.core.errors import UnavailableError
from shangyou.core.journal import Raw
from shangyou.faces.portal.live import events
from shangyou.faces.portal.stirring import stamp
from tests.faces.portal.node import FakeNode, Reader
from tests.faces.portal.river import DIRTY, LAST, TIMES


def test_the_chart_gets_values_limits_flags_and_ghosts(signed_in: Reader) -> None:
    data = signed_in.get(f"/series?section=51.清风峡&parameter=ph&start={TIMES[0]}&stop={LAST + 1}").json()
    assert data["time"] == list(TIMES)
    assert data["value"][3] == 8.1
    assert [(f[0], data["notes"][f[1]], f[2]) for f in data["flagged"]] == [(5, "突跳", 4), (7, "变化过快", 3)]
    assert data["ghosts"][1] == [7.8, 7.8, 7.8]
    assert [limit["value"] for limit in data["limits"]] == [6.0, 9.0]
    assert data["broken"] == []
    assert data["total"] == len(TIMES)


def test_a_long_series_is_thinned_by_the_node(signed_in: Reader) -> None:
    data = signed_in.get(
        f"/series?section={DIRTY}&parameter=total_phosphorus&buckets=10&start=0&stop={LAST + 1}"
    ).json()
    assert data["total"] == len(TIMES)
    assert len(data["time"]) <= data["total"]
    assert max(data["value"]) == 0.36
    assert [limit["name"] for limit in data["limits"]][2] == "Ⅲ类 0.2"


def test_the_series_comes_as_arrow_too(signed_in: Reader) -> None:
    answer = signed_in.get(f"/series?section=51.清风峡&parameter=ph&form=arrow&start=0&stop={LAST + 1}")
    table = pa.ipc.open_stream(answer.content).read_all()
    assert table.num_rows == len(TIMES)
    assert "entry" in table.column_names


def test_the_map_gets_places_and_one_character_a_time(signed_in: Reader) -> None:
    data = signed_in.get("/map/data?span=week").json()
    found = {s["id"]: s for s in data["sections"]}
    assert data["times"][-1] == LAST + 1_800_000  # now
    assert len(data["labels"]) == len(data["times"])
    assert all(len(s["classes"]) == len(data["times"]) for s in data["sections"])
    assert found[DIRTY]["classes"][-1] == "5"
    assert found[DIRTY]["classes"][-40] == "3"
    assert found["50.无名桥"]["place"] is None
    assert set(found["52.静默站"]["classes"]) == {"0"}
    assert found[DIRTY]["hollow"]
    assert not found["51.清风峡"]["hollow"]


def test_an_old_sample_is_marked_on_the_map_and_forgotten_after_a_day(filled: FakeNode) -> None:
    filled.clock.pass_by(hours=12)
    data = Reader(filled).sign_in().get("/map/data?span=day").json()
    classes = {s["id"]: s["classes"] for s in data["sections"]}[DIRTY]
    assert classes.startswith("5")
    assert classes.endswith("e")  # class V, stale


def test_the_base_map_is_our_own(signed_in: Reader) -> None:
    base = json.loads(signed_in.get("/map/base").content)
    assert {f["properties"]["kind"] for f in base["features"]} >= {"river", "province"}


EXPORTS = (
    "/sections.{}?province=四川省",
    f"/series.{{}}?section=51.清风峡&parameter=ph&start=0&stop={LAST + 1}",
    "/exports/observations.{}?parameter=ph&from=2021-04-01&to=2021-04-05",
    "/exports/observations.{}?parameter=ph&shape=wide",
    "/exports/ready/latest.{}",
    "/exports/ready/samples.{}",
    "/exports/ready/section.{}?period=2021-04",
    "/exports/ready/province.{}",
    "/intake/refused.{}",
)


@pytest.mark.parametrize("path", EXPORTS)
def test_every_selection_comes_in_four_formats_with_the_same_rows(signed_in: Reader, path: str) -> None:
    answers = {form: signed_in.get(path.format(form)) for form in ("csv", "json", "parquet", "xlsx")}
    for form, answer in answers.items():
        assert answer.status_code == 200
        assert answer.headers["content-disposition"].endswith(f".{form}")
    rows = json.loads(answers["json"].content)
    assert rows
    text = answers["csv"].content.decode("utf-8-sig")
    assert len(list(csv.DictReader(io.StringIO(text)))) == len(rows)
    assert pq.read_table(io.BytesIO(answers["parquet"].content)).num_rows == len(rows)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(answers["xlsx"].content)).get_sheet_by_index(0)
    assert len(sheet.to_python()) == len(rows) + 1


def test_exports_follow_the_selection(signed_in: Reader) -> None:
    rows = json.loads(signed_in.get("/sections.json?class=5").content)
    assert [row["site"] for row in rows] == [DIRTY]
    values = json.loads(signed_in.get("/exports/observations.json?section=51.清风峡&parameter=ph&versions=all").content)
    assert len(values) == len(TIMES) + 3
    none = json.loads(signed_in.get("/exports/observations.json?province=海南省").content)
    assert none == []


def test_simulated_data_say_so_in_name_and_rows(filled: FakeNode) -> None:
    filled.settings.simulated = True
    answer = Reader(filled).sign_in().get("/sections.json")
    assert "simulated" in answer.headers["content-disposition"]
    assert all(row["simulated"] for row in json.loads(answer.content))


@pytest.mark.parametrize(
    "path", [p.format("csv") for p in EXPORTS] + ["/map/data", "/series", "/live", "/intake/entries/0/raw"]
)
def test_strangers_get_no_data(still: FakeNode, path: str) -> None:
    assert Reader(still).get(path).status_code in (204, 303)


def test_a_part_of_a_page_sends_strangers_to_the_sign_in_page(filled: FakeNode) -> None:
    answer = Reader(filled).get("/basin", **{"hx-request": "true"})
    assert answer.headers["hx-redirect"] == "/sign-in"


def test_pages_that_ask_by_themselves_do_not_keep_a_stay_alive(filled: FakeNode) -> None:
    reader = Reader(filled).sign_in()
    for _ in range(4):
        filled.clock.pass_by(minutes=9)
        last = reader.get("/basin", **{"hx-request": "true", "x-live": "1"})
    assert last.headers["hx-redirect"] == "/sign-in"


def test_events_tell_when_something_came_in(filled: FakeNode) -> None:
    async def heard() -> list[str]:
        found = []
        stream = events(filled, every=0.01, longest=0.05)
        async for event in stream:
            found.append(event)
            if len(found) == 2:
                filled.journal.append([Raw("table", "new.csv", 0, b"new")])
        return found

    found = asyncio.run(heard())
    assert found[0].startswith("retry:")
    assert found[1].startswith(":")
    assert "event: change" in "".join(found[2:])
    assert len(found) == 7  # the time to come again, and six looks


def test_what_came_in_between_the_page_and_its_line_is_told_at_once(filled: FakeNode) -> None:
    seen = stamp(filled)
    filled.journal.append([Raw("table", "between.csv", 0, b"between")])

    async def first(seen: str) -> list[str]:
        return [event async for event in events(filled, seen, every=0.01, longest=0.0)]

    assert asyncio.run(first(seen))[1].startswith("event: change\nid: ")
    assert asyncio.run(first(stamp(filled)))[1] == ": still here\n\n"
    assert asyncio.run(first(""))[1] == ": still here\n\n"


def test_a_page_carries_the_stamp_of_what_it_shows(still: FakeNode, signed_in: Reader) -> None:
    before = stamp(still)
    assert f'data-seen="{before}"' in signed_in.get("/basin").text


def test_events_end_quietly_when_the_node_cannot_be_asked(filled: FakeNode) -> None:
    class Broken(FakeNode):
        """A node whose journal cannot be reached."""

        def __init__(self) -> None:
            self.intake, self.store = filled.intake, filled.store

        @property
        def journal(self) -> FileJournal:  # type: ignore[override]
            raise UnavailableError("journal.write")

    async def heard() -> list[str]:
        return [event async for event in events(Broken(), every=0.01, longest=0.05)]

    assert asyncio.run(heard()) == ["retry: 3000\n\n"]
