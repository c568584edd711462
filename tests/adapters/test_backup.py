"""A node in one file: what is restored is what was, and a backup that is not whole restores nothing."""

from __future__ import annotations

import contextlib
import io
import tarfile
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from shangyou.adapters.backup import check_backup, restore_backup, write_backup
from shangyou.adapters.backup.manifest import MANIFEST, Manifest, Piece
from shangyou.adapters.rulebook import RulebookFolder
from shangyou.adapters.state.carry import save
from shangyou.adapters.trust import TrustFolder
from shangyou.basin.network.revision import Plan
from shangyou.core.errors import ConflictError, InputError
from shangyou.core.journal import Raw
from shangyou.core.ports import Batch, Progress, Selection
from shangyou.core.records import Flagged, Observations, SeriesKey
from shangyou.core.registry import Section
from shangyou.exchange.token import Checked, TokenError
from shangyou.flows.federation import make_federation
from shangyou.settings import Settings
from shangyou.standards.adopted import read_adopted
from shangyou.wiring import Node, build, make_home, rivers
from shangyou.wiring_exchange import exchange
from tests.fakes.exchange_basin import facts
from tests.standards.test_adopted import TEXT

PH = SeriesKey("51.甲", "ph", "4h", "value")


def new_node(home: Path) -> Node:
    settings = Settings(home=home)
    make_home(settings)
    return build(settings)


def fill(node: Node, start: int, rows: int) -> None:
    """Rows in the journal and in the store."""
    [entry] = node.journal.append([Raw("table", "a.csv", start, b"ph\n7.1\n" * 100)])
    found = Observations.build([(PH, (start + i) * 3_600_000, 7.1, 0, 1) for i in range(rows)])
    flagged = Flagged(found, np.ones(rows, np.uint8), *np.zeros((2, rows), np.uint32))
    node.store.append(Batch(entry, "table", "a.csv", start), flagged, progress=Progress(entry + 1, entry + 1))
    node.registry.meet([Section(f"51.{start}", f"{start}")], start)


