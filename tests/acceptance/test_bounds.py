"""What is too large, too deep or meant to harm is refused at the socket, with a code and without a value."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.demonstration import Demonstration
from tests.acceptance.messages import JSON, XML, sip, sip_xml

pytestmark = pytest.mark.acceptance

PERSON = "191212121212"
DTD = b'<!DOCTYPE push [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def with_dtd() -> bytes:
    return sip_xml(PERSON, "SIP-bounds").replace(b"?>", b"?>" + DTD, 1)


def large() -> dict[str, Any]:
    return sip(PERSON, "SIP-bounds", "a" * 400_000)


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        pytest.param(large(), JSON, 413, "too-large", id="two megabytes"),
        pytest.param(b'{"a":' * 100_000, JSON, 400, "too-deep", id="deep JSON"),
        pytest.param(with_dtd(), XML, 400, "dtd-not-allowed", id="DTD"),
        pytest.param(b"{", JSON, 400, "not-json", id="half JSON"),
        pytest.param(b"kind: sip", "text/yaml", 415, "content-type-not-supported", id="YAML"),
    ],
)
def test_a_body_out_of_bounds_is_refused(
    demo: Demonstration, body: bytes | dict[str, Any], content_type: str, status: int, code: str
) -> None:
    answer = demo.push(body, content_type)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["code"] for error in answer.json()["errors"]] == [code]
    assert demo.is_ready()


def test_a_push_without_a_token_or_with_anothers_is_refused(demo: Demonstration) -> None:
    [url] = demo.info["channels"].values()
    assert demo.http.post(url, json=sip(PERSON, "SIP-bounds")).status_code == 401
    for client in ("region", "stranger"):
        foreign = demo.http.post(url, json=sip(PERSON, "SIP-bounds"), headers=demo.bearer(client))
        assert foreign.status_code == 403
