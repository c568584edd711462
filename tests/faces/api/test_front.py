"""Health, metrics and which application answers."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from shangyou.faces.front import Front
from tests.faces.api.conftest import TOKEN, Api


def test_a_node_is_ready_until_something_is_in_its_way(api: Api) -> None:
    assert (api.client.get("/healthz").status_code, api.client.get("/healthz").json()["ready"]) == (200, True)
    api.idle.code = "store.full"
    answer = api.client.get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "code": "store.full"})


def test_metrics_are_in_the_form_that_prometheus_reads(calm: Api) -> None:
    text = calm.client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).text
    names = set()
    for line in text.splitlines():
        if line.startswith("#"):
            assert re.fullmatch(r"# (HELP|TYPE) shangyou_[a-z_]+ .+", line)
        else:
            found = re.fullmatch(r"(shangyou_[a-z_]+) (-?[0-9.e+]+)", line)
            assert found, line
            names.add(found[1])
    assert {"shangyou_observations_total", "shangyou_journal_behind_entries", "shangyou_trouble"} <= names
    assert re.search(r"^shangyou_journal_entries_total 1$", text, re.MULTILINE)


@pytest.mark.parametrize(("host", "status"), [("127.0.0.1", 200), ("::1", 200), ("192.0.2.7", 401)])
def test_metrics_are_open_to_this_machine_alone(calm: Api, host: str, status: int) -> None:
    client = TestClient(Front(calm.desk, TOKEN, lambda: ""), client=(host, 50_000))
    assert client.get("/metrics").status_code == status


def test_all_other_paths_are_the_portals(calm: Api) -> None:
    answer = calm.client.get("/", follow_redirects=True)
    assert answer.status_code == 200
    assert "text/html" in answer.headers["content-type"]
    assert answer.url.path == "/sign-in"


def test_answers_of_the_api_are_data_and_nothing_else_to_a_browser(calm: Api) -> None:
    for path in ("/api/v1/agencies", "/api/openapi.json"):
        headers = calm.client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]


def test_an_address_of_the_api_that_is_not_there_is_not_found(calm: Api) -> None:
    for answer in (calm.client.get("/api/v1/nothing"), calm.client.get("/api"), calm.client.put("/api/v1/status")):
        assert (answer.status_code, answer.json()["code"]) == (404, "api.path")
        assert answer.headers["content-type"] == "application/problem+json"
