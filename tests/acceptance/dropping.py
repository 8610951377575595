"""An installation with a folder for files, and the adapter that serves it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from adapter.demo.installation import AGREEMENT, Installation, install
from tests.acceptance.demonstration import CLONE, environment


def install_drop(folder: Path, channels: str) -> Installation:
    """An installation whose agreement has ``channels`` as well (YAML); files come by ``alingsas-filer``, each with its marker ``.ok``."""
    made = install(folder / "data")
    agreement = made.config_dir / "agreements" / f"{AGREEMENT}.yaml"
    text = agreement.read_text(encoding="utf-8").replace("channels:\n", f"channels:\n{channels}")
    agreement.write_text(text, encoding="utf-8")
    settings = made.config_dir / "sambro.yaml"
    stated = yaml.safe_load(settings.read_text(encoding="utf-8"))
    stated["drops"] = {"alingsas-filer": {"folder": str(drop_folder(made)), "marker": ".ok"}}
    drop_folder(made).mkdir()
    settings.write_text(yaml.safe_dump(stated, allow_unicode=True), encoding="utf-8")
    return made


def drop_folder(installation: Installation) -> Path:
    """Where its files are put."""
    return installation.config_dir.parent / "filer"


@contextmanager
def serving(installation: Installation) -> Iterator[subprocess.Popen[bytes]]:
    """The adapter as a process; ended by SIGTERM unless it was killed."""
    with (installation.logs / "adapter.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603  our own command
            installation.command("serve"), cwd=CLONE, env=environment(), stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(30)
