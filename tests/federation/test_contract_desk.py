"""The contract desk of two real nodes over loopback HTTP: signed requests, the real policies, ledger and stores."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from shangyou import wiring
from shangyou.core.errors import ConflictError, InputError, NotFoundError
from shangyou.exchange.agreement import Transfer
from shangyou.exchange.dataset import Dataset, DatasetQuery, Offer
from shangyou.exchange.dsp.schemas import CONTEXT
from shangyou.exchange.ledger.entry import parse_entry
from shangyou.faces.api import contracts as desk_of
from shangyou.faces.api import federation_deeds as federation
from shangyou.faces.api.desk import Desk
from shangyou.faces.between.app import create_between
from shangyou.faces.contracting import PLANE, contracting
from shangyou.faces.serve import bound
from shangyou.settings import Settings
from shangyou.wiring_exchange import member_exchange
from tests.fakes.exchange_talks import FakePlane

OPEN = {"permission": [{"action": "use"}]}
LATE = {
    "permission": [
        {"action": "use", "constraint": [{"leftOperand": "delay", "operator": "gteq", "rightOperand": "P1D"}]}
    ]
}
DATASETS: dict[str, tuple[dict[str, Any], bool]] = {
    "sichuan/open": (OPEN, True),
    "sichuan/asked": (OPEN, False),
    "sichuan/late": (LATE, True),
}
WAIT = 15.0


class Plane(FakePlane):
    """Wakes whoever waits for what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = threading.Condition()

    def begin(self, transfer: Transfer) -> None:
        with self.heard:
            super().begin(transfer)
            self.heard.notify_all()

    def stop(self, transfer: Transfer) -> None:
        with self.heard:
            super().stop(transfer)
            self.heard.notify_all()

    def wait(self, count: int) -> bool:
        with self.heard:
            return self.heard.wait_for(lambda: len(self.running()) == count, WAIT)


@dataclass
class Pair:
    """Two members: who provides and who consumes."""

    sichuan: Desk
    chongqing: Desk
    planes: dict[str, Plane]

    def settle(self, ask: Callable[[], bool]) -> None:
        """Let both make up for what was lost until it is as asked; the letters themselves go at once."""
        pause = threading.Event()
        for _ in range(300):
            if ask():
                return
            for desk in (self.sichuan, self.chongqing):
                contracting(member_exchange(desk.node)).turn()
            pause.wait(0.05)
        raise AssertionError("it did not come to that")

    def agree(self, dataset: str = "sichuan/open") -> str:
        done = desk_of.request(self.chongqing, dataset)
        self.settle(lambda: one(self.chongqing, str(done["id"]))["state"] == "FINALIZED")
        return str(one(self.chongqing, str(done["id"]))["agreement"])


def one(desk: Desk, id: str) -> dict[str, Any]:
    [row] = desk_of.negotiation(desk, id).table().to_pylist()
    return dict(row)


def rows(answer: Any) -> list[dict[str, Any]]:
    return list(answer.table().to_pylist())


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with ExitStack() as stack:
        desks: dict[str, Desk] = {}
        places: dict[str, str] = {}
        sockets: dict[str, socket.socket] = {}
        planes = {id: Plane() for id in ("sichuan", "chongqing")}
        for id, plane in planes.items():
            sockets[id] = stack.enter_context(bound("127.0.0.1", 0))
            sockets[id].listen()  # who comes before the server has started waits
            places[id] = f"http://127.0.0.1:{sockets[id].getsockname()[1]}"
            settings = Settings(home=tmp_path / id, adm_code="510000", simulated=True)
            wiring.make_home(settings)
            node = stack.enter_context(closing(wiring.build(settings)))
            node.made[PLANE] = plane
            desks[id] = Desk(node, by="li")
        sichuan, chongqing = desks["sichuan"], desks["chongqing"]
        federation.init(sichuan, "sichuan", places["sichuan"])
        invitation = str(federation.invite(sichuan)["invitation"])
        asked = federation.join(chongqing, invitation, "chongqing", places["chongqing"], ask=False)
        federation.sign(sichuan, document=str(asked["request"]))
        federation.sign(chongqing, document=json.dumps({"lists": member_exchange(sichuan.node).trust.after(0)}))
        for name, (policy, automatic) in DATASETS.items():
            offer = Offer(f"{name}#1", policy, automatic)
            dataset = Dataset(name, "sichuan", "沱江", "Tuo", DatasetQuery(), (offer,), simulated=True)
            member_exchange(sichuan.node).catalogue.put(dataset)
        for id, desk in desks.items():
            config = uvicorn.Config(
                create_between(member_exchange(desk.node)), log_config=None, access_log=False, ws="none", lifespan="off"
            )
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [sockets[id]]})
            thread.start()
            stack.callback(thread.join)
            stack.callback(setattr, server, "should_exit", True)
        yield Pair(sichuan, chongqing, planes)


