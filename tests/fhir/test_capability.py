"""The CapabilityStatement promises what the table of search parameters holds."""

from __future__ import annotations

import json
from datetime import date
from importlib.resources import files

from adapter.fhir.capability import capability_statement
from adapter.fhir.models import check_r4b
from adapter.fhir.release_operation import VALUES
from adapter.fhir.search_parameters import SEARCH_PARAMETERS

SERVED = {
    ("POST", "$confirm-receipt"),
    ("POST", "$release-without-consent"),
    ("POST", "{type}/_search"),
    ("GET", "{type}/{id}"),
    ("POST", "Consent"),
    ("PUT", "Consent/{id}"),
    ("GET", "Consent/{id}/_history/{version}"),
}
STATEMENT = capability_statement(
    "https://sambro.example/fhir", SERVED, version="0.1.0", published=date(2026, 11, 16)
)


def test_it_is_good_fhir_of_r4() -> None:
    assert check_r4b(STATEMENT) == ()
    assert (STATEMENT["fhirVersion"], STATEMENT["kind"], STATEMENT["format"]) == (
        "4.0.1",
        "instance",
        ["json", "xml", "application/fhir+json", "application/fhir+xml"],
    )


def test_each_searchable_type_can_be_read_and_searched() -> None:
    resources = STATEMENT["rest"][0]["resource"]
    assert [resource["type"] for resource in resources] == list(SEARCH_PARAMETERS)
    for resource in resources:
        codes = {interaction["code"] for interaction in resource["interaction"]}
        assert codes >= {"read", "search-type"}
        assert (resource["type"] == "Consent") == bool(codes & {"create", "vread", "update"})


def test_what_can_be_included_is_said() -> None:
    resources = STATEMENT["rest"][0]["resource"]
    assert {one["type"]: one["searchInclude"] for one in resources if "searchInclude" in one} == {
        "CarePlan": ["CarePlan:goal", "CarePlan:care-team"],
        "Task": ["Task:based-on", "Task:focus"],
    }
    assert {one["type"]: one["searchRevInclude"] for one in resources if "searchRevInclude" in one} == {
        "CarePlan": ["Task:based-on", "Task:focus"],
        "Goal": ["CarePlan:goal"],
        "CareTeam": ["CarePlan:care-team"],
    }


def test_a_consent_is_filed_and_changed_by_version() -> None:
    [consent] = [one for one in STATEMENT["rest"][0]["resource"] if one["type"] == "Consent"]
    assert {interaction["code"] for interaction in consent["interaction"]} == {
        "create",
        "read",
        "vread",
        "update",
        "search-type",
    }
    assert (consent["versioning"], consent["conditionalCreate"], consent["updateCreate"]) == (
        "versioned-update",
        True,
        False,
    )


def test_each_parameter_is_named_once_with_its_definition() -> None:
    for resource in STATEMENT["rest"][0]["resource"]:
        names = [parameter["name"] for parameter in resource["searchParam"]]
        assert len(names) == len(set(names))
        assert "_id" in names
        assert ("_lastUpdated" in names) is (resource["type"] == "Consent")
        assert all(
            parameter["definition"].startswith("http://hl7.org/fhir/SearchParameter/")
            for parameter in resource["searchParam"]
        )


def test_the_operations_of_the_whole_endpoint_are_named_with_their_definitions() -> None:
    operations = STATEMENT["rest"][0]["operation"]
    assert {operation["name"]: operation["definition"] for operation in operations} == {
        name: f"https://w3id.org/sambro/fhir/OperationDefinition/{name}"
        for name in ("confirm-receipt", "release-without-consent")
    }


def test_the_definitions_of_our_operations_are_shipped_and_take_what_is_read() -> None:
    definitions = files("fhir_profiles") / "definitions"
    taken: dict[str, dict[str, str]] = {}
    for operation in STATEMENT["rest"][0]["operation"]:
        file = definitions / f"OperationDefinition-{operation['name']}.json"
        shipped = json.loads(file.read_text(encoding="utf-8"))
        assert shipped["url"] == operation["definition"]
        assert check_r4b(shipped) == ()
        parameters = (it for it in shipped["parameter"] if it["use"] == "in")
        taken[operation["name"]] = {
            it["name"]: f"value{it['type'][0].upper()}{it['type'][1:]}" for it in parameters
        }
    assert taken == {"confirm-receipt": {"answer": "valueIdentifier"}, "release-without-consent": VALUES}
