"""Two serving nodes in processes of their own, with TLS that the trust list pins."""

from __future__ import annotations

import contextlib
import socket
import time
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from shangyou import wiring
from shangyou.adapters.lines import HttpLine, TlsSettings
from shangyou.adapters.peers import SignedPeers
from shangyou.adapters.trust import TrustFolder
from shangyou.core.errors import InputError
from shangyou.faces.serve import _config
from shangyou.flows.federation import make_federation
from shangyou.settings import Settings
from tests.adapters.tls import make
from tests.faces.processes import rows, served
from tests.fakes.exchange_basin import facts


def free() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def test_nodes_with_certificates_of_their_own_making_trust_each_other_by_the_lists_pins(tmp_path: Path) -> None:
    seats, ports = [], {"ministry": free(), "sichuan": free()}
    for number, (id, port) in enumerate(ports.items()):
        made = make(tmp_path, id)
        home = tmp_path / f"home-{id}"
        wiring.make_home(Settings(home=home, http_port=port, hj212_port=0, tls_certificate=str(made.file)))
        seats.append(
            (TrustFolder(home), replace(facts(id, number), address=f"https://127.0.0.1:{port}", pins=(made.pin,)))
        )
    make_federation(seats, time.time_ns() // 1_000_000)
    with contextlib.ExitStack() as opened:
        for id, port in ports.items():
            opened.enter_context(served(tmp_path / f"home-{id}", SHANGYOU_HTTP_PORT=str(port)))
        found = rows(
            "federation", "check", "--home", tmp_path / "home-ministry"
        )  # through the serving node, by its pin
    assert [row["code"] for row in found] == ["check.own_good", "check.good"]


def test_a_certificate_that_cannot_be_read_ends_the_start(tmp_path: Path) -> None:
    (tmp_path / "none.pem").write_text("none")
    for name in ("none.pem", "nowhere.pem"):
        with pytest.raises(InputError, match=r"peer\.tls"):
            _config(None, Settings(home=tmp_path, tls_certificate=str(tmp_path / name)))  # type: ignore[arg-type]


def test_a_token_over_a_connection_with_another_members_certificate_is_refused(tmp_path: Path) -> None:
    ids, seats, port = ("ministry", "sichuan", "guizhou"), [], free()
    shown = {id: make(tmp_path, id) for id in ids}
    clients = tmp_path / "clients.pem"
    clients.write_text("".join(made.file.read_text() for made in shown.values()))
    for number, id in enumerate(ids):
        home = tmp_path / f"home-{id}"
        own, at = str(shown[id].file), port + number if port < 65_000 else port - number
        wiring.make_home(
            Settings(home=home, http_port=port, hj212_port=0, tls_certificate=own, tls_clients=str(clients))
        )
        told = replace(facts(id, number), address=f"https://127.0.0.1:{at}", pins=(shown[id].pin,))
        seats.append((TrustFolder(home), told))
    make_federation(seats, time.time_ns() // 1_000_000)
    trust = TrustFolder(tmp_path / "home-sichuan")

    def now() -> int:
        return time.time_ns() // 1_000_000

    def asked(certificate: str) -> tuple[int, str]:
        line = HttpLine(TlsSettings(certificate=str(shown[certificate].file)))
        signer = trust.keys.choose(trust.member("sichuan").keys, now())
        with contextlib.closing(SignedPeers(trust, line, lambda: signer, now, lambda: uuid.uuid4().hex)) as peers:
            answer = peers.call("ministry", "GET", "/federation/pulse")
        return answer.status, answer.headers.get("x-shangyou-code", "")

    with served(tmp_path / "home-ministry", SHANGYOU_HTTP_PORT=str(port)):
        assert asked("sichuan") == (200, "")
        assert asked("guizhou") == (401, "token.certificate")
