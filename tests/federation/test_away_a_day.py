"""A member that was away for a day: all matters catch up, what was missed shows as late, nothing counts twice."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from shangyou.core.errors import ConflictError
from shangyou.exchange.dossier import border
from shangyou.faces.api import compensation, resolutions
from shangyou.faces.api.incident_deeds import grade, open_incident, report, task
from shangyou.faces.api.warning_deeds import acknowledge, update
from shangyou.faces.api.warnings import clocks as warning_clocks
from shangyou.faces.api.warnings import entries as entries_of
from shangyou.faces.dossiers import dossiers as kept
from shangyou.faces.together import of
from shangyou.faces.together import turn as tend
from shangyou.flows import dossier, incident, resolve, settle
from shangyou.flows.settle import Gathered, Means
from shangyou.governance.compensation.figures import Place
from shangyou.governance.compensation.fold import State
from shangyou.governance.compensation.read import parse
from tests.fakes.exchange_basin import basin
from tests.federation.test_warnings import Warned, rows
from tests.governance.compensation.conftest import figures

IDS = ("chongqing", "sichuan", "guizhou")
REST = frozenset(IDS) - {"chongqing"}  # they see each other while Chongqing is away
HOURS = 3600.0
COMPACT = parse(
    b"""
id: border
title_zh: \xe8\xbe\xb9\xe7\x95\x8c
title_en: Border
source: made for this test
status: confirmed
valid_from: 2019-01-01
valid_to: 2026-12-31
parties:
  - {id: up, name_zh: "\xe4\xb8\x8a", name_en: Upper, member: sichuan}
  - {id: down, name_zh: "\xe4\xb8\x8b", name_en: Lower, member: chongqing}
sections: [{id: "50.A", name_zh: A, name_en: A, goal: II, upstream: up, downstream: down}]
indicators: [ammonia_nitrogen]
missing: {values: 1, months: 8, then: open}
rules:
  - id: pay
    name_zh: pay
    name_en: pay
    at: ["50.A"]
    every: month
    cases:
      - {if: {class_at_most: goal}, then: {transfer: 1000000.00, from: downstream, to: upstream}}
      - otherwise: {transfer: 1000000.00, from: upstream, to: downstream}
"""
)


@pytest.fixture
def warned(tmp_path: Path) -> Iterator[Warned]:
    with basin(tmp_path, IDS, threshold=1) as made:
        yield Warned(made)


def back(warned: Warned) -> None:
    warned.basin.network.heal()
    for _ in range(4):
        warned.turn()


def same_everywhere(warned: Warned, id: str, members: tuple[str, ...] = ("chongqing", "sichuan")) -> list[str]:
    """Ids of a dossier's entries, which all hold alike and each once."""
    views = [[str(each["id"]) for each in rows(entries_of(warned.desk(member), id))] for member in members]
    assert all(view == views[0] for view in views)
    assert len(set(views[0])) == len(views[0])
    return views[0]


def reckon(warned: Warned, member: str, id: str, means: dict[str, float], why: str = "") -> None:
    """A party reckons from a mean of ammonia nitrogen of each month, 0.3 where none is told."""
    made = figures(COMPACT, "2026", {"50.A": {"ammonia_nitrogen": 0.3}})
    other = {Place("50.A", "ammonia_nitrogen", month): mean for month, mean in means.items()}
    changed = [
        figures(COMPACT, "2026", {"50.A": {"ammonia_nitrogen": other[each.place]}})[0] if each.place in other else each
        for each in made
    ]
    exact = tuple(
        type(each)(old.place, each.mean, each.count, each.mean, each.sources)
        for each, old in zip(changed, made, strict=True)
    )
    settle.reckon(of(warned.basin[member]), id, Gathered(exact), Means({}, version="1"), "", why)
    warned.run()


def state(warned: Warned, member: str, id: str) -> State:
    return settle.look(of(warned.basin[member]), id)[0]


