"""The command line as a process: its exit codes, its languages, its output for other programmes."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from tests.faces.national import TEXT, put
from tests.faces.processes import BEGIN, environment, run


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("assess", "--period", "April"), 2, "[period.form]"),
        (("registry", "sections", "--format", "docx"), 2, "[rows.format]"),
        (("registry", "confirm", "51.nowhere"), 4, "[registry.section]"),
        (("node", "init"), 5, "[home.exists]"),
        (("export", "-o", "/nowhere/out.csv"), 6, "[cli.write]"),
        (("sing",), 2, "No such command"),
    ],
)
def test_the_exit_code_tells_the_kind_of_error(home: Path, words: tuple[str, ...], code: int, said: str) -> None:
    done = run("--home", home, *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_every_fault_of_a_file_is_told_where_it_stops_a_command(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("kind,id,river,start,end,length_km\nreach,a,r,A,B,0\nreach,b,r,B,C,ten\n", "utf-8")
    done = run("basin", "spill", "--network", bad, "--at", "a", "--mass", "1", "--lang", "en")
    assert done.returncode == 2
    assert "2: [network.length] The length of reach “a”" in done.stderr
    assert "3: [network.number] Column “length_km” holds no number" in done.stderr
    bad.write_text("station,time,value\na,yesterday,1\na,2026-05-01,much\n", "utf-8")
    done = run("basin", "trace", "--observed", bad, "--lang", "en")
    assert [line[:22] for line in done.stderr.splitlines()[1:3]] == ["2: [trace.file_time] “", "3: [trace.file_value] "]


def test_a_home_without_a_node_says_how_to_make_one(tmp_path: Path) -> None:
    done = run("--home", tmp_path, "node", "status")
    assert done.returncode == 4
    assert f"shangyou node init --home {tmp_path}" in done.stderr


def test_a_folder_that_may_not_be_written_is_said_in_a_sentence() -> None:
    done = run("node", "init", "--home", "/proc/nowhere/node", "--no-facts")
    assert (done.returncode, "[cli.system]" in done.stderr, "Traceback" in done.stderr) == (6, True, False)


def test_words_are_chinese_where_the_locale_is(tmp_path: Path) -> None:
    done = run("--home", tmp_path, "node", "status", SHANGYOU_LANG="", LC_ALL="zh_CN.UTF-8")
    assert "里没有节点" in done.stderr


def test_a_new_node_shows_the_password_that_it_made_once(tmp_path: Path) -> None:
    done = run("node", "init", "--home", tmp_path / "node", "--no-facts", SHANGYOU_PASSWORD="")
    assert done.returncode == 0
    password = done.stderr.partition("with the password ")[2].split()[0]
    assert len(password) >= 12
    assert (tmp_path / "node").stat().st_mode & 0o077 == 0
    again = run("node", "init", "--home", tmp_path / "other", "--no-facts", SHANGYOU_PASSWORD="short")
    assert (again.returncode, (tmp_path / "other").exists()) == (2, False)


def test_a_watched_folder_is_taken_in_as_it_fills_until_somebody_ends_it(home: Path, tmp_path: Path) -> None:
    put(tmp_path / "data")
    with subprocess.Popen(
        [*BEGIN, "--home", str(home), "ingest", "--watch", str(tmp_path / "data")],
        env=environment(SHANGYOU_FOLDER_QUIET_SECONDS="0"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        assert next(line for line in lines if line.startswith("Watching"))
        put(tmp_path / "data", "b.csv", TEXT.replace("清风峡", "别处"))
        found = next(line for line in lines if "b.csv" in line)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert "20 new" in found


def test_without_any_node_the_first_intake_makes_the_default_one(tmp_path: Path) -> None:
    put(tmp_path / "data")
    done = run("ingest", tmp_path / "data", XDG_DATA_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert f"made in {tmp_path}/shangyou" in done.stderr
    assert run("assess", XDG_DATA_HOME=str(tmp_path)).returncode == 0


def test_a_reader_that_has_seen_enough_is_no_error(home: Path) -> None:
    command = " ".join(
        f"'{word}'" for word in [*BEGIN, "--home", str(home), "registry", "parameters", "--format", "csv"]
    )
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | head -1"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith('"key","name_zh"')


def test_binary_rows_leave_through_a_pipe(home: Path) -> None:
    done = subprocess.run(
        [*BEGIN, "--home", str(home), "registry", "rivers", "--format", "parquet"],
        env=environment(),
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stdout[:4] == done.stdout[-4:] == b"PAR1"


def test_help_loads_nothing_heavy() -> None:
    done = run("--help")
    assert done.returncode == 0
    probe = (
        "import sys; sys.argv[1:] = ['--help']\n"
        "from shangyou.faces.cli.app import application\n"
        "try: application()(prog_name='shangyou')\n"
        "except SystemExit: print(*sys.modules)"
    )
    found = subprocess.run(
        [BEGIN[0], "-c", probe], env=environment(), capture_output=True, text=True, timeout=60, check=True
    )
    loaded = set(found.stdout.split())
    assert not loaded & {"numpy", "pyarrow", "duckdb", "sqlalchemy", "fastapi", "pydantic", "httpx2", "msgspec", "yaml"}
