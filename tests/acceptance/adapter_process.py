"""The adapter of a demonstration, killed, stopped and started as an admin would: by signals and the info file's ``serve``."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from tests.acceptance.demonstration import CLONE, Demonstration, environment, eventually


class AdapterProcess:
    """A context manager that ends what it started. ``demo`` are the systems around it, which stay up."""

    def __init__(self, demo: Demonstration) -> None:
        self.demo = demo
        self._pid: int = demo.info["pids"]["adapter"]
        self._started: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> AdapterProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._started is not None:
            self.stop()

    @property
    def serve(self) -> list[str]:
        """The command that serves the installation."""
        return list(self.demo.info["serve"])

    def start(self, command: Sequence[str] | None = None, **more: str) -> None:
        """Start it, by the info file's command unless another is given, and wait until it is ready.

        ``more`` is added to its environment.
        """
        with (Path(self.demo.info["logs"]) / "adapter.log").open("ab") as log:
            self._started = subprocess.Popen(  # noqa: S603  our own command
                command or self.serve,
                cwd=CLONE,
                env=environment(**more),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        self._pid = self._started.pid
        started = self._started
        eventually("the adapter does not start", lambda: self.demo.is_ready() or started.poll() is not None)
        assert started.poll() is None, f"serve ended with {started.returncode}"

    def kill(self) -> None:
        """``kill -9``."""
        os.kill(self._pid, signal.SIGKILL)
        self._wait()

    def stop(self) -> float:
        """SIGTERM, if it runs; returns after how many seconds it had ended."""
        asked = time.monotonic()
        if self._started is None or self._started.poll() is None:
            os.kill(self._pid, signal.SIGTERM)
        self._wait()
        return time.monotonic() - asked

    @property
    def exit_code(self) -> int | None:
        """Of the last process that was started here; None while it runs."""
        return None if self._started is None else self._started.poll()

    def _wait(self) -> None:
        # The demonstration's own child is not ours to wait for: its lock tells.
        eventually(
            "the adapter does not end", lambda: _is_unserved(Path(self.demo.info["data_dir"])), seconds=20
        )
        if self._started is not None:
            self._started.wait(timeout=20)


def _is_unserved(data_dir: Path) -> bool:
    """Whether no process serves a data directory: nobody holds its lock."""
    with (data_dir / "service.lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
