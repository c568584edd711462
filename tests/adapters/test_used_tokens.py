"""Tokens that were used are known after a death, for as long as they could be good."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shangyou.adapters.used_tokens import NAMES, TURN, UsedTokens
from shangyou.core.errors import UnavailableError
from shangyou.exchange.token import LEEWAY, LIFE

GOOD = (LIFE + 2 * LEEWAY) * 1000  # ms that a token can be good by our clock, at most
STEPS = st.lists(st.tuples(st.integers(0, TURN), st.booleans()), max_size=20)


@settings(max_examples=30, deadline=None)
@given(STEPS)
def test_no_token_that_could_still_be_good_is_forgotten_however_often_the_node_dies(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, bool]]
) -> None:
    folder, at, used = tmp_path_factory.mktemp("used"), 10**12, dict[str, int]()
    tokens = UsedTokens(folder)
    for number, (pause, dies) in enumerate(steps):
        at += pause
        tokens.keep("sichuan", f"id-{number}\n", at + LIFE * 1000, at)
        used[f"id-{number}\n"] = at
        if dies:
            tokens.close()
            tokens = UsedTokens(folder)
        kept = {id for member, id, _ in tokens.kept() if member == "sichuan"}
        assert kept >= {id for id, when in used.items() if when + GOOD > at}
    tokens.close()


def test_the_files_are_emptied_in_turns(tmp_path: Path) -> None:
    tokens = UsedTokens(tmp_path)
    for number in range(10):
        tokens.keep("sichuan", f"id-{number}", 0, number * TURN)
    assert [id for _, id, _ in tokens.kept()] == ["id-8", "id-9"]
    tokens.close()


def test_a_line_that_a_death_cut_off_spoils_no_other(tmp_path: Path) -> None:
    tokens = UsedTokens(tmp_path)
    tokens.keep("sichuan", "one", 5, 0)
    with (tmp_path / NAMES[0]).open("ab") as file:
        file.write(b'\n["sichuan", "tw')
    tokens.keep("sichuan", "three", 6, 0)
    assert list(tokens.kept()) == [("sichuan", "one", 5), ("sichuan", "three", 6)]
    tokens.close()


def test_a_disk_that_takes_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / NAMES[0]).symlink_to("/dev/full")
    tokens = UsedTokens(tmp_path)
    with pytest.raises(UnavailableError, match=r"token\.keep"):
        tokens.keep("sichuan", "one", 5, 0)
    tokens.close()
