"""The standard's own examples, HL7's package ``hl7.fhir.r4.examples`` (CC0-1.0): fetched by npm at a fixed version and digest."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path, PurePosixPath
from typing import Final

_PACKAGE: Final = "hl7.fhir.r4.examples"
_VERSION: Final = "4.0.1"
_SHA256: Final = "dce87f1b5b9341867033f7d1f544fa1b5232503f6d62813887ac6b8a8b6cb682"
_TYPES: Final = ("Patient", "Consent", "CarePlan", "Goal", "CareTeam", "Observation")
_SECONDS: Final = 300


class ExamplesUnavailable(Exception):
    """The examples cannot be fetched here; the text says why."""


class Examples:
    """The examples of the types that we exchange, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._stamp = self._folder / "installed"

    def install(self) -> None:
        """Fetch them unless they are there. Raises ExamplesUnavailable."""
        if self._is_installed():
            return
        npm = shutil.which("npm")
        if npm is None:
            raise ExamplesUnavailable("there is no npm here")
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        command = [npm, "pack", f"{_PACKAGE}@{_VERSION}", "--silent", "--ignore-scripts"]
        try:
            subprocess.run(command, cwd=self._folder, capture_output=True, timeout=_SECONDS, check=True)  # noqa: S603
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            raise ExamplesUnavailable("npm could not fetch the package") from None
        package = self._folder / f"{_PACKAGE}-{_VERSION}.tgz"
        if hashlib.sha256(package.read_bytes()).hexdigest() != _SHA256:
            raise ExamplesUnavailable("the fetched package is not the one of the digest")
        self._unpack(package)
        package.unlink()
        self._stamp.write_text(_SHA256)

    def files(self) -> dict[str, Path]:
        """Each example by its name without ``.json``. Raises ExamplesUnavailable."""
        if not self._is_installed():
            raise ExamplesUnavailable("they are not installed: `make tools` does it, or says why not")
        return {file.stem: file for file in sorted(self._folder.glob("*.json"))}

    def _is_installed(self) -> bool:
        return self._stamp.is_file() and self._stamp.read_text() == _SHA256

    def _unpack(self, package: Path) -> None:
        with tarfile.open(package) as members:
            for member in members:
                name = PurePosixPath(member.name).name
                content = members.extractfile(member)
                if name.endswith(".json") and name.partition("-")[0] in _TYPES and content is not None:
                    (self._folder / name).write_bytes(content.read())
