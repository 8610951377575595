"""What filing a Consent asks for beyond what the decision evaluates."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from adapter.domain.instants import start_of_day
from adapter.domain.records import AGREEMENT_EXTENSION, CANONICAL, CONSENT_CATEGORY, ConsentCategory
from adapter.gate.consent import faults_at_filing
from tests.bench.persons import persons
from tests.gate.builders import (
    AGREEMENT,
    KOMMUN,
    MINOR,
    NOW,
    PSYKIATRI,
    Json,
    actor,
    block,
    concept,
    consent,
    deny,
    permit,
)

EXTENSION = f"{CANONICAL}/StructureDefinition"
YEAR = {"start": "2024-06-01", "end": "2025-05-31"}


def filed(resource: object, **limits: Any) -> set[tuple[str, str]]:
    return {(issue.path, issue.code) for issue in faults_at_filing(resource, at=NOW, **limits)}


def extension(name: str, **value: Any) -> Json:
    return {"url": f"{EXTENSION}/{name}", **value}


@pytest.mark.parametrize(
    ("made", "refused"),
    [
        *[(consent(permit(period=YEAR)) | {"category": [concept(CONSENT_CATEGORY, category.value)]}, set()) for category in ConsentCategory if category is not ConsentCategory.BLOCK],
        (consent(deny(period=YEAR), sender=None), set()),
        (consent(permit(period={"start": "2024-06-03"})), {("Consent.provision.period.end", "required")}),
        (consent(permit(period={"start": "2024-06-03", "end": "2026-06-03"})), set()),
        (consent(permit(period={"start": "2024-06-03", "end": "2026-06-04"})), {("Consent.provision.period.end", "period-too-long")}),
        (consent(permit(period={"end": "2026-06-03"})), set()),
        (consent(permit(period={"start": "2024-12-31", "end": "2026-12-31"})), set()),
        (consent(permit(period={"start": "2024-12-31", "end": "2027-01-01"})), {("Consent.provision.period.end", "period-too-long")}),
        (block(), set()),
        (block(deny(provision=[permit(actor=[actor(PSYKIATRI)], period={"start": "2024-06-01", "end": "2024-06-07"}), permit()])), {("Consent.provision.provision[1].actor", "required"), ("Consent.provision.provision[1].period", "period-too-long")}),
        (block(extension=[extension("consent-decided-by", valueCode="minor")]), set()),
        (None, {("Consent", "consent-unreadable")}),
    ],
)  # fmt: skip
def test_what_filing_refuses(made: Any, refused: set[tuple[str, str]]) -> None:
    assert filed(made) == refused


@pytest.mark.parametrize(
    ("months", "start", "last"),
    [(1, "2024-01-31", "2024-02-29"), (1, "2023-01-31", "2023-02-28"), (1, "2024-12-05", "2025-01-05"), (12, "2024-06-03", "2025-06-03"), (13, "2024-11-30", "2025-12-30")],
)  # fmt: skip
def test_months_are_counted_to_the_same_day_or_the_months_last(months: int, start: str, last: str) -> None:
    until = consent(permit(period={"start": start, "end": last}))
    assert filed(until, max_months=months) == set()
    assert filed(until, max_months=months - 1) == {("Consent.provision.period.end", "period-too-long")}
    day = int(last[-2:])
    if day < 28:
        beyond = consent(permit(period={"start": start, "end": f"{last[:-2]}{day + 1:02}"}))
        assert filed(beyond, max_months=months) == {("Consent.provision.period.end", "period-too-long")}


def test_a_filed_consent_resolves_in_its_bundle() -> None:
    there = {"urn:uuid:1": {"resourceType": "Organization", "identifier": [KOMMUN.as_fhir()]}}
    made = consent(permit(period=YEAR), organization=[{"reference": "urn:uuid:1"}])
    assert filed(made, bundle=there) == set()
    assert filed(made) == {("Consent.organization[0]", "actor-unresolved")}


FIELDS = (
    extension("consent-maturity-assessed-by", valueString="psykolog"),
    extension("consent-maturity-assessed-on", valueDate="2019-05-31"),
)
MATURITY = {("Consent.extension", "maturity-required")}
GROWN_UP = {("Consent.provision.period.end", "guardian-ends-at-18")}


@pytest.mark.parametrize(
    ("first", "decided_by", "fields", "last", "refused"),
    [
        ("2016-02-01", None, (), "2017-01-31", set()),
        ("2016-02-02", None, (), "2017-01-31", MATURITY),
        ("2016-02-02", "minor", (), "2017-01-31", MATURITY),
        ("2016-02-02", None, FIELDS, "2017-01-31", MATURITY),
        ("2016-02-02", "minor", FIELDS[:1], "2017-01-31", MATURITY),
        ("2016-02-02", "minor", FIELDS, "2017-01-31", set()),
        ("2021-02-01", None, (), "2022-01-31", MATURITY),
        ("2021-02-02", None, (), "2022-01-31", set()),
        ("2020-06-03", "minor", FIELDS, "2022-01-31", set()),
        ("2020-06-03", "guardian", FIELDS, "2021-02-02", set()),
        ("2020-06-03", "guardian", FIELDS, "2021-02-03", GROWN_UP),
        ("2020-06-03", "both", FIELDS, "2021-02-03", GROWN_UP),
        ("2015-06-03", "guardian", (), "2017-06-03", set()),
    ],
)  # fmt: skip
def test_what_a_minors_permit_asks_for(
    first: str, decided_by: str | None, fields: tuple[Json, ...], last: str, refused: set[tuple[str, str]]
) -> None:
    stated = [{"url": AGREEMENT_EXTENSION, "valueUri": AGREEMENT}]
    stated += [extension("consent-decided-by", valueCode=decided_by)] if decided_by else []
    period = {"start": first, "end": last}
    made = consent(permit(period=period), person=MINOR, extension=[*stated, *fields])
    at = start_of_day(date.fromisoformat(first))
    found = {(issue.path, issue.code) for issue in faults_at_filing(made, at=at)}
    assert found == refused
    narrowing = consent(deny(period=period), person=MINOR, extension=stated)
    assert faults_at_filing(narrowing, at=at) == ()


@pytest.mark.parametrize(
    ("filed_on", "first", "refused"),
    [
        ("2016-02-01", "2016-02-01", set()),
        ("2016-02-02", "2016-02-01", MATURITY),
        ("2016-02-01", "2016-02-02", MATURITY),
    ],
)
def test_the_age_is_that_of_the_day_on_which_the_permit_begins_to_count(
    filed_on: str, first: str, refused: set[tuple[str, str]]
) -> None:
    made = consent(permit(period={"start": first, "end": "2017-01-31"}), person=MINOR)
    found = faults_at_filing(made, at=start_of_day(date.fromisoformat(filed_on)))
    assert {(issue.path, issue.code) for issue in found} == refused


@pytest.mark.parametrize(("last", "refused"), [("1822-03-01", set()), ("1822-03-02", GROWN_UP)])
def test_who_was_born_on_a_leap_day_is_18_on_the_first_of_march(
    last: str, refused: set[tuple[str, str]]
) -> None:
    born = date(1804, 2, 29)
    person = next(person for person in persons(100_000) if person.birth_date == born)
    stated = extension("consent-decided-by", valueCode="guardian")
    first = "1821-03-02"
    made = consent(permit(period={"start": first, "end": last}), person=person, extension=[stated, *FIELDS])
    found = faults_at_filing(made, at=start_of_day(date.fromisoformat(first)))
    assert {(issue.path, issue.code) for issue in found} == refused
