"""One node's clock is ten minutes off: what does not need it goes on, what does says that it is the clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shangyou.faces.crossing import crossing
from shangyou.faces.sentences import sentence
from shangyou.flows import reconcile
from shangyou.flows.connection import check_member
from tests.fakes.exchange_basin import basin
from tests.fakes.exchange_lots import PARAMETERS, SITES, observed
from tests.fakes.exchange_whole import Whole, sites_of

MEMBERS = ("ministry", "sichuan", "chongqing", "guizhou")
WRONG = "sichuan"
OTHERS = tuple(id for id in MEMBERS if id != WRONG)
TIMES = 3


@pytest.fixture(params=[-10, 10], ids=["behind", "ahead"])
def whole(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Whole]:
    """Four members; a contract between the one whose clock is wrong and another was made while it was right."""
    from shangyou.core.ports import Batch
    from shangyou.core.registry import Section

    with basin(tmp_path, MEMBERS, threshold=2) as found:
        four = Whole(found)
        for id in (WRONG, "guizhou"):
            four.publish(id)
            node, sites = found[id].node, sites_of(id)
            node.registry.meet([Section(id=site, name_zh=site) for site in sites], four.now())
            node.store.append(Batch(1, "table", id, four.now()), observed(TIMES, sites=sites))
        four.agree("chongqing", WRONG)
        four.reconcile()
        found.clock.advance(hours=1)
        found.clocks[WRONG].offset = timedelta(minutes=request.param)
        yield four


def seconds(whole: Whole) -> int:
    return int(whole.basin.clocks[WRONG].offset.total_seconds())


def test_the_others_go_on_and_seal_without_it(whole: Whole) -> None:
    agreement = whole.agree("chongqing", "guizhou")
    passage = whole.move("chongqing", whole.start("chongqing", agreement))
    assert (passage.state, passage.passed.rows) == ("complete", TIMES * len(SITES) * len(PARAMETERS))
    sealed = whole.seal("guizhou")
    assert {each.member: each.code for each in sealed.asked} == {"ministry": "", "chongqing": "", WRONG: "token.clock"}


def test_each_refusal_at_either_end_says_that_it_is_the_clock_and_by_how_much(whole: Whole) -> None:
    for asker, asked, by in (("chongqing", WRONG, -seconds(whole)), (WRONG, "chongqing", seconds(whole))):
        joined = whole.basin[asker]
        answer = joined.peers.call(asked, "GET", "/federation/pulse")
        assert (answer.status, answer.headers["x-shangyou-code"]) == (401, "token.clock")
        found = check_member(joined.trust, joined.peers, joined.members.member(asked), "0", joined.now)
        assert (found.good, found.code, found.facts["seconds"]) == (False, "check.clock", -by)
        said = [sentence(found.code, found.facts, language).text for language in ("zh", "en")]
        assert "时钟" in said[0]
        assert "clock" in said[1]
        assert all(str(abs(by)) in each for each in said)


def test_what_needs_both_waits_and_is_done_when_the_clock_is_right_again(whole: Whole) -> None:
    asked = whole.ask("chongqing", WRONG)
    [standing] = [id for id, state in whole.agreements(WRONG, "chongqing").items() if state == "active"]
    whole.run()
    whole.revoke(WRONG, standing)
    letter = whole.control("chongqing").talks.letter(asked.id)
    assert letter is not None
    assert letter.error == "token.clock"
    whole.basin.clock.advance(minutes=1)
    [stood] = [each for each in reconcile.stuck(whole.control("chongqing")) if each.talk.id == asked.id]
    assert (stood.side, stood.why) == (WRONG, "token.clock")
    assert whole.agreements("chongqing", WRONG)[standing] == "active"
    whole.basin.clocks[WRONG].offset = timedelta(0)
    whole.basin.clock.advance(minutes=21)  # a clock that was ahead must not leave letters for later than that
    whole.reconcile()
    assert whole.control("chongqing").talks.talk("negotiation", asked.id).state == "FINALIZED"
    assert whole.agreements("chongqing", WRONG)[standing] == "revoked"
    assert whole.held("chongqing", WRONG) == whole.held(WRONG, "chongqing")


def test_nobody_is_accused_because_of_a_wrong_clock(whole: Whole) -> None:
    for id in MEMBERS:
        whole.seal(id)
        whole.keeping(id).compare(whole.now())
    whole.basin.clocks[WRONG].offset = timedelta(0)
    whole.agree("guizhou", "sichuan")
    whole.reconcile()
    for _ in range(3):
        for id in MEMBERS:
            whole.sign(id)
            for work in crossing(whole.basin[id]).due(whole.now()):
                work()
            assert whole.keeping(id).compare(whole.now()) == []
        whole.basin.clock.advance(hours=1)
    assert whole.alarms() == {}
