"""The official HL7 validator: installed by Maven at fixed versions and digests, run once over many resources, offline."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.maven import Jars, JarsUnavailable

_HERE: Final = Path(__file__).parent / "validator"
_SECONDS: Final = 540
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
        self._jars = Jars(_HERE, folder.resolve() / "jars")

    def is_installed(self) -> bool:
        """Whether Java and every jar are there, each with its digest."""
        return self._jars.are_installed()

    def install(self) -> None:
        """Fetch the jars unless they are there. Raises ValidatorUnavailable."""
        try:
            self._jars.install()
        except JarsUnavailable as error:
            raise ValidatorUnavailable(str(error)) from error

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
        program = ["-cp", self._jars.classpath, str(_HERE / "Validate.java"), *map(str, definitions)]
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


def _run(command: Sequence[str], given: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603  a fixed command, found on the PATH
            command, input=given, capture_output=True, encoding="utf-8", timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ValidatorUnavailable(f"{Path(command[0]).name} did not end within {_SECONDS} s") from error
