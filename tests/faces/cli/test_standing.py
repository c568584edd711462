"""`shangyou feed stand|standing|unstand` from the command line."""

from __future__ import annotations

from tests.faces.cli.shell import Shell


def test_a_node_alone_in_its_federation_waits_for_the_provinces(shell: Shell) -> None:
    address = ("--address", "http://127.0.0.1:1", "--adm-code", "100000", "--level", "national")
    assert shell("federation", "init", "--member", "ministry", *address).code == 0
    said = shell("--lang", "en", "feed", "stand")
    assert said.code == 0
    assert "provincial: 0 datasets" in said.err
    assert shell.rows("feed", "standing") == []
    assert shell("--lang", "en", "feed", "unstand", "provincial").code == 0
    assert shell("feed", "unstand", "provincial").code == 4


def test_a_node_in_no_federation_says_so(shell: Shell) -> None:
    for words in (("feed", "stand"), ("feed", "standing"), ("feed", "unstand", "provincial")):
        said = shell("--lang", "en", *words)
        assert (said.code, str(said.error).split()[0]) == (4, "federation.none")
