"""Debian's packages, for what tests need of a machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from typing import Final

_SECONDS: Final = 600


def install(*packages: str) -> bool:
    """Install packages, as root on a Debian; False where that is not possible."""
    apt_get = shutil.which("apt-get")
    if apt_get is None or os.geteuid() != 0:
        return False
    command = [apt_get, "install", "--yes", "--no-install-recommends", *packages]
    return succeeds([apt_get, "update"]) and succeeds(command, DEBIAN_FRONTEND="noninteractive")


def succeeds(command: Sequence[str], **environment: str) -> bool:
    """Whether a program ends well within ten minutes, with more in its environment."""
    try:
        done = subprocess.run(  # noqa: S603  fixed commands
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
