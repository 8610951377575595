"""Makes the pictures of docs/console.md: each screen as an administrator meets it, some of them in the dark as well."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import orjson

from tests.api.consents import actor, consent, provision, unit
from tests.browser.chromium import Chromium
from tests.browser.site import DEAD, ENTRY, KOMMUN, OPERATOR, serving
from tests.browser.visitor import Visitor

FOLDER: Final = Path(__file__).parents[2] / "docs" / "console"


def _as(name: str, path: str) -> Callable[[Visitor], None]:
    def arrive(visitor: Visitor) -> None:
        visitor.sign_in(name)
        visitor.open(path)

    return arrive


def _acting(visitor: Visitor) -> None:
    _as(KOMMUN, f"/messages/{DEAD}")(visitor)
    visitor.page.locator(".act-replay summary").click()
    visitor.page.get_by_role("textbox").first.fill("Mottagaren har rättat sin kodtabell")
    visitor.page.locator("#acts").scroll_into_view_if_needed()


def _simulated(visitor: Visitor) -> None:
    _as(KOMMUN, "/simulator")(visitor)
    named = provision(actor=[actor(unit("SE2321000131-1001"))], code=provision()["code"][:1])
    text = orjson.dumps(consent(provision=named), option=orjson.OPT_INDENT_2).decode()
    visitor.page.get_by_role("textbox").fill(text)
    visitor.page.get_by_role("button", name="Vem får se?").click()


def _mapped(visitor: Visitor) -> None:
    _as(KOMMUN, "/bench?mapping=neutral-push-screening&example=screening.dudit.json")(visitor)
    visitor.page.get_by_role("button", name="Mappa").click()


def _counted(visitor: Visitor) -> None:
    _as(KOMMUN, "/?state=dead&from=2026-11-22")(visitor)
    visitor.page.get_by_role("button", name="Kör om urvalet").click()


_SHOTS: Final[dict[str, Callable[[Visitor], None]]] = {
    "sign-in": lambda visitor: visitor.open("/sign-in"),
    "list": _as(KOMMUN, "/?state=dead"),
    "columns": _as(KOMMUN, "/?columns=state.recipients.attempts.duration.last-code&choose=columns"),
    "overview": _as(OPERATOR, "/overview"),
    "message": _as(KOMMUN, f"/messages/{DEAD}"),
    "acting": _acting,
    "connectors": _as(OPERATOR, "/connectors"),
    "alerts": _as(OPERATOR, "/alerts?all"),
    "replay": _counted,
    "simulator": _simulated,
    "bench": _mapped,
    "follow-up": _as(KOMMUN, f"/follow-up/{ENTRY}"),
}
_DARK: Final = ("overview", "message")


def make(folder: Path = FOLDER) -> None:
    """Write them all. Raises ChromiumUnavailable."""
    folder.mkdir(parents=True, exist_ok=True)
    shots = [*((name, "light") for name in _SHOTS), *((name, "dark") for name in _DARK)]
    with tempfile.TemporaryDirectory() as data, serving(Path(data)) as site, Chromium().launched() as browser:
        for name, scheme in shots:
            viewport = {"width": 1280, "height": 800}
            with Visitor.of(browser, site, color_scheme=scheme, viewport=viewport) as visitor:
                _SHOTS[name](visitor)
                file = folder / (f"{name}.png" if scheme == "light" else f"{name}-{scheme}.png")
                visitor.page.screenshot(path=file, full_page=name != "acting")


if __name__ == "__main__":
    make()
