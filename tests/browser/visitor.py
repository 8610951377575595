"""A person at a browser: signs in, opens pages, and notes what the browser complains about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request

from tests.browser.site import Site
from tests.console.conftest import PASSWORD

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass
class Visitor:
    """One window. ``complaints`` are violations of the policy, faults of scripts, and requests to other hosts."""

    page: Page
    site: Site
    complaints: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def of(cls, browser: Browser, site: Site, **options: Any) -> Iterator[Visitor]:
        """A window in a browser, Swedish and light unless ``options`` say otherwise; closed at the end."""
        plain = {"locale": "sv-SE", "viewport": {"width": 1440, "height": 900}, "color_scheme": "light"}
        context = browser.new_context(**plain | options)
        visitor = cls(context.new_page(), site)
        visitor._listen()
        try:
            yield visitor
        finally:
            context.close()

    def open(self, path: str) -> None:
        """Go to a page of the console."""
        self.page.goto(self.site.url + path)

    def sign_in(self, name: str) -> None:
        """Sign in at the form, by keyboard alone."""
        self.open("/sign-in")
        self.page.keyboard.type(name)
        self.page.keyboard.press("Tab")
        self.page.keyboard.type(PASSWORD)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def barriers(self) -> list[str]:
        """What axe-core finds on the page against WCAG 2.2 A and AA and its own best practices."""
        found = Axe().run(self.page, options={"runOnly": _TAGS, "resultTypes": ["violations"]})
        return [
            f"{rule['id']}: {node['html']}" for rule in found.response["violations"] for node in rule["nodes"]
        ]

    def _listen(self) -> None:
        self.page.on("console", self._note_error)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._note_host)

    def _note_error(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.complaints.append(said.text)

    def _note_host(self, asked: Request) -> None:
        if not asked.url.startswith(self.site.url):
            self.complaints.append(f"asked for {asked.url}")
