"""The process that reads and tests packets beside a node: `python -m shangyou.wiring_reading JOURNAL`."""

from __future__ import annotations

import sys
from pathlib import Path

from shangyou.adapters.journal_view import JournalView
from shangyou.adapters.reading import answer
from shangyou.flows.stretch import stretches
from shangyou.quality.reader import packaged_plan


def main() -> None:
    """Answer the node that has begun this process."""
    journal = JournalView(Path(sys.argv[1]))
    answer(lambda devices: stretches(journal, devices, packaged_plan()))


if __name__ == "__main__":
    main()
