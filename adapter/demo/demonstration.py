"""The demonstration: three processes' worth of sockets, the story told step by step, then it stays up to be tried."""

from __future__ import annotations

import json
import shlex
import signal
from contextlib import ExitStack, suppress
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import httpx
from rich.console import Console
from rich.markup import escape

from adapter.demo import records
from adapter.demo.installation import ADMIN, KOMMUN_CHANNEL, Installation, install
from adapter.demo.kommun import build_kommun
from adapter.demo.processes import adapter, serving
from adapter.demo.region import build_region
from adapter.demo.scene import Scene, StepFailed
from adapter.demo.story import STORY
from adapter.domain.instants import Clock

_OUTCOME: Final = {True: 0, False: 1}


def run(data_dir: Path, *, once: bool, info: Path | None, console: Console, clock: Clock) -> int:
    """Tell the story on real sockets; returns the exit code: 0 only if every step held.

    Without ``once`` it stays up afterwards until it is interrupted. ``info`` is written, when given, as soon as the
    story is told: addresses, tokens, persons and folders, for programs that go on from there.
    """
    installation = install(data_dir)
    with ExitStack() as stack:
        token, ports = installation.system_token, installation.ports
        stack.enter_context(serving(build_region(token), ports.ehr))
        stack.enter_context(serving(build_kommun(token), ports.kommun))
        process = stack.enter_context(adapter(installation))
        scene = Scene(installation, stack.enter_context(httpx.Client(timeout=10)), clock)
        held = tell(scene, console)
        if info is not None:
            _write(info, _info(installation, scene, process.pid))
        if not once:
            _invite(console, installation, scene)
            _wait()
    return _OUTCOME[held]


def tell(scene: Scene, console: Console) -> bool:
    """Play every step in order; stops at the first that does not hold and names it."""
    for number, step in enumerate(STORY, 1):
        console.print(f"\n[bold]{number}. {escape(step.swedish)}[/bold] [dim]({escape(step.english)})[/dim]")
        try:
            for sight in step.play(scene):
                console.print(f"   {escape(sight)}")
        except (StepFailed, httpx.HTTPError, KeyError, IndexError) as fault:
            reason = str(fault) if isinstance(fault, StepFailed) else type(fault).__name__
            console.print(f"   [red]Steget höll inte / step failed: {step.name}: {escape(reason)}[/red]")
            return False
    console.print("\n[green]Alla steg höll / every step held.[/green]")
    return True


def _info(installation: Installation, scene: Scene, pid: int) -> dict[str, Any]:
    ports = installation.ports
    return {
        "fhir": installation.fhir,
        "inbound": installation.inbound,
        "mllp": {"host": "127.0.0.1", "port": ports.mllp},
        "console": {
            "url": f"http://127.0.0.1:{ports.adapter}/console",
            "user": ADMIN,
            "password": installation.password,
        },
        "ehr": f"http://127.0.0.1:{ports.ehr}",
        "kommun": f"http://127.0.0.1:{ports.kommun}",
        "channels": {KOMMUN_CHANNEL: f"{installation.inbound}/{KOMMUN_CHANNEL}"},
        "tokens": scene.tokens,
        "persons": {"consented": records.CONSENTED, "refused": records.REFUSED, "unknown": records.UNKNOWN},
        "config_dir": str(installation.config_dir),
        "key_file": str(installation.key_file),
        "data_dir": str(installation.data_dir),
        "logs": str(installation.logs),
        "pids": {"adapter": pid},
        "serve": installation.command("serve"),
    }


def _write(path: Path, content: dict[str, Any]) -> None:
    """Whole or not at all, and for the owner's eyes: it holds tokens."""
    draft = path.with_suffix(path.suffix + ".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content, indent=2), encoding="utf-8")
    draft.replace(path)


def _invite(console: Console, installation: Installation, scene: Scene) -> None:
    example = files("mappings") / "systems" / "neutral_push" / "examples" / "sip.json"
    identifier = "http://electronichealth.se/identifier/personnummer|" + records.CONSENTED
    console.print(f"\n[bold]Konsolen / console[/bold]: http://127.0.0.1:{installation.ports.adapter}/console")
    console.print(f"   användare / user: {ADMIN}   lösenord / password: {escape(installation.password)}")
    console.print("\n[bold]Pröva själv / try it yourself[/bold]")
    for line in (
        f"curl -X POST {installation.inbound}/{KOMMUN_CHANNEL} -H 'Content-Type: application/json' "
        f"-H 'Authorization: Bearer {scene.tokens['kommun']}' --data @{shlex.quote(str(example))}",
        f"curl -X POST {installation.fhir}/CarePlan/_search -H 'Authorization: Bearer {scene.tokens['region']}' "
        f"--data-urlencode 'patient.identifier={identifier}'",
        f"curl http://127.0.0.1:{installation.ports.ehr}/received",
    ):
        console.print(line, soft_wrap=True, markup=False, highlight=False)
    console.print("\nCtrl-C avslutar / stops.")


def _wait() -> None:
    """Until SIGINT (Ctrl-C) or SIGTERM."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # Explicitly: a shell starts what it puts in the background with SIGINT ignored.
        signal.signal(number, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        while True:
            signal.pause()
