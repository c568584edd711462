"""Two nodes in network namespaces of their own, with TLS that the list pins; the link between them goes down and up."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.adapters.tls import make
from tests.faces.processes import wait_until
from tests.faults.apart import CONSUMER, PROVIDER, SITE, Apart, Seat, free, make_homes
from tests.faults.proxy import Proxy

BRIDGE = f"sy{os.getpid() % 10_000}"
HOST, NET = "10.213.77", "/24"


def ip(*words: str) -> str:
    """Run `ip`; what it complains of, "" if nothing."""
    try:
        return subprocess.run(["ip", *words], capture_output=True, text=True, check=False, timeout=20).stderr.strip()
    except OSError as error:
        return str(error)


def lay(names: list[str]) -> str:
    """A bridge here, and behind each of its ports a namespace; why that is not possible, "" if it is."""
    steps: list[tuple[str, ...]] = [
        ("link", "add", BRIDGE, "type", "bridge"),
        ("addr", "add", f"{HOST}.1{NET}", "dev", BRIDGE),
    ]
    steps += [("link", "set", BRIDGE, "up")]
    for number, name in enumerate(names, 2):
        port = f"{name}p"
        steps += [("netns", "add", name), ("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", name)]
        steps += [("link", "set", port, "master", BRIDGE), ("link", "set", port, "up")]
        steps += [("-n", name, "addr", "add", f"{HOST}.{number}{NET}", "dev", "eth0")]
        steps += [("-n", name, "link", "set", each, "up") for each in ("lo", "eth0")]
    return next((f"{' '.join(step)}: {wrong}" for step in steps if (wrong := ip(*step))), "")


@contextmanager
def namespaces(names: list[str]) -> Iterator[str]:
    """Namespaces that reach each other and this one; yields why not, "" if they do."""
    try:
        yield lay(names)
    finally:
        for name in names:
            ip("link", "del", f"{name}p")
            ip("netns", "del", name)
        ip("link", "del", BRIDGE)


def part(names: list[str], apart: bool) -> None:
    """The two cannot reach each other; this namespace reaches both."""
    for name in names:
        assert not ip("link", "set", "dev", f"{name}p", "type", "bridge_slave", "isolated", "on" if apart else "off")


def test_a_link_between_two_machines_that_goes_down_loses_and_doubles_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"{BRIDGE}{each}" for each in "ab"]
    with namespaces(names) as missing, ExitStack() as opened:
        if missing:
            with capsys.disabled():
                sys.stderr.write(f"\nno network namespaces on this machine: {missing}\n")
            return
        pair = opened.enter_context(two(tmp_path, names))
        pair[PROVIDER].do("datasets/publish", name="all", title_zh="全部", template="unconditional")
        agreement = pair.agreed(pair.request(f"{PROVIDER}/all"))
        pair[CONSUMER].do("feeds/add", agreement=agreement, backfill=False)
        wait_until(lambda: [row for row in pair[CONSUMER].ask("passages", feeds=True) if row["state"] == "started"])
        pair[PROVIDER].send(1)
        wait_until(lambda: pair.same(SITE))
        part(names, True)
        for number in range(2, 8):
            pair[PROVIDER].send(number)
        wait_until(lambda: len(pair.series(PROVIDER, SITE)) == 7)
        assert len(pair.series(CONSUMER, SITE)) < 7
        part(names, False)
        assert wait_until(lambda: pair.same(SITE))
        assert wait_until(lambda: pair.agree(agreement) or None)


@contextmanager
def two(folder: Path, names: list[str]) -> Iterator[Apart]:
    """A provider and a consumer, each in its namespace."""
    with ExitStack() as opened:
        seats, said = dict[str, Seat](), dict[str, dict[str, object]]()
        for number, (id, name) in enumerate(zip((PROVIDER, CONSUMER), names, strict=True), 2):
            host, port = f"{HOST}.{number}", free()
            shown = make(folder, id)
            more = {"SHANGYOU_HTTP_HOST": host, "SHANGYOU_HTTP_PORT": str(port), "SHANGYOU_HJ212_HOST": host}
            more |= {"SHANGYOU_TLS_CERTIFICATE": str(shown.file)}
            seat = seats[id] = Seat(
                id, folder / id, Proxy(0), host=host, inside=("ip", "netns", "exec", name), more=more
            )
            said[id] = {"address": f"https://{host}:{port}", "pins": (shown.pin,)}
            opened.callback(seat.held.close)
        seats[PROVIDER].hj212 = free()
        make_homes(seats, said)
        for seat in seats.values():
            seat.start()
        yield Apart(seats)
