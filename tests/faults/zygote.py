"""A process that has imported everything and forks a node whenever it is told to: a restart then takes milliseconds.

Lines on standard input: a home to serve. Lines on standard output: process id and port of the node that serves it.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import sys
import threading
from pathlib import Path

from shangyou import wiring
from shangyou.core.journal import Entry, Raw
from shangyou.core.vocabulary import by_hj212
from shangyou.ingest.hj212.frame import frame
from shangyou.ingest.hj212.read import Reader
from shangyou.quality.reader import packaged_plan
from shangyou.settings import load


def serve(home: str, told: int) -> None:
    """A node with its listener and its digest, until it is killed."""
    node = wiring.build(load(Path(home), {}))
    digest = wiring.digest(node)
    arrived = threading.Event()

    def work() -> None:
        while True:
            arrived.clear()
            digest.run()
            arrived.wait()

    async def listen() -> None:
        listener = wiring.listener(node, lambda new: arrived.set())
        await listener.start()
        threading.Thread(target=work, daemon=True).start()
        os.write(told, f"{os.getpid()} {listener.address[1]}\n".encode())
        await asyncio.Event().wait()

    asyncio.run(listen())


def warm() -> None:
    """Read what every node reads once, so that the children need not."""
    packaged_plan()
    by_hj212()
    with contextlib.suppress(ModuleNotFoundError):  # duckdb looks for it; a node's own environment has none
        importlib.import_module("pandas")
    segment = b"ST=21;CN=2011;PW=1;MN=A;CP=&&DataTime=20260901000000;w01010-Rtd=1,w01010-Flag=N&&"
    Reader().read([Entry(0, Raw("hj212", "A", 0, frame(segment)))], lambda mn: None)


def main() -> None:
    """Fork on request, and wait for each child's end before the next."""
    warm()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            serve(line.strip(), 1)
        os.waitpid(child, 0)
        os.write(1, b"ended\n")


if __name__ == "__main__":
    main()