def test_a_contract_is_asked_for_agreed_used_and_revoked(pair: Pair) -> None:
    agreement = pair.agree()
    for desk in (pair.sichuan, pair.chongqing):
        [found] = rows(desk_of.agreements(desk))
        assert (found["id"], found["state"], found["provider"]) == (agreement, "active", "sichuan")
    done = desk_of.start(pair.chongqing, agreement)
    assert pair.planes["sichuan"].wait(1)
    assert pair.planes["chongqing"].wait(1)
    desk_of.revoke(pair.sichuan, agreement, "pipeline works")
    assert pair.planes["sichuan"].running() == set()
    assert pair.planes["chongqing"].wait(0)
    pair.settle(lambda: rows(desk_of.agreements(pair.chongqing))[0]["state"] == "revoked")
    pair.settle(lambda: rows(desk_of.transfers(pair.chongqing))[0]["state"] == "TERMINATED")
    [moved] = rows(desk_of.transfers(pair.chongqing))
    assert (moved["id"], moved["code"]) == (done["id"], "agreement.revoked")
    assert rows(desk_of.agreements(pair.chongqing))[0]["reason"] == "pipeline works"
    with pytest.raises(ConflictError, match=r"exchange\.agreement_state"):
        desk_of.start(pair.chongqing, agreement)
    contracting(member_exchange(pair.chongqing.node)).turn()
    ledger = pair.chongqing.node.ledger
    kinds = [parse_entry(leaf).kind for leaf in ledger.entries(0, ledger.size())]
    assert [kind for kind in kinds if kind in ("agreement", "transfer", "notice")] == [
        "agreement",
        "transfer",
        "notice",
    ]
    assert b'"li"' not in b"".join(ledger.entries(0, ledger.size()))  # people are hashes there


def test_a_person_answers_where_the_offer_says_so_and_the_other_side_reads_why(pair: Pair) -> None:
    done = desk_of.request(pair.chongqing, "sichuan/asked")
    pair.settle(lambda: [row["waits"] for row in rows(desk_of.negotiations(pair.sichuan))] == ["person"])
    [waiting] = rows(desk_of.negotiations(pair.sichuan, open_only=True))
    assert waiting["due"] > waiting["since"]
    desk_of.answer(pair.sichuan, waiting["id"].removeprefix("urn:uuid:")[:8], "refuse", "name the purpose first")
    pair.settle(lambda: one(pair.chongqing, str(done["id"]))["state"] == "TERMINATED")
    found = one(pair.chongqing, str(done["id"]))
    assert found["code"] == "contract.refused"
    assert "name the purpose first" in found["why"]
    assert '"changeable_by":"sichuan"' in found["reasons"]
    with pytest.raises(InputError, match=r"contract\.action"):
        desk_of.answer(pair.sichuan, waiting["id"], "shrug")


def test_wider_terms_get_a_counter_offer_and_narrower_ones_are_agreed(pair: Pair) -> None:
    done = desk_of.request(pair.chongqing, "sichuan/open", policy=json.dumps(LATE))
    pair.settle(lambda: one(pair.chongqing, str(done["id"]))["state"] == "FINALIZED")
    done = desk_of.request(pair.chongqing, "sichuan/late", policy=json.dumps(OPEN))
    pair.settle(lambda: one(pair.chongqing, str(done["id"]))["state"] == "OFFERED")
    found = one(pair.chongqing, str(done["id"]))
    assert found["waits"] == "person"
    assert "delay" in found["offer"]
    assert "delay" not in found["asked"]
    desk_of.answer(pair.chongqing, str(done["id"]), "accept")
    pair.settle(lambda: one(pair.chongqing, str(done["id"]))["state"] == "FINALIZED")
    assert "delay" in rows(desk_of.agreements(pair.chongqing, dataset="sichuan/late"))[0]["policy"]


def test_a_renewal_replaces_the_agreement_at_both_ends(pair: Pair) -> None:
    old = pair.agree()
    done = desk_of.renew(pair.chongqing, old)
    pair.settle(lambda: one(pair.chongqing, str(done["id"]))["state"] == "FINALIZED")
    for desk in (pair.sichuan, pair.chongqing):
        found = {row["id"]: row for row in rows(desk_of.agreements(desk))}
        assert found.pop(old)["state"] == "replaced"
        assert [row["replaces"] for row in found.values()] == [old]


def test_what_is_not_there_cannot_be_asked_for(pair: Pair) -> None:
    with pytest.raises(NotFoundError, match=r"catalogue\.dataset"):
        desk_of.request(pair.chongqing, "sichuan/none")
    with pytest.raises(NotFoundError, match=r"contract\.offer"):
        desk_of.request(pair.chongqing, "sichuan/open", offer="other")
    with pytest.raises(InputError, match=r"dsp\.dataset"):
        desk_of.request(pair.chongqing, "open")
    with pytest.raises(InputError, match=r"contract\.policy"):
        desk_of.request(pair.chongqing, "sichuan/open", policy="[")


def test_nobody_without_a_token_is_answered_but_for_the_version(pair: Pair) -> None:
    import httpx2

    address = member_exchange(pair.sichuan.node).members.member("sichuan").address
    with httpx2.Client() as client:
        assert client.get(f"{address}/.well-known/dspace-version").status_code == 200
        asked = {"@context": [CONTEXT], "@type": "CatalogRequestMessage"}
        answer = client.post(f"{address}/dsp/2025-1/catalog/request", json=asked)
        assert (answer.status_code, answer.json()["@type"]) == (401, "CatalogError")
        assert answer.json()["code"] == "token.missing"
        assert client.post(f"{address}/federation/agreements/notices", content=b"{}").status_code == 401
