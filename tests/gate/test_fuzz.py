"""Consents as nobody should write them: in doubt, in bounded time, and never a crash."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from time import process_time
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.gate.consent import compile_consent
from adapter.gate.decide_file import decide_from_json
from adapter.gate.decision import Verdict
from adapter.gate.rules import release_rules
from tests.gate.builders import (
    ASKED,
    NOW,
    PSYKIATRI,
    REGION,
    Json,
    actor,
    block,
    bundle,
    care_plan,
    consent,
    decided,
    deny,
    goal,
    patient,
    permit,
    purposes,
    record_types,
)

FIVE_MEGABYTES = 5_000_000
DENSE = consent(
    permit(
        actor=[actor(REGION)],
        purpose=purposes("TREAT"),
        code=record_types("SIP", "AUDIT"),
        period={"start": "2024-01-01", "end": "2024-12-31"},
        provision=[deny(actor=[actor(PSYKIATRI)], period={"end": "2023"}, code=record_types("AUDIT"))],
    )
)


def verdict(*files: bytes) -> tuple[str, str]:
    answer = decide_from_json(ASKED, files, None, NOW, rules=release_rules())
    return answer["verdict"], answer["reason"]


@contextmanager
def in_bounded_time(seconds: float = 6.0) -> Iterator[None]:
    """Of the processor: several times what a slow one takes, and less than anything that grows with the square."""
    started = process_time()
    yield
    assert process_time() - started < seconds


def nested(depth: int, name: str, innermost: Any) -> Any:
    value = innermost
    for _ in range(depth):
        value = [{name: value}]
    return value


def of_r5() -> Json:
    """A Consent as R5 writes it: ``decision`` and ``subject`` instead of ``scope``, ``patient`` and the provision's type."""
    old = consent()
    return {
        "resourceType": "Consent",
        "id": "r5",
        "status": "active",
        "category": old["category"],
        "subject": old["patient"],
        "grantee": old["organization"],
        "controller": old["organization"],
        "decision": "permit",
        "provision": [{"purpose": purposes("TREAT")}],
    }


SHAPES: dict[str, object] = {
    "R5": of_r5(),
    "a patient": patient(),
    "a plan": care_plan(),
    "a permission": {"resourceType": "Permission", "status": "active", "combining": "permit-overrides"},
    "a contract": {"resourceType": "Contract", "status": "executed"},
    "no type": {"status": "active", "provision": permit()},
    "a type that is no text": {"resourceType": ["Consent"]},
    "a list": [consent()],
    "text": "Consent",
    "a number": 1,
    "nothing": None,
    "an empty object": {},
    "a bare Consent": {"resourceType": "Consent"},
    "a provision nested 50 deep": consent(permit(provision=nested(50, "provision", [deny()]))),
    "an extension nested 50 deep": consent(extension=nested(50, "extension", [])),
    "contained nested 50 deep": consent(contained=nested(50, "contained", [])),
    "an actor nested 50 deep": consent(permit(actor=nested(50, "reference", {}))),
    "a bundle in a bundle": bundle(bundle(consent()), {"resourceType": "Consent"}),
    "a bundle of anything": {"resourceType": "Bundle", "entry": [1, "x", None]},
    "a bundle without resources": {"resourceType": "Bundle", "entry": [{}, {"resource": []}]},
}


@pytest.mark.parametrize("name", SHAPES)
def test_another_shape_is_in_doubt_beside_any_permit(name: str) -> None:
    shape = SHAPES[name]
    assert verdict(orjson.dumps(consent(id="c2")), orjson.dumps(shape))[0] == "indeterminate"
    assert decided(consent(id="c2"), shape).verdict is Verdict.INDETERMINATE


