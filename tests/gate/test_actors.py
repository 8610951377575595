"""Whom a reference names, and whether a side of the request is that one: yes, no, or it cannot be told."""

from __future__ import annotations

from typing import Any

import pytest

from adapter.domain.identity import HSA_ID, ORGANISATIONSNUMMER, Identifier
from adapter.gate.actors import Context, Target, all_of, any_of, read_target
from adapter.gate.consent import compile_consent
from adapter.gate.reading import Node
from adapter.gate.request import Code, Side
from tests.gate.builders import (
    KOMMUN,
    NURSE,
    NURSE_ROLE,
    PSYKIATRI,
    REGION,
    REGION_HSA,
    STRANGER,
    VARDCENTRAL,
    Json,
    coding,
    concept,
    consent,
    permit,
)

OTHER_SYSTEM = Identifier("urn:x", "1")
OTHER_ROLE: Code = ("http://snomed.info/sct", "59058001")
FOREIGN_ROLE: Code = ("urn:roles", "1")
WHOLE = Side(frozenset({REGION, REGION_HSA}), PSYKIATRI, NURSE, frozenset({NURSE_ROLE}))
NO_UNIT = Side(frozenset({REGION, REGION_HSA}))
ONLY_NUMBER = Side(frozenset({REGION}))


def organization(*identifiers: Identifier) -> Target:
    return Target(organization=frozenset(identifiers))


def person(*identifiers: Identifier) -> Target:
    return Target(practitioner=frozenset(identifiers))


def role(*codes: Code) -> Target:
    return Target(roles=frozenset(codes))


@pytest.mark.parametrize(
    ("target", "side", "matches"),
    [
        (organization(REGION), WHOLE, True),
        (organization(REGION_HSA), WHOLE, True),
        (organization(PSYKIATRI), WHOLE, True),
        (organization(VARDCENTRAL), WHOLE, False),
        (organization(STRANGER, PSYKIATRI), WHOLE, True),
        (organization(VARDCENTRAL), NO_UNIT, None),
        (organization(KOMMUN), NO_UNIT, False),
        (organization(STRANGER), ONLY_NUMBER, None),
        (organization(KOMMUN, VARDCENTRAL), NO_UNIT, None),
        (organization(VARDCENTRAL), Side(frozenset({REGION_HSA}), OTHER_SYSTEM), None),
        (organization(OTHER_SYSTEM), WHOLE, None),
        (person(NURSE), WHOLE, True),
        (person(STRANGER), WHOLE, False),
        (person(STRANGER, NURSE), WHOLE, True),
        (person(OTHER_SYSTEM), WHOLE, None),
        (person(STRANGER, OTHER_SYSTEM), WHOLE, None),
        (person(NURSE), NO_UNIT, None),
        (person(PSYKIATRI), WHOLE, False),
        (role(NURSE_ROLE), WHOLE, True),
        (role(NURSE_ROLE, OTHER_ROLE), WHOLE, True),
        (role(OTHER_ROLE), WHOLE, False),
        (role(FOREIGN_ROLE), WHOLE, None),
        (role(OTHER_ROLE, FOREIGN_ROLE), WHOLE, None),
        (role(NURSE_ROLE), NO_UNIT, None),
        (Target(anyone=frozenset({NURSE})), WHOLE, True),
        (Target(anyone=frozenset({PSYKIATRI})), WHOLE, True),
        (Target(anyone=frozenset({REGION})), WHOLE, True),
        (Target(anyone=frozenset({STRANGER})), WHOLE, False),
        (Target(is_relative=True), WHOLE, False),
        (Target(is_relative=True, organization=frozenset({REGION})), WHOLE, False),
        (Target(organization=frozenset({REGION}), roles=frozenset({NURSE_ROLE})), WHOLE, True),
        (Target(organization=frozenset({STRANGER}), roles=frozenset({NURSE_ROLE})), WHOLE, False),
        (Target(organization=frozenset({REGION}), practitioner=frozenset({STRANGER})), WHOLE, False),
        (Target(organization=frozenset({REGION}), roles=frozenset({FOREIGN_ROLE})), WHOLE, None),
    ],
)  # fmt: skip
def test_whether_a_side_is_the_one_named(target: Target, side: Side, matches: bool | None) -> None:
    assert target.matches(side) is matches


