"""Questions over HTTP: every one answers in every format, and with the same rows."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
import python_calamine
from pyarrow import csv, parquet
from starlette.testclient import TestClient

from shangyou.faces.api.desk import Running
from shangyou.faces.api.questions import QUESTIONS
from shangyou.faces.front import Front
from shangyou.faces.rows import MEDIA
from tests.faces.api.conftest import TOKEN, Api, Idle
from tests.faces.national import VALUES

NEEDED: dict[str, dict[str, object]] = {
    "section": {"id": "51.清风峡"},
    "history": {"id": "51.清风峡"},
    "outcome": {"digest": "x"},
    "compact": {"id": "chishui-2018"},
    "network/up": {"id": "50.朱沱"},
    "network/down": {"id": "50.朱沱"},
    "compensation/trial": {"compact": "chishui-2018", "year": "2019"},
}
WITH_ROWS = (
    "status",
    "query",
    "query/nodes",
    "people",
    "agencies",
    "rivers",
    "sections",
    "section",
    "history",
    "parameters",
    "batches",
    "refused",
    "progress",
    "latest",
    "observations",
    "assess",
    "compacts",
    "compact",
    "compensation/trial",
    "ledger/state",
    "ledger/policy",
    "network/reaches",
    "network/places",
    "network/up",
    "network/down",
    "network/rivers",
    "network/items",
)


AMONG_OTHERS: dict[str, dict[str, object]] = {  # what only a member of a federation can be asked
    **{path: {} for path in ("datasets", "catalogue", "catalogue/sources", "catalogue/refusals", "catalogue/export")},
    **{path: {"id": "sichuan/water"} for path in ("catalogue/entry", "catalogue/facts")},
    **{path: {} for path in QUESTIONS if path.partition("/")[0] == "federation"},
    **{path: {} for path in ("contracts", "contracts/agreements", "contracts/stuck")},
    "contract": {"id": "urn:uuid:1"},
    "contracts/agreements/why": {"agreement": "urn:uuid:1"},
    **{path: {"id": "1"} for path in QUESTIONS if path.partition("/")[0] == "statement"},
    "statements": {},
    **{
        path: {}
        for path in ("warnings", "dossiers", "incidents", "resolutions", "resolution/tasks", "warning/downstream")
    },
    **{
        path: {"id": "1"}
        for path in QUESTIONS
        if path.partition("/")[0] in ("warning", "dossier", "incident", "resolution")
        and path not in ("warning/downstream", "resolution/tasks")
    },
    **{path: {} for path in ("transfers", "passages", "receipts", "meters", "feeds/standing", "feeds/wishes")},
}


@pytest.mark.parametrize("path", list(AMONG_OTHERS))
def test_a_node_in_no_federation_says_so_when_it_is_asked_of_others(calm: Api, path: str) -> None:
    answer = calm.get(path, **AMONG_OTHERS[path])
    assert (answer.status_code, answer.json()["code"]) == (404, "federation.none")


OF_ONE = (
    *("command", "ledger/proof", "alarm", "loads"),
    *("tracing", "tracing/further", "tracing/predicted"),
)  # of something that must be there first; each has its own test


@pytest.mark.parametrize("path", [path for path in QUESTIONS if path not in (*AMONG_OTHERS, *OF_ONE)])
def test_a_question_answers_the_same_rows_in_every_format(calm: Api, path: str) -> None:
    query = NEEDED.get(path, {})
    arrow = calm.table(path, **query)
    if path != "ledger":  # acts of tests that came before on this node stand there, or none
        assert (arrow.num_rows > 0) == (path in WITH_ROWS)
    said = calm.get(path, format="json", **query)
    assert said.headers["content-type"] == MEDIA["json"]
    assert [list(row) for row in said.json()] == [arrow.schema.names] * arrow.num_rows
    read = csv.read_csv(io.BytesIO(calm.get(path, format="csv", **query).content))
    assert (read.num_rows, read.schema.names) == (arrow.num_rows, arrow.schema.names)
    packed = parquet.read_table(io.BytesIO(calm.get(path, format="parquet", **query).content))
    assert (packed.num_rows, packed.schema.names) == (arrow.num_rows, arrow.schema.names)
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(calm.get(path, format="xlsx", **query).content))
    assert len(book.get_sheet_by_index(0).to_python()) == arrow.num_rows + 1


def test_the_accept_header_names_the_format_too(calm: Api) -> None:
    headers = {"authorization": "Bearer local-token", "accept": MEDIA["parquet"]}
    answer = calm.client.get("/api/v1/agencies", headers=headers)
    assert parquet.read_table(io.BytesIO(answer.content)).num_rows == 7
    assert answer.headers["content-disposition"] == 'attachment; filename="agencies.parquet"'


def test_observations_are_chosen_by_place_parameter_and_time(calm: Api) -> None:
    assert len(calm.rows("observations", period="2021-04")) >= VALUES
    found = calm.rows("observations", site="51.清风峡", parameter=["ph", "ammonia_nitrogen"], start="2021-04-01 10:00")
    assert [(row["parameter"], row["time"], row["value"]) for row in found] == [
        ("ammonia_nitrogen", "2021-04-01T04:00:00.000Z", 0.62),
        ("ph", "2021-04-01T04:00:00.000Z", 8.2),
    ]
    wide = calm.rows("observations", site="51.清风峡", shape="wide")
    assert [row["ammonia_nitrogen"] for row in wide] == [0.091, 0.62]


def test_an_assessment_stands_beside_the_published_class(calm: Api) -> None:
    found = calm.rows("assess", by="sample", period="2021-04")
    assert [(row["class"], row["published"], row["equal"]) for row in found] == [
        ("Ⅱ", "Ⅱ", True),
        ("Ⅱ", "Ⅱ", True),
        ("Ⅲ", "Ⅲ", True),
    ]


def test_without_a_period_the_newest_month_with_data_is_assessed(calm: Api) -> None:
    metadata = calm.table("assess").schema.metadata
    assert metadata[b"period"] == b"2021-04"


def test_refusals_are_told_in_the_language_asked_for(calm: Api) -> None:
    zh, en = (calm.rows("refused", lang=language)[0] for language in ("zh", "en"))
    assert zh["code"] == en["code"] == "cnemc.idle"
    assert zh["reason"] != en["reason"]
    assert calm.rows("refused", batch=0) == calm.rows("refused")
    assert calm.rows("refused", batch=99) == []


def test_the_status_says_where_the_node_is_and_what_it_holds(calm: Api) -> None:
    [found] = calm.rows("status")
    assert (found["serving"], found["name_zh"], found["http"]) == (True, "试验节点", "http://127.0.0.1:1")
    assert (found["entries"], found["behind"], found["refused"]) == (1, 0, 1)
    assert found["observations"] >= VALUES


def test_sections_are_filtered_by_what_is_known_of_them(calm: Api) -> None:
    assert {row["province"] for row in calm.rows("sections", province="四川")} == {"四川省"}
    assert [row["id"] for row in calm.rows("sections", text="清风峡")] == ["51.清风峡"]
    assert all(row["status"] == "unconfirmed" for row in calm.rows("sections", status="unconfirmed"))


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("section", {"id": "51.nowhere"}, 404, "registry.section"),
        ("section", {}, 400, "api.form"),
        ("observations", {"start": "yesterday"}, 400, "api.moment"),
        ("observations", {"limit": "many"}, 400, "api.form"),
        ("observations", {"shape": "round"}, 400, "export.shape"),
        ("assess", {"by": "galaxy"}, 400, "assess.by"),
        ("assess", {"period": "April"}, 400, "period.form"),
        ("command", {"id": 7}, 404, "command.unknown"),
        ("sections", {"format": "docx"}, 400, "rows.format"),
    ],
)
def test_an_error_is_a_problem_with_code_sentence_and_remedy(
    calm: Api, path: str, query: dict[str, object], status: int, code: str
) -> None:
    answer = calm.get(path, **query)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["code"], body["status"]) == (code, status)
    assert body["detail"] != code
    assert body["remedy"]


class Broken(Idle):
    """A part with a fault."""

    def trouble(self) -> str:
        raise KeyError("inside")


def test_a_fault_of_ours_tells_a_number_and_nothing_of_the_inside(calm: Api) -> None:
    desk = replace(calm.desk, running=Running(0, Broken(), {}))
    client = TestClient(Front(desk, TOKEN, lambda: ""), raise_server_exceptions=False)
    answer = client.get("/api/v1/progress", headers={"authorization": f"Bearer {TOKEN}"})
    body = answer.json()
    assert (answer.status_code, body["code"]) == (500, "api.fault")
    assert "inside" not in answer.text
    assert len(body["facts"]["reference"]) == 8


def test_the_description_names_every_address(calm: Api) -> None:
    found = calm.client.get("/api/openapi.json").json()
    paths = {f"/api/v1/{path}" for path in QUESTIONS}
    assert paths <= set(found["paths"])
    described = {p["name"]: p.get("description") for p in found["paths"]["/api/v1/observations"]["get"]["parameters"]}
    assert all(described.values())
    assert {"site", "parameter", "period", "as_of", "format", "lang"} <= set(described)
    assert "://" not in json.dumps(found).replace("https://host:port", "")


def test_a_parameter_whose_name_is_written_wrong_is_refused_and_the_right_ones_are_named(calm: Api) -> None:
    answer = calm.get("sections", provinces="51", river="岷江")
    assert (answer.status_code, answer.json()["code"]) == (400, "api.unknown")
    assert answer.json()["facts"]["name"] == "provinces"
    assert "province, city, river" in answer.json()["facts"]["known"]
