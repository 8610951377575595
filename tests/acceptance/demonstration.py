"""The demonstration as a process of its own, reached as any outside program reaches it: by its info file alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

CLONE: Final = Path(__file__).parents[2]
PERSONNUMMER: Final = "http://electronichealth.se/identifier/personnummer"
STORY_SECONDS: Final = 110.0
_PATIENCE_SECONDS: Final = 30.0

Answer = httpx.Response


def sambro(*arguments: str | Path) -> list[str]:
    """The ``sambro`` command."""
    return [sys.executable, "-m", "adapter", *map(str, arguments)]


def environment(**more: str) -> dict[str, str]:
    """This process's environment without settings that would lead the command elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SAMBRO_")} | more


def run(
    command: Sequence[str], folder: Path, seconds: float = STORY_SECONDS, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder to its end; ``more`` is added to its environment."""
    return subprocess.run(  # noqa: S603  our own commands
        command,
        cwd=folder,
        env=environment(**more),
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )


def eventually(what: str, condition: Callable[[], object], seconds: float = _PATIENCE_SECONDS) -> None:
    """Wait until the condition holds; fails with ``what`` when it has not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@dataclass(frozen=True)
class Demonstration:
    """A demonstration that has told its story and stays up."""

    info: Mapping[str, Any]
    process: subprocess.Popen[bytes]
    output: Path
    http: httpx.Client

    def printed(self) -> str:
        """What it has printed so far."""
        return self.output.read_text(encoding="utf-8")

    @property
    def base(self) -> str:
        """The adapter's base URL."""
        return str(self.info["fhir"]).removesuffix("/fhir")

    def bearer(self, client: str) -> dict[str, str]:
        """The header of a client's token."""
        return {"Authorization": f"Bearer {self.info['tokens'][client]}"}

    def push(self, body: bytes | Mapping[str, Any], content_type: str = "application/json") -> Answer:
        """The kommun's system pushes one message."""
        [url] = self.info["channels"].values()
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.http.post(
            url, content=content, headers=self.bearer("kommun") | {"Content-Type": content_type}
        )

    def state(self, pushed: Answer) -> str:
        """The state that the sender is told of a message that it pushed."""
        answer = self.http.get(self.base + pushed.json()["status"], headers=self.bearer("kommun"))
        return str(answer.raise_for_status().json()["state"])

    def search(
        self, client: str, resource_type: str, person: str, *, method: str = "POST", **parameters: str
    ) -> Answer:
        """A client searches one person's resources of one type."""
        name = "identifier" if resource_type == "Patient" else "patient.identifier"
        query = {name: f"{PERSONNUMMER}|{person}", **parameters}
        url, headers = f"{self.info['fhir']}/{resource_type}", self.bearer(client)
        if method == "GET":
            return self.http.get(url, params=query, headers=headers)
        return self.http.post(f"{url}/_search", data=query, headers=headers)

    def read(self, client: str, resource_type: str, resource_id: str) -> Answer:
        """A client reads one resource."""
        return self.http.get(
            f"{self.info['fhir']}/{resource_type}/{resource_id}", headers=self.bearer(client)
        )

    def collect(self, person: str) -> None:
        """The region's system fetches all that is held of a person's plans, and confirms that it has kept it."""
        for resource_type in ("CarePlan", "Goal", "CareTeam", "Task"):
            answer = self.search("region", resource_type, person, _count="100")
            identifier = answer.raise_for_status().json()["identifier"]
            body = {
                "resourceType": "Parameters",
                "parameter": [{"name": "answer", "valueIdentifier": identifier}],
            }
            url, headers = f"{self.info['fhir']}/$confirm-receipt", self.bearer("region")
            self.http.post(url, json=body, headers=headers).raise_for_status()

    def received(self, side: str) -> list[dict[str, Any]]:
        """Everything that ``ehr`` or ``kommun`` has received, repeats too."""
        rows: list[dict[str, Any]] = self.http.get(f"{self.info[side]}/received").raise_for_status().json()
        return rows

    def received_with(self, side: str, text: str) -> list[dict[str, Any]]:
        """What a side has received whose body holds a text."""
        return [row for row in self.received(side) if text in row["body"]]

    def fail(self, side: str, status: int | None) -> None:
        """Let a side answer every request with a status; None: it works again."""
        self.http.post(f"{self.info[side]}/simulate", json={"status": status}).raise_for_status()

    def content_held(self) -> int:
        """How many pieces of content are at rest, by the metrics."""
        text = self.http.get(f"{self.base}/metrics").raise_for_status().text
        return int(float(text.partition("\nsambro_content_held ")[2].partition("\n")[0]))

    def is_ready(self) -> bool:
        """Whether the adapter answers that it is."""
        try:
            return self.http.get(f"{self.base}/readyz", timeout=2).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


def matches(answer: Answer) -> list[dict[str, Any]]:
    """The resources that a search found."""
    entries = answer.raise_for_status().json().get("entry", [])
    return [entry["resource"] for entry in entries if entry["search"]["mode"] == "match"]


@contextmanager
def demonstration(folder: Path) -> Iterator[Demonstration]:
    """``sambro demo`` in a folder; Ctrl-C at the end."""
    info, output = folder / "info.json", folder / "told.txt"
    command = sambro("--data", folder / "data", "demo", "--info", info)
    with output.open("wb") as told:
        process = subprocess.Popen(  # noqa: S603  our own command
            command, cwd=folder, env=environment(), stdout=told, stderr=told, stdin=subprocess.DEVNULL
        )
    try:
        eventually(
            "the story takes too long", lambda: info.exists() or process.poll() is not None, STORY_SECONDS
        )
        assert "every step held" in output.read_text(encoding="utf-8"), output.read_text(encoding="utf-8")
        with httpx.Client(timeout=20) as http:
            yield Demonstration(json.loads(info.read_text(encoding="utf-8")), process, output, http)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
