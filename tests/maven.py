"""Jars from Maven Central: those that a ``pom.xml`` names, each with the digest that ``jars.sha256`` beside it states."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SECONDS: Final = 540
_COPY: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


class JarsUnavailable(Exception):
    """The jars cannot be had here; the text says why."""


@dataclass(frozen=True, slots=True)
class Jars:
    """The jars of the project in ``project``, kept in ``folder``."""

    project: Path
    folder: Path

    @property
    def classpath(self) -> str:
        """What Java's ``-cp`` takes."""
        return f"{self.folder}/*"

    def are_installed(self) -> bool:
        """Whether Java and every jar are there, each with its digest."""
        return shutil.which("java") is not None and self._digests() == self._expected()

    def install(self) -> None:
        """Fetch the jars unless they are there. Raises JarsUnavailable."""
        if self.are_installed():
            return
        maven = shutil.which("mvn")
        if shutil.which("javac") is None or maven is None:
            raise JarsUnavailable("there is no JDK and Maven here")
        shutil.rmtree(self.folder, ignore_errors=True)
        command = [maven, "-B", "-ntp", "-q", "-f", str(self.project), _COPY]
        self._run([*command, f"-DoutputDirectory={self.folder}"])
        if not self.are_installed():
            shutil.rmtree(self.folder, ignore_errors=True)
            raise JarsUnavailable("the fetched jars are not those of jars.sha256")

    def _run(self, command: list[str]) -> None:
        try:
            done = subprocess.run(  # noqa: S603  a fixed command, found on the PATH
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise JarsUnavailable(f"Maven did not end within {_SECONDS} s") from None
        if done.returncode != 0:
            raise JarsUnavailable("Maven could not fetch the jars")

    def _digests(self) -> dict[str, str]:
        return {
            file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in self.folder.glob("*.jar")
        }

    def _expected(self) -> dict[str, str]:
        lines = (self.project / "jars.sha256").read_text(encoding="ascii").splitlines()
        return {name: digest for digest, name in (line.split() for line in lines)}
