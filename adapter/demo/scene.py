"""What the two sides of the story can do and see, over real sockets: push, search, send HL7, look at what arrived."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from typing import Any, Final

import httpx

from adapter.demo.installation import CLIENTS, KOMMUN_CHANNEL, Installation
from adapter.domain.identity import PERSONNUMMER
from adapter.domain.instants import Clock

_PATIENCE_SECONDS: Final = 15.0
_MASKED: Final = frozenset({"date", "x-request-id"})


class StepFailed(Exception):
    """What a step of the story expected did not happen. ``args[0]`` says what, in a few words."""


class Scene:
    """The systems of both sides and their view of the adapter."""

    def __init__(self, installation: Installation, http: httpx.Client, clock: Clock) -> None:
        self.installation = installation
        self.clock = clock
        self.tokens = dict(zip(CLIENTS, _tokens(installation), strict=True))
        self._http = http
        self._sent = 0

    def next_id(self, kind: str) -> str:
        """A message id that this scene has not used."""
        self._sent += 1
        return f"demo-{kind}-{self._sent}"

    def push(self, body: dict[str, Any]) -> httpx.Response:
        """The kommun's system pushes one message."""
        return self._http.post(
            f"{self.installation.inbound}/{KOMMUN_CHANNEL}", json=body, headers=self._bearer("kommun")
        )

    def status(self, pushed: httpx.Response) -> str:
        """What the kommun's system is told of a message that it pushed."""
        base = self.installation.inbound.removesuffix("/inbound")
        answer = self._http.get(base + pushed.json()["status"], headers=self._bearer("kommun"))
        return str(answer.json()["state"])

    def search(self, client: str, resource_type: str, person: str) -> httpx.Response:
        """A client searches one person's resources of one type, by POST as the docs recommend."""
        return self._http.post(
            f"{self.installation.fhir}/{resource_type}/_search",
            data={
                "identifier"
                if resource_type == "Patient"
                else "patient.identifier": f"{PERSONNUMMER}|{person}"
            },
            headers=self._bearer(client),
        )

    def found(self, client: str, resource_type: str, person: str) -> list[dict[str, Any]]:
        """The matches of a search."""
        bundle = self.search(client, resource_type, person).raise_for_status().json()
        entries = bundle.get("entry", [])
        return [entry["resource"] for entry in entries if entry.get("search", {}).get("mode") == "match"]

    def confirm(self, answer: httpx.Response) -> httpx.Response:
        """The region's system confirms that it has kept an answer."""
        body = {
            "resourceType": "Parameters",
            "parameter": [{"name": "answer", "valueIdentifier": answer.json()["identifier"]}],
        }
        return self._http.post(
            f"{self.installation.fhir}/$confirm-receipt", json=body, headers=self._bearer("region")
        )

    def remember(self, record: dict[str, Any]) -> None:
        """The kommun's system holds a record that it will answer with when asked live."""
        self._http.post(f"{self._kommun}/records", json=record, headers=self._system()).raise_for_status()

    def send(self, message: bytes) -> str:
        """The region's journal sends one HL7 v2 message; returns MSA-1 of the acknowledgement."""
        with socket.create_connection(("127.0.0.1", self.installation.ports.mllp), timeout=10) as wire:
            wire.sendall(b"\x0b" + message + b"\x1c\x0d")
            answer = b""
            while not answer.endswith(b"\x1c\x0d"):
                chunk = wire.recv(4096)
                if not chunk:
                    raise StepFailed("the listener closed without an acknowledgement")
                answer += chunk
        segments = dict(
            line.split("|", 1) for line in answer.strip(b"\x0b\x1c\r").decode("latin-1").split("\r")
        )
        return segments["MSA"].split("|")[0]

    def received(self, side: str) -> list[dict[str, Any]]:
        """Everything that the kommun's or the region's system has received so far."""
        base = self._kommun if side == "kommun" else self._ehr
        rows: list[dict[str, Any]] = self._http.get(f"{base}/received").raise_for_status().json()
        return rows

    def content_rows(self) -> int:
        """How many pieces of content the adapter holds at rest, by its own metrics."""
        text = self._http.get(f"http://127.0.0.1:{self.installation.ports.adapter}/metrics").text
        lines = (line.split() for line in text.splitlines() if line.startswith("sambro_content_held"))
        return int(float(next(lines)[1]))

    def eventually(self, what: str, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds; raises StepFailed when it has not in time."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise StepFailed(what)
            time.sleep(0.05)

    def _bearer(self, client: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[client]}"}

    def _system(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.installation.system_token}"}

    @property
    def _kommun(self) -> str:
        return f"http://127.0.0.1:{self.installation.ports.kommun}"

    @property
    def _ehr(self) -> str:
        return f"http://127.0.0.1:{self.installation.ports.ehr}"


def _tokens(installation: Installation) -> list[str]:
    named = [argument for client in CLIENTS for argument in ("--client", client)]
    return installation.run("token", *named).splitlines()


def expect(holds: bool, what: str) -> None:
    """Raises StepFailed unless the expectation holds."""
    if not holds:
        raise StepFailed(what)


def masked(answer: httpx.Response, person: str) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
    """An answer with what may differ taken out: Date, X-Request-Id and the asked identifier (gate.md, "Concealment")."""
    headers = sorted((name, value) for name, value in answer.headers.items() if name not in _MASKED)
    return answer.status_code, tuple(headers), answer.content.replace(person.encode(), b"#")


def body_of(row: dict[str, Any]) -> dict[str, Any]:
    """The JSON body of a received row."""
    body: dict[str, Any] = json.loads(row["body"])
    return body