@pytest.mark.parametrize(
    ("target", "within"),
    [
        (organization(PSYKIATRI), True),
        (organization(VARDCENTRAL), False),
        (organization(REGION), False),
        (organization(REGION, PSYKIATRI), False),
        (Target(anyone=frozenset({PSYKIATRI})), True),
        (Target(anyone=frozenset({REGION})), False),
        (person(NURSE), True),
        (person(STRANGER), False),
        (person(OTHER_SYSTEM), None),
        (Target(organization=frozenset({REGION}), practitioner=frozenset({NURSE})), True),
        (role(NURSE_ROLE), False),
        (Target(organization=frozenset({REGION}), roles=frozenset({NURSE_ROLE})), False),
        (Target(is_relative=True), False),
    ],
)  # fmt: skip
def test_whether_a_unit_or_a_person_is_named_and_not_merely_the_organisation(
    target: Target, within: bool | None
) -> None:
    assert target.names_within(WHOLE) is within


@pytest.mark.parametrize(
    ("claims", "all_hold", "any_holds"),
    [
        ([], True, False),
        ([True, True], True, True),
        ([True, False], False, True),
        ([False, False], False, False),
        ([True, None], None, True),
        ([None, True], None, True),
        ([None, False], False, None),
        ([False, None], False, None),
        ([None, None], None, None),
    ],
)  # fmt: skip
def test_what_cannot_be_told_stays_so_unless_another_claim_settles_it(
    claims: list[bool | None], all_hold: bool | None, any_holds: bool | None
) -> None:
    assert all_of(*claims) is all_hold
    assert any_of(claims) is any_holds


def practitioner_role(**elements: Any) -> Json:
    return {
        "resourceType": "PractitionerRole",
        "organization": {"type": "Organization", "identifier": REGION.as_fhir()},
    } | elements


FOUND: dict[str, Json] = {
    "o": {"resourceType": "Organization", "identifier": [REGION.as_fhir(), REGION_HSA.as_fhir()]},
    "p": {"resourceType": "Practitioner", "identifier": [NURSE.as_fhir()]},
    "relative": {"resourceType": "RelatedPerson", "identifier": [NURSE.as_fhir()]},
    "empty": {"resourceType": "Organization", "identifier": [{"system": "urn:x"}, {"value": "1"}]},
    "modified": {"resourceType": "Organization", "identifier": [REGION.as_fhir()], "modifierExtension": [{"url": "urn:x"}]},
    "unmodified": {"resourceType": "Organization", "identifier": [REGION.as_fhir()], "modifierExtension": []},
    "device": {"resourceType": "Device", "identifier": [REGION.as_fhir()]},
    "role": practitioner_role(practitioner={"type": "Practitioner", "identifier": NURSE.as_fhir()}, code=[concept(*NURSE_ROLE), {"coding": [coding(*OTHER_ROLE)]}]),
    "by-kindless": practitioner_role(organization={"identifier": REGION.as_fhir()}),
    "by-literal": practitioner_role(organization={"reference": "#o"}, practitioner={"reference": "#p"}),
    "crossed": practitioner_role(organization={"reference": "#p"}),
    "crossed-back": practitioner_role(organization=None, practitioner={"reference": "#o"}),
    "ended": practitioner_role(active=False),
    "bare": {"resourceType": "PractitionerRole"},
    "only-person": {"resourceType": "PractitionerRole", "practitioner": {"reference": "#p"}},
    "only-code": {"resourceType": "PractitionerRole", "code": [concept(*NURSE_ROLE)]},
}  # fmt: skip


@pytest.mark.parametrize(
    ("reference", "target"),
    [
        ({"identifier": REGION.as_fhir()}, Target(anyone=frozenset({REGION}))),
        ({"type": "Organization", "identifier": REGION.as_fhir()}, organization(REGION)),
        ({"type": "Practitioner", "identifier": NURSE.as_fhir()}, person(NURSE)),
        ({"type": "Patient", "identifier": NURSE.as_fhir()}, Target(is_relative=True)),
        ({"type": "RelatedPerson"}, Target(is_relative=True)),
        ({"reference": "#p", "type": "Organization", "identifier": REGION.as_fhir()}, organization(REGION)),
        ({"reference": "#o"}, organization(REGION, REGION_HSA)),
        ({"reference": "#p"}, person(NURSE)),
        ({"reference": "#relative"}, Target(is_relative=True)),
        ({"reference": "#unmodified"}, organization(REGION)),
        ({"reference": "#role"}, Target(organization=frozenset({REGION}), practitioner=frozenset({NURSE}), roles=frozenset({NURSE_ROLE, OTHER_ROLE}))),
        ({"reference": "#by-kindless"}, organization(REGION)),
        ({"reference": "#by-literal"}, Target(organization=frozenset({REGION, REGION_HSA}), practitioner=frozenset({NURSE}))),
        ({"reference": "#only-person"}, person(NURSE)),
        ({"reference": "#only-code"}, role(NURSE_ROLE)),
    ],
)  # fmt: skip
def test_a_reference_resolves(reference: Json, target: Target) -> None:
    node = Node(reference, "actor", [])
    assert read_target(node, Context(FOUND)) == target
    assert node.faults == []


