"""A PostgreSQL of our own as the peer: made in a temporary folder, ended with the benchmark."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SETTINGS = {  # as in the notes on stores: what a careful operator would set on a machine with 24 GB
    "shared_buffers": "4GB",
    "work_mem": "512MB",
    "max_wal_size": "16GB",
    "synchronous_commit": "off",
    "listen_addresses": "127.0.0.1",
}


def binaries() -> Path | None:
    """Folder with initdb and postgres, if there is one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def server() -> Iterator[str | None]:
    """Address of a running server, or None where PostgreSQL is not installed."""
    folder = binaries()
    if folder is None:
        yield None
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = Path(tempfile.mkdtemp(prefix="bench-pg-"))
    user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    if os.getuid() == 0:
        shutil.chown(home, "postgres", "postgres")

    def run(*command: str) -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=user if os.getuid() == 0 else None, cwd="/")

    try:
        run(str(folder / "initdb"), "-D", str(home / "data"), "-A", "trust", "-U", "postgres")
        options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        options += f" -c port={port} -c unix_socket_directories={home}"
        run(str(folder / "pg_ctl"), "-D", str(home / "data"), "-w", "-o", options, "-l", str(home / "log"), "start")
        yield f"host=127.0.0.1 port={port} user=postgres dbname=postgres"
        run(str(folder / "pg_ctl"), "-D", str(home / "data"), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)
