"""What is read of a Bundle that a side's own system pushes, and what is refused by its place and code."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any, Final

import pytest

from adapter.domain.errors import InputError
from adapter.mapping import native
from adapter.mapping.evaluation import MappingContext
from adapter.mapping.source import Source
from tests.exchange.bodies import OTHER, TOLVAN, Json
from tests.exchange.fakes import NOW
from tests.exchange.fhir_bundles import (
    BAND,
    CATALOG,
    JSON,
    PLAN,
    R,
    bundle,
    example,
    message,
    reader,
    with_patient,
)
from tests.exchange.parties import person


def refused(body: Json) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        reader().read(json.dumps(body).encode(), JSON)
    assert caught.value.status == 422
    return [(issue.path, issue.code) for issue in caught.value.issues]


@pytest.mark.parametrize(
    ("identifiers", "codes"),
    [
        ([("https://kommun.example/org", "12")], []),
        ([("urn:oid:2.5.4.97", "2321000131")], ["sender-ambiguous"]),
    ],
)
def test_an_organisation_that_sends_has_one_number_whatever_its_systems_call_it(
    identifiers: list[tuple[str, str]], codes: list[str]
) -> None:
    body = message(bundle(*PLAN))
    stated = body["entry"][-1]["resource"]["identifier"]
    stated[:0] = [{"system": system, "value": value} for system, value in identifiers]
    if codes:
        assert refused(body) == [("Bundle.entry[0].resource.sender", code) for code in codes]
    else:
        sender = reader().read(json.dumps(body).encode(), JSON).sender
        assert sender is not None
        assert sender.value == "2120001553"


def _without_problem(body: Json) -> None:
    del body["entry"][0]["resource"]["description"]


def _without_goals(body: Json) -> None:
    del body["entry"][1:3]
    body["entry"][0]["resource"]["goal"] = [{"display": "x"}]


def _without_a_long_goal(body: Json) -> None:
    body["entry"][2]["resource"]["category"] = body["entry"][1]["resource"]["category"]


def _without_region(body: Json) -> None:
    del body["entry"][0]["resource"]["activity"][1]


def _without_team(body: Json) -> None:
    del body["entry"][3]


def _other_person(body: Json) -> None:
    body["entry"][1]["resource"]["subject"]["identifier"]["value"] = OTHER


NOT: Final = {"url": "https://kommun.example/not", "valueBoolean": True}


def _no_identifier(body: Json) -> None:
    del body["identifier"]


def _means_otherwise(body: Json) -> None:
    body["entry"][1]["resource"]["target"][0]["modifierExtension"] = [NOT]


def _means_otherwise_beside(body: Json) -> None:
    with_patient(body)["entry"][-1]["resource"]["modifierExtension"] = [NOT]


def _own_rules(body: Json) -> None:
    body["implicitRules"] = "https://kommun.example/rules"


def _contains(body: Json) -> None:
    plan = body["entry"][0]["resource"]
    plan["contained"] = [{"resourceType": "Organization", "id": "o", "name": "Vård"}]
    plan["contributor"] = [{"reference": "#o"}]


def _deletes(body: Json) -> None:
    body["entry"][0]["request"]["method"] = "DELETE"


def _conditional(body: Json) -> None:
    body["entry"][0]["request"]["ifNoneExist"] = "identifier=1"


def _led_out(body: Json) -> None:
    body["entry"][0]["resource"]["author"] = {"reference": "Practitioner/9"}


def _batch(body: Json) -> None:
    body["type"] = "batch"


def _second_plan(body: Json) -> None:
    second = deepcopy(body["entry"][0])
    second["fullUrl"] += "-2"
    second["resource"]["identifier"][0]["value"] = "other"
    body["entry"].append(second)


def _with_consent(body: Json) -> None:
    entry = bundle("Consent-waiver")["entry"][0]
    entry["resource"]["patient"] = body["entry"][0]["resource"]["subject"]
    body["entry"].append(entry)


def _wrong_number(body: Json) -> None:
    for entry in body["entry"]:
        entry["resource"]["subject"]["identifier"]["value"] = f"{TOLVAN[:-1]}3"


def _many_names(body: Json) -> None:
    body["entry"][0]["resource"]["identifier"] *= 21


def _many_entries(body: Json) -> None:
    for number in range(500):
        copied = deepcopy(body["entry"][1])
        copied["fullUrl"] += str(number)
        body["entry"].append(copied)


FAULTS: Final[dict[Callable[[Json], None], tuple[str, str]]] = {
    _without_problem: (R.format(0), "sip-content-1"),
    _without_goals: (R.format(0), "sip-content-1"),
    _without_a_long_goal: (f"{R.format(0)}.goal", "sip-content-1"),
    _without_region: (R.format(0), "sip-content-2"),
    _without_team: (f"{R.format(0)}.careTeam[0]", "reference-not-in-bundle"),
    _other_person: (R.format(1), "other-person"),
    _no_identifier: ("Bundle.identifier.system", "required"),
    _means_otherwise: (f"{R.format(1)}.target[0].modifierExtension", "modifier-not-supported"),
    _means_otherwise_beside: (f"{R.format(4)}.modifierExtension", "modifier-not-supported"),
    _own_rules: ("Bundle.implicitRules", "modifier-not-supported"),
    _contains: (f"{R.format(0)}.contained", "contained-not-supported"),
    _deletes: ("Bundle.entry[0].request.method", "method-not-supported"),
    _conditional: ("Bundle.entry[0].request.ifNoneExist", "condition-not-supported"),
    _led_out: (f"{R.format(0)}.author", "reference-not-in-bundle"),
    _batch: ("Bundle.type", "bundle-type-not-supported"),
    _second_plan: ("Bundle.entry", "several-records"),
    _with_consent: (R.format(4), "consent-not-here"),
    _many_names: (f"{R.format(0)}.identifier", "too-many-values"),
    _many_entries: ("Bundle.entry", "too-many-values"),
    _wrong_number: (f"{R.format(0)}.subject", "identity-check-digit"),
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_what_is_wrong_is_refused_by_place_and_code(fault: Callable[[Json], None]) -> None:
    body = bundle(*PLAN)
    fault(body)
    assert FAULTS[fault] in refused(body)


def test_a_resource_in_place_of_a_bundle_is_told_so() -> None:
    assert refused(bundle(*PLAN)["entry"][1]["resource"]) == [("Bundle", "bundle-required")]


PLACES: Final = (
    "entry",
    "type",
    "meta",
    "entry.0",
    "entry.0.fullUrl",
    "entry.0.resource",
    "entry.0.resource.resourceType",
    "entry.0.resource.meta",
    "entry.0.resource.meta.profile",
    "entry.0.resource.meta.profile.0",
    "entry.0.resource.meta.security",
    "entry.0.resource.contained",
    "entry.0.resource.identifier",
    "entry.0.resource.subject",
)


@pytest.mark.parametrize("path", PLACES)
def test_no_shape_breaks_the_reader(path: str) -> None:
    *holders, name = (int(step) if step.isdigit() else step for step in path.split("."))
    outcomes: set[int] = set()
    for value in (None, 1, "x", [], {}, [1], {"x": 1}):
        body = bundle("Observation-audit-result")
        body["entry"][0]["resource"]["meta"] = {"profile": ["https://kommun.example/own"]}
        place: Any = body
        for holder in holders:
            place = place[holder]
        place[name] = value
        outcomes.add(_status(body))
    assert outcomes <= {200, 422}


def _status(body: Json) -> int:
    try:
        reader().read(json.dumps(body).encode(), JSON)
    except InputError as error:
        return error.status
    return 200


def test_a_total_that_its_answers_contradict_is_refused() -> None:
    body = bundle("Observation-audit-result")
    body["entry"][0]["resource"]["valueInteger"] += 1
    assert refused(body) == [(R.format(0), "screening-sum")]


@pytest.mark.parametrize("status", ["registered", "cancelled", "unknown"])
def test_a_result_that_is_none_is_refused(status: str) -> None:
    body = bundle("Observation-audit-result")
    body["entry"][0]["resource"]["status"] = status
    assert refused(body) == [(R.format(0), "screening-status")]


TEN_YEARS_OLD: Final = "1922-12-12"


@pytest.mark.parametrize(
    ("name", "total", "at", "stated", "ours", "told"),
    [
        ("audit", 30, "2026-11-16", "harmful", "probable-dependence", True),
        ("audit", 17, "2026-11-16", "low", "harmful", True),
        ("audit", 17, "2026-11-16", "harmful", "harmful", False),
        ("audit", 17, "2026-11-16", None, "harmful", True),
        ("audit", 17, TEN_YEARS_OLD, "harmful", None, True),
        ("audit-c", 7, "2026-11-16", "low", "risk", True),
        ("dudit", 30, "2026-11-16", "low", "probable-dependence", True),
    ],
)
def test_the_band_is_ours_whatever_the_sender_made_of_the_total(
    name: str, total: int, at: str, stated: str | None, ours: str | None, told: bool
) -> None:
    result = example(f"Observation-{name}-result") | {"valueInteger": total, "effectiveDateTime": at}
    result.pop("interpretation", None)
    if stated is not None:
        result["interpretation"] = [{"coding": [{"system": BAND, "version": "1", "code": stated}]}]
    body = {"resourceType": "Bundle", "entry": [{"resource": result}]}
    context = MappingContext(record_id=lambda *parts: "/".join(parts), received_at=NOW, person=person(TOLVAN))
    mapped = native.apply(Source("fhir", body), context, CATALOG)
    [entry] = mapped.body["entry"]
    codings = [one["coding"] for one in entry["resource"].get("interpretation", ())]
    assert [[(it["version"], it["code"]) for it in coding] for coding in codings] == (
        [] if ours is None else [[("2", ours)]]
    )
    assert ("Observation.interpretation" in mapped.unmapped) is told


@pytest.mark.parametrize("second", ["Observation-audit-total", "Observation-audit-c-result"])
def test_two_results_are_two_messages(second: str) -> None:
    body = bundle("Observation-audit-result", second)
    assert refused(body) == [("Bundle.entry", "several-records")]


def test_no_more_faults_are_named_than_of_any_other_body() -> None:
    body = bundle("Observation-audit-result")
    body["entry"][0]["resource"]["performer"] = [{"reference": "Practitioner/9"}] * 300
    assert len(refused(body)) == 200
