"""The Parameters of ``$release-without-consent``: read strictly, every fault at once, never a value."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

import orjson
import pytest

from adapter.domain.errors import InputError
from adapter.domain.identity import HSA_ID, ORGANISATIONSNUMMER, PERSONNUMMER, Identifier, PersonId
from adapter.domain.records import RecordType
from adapter.fhir.json_reading import read_json
from adapter.fhir.release_operation import (
    LONGEST_REASON,
    StatedRelease,
    filed_release,
    parameter_path,
    read_release,
)

Json = dict[str, Any]

NUMBER: Final = "191212121212"
DAY: Final = date(2026, 11, 22)
PARAMETERS: Final[dict[str, Json]] = {
    "patient": {"valueIdentifier": {"system": PERSONNUMMER, "value": NUMBER}},
    "recipient": {"valueIdentifier": {"system": HSA_ID, "value": "SE2321000131-E0101"}},
    "recordType": {"valueCode": "AUDIT"},
    "ground": {"valueCode": "26:9-pregnancy"},
    "reason": {"valueString": "Vård som inte kan vänta"},
    "end": {"valueInstant": "2026-11-23T08:00:00+01:00"},
}


def body(*more: object, **changes: Json | None) -> bytes:
    """The Parameters, with some changed (None: left out) and more after them."""
    stated = {name: value for name, value in (PARAMETERS | changes).items() if value is not None}
    parameters = [{"name": name} | value for name, value in stated.items()]
    return orjson.dumps({"resourceType": "Parameters", "parameter": [*parameters, *more]})


def read(sent: bytes) -> StatedRelease:
    return read_release(read_json(sent, most=len(sent)), today=DAY)


def refused(sent: bytes) -> tuple[int, set[tuple[str, str]]]:
    with pytest.raises(InputError) as caught:
        read(sent)
    return caught.value.status, {(issue.path, issue.code) for issue in caught.value.issues}


def test_a_whole_one_is_read() -> None:
    more = (
        {"name": "recordType", "valueCode": "SIP"},
        {"name": "agreement", "valueUri": "https://example.org/a"},
    )
    assert read(body(*more)) == StatedRelease(
        person=PersonId(PERSONNUMMER, NUMBER),
        recipient=Identifier(HSA_ID, "SE2321000131-E0101"),
        record_types=frozenset({RecordType.AUDIT, RecordType.SIP}),
        ground="26:9-pregnancy",
        reason="Vård som inte kan vänta",
        ends_at=datetime(2026, 11, 23, 7, tzinfo=UTC),
        agreement="https://example.org/a",
    )


FAULTY: dict[str, tuple[Json, str]] = {
    "a number without a check digit": ({"patient": {"valueIdentifier": {"system": PERSONNUMMER, "value": "191212121213"}}}, "identity-check-digit"),
    "a number of no system": ({"patient": {"valueIdentifier": {"value": NUMBER}}}, "identity-system-unknown"),
    "a text for a number": ({"patient": {"valueIdentifier": NUMBER}}, "identity-system-unknown"),
    "an organisation for a unit": ({"recipient": {"valueIdentifier": {"system": ORGANISATIONSNUMMER, "value": "2321000131"}}}, "unit-unknown"),
    "a unit that is none": ({"recipient": {"valueIdentifier": {"system": HSA_ID, "value": "x"}}}, "organization-id-malformed"),
    "an unknown type": ({"recordType": {"valueCode": "Observation"}}, "value"),
    "a type that is no text": ({"recordType": {"valueCode": ["AUDIT"]}}, "value"),
    "a ground that is no text": ({"ground": {"valueCode": 1}}, "value"),
    "an empty reason": ({"reason": {"valueString": " \n"}}, "value"),
    "a reason that is no text": ({"reason": {"valueString": None}}, "value"),
    "a reason too long": ({"reason": {"valueString": "x" * (LONGEST_REASON + 1)}}, "value"),
    "a day for an instant": ({"end": {"valueInstant": "2026-11-23"}}, "value"),
    "an instant without a zone": ({"end": {"valueInstant": "2026-11-23T08:00:00"}}, "value"),
    "no instant": ({"end": {"valueInstant": "T"}}, "value"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "code"), FAULTY.values(), ids=FAULTY)
def test_a_faulty_value_is_named_by_its_parameter(change: Json, code: str) -> None:
    [name] = change
    assert refused(body(**change)) == (422, {(parameter_path(name), code)})


@pytest.mark.parametrize("name", PARAMETERS)
def test_what_is_needed_must_be_there(name: str) -> None:
    assert refused(body(**{name: None})) == (422, {(parameter_path(name), "required")})


@pytest.mark.parametrize("name", sorted(PARAMETERS.keys() - {"recordType"}))
def test_what_stands_once_stands_once(name: str) -> None:
    twice = {"name": name} | PARAMETERS[name]
    assert refused(body(twice)) == (422, {(parameter_path(name), "required")})


@pytest.mark.parametrize(
    ("parameter", "code"),
    [
        ({"name": "colour", "valueString": "red"}, "unknown-parameter"),
        ({"valueString": "red"}, "unknown-parameter"),
        ("reason", "unknown-parameter"),
        ({"name": ["reason"]}, "unknown-parameter"),
        ({"name": "agreement", "valueString": "x"}, "value"),
        ({"name": "agreement", "valueUri": "x", "modifierExtension": [{"url": "y"}]}, "value"),
    ],
)
def test_what_is_not_ours_is_refused_unseen(parameter: object, code: str) -> None:
    assert refused(body(parameter)) == (422, {("Parameters.parameter[6]", code)})


def test_no_more_than_the_most_is_looked_at() -> None:
    more = [{"name": "recordType", "valueCode": "AUDIT"}] * 45
    assert refused(body(*more)) == (422, {("Parameters.parameter", "too-many")})


@pytest.mark.parametrize("sent", [b"", b"{", b"[]", b"null", b'{"resourceType":"Bundle","parameter":[]}', b'{"resourceType":"Parameters"}', b"\xff"])  # fmt: skip
def test_what_is_no_parameters_resource_is_a_bad_request(sent: bytes) -> None:
    assert refused(sent)[0] == 400


def test_several_faults_are_named_at_once() -> None:
    _, issues = refused(body(end={"valueInstant": "x"}, reason={"valueString": ""}))
    assert issues == {(parameter_path("end"), "value"), (parameter_path("reason"), "value")}


def test_the_answer_says_what_was_filed_but_not_of_whom_nor_why() -> None:
    stated = read(body())
    answer = filed_release("r1", stated, "https://example.org/a", datetime(2026, 11, 22, 12, tzinfo=UTC))
    assert NUMBER.encode() not in answer
    assert stated.reason.encode() not in answer
    shown = {
        one["name"]: value
        for one in orjson.loads(answer)["parameter"]
        for key, value in one.items()
        if key != "name"
    }
    assert shown == {
        "id": "r1",
        "agreement": "https://example.org/a",
        "recipient": {"system": HSA_ID, "value": "SE2321000131-E0101"},
        "recordType": "AUDIT",
        "ground": "26:9-pregnancy",
        "start": "2026-11-22T12:00:00.000Z",
        "end": "2026-11-23T07:00:00.000Z",
    }


def test_nothing_of_it_shows_in_a_traceback() -> None:
    stated = read(body())
    assert NUMBER not in repr(stated)
    assert stated.reason not in repr(stated)
