"""Keys that their owner publishes: fetched when they are needed, kept for a while when they cannot be had, then no longer."""

from __future__ import annotations

import asyncio
import base64
import gzip
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import orjson
import pytest
from joserfc.jwk import ECKey, Key, OctKey

from adapter.api.keys import FRESH_SECONDS, GRACE_SECONDS, REFETCH_SECONDS, PublishedKeys, usable_keys
from adapter.domain.errors import TokenRefused, Unreachable

URL = "https://idp.example.org/keys"
ONE = ECKey.generate_key("P-384", {"kid": "one"})
TWO = ECKey.generate_key("P-384", {"kid": "two"})


def jwks(*keys: Key) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False) for key in keys]}


class Publisher:
    """Whoever publishes keys: what is answered next, and how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.now = 1_000.0
        self.answer: Callable[[], httpx.Response] = lambda: httpx.Response(200, json=jwks(ONE))

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        assert str(request.url) == URL
        self.asked += 1
        await asyncio.sleep(0)
        return self.answer()

    def publish(self, *keys: Key, **headers: str) -> None:
        """Answer with these keys and headers (``_`` for a hyphen)."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer = lambda: httpx.Response(200, json=jwks(*keys), headers=named)

    def fail(self) -> None:
        """Answer 500."""
        self.answer = lambda: httpx.Response(500)


@pytest.fixture
def publisher() -> Publisher:
    return Publisher()


@pytest.fixture
async def keys(publisher: Publisher) -> AsyncIterator[PublishedKeys]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(publisher), follow_redirects=True) as client:
        yield PublishedKeys(URL, client, lambda: publisher.now)


async def refusal(keys: PublishedKeys, kid: str | None) -> str:
    with pytest.raises(TokenRefused) as caught:
        await keys.find(kid)
    return caught.value.code


async def test_keys_are_fetched_once_while_they_are_fresh(keys: PublishedKeys, publisher: Publisher) -> None:
    found = await asyncio.gather(*(keys.find("one") for _ in range(5)))
    assert {key.kid for key in found} == {"one"}
    publisher.now += FRESH_SECONDS - 1
    await keys.find("one")
    assert publisher.asked == 1
    publisher.now += 1
    await keys.find("one")
    assert publisher.asked == 2


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"cache_control": "max-age=60"}, 60),
        ({"cache_control": 'public, Max-Age="60"'}, 60),
        ({"cache_control": "max-age=60", "age": "20"}, 40),
        ({"cache_control": "max-age=9999999999999999"}, 86_400),
        ({"cache_control": "max-age=soon"}, FRESH_SECONDS),
        ({"cache_control": "no-store"}, REFETCH_SECONDS),
        ({"cache_control": "no-cache, max-age=60"}, REFETCH_SECONDS),
        ({"cache_control": "max-age=0"}, REFETCH_SECONDS),
    ],
)
async def test_cache_control_says_how_long_they_are_fresh(
    keys: PublishedKeys, publisher: Publisher, headers: dict[str, str], seconds: float
) -> None:
    publisher.publish(ONE, **headers)
    await keys.find("one")
    publisher.now += seconds - 1
    await keys.find("one")
    assert publisher.asked == 1
    publisher.now += 1
    await keys.find("one")
    assert publisher.asked == 2


async def test_a_new_kid_is_looked_for_at_once_and_an_unknown_one_not_again_and_again(
    keys: PublishedKeys, publisher: Publisher
) -> None:
    await keys.find("one")
    publisher.publish(ONE, TWO)
    assert await refusal(keys, "two") == "token-key"
    publisher.now += REFETCH_SECONDS
    assert (await keys.find("two")).kid == "two"
    assert publisher.asked == 2
    for _ in range(3):
        assert await refusal(keys, "three") == "token-key"
    publisher.now += REFETCH_SECONDS
    for _ in range(3):
        assert await refusal(keys, "three") == "token-key"
    assert publisher.asked == 3


async def test_a_key_that_is_withdrawn_verifies_no_more_once_the_set_is_fetched_anew(
    keys: PublishedKeys, publisher: Publisher
) -> None:
    publisher.publish(ONE, TWO)
    await keys.find("one")
    publisher.publish(TWO)
    publisher.now += FRESH_SECONDS
    assert await refusal(keys, "one") == "token-key"


async def test_the_last_keys_serve_for_an_hour_of_failures_then_nothing_does(
    keys: PublishedKeys, publisher: Publisher
) -> None:
    await keys.find("one")
    publisher.fail()
    publisher.now += FRESH_SECONDS + GRACE_SECONDS - 1
    assert (await keys.find("one")).kid == "one"
    publisher.now += 1
    with pytest.raises(Unreachable, match="keys-unreachable"):
        await keys.find("one")
    publisher.publish(ONE)
    publisher.now += REFETCH_SECONDS
    assert (await keys.find("one")).kid == "one"


def _never() -> httpx.Response:
    raise httpx.ConnectTimeout("no answer")


FAULTS: list[tuple[str, Callable[[], httpx.Response]]] = [
    ("an error", lambda: httpx.Response(503)),
    ("a redirect", lambda: httpx.Response(302, headers={"Location": "https://elsewhere.example.org/"})),
    ("no answer", _never),
    ("no JSON", lambda: httpx.Response(200, content=b"<html>")),
    ("a list", lambda: httpx.Response(200, json=[])),
    ("no keys", lambda: httpx.Response(200, json={"keys": []})),
    ("keys that cannot verify", lambda: httpx.Response(200, json=jwks(OctKey.generate_key(256)))),
    ("too much", lambda: httpx.Response(200, content=orjson.dumps(jwks(ONE)) + b" " * 65_536)),
    (
        "a compressed answer",
        lambda: httpx.Response(
            200,
            stream=httpx.ByteStream(gzip.compress(orjson.dumps(jwks(ONE)))),
            headers={"Content-Encoding": "gzip"},
        ),
    ),
]


@pytest.mark.parametrize("answer", [row[1] for row in FAULTS], ids=[row[0] for row in FAULTS])
async def test_without_a_key_set_nothing_is_verified(
    keys: PublishedKeys, publisher: Publisher, answer: Callable[[], httpx.Response]
) -> None:
    publisher.answer = answer
    for _ in range(3):
        with pytest.raises(Unreachable, match="keys-unreachable"):
            await keys.find("one")
    assert publisher.asked == 1


async def test_two_keys_with_one_kid_are_told_apart_by_nothing(
    keys: PublishedKeys, publisher: Publisher
) -> None:
    publisher.publish(ONE, ECKey.generate_key("P-384", {"kid": "one"}), TWO)
    assert await refusal(keys, "one") == "token-key"
    assert (await keys.find("two")).kid == "two"
    assert await refusal(keys, None) == "token-key"


def test_what_cannot_verify_is_passed_over() -> None:
    entries = [
        7,
        {"kty": "AKP", "kid": "later"},
        {"kty": "EC", "crv": "P-384"},
        OctKey.generate_key(256, {"kid": "secret"}).as_dict(),
        ECKey.generate_key("P-384", {"kid": "lost"}).as_dict(private=True),
        {"kty": "RSA", "kid": "short", "e": "AQAB", "n": base64.urlsafe_b64encode(b"\xff" * 128).decode()},
        {**TWO.as_dict(private=False), "use": "enc"},
        {**TWO.as_dict(private=False), "kid": 7},
        ONE.as_dict(private=False),
    ]
    assert [key.kid for key in usable_keys({"keys": entries})] == ["one"]
