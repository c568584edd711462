"""Serve the node for the official kit until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import sys
import tempfile
from pathlib import Path

import uvicorn

from shangyou.faces.kit.node import KitNode, KitSettings
from shangyou.faces.serve import bound


def main() -> None:
    """Parse the arguments, serve on both ports."""
    parser = argparse.ArgumentParser(prog="python -m shangyou.faces.kit", description=__doc__)
    parser.add_argument("--port", type=int, default=8282, help="of the protocol")
    parser.add_argument("--hooks", type=int, default=8687, help="of the kit's webhooks")
    parser.add_argument("--peer", default="http://localhost:8083", help="address of the kit's callback server")
    parser.add_argument("--pause", type=int, default=400, help="milliseconds before a scripted message")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sockets = [stack.enter_context(bound("127.0.0.1", port)) for port in (given.port, given.hooks)]
        address = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        node = KitNode(KitSettings(address, given.peer, home, given.pause))
        stack.callback(node.close)
        node.start()
        config = uvicorn.Config(node.app, log_config=None, access_log=False, ws="none", lifespan="off")
        print(f"ready {address}", flush=True)  # noqa: T201
        asyncio.run(uvicorn.Server(config).serve(sockets))


if __name__ == "__main__":
    main()
