"""Release without consent, decided: what a sender's act opens, for whom, for how long, and what it never passes over."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapter.domain.identity import PERSONNUMMER, RESERVNUMMER, Identifier, PersonId
from adapter.gate.decision import POLICY
from adapter.gate.enforce import ReleaseRefused, enforce
from adapter.gate.lawful_ground import FiledRelease, Grounded, decide_on_grounds, holds, lawful_grounds
from adapter.gate.request import SIP_PLAN, Side
from adapter.gate.rules import release_rules
from adapter.gate.verdict import Reason, Verdict
from tests.gate.builders import (
    AGREEMENT,
    AT_SIXTEEN,
    IFO,
    MINOR,
    NOW,
    PERSON,
    PSYKIATRI,
    RECIPIENT,
    SENDER,
    STRANGER,
    VARDCENTRAL,
    Json,
    actor,
    audit,
    block,
    care_plan,
    consent,
    deny,
    dudit,
    patient,
    permit,
    purposes,
    record_types,
    registered,
    request,
)
from tests.gate.filtering import filtered_by

WEEK: Json = {"start": "2024-06-01", "end": "2024-06-07"}
UNREADABLE: Json = {"resourceType": "Consent"}


def filed(**changes: Any) -> FiledRelease:
    """The kommun's IFO releases an AUDIT to the region's psychiatry, from an hour ago until an hour from now."""
    release = FiledRelease(
        id="r1",
        ground="26:9-continuing-misuse",
        agreement=AGREEMENT,
        sender_unit=IFO,
        recipient_unit=PSYKIATRI,
        record_types=frozenset({"AUDIT"}),
        filed_at=NOW - timedelta(hours=1),
        ends_at=NOW + timedelta(hours=1),
    )
    return replace(release, **changes)


def grounded(
    *consents: object,
    releases: tuple[FiledRelease, ...] | None = None,
    kind: str = "kommun",
    **asked: Any,
) -> Grounded | None:
    given = {"record_types": frozenset({"AUDIT"})} | asked
    present = registered(consents)
    return decide_on_grounds(request(**given), releases or (filed(),), present, sender_kind=kind)


def test_a_release_permits_where_no_consent_does_and_says_on_what_it_rests() -> None:
    found = grounded()
    assert found is not None
    decision = found.decision
    assert (decision.verdict, decision.reason, decision.consents) == (
        Verdict.PERMIT,
        Reason.LAWFUL_GROUND,
        (),
    )
    assert (found.releases, decision.policy) == ((filed(),), f"{POLICY} {lawful_grounds().version}")


# Whatever is asked beyond exactly what was filed gets nothing.
BEYOND: dict[str, Json] = {
    "another record type": {"record_types": frozenset({"DUDIT"})},
    "another recipient unit": {"recipient": replace(RECIPIENT, unit=VARDCENTRAL)},
    "no recipient unit": {"recipient": replace(RECIPIENT, unit=None)},
    "a stranger": {"recipient": Side(frozenset({STRANGER}), STRANGER)},
    "another sender unit": {"sender": replace(SENDER, unit=VARDCENTRAL)},
    "another agreement": {"agreement": "https://example.org/avtal/lerum"},
    "no agreement": {"agreement": None},
    "the plan's own consent": {"category": SIP_PLAN},
    "no purpose": {"purposes": ()},
    "emergency access": {"purposes": ("BTG",)},
    "emergency treatment beside another purpose": {"purposes": ("TREAT", "ETREAT")},
    "a purpose that nobody knows": {"purposes": ("WHATEVER",)},
    "another act": {"action": "use"},
    "before it was filed": {"at": NOW - timedelta(hours=1, microseconds=1)},
    "at its end": {"at": NOW + timedelta(hours=1)},
}


@pytest.mark.parametrize("asked", BEYOND.values(), ids=BEYOND)
def test_a_release_opens_nothing_beyond_what_was_filed(asked: Json) -> None:
    assert grounded(**asked) is None


@pytest.mark.parametrize("at", [NOW - timedelta(hours=1), NOW + timedelta(hours=1, microseconds=-1)])
def test_a_release_holds_from_its_filing_until_its_end(at: datetime) -> None:
    assert grounded(at=at) is not None


NO_RELEASE: dict[str, tuple[Json, str]] = {
    "a ground that is not known": ({"ground": "26:9-lpt-lrv"}, "kommun"),
    "a ground of health care": ({"ground": "25:12-pregnancy"}, "kommun"),
    "a ground of social services": ({}, "region"),
    "a party of neither": ({}, "other"),
    "more than a day": ({"ends_at": NOW + timedelta(hours=23, seconds=1)}, "kommun"),
    "only for the young": ({"ground": "26:9-under-18"}, "kommun"),
}


@pytest.mark.parametrize(("changes", "kind"), NO_RELEASE.values(), ids=NO_RELEASE)
def test_a_release_that_the_grounds_do_not_cover_opens_nothing(changes: Json, kind: str) -> None:
    assert grounded(releases=(filed(**changes),), kind=kind) is None


def test_health_care_may_release_on_every_ground_of_its_own() -> None:
    own = {code for code, ground in lawful_grounds().by_code.items() if "region" in ground.senders}
    assert own == {f"25:12-{why}" for why in ("under-18", "continuing-misuse", "lpt-lrv", "pregnancy")}


def test_social_services_may_release_on_the_same_but_for_compulsory_care() -> None:
    own = {code for code, ground in lawful_grounds().by_code.items() if "kommun" in ground.senders}
    assert own == {f"26:9-{why}" for why in ("under-18", "continuing-misuse", "pregnancy")}


@pytest.mark.parametrize(("age", "held"), [(17, True), (18, False), (None, False)])
def test_the_ground_of_the_young_ends_with_the_birthday_and_needs_an_age(age: int | None, held: bool) -> None:
    ground = lawful_grounds().by_code["26:9-under-18"]
    assert holds(ground, "kommun", age) is held


def test_of_a_young_person_no_maturity_is_asked() -> None:
    release = filed(ground="26:9-under-18", filed_at=AT_SIXTEEN, ends_at=AT_SIXTEEN + timedelta(hours=24))
    assert grounded(releases=(release,), person=MINOR, at=AT_SIXTEEN) is not None


def test_a_number_that_tells_no_age_is_not_young() -> None:
    reserve = PersonId(RESERVNUMMER, "20120305TF12")
    assert grounded(releases=(filed(ground="26:9-under-18"),), person=reserve) is None
    assert grounded(person=reserve) is not None


# A waiver that the person refused or limited is no block: the law does not ask for it here.
PASSED_OVER: dict[str, Json] = {
    "a deny": consent(deny()),
    "a deny of this very recipient": consent(deny(actor=[actor(PSYKIATRI)])),
    "a deny of every sender in every agreement": consent(deny(), sender=None, agreement=None),
    "a permit with an exception": consent(permit(provision=[deny(actor=[actor(PSYKIATRI)])])),
    "a permit for others": consent(permit(actor=[actor(VARDCENTRAL)])),
    "a waiver that cannot be evaluated": consent(permit(code=[{"text": "något"}], colour="red")),
    "a revoked one": consent(status="inactive"),
    "a block of another person": block(person=PersonId(PERSONNUMMER, "196101182803")),
    "a block of another record type": block(deny(code=record_types("DUDIT"))),
    "a block of another sender": block(sender=VARDCENTRAL),
    "a block that is lifted for this unit": block(
        deny(provision=[permit(actor=[actor(PSYKIATRI)], period=WEEK)])
    ),
}


@pytest.mark.parametrize("standing", PASSED_OVER.values(), ids=PASSED_OVER)
def test_what_is_no_block_does_not_stand_in_the_way(standing: Json) -> None:
    assert grounded(standing) is not None


# A block wins, and so does whatever may be one.
IN_THE_WAY: dict[str, object] = {
    "a block": block(),
    "a block of the record type": block(deny(code=record_types("AUDIT"))),
    "a block of a recipient": block(deny(actor=[actor(PSYKIATRI)])),
    "a block that is lifted for another unit": block(
        deny(provision=[permit(actor=[actor(VARDCENTRAL)], period=WEEK)])
    ),
    "a block whose lifting is over": block(
        deny(
            provision=[permit(actor=[actor(PSYKIATRI)], period={"start": "2024-05-01", "end": "2024-05-07"})]
        )
    ),
    "a block of every sender": block(sender=None),
    "a block that cannot be evaluated": block(deny(colour="red")),
    "what is no Consent": UNREADABLE,
    "what cannot be opened": None,
    "a consent whose category lacks its system": consent() | {"category": [{"coding": [{"code": "sparr"}]}]},
    "a refusal that may be a block as well": consent(deny())
    | {"category": [*consent()["category"], {"coding": [{"code": "sparr"}]}]},
    "a refusal that is a block as well": consent(deny(), category="osl-waiver")
    | {"category": [*consent()["category"], *block()["category"]]},
}


@pytest.mark.parametrize("standing", IN_THE_WAY.values(), ids=IN_THE_WAY)
def test_a_block_or_what_may_be_one_wins(standing: object) -> None:
    assert grounded(standing) is None


def test_a_block_of_a_part_keeps_that_part_back() -> None:
    part = block(
        deny(**{"class": [{"system": "http://hl7.org/fhir/resource-types", "code": "QuestionnaireResponse"}]})
    )
    found = grounded(part)
    assert found is not None
    assert found.decision.consents == (("b1", "1"),)


def test_two_releases_open_what_each_of_them_lists() -> None:
    second = filed(id="r2", record_types=frozenset({"DUDIT"}))
    both = frozenset({"AUDIT", "DUDIT"})
    found = grounded(releases=(filed(), second), record_types=both)
    assert found is not None
    assert {release.id for release in found.releases} == {"r1", "r2"}


def test_only_the_releases_that_a_permit_rests_on_are_named() -> None:
    other = filed(id="r2", record_types=frozenset({"DUDIT"}))
    found = grounded(releases=(filed(), other))
    assert found is not None
    assert [release.id for release in found.releases] == ["r1"]


def test_the_filter_lets_through_the_listed_types_and_the_least_of_the_patient() -> None:
    asked = request()
    found = decide_on_grounds(asked, [filed()], [], sender_kind="kommun")
    assert found is not None
    told = [(one.kind, one.effect, one.values) for one in found.decision.obligations]
    assert told == [("codes", "only", ("AUDIT",))]
    released = enforce(
        found.decision,
        [audit(), dudit("2"), care_plan(), patient()],
        request=asked,
        rules=release_rules(),
        protection=frozenset(),
    )
    assert [resource["resourceType"] for resource in released.resources] == ["Observation", "Patient"]
    assert released.resources[0]["id"] == "1"
    assert "name" not in released.resources[1]


def test_protected_identity_is_kept_back_all_the_same() -> None:
    asked = request(record_types=frozenset({"AUDIT"}))
    found = decide_on_grounds(asked, [filed()], [], sender_kind="kommun")
    assert found is not None
    with pytest.raises(ReleaseRefused, match="protected-identity"):
        enforce(
            found.decision,
            [audit(note=[{"text": "Fritext"}])],
            request=asked,
            rules=release_rules(),
            protection=frozenset({"sekretessmarkering"}),
        )


@pytest.mark.parametrize(
    ("consents", "withheld"),
    [
        ([], ["sip-consent-missing"]),
        ([consent(category="sip-plan", id="p1")], []),
        ([consent(deny(), category="sip-plan", id="p1")], ["sip-consent-missing"]),
    ],
    ids=["no consent to the plan", "a consent to the plan", "a refusal of the plan"],
)
def test_a_plan_in_force_needs_its_own_consent_all_the_same(
    consents: list[Json], withheld: list[str]
) -> None:
    asked = request(record_types=frozenset({"SIP"}))
    release = filed(record_types=frozenset({"SIP"}))
    found = decide_on_grounds(asked, [release], registered(consents), sender_kind="kommun")
    assert found is not None
    filtered = filtered_by(found.decision, [care_plan(status="active")], persons=asked.persons)
    assert [item.code for item in filtered.withheld] == withheld


def test_a_plans_own_consent_is_never_given_by_a_release() -> None:
    plan_consent = consent(category="sip-plan", id="p1")
    release = filed(record_types=frozenset({"SIP"}))
    asked: Json = {"category": SIP_PLAN, "record_types": frozenset({"SIP"})}
    assert grounded(plan_consent, releases=(release,), **asked) is None


def test_a_permit_of_one_purpose_does_not_make_up_for_the_other() -> None:
    """A consent that could not be used whole stays unused: the release alone carries every stated purpose."""
    partial_consent = consent(permit(purpose=purposes("TREAT")))
    found = grounded(partial_consent, purposes=("TREAT", "COC"))
    assert found is not None
    assert found.decision.consents == ()


def test_an_identifier_of_the_organisation_is_no_unit() -> None:
    everyone = filed(recipient_unit=Identifier(PERSONNUMMER, PERSON.value))
    assert grounded(releases=(everyone,)) is None
