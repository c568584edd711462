"""A node that nobody asks anything: how soon it is ready, and how much memory it keeps."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.hj212 import make, serving
from benchmarks.measure import Figure, rss_mb


def run() -> list[Figure]:
    """Both figures."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        make(Path(name))
        starts = []
        for _ in range(3):
            begin = time.perf_counter()
            process, _ = serving(Path(name))
            starts.append(time.perf_counter() - begin)
            time.sleep(5)
            memory = rss_mb(process.pid)
            process.terminate()
            process.wait(30)
    return [
        Figure("a serving node at rest, portal and listener up", f"{memory:.0f} MB resident", "≤ 150 MB"),
        Figure("from the command to ready", f"{min(starts):.1f} s", "≤ 3 s"),
    ]
