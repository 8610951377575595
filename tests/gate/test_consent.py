"""Consents as they are compiled and as they are filed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapter.domain.records import CANONICAL
from adapter.gate.consent import compile_consent, faults_at_filing
from tests.gate.builders import (
    IFO,
    NOW,
    PSYKIATRI,
    STRANGER,
    Json,
    actor,
    block,
    concept,
    consent,
    deny,
    permit,
    without,
)

YEAR = {"start": "2024-06-01", "end": "2025-05-31"}


def found(resource: object, max_months: int = 24) -> set[tuple[str, str]]:
    return {(issue.path, issue.code) for issue in faults_at_filing(resource, at=NOW, max_months=max_months)}


def test_a_whole_consent_is_filed() -> None:
    assert found(consent(permit(period=YEAR))) == set()
    assert found(consent(permit(period=YEAR), category="sip-plan")) == set()
    assert (
        found(
            block(
                deny(
                    provision=[
                        permit(actor=[actor(PSYKIATRI)], period={"start": "2024-06-01", "end": "2024-06-07"})
                    ]
                )
            )
        )
        == set()
    )


@pytest.mark.parametrize(
    ("resource", "fault"),
    [
        (consent(), ("Consent.provision.period.end", "required")),
        (consent(permit(period={"end": "2026-06-04"})), ("Consent.provision.period.end", "period-too-long")),
        (consent(permit(period=YEAR | {"end": "2026-06-02"})), ("Consent.provision.period.end", "period-too-long")),
        (consent(permit(period=YEAR), sender=None), ("Consent.organization", "required")),
        (consent(permit(period=YEAR)) | {"category": [concept("http://loinc.org", "59284-0")]}, ("Consent.category", "category-unknown")),
        (consent(permit(period=YEAR, documentType=[])), ("Consent.provision.documentType", "element-not-evaluated")),
        (consent(permit(period=YEAR, provision=[permit()])), ("Consent.provision.provision[0]", "element-not-evaluated")),
        (consent(permit(period=YEAR, actor=[actor(STRANGER, role="CST")])), ("Consent.provision.actor[0].role", "element-not-evaluated")),
        (consent(permit(period={"end": "imorgon"})), ("Consent.provision.period", "consent-unreadable")),
        (without(consent(), "patient"), ("Consent.patient", "consent-unreadable")),
        (block(deny(), extension=consent()["extension"]), ("Consent.extension", "block-names-agreement")),
        (block(deny(provision=[permit(actor=[actor(PSYKIATRI)], period=YEAR)])), ("Consent.provision.provision[0].period", "period-too-long")),
        (block(deny(provision=[permit(period={"start": "2024-06-01", "end": "2024-06-07"})])), ("Consent.provision.provision[0].actor", "required")),
        (block(extension=[{"url": f"{CANONICAL}/StructureDefinition/consent-decided-by", "valueCode": "guardian"}]), ("Consent.extension", "guardian-cannot-block")),
        ({"resourceType": "Patient"}, ("Consent", "consent-unreadable")),
    ],
)  # fmt: skip
def test_what_is_refused_at_filing(resource: Json, fault: tuple[str, str]) -> None:
    assert fault in found(resource)


def test_the_agreement_may_set_a_shorter_limit() -> None:
    assert found(consent(permit(period=YEAR)), max_months=6) == {
        ("Consent.provision.period.end", "period-too-long")
    }


def test_the_last_day_of_the_limit_is_within_it() -> None:
    assert found(consent(permit(period={"start": "2024-02-29", "end": "2026-02-28"}))) == set()


def test_several_faults_are_named_at_once() -> None:
    assert len(found(consent(permit(actor=[actor(STRANGER, role="CST")], documentType=[]), status="?"))) == 3


def test_ten_digits_need_a_day_to_be_read() -> None:
    short = consent() | {
        "patient": {
            "identifier": {"system": consent()["patient"]["identifier"]["system"], "value": "121212+1212"}
        }
    }
    assert compile_consent(short).persons is None
    assert compile_consent(short, at=NOW).persons == compile_consent(consent()).persons


def test_days_are_stockholms_over_the_change_of_clocks() -> None:
    root = compile_consent(consent(permit(period={"start": "2024-03-31", "end": "2024-03-31"}))).root
    assert root is not None
    assert root.period is not None
    assert (root.period.start, root.period.end) == (
        datetime(2024, 3, 30, 23, tzinfo=UTC),
        datetime(2024, 3, 31, 22, tzinfo=UTC),
    )


def test_no_fault_ever_holds_a_value() -> None:
    secret = consent(
        permit(**{"191212121212": 1, "period": {"end": "191212121212"}}),
        organization=[{"display": IFO.value}],
    )
    assert "191212121212" not in repr(faults_at_filing(without(secret, "patient"), at=NOW))
