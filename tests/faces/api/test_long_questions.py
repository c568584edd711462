"""Questions that may be asked with a whole text: by POST, bounded, never in an address."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shangyou.faces.api.app import LARGEST
from shangyou.standards.compacts import compact_text
from tests.faces.api.conftest import TOKEN, Api

TRIAL = "/api/v1/compensation/trial"
SIGNED = {"authorization": f"Bearer {TOKEN}"}
CHISHUI = compact_text("chishui-2018").decode()


def test_a_compact_of_ones_own_is_tried_by_its_text(calm: Api) -> None:
    asked = {"text": CHISHUI, "year": "2019", "source": "held"}
    answer = calm.client.post(TRIAL, json=asked, headers=SIGNED)
    assert answer.status_code == 200
    known = calm.get("compensation/trial", compact="chishui-2018", year="2019", source="held")
    assert answer.json() == known.json()
    table = calm.client.post(f"{TRIAL}?format=csv", json=asked, headers=SIGNED)
    assert table.text.startswith("line,") or table.text.startswith('"line",')


def test_a_text_in_an_address_is_refused(calm: Api) -> None:
    answer = calm.get("compensation/trial", text=CHISHUI, year="2019")
    assert (answer.status_code, answer.json()["code"]) == (400, "api.unknown")
    assert "text" not in answer.json()["facts"]["known"].split(", ")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "api.json"),
        (b"[1]", "api.form"),
        (b'{"year": 2019, "compact": "chishui-2018"}', "api.form"),
        (b'{"years": "2019"}', "api.unknown"),
        (b'{"declare": "built=yes", "year": "2019", "compact": "chishui-2018"}', "api.form"),
        (b'{"text": "id: x", "year": "2019"}', "compensation.faults"),
        (b'{"year": "2031", "compact": "chishui-2018"}', "compensation.period"),
        (b"[" * 100_000, "api.json"),
        (b'{"year": "\\ud800"}', "api.json"),
    ],
)
def test_what_cannot_be_asked_is_told_by_its_code(calm: Api, content: bytes, code: str) -> None:
    answer = calm.client.post(TRIAL, content=content, headers=SIGNED)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_question_longer_than_any_of_ours_is_not_read(calm: Api) -> None:
    answer = calm.client.post(TRIAL, content=b'{"text": "' + b"x" * LARGEST + b'"}', headers=SIGNED)
    assert (answer.status_code, answer.json()["code"]) == (413, "api.size")


def test_a_year_after_the_end_of_a_compact_is_refused_with_the_years_that_it_has(calm: Api) -> None:
    answer = calm.get("compensation/trial", compact="chishui-2018", year="2026", lang="en")
    assert (answer.status_code, answer.json()["code"]) == (400, "compensation.period")
    assert answer.json()["facts"] == {"period": "2026", "first": "2018", "last": "2020"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_are_answered_with_rows_or_a_reason(calm: Api, content: bytes) -> None:
    assert calm.client.post(TRIAL, content=content, headers=SIGNED).status_code in (400, 404)


def test_nobody_asks_without_signing_in_nor_from_the_page_of_another_site(calm: Api) -> None:
    asked = {"compact": "chishui-2018", "year": "2019"}
    browser = calm.browser()
    assert browser.post(TRIAL, json=asked).status_code == 401
    stay = calm.desk.node.people.open_login("wang", calm.desk.now(), calm.desk.now() + 3_600_000)
    browser.cookies.set("shangyou_stay", stay)
    strange = browser.post(TRIAL, json=asked, headers={"sec-fetch-site": "cross-site"})
    assert (strange.status_code, strange.json()["code"]) == (403, "api.origin")
    assert browser.post(TRIAL, json=asked, headers={"sec-fetch-site": "same-origin"}).status_code == 200
