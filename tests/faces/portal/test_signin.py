"""Signing in: who gets in, for how long, and what is refused."""

from __future__ import annotations

import contextlib
import copy
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, BrokenBarrierError, Event, Lock, Semaphore

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from shangyou.core.ports import Person
from shangyou.faces.portal.signin import WAITING, local_path
from shangyou.faces.portal.stays import cookie_name
from tests.faces.portal.node import FakeNode, FakePeople, Reader, form_key


def test_a_stranger_is_sent_to_the_sign_in_page_and_from_there_back(reader: Reader) -> None:
    answer = reader.get("/settings?x=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fsettings%3Fx%3D1"
    entered = reader.post("/sign-in", answer.headers["location"], name="li", password="right", next="/settings?x=1")
    assert entered.headers["location"] == "/settings?x=1"
    assert reader.get("/settings").status_code == 200


def test_a_wrong_password_is_refused_in_words(reader: Reader) -> None:
    answer = reader.post("/sign-in", "/sign-in", name="li", password="wrong")
    assert answer.status_code == 403
    assert "账号或密码不对" in answer.text
    assert reader.get("/settings").status_code == 303


def test_after_five_failures_a_name_has_to_wait_and_then_gets_in(reader: Reader, node: FakeNode) -> None:
    for _ in range(5):
        reader.post("/sign-in", "/sign-in", name="li", password="wrong")
    held = reader.post("/sign-in", "/sign-in", name="li", password="right")
    assert held.status_code == 429
    assert "请在 5 分钟后再试" in held.text
    assert reader.post("/sign-in", "/sign-in", name="guest", password="right").status_code == 303
    node.clock.pass_by(minutes=6)
    assert Reader(node).sign_in().get("/settings").status_code == 200


def test_an_address_that_tries_many_names_has_to_wait(reader: Reader) -> None:
    for n in range(30):
        assert reader.post("/sign-in", "/sign-in", name=f"name-{n}", password="x").status_code == 403
    assert reader.post("/sign-in", "/sign-in", name="li", password="right").status_code == 429


def test_failures_from_elsewhere_do_not_lock_a_person_out_until_there_are_many(reader: Reader) -> None:
    elsewhere = [copy.copy(reader) for _ in range(11)]
    for number, each in enumerate(elsewhere):
        each.client = TestClient(
            reader.client.app, "http://node.example", client=(f"192.0.2.{number}", 50_000), follow_redirects=False
        )
        each.client.headers["sec-fetch-site"] = "same-origin"
    for each in elsewhere[:9]:
        for _ in range(5):
            assert each.post("/sign-in", "/sign-in", name="guest", password="x").status_code == 403
        assert each.post("/sign-in", "/sign-in", name="guest", password="right").status_code == 429
    assert reader.post("/sign-in", "/sign-in", name="guest", password="right").status_code == 303
    reader.post("/sign-out", "/settings")
    for each in elsewhere:
        for _ in range(5):
            each.post("/sign-in", "/sign-in", name="li", password="x")
    assert reader.post("/sign-in", "/sign-in", name="li", password="right").status_code == 429


class Slow(FakePeople):
    """Checks no password before so many people ask at once."""

    def __init__(self, many: int) -> None:
        super().__init__()
        self.asked, self.all_there = 0, Barrier(many)
        self._lock = Lock()

    def check(self, name: str, password: str) -> Person | None:
        with self._lock:
            self.asked += 1
        with contextlib.suppress(BrokenBarrierError):
            self.all_there.wait(0.2)
        return super().check(name, password)


def test_guesses_that_come_all_at_once_are_no_more_than_those_one_after_the_other(tmp_path: Path) -> None:
    node = FakeNode(tmp_path, on_disk=True)
    node.people = people = Slow(40)
    reader = Reader(node)
    key = form_key(reader.get("/sign-in").text)
    cookies = dict(reader.client.cookies)

    def guess(number: int) -> int:
        fields = {"form_key": key, "name": "li", "password": str(number)}
        client = TestClient(reader.client.app, "http://node.example", cookies=cookies, follow_redirects=False)
        return client.post("/sign-in", data=fields, headers={"sec-fetch-site": "same-origin"}).status_code

    with ThreadPoolExecutor(40) as many:
        found = Counter(many.map(guess, range(40)))
    assert set(found) == {403, 429}
    assert people.asked <= 6


class Shut(FakePeople):
    """Checks no password until it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may = Event()

    def check(self, name: str, password: str) -> Person | None:
        self.may.wait(30)
        return super().check(name, password)


def test_no_more_than_a_few_wait_at_the_door_and_the_others_are_turned_away_at_once(tmp_path: Path) -> None:
    node = FakeNode(tmp_path, on_disk=True)
    node.people = people = Shut()
    stranger = Reader(node).client
    key = form_key(stranger.get("/sign-in").text)
    cookies, turned_away = dict(stranger.cookies), Semaphore(0)

    def storm(number: int) -> int:
        fields = {"form_key": key, "name": f"name-{number}", "password": "x"}
        client = TestClient(stranger.app, "http://node.example", cookies=cookies)
        answer = client.post("/sign-in", data=fields, headers={"sec-fetch-site": "same-origin"})
        if "此刻登录的人太多" in answer.text:
            turned_away.release()
        return answer.status_code

    with ThreadPoolExecutor(30) as many:
        found = [many.submit(storm, number) for number in range(30)]
        for _ in range(30 - WAITING):
            assert turned_away.acquire(timeout=30)
        people.may.set()
    assert Counter(each.result() for each in found) == {429: 30 - WAITING, 403: WAITING}


def test_the_cookie_cannot_be_read_by_scripts_nor_sent_along_by_other_sites(reader: Reader) -> None:
    cookie = reader.post("/sign-in", "/sign-in", name="li", password="right").headers["set-cookie"]
    assert cookie.startswith("shangyou_stay=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_over_tls_the_cookie_is_bound_to_the_host(node: FakeNode) -> None:
    reader = Reader(node, "https://node.example")
    cookie = reader.post("/sign-in", "/sign-in", name="li", password="right").headers["set-cookie"]
    assert cookie.startswith("__Host-shangyou_stay=")
    assert "Secure" in cookie
    assert reader.get("/settings").headers["strict-transport-security"]


def test_a_stay_ends_after_half_an_hour_without_use(reader: Reader, node: FakeNode) -> None:
    reader.sign_in()
    for _ in range(3):
        node.clock.pass_by(minutes=29)
        assert reader.get("/settings").status_code == 200
    node.clock.pass_by(minutes=31)
    assert reader.get("/settings").status_code == 303


def test_a_stay_ends_after_eight_hours_however_busy(reader: Reader, node: FakeNode) -> None:
    reader.sign_in()
    for _ in range(8 * 3):
        assert reader.get("/settings").status_code == 200
        node.clock.pass_by(minutes=20)
    assert reader.get("/settings").status_code == 303


def test_who_signs_out_is_out_even_with_the_old_cookie(reader: Reader) -> None:
    reader.sign_in()
    old = reader.client.cookies["shangyou_stay"]
    assert reader.post("/sign-out", "/settings").headers["location"] == "/sign-in"
    reader.client.cookies.set("shangyou_stay", old)
    assert reader.get("/settings").status_code == 303


def test_a_form_from_another_site_is_refused(reader: Reader) -> None:
    key = form_key(reader.get("/sign-in").text)
    fields = {"form_key": key, "name": "li", "password": "right"}
    cross = reader.client.post("/sign-in", data=fields, headers={"sec-fetch-site": "cross-site"})
    assert cross.status_code == 403
    assert "portal.form" in cross.text
    del reader.client.headers["sec-fetch-site"]  # an old browser tells the origin instead
    foreign = reader.client.post("/sign-in", data=fields, headers={"origin": "http://bad.example"})
    silent = reader.client.post("/sign-in", data=fields)
    assert foreign.status_code == silent.status_code == 403
    assert reader.client.post("/sign-in", data=fields, headers={"origin": "http://node.example"}).status_code == 303


def test_a_form_without_the_key_of_this_stay_is_refused(reader: Reader, node: FakeNode) -> None:
    other = form_key(Reader(node).get("/sign-in").text)
    reader.get("/sign-in")
    for key in ("", "x", other):
        answer = reader.client.post("/sign-in", data={"form_key": key, "name": "li", "password": "right"})
        assert answer.status_code == 403


def test_a_form_that_never_ends_is_not_read(reader: Reader) -> None:
    answer = reader.client.post("/sign-in", content=b"name=" + b"x" * 100_000)
    assert answer.status_code == 413
    assert "portal.form_size" in answer.text


def test_who_is_not_signed_in_may_send_no_more_than_a_password_to_any_page(reader: Reader) -> None:
    sent = b"form_key=" + b"x" * 100_000
    assert reader.client.post("/catalogue/publish", content=sent).status_code == 413
    reader.sign_in()
    assert reader.client.post("/catalogue/publish", content=sent).status_code == 403  # read, and no form of ours


@pytest.mark.parametrize("wanted", ["//evil.example", "/\\evil.example", "https://evil.example", "", "/a\r\nb"])
def test_no_address_leads_away_after_sign_in(wanted: str) -> None:
    assert local_path(wanted) == "/"


def test_every_answer_carries_the_headers_that_keep_strangers_scripts_out(node: FakeNode, tmp_path: Path) -> None:
    reader = Reader(node)
    for path in ("/sign-in", "/settings", "/nowhere", "/static/x/y.js"):
        headers = reader.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


def test_no_page_holds_a_script_or_a_style_of_its_own(reader: Reader) -> None:
    page = reader.get("/sign-in").text
    assert "<style" not in page
    assert "style=" not in page
    assert "onclick" not in page
    assert page.count("<script") == page.count("<script src=") + page.count('<script type="module" src=')


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nodes_on_two_ports_of_a_machine_do_not_take_each_others_stays(scheme: str) -> None:
    def named(name: str, host: str) -> str:
        server = (host.partition(":")[0], int(host.partition(":")[2] or 80))
        scope = {"type": "http", "scheme": scheme, "path": "/", "server": server, "headers": [(b"host", host.encode())]}
        return cookie_name(Request(scope), name)

    hosts = ("127.0.0.1:8350", "127.0.0.1:8351", "127.0.0.1")
    assert len({named("shangyou_stay", host) for host in hosts}) == len(hosts)
    assert len({named("shangyou_language", host) for host in hosts}) == 1
