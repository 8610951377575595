"""The processes of the story: the adapter as a child process, the two simulated systems on sockets of their own."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import uvicorn
from starlette.types import ASGIApp

from adapter.demo.installation import Installation, environment
from adapter.domain.errors import Unreachable

_START_SECONDS = 90.0


@contextmanager
def serving(app: ASGIApp, port: int) -> Iterator[None]:
    """Serve an ASGI app on a loopback port in a thread of its own, until the block ends."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        _await(lambda: server.started, "simulated-system-not-started")
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=5)


@contextmanager
def adapter(installation: Installation) -> Iterator[subprocess.Popen[bytes]]:
    """The adapter as ``sambro serve`` runs it; its output goes to the installation's log folder."""
    with (installation.logs / "adapter.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603  our own command
            installation.command("serve"), stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment()
        )
    try:
        _await(lambda: process.poll() is not None or _is_ready(installation), "adapter-not-started")
        if process.poll() is not None:
            raise Unreachable("adapter-not-started")
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()


def _is_ready(installation: Installation) -> bool:
    try:
        answer = httpx.get(f"http://127.0.0.1:{installation.ports.adapter}/readyz", timeout=1)
    except httpx.TransportError:
        return False
    return answer.status_code == httpx.codes.OK


def _await(condition: Callable[[], bool], code: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise Unreachable(code)
        time.sleep(0.05)
