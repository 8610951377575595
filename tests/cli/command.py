"""The ``sambro`` command in this process: arguments in, exit code and both streams out."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

import pytest

from adapter.cli.app import build_cli
from adapter.main.commands import Installed

AGREEMENT: Final = "alingsas-socialmedicinska"
SETTINGS: Final = """\
listen: {host: 127.0.0.1, port: 0}
public_url: http://127.0.0.1:8080
master_key_file: ../keys/master.key
dev_issuer: true
clients:
  region:
    organization: {organisationsnummer: "2321000131"}
    unit: SE2321000131-E0101
    purposes: [TREAT]
    scopes: [system/Patient.rs]
endpoints:
  alingsas-ifo: {url: "http://127.0.0.1:9/push", query_url: "http://127.0.0.1:9/query"}
  vgr-journal: {url: "http://127.0.0.1:9/fhir"}
listeners:
  alingsas-region-hl7: {host: 127.0.0.1, port: 0, sources: [127.0.0.0/8]}
"""


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@dataclass(frozen=True)
class Installation:
    """The folders of one installation."""

    root: Path

    @property
    def config(self) -> Path:
        """The folder with sambro.yaml and the agreements."""
        return self.root / "config"

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.root / "data"

    @property
    def key(self) -> Path:
        """The master key's file."""
        return self.root / "keys" / "master.key"

    @property
    def agreement(self) -> Path:
        """The one agreement's file."""
        return self.config / "agreements" / f"{AGREEMENT}.yaml"

    @property
    def options(self) -> tuple[str, ...]:
        """The global options that point here."""
        return ("--config", str(self.config), "--data", str(self.data))

    def change(self, path: Path, old: str, new: str) -> None:
        """Change a configuration file; ``old`` must stand in it."""
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")


def installed(root: Path) -> Installation:
    """A sound installation without a key yet."""
    installation = Installation(root)
    installation.agreement.parent.mkdir(parents=True)
    shipped = files("mappings") / "agreements" / f"{AGREEMENT}.yaml"
    installation.agreement.write_text(shipped.read_text(encoding="utf-8"), encoding="utf-8")
    (installation.config / "sambro.yaml").write_text(SETTINGS, encoding="utf-8")
    return installation


def runner(patch: pytest.MonkeyPatch, captured: pytest.CaptureFixture[str]) -> Run:
    """What runs a command line as a shell would."""

    def run(*arguments: str | Path, given: str = "") -> Ran:
        patch.setattr("sys.argv", ["sambro", *map(str, arguments)])
        patch.setattr("sys.stdin", io.StringIO(given))
        captured.readouterr()
        with pytest.raises(SystemExit) as ended:
            build_cli(Installed())()
        out, err = captured.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, out, err)

    return run
