"""A PostgreSQL server for tests: found on the machine, run without root, in a folder of its own, without TCP."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final, TypeVar

import pytest

from adapter.store.postgres import Server
from tests import debian

T = TypeVar("T")

_USER: Final = "sambro"
_QUICK: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_SETTINGS: Final = {"listen_addresses": "", "max_connections": "120", "shared_buffers": "32MB"}
_START_SECONDS: Final = 60
MISSING: Final = (
    "no PostgreSQL on this machine: install Debian's package postgresql (or put its bin folder in PATH)"
)


class TestServer:
    """One server, in a folder under ``/tmp``. ``durable``: commits reach the disk, as in operation."""

    __test__ = False

    def __init__(self, binaries: Path, *, durable: bool = False) -> None:
        self._binaries = binaries
        # Not under pytest's folder: that is root's alone, and the server does not run as root.
        self._folder = Path(mkdtemp(prefix="sambro-postgres-"))
        self._owner = _owner()
        self._settings = _SETTINGS if durable else _SETTINGS | _QUICK
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        if self._owner:
            shutil.chown(self._folder, self._owner)
        self._run(
            "initdb",
            "--no-sync",
            "-A",
            "trust",
            "-U",
            _USER,
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-D",
            self._data,
        )
        self.start()

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def server(self, database: str) -> Server:
        """How the product reaches one of its databases."""
        return Server(f"postgresql://{_USER}@/{database}?host={self._folder}")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = self._settings | {"unix_socket_directories": str(self._folder)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "server.log").open("ab") as log:
            command = [str(self._binaries / "postgres"), "-D", self._data, *options]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, **self._as_owner)  # noqa: S603
        IN_LOOP.run(self._answers())

    def kill(self) -> None:
        """End it at once, as a loss of power would end its processes."""
        self._stop(signal.SIGQUIT)

    def close(self) -> None:
        """End it and remove its folder."""
        self._stop(signal.SIGQUIT)
        shutil.rmtree(self._folder)

    def create(self, template: str | None = None) -> str:
        """A new database, empty or like ``template``; returns its name."""
        name = f"d{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template or 'template0'}")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected."""
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def dump(self, name: str, to: Path) -> None:
        """``pg_dump`` of a database, as docs/operations.md says."""
        dumped = self._run("pg_dump", "--format=custom", *self._reached(name))
        to.write_bytes(dumped)

    def restore(self, name: str, dump: Path) -> None:
        """``pg_restore`` into a database without tables."""
        self._run("pg_restore", "--exit-on-error", *self._reached(name), given=dump.read_bytes())

    def _reached(self, name: str) -> tuple[str, ...]:
        return ("--host", str(self._folder), "--username", _USER, "--dbname", name)

    def execute(self, statement: str) -> None:
        """Run a statement outside any database of the tests."""
        IN_LOOP.run(self._execute(statement))

    async def _execute(self, statement: str) -> None:
        await (await self._connection).execute(statement)

    @cached_property
    def _connection(self) -> asyncio.Future[Any]:
        return asyncio.ensure_future(self.server("postgres").connect())

    async def _answers(self) -> None:
        self.__dict__.pop("_connection", None)
        async with asyncio.timeout(_START_SECONDS):
            while True:
                try:
                    await (await self.server("postgres").connect()).close()
                except Exception:
                    await asyncio.sleep(0.02)
                else:
                    return

    def _stop(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(_START_SECONDS)
            self._process = None

    def _run(self, program: str, *arguments: str, given: bytes = b"") -> bytes:
        command = [str(self._binaries / program), *arguments]
        done: subprocess.CompletedProcess[bytes] = subprocess.run(  # noqa: S603
            command, check=True, capture_output=True, input=given, **self._as_owner
        )
        return done.stdout

    @property
    def _as_owner(self) -> dict[str, Any]:
        known: dict[str, Any] = {"cwd": "/", "env": {"PATH": os.defpath, "LANG": "C.UTF-8"}}
        if self._owner:
            known |= {"user": self._owner, "group": pwd.getpwnam(self._owner).pw_gid, "extra_groups": []}
        return known


class _Loop:
    """An event loop in a thread of its own, so that a test of either kind can run what is asynchronous to its end."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run to the end, from any thread but the loop's."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


IN_LOOP: Final = _Loop()


def install() -> bool:
    """Install it where none is found: Debian's, as root; False where there is none after that."""
    return _binaries() is not None or (debian.install("postgresql") and _binaries() is not None)


def _binaries() -> Path | None:
    """The folder of the newest PostgreSQL of this machine."""
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    candidates = [Path(found).resolve().parent for name in ("postgres",) if (found := shutil.which(name))]
    return next((path for path in (*reversed(packaged), *candidates) if (path / "initdb").exists()), None)


def _owner() -> str | None:
    """Whom the server runs as: the tests' own user, but never root."""
    return "nobody" if os.geteuid() == 0 else None


@contextmanager
def running(*, durable: bool = False) -> Iterator[TestServer]:
    """``served`` for a test, which without a PostgreSQL on the machine is skipped, and says so."""
    if _binaries() is None:
        pytest.skip(MISSING)
    with served(durable=durable) as server:
        yield server


@contextmanager
def served(*, durable: bool = False) -> Iterator[TestServer]:
    """A server, ended and removed afterwards. ``durable``: its commits reach the disk.

    Raises FileNotFoundError without a PostgreSQL on the machine.
    """
    binaries = _binaries()
    if binaries is None:
        raise FileNotFoundError(MISSING)
    server = TestServer(binaries, durable=durable)
    try:
        yield server
    finally:
        server.close()
