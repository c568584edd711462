"""A hostile member at every door: nothing of what it sends changes anything, and each is refused by its own code."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest

from shangyou.exchange.dsp.messages import TYPES
from shangyou.exchange.dsp.schemas import CONTEXT
from shangyou.exchange.keys import seal
from shangyou.faces.between.app import create_between
from shangyou.faces.sentences import messages
from shangyou.flows.query import PATH as QUESTION
from tests.fakes.exchange_basin import basin
from tests.fakes.exchange_hostile import NOBODY, Door, Foe, Trickle, doors, other_path, state, told
from tests.fakes.exchange_whole import USE, Whole

MEMBERS = ("sichuan", "chongqing", "qinghai")
TARGET, FRIEND, FOE = MEMBERS
OPEN = {  # doors that need no token: what stands there is open to all, or proves itself
    ("GET", "/.well-known/dspace-version"),
    ("GET", "/federation/list/version"),
    ("POST", "/federation/list"),
    ("POST", "/federation/join"),
}
LONGEST = 8 << 20  # bytes that any door may read before it has said no
PIECE = 1 << 16
CPU = 4.0  # seconds of a processor that one request may take


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """A provider, its consumer with an agreement and a transfer that is over, and a third member."""
    with basin(tmp_path_factory.mktemp("hostile"), MEMBERS, threshold=2) as found:
        three = Whole(found)
        three.publish(TARGET)
        agreement = three.agree(FRIEND, TARGET)
        over = three.start(FRIEND, agreement)
        three.start(FRIEND, agreement)
        three.move(FRIEND, over)
        three.reconcile()
        three.seal(TARGET)
        yield three


def pids(whole: Whole) -> dict[str, str]:
    """Ids of the friend's talks at the target, by the names in the paths."""
    talks = whole.control(TARGET).talks
    [negotiation] = talks.talks("negotiation")
    transfer = next(each for each in talks.talks("transfer") if each.state == "COMPLETED")
    ids = {"negotiation": negotiation.id, "transfer": transfer.id, "dataset": f"{TARGET}/water", "place": "00"}
    return ids | {"agreement": negotiation.agreement}


@pytest.fixture
def foe(whole: Whole) -> Foe:
    return Foe(whole.basin, FOE, TARGET)


@pytest.fixture
def all_doors(whole: Whole) -> list[Door]:
    found = doors(whole.basin[TARGET], pids(whole))
    assert len(found) > 30
    assert {(door.method, door.path) for door in found} >= OPEN
    return found


@pytest.fixture(autouse=True)
def unmoved(whole: Whole) -> Iterator[None]:
    """Whatever a test of this module sends: everything stays as it was."""
    before = state(whole.basin[TARGET])
    yield
    assert state(whole.basin[TARGET]) == before


def guarded(found: list[Door]) -> list[Door]:
    return [door for door in found if (door.method, door.path) not in OPEN]


def test_no_door_opens_without_a_token_or_by_a_forged_one_and_nothing_is_written(
    whole: Whole, foe: Foe, all_doors: list[Door]
) -> None:
    size = whole.basin[TARGET].node.ledger.size()
    stranger = Foe(whole.basin, "nobody", TARGET)
    for door in guarded(all_doors):
        body = b"{}" if door.takes_body else b""
        assert foe.code(door, body, "") == (401, "token.missing"), door
        assert foe.code(door, body, "Bearer x.y.z") == (401, "token.shape"), door
        assert foe.code(door, body, foe.forged(door, body)) == (401, "token.signature"), door
        assert foe.code(door, body, stranger.token(door, body, foe.signer)) == (401, "token.member"), door
    assert whole.basin[TARGET].node.ledger.size() == size


def test_a_token_opens_its_own_door_once_and_no_other(foe: Foe, all_doors: list[Door]) -> None:
    for door in guarded(all_doors):
        body = b"{}" if door.takes_body else b""
        token = foe.token(door, body)
        assert foe.code(other_path(door), body, token) == (401, "token.path"), door
        assert foe.code(door, body + b" ", token) == (401, "token.body"), door
        foe.send(door, body, token)
        assert foe.code(door, body, token) == (401, "token.replayed"), door
        aimed_elsewhere = Foe(foe.basin, FOE, FRIEND).token(door, body)
        assert foe.code(door, body, aimed_elsewhere) == (401, "token.audience"), door