def backup(node: Node, file: Path, tell: Callable[[int, int], None] = lambda done, whole: None) -> Manifest:
    home = node.settings.home
    with file.open("wb") as out:
        return write_backup(home, node.store, partial(save, node.database), node.journal, "1", 5, out.write, tell)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A backup of a node with a few rows."""
    node = new_node(tmp_path / "node")
    for start in range(3):
        fill(node, start * 100, 50)
    backup(node, tmp_path / "backup")
    node.close()
    return tmp_path / "backup"


def held(home: Path) -> tuple[object, ...]:
    """All that a node holds."""
    node = build(Settings(home=home))
    try:
        observations = node.store.select(Selection(versions=True)).to_pydict()
        raws = [entry.raw for entry in node.journal.read(0)]
        return observations, raws, node.registry.sections(), node.store.progress(), node.store.batches()
    finally:
        node.close()


def test_a_restored_node_holds_what_the_node_held(tmp_path: Path, made: Path) -> None:
    manifest = restore_backup(made, tmp_path / "restored")
    assert held(tmp_path / "restored") == held(tmp_path / "node")
    assert (manifest.entries, manifest.digested, manifest.made, manifest.state) == (3, 3, 5, True)
    assert check_backup(made) == manifest


def test_files_of_a_restored_home_are_of_its_owner_alone(tmp_path: Path, made: Path) -> None:
    restore_backup(made, tmp_path / "restored")
    files = [path for path in (tmp_path / "restored").rglob("*") if path.is_file()]
    assert files
    assert {path.stat().st_mode & 0o077 for path in files} == {0}


def test_a_backup_made_while_the_node_works_is_of_one_moment(tmp_path: Path) -> None:
    """The store is never ahead of the journal, and no raw entry that the store knows is missing."""
    node, stop = new_node(tmp_path / "node"), threading.Event()
    fill(node, 0, 50)

    def work() -> None:
        start = 100
        while not stop.is_set():
            fill(node, start, 50)
            start += 100

    thread = threading.Thread(target=work)
    thread.start()
    try:
        manifests = [backup(node, tmp_path / f"backup-{number}") for number in range(3)]
    finally:
        stop.set()
        thread.join()
    node.close()
    for number, manifest in enumerate(manifests):
        home = tmp_path / f"restored-{number}"
        restore_backup(tmp_path / f"backup-{number}", home)
        observations, raws, _, progress, _ = held(home)
        assert manifest.digested == progress.done <= manifest.entries == len(raws)  # type: ignore[attr-defined,arg-type]
        assert len(observations["site"]) == 50 * progress.done  # type: ignore[index,attr-defined]


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    node = new_node(tmp_path / "node")
    fill(node, 0, 50)
    told: list[tuple[int, int]] = []
    backup(node, tmp_path / "backup", lambda done, whole: told.append((done, whole)))
    node.close()
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1] > 0


def test_the_spool_of_a_killed_backup_is_cleared_by_the_next(tmp_path: Path) -> None:
    node = new_node(tmp_path / "node")
    (tmp_path / "node" / ".backup-old").mkdir()
    backup(node, tmp_path / "backup")
    node.close()
    assert not list((tmp_path / "node").glob(".backup-*"))


def test_a_home_with_anything_in_it_is_left_alone(tmp_path: Path, made: Path) -> None:
    home = tmp_path / "taken"
    home.mkdir()
    (home / "mine").write_text("x")
    with pytest.raises(ConflictError, match=r"restore\.home"):
        restore_backup(made, home)
    assert [path.name for path in home.iterdir()] == ["mine"]


def test_an_empty_home_may_be_restored_into(tmp_path: Path, made: Path) -> None:
    (tmp_path / "empty").mkdir()
    restore_backup(made, tmp_path / "empty")
    assert held(tmp_path / "empty") == held(tmp_path / "node")


def test_a_backup_with_any_byte_changed_or_cut_off_restores_nothing(tmp_path: Path, made: Path) -> None:
    whole = made.read_bytes()
    places = np.random.default_rng(7).integers(0, len(whole), 60)
    for number, place in enumerate(places.tolist()):
        broken = whole[:place] if number % 3 == 0 else whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :]
        (tmp_path / "broken").write_bytes(broken)
        with pytest.raises(InputError, match=r"backup\."):
            restore_backup(tmp_path / "broken", tmp_path / "restored")
        assert not (tmp_path / "restored").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "broken", "node"]


def packed(path: Path, members: dict[str, bytes]) -> Path:
    """A backup file made by hand."""
    with (
        pa.OSFile(str(path), "wb") as raw,
        pa.CompressedOutputStream(raw, "zstd") as out,
        tarfile.open(fileobj=out, mode="w|") as tar,
    ):
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "journal/../../evil", "evil", "journal/x.log"])
def test_a_member_that_does_not_belong_there_is_refused(tmp_path: Path, name: str) -> None:
    file = packed(tmp_path / "backup", {name: b"x"})
    with pytest.raises(InputError, match=r"backup\.member"):
        restore_backup(file, tmp_path / "restored")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup"]


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"node.toml": b""}, "backup.manifest"),
        ({"node.toml": b"", MANIFEST: b"{"}, "backup.manifest"),
        ({"node.toml": b"", MANIFEST: Manifest("1", 0, 0, 0, True, {}, 2).text()}, "backup.format"),
        (
            {"node.toml": b"x", MANIFEST: Manifest("1", 0, 0, 0, True, {"node.toml": Piece(1, "0")}).text()},
            "backup.damaged",
        ),
        ({MANIFEST: Manifest("1", 0, 0, 0, True, {}).text()}, "backup.damaged"),
    ],
)
def test_a_backup_without_a_true_manifest_is_refused(tmp_path: Path, members: dict[str, bytes], code: str) -> None:
    with pytest.raises(InputError) as refused:
        check_backup(packed(tmp_path / "backup", members))
    assert refused.value.code == code


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    with pytest.raises(InputError, match=r"backup\.read"):
        check_backup(tmp_path / "text")
    with pytest.raises(InputError, match=r"backup\.absent"):
        check_backup(tmp_path / "nothing")


def test_a_restored_node_is_the_member_that_it_was(tmp_path: Path) -> None:
    with contextlib.closing(new_node(tmp_path / "node")) as node:
        trust = TrustFolder(tmp_path / "node")
        make_federation([(trust, facts("sichuan", 1))], 1_000)
        backup(node, tmp_path / "backup")
    restore_backup(tmp_path / "backup", tmp_path / "again")
    again = TrustFolder(tmp_path / "again")
    assert (again.me, again.accepted.digest) == ("sichuan", trust.accepted.digest)
    assert again.keys.choose(again.member("sichuan").keys, 2_000).kid == trust.member("sichuan").keys[0].kid
    assert again.anchors.kids() == trust.anchors.kids() != []


def test_a_node_that_talked_with_others_comes_back_with_the_tokens_it_took_and_the_standards_they_adopted(
    tmp_path: Path,
) -> None:
    with contextlib.closing(new_node(tmp_path / "node")) as node:
        make_federation([(TrustFolder(tmp_path / "node"), facts("sichuan", 1))], 1_000)
        among_others = exchange(node)
        assert among_others is not None
        heard = Checked(among_others.trust.member("sichuan"), "one", 90_000)
        among_others.seen.take(heard, 1_000)
        assert RulebookFolder(tmp_path / "node").put("urn:uuid:1", TEXT)
        backup(node, tmp_path / "backup")
    restore_backup(tmp_path / "backup", tmp_path / "again")
    with contextlib.closing(build(Settings(tmp_path / "again"))) as node:
        again = exchange(node)
        assert again is not None
        with pytest.raises(TokenError, match=r"token\.replayed"):
            again.seen.take(heard, 2_000)
    assert [each.family for each in RulebookFolder(tmp_path / "again").editions()] == [read_adopted(TEXT).family]


def test_the_lists_of_working_days_that_the_operator_entered_come_back(tmp_path: Path) -> None:
    with contextlib.closing(new_node(tmp_path / "node")) as node:
        (tmp_path / "node/workdays.toml").write_text("[2027]\nworking = []\n", encoding="utf-8")
        backup(node, tmp_path / "backup")
    restore_backup(tmp_path / "backup", tmp_path / "again")
    assert (tmp_path / "again/workdays.toml").read_text(encoding="utf-8") == "[2027]\nworking = []\n"


def test_what_people_changed_in_the_river_network_comes_back(tmp_path: Path) -> None:
    with contextlib.closing(new_node(tmp_path / "node")) as node:
        plan = Plan("chishuihe", "关闸", "Shut the gate.", {"guizhou": "duty desk"})
        rivers(node).change({("plan", "chishuihe"): plan}, "li", "agreed", 1_000)
        backup(node, tmp_path / "backup")
    restore_backup(tmp_path / "backup", tmp_path / "again")
    with contextlib.closing(build(Settings(tmp_path / "again"))) as node:
        assert rivers(node).book().plan("chishuihe") == plan
