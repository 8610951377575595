"""The console as an admin's browser without JavaScript sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx
from lxml import html

from tests.acceptance.demonstration import Demonstration

_MESSAGE: Final = re.compile(r'href="[^"]*(messages/[^"?]+)"')


@contextmanager
def signed_in(demo: Demonstration) -> Iterator[httpx.Client]:
    """A browser with a session, its base the console's address."""
    console = demo.info["console"]
    with httpx.Client(base_url=f"{console['url']}/", timeout=20, follow_redirects=True) as browser:
        form = html.fromstring(browser.get("sign-in").raise_for_status().text).forms[0]
        form.fields["name"], form.fields["password"] = console["user"], console["password"]
        landed = browser.post("sign-in", data=dict(form.form_values())).raise_for_status()
        assert not landed.url.path.endswith("sign-in")
        yield browser


def pages(demo: Demonstration) -> list[bytes]:
    """The first pages of the list, each message's own page, and the live tail."""
    with signed_in(demo) as browser:
        first = browser.get("").raise_for_status()
        details = dict.fromkeys(_MESSAGE.findall(first.text))
        assert details
        return [first.content, *(browser.get(path).raise_for_status().content for path in (*details, "live"))]
