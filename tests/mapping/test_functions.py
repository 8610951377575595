"""The named functions: what each gives, and how each refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from adapter.domain.agreement import Agreement, Party, Unit
from adapter.domain.errors import Issue, MappingError
from adapter.domain.identity import HSA_ID, ORGANISATIONSNUMMER, PERSONNUMMER, SAMORDNINGSNUMMER, Identifier
from tests.mapping.compiled import CONTEXT, apply, out, push_mapping


@pytest.mark.parametrize(
    ("function", "value", "expected"),
    [
        ("date", "20261116", "2026-11-16"),
        ("date", "20261115233000+0000", "2026-11-16"),
        ("date", "2026-11-15T23:30:00Z", "2026-11-16"),
        ("date", "202611", "2026-11"),
        ("date", "2026-11-16", "2026-11-16"),
        ("date_time", "20260716093000", "2026-07-16T09:30:00+02:00"),
        ("date_time", "20261116093000.1234", "2026-11-16T09:30:00+01:00"),
        ("date_time", "202611160930+0000", "2026-11-16T09:30:00+00:00"),
        ("date_time", "20260329023000", "2026-03-29T03:30:00+02:00"),
        ("date_time", "2026-11-16T09:30", "2026-11-16T09:30:00+01:00"),
        ("date_time", "2026-11-16T09:30:00Z", "2026-11-16T09:30:00Z"),
        ("date_time", "2026-11-16 09:30", "2026-11-16T09:30:00+01:00"),
        ("date_time", "2026", "2026"),
        ("integer", "07", 7),
        ("integer", "3.0", 3),
        ("integer", 4, 4),
        ("integer", "17,0", 17),
        ("decimal", "2,5", 2.5),
        ("decimal", "-0.25", -0.25),
        ("decimal", 3, 3.0),
        ("text", 5, "5"),
        ("text", True, "true"),
        ("narrative", "<b> & å", {
            "status": "generated",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml">&lt;b&gt; &amp; å</div>',
        }),
        ("person_identifier", "19121212-1212", {"system": PERSONNUMMER, "value": "191212121212"}),
        ("person_identifier", "196109732393", {"system": SAMORDNINGSNUMMER, "value": "196109732393"}),
        ("person_number", "121212+1212", "191212121212"),
        ("organization_identifier", "212000-1553", {"system": ORGANISATIONSNUMMER, "value": "2120001553"}),
        ("organization_identifier", "SE2120001553-1001", {"system": HSA_ID, "value": "SE2120001553-1001"}),
    ],
)  # fmt: skip
def test_function(function: str, value: Any, expected: Any) -> None:
    assert out(f"{{from: v, using: {function}}}", {"v": value}) == expected


@pytest.mark.parametrize(
    ("function", "value", "code"),
    [
        ("date", "20261316", "date-malformed"),
        ("date", "16/11/2026", "date-malformed"),
        ("date_time", "2026-11-16T25:00:00Z", "date-malformed"),
        ("date_time", "2026111609", "date-malformed"),
        ("integer", "three", "not-an-integer"),
        ("integer", "2.5", "not-an-integer"),
        ("integer", "2,5", "not-an-integer"),
        ("decimal", "1 234,5", "not-a-decimal"),
        ("decimal", "1.234,5", "not-a-decimal"),
        ("decimal", True, "not-a-decimal"),
        ("integer", True, "not-an-integer"),
        ("person_identifier", "191212121213", "identity-check-digit"),
        ("organization_identifier", "2120001554", "organization-id-check-digit"),
    ],
)
def test_a_value_that_a_function_cannot_take_is_refused(function: str, value: Any, code: str) -> None:
    with pytest.raises(MappingError) as caught:
        out(f"{{from: v, using: {function}, default: d, required: true}}", {"v": value})
    assert caught.value.issues == (Issue("v", code),)


@pytest.mark.parametrize(("tree", "expected"), [({"l": [{"n": 1}, {"n": "2"}]}, 3), ({"l": []}, None)])
def test_sum(tree: dict[str, Any], expected: int | None) -> None:
    assert out("{from: l.n, using: sum}", tree) == expected


UNIT = Unit("ifo", "IFO öppenvård", Identifier(HSA_ID, "SE2120001553-1001"))
PARTY = Party(
    "kommun",
    "Alingsås kommun",
    "kommun",
    (Identifier(ORGANISATIONSNUMMER, "2120001553"),),
    (UNIT,),
    frozenset(),
)
AGREEMENT = Agreement(
    "https://w3id.org/sambro/agreement/example",
    "Exempel",
    "1",
    date(2026, 1, 1),
    date(2027, 1, 1),
    24,
    True,
    (PARTY,),
    (),
    (),
    (),
)
OF_UNIT = {
    "type": "Organization",
    "identifier": {"system": HSA_ID, "value": "SE2120001553-1001"},
    "display": "IFO öppenvård",
}
OF_PARTY = {
    "type": "Organization",
    "identifier": {"system": ORGANISATIONSNUMMER, "value": "2120001553"},
    "display": "Alingsås kommun",
}
OF_PERSON = {"system": PERSONNUMMER, "value": "191212121212"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("{using: subject}", {"type": "Patient", "identifier": OF_PERSON}),
        ("{using: subject_identifier}", OF_PERSON),
        ("{using: subject_number}", "191212121212"),
        ("{using: sender_reference}", OF_PARTY),
        ("{using: unit_reference}", OF_UNIT),
        ("{using: agreement}", "https://w3id.org/sambro/agreement/example"),
        ("{using: received_at}", "2026-11-16T09:15:00.000Z"),
        ("{from: unit, using: organization_reference}", OF_UNIT),
        ("{from: party, using: organization_reference}", OF_PARTY),
    ],
)
def test_what_the_context_gives(rule: str, expected: Any) -> None:
    context = replace(CONTEXT, agreement=AGREEMENT, sender=PARTY, unit=UNIT)
    tree = {"unit": "SE2120001553-1001", "party": "212000-1553"}
    assert apply(push_mapping(rule), tree, context).body["out"] == expected


@pytest.mark.parametrize(
    "function", ["subject", "subject_identifier", "subject_number", "sender_reference", "unit_reference"]
)
def test_what_the_context_lacks_is_left_out_or_has_a_default(function: str) -> None:
    context = replace(CONTEXT, person=None)
    mapping = push_mapping(f"[{{using: {function}}}, {{using: {function}, default: none}}]")
    assert apply(mapping, {}, context).body == {"out": ["none"]}


def test_an_unknown_organisation_has_no_name() -> None:
    assert out("{from: v, using: organization_reference}", {"v": "232100-0131"}) == {
        "type": "Organization",
        "identifier": {"system": ORGANISATIONSNUMMER, "value": "2321000131"},
    }
