"""Deciding together: proposing with a rule, ballots that are heard of, and standards that come into force."""

from __future__ import annotations

from pathlib import Path

import pytest

from shangyou.adapters.rulebook import RulebookFolder
from shangyou.core.errors import ConflictError, InputError
from shangyou.flows import resolve
from shangyou.standards.library import edition
from tests.flows.test_incident import WHO, Two
from tests.standards.test_adopted import AFTER, TEXT

MEMBERS = ("chongqing", "guizhou", "sichuan")
DAY = 86_400_000


@pytest.fixture
def three() -> Two:
    return Two()


def proposed(three: Two, **more: object) -> str:
    body = {"title_zh": "联合标准", "text_zh": "第一条 采用联合标准。", **more}
    id = resolve.propose(three.node("sichuan"), MEMBERS, body, WHO)
    three.desk.deliver()
    return id


def decided(three: Two, id: str) -> None:
    for member in MEMBERS:
        resolve.vote(three.node(member), id, "yes", "", WHO)
        three.desk.deliver()
    attend_all(three)
    for member in MEMBERS:
        resolve.sign(three.node(member), id, WHO)
        three.desk.deliver()


class NoBook:
    """A rulebook that nothing is to come into."""

    def put(self, resolution: str, text: str) -> bool:
        raise AssertionError(resolution)


def tend(three: Two, member: str, book: resolve.Rulebook) -> resolve.Tended:
    node = three.node(member)
    return resolve.tend(node, book, node.dossiers.headings("resolution"))


def attend_all(three: Two) -> list[str]:
    three.at += 10 * resolve.TURN
    said = []
    for member in MEMBERS:
        said += [member for _ in tend(three, member, NoBook()).received]
        three.desk.deliver()
    return said


def test_a_resolution_goes_from_proposal_to_adoption(three: Two) -> None:
    id = proposed(three)
    decided(three, id)
    found = resolve.look(three.node("guizhou"), id)
    assert (found.phase, found.matter.tally.yes) == ("adopted", MEMBERS)


def test_one_node_says_that_a_ballot_was_received_and_the_others_need_not(three: Two) -> None:
    id = proposed(three)
    resolve.vote(three.node("guizhou"), id, "yes", "", WHO)
    three.desk.deliver()
    assert tend(three, "sichuan", NoBook()).received == ()  # chongqing has the first turn
    assert attend_all(three) == ["chongqing"]
    assert attend_all(three) == []
    assert resolve.look(three.node("guizhou"), id).matter.tally.yes == ("guizhou",)


def test_an_amendment_keeps_what_it_does_not_name(three: Two) -> None:
    id = proposed(three)
    resolve.amend(three.node("chongqing"), id, {"text_zh": "第一条 每月采用。", "why": "季度太长"}, WHO)
    three.desk.deliver()
    attend_all(three)
    current = resolve.look(three.node("sichuan"), id).matter.current
    assert (current.number, current.title_zh, current.text_zh) == (2, "联合标准", "第一条 每月采用。")
    assert current.text_en == current.text_zh  # there never was an English one


def test_nobody_votes_after_the_deadline(three: Two) -> None:
    id = proposed(three)
    three.at += 8 * DAY
    with pytest.raises(ConflictError, match=r"resolution.over"):
        resolve.vote(three.node("chongqing"), id, "yes", "", WHO)


def test_a_joint_standard_that_is_laxer_is_not_even_proposed(three: Two) -> None:
    with pytest.raises(InputError, match=r"standards.laxer"):
        proposed(three, form="standard", edition=TEXT.replace("III: 0.15", "III: 0.25"))
    with pytest.raises(InputError, match=r"entry.field"):
        proposed(three, form="standard")
    assert three.desk.at("sichuan").headings() == []


def test_an_adopted_standard_comes_into_each_members_rulebook_once_it_is_published(three: Two, tmp_path: Path) -> None:
    id = proposed(three, form="standard", edition=TEXT)
    decided(three, id)
    books = {member: RulebookFolder(tmp_path / member) for member in MEMBERS}
    assert tend(three, "guizhou", books["guizhou"]).adopted == ()
    resolve.tell(three.node("sichuan"), id, "publish", {}, WHO)
    three.desk.deliver()
    for member, book in books.items():
        assert tend(three, member, book).adopted == (id,)
        again = tend(three, member, book)
        assert (again.adopted, [each.id for each in again.done]) == ((), [id])
        [one] = book.editions()
        assert (one.id, one.valid_from, book.spoilt()) == ("川渝联标 1-2026", AFTER, ())
    assert edition("gb3838", AFTER).id == "GB 3838-2002"


def test_a_file_that_somebody_spoilt_is_left_out_and_named(tmp_path: Path) -> None:
    book = RulebookFolder(tmp_path)
    assert book.put("urn:uuid:1", TEXT)
    [path] = (tmp_path / "standards").iterdir()
    path.write_text("id: [", encoding="utf-8")
    assert (book.editions(), book.spoilt()) == ((), (path.name,))
