"""The ledger's page, on real nodes of a federation and on a lone one."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from shangyou import wiring
from shangyou.core.ports import Person
from shangyou.exchange.ledger.log import Alarm
from shangyou.faces.keeping import keeping
from shangyou.faces.verify_proof import verify
from shangyou.flows import ledger
from shangyou.settings import Settings
from tests.faces.portal.node import FakeNode, Reader
from tests.fakes.exchange_basin import Basin, basin

SECRET = "right horse battery"


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Basin]:
    with basin(tmp_path_factory.mktemp("basin"), ("chongqing", "sichuan", "guizhou"), threshold=2) as found:
        node = found["sichuan"].node
        node.people.put_person(Person("zhang", "operator", "张工"), SECRET)
        node.people.put_person(Person("guest", "viewer", "访客"), SECRET)
        for number in range(60):
            about = {"agreement": "urn:uuid:7"} if number == 5 else {}
            ledger.record(node.ledger, "transfer" if about else "decision", {"n": number, **about}, found.clock.ms())
        keeping(node).keeper.now(found.clock.ms())
        yield found


def reader(node: wiring.Node, name: str = "zhang") -> Reader:
    return Reader(cast(FakeNode, node)).sign_in(name, SECRET)


def english(someone: Reader) -> str:
    """The page in English."""
    assert someone.get("/ledger?lang=en").status_code == 303
    return someone.get("/ledger").text


def test_the_title_says_how_far_the_log_is_sealed_in_both_languages(three: Basin) -> None:
    someone = reader(three["sichuan"].node)
    assert "60 条记录已封存，2 方中 2 方见证" in someone.get("/ledger").text
    page = english(someone)
    assert "60 acts sealed by 2 of 2 members" in page
    assert page.count("Cosigned") == 2


def test_a_proof_taken_from_the_page_verifies_with_what_else_is_taken_there(three: Basin) -> None:
    someone = reader(three["sichuan"].node, "guest")
    page = english(someone)
    first = re.findall(r'href="(/ledger/\d+/proof)"', page)[0]
    proof, policy = someone.get(first), someone.get("/ledger/policy.txt")
    assert proof.headers["content-disposition"] == 'attachment; filename="entry-59.tlog-proof"'
    found = verify(proof.content, policy.text)
    assert (found[1], found[3], len(found[4])) == (59, 60, 2)
    assert someone.get("/ledger/verify_proof.py").text.startswith("#!/usr/bin/env python3")
    for path in ("/ledger/60/proof", "/ledger/x/proof", "/ledger/" + "9" * 30 + "/proof"):
        assert someone.get(path).status_code == 404


def test_acts_are_found_by_kind_and_by_what_they_are_about_and_page_by_page(three: Basin) -> None:
    someone = reader(three["sichuan"].node)
    assert someone.get("/ledger?about=urn:uuid:7").text.count("/proof") == 1
    assert someone.get("/ledger?kind=transfer").text.count("/proof") == 1
    assert someone.get("/ledger?kind=nonsense&before=x").text.count("/proof") == 50
    assert someone.get("/ledger?before=10").text.count("/proof") == 10
    assert 'rel="next"' in someone.get("/ledger").text
    assert 'rel="next"' not in someone.get("/ledger?before=10").text


def test_only_who_may_signs_from_the_page(three: Basin) -> None:
    node = three["sichuan"].node
    assert "/ledger/sign" not in reader(node, "guest").get("/ledger").text
    someone = reader(node)
    ledger.record(node.ledger, "notice", {}, three.clock.ms())
    assert someone.post("/ledger/sign", "/ledger").headers["location"] == "/ledger?done=signed"
    assert "61 条记录已封存" in someone.get("/ledger").text
    assert reader(node, "guest").post("/ledger/sign", "/ledger").status_code == 403


def test_a_witness_that_is_away_and_an_alarm_are_told(three: Basin) -> None:
    node = three["sichuan"].node
    three.network.cut(frozenset({"sichuan", "guizhou"}), frozenset({"chongqing"}))
    ledger.record(node.ledger, "notice", {}, three.clock.ms())
    keeping(node).keeper.now(three.clock.ms())
    page = english(reader(node))
    assert "signed but not sealed: 1 of 2 members cosigned" in page
    assert "✕ Not cosigned" in page
    alarm = Alarm("ledger.split", {"name": "<guizhou>", "size": 7}, ("one\n", "two\n"), three.clock.ms())
    ledger.raise_alarm(node.ledger, node.ledger.shelf, alarm)
    page = english(reader(node))
    assert "1 alarm of the ledger" in page
    assert "&lt;guizhou&gt; has signed two different roots" in page
    assert "2 signed notes" in page


def test_a_lone_node_has_a_page_too(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "node", http_port=0, hj212_port=0)
    wiring.make_home(settings)
    with contextlib.closing(wiring.build(settings)) as node:
        node.people.put_person(Person("zhang", "operator", "张工"), SECRET)
        someone = reader(node)
        assert "shangyou ledger show" in someone.get("/ledger").text
        ledger.record(node.ledger, "admin", {"deed": "<b>"}, 1)
        assert "1 act, not signed yet" in english(someone)
        keeping(node).keeper.now(2)
        page = english(someone)
        assert "1 act signed; no federation, so nobody cosigns" in page
        assert "&lt;b&gt;" in page
