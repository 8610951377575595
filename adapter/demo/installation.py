"""A fresh installation for the demonstration: folders, ports, configuration, keys, tokens, made by the ``sambro`` command itself."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import yaml

from adapter.domain.errors import ConfigurationError, Fault

AGREEMENT: Final = "alingsas-socialmedicinska"
KOMMUN_CHANNEL: Final = "alingsas-kommun"
REGION_CHANNEL: Final = "alingsas-region-hl7"
KOMMUN_SYSTEM: Final = "alingsas-ifo"
REGION_SYSTEM: Final = "vgr-journal"
CLIENTS: Final = ("region", "stranger", "auditor", "kommun")
ADMIN: Final = "demo"
_MARK: Final = "demonstration"


@dataclass(frozen=True, slots=True)
class Ports:
    """The loopback ports of the three processes of the story."""

    adapter: int
    mllp: int
    ehr: int
    kommun: int


@dataclass(frozen=True, slots=True)
class Installation:
    """Where everything of one demonstration lies, and the secrets of its parties."""

    data_dir: Path
    config_dir: Path
    key_file: Path
    logs: Path
    ports: Ports
    system_token: str
    password: str

    def command(self, *arguments: str) -> list[str]:
        """The ``sambro`` command on this installation."""
        folders = ("--config", str(self.config_dir), "--data", str(self.data_dir))
        return [sys.executable, "-m", "adapter", *folders, *arguments]

    def run(self, *arguments: str, given: str | None = None) -> str:
        """Run a ``sambro`` command to its end and return what it printed; raises CalledProcessError."""
        done = subprocess.run(  # noqa: S603  our own command with arguments made here
            self.command(*arguments), input=given, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout.strip()

    @property
    def fhir(self) -> str:
        """Base URL of the adapter's FHIR endpoint."""
        return f"http://127.0.0.1:{self.ports.adapter}/fhir"

    @property
    def inbound(self) -> str:
        """Base URL of the adapter's inbound channels."""
        return f"http://127.0.0.1:{self.ports.adapter}/inbound"


def install(data_dir: Path) -> Installation:
    """Make a new installation beside ``data_dir``, which must be new, empty, or an earlier demonstration's.

    Raises ConfigurationError where ``data_dir`` holds an installation of somebody's own.
    """
    _clear(data_dir)
    beside = data_dir.with_name(data_dir.name + ".demo")
    shutil.rmtree(beside, ignore_errors=True)
    logs = data_dir / "logs"
    for folder in (logs, beside / "config" / "agreements"):
        folder.mkdir(parents=True)
    (data_dir / _MARK).touch()
    installation = Installation(
        data_dir=data_dir,
        config_dir=beside / "config",
        key_file=beside / "keys" / "master.key",
        logs=logs,
        ports=Ports(*_free_ports(4)),
        system_token=secrets.token_urlsafe(24),
        password=secrets.token_urlsafe(12),
    )
    _configure(installation)
    installation.run("keys", "init")
    installation.run(
        "admin", "create", ADMIN, "--party", "*", "--password-stdin", "--lasting", given=installation.password
    )
    return installation


def _clear(data_dir: Path) -> None:
    if data_dir.exists() and any(data_dir.iterdir()):
        if not (data_dir / _MARK).exists():
            raise ConfigurationError(
                [Fault(data_dir.name, 0, "holds another installation; name a new folder with --data")]
            )
        shutil.rmtree(data_dir)


def _configure(installation: Installation) -> None:
    text = (files("mappings") / "agreements" / f"{AGREEMENT}.yaml").read_text(encoding="utf-8")
    (installation.config_dir / "agreements" / f"{AGREEMENT}.yaml").write_text(text, encoding="utf-8")
    installation.key_file.parent.mkdir(mode=0o700)
    path = installation.config_dir / "sambro.yaml"
    path.touch(mode=0o600)
    path.write_text(
        yaml.safe_dump(_settings(installation), sort_keys=False, allow_unicode=True), encoding="utf-8"
    )


def _settings(installation: Installation) -> dict[str, Any]:
    ports, token = installation.ports, installation.system_token
    return {
        "listen": {"host": "127.0.0.1", "port": ports.adapter},
        "public_url": f"http://127.0.0.1:{ports.adapter}",
        "master_key_file": str(installation.key_file),
        # Beside the configuration: what is made anew at each run is made anew together.
        "audit": {
            name: str(installation.config_dir.parent / "audit" / f"{name}.jsonl")
            for name in ("checkpoints", "spool")
        },
        "dev_issuer": True,
        "clients": _clients(),
        "endpoints": {
            KOMMUN_SYSTEM: {
                "url": f"http://127.0.0.1:{ports.kommun}/push",
                "query_url": f"http://127.0.0.1:{ports.kommun}/query",
                "token": token,
            },
            REGION_SYSTEM: {"url": f"http://127.0.0.1:{ports.ehr}/fhir", "token": token},
        },
        "listeners": {REGION_CHANNEL: {"host": "127.0.0.1", "port": ports.mllp, "sources": ["127.0.0.0/8"]}},
    }


def _clients() -> dict[str, Any]:
    read = [
        f"system/{name}.rs"
        for name in ("Patient", "Consent", "CarePlan", "Goal", "CareTeam", "Task", "Observation")
    ]
    region = {"organisationsnummer": "2321000131"}
    return {
        "region": {
            "organization": region,
            "unit": "SE2321000131-E0101",
            "purposes": ["TREAT"],
            "scopes": [*read, "system/Consent.cu"],
        },
        "stranger": {
            "organization": {"organisationsnummer": "2321000016"},
            "unit": "SE2321000016-E0901",
            "purposes": ["TREAT"],
            "scopes": read,
        },
        "auditor": {
            "organization": region,
            "unit": "SE2321000131-E0101",
            "purposes": ["HQUALIMP"],
            "scopes": ["system/AuditEvent.rs", "audit-all"],
        },
        "kommun": {
            "organization": {"organisationsnummer": "2120001553"},
            "unit": "SE2120001553-1001",
            "purposes": ["TREAT"],
            "scopes": ["inbound", "system/Consent.cruds"],
        },
    }


def _free_ports(count: int) -> list[int]:
    """Ports that are free now; all are held until the last is found, so that they differ."""
    held = [socket.socket() for _ in range(count)]
    try:
        for sock in held:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in held]
    finally:
        for sock in held:
            with closing(sock):
                pass


def environment() -> dict[str, str]:
    """The environment of the adapter's process: this one's, less settings that would lead it elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SAMBRO_")}
