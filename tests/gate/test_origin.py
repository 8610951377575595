"""What a release says of where its records come from: of what is released alone, and no less guarded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from adapter.domain.records import PROTECTION_CODES, SECURITY_LABEL
from adapter.fhir.profiles.packaged import profile_checker
from adapter.gate.decision import decide
from adapter.gate.enforce import ReleasedBundle, ReleaseRefused, enforce
from adapter.gate.origin import Origin, provenance_of
from adapter.gate.release import Protected
from adapter.gate.rules import release_rules
from tests.gate.builders import (
    KOMMUN,
    NOW,
    Json,
    audit,
    care_plan,
    coding,
    consent,
    patient,
    registered,
    request,
)

ORIGIN = Origin(
    KOMMUN,
    ("https://w3id.org/sambro/mapping/neutral_push/neutral-push-screening|1",),
    "6f1c9c1e-2f1b-4d55-9d6a-3b7b1a2c4d5e",
    NOW - timedelta(minutes=1),
)


def released(
    *records: Json,
    origin: Origin | None = ORIGIN,
    protection: frozenset[str] = frozenset(),
    protected: Protected = "withhold",
) -> ReleasedBundle:
    asked = request()
    decision = decide(asked, registered([consent()]))
    return enforce(
        decision,
        records,
        request=asked,
        rules=release_rules(),
        protection=protection,
        protected=protected,
        origin=origin,
    )


def provenance(release: ReleasedBundle) -> Json:
    assert release.provenance is not None
    return dict(release.provenance)


def test_it_names_the_data_the_sender_the_message_and_its_instant() -> None:
    made = provenance(released(audit("1")))
    assert profile_checker().check(made) == ()
    assert made["meta"]["profile"] == ["https://w3id.org/sambro/fhir/StructureDefinition/provenance"]
    assert made["policy"] == list(ORIGIN.made_by)
    assert made["recorded"] == "2024-06-03T09:59:00.000Z"
    author, assembler = made["agent"]
    assert author["who"] == {"type": "Organization", "identifier": KOMMUN.as_fhir()}
    assert assembler["who"] == {"display": "Sambro"}
    assert made["entity"] == [{"role": "source", "what": {"identifier": {"value": ORIGIN.message_id}}}]


def test_its_targets_are_the_records_that_are_released_and_no_other() -> None:
    release = released(patient(), audit("1"), care_plan("2"), care_plan("3", status="active"))
    assert release.withheld == ("CarePlan/3",)
    assert provenance(release)["target"] == [{"reference": "Observation/1"}, {"reference": "CarePlan/2"}]


def test_it_is_the_same_for_the_same_and_another_for_others() -> None:
    first, again, fewer = (
        released(audit("1"), audit("2")),
        released(audit("1"), audit("2")),
        released(audit("1")),
    )
    assert provenance(first) == provenance(again)
    assert provenance(first)["id"] != provenance(fewer)["id"]
    # Recipients know it by this: another would be a second one beside it.
    assert provenance(fewer)["id"] == "9176901f-e22b-537c-b377-a01e88a46b8b"


def test_it_has_the_labels_of_its_records() -> None:
    release = released(audit("1"), care_plan("2"))
    [labels] = [one["meta"]["security"] for one in release.resources if one["resourceType"] == "Observation"]
    assert provenance(release)["meta"]["security"] == labels
    assert "security" not in provenance(released(care_plan("2")))["meta"]


def test_labels_stand_in_the_order_of_their_codes_whatever_the_order_of_the_records() -> None:
    codes = ["ETH", "ETHUD", "HIV", "N", "PSY", "R", "SUD", "V"]
    labelled = [{**audit(code), "meta": {"security": [coding("urn:labels", code)]}} for code in codes]
    for records in (labelled, labelled[::-1]):
        made = provenance_of(ORIGIN, records, release_rules().provenance)
        assert made is not None
        assert [label["code"] for label in made["meta"]["security"]] == codes


@pytest.mark.parametrize(
    "release",
    [
        pytest.param(lambda: released(audit(), origin=None), id="not-asked-for"),
        pytest.param(lambda: released(patient()), id="nothing-but-the-patient"),
        pytest.param(
            lambda: released(audit(), origin=Origin(KOMMUN, (), ORIGIN.message_id, NOW)), id="made-by-nothing"
        ),
    ],
)
def test_where_there_is_nothing_to_say_it_is_left_out(release: Callable[[], ReleasedBundle]) -> None:
    assert release().provenance is None


@pytest.mark.parametrize("code", sorted(PROTECTION_CODES))
def test_of_a_protected_person_it_goes_only_where_records_that_name_a_unit_may(code: str) -> None:
    bare = audit("1")
    kept = released(bare, protection=frozenset({code}))
    assert [one["id"] for one in kept.resources] == ["1"]
    assert kept.provenance is None
    labelled = patient(meta={"security": [coding(SECURITY_LABEL, code)]})
    assert released(labelled, bare).provenance is None
    assert released(bare, protection=frozenset({code}), protected="release").provenance is not None


def test_a_sources_own_provenance_does_not_pass() -> None:
    own = {"resourceType": "Provenance", "id": "p", "recorded": "2024-06-03T09:00:00Z"}
    release = released(audit("1"), own)
    assert [one["resourceType"] for one in release.resources] == ["Observation"]


def test_a_fault_in_it_refuses_the_whole_release() -> None:
    broken = Origin(KOMMUN, ORIGIN.made_by, ORIGIN.message_id, None)  # type: ignore[arg-type]
    with pytest.raises(ReleaseRefused) as caught:
        released(audit(), origin=broken)
    assert caught.value.code == "filter-failed"
