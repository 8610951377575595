"""One console and one Chromium for the tests of screens; without a Chromium they are skipped, and say so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import Chromium, ChromiumUnavailable
from tests.browser.site import Site, serving
from tests.browser.visitor import Visitor


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("console")) as site:
        yield site


# Of one module: Playwright keeps an event loop running, in which no other file's tests could have theirs.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched_or_skipped() as browser:
        yield browser


@contextmanager
def launched_or_skipped() -> Iterator[Browser]:
    """A Chromium; without one the test is skipped, and says so."""
    with ExitStack() as stack:
        try:
            browser = stack.enter_context(Chromium().launched())
        except ChromiumUnavailable as error:
            pytest.skip(f"no Chromium: {error}")
        yield browser


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(chromium: Browser, site: Site) -> Iterator[Visit]:
    """Opens a browser window of its own; the arguments are those of Playwright's ``new_context``."""
    with ExitStack() as stack:

        def visit(**options: object) -> Visitor:
            return stack.enter_context(Visitor.of(chromium, site, **options))

        yield visit
