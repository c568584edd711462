"""A disk without room: a clear error, nothing damaged, and on it goes when there is room again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

STORE = """
import resource, signal, sys
from pathlib import Path
from shangyou.adapters.observations import DuckStore
from shangyou.core.errors import UnavailableError
from shangyou.core.ports import Batch
from tests.faults.lots import hours

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path(sys.argv[1]) / "observations.duckdb"
store = DuckStore(path)
store.append(Batch(1, "table", "a", 1), hours(0, 50))
resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, resource.RLIM_INFINITY))
kept, told = [1], set()
for number in range(2, 9):
    try:
        store.append(Batch(number, "table", "a", number), hours(3_000 * number, 3_000))
        kept.append(number)
    except UnavailableError as error:
        told.add(error.code)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(sorted(told))
store.append(Batch(20, "table", "a", 20), hours(90_000, 10))
store.close()
again = DuckStore(path)
print(sorted(state.batch.id for state in again.batches()) == [*kept, 20], len(kept) < 8)
print(again.size().observations == sum(state.counts.new for state in again.batches()))
print(again.latest().num_rows)
"""


def test_a_store_without_room_says_so_keeps_what_it_had_and_goes_on(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STORE, str(tmp_path)], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.splitlines() == ["['store.full']", "True True", "True", "100"]
