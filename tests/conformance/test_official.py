"""How the official kit is brought, told where all is, and read.

The kit itself runs in `make conformance`: it has to be fetched, and tests fetch nothing.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance import official
from tests.conformance.official import KITS, WANTED

RELEASE, CANDIDATE = KITS
WHOLE = (
    *(f"[2026-11-23T06:26:32.75] SUCCESSFUL: {id}" for id in sorted(WANTED)),
    "[2026-11-23T06:26:32.75] Passed tests: 65",
    "[2026-11-23T06:26:32.75] Failed tests: 0",
    "[2026-11-23T06:26:32.75] Test run complete",
)
NOT_FOUND = (
    "[ERROR] Could not find artifact x:dsp-tck:jar:1.0.1 in central (https://repository.invalid/all) -> [Help 1]"
)


@pytest.fixture
def maven(tmp_path: Path) -> Maven:
    return Maven(tmp_path / "maven")


class Maven:
    """A program that does as Maven would where a repository holds some versions and not others."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def holding(self, *jars: str, without: str = "nothing", said: str = NOT_FOUND) -> str:
        lines = [
            "#!/bin/sh",
            f"cat pom.xml >> {self.place}.asked",
            f"grep -q '{without}' pom.xml && echo '{said}' && exit 1",
            "mkdir -p lib",
            *(f"touch lib/{jar}" for jar in jars),
        ]
        self.place.write_text("\n".join(lines) + "\n")
        self.place.chmod(0o755)
        return str(self.place)

    def asked(self) -> list[str]:
        """The documents it was given, one after the other."""
        return Path(f"{self.place}.asked").read_text().split("</project>\n")[:-1]


def test_the_release_is_taken_where_it_is_to_be_had(maven: Maven, tmp_path: Path) -> None:
    assert official.obtain(tmp_path, maven.holding("dsp-tck-1.0.1.jar")) == (RELEASE, [])
    assert (tmp_path / "1.0.1" / "lib" / "dsp-tck-1.0.1.jar").exists()


def test_the_release_candidate_is_taken_where_the_release_is_not_to_be_had_and_it_is_said_why(
    maven: Maven, tmp_path: Path
) -> None:
    kit, reasons = official.obtain(tmp_path, maven.holding(without="1.0.1"))
    assert kit == CANDIDATE
    assert reasons == ["1.0.1 is not to be had: Could not find artifact x:dsp-tck:jar:1.0.1"]


def test_where_none_is_to_be_had_there_is_a_reason_for_each(maven: Maven, tmp_path: Path) -> None:
    kit, reasons = official.obtain(tmp_path, maven.holding(without="project"))
    assert kit is None
    assert [reason.split()[0] for reason in reasons] == ["1.0.1", "1.0.0-RC6"]


def test_where_maven_cannot_reach_its_own_tools_that_is_the_reason(maven: Maven, tmp_path: Path) -> None:
    said = "[ERROR] No plugin found for prefix x in the current project and in (https://repository.invalid/all)"
    assert (
        official.fetch(RELEASE, tmp_path, maven.holding(without="1.0.1", said=said)) == "No plugin found for prefix x"
    )


def test_a_kit_that_is_here_is_not_fetched_again(maven: Maven, tmp_path: Path) -> None:
    program = maven.holding()
    assert (official.fetch(CANDIDATE, tmp_path, program), official.fetch(CANDIDATE, tmp_path, program)) == ("", "")
    assert len(maven.asked()) == 1


def test_a_kit_that_did_not_come_whole_is_fetched_again(maven: Maven, tmp_path: Path) -> None:
    assert official.fetch(CANDIDATE, tmp_path, maven.holding(without="dsp-system"))
    assert official.fetch(CANDIDATE, tmp_path, maven.holding()) == ""
    assert len(maven.asked()) == 2


def test_the_library_that_maven_finds_empty_is_asked_for_under_its_other_name(maven: Maven, tmp_path: Path) -> None:
    assert official.fetch(CANDIDATE, tmp_path, maven.holding("okhttp-5.3.0.jar", "okio-jvm-3.16.2.jar")) == ""
    first, second = maven.asked()
    assert "okhttp" not in first
    assert "<artifactId>okhttp-jvm</artifactId><version>5.3.0</version>" in second


def test_maven_is_given_coordinates_and_no_address() -> None:
    for kit in KITS:
        assert "://" not in official.pom(kit)
        assert official.pom(kit).count(f"<version>{kit.version}</version>") == len(kit.parts)


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_401"', 8),
        ('openjdk version "21"', 21),
        ("", 0),
    ],
)
def test_the_version_of_java_is_read_in_both_ways_of_writing_it(said: str, version: int) -> None:
    assert official.java_version(said) == version


def test_a_run_in_which_all_65_passed_is_good() -> None:
    assert len(WANTED) == 65
    assert official.outcome("\n".join(WHOLE)).good


@given(st.sets(st.sampled_from(WHOLE), min_size=1))
def test_a_run_of_which_any_line_is_missing_is_not_good(missing: set[str]) -> None:
    assert not official.outcome("\n".join(line for line in WHOLE if line not in missing)).good


@given(st.sampled_from(sorted(WANTED)), st.integers(0, len(WHOLE)))
def test_a_run_that_speaks_of_a_failure_anywhere_is_not_good(id: str, at: int) -> None:
    assert not official.outcome("\n".join((*WHOLE[:at], f"FAILED: {id}", *WHOLE[at:]))).good


@given(st.text())
def test_words_of_any_other_kind_are_not_good(text: str) -> None:
    assert not official.outcome(text).good


def test_the_report_says_which_version_ran_and_which_scenarios_are_amiss() -> None:
    said = "Started: MET:01-01\nFAILED: CN:01-01\nSUCCESSFUL: XX:01-01\nPassed tests: 1\nFailed tests: 1\n"
    lines = official.report(CANDIDATE, official.outcome(said + "Disabled tests: 2\n"))
    assert lines[:2] == [
        "official kit 1.0.0-RC6: 1 passed, 1 failed (2 more are disabled by the kit itself); 65 must pass",
        "failed: CN:01-01",
    ]
    assert "not run: MET:01-01" in lines
    assert lines[-2:] == ["not known here: XX:01-01", "the run did not come to its end"]


def test_the_kit_is_told_of_loopback_only_and_of_three_ports_that_differ() -> None:
    ports = official.free_ports()
    assert len({ports.node, ports.hooks, ports.kit}) == 3
    places = [line.partition("=")[2] for line in official.properties(ports).splitlines() if "http" in line]
    assert [place for place in places if "://" in place and not place.startswith("http://localhost:")] == []
    assert sum(place.startswith("http://localhost:") for place in places) == 5
