"""Under which Consents a release was made: those that let through what is in it, and no others."""

from __future__ import annotations

from adapter.domain.records import SECURITY_LABEL
from adapter.gate.basis import basis_of
from adapter.gate.decision import decide
from adapter.gate.enforce import enforce
from adapter.gate.rules import release_rules
from tests.gate.builders import (
    OTHER_PERSON,
    VARDCENTRAL,
    Json,
    actor,
    audit,
    block,
    care_plan,
    classes,
    coding,
    confidentiality,
    consent,
    deny,
    dudit,
    goal,
    patient,
    permit,
    purposes,
    record_types,
    reference,
    registered,
    request,
)


def made(*resources: Json, consents: list[Json], asked: tuple[str, ...] = ("TREAT",)) -> frozenset[str]:
    question = request(purposes=asked)
    decision = decide(question, registered(consents))
    nobody = frozenset[str]()
    release = enforce(decision, resources, request=question, rules=release_rules(), protection=nobody)
    return basis_of(release, resources, nobody)


A = consent(permit(code=record_types("AUDIT")), id="a")
D = consent(permit(code=record_types("DUDIT")), id="d")


def test_each_consent_that_let_something_through() -> None:
    assert made(audit("1"), dudit("2"), consents=[A, D]) == {"a", "d"}
    assert made(audit("1"), consents=[A, D]) == {"a"}


def test_each_of_two_that_let_the_same_through() -> None:
    assert made(audit(), consents=[A, consent(id="all")]) == {"a", "all"}


def test_not_one_that_permits_other_data_only() -> None:
    old = consent(permit(dataPeriod={"start": "2022-01-01", "end": "2022-12-31"}), id="old")
    new = consent(permit(dataPeriod={"start": "2024-01-01", "end": "2024-12-31"}), id="new")
    assert made(audit(effectiveDateTime="2024-05-02"), consents=[old, new]) == {"new"}


def test_labels_are_those_that_the_gate_sets() -> None:
    restricted = consent(permit(securityLabel=confidentiality("R")), id="restricted")
    normal = consent(permit(securityLabel=confidentiality("N")), id="normal")
    assert made(audit(), consents=[restricted, normal]) == {"restricted"}


def test_protection_that_one_record_states_is_the_patients_label() -> None:
    marked = [coding(SECURITY_LABEL, "sekretessmarkering")]
    of_the_marked = consent(permit(securityLabel=marked, **{"class": classes("Patient")}), id="marked")
    told = dudit(meta={"security": marked})
    assert made(patient(), told, consents=[of_the_marked, D]) == {"marked", "d"}


def test_not_one_whose_records_are_kept_back() -> None:
    others = dudit("2", subject=reference(OTHER_PERSON))
    assert made(audit("1"), others, consents=[A, D]) == {"a"}


def test_not_one_that_only_narrows() -> None:
    without_dudit = consent(deny(code=record_types("DUDIT")), id="no-dudit")
    lifted = block(deny(code=record_types("DUDIT")))
    elsewhere = consent(deny(actor=[actor(VARDCENTRAL)]), id="elsewhere")
    assert made(audit(), consents=[A, without_dudit, lifted, elsewhere]) == {"a"}


def test_one_for_each_stated_purpose() -> None:
    treat = consent(permit(purpose=purposes("TREAT")), id="treat")
    coc = consent(permit(purpose=purposes("COC")), id="coc")
    assert made(audit(), consents=[treat, coc], asked=("TREAT", "COC")) == {"treat", "coc"}


def test_a_plan_rests_on_its_own_consent_too() -> None:
    plans = consent(category="sip-plan", id="plans")
    waiver = consent(id="waiver")
    assert made(care_plan(status="active"), goal(), consents=[waiver, plans]) == {"waiver", "plans"}
    assert made(care_plan(status="draft"), consents=[waiver, plans]) == {"waiver"}
    assert made(audit(), consents=[waiver, plans]) == {"waiver"}


def test_a_plans_consent_counts_where_it_covers_the_plan() -> None:
    waiver = consent(id="waiver")
    period = {"start": "2022-01-01", "end": "2022-12-31"}
    these = consent(permit(dataPeriod=period), category="sip-plan", id="these")
    others = consent(
        permit(dataPeriod={"start": "2020-01-01", "end": "2020-12-31"}), category="sip-plan", id="others"
    )
    assert made(care_plan(status="active"), consents=[waiver, these, others]) == {"waiver", "these"}


def test_the_minimal_patient_rests_on_every_permit() -> None:
    assert made(patient(), consents=[A, D]) == {"a", "d"}
    assert made(patient(), audit(), consents=[A, D]) == {"a"}
