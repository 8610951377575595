"""Installs what tests use besides Python: SUSHI, the official validator, the standard's examples, clients of other languages, a Chromium, PostgreSQL. Says what cannot be had, and why."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from fhir_profiles.build.sushi import Sushi, SushiUnavailable
from tests import debian, postgres
from tests.browser.chromium import Chromium, ChromiumUnavailable
from tests.conformance.official import OfficialValidator, ValidatorUnavailable
from tests.conformance.r4_examples import Examples, ExamplesUnavailable
from tests.foreign.clients import Client, ClientUnavailable, FhirKitClient, HapiClient

ROOT: Final = Path(__file__).parents[1]
TOOLS: Final = ROOT / ".tools"
PYROFILE: Final = TOOLS / "pyrofile"
"""pyrofile-validator (MIT), a peer of the benchmarks alone: no part of the environment."""

_PYROFILE_AT: Final = "pyrofile-validator==0.3.0 --hash=sha256:b67ebcaedb09e9f7b557bb536d220f828bac52e6830718bbd993a1475da4308e\n"

_PROGRAMS: Final = {
    "curl": ("curl",),
    "node": ("nodejs", "npm"),
    "javac": ("default-jdk-headless",),
    "mvn": ("maven",),
}
"""What the rest is installed by, and tests call, with Debian's packages for it."""


def sushi() -> Sushi:
    """SUSHI where the project keeps it."""
    return Sushi(TOOLS / "sushi")


def official_validator() -> OfficialValidator:
    """The official validator where the project keeps it."""
    return OfficialValidator(TOOLS / "validator")


def r4_examples() -> Examples:
    """The standard's own examples where the project keeps them."""
    return Examples(TOOLS / "r4_examples")


def foreign_clients() -> dict[str, Client]:
    """FHIR clients of other languages where the project keeps them, by name."""
    return {
        "hapi": HapiClient(TOOLS / "foreign" / "hapi"),
        "fhir-kit-client": FhirKitClient(TOOLS / "foreign" / "fhir-kit-client"),
    }


def install() -> None:
    """Install them; what cannot be had is said and left out: its tests are skipped."""
    for program, packages in _PROGRAMS.items():
        if shutil.which(program) is None:
            debian.install(*packages)
    try:
        sushi().install()
    except SushiUnavailable as error:
        print(f"SUSHI cannot be had, its tests will be skipped: {error}")
    try:
        official_validator().install()
    except ValidatorUnavailable as error:
        print(f"The official HL7 validator cannot be had, its tests will be skipped: {error}")
    try:
        r4_examples().install()
    except ExamplesUnavailable as error:
        print(f"The examples of FHIR R4 cannot be had, their test will be skipped: {error}")
    if not _install_pyrofile():
        print("pyrofile-validator cannot be had, the benchmark of checking is without it")
    for name, client in foreign_clients().items():
        try:
            client.install()
        except ClientUnavailable as error:
            print(f"The client {name} cannot be had, its test will be skipped: {error}")
    try:
        Chromium().install()
    except ChromiumUnavailable as error:
        print(f"Chromium cannot be had, the tests of the console's screens will be skipped: {error}")
    if not postgres.install():
        print(f"PostgreSQL cannot be had, the tests that run on it will be skipped: {postgres.MISSING}")


def _install_pyrofile() -> bool:
    """With what it needs of the environment; whether it is there."""
    if PYROFILE.is_dir():
        return True
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--target", str(PYROFILE), "-r", "/dev/stdin"]
    done = subprocess.run(command, input=_PYROFILE_AT, text=True, capture_output=True, check=False)  # noqa: S603
    return done.returncode == 0


if __name__ == "__main__":
    install()