LARGE: dict[str, object] = {
    "text": consent(text={"div": "x" * FIVE_MEGABYTES}),
    "one name": consent() | {"x" * FIVE_MEGABYTES: 1},
    "purposes": consent(permit(purpose=purposes("TREAT") * 60_000)),
    "actors": consent(permit(actor=[actor(REGION)] * 25_000)),
    "provisions": consent(permit(provision=[deny(code=record_types("AUDIT"))] * 50_000)),
    "contained": consent(contained=[{"resourceType": "Organization", "id": "o"}] * 120_000),
    "numbers": consent(text=[1] * (FIVE_MEGABYTES // 2)),
    "versions of one Consent": bundle(*[consent()] * 7_000),
    "Consents": bundle(*[consent(id=str(number)) for number in range(7_000)]),
    "agreements": bundle(*[consent(agreement=f"urn:agreement:{number}") for number in range(7_000)]),
    "empty entries": {"resourceType": "Bundle", "entry": [{}] * (FIVE_MEGABYTES // 3)},
}


@pytest.mark.parametrize("name", LARGE)
def test_five_megabytes_are_in_doubt_before_long(name: str) -> None:
    content = orjson.dumps(LARGE[name])
    assert len(content) > 0.8 * FIVE_MEGABYTES
    with in_bounded_time():
        assert verdict(content)[0] == "indeterminate"


@pytest.mark.parametrize("content", [b"[" * FIVE_MEGABYTES, b'{"a":' * 1_000_000, b"\xff" * FIVE_MEGABYTES])
def test_five_megabytes_that_are_no_json_are_in_doubt_before_long(content: bytes) -> None:
    with in_bounded_time():
        assert verdict(content) == ("indeterminate", "consent-unreadable")


def test_the_largest_consent_within_the_bounds_is_decided_before_long() -> None:
    dense = consent(
        permit(
            actor=[actor(REGION)] * 400,
            purpose=purposes("TREAT") * 400,
            provision=[deny(code=record_types("AUDIT"), period={"end": "2023"})] * 400,
        )
    )
    with in_bounded_time():
        assert verdict(orjson.dumps(dense))[0] == "permit"


def test_thousands_of_plans_without_their_consent_are_withheld_before_long() -> None:
    plans = [
        care_plan(str(number), status="active", goal=[{"reference": f"Goal/{number}"}])
        for number in range(3_000)
    ]
    records = orjson.dumps(bundle(*plans, *[goal(str(number)) for number in range(3_000)]))
    with in_bounded_time():
        answer = decide_from_json(ASKED, [orjson.dumps(consent())], records, NOW, rules=release_rules())
    assert (answer["reason"], answer["released"]) == ("sip-consent-missing", [])


@given(st.binary(max_size=400))
@settings(deadline=None)
def test_bytes_are_in_doubt(content: bytes) -> None:
    assert verdict(orjson.dumps(consent(id="c2")), content) == ("indeterminate", "consent-unreadable")


@given(st.data())
@settings(deadline=None)
def test_a_file_cut_or_changed_in_any_byte_never_crashes(data: st.DataObject) -> None:
    content = bytearray(orjson.dumps(DENSE))
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        assert verdict(bytes(content[:place])) == ("indeterminate", "consent-unreadable")
    content[place] = data.draw(st.integers(0, 255))
    assert verdict(bytes(content))[0] in {"permit", "deny", "indeterminate"}


garbage: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 1e300, "", "x", "permit", [], {}, [[]], [None], [{}], {"x": 1}, {"reference": "#"}]
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in parsed JSON: its holder, and the key there."""
    for key in (
        list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    ):
        yield value, key
        yield from places(value[key])


@given(st.data())
@settings(deadline=None, max_examples=300)
def test_garbage_in_any_place_never_crashes_and_a_block_stands(data: st.DataObject) -> None:
    broken = deepcopy(DENSE)
    holder, key = data.draw(st.sampled_from(list(places(broken))))
    holder[key] = data.draw(garbage)
    compile_consent(broken)
    assert decided(broken).verdict in Verdict
    assert decided(broken, block()).verdict is not Verdict.PERMIT
    assert verdict(orjson.dumps(broken), orjson.dumps(block()))[0] != "permit"
