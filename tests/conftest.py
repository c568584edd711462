"""What all tests share: where the real files are, and how their absence is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# a slow machine is no fault of the code; on the shared machine that decides what lands every run is the same run
settings.register_profile("ours", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("ours")

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("SHANGYOU_SHARED", ROOT.parent / "shared"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked `shared` always run where the folder is."""
    if (SHARED / "data").is_dir():
        return
    for item in items:
        if item.get_closest_marker("shared"):
            item.add_marker(pytest.mark.skipif(True, reason="shared: real files are not beside the project"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests had to be left out for want of the real files."""
    left_out = [r for r in terminalreporter.stats.get("skipped", []) if "shared:" in str(r.longrepr)]
    if left_out:
        terminalreporter.write_line(f"{len(left_out)} tests on real files left out: no folder {SHARED}")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real data and reference files."""
    return SHARED
