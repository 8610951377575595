"""FHIR clients of other languages: HAPI FHIR's (Java, Maven Central) and fhir-kit-client (npm), installed at fixed versions and digests."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from tests.maven import Jars, JarsUnavailable

_HERE: Final = Path(__file__).parent
# Modules look for others beside themselves, so the program stands with them.
_PROGRAM: Final = "round.mjs"
_FILES: Final = ("package.json", "package-lock.json", _PROGRAM)
_SECONDS: Final = 100
# It runs for seconds: optimising for longer costs more than it gives.
_JAVA: Final = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m")


class ClientUnavailable(Exception):
    """The client cannot be had here; the text says why."""


@dataclass(frozen=True, slots=True)
class Round:
    """What a client is to do: ``person`` is ``system|number``, ``consent`` a file with one to file."""

    base: str
    token: str
    person: str
    types: Sequence[str]
    consent: Path

    @property
    def arguments(self) -> tuple[str, ...]:
        """As the programs take them; the token is in the environment."""
        return self.base, self.person, ",".join(self.types), str(self.consent)


class Client(Protocol):
    """One of them."""

    def install(self) -> None:
        """Install it unless it is there. Raises ClientUnavailable."""

    def run(self, given: Round) -> dict[str, list[str]]:
        """The ids that each step of a round gave, by the step's name. Raises ClientUnavailable; AssertionError with what the client says."""


@dataclass(frozen=True, slots=True)
class HapiClient:
    """HAPI FHIR's generic client, its jars in ``folder``."""

    folder: Path

    @property
    def _jars(self) -> Jars:
        return Jars(_HERE / "hapi", self.folder.resolve())

    def install(self) -> None:
        """See Client."""
        try:
            self._jars.install()
        except JarsUnavailable as error:
            raise ClientUnavailable(str(error)) from error

    def run(self, given: Round) -> dict[str, list[str]]:
        """See Client."""
        java = shutil.which("java")
        if java is None or not self._jars.are_installed():
            raise ClientUnavailable("the jars of HAPI FHIR's client are not installed: `make tools` does it")
        program = ["-cp", self._jars.classpath, str(_HERE / "hapi" / "Round.java"), *given.arguments]
        return _steps([java, *_JAVA, *program], TOKEN=given.token)


@dataclass(frozen=True, slots=True)
class FhirKitClient:
    """fhir-kit-client, installed by npm in ``folder``."""

    folder: Path

    def install(self) -> None:
        """See Client."""
        if self._is_installed():
            return
        npm = shutil.which("npm")
        if npm is None or shutil.which("node") is None:
            raise ClientUnavailable("there is no node and npm here")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        for name in _FILES:
            shutil.copy(_HERE / "node" / name, self.folder / name)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        if _run(command, folder=self.folder).returncode != 0:
            raise ClientUnavailable("npm could not install the packages of the lock")
        self._stamp.write_text(_digest())

    def run(self, given: Round) -> dict[str, list[str]]:
        """See Client."""
        node = shutil.which("node")
        if node is None or not self._is_installed():
            raise ClientUnavailable("fhir-kit-client is not installed: `make tools` does it")
        return _steps([node, str(self.folder / _PROGRAM), *given.arguments], TOKEN=given.token)

    @property
    def _stamp(self) -> Path:
        return self.folder / "installed"

    def _is_installed(self) -> bool:
        is_there = shutil.which("node") is not None and self._stamp.is_file()
        return is_there and self._stamp.read_text() == _digest()


def _digest() -> str:
    return hashlib.sha256(b"".join((_HERE / "node" / name).read_bytes() for name in _FILES)).hexdigest()


def _steps(command: Sequence[str], **environment: str) -> dict[str, list[str]]:
    done = _run(command, environment)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    lines = (line.partition("\t") for line in done.stdout.splitlines())
    return {step: ids.split() for step, _, ids in lines}


def _run(
    command: Sequence[str], environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  a fixed command, found on the PATH
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=_SECONDS,
        check=False,
    )