def test_what_was_missed_in_a_day_shows_as_late_and_nothing_counts_twice(warned: Warned) -> None:
    warned.basin.network.cut(REST)
    warning = warned.send(title_zh="夜间泄漏")
    room = str(open_incident(warned.desk("sichuan"), warning=warning)["id"])
    grade(warned.desk("sichuan"), room)
    duties = ("own_government", "province", "ministry")
    report(warned.desk("sichuan"), room, duty=duties)
    report(warned.desk("sichuan"), room, duty=("neighbour",), to=("chongqing",))
    task(warned.desk("sichuan"), room, "monitoring", owner="chongqing", due="2026-11-22T10:00")
    statement = settle.begin(of(warned.basin["sichuan"]), COMPACT, "2026", "")
    warned.run()
    for hour in range(24):
        if hour == 12:
            update(warned.desk("sichuan"), warning, text="已围堵", amount="3000")
        warned.turn(HOURS)
    reckon(warned, "sichuan", statement, {})
    assert warned.made("chongqing").keeping.cabinet.headings() == []  # it has heard of nothing
    came = warned.basin.clock.ms()
    back(warned)
    for id in (warning, room, statement):
        same_everywhere(warned, id)
    owed = rows(warning_clocks(warned.desk("chongqing"), warning))
    assert {each["state"] for each in owed if each["member"] == "chongqing"} == {"late"}
    seen = incident.look(of(warned.basin["chongqing"]), room)
    assert {clock.duty: clock.state for clock in seen.clocks} == {
        "own_government": "done",
        "province": "done",
        "ministry": "done",
        "province_to_ministry": "late",
        "neighbour": "done",
    }
    due = seen.room.tasks["monitoring"].value.due
    assert due is not None
    assert due < came  # it was missed, and says so: it is not put off for who was away
    receptions = incident.look(of(warned.basin["sichuan"]), room).receptions
    got = [each.received for each in receptions if each.member == "chongqing"]
    assert got
    assert all(at is not None and at >= came for at in got)  # when it really had it, not when it was said
    acknowledge(warned.desk("chongqing"), warning)
    warned.run()
    owed = rows(warning_clocks(warned.desk("sichuan"), warning))
    assert {each["state"] for each in owed if each["member"] == "chongqing"} == {"done_late"}
    assert not acknowledge(warned.desk("chongqing"), warning)["new"]
    reckon(warned, "chongqing", statement, {})
    assert [state(warned, member, statement).phase for member in ("chongqing", "sichuan")] == ["equal", "equal"]
    before = len(warned.basin.network.sent)
    for _ in range(2):
        warned.turn()
    assert all(journey.path != dossier.ENTRIES for journey in warned.basin.network.sent[before:])  # nothing again


def test_a_vote_that_was_missed_is_refused_by_name_and_the_others_have_decided(warned: Warned) -> None:
    desk, until = warned.desk("sichuan"), "2026-11-22T20:00"
    done = resolutions.propose(
        desk, "联合巡查", "每季度一次", deadline=until, quorum="2/3", voter=IDS, reception_hours=1.0
    )
    id = str(done["id"])
    warned.run()
    warned.basin.network.cut(REST)
    for member in ("sichuan", "guizhou"):
        resolutions.vote(warned.desk(member), id, "yes")
        warned.run()
    for _ in range(24):
        warned.turn(HOURS)
        for member in ("sichuan", "guizhou"):
            tend(warned.basin[member])  # says by itself that it has received a ballot
        warned.run()
    for member in ("sichuan", "guizhou"):
        resolutions.sign(warned.desk(member), id)
        warned.run()
    assert resolve.look(of(warned.basin["chongqing"]), id).phase != "adopted"  # it knows of no vote
    back(warned)
    same_everywhere(warned, id, IDS)
    with pytest.raises(ConflictError, match=r"resolution\.over"):
        resolutions.vote(warned.desk("chongqing"), id, "no")
    found = resolve.look(of(warned.basin["chongqing"]), id)
    assert found.matter.settled is not None
    assert found.matter.settled.outcome == "adopted"
    assert {each.by for each in found.matter.ballots} == {"sichuan", "guizhou"}


