"""`python -m benchmarks [NAME ...] [--write]`: print the figures; --write puts them into docs/benchmarks.md."""

from __future__ import annotations

import argparse
import importlib
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import Figure, machine, table

NAMES = {  # in the order of the page: what it is about
    "hj212": "HJ 212 intake",
    "bulk": "Table intake",
    "store": "Observation store",
    "classes": "Assessment",
    "ledger": "Ledger",
    "query": "One question to seven nodes",
    "node": "A node at rest",
    "catalogue": "Catalogue",
    "contracts": "Contracts between members",
    "exchange": "Data between members",
    "loads": "Loads",
    "detection": "Detection",
    "network": "River network",
    "tracing": "Source tracing",
    "transport": "Transport",
}
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
HEAD = """# Figures

Each figure was measured by the command beside its heading, on {machine}, on {day}; peers in the same run on
the same machine. They are not tests: no test asserts a time. Machines differ: trust ratios more than seconds.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help="which; none = all")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    asked = parser.parse_args()
    parts = [HEAD.format(machine=machine(), day=datetime.now(UTC).date().isoformat())]
    for name in asked.names or NAMES:
        figures: list[Figure] = importlib.import_module(f"benchmarks.{name}").run()
        parts.append(f"## {NAMES[name]}\n\n`make bench ARGS={name}`\n\n{table(figures)}\n")
        print(parts[-1], flush=True)
    if asked.write:
        kept = PAGE.read_text(encoding="utf-8").partition("\n## Notes\n")[2] if PAGE.exists() else ""
        notes = f"\n## Notes\n{kept}" if kept else ""
        PAGE.write_text("\n".join(parts) + notes, encoding="utf-8")


if __name__ == "__main__":
    main()
