"""A node whose old backup was restored among real nodes: its log goes on, and everybody sees it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from shangyou import wiring
from shangyou.core.errors import ConflictError, InputError
from shangyou.core.ports import Person
from shangyou.exchange.ledger.entry import parse_entry
from shangyou.faces.api import ledger as api
from shangyou.faces.api.desk import Desk
from shangyou.faces.keeping import keeping
from shangyou.faces.verify_proof import verify
from shangyou.flows import ledger
from shangyou.settings import Settings
from tests.faces.portal.node import FakeNode, Reader
from tests.fakes.exchange_basin import Basin, basin, join_network

SECRET = "right horse battery"
NAMES = ("chongqing", "sichuan", "guizhou")


def write(found: Basin, count: int) -> None:
    for number in range(count):
        ledger.record(found["sichuan"].node.ledger, "decision", {"n": number}, found.clock.ms())
    keeping(found["sichuan"].node).keeper.now(found.clock.ms())


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Basin]:
    """Sichuan's ledger is that of a backup: five acts, where nine were sealed."""
    with basin(tmp_path / "homes", NAMES, threshold=2) as found:
        write(found, 5)
        home, saved = found["sichuan"].node.settings.home, tmp_path / "backup"
        found["sichuan"].node.ledger.mark()
        shutil.copytree(home / "ledger", saved)
        write(found, 4)
        found["sichuan"].node.close()
        shutil.rmtree(home / "ledger")
        shutil.copytree(saved, home / "ledger")
        node = wiring.build(Settings(home=home, memory="64MB", threads=1), found.clocks["sichuan"])
        found.exchanges["sichuan"] = join_network(node, found.network)
        write(found, 1)
        yield found


def state(found: Basin) -> dict[str, object]:
    [row] = api.state(Desk(found["sichuan"].node)).table().to_pylist()
    return dict(row)


def test_a_restored_node_is_sealed_again_and_its_proofs_hold(three: Basin) -> None:
    assert (state(three)["behind"], state(three)["cosigned"]) == (9, 0)
    desk = Desk(three["sichuan"].node, by="zhang")
    with pytest.raises(InputError, match=r"ledger\.own_name"):
        api.reopen(desk, "backup", "chongqing")
    done = api.reopen(desk, "backup", "sichuan")
    assert (done["log"], done["size"], done["kept"], done["cosigned"]) == ("sichuan.shangyou/ledger/2", 9, 5, 2)
    assert (state(three)["behind"], state(three)["log"]) == (0, "sichuan.shangyou/ledger/2")
    log = three["sichuan"].node.ledger
    [notice] = [each for each in map(parse_entry, log.entries(0, log.size())) if each.kind == "notice"]
    assert str(notice.facts["by"]).startswith("hmac-sha256:")
    [policy] = api.policy(desk).table()["policy"].to_pylist()
    assert len(verify(ledger.prove(log, log.shelf, 2).text().encode(), policy)[4]) == 2
    with pytest.raises(ConflictError, match=r"ledger\.whole"):
        api.reopen(desk, "backup", "sichuan")


def test_the_others_see_it_on_their_pages_in_both_languages(three: Basin) -> None:
    api.reopen(Desk(three["sichuan"].node, by="zhang"), "backup", "sichuan")
    node = three["guizhou"].node
    node.people.put_person(Person("wu", "operator", "吴工"), SECRET)
    reader = Reader(cast(FakeNode, node)).sign_in("wu", SECRET)
    assert "账本 sichuan.shangyou/ledger 接续为 sichuan.shangyou/ledger/2。见证过 9 条" in reader.get("/ledger").text
    reader.get("/ledger?lang=en")
    page = reader.get("/ledger").text
    assert "at least the first 5 are still there. Reason: an old backup was restored." in page
    assert "c2sp.org/tlog-proof@v1" in page  # what Sichuan signed about it


def test_a_node_that_starts_anew_keeps_the_name_of_its_log(three: Basin) -> None:
    api.reopen(Desk(three["sichuan"].node, by="zhang"), "loss", "sichuan")
    home = three["sichuan"].node.settings.home
    three["sichuan"].node.close()
    node = wiring.build(Settings(home=home, memory="64MB", threads=1), three.clocks["sichuan"])
    three.exchanges["sichuan"] = join_network(node, three.network)
    write(three, 1)
    assert (state(three)["log"], state(three)["cosigned"], state(three)["alarms"]) == (
        "sichuan.shangyou/ledger/2",
        2,
        3,
    )


def test_an_operator_lets_the_log_go_on_from_its_page_by_typing_the_name_of_the_node(three: Basin) -> None:
    node = three["sichuan"].node
    for name, role in (("zhang", "operator"), ("guest", "manager")):
        node.people.put_person(Person(name, role, "张工"), SECRET)
    guest = Reader(cast(FakeNode, node)).sign_in("guest", SECRET)
    assert "/ledger/reopen" not in guest.get("/ledger").text
    given = {"reason": "backup", "typed": "sichuan"}
    assert guest.post("/ledger/reopen", "/ledger", **given).status_code == 403
    reader = Reader(cast(FakeNode, node)).sign_in("zhang", SECRET)
    page = reader.get("/ledger").text
    assert "账本落后：见证方会签过 9 条" in page
    assert "此操作不能撤销" in page
    wrong = reader.post("/ledger/reopen", "/ledger", **(given | {"typed": "guizhou"}))
    assert wrong.status_code == 400
    assert "guizhou 不是本节点的成员编号" in wrong.text
    assert wrong.text.count('<details class="more" open>') == 1  # what was typed stays
    done = reader.post("/ledger/reopen", "/ledger", **given)
    assert done.headers["location"] == "/ledger?done=reopened"
    page = reader.get("/ledger?done=reopened").text
    assert "账本已接续为 sichuan.shangyou/ledger/2" in page
    assert "/ledger/reopen" not in page
    reader.get("/ledger?lang=en")
    assert "goes on as sichuan.shangyou/ledger/2" in reader.get("/ledger").text


def test_a_log_that_is_whole_offers_nothing_to_go_on_from(three: Basin) -> None:
    node = three["guizhou"].node
    node.people.put_person(Person("wu", "operator", "吴工"), SECRET)
    assert "/ledger/reopen" not in Reader(cast(FakeNode, node)).sign_in("wu", SECRET).get("/ledger").text
