"""A serving node: one process with everything in it, that ends well and survives ending badly."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from shangyou.adapters.serving import FILE, find_serving
from shangyou.ingest.hj212.crc import crc_text
from tests.faces.cli.shell import Shell
from tests.faces.national import TEXT, put
from tests.faces.processes import Served, run, served, wait_until

MN = "88888880000001"


def packet(hour: int) -> bytes:
    """What the device sends for an hour."""
    stamp = f"20210401{hour:02d}0000"
    head = f"QN={stamp}000;ST=21;CN=2011;PW=123456;MN={MN};Flag=5;"
    segment = f"{head}CP=&&DataTime={stamp};w21003-Rtd=0.5,w21003-Flag=N&&".encode()
    return b"##%04d%s%s\r\n" % (len(segment), segment, crc_text(segment))


PACKET = packet(8)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home to be copied, made by the command itself."""
    home = tmp_path_factory.mktemp("made") / "node"
    done = run("node", "init", "--home", home, "--name-zh", "试验节点", "--set", "hj212_port=0", "--no-facts")
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "node"))


@dataclass(frozen=True)
class Pair:
    """A node that serves, and its home; beside it the same home, restored from its backup, that nobody serves."""

    served: Served
    home: Path
    copy: Path


@pytest.fixture(scope="module")
def pair(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """For tests that only ask, with a file in it that came through the serving node."""
    folder = tmp_path_factory.mktemp("served")
    home = Path(shutil.copytree(made, folder / "node"))
    put(folder / "data")
    with served(home) as found:
        for words in (("ingest", folder / "data"), ("node", "backup", folder / "backup")):
            done = run("--home", home, *words)
            assert done.returncode == 0, done.stderr
        assert run("node", "restore", folder / "backup", "--home", folder / "copy").returncode == 0
        yield Pair(found, home, folder / "copy")
        code, log = found.end()
        assert (code, "Traceback" in log) == (0, False), log


def test_a_ready_node_answers_for_its_health_and_shows_its_door(pair: Pair) -> None:
    assert pair.served.http.get("/healthz").json() == {"ready": True, "code": ""}
    assert pair.served.http.get("/sign-in").status_code == 200
    assert "shangyou_observations_total" in pair.served.http.get("/metrics").text
    assert pair.served.http.get("/api/v1/status").status_code == 401


def test_the_token_of_the_command_line_is_its_owners_alone(pair: Pair) -> None:
    file = pair.home / FILE
    assert file.stat().st_mode & 0o077 == 0
    told = json.loads(file.read_text())
    assert set(told) == {"address", "token", "process"}
    assert told["process"] == pair.served.process.pid
    answer = pair.served.http.get("/api/v1/status", headers={"authorization": f"Bearer {told['token']}"})
    assert answer.status_code == 200


def test_two_nodes_on_one_home_are_refused(pair: Pair) -> None:
    done = run("--home", pair.home, "node", "serve", SHANGYOU_HTTP_PORT="0")
    assert done.returncode == 5
    assert "[home.in_use]" in done.stderr
    assert str(pair.served.process.pid) in done.stderr
    assert pair.served.http.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    "words",
    [
        ("registry", "sections"),
        ("ingest", "batches"),
        ("ingest", "refused"),
        ("assess", "--by", "sample"),
        ("assess", "--by", "province"),
        ("export", "--versions"),
        ("export", "--shape", "wide"),
        ("export", "--latest"),
    ],
)
def test_through_the_serving_node_the_answers_are_those_of_its_home(
    pair: Pair, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    through, itself = (Shell(home, capsys).rows(*words) for home in (pair.home, pair.copy))
    assert through == itself
    assert through


def test_errors_through_the_serving_node_are_those_of_its_home(pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("registry", "confirm", "51.nowhere"), ("assess", "--period", "April"), ("ingest", "rollback", "99")):
        through, itself = (Shell(home, capsys)(*words) for home in (pair.home, pair.copy))
        assert through.error is not None
        assert itself.error is not None
        assert (through.code, through.error.code, through.error.facts) == (
            itself.code,
            itself.error.code,
            itself.error.facts,
        )


def test_a_node_that_serves_passes_its_examination(pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    found = {row["check"]: row["level"] for row in Shell(pair.home, capsys).rows("doctor")}
    assert (found["ports"], found["digest"], found["journal"]) == ("good", "good", "good")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_node_cleanly(home: Path, number: int) -> None:
    with served(home) as found:
        assert found.memory() < 200  # MB; the figure itself, 150, is measured by the benchmarks
        code, log = found.end(number)
    assert code == 0
    assert log.splitlines()[-1].endswith("ended")
    assert not (home / FILE).exists()


def test_a_killed_node_comes_back_with_all_that_it_acknowledged(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path / "data")
    shell = Shell(home, capsys)
    with served(home) as found:
        assert shell("ingest", tmp_path / "data").code == 0
        found.end(signal.SIGKILL)
    assert (home / FILE).exists()
    assert find_serving(home) is None
    before = shell.rows("export")
    assert before
    with served(home):
        assert shell.rows("export") == before


def test_a_port_that_is_taken_is_named(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("--home", home, "node", "serve", "--http-port", port)
    assert done.returncode == 6
    assert "[serve.port]" in done.stderr
    assert port in done.stderr


def test_a_device_reports_over_tcp_and_its_value_is_in_the_store(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with served(home, "--hj212-port", str(port)) as found:
        assert Shell(home, capsys)("device", "add", MN, "--password", "123456").code == 0
        assert found.places["hj212"] == f"127.0.0.1:{port}"
        with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
            line.sendall(PACKET)
            assert b"CN=9014" in line.recv(4096)
        token = json.loads((home / FILE).read_text())["token"]
        headers = {"authorization": f"Bearer {token}"}
        wait_until(lambda: found.http.get("/api/v1/progress", headers=headers).json()[0]["done"] == 1)
        [value] = found.http.get("/api/v1/observations", params={"site": MN}, headers=headers).json()
        assert (value["parameter"], value["value"]) == ("ammonia_nitrogen", 0.5)


def test_a_device_may_report_as_soon_as_it_is_registered_and_what_it_sent_before_is_read_again(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    shell = Shell(home, capsys)
    with served(home, "--hj212-port", str(port)), socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(packet(8))
        assert b"CN=9014" in line.recv(4096)  # kept, in quarantine
        wait_until(lambda: shell.rows("ingest", "refused", "--source", MN))
        assert shell("device", "add", MN, "--password", "123456").code == 0
        line.sendall(packet(9))  # on the same line, and within the minute for which a verdict is remembered
        assert b"CN=9014" in line.recv(4096)
        wait_until(lambda: shell.rows("export", "--section", MN))
        said = shell("device", "read-again", MN, "--lang", "en")
        assert "Read 1 packets again: 1 values new" in said.err
        assert [row["time"] for row in shell.rows("export", "--section", MN)] == [
            "2021-04-01T00:00:00.000Z",
            "2021-04-01T01:00:00.000Z",
        ]
        assert shell.rows("ingest", "refused", "--source", MN) == []


def test_files_that_arrive_in_the_watched_folder_are_taken_in_once(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "deliveries"
    put(folder)
    with served(home, SHANGYOU_FOLDER=str(folder), SHANGYOU_FOLDER_QUIET_SECONDS="0") as found:
        token = json.loads((home / FILE).read_text())["token"]
        headers = {"authorization": f"Bearer {token}"}
        [batch] = wait_until(lambda: found.http.get("/api/v1/batches", headers=headers).json())
        assert batch["source"] == "2021-04/a.csv"
        found.end()
    with served(home, SHANGYOU_FOLDER=str(folder), SHANGYOU_FOLDER_QUIET_SECONDS="0") as found:
        token = json.loads((home / FILE).read_text())["token"]
        assert len(found.http.get("/api/v1/batches", headers={"authorization": f"Bearer {token}"}).json()) == 1
        _, log = found.end()
    assert "Traceback" not in log


class Page(BaseHTTPRequestHandler):
    """A national page."""

    def do_GET(self) -> None:
        body = TEXT.encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


def test_a_page_is_pulled_by_schedule(home: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            address = f"http://127.0.0.1:{server.server_port}/realtime"
            with served(home, SHANGYOU_PULL_ADDRESS=address) as found:
                headers = {"authorization": f"Bearer {json.loads((home / FILE).read_text())['token']}"}
                [batch] = wait_until(lambda: found.http.get("/api/v1/batches", headers=headers).json())
        finally:
            server.shutdown()
            thread.join()
    assert (batch["source"], batch["new"] > 0) == (address, True)


def test_the_log_can_be_read_by_a_machine(home: Path) -> None:
    with served(home, "--log-format", "json", "--log-level", "debug") as found:
        _, log = found.end()
    lines = [json.loads(line) for line in log.splitlines()]
    assert {"time", "level", "logger", "text"} <= set(lines[0])
    assert lines[-1]["text"] == "ended"


def test_a_log_that_cannot_be_is_refused(home: Path) -> None:
    done = run("--home", home, "node", "serve", "--log-level", "loud")
    assert (done.returncode, "[logs.level]" in done.stderr) == (2, True)
