"""One suite for every log: the one in memory and the one in files make the same promises."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.adapters.ledger import FileLedger, FileShelf
from shangyou.core.errors import ConflictError, InputError, NotFoundError
from shangyou.exchange.ledger.checkpoint import origin_of
from shangyou.exchange.ledger.entry import Entry
from shangyou.exchange.ledger.log import Alarm, Kept, Log, Shelf
from shangyou.exchange.ledger.merkle import HASHES, grew, includes, leaf_hash, root
from tests.fakes.exchange_log import FakeLog, FakeShelf, FakeSigner, entries, reading, signed

Make = Callable[..., Log]


@pytest.fixture(params=["memory", "files"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    made: list[FileLedger | FakeLog] = []
    number = itertools.count()

    def one(hash: str = "sha256") -> Log:
        log = FakeLog(hash) if request.param == "memory" else FileLedger(tmp_path / str(next(number)), hash)
        made.append(log)
        return log

    yield one
    for log in made:
        log.close()


@pytest.fixture(params=["memory", "files"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    return FakeShelf() if request.param == "memory" else FileShelf(tmp_path)


@pytest.mark.parametrize("hash", ["sha256", "sm3"])
def test_a_log_has_the_root_of_its_entries_at_every_size(make: Make, hash: str) -> None:
    log, leaves = make(hash), entries(700)
    assert log.append(leaves[:300]) == range(300)
    assert log.append([]) == range(300, 300)
    assert log.append(leaves[300:]) == range(300, 700)
    assert (log.size(), log.hash) == (700, hash)
    for size in (0, 1, 255, 256, 257, 300, 511, 512, 513, 700):
        assert log.root(size) == root(HASHES[hash], reading(leaves, hash), size)


@given(cuts=st.lists(st.integers(0, 600), max_size=6))
def test_any_cutting_into_batches_gives_the_same_root(
    cuts: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    leaves = entries(600)
    edges = [0, *sorted(cuts), 600]
    log = FileLedger(tmp_path_factory.mktemp("log"))
    for start, stop in itertools.pairwise(edges):
        log.append(leaves[start:stop])
    assert log.root(600) == root(HASHES["sha256"], reading(leaves), 600)
    assert log.entries(0, 600) == leaves
    log.close()


def test_its_proofs_hold(make: Make) -> None:
    log, leaves, hash = make(), entries(600), HASHES["sha256"]
    log.append(leaves)
    for index, size in ((0, 1), (0, 600), (599, 600), (255, 256), (256, 600), (300, 513)):
        assert includes(hash, leaf_hash(hash, leaves[index]), index, size, log.inclusion(index, size), log.root(size))
    for old, new in ((0, 600), (600, 600), (1, 600), (256, 257), (300, 512), (511, 600)):
        assert grew(hash, old, new, log.consistency(old, new), log.root(old), log.root(new))


def test_what_is_not_there_is_not_proved(make: Make) -> None:
    log = make()
    log.append(entries(3))
    with pytest.raises(NotFoundError, match=r"ledger\.index"):
        log.inclusion(3, 3)
    for ask in (
        lambda: log.root(4),
        lambda: log.inclusion(0, 4),
        lambda: log.consistency(1, 4),
        lambda: log.consistency(3, 2),
    ):
        with pytest.raises(ConflictError, match=r"ledger\.index"):
            ask()


def test_an_empty_entry_is_refused_and_nothing_of_its_batch_stays(make: Make) -> None:
    log = make()
    with pytest.raises(InputError, match=r"ledger\.entry"):
        log.append([b"a", b""])
    assert log.size() == 0
    assert log.append([b"a"]) == range(1)


def test_entries_are_found_by_what_they_are_about(make: Make) -> None:
    log = make()
    acts = [Entry("transfer", {"agreement": f"urn:uuid:{n % 3}", "transfer": f"t{n}"}, n).bytes() for n in range(9)]
    log.append(acts)
    assert log.find("urn:uuid:1") == [1, 4, 7]
    assert log.find("t5") == [5]
    assert log.find("nothing") == make().find("t5") == []


def test_entries_are_given_as_they_were(make: Make) -> None:
    log, leaves = make(), [bytes([n % 251]) * (1 + n * 37 % 5000) for n in range(300)]
    log.append(leaves)
    assert log.entries(0, 300) == leaves
    assert log.entries(17, 18) == [leaves[17]]
    assert log.entries(299, 400) == [leaves[299]]
    assert log.entries(300, 301) == []


def test_a_shelf_keeps_the_newest_checkpoint_and_what_was_cosigned(shelf: Shelf) -> None:
    assert shelf.checkpoint() is shelf.sealed() is None
    first, second = (signed(entries(n), "sichuan", FakeSigner()) for n in (3, 5))
    shelf.put_checkpoint(Kept(first, 1))
    shelf.put_sealed(Kept(first, 1))
    shelf.put_checkpoint(Kept(second, 2))
    assert (shelf.checkpoint(), shelf.sealed()) == (Kept(second, 2), Kept(first, 1))
    with shelf.witnessing():
        assert shelf.cosigned(origin_of("sichuan")) is None
        shelf.put_cosigned(origin_of("sichuan"), first)
        shelf.put_cosigned(origin_of("guizhou"), second)
        shelf.put_cosigned(origin_of("sichuan"), second)
    assert shelf.cosigned(origin_of("sichuan")) == second
    assert len(shelf.all_cosigned()) == 2


def test_a_shelf_keeps_how_each_log_began(shelf: Shelf) -> None:
    assert shelf.openings() == {}
    shelf.put_opening("sichuan.shangyou/ledger/2", "岷江")
    shelf.put_opening("guizhou.shangyou/ledger/2", "乌江")
    assert shelf.openings() == {"sichuan.shangyou/ledger/2": "岷江", "guizhou.shangyou/ledger/2": "乌江"}


def test_a_shelf_keeps_each_alarm_once(shelf: Shelf) -> None:
    alarm = Alarm("ledger.split", {"name": "x", "size": 7}, ("a", "b"), 5)
    assert shelf.put_alarm(alarm)
    assert not shelf.put_alarm(Alarm(alarm.code, alarm.facts, alarm.evidence, 9))
    assert shelf.put_alarm(Alarm("ledger.rollback", {}, (), 3))
    assert [(each.code, each.at) for each in shelf.alarms()] == [("ledger.rollback", 3), ("ledger.split", 5)]