@pytest.mark.parametrize(
    ("reference", "fault"),
    [
        ({}, ("actor", "actor-unresolved")),
        ({"type": "Organization"}, ("actor", "actor-unresolved")),
        ({"type": "Practitioner"}, ("actor", "actor-unresolved")),
        ({"type": "Device", "identifier": REGION.as_fhir()}, ("actor", "actor-unresolved")),
        ({"identifier": {"system": HSA_ID}}, ("actor", "actor-unresolved")),
        ({"identifier": {"value": "1"}}, ("actor", "actor-unresolved")),
        ({"reference": "#nobody"}, ("actor", "actor-unresolved")),
        ({"reference": "o"}, ("actor", "actor-unresolved")),
        ({"reference": 1}, ("actor.reference", "consent-unreadable")),
        ({"reference": "#o", "identifier": {}}, ("actor", "actor-unresolved")),
        ({"reference": "#empty"}, ("actor", "actor-unresolved")),
        ({"reference": "#device"}, ("actor", "actor-unresolved")),
        ({"reference": "#modified"}, ("actor", "element-not-evaluated")),
        ({"reference": "#crossed"}, ("actor.organization", "actor-unresolved")),
        ({"reference": "#crossed-back"}, ("actor.practitioner", "actor-unresolved")),
        ({"reference": "#ended"}, ("actor", "actor-unresolved")),
        ({"reference": "#bare"}, ("actor", "actor-unresolved")),
        ({"type": "Organization", "identifier": REGION.as_fhir(), "extension": [], "where": 1}, ("actor.where", "element-not-evaluated")),
    ],
)  # fmt: skip
def test_a_reference_that_does_not_resolve_is_noted_where_it_stands(
    reference: Json, fault: tuple[str, str]
) -> None:
    node = Node(reference, "actor", [])
    read_target(node, Context(FOUND))
    assert fault in {(issue.path, issue.code) for issue in node.faults}


@pytest.mark.parametrize(
    ("system", "value", "identifier"),
    [
        (ORGANISATIONSNUMMER, "232100-0131", REGION),
        (ORGANISATIONSNUMMER.removeprefix("urn:oid:"), "2321000131", REGION),
        (HSA_ID.removeprefix("urn:oid:"), "not one", Identifier(HSA_ID, "not one")),
        (HSA_ID, "not one", Identifier(HSA_ID, "not one")),
        ("urn:x", "1", OTHER_SYSTEM),
    ],
)
def test_identifiers_compare_in_their_canonical_form(system: str, value: str, identifier: Identifier) -> None:
    node = Node({"identifier": {"system": system, "value": value}}, "actor", [])
    assert read_target(node, Context()) == Target(anyone=frozenset({identifier}))


BUNDLED = {
    "https://x.org/fhir/Organization/1": {"resourceType": "Organization", "identifier": [REGION.as_fhir()]},
    "ftp://x.org/fhir/Organization/1": {"resourceType": "Organization", "identifier": [REGION.as_fhir()]},
    "urn:uuid:1": {"resourceType": "Organization", "identifier": [KOMMUN.as_fhir()]},
}


@pytest.mark.parametrize(
    ("literal", "full_url", "named"),
    [
        ("urn:uuid:1", "", KOMMUN),
        ("urn:uuid:1", "https://x.org/fhir/Consent/c1", KOMMUN),
        ("https://x.org/fhir/Organization/1", "", REGION),
        ("Organization/1", "https://x.org/fhir/Consent/c1", REGION),
        ("Organization/1", "", None),
        ("Organization/1", "https://y.org/fhir/Consent/c1", None),
        ("Organization/1", "https://x.org/fhir/Consent/c2", None),
        ("Organization/1", "https://x.org/fhir/", None),
        ("Organization/1", "ftp://x.org/fhir/Consent/c1", None),
        ("Organization/1", "urn:uuid:c1", None),
        ("Organization/2", "https://x.org/fhir/Consent/c1", None),
    ],
)  # fmt: skip
def test_references_resolve_in_the_bundle_by_full_url_relative_ones_against_the_consents_own(
    literal: str, full_url: str, named: Identifier | None
) -> None:
    sent = consent(permit(), organization=[{"reference": literal}])
    compiled = compile_consent(sent, bundle=BUNDLED, full_url=full_url)
    assert compiled.senders == (() if named is None else (organization(named),))
    assert bool(compiled.faults) is (named is None)
