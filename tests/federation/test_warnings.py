"""Warnings between whole nodes: from the river upstream to the people downstream, with the ministry stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shangyou.core.errors import RefusedError
from shangyou.exchange.dossier import border
from shangyou.exchange.dossier.entry import OPEN, Entry
from shangyou.exchange.dossier.roll import opening
from shangyou.exchange.member import Standing
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.warning_deeds import acknowledge, clear, information, request, send, update
from shangyou.faces.api.warnings import arrivals, clocks, dossiers, entries, messages, notices, receipts, receptions
from shangyou.faces.api.warnings import warning as one
from shangyou.faces.api.warnings import warnings as listed
from shangyou.faces.contracting import contracting
from shangyou.faces.dossiers import Dossiering
from shangyou.faces.dossiers import dossiers as kept
from shangyou.faces.rows import Rows
from shangyou.faces.warning import watching
from shangyou.flows import dossier
from shangyou.flows.federation import set_standing, sign
from shangyou.flows.reconcile import records
from tests.fakes.exchange_basin import Basin, basin
from tests.fakes.exchange_whole import Post

IDS = ("ministry", "chongqing", "sichuan", "guizhou")


class Warned:
    """A basin of whole nodes whose post goes when the test says so."""

    def __init__(self, basin: Basin) -> None:
        self.basin = basin
        self.posts: dict[str, Post] = {}
        for id in basin:
            made, self.posts[id] = kept(basin[id]), Post()
            made.pool = self.posts[id]
            watching(basin[id]).refining = None  # the ensemble has its own tests; here times of travel are enough

    def desk(self, id: str) -> Desk:
        return Desk(self.basin[id].node, by="li")

    def run(self) -> None:
        while sum(post.run() for post in self.posts.values()):
            pass

    def turn(self, seconds: float = 61) -> None:
        """Time goes on, and every node does what it does by itself."""
        self.basin.clock.advance(seconds=seconds)
        for id in self.basin:
            self.made(id).turn()
            watching(self.basin[id]).turn()
        self.run()

    def made(self, id: str) -> Dossiering:
        return kept(self.basin[id])

    def send(self, **given: object) -> str:
        told = {"title_zh": "手爬岩苯泄漏", "place": "51.手爬岩", "substance": "benzene", "text": "槽罐车侧翻"}
        id = str(send(self.desk("sichuan"), to=("chongqing",), **(told | given))["id"])  # type: ignore[arg-type]
        self.run()
        return id


def rows(found: Rows) -> list[dict[str, object]]:
    told: list[dict[str, object]] = found.table().to_pylist()
    return told


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warned]:
    with basin(tmp_path_factory.mktemp("warned"), IDS) as made:
        yield Warned(made)


@pytest.fixture
def warned(four: Warned) -> Iterator[Warned]:
    four.basin.network.heal()
    yield four
    four.basin.network.heal()
    for _ in range(3):
        four.turn()


def test_a_spill_is_warned_of_acknowledged_and_cleared_while_the_ministry_is_stopped(warned: Warned) -> None:
    warned.basin.network.cut(frozenset(IDS) - {"ministry"})
    id = warned.send(amount="2000", limit="0.01")
    [seen] = [each for each in rows(listed(warned.desk("chongqing"))) if each["id"] == id]
    assert (seen["state"], seen["amount"], seen["unacknowledged"]) == ("open", 2e6, "chongqing")
    [receipt] = rows(receipts(warned.desk("sichuan"), id))
    assert (receipt["member"], receipt["waiting"], receipt["acknowledged"]) == ("chongqing", 0, None)
    warned.turn()
    tables = rows(arrivals(warned.desk("sichuan"), id))
    assert {each["by"] for each in tables} == {"sichuan", "chongqing"}
    assert any(each["by"] == "chongqing" and each["place"] == "50.朱沱" for each in tables)
    request(warned.desk("chongqing"), id, "下游取水口何时停？", ("sichuan",))
    assert acknowledge(warned.desk("chongqing"), id)["new"]
    assert not acknowledge(warned.desk("chongqing"), id)["new"]
    warned.run()
    asked = next(each for each in rows(messages(warned.desk("sichuan"), id)) if each["kind"] == "request")
    information(warned.desk("sichuan"), id, "18 时前", str(asked["entry"])[:10])
    update(warned.desk("sichuan"), id, text="核实约 3 吨", amount="3000")
    clear(warned.desk("sichuan"), id, "各断面连续 4 小时达标")
    warned.run()
    acknowledge(warned.desk("chongqing"), id, "supervisor")
    warned.run()
    views = [[each["id"] for each in rows(entries(warned.desk(member), id))] for member in ("sichuan", "chongqing")]
    assert views[0] == views[1]
    assert rows(one(warned.desk("sichuan"), id))[0]["state"] == "cleared"
    assert {each["state"] for each in rows(clocks(warned.desk("sichuan"), id))} <= {"done", "done_late", "over"}
    assert all(each["received"] for each in rows(receptions(warned.desk("sichuan"), id)))


def test_when_nobody_acknowledges_the_ministry_is_asked_in_and_gets_all_when_it_is_back(warned: Warned) -> None:
    warned.basin.network.cut(frozenset({"sichuan"}), frozenset({"guizhou"}))
    id = warned.send()
    warned.turn(31 * 60)
    [heading] = [each for each in rows(dossiers(warned.desk("sichuan"), "warning")) if each["id"] == id]
    assert "ministry" in str(heading["members"])
    receipt = {each["member"]: each for each in rows(receipts(warned.desk("sichuan"), id))}
    assert (receipt["chongqing"]["trouble"], receipt["chongqing"]["waiting"]) == ("peer.unreachable", 2)
    warned.basin.network.cut(frozenset({"sichuan", "ministry"}), frozenset({"ministry", "chongqing"}))
    for _ in range(4):  # the ministry sees both, they do not see each other
        warned.turn()
    assert rows(one(warned.desk("chongqing"), id))[0]["title_zh"] == "手爬岩苯泄漏"
    acknowledge(warned.desk("chongqing"), id)
    for _ in range(4):
        warned.turn()
    assert "chongqing" not in str(rows(one(warned.desk("sichuan"), id))[0]["unacknowledged"])


def test_what_was_said_and_heard_is_in_both_ledgers(warned: Warned) -> None:
    id = warned.send(title_zh="账本")
    for member in ("sichuan", "chongqing"):
        records(contracting(warned.basin[member]).control)
        ledger = warned.basin[member].node.ledger
        told = b"\n".join(ledger.entries(0, ledger.size()))
        assert id.encode() in told
        assert b'"by":"li"' not in told


def test_a_forged_a_foreign_and_a_replayed_entry_change_nothing(warned: Warned) -> None:
    id = warned.send(title_zh="伪造")
    held = kept(warned.basin["chongqing"]).keeping
    before = held.cabinet.entries(id)
    peers, signer = warned.basin["guizhou"].peers, warned.basin["guizhou"].signer
    at = warned.basin.clock.ms()
    body = opening("warning", ["chongqing", "sichuan"], {"nonce": "x"})
    forged = border.sign(Entry(border.dossier_id("sichuan", at, body), OPEN, "sichuan", at, 1, (), body), signer)
    [first] = [each for each in before if each.entry.kind == OPEN]
    top = next(top for top in held.cabinet.tops("sichuan") if top.dossier == id)
    foreign = border.sign(border.next_entry(top, "warning.clear", "guizhou", at, {}), signer)
    told = '{"entries":[' + ",".join((forged.sealed, foreign.sealed, first.sealed)) + "]}"
    answer = peers.call("chongqing", "POST", dossier.ENTRIES, told.encode())
    assert answer.status == 200
    assert f'"{forged.id}":"seal.kid"'.encode() in answer.body
    assert f'"{foreign.id}":"dossier.foreign"'.encode() in answer.body
    assert f'"received":["{first.id}"]'.encode() in answer.body  # what is held already is harmless
    assert held.cabinet.entries(id) == before


@pytest.mark.parametrize("body", [b"", b"[]", b'{"entries":[]}', b'{"entries":[1]}', b'{"entries":{"a":1}}', b"\xff"])
@pytest.mark.parametrize("path", [dossier.ENTRIES, dossier.COMPARE, dossier.LACKING])
def test_nothing_that_a_member_sends_is_a_fault(warned: Warned, path: str, body: bytes) -> None:
    answer = warned.basin["guizhou"].peers.call("chongqing", "POST", path, body)
    assert answer.status in (200, 400, 404)
    assert answer.status == 200 or answer.headers["x-shangyou-code"] != "api.fault"


def test_a_member_that_takes_no_part_is_told_nothing(warned: Warned) -> None:
    id = warned.send(title_zh="无关")
    told = b'{"dossier":"%s","heads":[]}' % id.encode()
    answer = warned.basin["guizhou"].peers.call("chongqing", "POST", dossier.LACKING, told)
    assert (answer.status, answer.headers["x-shangyou-code"]) == (404, "dossier.unknown")


def test_an_idle_turn_is_cheap_and_says_nothing(warned: Warned) -> None:
    for _ in range(3):
        warned.turn()
    sent = len(warned.basin.network.sent)
    for id in IDS:
        watching(warned.basin[id]).turn()
    assert len(warned.basin.network.sent) == sent
    assert rows(notices(warned.desk("chongqing"), warned.send())) == []


def test_a_suspended_member_is_neither_heard_nor_handed_anything_until_it_is_back(tmp_path: Path) -> None:
    with basin(tmp_path, ("ministry", "chongqing", "sichuan"), threshold=2) as made:
        found = Warned(made)
        id = found.send()

        def stand(standing: Standing) -> None:
            at = made.clock.ms()
            outcome = set_standing(made["ministry"].trust, "chongqing", standing, "失陷待查", at)
            made["ministry"].hand_on(outcome)
            made["sichuan"].hand_on(sign(made["sichuan"].trust, outcome.digest, at))

        stand(Standing.SUSPENDED)
        with pytest.raises(RefusedError, match=r"peer\.standing"):
            acknowledge(found.desk("chongqing"), id)
        held = kept(made["chongqing"]).keeping
        said = border.sign(
            border.next_entry(
                held.cabinet.tops("chongqing")[0], "warning.acknowledge", "chongqing", made.clock.ms(), {}
            ),
            made["chongqing"].signer,
        )
        sealed = b'{"entries":[' + said.sealed.encode() + b"]}"
        with pytest.raises(RefusedError, match=r"peer\.standing"):
            made["chongqing"].peers.call("sichuan", "POST", dossier.ENTRIES, sealed)
        update(found.desk("sichuan"), id, text="续报")
        found.run()
        [receipt] = rows(receipts(found.desk("sichuan"), id))
        assert (receipt["waiting"], receipt["trouble"]) == (1, "peer.standing")
        stand(Standing.ACTIVE)
        found.turn()
        found.turn()
        assert rows(receipts(found.desk("sichuan"), id))[0]["waiting"] == 0
        assert acknowledge(found.desk("chongqing"), id)["new"]
