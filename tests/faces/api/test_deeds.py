"""Deeds over HTTP: who may do what, and what is done."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import get_args

import pytest

from shangyou.core.journal import Raw
from shangyou.exchange.ledger.entry import parse_entry, pseudonym
from shangyou.faces.api.deeds import DEEDS
from shangyou.faces.api.questions import QUESTIONS
from shangyou.ingest.hj212.answer import data_area
from shangyou.ingest.hj212.packet import Packet
from shangyou.wiring import digest
from tests.faces.api.conftest import TOKEN, Api
from tests.faces.national import TEXT
from tests.faces.portal.node import form_key

MN = "88888880000001"
SAME = {"sec-fetch-site": "same-origin"}


def code(answer: object) -> str:
    return str(answer.json()["code"])  # type: ignore[attr-defined]


# ---- who may ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*QUESTIONS, "backup"])
def test_nobody_learns_anything_without_signing_in(calm: Api, path: str) -> None:
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Basic bG9jYWw="}):
        params = dict.fromkeys(required(QUESTIONS[path].ask), "1") if path in QUESTIONS else {}
        answer = calm.client.get(f"/api/v1/{path}", params=params, headers=headers)
        assert (answer.status_code, code(answer)) == (401, "api.sign_in")


@pytest.mark.parametrize("path", DEEDS)
def test_nobody_does_anything_without_signing_in(calm: Api, path: str) -> None:
    answer = calm.client.post(f"/api/v1/{path}", json=body(path))
    assert (answer.status_code, code(answer)) == (401, "api.sign_in")


def body(path: str) -> dict[str, object]:
    """Something of the right kind for everything that a deed must be given."""
    return {name: SOME.get(kind, ["1"]) for name, kind in required(DEEDS[path].do).items()}


def required(asked: Callable[..., object]) -> dict[str, object]:
    """What must be given besides the desk, and of which kind."""
    given = list(inspect.signature(asked, eval_str=True).parameters.values())[1:]
    return {each.name: get_args(each.annotation)[0] for each in given if each.default is inspect.Parameter.empty}


SOME: dict[object, object] = {str: "1", int: 1, float: 1.0, bool: True}


@pytest.mark.parametrize("path", DEEDS)
def test_a_viewer_changes_nothing(calm: Api, path: str) -> None:
    calm.sign_in("wang")
    answer = calm.client.post(f"/api/v1/{path}", json=body(path), headers=SAME)
    assert (answer.status_code, code(answer)) == (403, "api.role")


def test_an_engineer_changes_data_but_not_who_may_sign_in(api: Api) -> None:
    api.sign_in("li")
    done = api.client.post("/api/v1/sections/confirm", json={"id": "51.清风峡"}, headers=SAME)
    assert done.status_code == 200
    assert api.rows("history", id="51.清风峡")[-1]["by"] == "li"
    refused = api.client.post(
        "/api/v1/people/put", json={"name": "zhao", "password": "correct horse battery"}, headers=SAME
    )
    assert code(refused) == "api.role"


@pytest.mark.parametrize(
    "headers",
    [{}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "http://evil.example"}],
)
def test_a_page_of_another_site_changes_nothing_with_a_cookie(calm: Api, headers: dict[str, str]) -> None:
    calm.sign_in("li")
    answer = calm.client.post("/api/v1/sections/confirm", json={"id": "51.清风峡"}, headers=headers)
    assert (answer.status_code, code(answer)) == (403, "api.origin")


def test_the_command_line_is_known_by_its_token_and_says_who_works_there(api: Api) -> None:
    headers = {"authorization": "Bearer local-token", "x-shangyou-by": "%E6%9D%8E"}
    api.client.post("/api/v1/sections/confirm", json={"id": "51.清风峡"}, headers=headers)
    assert api.rows("history", id="51.清风峡")[-1]["by"] == "李"


# ---- what is done -----------------------------------------------------------------------------------------------


def test_a_section_is_renamed_and_merged_without_losing_its_history(api: Api) -> None:
    api.post("sections/rename", id="51.清风峡", name_zh="清风峡大桥")
    assert api.post("sections/merge", id="51.清风峡", into="50.万木").json() == {"id": "51.清风峡", "into": "50.万木"}
    assert [row["what"] for row in api.rows("history", id="51.清风峡")] == ["met", "renamed", "merged"]
    assert api.rows("section", id="51.清风峡")[0]["id"] == "50.万木"
    assert code(api.post("sections/merge", id="51.清风峡", into="50.万木")) == "registry.merge"


def test_a_device_is_entered_changed_and_asked(api: Api) -> None:
    assert api.post("devices/put", mn=MN, section="51.清风峡", password="123456").json()["status"] == "active"
    assert api.post("devices/put", mn=MN, change=True, profile="lenient").json()["section"] == "51.清风峡"
    assert api.idle.refreshed == 2
    assert api.desk.node.registry.device_password(MN) == "123456"
    order = api.post("devices/ask", mn=MN, what="hour", start="2021-04-01", stop="2021-04-02").json()
    assert order["code"] == "2061"
    assert order["arguments"] == {"BeginTime": "20210401000000", "EndTime": "20210402000000"}
    assert api.idle.woken == 1
    assert api.rows("command", id=order["id"])[0]["state"] == "queued"


def test_refused_packets_are_read_again_once_their_device_is_registered(api: Api) -> None:
    node = api.desk.node
    area = data_area("20210405080000", {"w21003": {"Avg": 0.5, "Flag": "N"}})
    frame = Packet(MN, "2061", "21", "123456", area, "20210405080000000", 5).frame()
    node.journal.append([Raw("hj212", MN, api.desk.now(), frame, "refused hj212.device_unknown")])
    digest(node).run()
    assert [row["code"] for row in api.rows("refused", source=MN)] == ["hj212.device_unknown"]
    assert code(api.post("devices/read-again", mn=MN)) == "device.unknown"
    api.post("devices/put", mn=MN, status="quarantined")
    assert code(api.post("devices/read-again", mn=MN)) == "again.standing"
    api.post("devices/put", mn=MN, status="active")
    done = api.post("devices/read-again", mn=MN).json()
    assert (done["packets"], api.idle.woken) == (1, 1)
    digest(node).run()
    assert [(row["value"], row["batch"]) for row in api.rows("observations", site=MN)] == [(0.5, done["batch"])]
    assert api.rows("refused", source=MN) == []
    assert api.post("devices/read-again", mn=MN).json() == {"mn": MN, "packets": 0, "batch": None}


def test_an_order_from_a_page_wakes_the_listener_too(api: Api) -> None:
    api.post("devices/put", mn=MN)
    api.sign_in("li")
    span = {"start": "2021-04-05T00:00", "stop": "2021-04-05T20:00"}
    key = form_key(api.client.get("/intake").text)
    asked = api.client.post(
        "/intake/ask",
        data={"form_key": key, "mn": MN, "what": "hour", **span},
        headers={"sec-fetch-site": "same-origin"},
        follow_redirects=False,
    )
    assert (asked.status_code, api.idle.woken) == (303, 1)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"mn": ""}, "device.mn"),
        ({"mn": MN, "what": "x"}, "api.unknown"),
        ({"mn": "unknown", "change": True}, "device.unknown"),
        ({"mn": MN, "status": "sleepy"}, "device.value"),
        ({"mn": MN, "section": "51.nowhere"}, "registry.section"),
    ],
)
def test_a_device_that_cannot_be_is_refused(calm: Api, body: dict[str, object], expected: str) -> None:
    assert code(calm.post("devices/put", **body)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"mn": "unknown", "what": "time"}, "command.device"),
        ({"mn": MN, "what": "sing"}, "device.order"),
        ({"mn": MN, "what": "hour", "to": "9"}, "device.order"),
        ({"mn": MN, "what": "hour"}, "command.missing"),
        ({"mn": MN, "what": "interval", "to": "7"}, "command.argument"),
    ],
)
def test_an_order_that_cannot_be_is_refused(api: Api, body: dict[str, object], expected: str) -> None:
    api.post("devices/put", mn=MN)
    assert code(api.post("devices/ask", **body)) == expected


def test_facts_that_ship_are_entered_once(calm: Api) -> None:
    assert calm.post("facts/load").json() == {"agencies": 0, "rivers": 0, "sections": 0}


def test_a_password_that_is_too_short_and_a_role_that_is_none_are_refused(calm: Api) -> None:
    assert code(calm.post("people/put", name="zhao", password="short")) == "person.password"
    assert code(calm.post("people/put", name="zhao", password="x" * 12, role="king")) == "person.role"
    assert code(calm.post("people/put", name="li", password="x" * 12)) == "person.exists"
    assert code(calm.post("people/password", name="nobody", password="x" * 12)) == "person.unknown"


def test_a_new_password_ends_the_stays_of_its_person(api: Api) -> None:
    api.sign_in("li")
    assert api.client.get("/api/v1/agencies").status_code == 200
    api.post("people/password", name="li", password="another horse battery")
    assert api.client.get("/api/v1/agencies").status_code == 401


# ---- intake -----------------------------------------------------------------------------------------------------


def send(api: Api, body: bytes, **query: str) -> object:
    headers = {"authorization": "Bearer local-token"}
    return api.client.post("/api/v1/ingest", params=query, content=body, headers=headers)


def test_a_file_is_taken_in_once_and_the_digest_is_woken(api: Api) -> None:
    text = TEXT.replace("0.091", "0.095").encode()
    first = send(api, text, name="2021-04/b.csv").json()  # type: ignore[attr-defined]
    assert (first["kind"], first["known"], first["batch"]) == ("cnemc-csv", False, 1)
    assert api.idle.woken == 1
    digest(api.desk.node).run()
    assert send(api, text, name="2021-04/b.csv").json()["known"]  # type: ignore[attr-defined]
    [row] = api.rows("outcome", digest=first["digest"])
    assert (row["new"], row["revised"]) == (0, 1)


def test_a_batch_is_rolled_back_once(api: Api) -> None:
    before = len(api.rows("observations"))
    assert api.post("batches/withdraw", batch=0).json()["withdrawn"] == before
    assert api.rows("observations") == []
    assert code(api.post("batches/withdraw", batch=0)) == "store.withdrawn"
    assert code(api.post("batches/withdraw", batch=77)) == "store.batch"


@pytest.mark.parametrize(
    ("body", "name", "expected"),
    [(b"", "a.csv", "ingest.kind"), (b"hello", "a.bin", "ingest.kind"), (b"", "", "api.form")],
)
def test_what_cannot_be_a_file_of_data_is_refused(calm: Api, body: bytes, name: str, expected: str) -> None:
    assert code(send(calm, body, name=name)) == expected


def test_a_map_that_is_wrong_is_refused_with_all_its_problems(calm: Api) -> None:
    assert code(calm.post("maps/save", name="a", body="measured = 1")) == "tables.map"
    assert code(calm.post("maps/save", name="", body="")) == "ingest.map_name"
    assert calm.rows("maps") == []


def test_every_deed_that_was_done_stands_in_the_ledger_without_names_or_passwords(api: Api) -> None:
    ledger = api.desk.node.ledger
    before = ledger.size()
    assert api.post("people/put", name="zhao", password="a long password", role="viewer").status_code == 200
    assert api.post("people/put", name="zhao", password="a long password", role="viewer").status_code == 409
    [leaf] = ledger.entries(before, ledger.size())
    entry = parse_entry(leaf)
    assert (entry.kind, entry.facts["deed"]) == ("admin", "people/put")
    assert entry.facts["by"] == pseudonym(ledger.shelf.salt, "local")
    assert not any(word in leaf for word in (b"zhao", b"password", b"local"))


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b"\xff\xfe",
        b'{"id": "\\ud800"}',
        b'{"id": NaN}',
        b'{"id": 1e999}',
        b"1" * 60_000,
    ],
)
def test_what_is_not_proper_json_is_refused_with_a_code(calm: Api, body: bytes) -> None:
    answer = calm.client.post(
        "/api/v1/sections/confirm",
        content=body,
        headers={"authorization": f"Bearer {TOKEN}", "content-type": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "api.json")
