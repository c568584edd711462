"""A node is put together, and one home is held by one process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shangyou.core.errors import ConflictError, UnavailableError
from shangyou.settings import Settings
from shangyou.wiring import build, make_home

HOLDER = """
import sys
from pathlib import Path
from shangyou.settings import load
from shangyou.wiring import build
node = build(load(Path(sys.argv[1]), {}))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_process_on_one_home_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    make_home(settings)
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(ConflictError) as told:
            build(settings)
        assert told.value.code == "home.in_use"
        assert told.value.facts["process"] == str(first.pid)
        first.communicate("")
    build(settings).close()


def test_a_home_is_made_once(tmp_path: Path) -> None:
    make_home(Settings(home=tmp_path))
    with pytest.raises(ConflictError, match=r"home\.exists"):
        make_home(Settings(home=tmp_path))


def test_a_store_that_is_none_is_not_opened_and_the_home_is_let_go(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    make_home(settings)
    (tmp_path / "observations.duckdb").write_bytes(b"not a database at all" * 100)
    with pytest.raises(UnavailableError, match=r"store\.open"):
        build(settings)
    (tmp_path / "observations.duckdb").unlink()
    build(settings).close()
