"""A real Chromium for the tests: the system's, or else one of our own in the tools' folder."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from tests.debian import install, succeeds

TOOLS: Final = Path(__file__).parents[2] / ".tools"
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")


class ChromiumUnavailable(Exception):
    """There is no Chromium here, and none can be installed; the text says why."""


class Chromium:
    """Chromium by its executable's path; ``folder`` is where Playwright keeps its own if the system has none."""

    def __init__(self, folder: Path = TOOLS / "chromium") -> None:
        self._folder = folder

    def path(self) -> Path:
        """The executable. Raises ChromiumUnavailable."""
        found = next(filter(None, map(shutil.which, _NAMES)), None)
        if found is not None:
            return Path(found)
        own = next(self._folder.glob("chromium-*/chrome-linux*/chrome"), None)
        if own is None:
            raise ChromiumUnavailable("it is not installed: `make tools` does it, or says why not")
        return own

    def install(self) -> None:
        """Install it where none is found: Debian's as root, else Playwright's. Raises ChromiumUnavailable."""
        try:
            self.path()
        except ChromiumUnavailable:
            if not (install("chromium", "fonts-dejavu-core") or self._installs_playwrights()):
                raise ChromiumUnavailable("neither apt-get nor Playwright could install it") from None

    @contextmanager
    def launched(self) -> Iterator[Browser]:
        """A browser, closed at the end. Raises ChromiumUnavailable."""
        # Chromium refuses to sandbox when it runs as root, as in a container.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        path = self.path()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=arguments)
            try:
                yield browser
            finally:
                browser.close()

    def _installs_playwrights(self) -> bool:
        command = [sys.executable, "-m", "playwright", "install", "chromium"]
        return succeeds(command, PLAYWRIGHT_BROWSERS_PATH=str(self._folder))
