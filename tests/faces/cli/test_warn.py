"""`shangyou warn` and `shangyou dossier` from the command line, to a member whose node does not run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from shangyou.adapters.trust import TrustFolder
from shangyou.core.clock import to_ms
from shangyou.exchange.member import Level
from shangyou.flows.federation import Facts, make_federation
from tests.faces.cli.shell import Shell


@pytest.fixture
def joined(shell: Shell, tmp_path: Path) -> Shell:
    """A node of a federation of two."""
    seats = [
        (
            TrustFolder(shell.home),
            Facts("sichuan", "四川", "Sichuan", Level.PROVINCIAL, "510000", "http://127.0.0.1:1"),
        ),
        (
            TrustFolder(tmp_path / "other"),
            Facts("chongqing", "重庆", "Chongqing", Level.PROVINCIAL, "500000", "http://127.0.0.1:2"),
        ),
    ]
    make_federation(seats, to_ms(datetime.now(UTC)), "yangtze-upper", 5, 1)
    return shell


def test_a_warning_goes_from_the_first_message_to_the_all_clear(joined: Shell) -> None:
    assert [row["member"] for row in joined.rows("warn", "whom", "51.手爬岩")] == ["chongqing"]
    words = ("--place", "51.手爬岩", "--substance", "benzene", "--amount", "2000", "--text", "槽罐车侧翻")
    said = joined("warn", "send", "手爬岩苯泄漏", *words)
    assert said.code == 0
    [row] = joined.rows("warn", "list", "--open")
    id = str(row["id"]).removeprefix("urn:uuid:")[:8]
    assert (row["state"], row["unacknowledged"], row["amount"]) == ("open", "chongqing", 2e6)
    assert joined("warn", "update", id, "--amount", "3000", "--least", "2500", "--most", "3500").code == 0
    assert joined("warn", "request", id, "取水口停了吗？", "--to", "chongqing").code == 0
    assert joined("warn", "comment", id, "已通知海事").code == 0
    arrivals = joined.rows("warn", "show", id, "--what", "arrivals")
    assert {row["by"] for row in arrivals} == {"sichuan"}
    assert "50.朱沱" in {row["place"] for row in arrivals}
    clocks = joined.rows("warn", "show", id, "--what", "clocks")
    assert [row["kind"] for row in clocks] == ["first", "update", "request"]
    [receipt] = joined.rows("warn", "show", id, "--what", "receipts")
    assert (receipt["member"], receipt["waiting"], receipt["received"]) == ("chongqing", 4, None)
    assert joined("warn", "ack", id).code == 0  # nothing is owed by who has warned
    assert joined("warn", "clear", id, "达标").code == 0
    assert joined.rows("warn", "list", "--open") == []
    refused = joined("warn", "update", id, "--text", "又超标")
    assert (refused.code, str(refused.error).split()[0]) == (5, "warning.cleared")
    [dossier] = joined.rows("dossier", "list", "--subject", "warning")
    assert dossier["entries"] == len(joined.rows("dossier", "entries", id)) == 5
    assert {row["member"] for row in joined.rows("dossier", "receptions", id)} == {"chongqing"}


def test_of_a_substance_that_nobody_knows_the_nearest_are_told(joined: Shell) -> None:
    words = ("--where", "手爬岩", "--text", "槽罐车侧翻", "--to", "chongqing")
    said = joined("warn", "send", "x", "--substance", "amonia_nitrogn", *words)
    assert said.code == 0
    assert "ammonia_nitrogen" in said.err
    known = joined("warn", "send", "y", "--substance", "氨氮", *words)
    assert "ammonia_nitrogen" not in known.err
    assert {row["substance"] for row in joined.rows("warn", "list")} == {"amonia_nitrogn", "ammonia_nitrogen"}


def test_what_is_missing_or_wrong_is_told(joined: Shell) -> None:
    for words, code in (
        (("send", "x", "--to", "chongqing"), "warning.required"),
        (("send", "x", "--where", "y", "--text", "z"), "warning.nobody"),
        (("send", "x", "--place", "nowhere"), "network.place"),
        (("send", "x", "--where", "y", "--text", "z", "--to", "chongqing", "--amount", "viel"), "entry.field"),
        (("send", "x", "--where", "y", "--text", "z", "--to", "guizhou"), "federation.member"),
        (("show", "abc"), "dossier.unknown"),
    ):
        said = joined("warn", *words)
        assert said.code in (2, 4)
        assert str(said.error).split()[0] == code
    assert joined.rows("warn", "list") == []
