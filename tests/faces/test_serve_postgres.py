"""A node whose state is on PostgreSQL, end to end: made, served, cut off from its server, backed up and moved."""

from __future__ import annotations

import socket
from pathlib import Path

from shangyou.faces.sentences import sentence
from tests.faces.national import put
from tests.faces.processes import rows, run, served, wait_until
from tests.faces.test_serve import MN, packet
from tests.postgres import SHARED, Server

OURS = ("registry", "sections"), ("device", "list"), ("ingest", "batches"), ("export",), ("node", "person", "list")


def answers(home: Path) -> list[list[dict[str, object]]]:
    return [rows("--home", home, *words) for words in OURS]


def done(*words: str | Path) -> str:
    """Run a command that must succeed; returns what it says."""
    ended = run(*words)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout + ended.stderr


def test_a_node_on_postgresql_serves_goes_on_after_a_cut_and_moves_to_sqlite_and_back(
    postgres: Server, postgres_address: str, new_postgres: str, tmp_path: Path
) -> None:
    home, put_in, file = tmp_path / "node", tmp_path / "data", tmp_path / "backup"
    done("node", "init", "--home", home, "--set", f"state={postgres_address}")
    done("--home", home, "device", "add", MN, "--section", "51.清风峡", "--password", "123456")
    put(put_in)
    with served(home, SHANGYOU_HJ212_PORT="0") as node:
        done("--home", home, "ingest", put_in)
        [status] = rows("--home", home, "node", "status")
        assert str(status["state_store"]).startswith("PostgreSQL ")
        postgres.cut(SHARED)
        assert rows("--home", home, "node", "person", "list")
        assert node.http.get("/healthz").json() == {"ready": True, "code": ""}
        assert not (home / "state.sqlite").exists()
        before = answers(home)
        done("--home", home, "node", "backup", file)
        code, log = node.end()
        assert (code, "Traceback" in log) == (0, False), log
    assert answers(home) == before

    taken = run("--home", tmp_path / "taken", "node", "restore", file)
    assert (taken.returncode, "[state.taken]" in taken.stderr) == (5, True)
    assert not (tmp_path / "taken").exists()

    done("--home", tmp_path / "small", "node", "restore", file, "--state", "sqlite")
    assert answers(tmp_path / "small") == before
    [status] = rows("--home", tmp_path / "small", "node", "status")
    assert str(status["state_store"]).startswith("SQLite ")

    done("--home", tmp_path / "small", "node", "backup", tmp_path / "small.backup")
    large = tmp_path / "large"
    done("--home", large, "node", "restore", tmp_path / "small.backup", "--state", postgres.address(new_postgres))
    assert answers(large) == before
    assert not (large / "state.sqlite").exists()
    found = {row["check"]: row for row in rows("--home", large, "doctor")}
    assert "PostgreSQL" in found["stores"]["text"]


def test_devices_are_heard_by_a_node_on_postgresql(postgres_address: str, tmp_path: Path) -> None:
    home = tmp_path / "node"
    done("node", "init", "--home", home, "--no-facts", "--set", f"state={postgres_address}")
    done("--home", home, "device", "add", MN, "--password", "123456")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with served(home, SHANGYOU_HJ212_PORT=str(port)) as node:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as device:
            device.sendall(packet(8))
            assert device.recv(4096)
        wait_until(lambda: bool(rows("--home", home, "export")))
        assert rows("--home", home, "export")[0]["site"] == MN
        code, log = node.end()
        assert (code, "Traceback" in log) == (0, False), log


def test_the_doctor_says_what_is_wrong_with_the_state(postgres: Server, tmp_path: Path) -> None:
    home = tmp_path / "node"
    done("node", "init", "--home", home, "--no-facts")
    for address, code, exit_code in (
        (postgres.address("nowhere"), "state.unreachable", 6),
        ("mysql://li:geheim@db/river", "state.address", 5),
    ):
        ended = run("--home", home, "doctor", "--format", "json", SHANGYOU_STATE=address)
        assert (ended.returncode, code in ended.stdout) == (exit_code, True), ended.stdout
        assert "geheim" not in ended.stdout + ended.stderr


def test_each_trouble_with_the_state_is_told_in_both_languages_with_what_to_do() -> None:
    facts = {"extra": "postgres", "detail": "no", "place": "p", "known": "k", "found": "f", "table": "t"}
    for code in ("address", "driver", "unreachable", "server", "encoding", "newer", "taken"):
        said = [sentence(f"state.{code}", facts, language) for language in ("zh", "en")]
        assert len({each.text for each in said}) == len({each.remedy for each in said}) == 2
    assert "shangyou[postgres]" in sentence("state.driver", facts, "en").remedy


def test_two_homes_do_not_work_on_one_database(postgres_address: str, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    done("node", "init", "--home", one, "--no-facts", "--set", f"state={postgres_address}")
    refused = run("node", "init", "--home", two, "--no-facts", "--set", f"state={postgres_address}")
    assert (refused.returncode, "[state.owner]" in refused.stderr) == (5, True), refused.stderr
    with served(one, SHANGYOU_HJ212_PORT="0"):
        (two / "id").write_text((one / "id").read_text())  # a copy of the home on another machine
        refused = run("--home", two, "registry", "sections")
        assert (refused.returncode, "[state.in_use]" in refused.stderr) == (5, True), refused.stderr
        assert rows("--home", one, "node", "status")
    assert rows("--home", one, "node", "status")
