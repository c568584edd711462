"""Compare compiled policies with a brute-force decision of each row, many times by lot.

    python scripts/compare_policies.py [COUNT] [SEED]

Prints how many policies and rows were compared and how many differed; ends with 1 if any did.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.exchange.policy.lots import compared, lot


def main(count: int, seed: int) -> int:
    """Run, report, and tell the first policies that differ."""
    begun, rows, permitted, left, different, partly = time.monotonic(), 0, 0, 0, 0, 0
    for number in range(count):
        made = lot(random.Random(seed * 1_000_003 + number))
        ours, theirs = compared(made)
        rows += len(ours)
        left += sum(theirs)
        permitted += any(theirs)
        partly += any(theirs) and not all(theirs)
        if ours != theirs:
            different += 1
            if different <= 3:
                print(number, json.dumps(made.policy), made.ask, ours, theirs, sep="\n")
    seconds = time.monotonic() - begun
    print(
        f"{count} policies, {rows} rows: {different} differ; {permitted} let something out"
        f" ({partly} in part), {left} rows leave; {seconds:.0f} s"
    )
    return 1 if different else 0


if __name__ == "__main__":
    given = [int(each) for each in sys.argv[1:]]
    raise SystemExit(main(*(given or [100_000]), *([1] if len(given) < 2 else [])))
