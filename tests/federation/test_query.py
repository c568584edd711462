"""One question to real nodes: signed, decided by agreements, written down in the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from shangyou.adapters.state.meters import SqlMeters
from shangyou.exchange.question import Question, written
from shangyou.faces.between.question import own_of
from shangyou.faces.contracting import contracting
from shangyou.flows.query import PATH, Found, ask, summed
from tests.fakes.exchange_basin import Basin, basin
from tests.fakes.exchange_peers import Fate
from tests.fakes.exchange_question import a_section, agreed, constraint, everything, give, may

FOUR = ("ministry", "chongqing", "sichuan", "guizhou")
AT = {"chongqing": "50.朱沱", "sichuan": "51.清风峡", "guizhou": "52.清池"}


@pytest.fixture
def four(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Basin]:
    with basin(tmp_path_factory.mktemp("basin"), FOUR) as found:
        for id, section in AT.items():
            node = found[id].node
            node.registry.meet([a_section(section)], 0)
            give(node.store, [(section, "ammonia_nitrogen", hour, 0.25 * hour) for hour in range(1, 5)])
            found[id].catalogue.put(everything(id))
            contracting(found[id]).control.contracts.put(agreed(id, "ministry"))
        yield found


def asked(four: Basin, question: Question | None = None, by: str = "ministry") -> Found:
    exchange = four[by]
    return ask(question or Question(), own_of(exchange), exchange.members, exchange.peers, exchange.now, seconds=5.0)


def states(found: Found) -> dict[str, str]:
    return {line.node: line.state for line in found.lines}


def decisions(four: Basin, id: str) -> list[dict[str, object]]:
    ledger = four[id].node.ledger
    entries = [json.loads(entry) for entry in ledger.entries(0, ledger.size())]
    return [entry["facts"] for entry in entries if entry["kind"] == "decision"]


def test_the_ministry_asks_all_and_each_node_writes_down_what_it_decided(four: Basin) -> None:
    found = asked(four, Question(label="basin", period="all", stop=2_000_000_000_000))
    (row,) = summed(found).to_pylist()
    assert (row["count"], row["mean"], row["nodes"]) == (12, 0.625, "chongqing, sichuan, guizhou")
    assert set(states(found).values()) == {"stale"} | {"answered"}
    (decided,) = decisions(four, "sichuan")
    assert (decided["consumer"], decided["outcome"], decided["rows"]) == ("ministry", "permitted", 1)


def test_a_neighbour_without_an_agreement_gets_nothing_and_that_is_written_down(four: Basin) -> None:
    found = asked(four, by="chongqing")
    assert states(found) == {
        "chongqing": "stale",
        "ministry": "no_agreement",
        "sichuan": "no_agreement",
        "guizhou": "no_agreement",
    }
    (decided,) = decisions(four, "sichuan")
    assert (decided["outcome"], decided["codes"]) == ("refused", ["query.no_agreement"])


def test_whatever_the_network_does_the_others_count_once(four: Basin) -> None:
    fates = {"sichuan": Fate.LOSE_ANSWER, "guizhou": Fate.DOUBLE, "chongqing": Fate.DELAY}
    four.network.fate = lambda journey: fates[journey.target] if journey.path == PATH else Fate.DELIVER
    found = asked(four)
    assert [(row["label"], row["count"]) for row in summed(found).to_pylist()] == [("52.清池", 4)]
    assert states(found)["sichuan"] == states(found)["chongqing"] == "away"
    four.network.heal()
    four.network.deliver_late()
    assert {row["label"]: row["count"] for row in summed(asked(four)).to_pylist()} == dict.fromkeys(AT.values(), 4)


def test_a_node_that_is_down_has_its_reason(four: Basin) -> None:
    four.network.remove("guizhou")
    found = asked(four)
    assert [(line.state, line.code) for line in found.lines if line.node == "guizhou"] == [("away", "peer.unreachable")]
    assert {row["label"] for row in summed(found).to_pylist()} == {"50.朱沱", "51.清风峡"}


def test_a_quota_is_metered_and_never_passed_however_often_one_asks(four: Basin) -> None:
    policy = may(constraint("rowsPerDay", "lteq", "5"))
    contracting(four["sichuan"]).control.contracts.put(agreed("sichuan", "ministry", policy))
    by_hour = Question(period="hour", sections=("51.清风峡",))  # four rows
    lines = [next(line for line in asked(four, by_hour).lines if line.node == "sichuan") for _ in range(3)]
    assert [line.values for line in lines] == [4, 0, 0]
    assert lines[1].left[0].code == "query.quota"
    meters = SqlMeters(four["sichuan"].node.database)
    assert meters.count(agreed("sichuan", "ministry").id, "provider", None, None)[::2] == (4, 1)


def test_of_questions_at_the_same_time_none_passes_the_quota(four: Basin) -> None:
    policy = may(constraint("rows", "lteq", "7"))
    contracting(four["sichuan"]).control.contracts.put(agreed("sichuan", "ministry", policy))
    by_hour = Question(period="hour", sections=("51.清风峡",))
    with ThreadPoolExecutor(6) as pool:
        founds = list(pool.map(lambda _: asked(four, by_hour), range(6)))
    given = [sum(line.values for line in found.lines if line.node == "sichuan") for found in founds]
    assert sum(given) == 4
    codes = {line.code for found in founds for line in found.lines if line.node == "sichuan" and not line.values}
    assert codes <= {"query.busy", "query.refused"}


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"period": 7}', b'{"label": "planet"}', b"[" * 100_000])
def test_a_question_that_is_none_is_refused_with_a_reason(four: Basin, body: bytes) -> None:
    answer = four["ministry"].peers.call("sichuan", "POST", PATH, body)
    assert answer.status == 400
    assert json.loads(answer.body)["code"] == "query.question"


def test_a_question_that_is_too_large_is_not_read(four: Basin) -> None:
    question = written(Question(sections=tuple("51." + "长" * 200 for _ in range(2_000))))
    answer = four["ministry"].peers.call("sichuan", "POST", PATH, question)
    assert json.loads(answer.body)["code"] == "wire.size"


def test_who_does_not_sign_gets_no_answer(four: Basin) -> None:
    four.network.fate = lambda journey: Fate.DELIVER
    member = four["ministry"].members.member("sichuan")
    answer = four.network.line("ministry").ask(member, "POST", PATH, {}, written(Question()), 5.0)
    assert answer.status == 401