NONSENSE = {
    "empty": b"",
    "no json": b"\xff\xfe\x00",
    "half": b'{"a": ',
    "list": b"[]",
    "number": b"1e999999",
    "deep list": b"[" * 100_000,
    "deep object": b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
    "closed deep": told({"a": None}).replace(b"null", b"[" * 60 + b"]" * 60),
    "wide": told({f"name{n}": n for n in range(9_000)}),
    "twice": b"{" + b'"a":1,' * 20_000 + b'"a":2}',
    "lists": told({"lists": [{}] * 30_000, "draft": {}, "document": {}, "signatures": [{}] * 9_000}),
    "zero": b'{"@type": "\\u0000"}',
    "surrogate": b'{"@type": "\\ud800", "agreement": "\\ud800"}',
    "long number": b'{"a": ' + b"9" * 100_000 + b"}",
    "many lines": b"old 0\n" + b"AAAA\n" * 40_000,
}


@pytest.mark.parametrize("body", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_under_a_right_token_is_refused_soon_with_a_code(foe: Foe, all_doors: list[Door], body: bytes) -> None:
    for door in all_doors:
        if door.takes_body:
            began = time.process_time()
            status, code = foe.code(door, body)
            assert time.process_time() - began < CPU, door
            assert 400 <= status < 500, (door, status, code)
            assert code in messages(), (door, status, code)


def test_what_is_too_long_is_refused_before_it_is_read_to_its_end(foe: Foe, all_doors: list[Door]) -> None:
    body = b" " * LONGEST
    for door in all_doors:
        if door.path != "/.well-known/dspace-version":  # reads nothing at all
            assert foe.code(door, body, "Bearer x") in ((400, "wire.size"), (401, "token.shape")), door


def test_a_body_without_an_end_is_read_no_further_than_the_bound(whole: Whole, all_doors: list[Door]) -> None:
    app = create_between(whole.basin[TARGET])

    async def all_of_them() -> None:
        for door in all_doors:
            endless = Trickle(door, b" " * PIECE)
            await endless.run(app)
            assert endless.given <= LONGEST, door
            assert endless.status in (200, 400, 401), door

    asyncio.run(all_of_them())


def test_bodies_that_never_come_hold_up_nobody_else(whole: Whole, foe: Foe, all_doors: list[Door]) -> None:
    app = create_between(whole.basin[TARGET])

    async def hang() -> None:
        slow = [Trickle(door, b"") for door in all_doors for _ in range(4)]
        async with asyncio.TaskGroup() as group:
            for each in slow:
                group.create_task(each.run(app))
            await asyncio.sleep(0)
            status, _ = await asyncio.to_thread(foe.code, Door("GET", "/federation/pulse"))
            assert status == 200
            for each in slow:
                each.leave()
        assert {(each.status, each.code) for each in slow if each.code} == {(400, "wire.cut"), (401, "token.missing")}

    asyncio.run(hang())


def test_what_belongs_to_others_is_as_if_it_were_not_there(whole: Whole, foe: Foe, all_doors: list[Door]) -> None:
    ids = pids(whole)
    mine = [door for door in all_doors if any(ids[name] in door.path for name in ("negotiation", "transfer"))]
    assert len(mine) > 14
    secret = {"x-transfer-authorization": whole.plane(TARGET).providing.meters.passage(ids["transfer"]).secret}
    for door in mine:
        kind = "negotiation" if ids["negotiation"] in door.path else "transfer"
        nowhere = Door(door.method, door.path.replace(ids[kind], NOBODY))
        told_of = [foe.send(each, _message(kind, door, ids, NOBODY), **secret) for each in (door, nowhere)]
        seen = [(answer.status, answer.headers["x-shangyou-code"]) for answer in told_of]
        assert seen[0] == seen[1], door
        assert seen[0][0] in (400, 404), (door, seen)
    entries = Door("GET", f"/witness/log/entries?agreement={ids['agreement']}")
    assert foe.code(entries) == (403, "ledger.party")
    notice = seal({"act": "ended", "agreement": ids["agreement"], "at": 0, "by": FOE, "reason": ""}, foe.signer)
    assert foe.code(Door("POST", "/federation/agreements/notices"), told(notice)) == (404, "exchange.agreement")


def test_what_is_over_is_over_whatever_its_own_peer_says(whole: Whole, all_doors: list[Door]) -> None:
    ids, friend = pids(whole), Foe(whole.basin, FRIEND, TARGET)
    refused = []
    for kind in ("negotiation", "transfer"):
        talk = whole.control(TARGET).talks.talk(kind, ids[kind])
        for door in all_doors:
            if ids[kind] in door.path and door.path.startswith("/dsp/") and door.takes_body:
                status, code = friend.code(door, _message(kind, door, ids, talk.other))
                assert (status, code) == (400, "dsp.transition"), (door, status, code)
                refused.append(door)
    assert len(refused) == 10
    wrong_side = seal({"act": "revoked", "agreement": ids["agreement"], "at": 0, "by": FRIEND}, friend.signer)
    door = Door("POST", "/federation/agreements/notices")
    assert friend.code(door, told(wrong_side)) == (403, "dsp.notice_side")
    forged = seal({"act": "revoked", "agreement": ids["agreement"], "at": 0, "by": TARGET}, friend.signer)
    assert friend.code(door, told(forged)) == (403, "dsp.notice_side")


def _message(kind: str, door: Door, ids: dict[str, str], other: str) -> bytes:
    """What fits the door, with the pids of both ends; b"" where nothing is sent."""
    if not door.takes_body:
        return b""
    if door.path.startswith("/data/"):
        return told({"cursor": "", "until": "", "wait": 0})
    ending = door.path.partition(ids[kind] + "/")[2]
    names = {
        "offers": "offer",
        "events": "accepted",
        "agreement": "agreement",
        "request": "request",
        "agreement/verification": "verification",
    }
    name = names.get(ending, ending)
    message: dict[str, object] = {"@context": [CONTEXT], "@type": TYPES[kind, name], "@id": "late"}
    message |= {"providerPid": ids[kind], "consumerPid": other}
    offer = {**USE, "@id": "x", "target": ids["dataset"], "assigner": TARGET, "assignee": FRIEND}
    if name == "accepted":
        message["eventType"] = "ACCEPTED"
    if name in ("offer", "request"):
        message["offer"] = {**offer, "@type": "Offer"}
    if name == "agreement":
        message["agreement"] = {**offer, "@type": "Agreement", "timestamp": "2026-11-22T00:00:00Z"}
    if name == "start":
        message["dataAddress"] = {"@type": "DataAddress", "endpointType": "x", "endpoint": "http://127.0.0.1/x"}
    return told(message)


def _wide(count: int) -> dict[str, object]:
    constraint = {"leftOperand": "section", "operator": "eq", "rightOperand": "x"}
    return {"permission": [{"action": "use", "constraint": [constraint] * 9} for _ in range(count)]}


def _nested(depth: int) -> dict[str, object]:
    inner: dict[str, object] = {"leftOperand": "section", "operator": "eq", "rightOperand": "x"}
    for _ in range(depth):
        inner = {"or": [inner, inner]} if depth <= 12 else {"and": [inner]}
    return {"permission": [{"action": "use", "constraint": [inner]}]}


HEAVY: dict[str, Callable[[], dict[str, object]]] = {
    "many permissions": lambda: _wide(250),
    "nested": lambda: _nested(11),
    "a list of many": lambda: {
        "permission": [
            {
                "action": "use",
                "constraint": [
                    {"leftOperand": "section", "operator": "isAnyOf", "rightOperand": [str(n) for n in range(20_000)]}
                ],
            }
        ]
    },
}


@pytest.mark.parametrize("policy", HEAVY.values(), ids=HEAVY)
def test_a_policy_that_is_costly_to_read_costs_little(foe: Foe, policy: Callable[[], dict[str, object]]) -> None:
    offer = {**policy(), "@type": "Offer", "@id": "none", "target": f"{TARGET}/water"}
    message = {"@context": [CONTEXT], "@type": TYPES["negotiation", "request"], "consumerPid": NOBODY, "offer": offer}
    message["callbackAddress"] = foe.basin[FOE].members.member(FOE).address
    began = time.process_time()
    status, code = foe.code(Door("POST", "/dsp/2025-1/negotiations/request"), told(message))
    assert (status, code in messages()) == (400, True), code
    assert time.process_time() - began < CPU


def test_a_question_that_names_everything_costs_little_where_there_is_no_agreement(foe: Foe) -> None:
    names = [f"section {n}" for n in range(9_999)]
    began = time.process_time()
    assert foe.code(Door("POST", QUESTION), told({"sections": names, "parameters": names})) == (
        403,
        "query.no_agreement",
    )
    assert time.process_time() - began < CPU
