"""A person at a browser: signs in, opens pages, and notes what the browser complains about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect

from tests.browser.site import Site
from tests.console.conftest import PASSWORD

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_MOST_TABS: Final = 200


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

    def sign_in(self, name: str, password: str = PASSWORD) -> None:
        """Sign in at the form, by keyboard alone."""
        self.open("/sign-in")
        expect(self.page.locator("#name")).to_be_focused()
        self.page.keyboard.type(name)
        self.page.keyboard.press("Tab")
        self.page.keyboard.type(password)
        self.enter()

    def click(self, button: str) -> None:
        """Click a button, and wait for the page that it leads to."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=button).click()

    def another_window(self) -> Visitor:
        """A second window of the same person, signed in where the first is; its complaints are noted with the first's."""
        beside = Visitor(self.page.context.new_page(), self.site, self.complaints)
        beside._listen()
        return beside

    def tab_to(self, wanted: Locator) -> None:
        """Press Tab until an element has the focus."""
        for _ in range(_MOST_TABS):
            if wanted.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"not reached by keyboard: {wanted}")

    def type_in(self, label: str, text: str) -> None:
        """Go to the field whose label begins so by keyboard, and type; in a list that is to choose."""
        self.tab_to(self.page.get_by_label(re.compile(f"^{re.escape(label)}")))
        self.page.keyboard.type(text)

    def press(self, role: Literal["button", "link"], name: str) -> None:
        """Go to a button or link by keyboard, and follow it to the next page."""
        self.tab_to(self.page.get_by_role(role, name=name, exact=True))
        self.enter()

    def enter(self) -> None:
        """Press Enter, and wait for the page that it leads to."""
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