def test_entries_that_come_reordered_doubled_and_forged_among_true_ones_make_one_room(warned: Warned) -> None:
    warned.basin.network.cut(REST)
    room = str(open_incident(warned.desk("sichuan"), title_zh="苯泄漏", affected=("chongqing",))["id"])
    for text in ("一", "二", "三"):
        incident.tell(of(warned.basin["sichuan"]), room, "note", {"text": text}, "")
    said = kept(warned.basin["sichuan"]).keeping.cabinet.entries(room)
    warned.basin.network.heal()
    top = next(top for top in kept(warned.basin["sichuan"]).keeping.cabinet.tops("sichuan") if top.dossier == room)
    words = border.next_entry(top, "incident.close", "sichuan", warned.basin.clock.ms(), {"summary_zh": "完"})
    forged = border.sign(words, warned.basin["guizhou"].signer)  # in Sichuan's name, by another's key
    changed = said[1].sealed.replace(said[1].sealed[40:44], "AAAA", 1)
    peers = warned.basin["sichuan"].peers
    for order in itertools.islice(itertools.permutations(range(len(said))), 0, None, 5):
        sealed = [said[n].sealed for n in order]
        told = ",".join([forged.sealed, sealed[0], sealed[0], *sealed[1:], forged.sealed, changed])
        answer = peers.call("chongqing", "POST", dossier.ENTRIES, f'{{"entries":[{told}]}}'.encode())
        assert answer.status == 200
        assert forged.id.encode() not in answer.body.partition(b'"refused"')[0]
    held = kept(warned.basin["chongqing"]).keeping.cabinet.entries(room)
    assert [each.id for each in held] == [each.id for each in said]
    for member in ("chongqing", "sichuan"):
        seen = incident.look(of(warned.basin[member]), room)
        assert (seen.room.closed, seen.room.closings) == (None, {})
        assert [line.body.get("text") for line in seen.room.lines if line.kind == "incident.note"] == ["一", "二", "三"]


def test_a_correction_after_a_signature_fells_it_and_both_sides_see_which_line_changed(warned: Warned) -> None:
    id = settle.begin(of(warned.basin["sichuan"]), COMPACT, "2026", "")
    warned.run()
    for member in ("sichuan", "chongqing"):
        reckon(warned, member, id, {})
    settle.sign(of(warned.basin["chongqing"]), id, "")
    warned.run()
    assert set(state(warned, "sichuan", id).signatures) == {"chongqing"}
    warned.basin.network.cut(REST)
    warned.turn(6 * HOURS)
    reckon(warned, "sichuan", id, {"2026-05": 0.9}, why="五月补测")
    assert state(warned, "sichuan", id).signatures == {}
    assert set(state(warned, "chongqing", id).signatures) == {
        "chongqing"
    }  # it does not know yet, and nothing is settled
    assert state(warned, "chongqing", id).settled is None
    with pytest.raises(ConflictError, match=r"statement\.differs"):
        settle.sign(of(warned.basin["sichuan"]), id, "")
    back(warned)
    same_everywhere(warned, id)
    for member in ("sichuan", "chongqing"):
        found = state(warned, member, id)
        assert found.signatures == {}
        [fell] = found.fallen
        [corrected] = found.corrections
        assert (fell.signature.author, fell.entry) == ("chongqing", corrected.entry)
        [difference] = settle.comparison(found, "chongqing", "sichuan").lines
        assert difference.key.text == "pay|50.A|2026-05|"
        told = rows(compensation.history(warned.desk(member), id))
        assert [each["kind"] for each in told] == [
            "dossier.open",
            "statement.compute",
            "statement.compute",
            "statement.sign",  # the log keeps both: the old signature and what it was felled by
            "statement.correct",
        ]
        assert (told[-1]["changed"], told[-1]["fallen"]) == ("pay|50.A|2026-05|", "chongqing")
        assert told[-1]["note"] == "五月补测"
    reckon(warned, "chongqing", id, {"2026-05": 0.9}, why="核对无误")
    for member in ("chongqing", "sichuan"):
        settle.sign(of(warned.basin[member]), id, "")
        warned.run()
    for member in ("chongqing", "sichuan"):
        assert state(warned, member, id).phase == "settled"
    with pytest.raises(ConflictError, match=r"statement\.bound"):
        reckon(warned, "sichuan", id, {}, why="又改")
