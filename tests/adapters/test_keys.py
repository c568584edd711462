from __future__ import annotations

from pathlib import Path

import pytest

from shangyou.adapters.keys import KeyFolder
from shangyou.core.errors import InputError, NotFoundError
from shangyou.exchange.keys import member_key, verify


@pytest.mark.parametrize("suite", ["std", "gm"])
def test_a_key_is_there_again_after_a_restart(tmp_path: Path, suite: str) -> None:
    made = KeyFolder(tmp_path / "keys").make(suite)
    again = KeyFolder(tmp_path / "keys").signer(made.kid)
    assert verify(member_key(suite, made.public, 0), b"message", again.sign(b"message"))
    assert not verify(member_key(suite, made.public, 0), b"messagf", again.sign(b"message"))


def test_only_the_owner_can_read_a_key(tmp_path: Path) -> None:
    made = KeyFolder(tmp_path / "keys").make("std")
    [file] = (tmp_path / "keys").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    file.chmod(0o640)
    with pytest.raises(InputError, match=r"keys\.readable"):
        KeyFolder(tmp_path / "keys").signer(made.kid)


def test_a_damaged_key_is_refused(tmp_path: Path) -> None:
    made = KeyFolder(tmp_path / "keys").make("std")
    [file] = (tmp_path / "keys").iterdir()
    for text in ("", "{}", "[1]", file.read_text().replace('"public": "', '"public": "A')):
        file.write_text(text)
        with pytest.raises(InputError, match=r"keys\.(file|public)"):
            KeyFolder(tmp_path / "keys").signer(made.kid)


def test_the_newest_key_that_counts_now_signs(tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path / "keys")
    old, new, stranger = folder.make("std"), folder.make("gm"), KeyFolder(tmp_path / "other").make("std")
    listed = [member_key("std", old.public, 0, 300), member_key("gm", new.public, 200)]
    listed.append(member_key("std", stranger.public, 250))
    assert [folder.choose(listed, at).kid for at in (100, 199, 200, 1000)] == [old.kid, old.kid, new.kid, new.kid]
    with pytest.raises(NotFoundError, match=r"keys\.none"):
        folder.choose(listed[:1], 300)


def test_a_suite_that_nobody_knows_makes_no_key(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"keys\.suite"):
        KeyFolder(tmp_path).make("rsa")
