"""The official HL7 validator: installed by Maven at fixed versions and digests, run once over many resources, offline."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent / "validator"
_SECONDS: Final = 540
_COPY: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
# It runs for half a minute: optimising for longer costs more than it gives.
_JAVA: Final = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx2g")


class ValidatorUnavailable(Exception):
    """The validator cannot be installed or run here; the text says why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the validator says of a place in a resource; ``severity`` is FHIR's."""

    severity: str
    code: str | None
    location: str | None
    message: str

    @property
    def is_error(self) -> bool:
        """Whether it keeps the resource from conforming."""
        return self.severity in ("error", "fatal")


class OfficialValidator:
    """The validator in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._jars = folder.resolve() / "jars"

    def is_installed(self) -> bool:
        """Whether Java and every jar are there, each with its digest."""
        return shutil.which("java") is not None and self._digests() == _expected()

    def install(self) -> None:
        """Fetch the jars unless they are there. Raises ValidatorUnavailable."""
        if self.is_installed():
            return
        maven = shutil.which("mvn")
        if shutil.which("javac") is None or maven is None:
            raise ValidatorUnavailable("there is no JDK and Maven here")
        shutil.rmtree(self._jars, ignore_errors=True)
        command = [maven, "-B", "-ntp", "-q", "-f", str(_HERE), _COPY, f"-DoutputDirectory={self._jars}"]
        if _run(command, "").returncode != 0:
            raise ValidatorUnavailable("Maven could not fetch the jars")
        if not self.is_installed():
            shutil.rmtree(self._jars, ignore_errors=True)
            raise ValidatorUnavailable("the fetched jars are not those of jars.sha256")

    def validate(
        self,
        resources: Mapping[Path, Sequence[str]],
        definitions: Sequence[Path],
        xml_forms: Mapping[Path, Path],
    ) -> dict[Path, tuple[Finding, ...]]:
        """Validate each file, JSON or XML, against the profiles that it claims and those given for it.

        ``definitions`` are folders of conformance resources. Of a file in ``xml_forms`` HAPI's parser writes the XML form to the other, which
        may itself stand later in ``resources``. Raises ValidatorUnavailable.
        """
        if not self.is_installed():
            raise ValidatorUnavailable("it is not installed: `make tools` does it, or says why not")
        java = str(shutil.which("java"))
        program = ["-cp", f"{self._jars}/*", str(_HERE / "Validate.java"), *map(str, definitions)]
        lines = "".join(
            f"{file}\t{' '.join(profiles)}\t{xml_forms.get(file, '')}".rstrip() + "\n"
            for file, profiles in resources.items()
        )
        done = _run([java, *_JAVA, *program], lines)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        reports = map(json.loads, done.stdout.splitlines())
        return {
            file: tuple(
                Finding(it["severity"], it.get("code"), it.get("location"), it["message"])
                for it in report["issues"]
            )
            for file, report in zip(resources, reports, strict=True)
        }

    def _digests(self) -> dict[str, str]:
        return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in self._jars.glob("*.jar")}


def _expected() -> dict[str, str]:
    lines = (_HERE / "jars.sha256").read_text(encoding="ascii").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def _run(command: Sequence[str], given: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603  a fixed command, found on the PATH
            command, input=given, capture_output=True, encoding="utf-8", timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ValidatorUnavailable(f"{Path(command[0]).name} did not end within {_SECONDS} s") from error
