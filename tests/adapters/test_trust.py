from __future__ import annotations

from pathlib import Path

import pytest

from shangyou.adapters.trust import TrustFolder, founded
from shangyou.core.errors import ConflictError, InputError, NotFoundError, RefusedError
from tests.exchange.trust.lists import ANCHORS, NOW, after, first, roots, sealed


def begun(home: Path) -> TrustFolder:
    folder = TrustFolder(home)
    folder.call_me("moee")
    folder.begin(sealed(first(), *ANCHORS), roots(first()), NOW)
    return folder


def test_a_node_in_no_federation_says_so(tmp_path: Path) -> None:
    assert not founded(tmp_path)
    with pytest.raises(NotFoundError, match=r"federation\.none"):
        TrustFolder(tmp_path).members()


def test_the_last_list_that_was_accepted_is_in_force_after_a_restart(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    folder.accept([sealed(after(folder.accepted), "a", "b", "c")], NOW + 1000)
    again = TrustFolder(tmp_path)
    assert (again.me, again.trusted.version, again.accepted.digest) == ("moee", 2, folder.accepted.digest)
    assert founded(tmp_path)
    with pytest.raises(RefusedError, match=r"trust\.rollback"):
        again.accept([sealed(first(), *ANCHORS)], NOW)


def test_a_crash_while_a_list_is_written_leaves_the_one_before(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    whole = sealed(after(folder.accepted), "a", "b", "c")
    (tmp_path / "federation/lists/.000002.json.77").write_text(str(whole)[:500])
    assert TrustFolder(tmp_path).trusted.version == 1


def test_a_damaged_or_changed_list_on_disk_is_not_used(tmp_path: Path) -> None:
    begun(tmp_path)
    file = tmp_path / "federation/lists/000001.json"
    text = file.read_text(encoding="utf-8")
    for changed in (
        "",
        "[]",
        text[:-40],
        text.replace("510000", "510001"),
        text.replace('"version": 1', '"version": 2'),
    ):
        file.write_text(changed, encoding="utf-8")
        with pytest.raises(InputError, match=r"trust\.file"):
            TrustFolder(tmp_path)


def test_a_federation_is_begun_once(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    with pytest.raises(ConflictError, match=r"federation\.founded"):
        folder.begin(sealed(first(), *ANCHORS), roots(first()), NOW)


def test_of_a_chain_everything_before_the_first_fault_counts(tmp_path: Path) -> None:
    folder, heard = begun(tmp_path), list[int]()
    folder.on_change(lambda accepted: heard.append(accepted.trusted.version))
    good = sealed(after(folder.accepted), "a", "b", "c")
    with pytest.raises(InputError):
        folder.accept([good, {"document": {}, "signatures": []}], NOW + 1000)
    assert folder.trusted.version == 2
    assert heard == [2]
    assert [each["document"] for each in folder.after(1)] == [good["document"]]
    assert len(folder.after(0)) == 2
