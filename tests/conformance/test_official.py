"""The official kit itself, where this machine can run it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance import official


def test_the_official_kit_passes_65_of_65(capsys: pytest.CaptureFixture[str]) -> None:
    tool = official.missing()
    reason = f"{tool} is not on this machine" if tool else official.fetch(official.FOLDER)
    if reason:
        with capsys.disabled():
            print(f"\nthe official kit of the Dataspace Protocol was not run: {reason}")  # noqa: T201
        pytest.skip(f"the official kit was not run: {reason}")
    found = official.outcome(official.run(official.FOLDER))
    assert found.failures == []
    assert (found.passed, found.failed, found.complete) == (65, 0, True)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("SUCCESSFUL: CN:01-01\nPassed tests: 65\nFailed tests: 0\nTest run complete\n", True),
        ("FAILED: CN:01-01\nPassed tests: 64\nFailed tests: 1\nTest run complete\n", False),
        ("Passed tests: 64\nFailed tests: 0\nTest run complete\n", False),
        ("Passed tests: 65\nFailed tests: 0\n", False),
        ("FAILED: CN:01-01\nPassed tests: 65\nFailed tests: 0\nTest run complete\n", False),
        ("", False),
    ],
)
def test_only_65_passed_none_failed_and_a_run_to_the_end_is_good(text: str, good: bool) -> None:
    assert official.outcome(text).good is good


def test_the_kit_is_told_of_loopback_only(tmp_path: Path) -> None:
    places = [line.partition("=")[2] for line in official.PROPERTIES.splitlines() if "http" in line.partition("=")[2]]
    assert len(places) == 5
    assert all(place.startswith("http://localhost:") for place in places)
