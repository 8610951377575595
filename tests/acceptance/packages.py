"""The project's packages elsewhere than in the clone: a copy of the sources, or what the wheel installs."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

from tests.acceptance.demonstration import CLONE, run

_PACKAGES: Final = ("adapter", "connectors", "mappings", "fhir_profiles")


def source_tree(folder: Path) -> Path:
    """A copy of the sources, to be changed and run with the folder on PYTHONPATH."""
    for package in _PACKAGES:
        shutil.copytree(CLONE / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return _taken_from(folder)


def installed_wheel(folder: Path) -> Path:
    """Build the wheel and install it, without its dependencies; returns the folder for PYTHONPATH."""
    _succeed(folder, "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", CLONE)
    [wheel] = (folder / "dist").glob("sambro-*.whl")
    _succeed(
        folder, "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", folder / "site", wheel
    )
    return _taken_from(folder / "site")


def _taken_from(folder: Path) -> Path:
    """The folder, after making sure that with it on PYTHONPATH the packages come from nowhere else."""
    command = [sys.executable, "-c", "import adapter, connectors, mappings; print(adapter.__file__)"]
    shown = run(command, folder.parent, PYTHONPATH=str(folder)).stdout
    assert shown.startswith(str(folder)), shown
    return folder


def _succeed(folder: Path, module: str, *arguments: str | Path) -> None:
    done = run([sys.executable, "-m", module, *map(str, arguments)], folder)
    assert done.returncode == 0, done.stdout + done.stderr
