"""The decision table: one row a case, named by what it says, under headlines that follow the rules of a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from adapter.domain.records import CANONICAL
from adapter.gate.decision import Verdict
from adapter.gate.obligations import Obligation
from adapter.gate.request import Side
from adapter.gate.verdict import Reason
from adapter.gate.vocabulary import ACT_CODE, CONSENT_SCOPE, PARTICIPATION_TYPE
from tests.gate.builders import (
    AGREEMENT,
    AT_SIXTEEN,
    IFO,
    MINOR,
    NURSE,
    NURSE_ROLE,
    OTHER_PERSON,
    PERSON,
    PSYKIATRI,
    RECIPIENT,
    REGION,
    REGION_HSA,
    STRANGER,
    UNRESOLVABLE,
    VARDCENTRAL,
    Json,
    actions,
    actor,
    block,
    classes,
    coding,
    concept,
    confidentiality,
    consent,
    data,
    deny,
    permit,
    purposes,
    record_types,
    reference,
    without,
)

PERMIT, DENY, UNSURE = Verdict.PERMIT, Verdict.DENY, Verdict.INDETERMINATE
R = Reason
OTHER_AGREEMENT = "https://example.org/avtal/lerum"
A_STRANGER = Side(frozenset({STRANGER}), None)
NO_UNIT = Side(RECIPIENT.organizations)
WITH_NURSE = Side(RECIPIENT.organizations, PSYKIATRI, NURSE, frozenset({NURSE_ROLE}))
EXTENSION = f"{CANONICAL}/StructureDefinition"


def minor_fields(by: str = "minor") -> list[Json]:
    return [
        {"url": f"{EXTENSION}/agreement", "valueUri": AGREEMENT},
        {"url": f"{EXTENSION}/consent-decided-by", "valueCode": by},
        {"url": f"{EXTENSION}/consent-maturity-assessed-by", "valueString": "Kurator"},
        {"url": f"{EXTENSION}/consent-maturity-assessed-on", "valueDate": "2019-05-01"},
    ]


@dataclass(frozen=True)
class Case:
    says: str
    consents: list[object]
    verdict: Verdict
    reason: Reason
    asks: dict[str, Any] = field(default_factory=dict)
    obligations: tuple[Obligation, ...] = ()
    alert: bool | None = None


def only(kind: Any, *values: str) -> Obligation:
    return Obligation(kind, "only", values)


def excepted(kind: Any, *values: str) -> Obligation:
    return Obligation(kind, "except", values)


# fmt: off
TWELVE = [
    Case("a permit to the region at the root actor; a stranger asks", [consent(permit(actor=[actor(REGION)]))], DENY, R.NO_MATCH, {"recipient": A_STRANGER}),
    Case("a permit with a nested deny whose actor cannot be resolved", [consent(permit(provision=[deny(actor=[UNRESOLVABLE])]))], UNSURE, R.ACTOR_UNRESOLVED, alert=True),
    Case("an old permit, a newer deny whose actor cannot be resolved", [consent(dateTime="2020-01-01"), consent(deny(actor=[UNRESOLVABLE]), id="c2", dateTime="2024-01-01")], UNSURE, R.ACTOR_UNRESOLVED, alert=True),
    Case("an old deny by one, a newer permit by the other", [consent(deny(), dateTime="2020-01-01"), consent(id="c2", dateTime="2024-01-01")], DENY, R.CONSENT_DENIES),
    Case("a permit for data of 2022, everything asked", [consent(permit(dataPeriod={"start": "2022", "end": "2022"}))], PERMIT, R.CONSENT, obligations=(only("dataPeriod", "2022/2022"),)),
    Case("a permit for one plan by reference", [consent(permit(data=data("instance", "CarePlan/1")))], PERMIT, R.CONSENT, obligations=(only("data", "CarePlan/1"),)),
    Case("a permit with a nested deny that has expired", [consent(permit(provision=[deny(period={"end": "2023-12-31"})]))], PERMIT, R.CONSENT),
    Case("a permit for one label only", [consent(permit(securityLabel=confidentiality("N")))], PERMIT, R.CONSENT, obligations=(only("labels", "N"),)),
    Case("a permit for treatment, no purpose stated", [consent(permit(purpose=purposes("TREAT")))], DENY, R.NO_PURPOSE, {"purposes": ()}),
    Case("the period ends on the day of the request", [consent(permit(period={"end": "2024-06-03"}))], PERMIT, R.CONSENT),
    Case("an inactive Consent", [consent(status="inactive")], DENY, R.NO_CONSENT),
    Case("no Consent at all", [], DENY, R.NO_CONSENT),
]
# fmt: on

# fmt: off
COUNTING = [
    *[Case(f"status {status} does not count", [consent(status=status)], DENY, R.NO_CONSENT) for status in ("draft", "proposed", "rejected", "entered-in-error")],
    Case("a status that R4 does not know is not read as one that rules out", [consent(status="not-done")], UNSURE, R.CONSENT_UNREADABLE),
    Case("another scope does not count", [consent(scope=concept(CONSENT_SCOPE, "research"))], DENY, R.NO_CONSENT),
    Case("a missing scope cannot be read", [without(consent(), "scope")], UNSURE, R.CONSENT_UNREADABLE),
    Case("another category does not count", [consent(category="sip-plan")], DENY, R.NO_CONSENT),
    Case("a foreign category does not count", [consent(None, id="c1") | {"category": [concept("http://loinc.org", "59284-0")]}], DENY, R.NO_CONSENT),
    Case("a foreign category counts when it is asked by", [consent() | {"category": [concept("http://loinc.org", "59284-0")]}], PERMIT, R.CONSENT, {"category": frozenset({("http://loinc.org", "59284-0")})}),
    Case("a category without a system cannot be read", [consent() | {"category": [{"coding": [{"code": "osl-waiver"}]}]}], UNSURE, R.CONSENT_UNREADABLE),
    Case("another person's Consent does not count", [consent(person=OTHER_PERSON)], DENY, R.NO_CONSENT),
    Case("a Consent under the number that was merged away counts", [consent(person=OTHER_PERSON)], PERMIT, R.CONSENT, {"also_known_as": frozenset({OTHER_PERSON})}),
    Case("a Consent of nobody cannot be read", [without(consent(), "patient")], UNSURE, R.CONSENT_UNREADABLE),
    Case("a malformed number cannot be read", [consent() | {"patient": {"identifier": PERSON.as_fhir() | {"value": "191212121213"}}}], UNSURE, R.CONSENT_UNREADABLE),
    Case("a Consent of another agreement never counts", [consent(agreement=OTHER_AGREEMENT)], DENY, R.NO_CONSENT),
    Case("one that names no agreement is the request's own", [consent(agreement=None)], PERMIT, R.CONSENT),
    Case("a deny that names no agreement counts in every one", [consent(deny(), agreement=None), consent(id="c2")], DENY, R.CONSENT_DENIES),
    Case("not yet in force", [consent(permit(period={"start": "2024-06-04"}))], DENY, R.NO_CONSENT),
    Case("ended yesterday", [consent(permit(period={"end": "2024-06-02"}))], DENY, R.NO_CONSENT),
    Case("a partial end covers its whole month", [consent(permit(period={"end": "2024-06"}))], PERMIT, R.CONSENT),
    Case("a period that cannot be read is no limit lifted", [consent(permit(period={"end": "igår"}))], UNSURE, R.CONSENT_UNREADABLE),
    Case("a period that ends before it starts cannot be read", [consent(permit(period={"start": "2025", "end": "2024"}))], UNSURE, R.CONSENT_UNREADABLE),
    Case("ruled out by its status, what cannot be evaluated does not matter", [consent(deny(actor=[UNRESOLVABLE]), status="inactive"), consent(id="c2")], PERMIT, R.CONSENT, alert=False),
    Case("ruled out by its person", [consent(deny(actor=[UNRESOLVABLE]), person=OTHER_PERSON), consent(id="c2")], PERMIT, R.CONSENT, alert=False),
    Case("ruled out by its period", [consent(deny(actor=[UNRESOLVABLE], period={"end": "2020"})), consent(id="c2")], PERMIT, R.CONSENT, alert=False),
    Case("ruled out by its period, though its type cannot be told", [consent({"period": {"end": "2020"}})], DENY, R.NO_CONSENT, alert=False),
    Case("not ruled out by its sender", [consent(permit(actor=[UNRESOLVABLE]), sender=STRANGER), consent(id="c2")], UNSURE, R.ACTOR_UNRESOLVED),
]
# fmt: on

# fmt: off
FORM = [
    Case("no provision", [without(consent(), "provision")], UNSURE, R.ELEMENT_NOT_EVALUATED),
    Case("a root without type, whatever policyRule says", [consent({}, policyRule=concept("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTIN"))], UNSURE, R.ELEMENT_NOT_EVALUATED),
    Case("a root whose type is only an extension", [consent({"_type": {"extension": []}})], UNSURE, R.ELEMENT_NOT_EVALUATED),
    Case("an end that is only an extension is no missing end", [consent(permit(period={"_end": {"extension": []}}))], UNSURE, R.ELEMENT_NOT_EVALUATED),
    Case("a nested provision of its parent's type", [consent(permit(provision=[permit()]))], UNSURE, R.ELEMENT_NOT_EVALUATED),
    Case("a nested provision without type", [consent(permit(provision=[{}]))], UNSURE, R.ELEMENT_NOT_EVALUATED),
    Case("a second nested level", [consent(permit(provision=[deny(actor=[actor(STRANGER)], provision=[permit()])]))], UNSURE, R.ELEMENT_NOT_EVALUATED),
    Case("an actor with another role", [consent(permit(actor=[actor(REGION, role="CST")]))], UNSURE, R.ELEMENT_NOT_EVALUATED),
    Case("an element of R5", [consent(permit(documentType=[]))], UNSURE, R.ELEMENT_NOT_EVALUATED),
    Case("a modifier extension at the root", [consent(modifierExtension=[{"url": "urn:x", "valueBoolean": True}])], UNSURE, R.ELEMENT_NOT_EVALUATED),
    Case("a modifier extension of an actor", [consent(permit(actor=[actor(REGION) | {"modifierExtension": [{"url": "urn:x"}]}]))], UNSURE, R.ELEMENT_NOT_EVALUATED),
    Case("implicit rules", [consent(implicitRules="urn:x")], UNSURE, R.ELEMENT_NOT_EVALUATED),
    Case("a plain extension does not decide", [consent(permit(extension=[{"url": "urn:x", "valueBoolean": True}]))], PERMIT, R.CONSENT),
    Case("verification and sourceReference do not decide", [consent(verification=[{"verified": False}], sourceReference={"reference": "X/1"})], PERMIT, R.CONSENT),
    Case("an empty list of actors is not every recipient", [consent(permit(actor=[]))], UNSURE, R.CONSENT_UNREADABLE),
    Case("a purpose that is text", [consent(permit(purpose="TREAT"))], UNSURE, R.CONSENT_UNREADABLE),
    Case("two agreements in one Consent", [consent(extension=minor_fields()[:1] * 2)], UNSURE, R.CONSENT_UNREADABLE),
]
# fmt: on

# fmt: off
ACTORS = [
    Case("no actor is every recipient of the agreement", [consent()], PERMIT, R.CONSENT),
    Case("an organisation means its units", [consent(permit(actor=[actor(REGION)]))], PERMIT, R.CONSENT),
    Case("the organisation by its other identifier", [consent(permit(actor=[actor(REGION_HSA)]))], PERMIT, R.CONSENT),
    Case("the unit", [consent(permit(actor=[actor(PSYKIATRI)]))], PERMIT, R.CONSENT),
    Case("another unit of the same organisation", [consent(permit(actor=[actor(VARDCENTRAL)]))], DENY, R.NO_MATCH),
    Case("one of several actors", [consent(permit(actor=[actor(VARDCENTRAL), actor(PSYKIATRI)]))], PERMIT, R.CONSENT),
    Case("one of several actors cannot be resolved", [consent(permit(actor=[actor(PSYKIATRI), UNRESOLVABLE]))], UNSURE, R.ACTOR_UNRESOLVED),
    Case("a permit to a unit, asked without a unit", [consent(permit(actor=[actor(PSYKIATRI)]))], DENY, R.NO_MATCH, {"recipient": NO_UNIT}),
    Case("an exception for a unit, asked without a unit", [consent(permit(provision=[deny(actor=[actor(VARDCENTRAL)])]))], UNSURE, R.ELEMENT_NOT_EVALUATED, {"recipient": NO_UNIT}),
    Case("an exception for another unit", [consent(permit(provision=[deny(actor=[actor(VARDCENTRAL)])]))], PERMIT, R.CONSENT),
    Case("an exception for a person, asked by nobody in person", [consent(permit(provision=[deny(actor=[actor(NURSE, "Practitioner")])]))], UNSURE, R.ELEMENT_NOT_EVALUATED),
    Case("an exception for the person who asks", [consent(permit(provision=[deny(actor=[actor(NURSE, "Practitioner")])]))], DENY, R.CONSENT_DENIES, {"recipient": WITH_NURSE}),
    Case("an unjoined identifier in a deny", [consent(), consent(deny(actor=[actor(REGION)]), id="c2")], UNSURE, R.ELEMENT_NOT_EVALUATED, {"recipient": Side(frozenset({REGION_HSA}), PSYKIATRI)}),
    Case("an unjoined identifier in a permit", [consent(permit(actor=[actor(REGION)]))], DENY, R.NO_MATCH, {"recipient": Side(frozenset({REGION_HSA}), PSYKIATRI)}),
    Case("a relative is no requester", [consent(permit(actor=[actor(REGION, "RelatedPerson")]))], DENY, R.NO_MATCH),
    Case("a contained organisation", [consent(permit(actor=[{"role": concept(PARTICIPATION_TYPE, "IRCP"), "reference": {"reference": "#o"}}]), contained=[{"resourceType": "Organization", "id": "o", "identifier": [REGION.as_fhir()]}])], PERMIT, R.CONSENT),
    Case("a contained organisation without identifier", [consent(permit(actor=[{"role": concept(PARTICIPATION_TYPE, "IRCP"), "reference": {"reference": "#o"}}]), contained=[{"resourceType": "Organization", "id": "o", "name": "Regionen"}])], UNSURE, R.ACTOR_UNRESOLVED),
]
# fmt: on
ROLE_AT_REGION: Json = {
    "resourceType": "PractitionerRole",
    "id": "r",
    "organization": reference(REGION, "Organization"),
    "code": [concept(*NURSE_ROLE)],
}
TO_ROLE: Json = {"role": concept(PARTICIPATION_TYPE, "IRCP"), "reference": {"reference": "#r"}}
# fmt: off
ACTORS += [
    Case("a role at the organisation", [consent(permit(actor=[TO_ROLE]), contained=[ROLE_AT_REGION])], PERMIT, R.CONSENT, {"recipient": WITH_NURSE}),
    Case("a role that the request does not state", [consent(permit(actor=[TO_ROLE]), contained=[ROLE_AT_REGION])], DENY, R.NO_MATCH),
    Case("an exception for a role that the request does not state", [consent(permit(provision=[deny(actor=[TO_ROLE])]), contained=[ROLE_AT_REGION])], UNSURE, R.ELEMENT_NOT_EVALUATED),
    Case("a role narrowed by what we do not evaluate", [consent(permit(actor=[TO_ROLE]), contained=[ROLE_AT_REGION | {"location": [{"reference": "Location/1"}]}])], UNSURE, R.ELEMENT_NOT_EVALUATED, {"recipient": WITH_NURSE}),
    Case("a role that points at itself", [consent(permit(actor=[TO_ROLE]), contained=[{"resourceType": "PractitionerRole", "id": "r", "organization": {"reference": "#r"}}])], UNSURE, R.ACTOR_UNRESOLVED),
]
# fmt: on

# fmt: off
SENDERS = [
    Case("a permit without organization covers nobody", [consent(sender=None)], DENY, R.NO_MATCH),
    Case("a permit for another sender", [consent(sender=STRANGER)], DENY, R.NO_MATCH),
    Case("a permit for the sending unit", [consent(sender=IFO)], PERMIT, R.CONSENT),
    Case("a deny without organization covers every sender", [consent(deny(), sender=None), consent(id="c2")], DENY, R.CONSENT_DENIES),
    Case("a deny for another sender", [consent(deny(), sender=REGION), consent(id="c2")], PERMIT, R.CONSENT),
    Case("a nested deny without organization covers every sender", [consent(permit(provision=[deny()]), sender=None), consent(id="c2")], DENY, R.CONSENT_DENIES),
    Case("a sender that cannot be resolved", [consent(organization=[{"reference": "Organization/1"}])], UNSURE, R.ACTOR_UNRESOLVED),
]
# fmt: on

# fmt: off
PURPOSES = [
    Case("a permit without purpose is for every purpose", [consent()], PERMIT, R.CONSENT),
    Case("another purpose", [consent(permit(purpose=purposes("HQUALIMP")))], DENY, R.NO_MATCH),
    Case("a permit does not cover a purpose's kinds", [consent(permit(purpose=purposes("TREAT")))], DENY, R.NO_MATCH, {"purposes": ("COC",)}),
    Case("a deny covers a purpose's kinds", [consent(), consent(deny(purpose=purposes("TREAT")), id="c2")], DENY, R.CONSENT_DENIES, {"purposes": ("COC",)}),
    Case("a deny of a kind does not cover the purpose", [consent(), consent(deny(purpose=purposes("COC")), id="c2")], PERMIT, R.CONSENT),
    Case("every purpose must be permitted", [consent(permit(purpose=purposes("TREAT")))], DENY, R.NO_MATCH, {"purposes": ("TREAT", "HQUALIMP")}),
    Case("each purpose may be permitted by another Consent", [consent(permit(purpose=purposes("TREAT"))), consent(permit(purpose=purposes("HQUALIMP")), id="c2")], PERMIT, R.CONSENT, {"purposes": ("TREAT", "HQUALIMP")}),
    Case("a deny of one of the purposes", [consent(), consent(deny(purpose=purposes("HQUALIMP")), id="c2")], DENY, R.CONSENT_DENIES, {"purposes": ("TREAT", "HQUALIMP")}),
    Case("a purpose that nobody knows is none", [consent()], DENY, R.NO_PURPOSE, {"purposes": ("WHATEVER",)}),
    Case("a purpose without a system in a permit is no match", [consent(permit(purpose=[{"code": "TREAT"}]))], DENY, R.NO_MATCH),
    Case("a purpose without a system in a deny is in doubt", [consent(), consent(deny(purpose=[{"code": "HMARKT"}]), id="c2")], UNSURE, R.ELEMENT_NOT_EVALUATED),
    Case("emergency treatment never opens", [consent()], DENY, R.NO_MATCH, {"purposes": ("ETREAT",)}, alert=True),
    Case("breaking the glass never opens", [consent(permit(purpose=purposes("BTG")))], DENY, R.NO_MATCH, {"purposes": ("BTG",)}, alert=True),
    Case("no purpose stated, a deny of one", [consent(), consent(deny(purpose=purposes("TREAT")), id="c2")], UNSURE, R.ELEMENT_NOT_EVALUATED, {"purposes": ()}),
]
# fmt: on

# fmt: off
ELEMENTS = [
    Case("an action that is permitted", [consent(permit(action=actions("disclose")))], PERMIT, R.CONSENT),
    Case("another action", [consent(permit(action=actions("use")))], DENY, R.NO_MATCH),
    Case("an action that we do not evaluate, denied", [consent(), consent(deny(action=actions("correct")), id="c2")], UNSURE, R.ELEMENT_NOT_EVALUATED),
    Case("an action that we do not evaluate, permitted", [consent(permit(action=actions("correct")))], DENY, R.NO_MATCH),
    Case("a record type that was not asked for", [consent(permit(code=record_types("SIP")))], DENY, R.NO_MATCH, {"record_types": frozenset({"AUDIT"})}),
    Case("the record type asked for", [consent(permit(code=record_types("AUDIT")))], PERMIT, R.CONSENT, {"record_types": frozenset({"AUDIT"})}),
    Case("record types partly covered", [consent(permit(code=record_types("AUDIT")))], PERMIT, R.CONSENT, {"record_types": frozenset({"AUDIT", "DUDIT"})}, (only("codes", "AUDIT"),)),
    Case("types partly covered", [consent(permit(**{"class": classes("CarePlan")}))], PERMIT, R.CONSENT, {"types": frozenset({"CarePlan", "Goal"})}, (only("types", "CarePlan"),)),
    Case("a type that a record type does not have", [consent(permit(code=record_types("SIP")))], DENY, R.NO_MATCH, {"types": frozenset({"Observation"})}),
    Case("a foreign type with a record type permitted", [consent(permit(code=record_types("SIP")))], DENY, R.NO_MATCH, {"types": frozenset({"Condition"})}),
    Case("an unknown class in a deny", [consent(), consent(deny(**{"class": classes("DomainResource")}), id="c2")], UNSURE, R.ELEMENT_NOT_EVALUATED),
    Case("an unknown class in a permit", [consent(permit(**{"class": classes("DomainResource")}))], DENY, R.NO_MATCH),
    Case("a record type without a system in a permit", [consent(permit(code=[{"coding": [{"code": "SIP"}]}]))], DENY, R.NO_MATCH),
    Case("a label without a system in a permit", [consent(permit(securityLabel=[{"code": "N"}]))], DENY, R.NO_MATCH),
    Case("a document type in a deny", [consent(), consent(deny(**{"class": [coding("urn:ietf:bcp:13", "application/pdf")]}), id="c2")], UNSURE, R.ELEMENT_NOT_EVALUATED),
    Case("an unknown record type in a deny", [consent(), consent(deny(code=record_types("LAB")), id="c2")], UNSURE, R.ELEMENT_NOT_EVALUATED),
    Case("a code of text alone in a deny", [consent(), consent(deny(code=[{"text": "Alkohol"}]), id="c2")], UNSURE, R.ELEMENT_NOT_EVALUATED),
    Case("an unknown label in a deny", [consent(), consent(deny(securityLabel=[coding("urn:x", "hemligt")]), id="c2")], UNSURE, R.ELEMENT_NOT_EVALUATED),
    Case("a deny of part of what was asked", [consent(), consent(deny(code=record_types("AUDIT")), id="c2")], PERMIT, R.CONSENT, {"record_types": frozenset({"SIP", "AUDIT"})}, (excepted("codes", "AUDIT"),)),
    Case("a deny of all that was asked", [consent(), consent(deny(code=record_types("AUDIT")), id="c2")], DENY, R.CONSENT_DENIES, {"record_types": frozenset({"AUDIT"})}),
    Case("a deny of all that was permitted", [consent(permit(code=record_types("AUDIT"))), consent(deny(code=record_types("AUDIT")), id="c2")], DENY, R.CONSENT_DENIES, {"record_types": frozenset({"SIP", "AUDIT"})}),
    Case("a deny of ETH takes ETHUD", [consent(permit(provision=[deny(securityLabel=[coding(ACT_CODE, "ETH")])]))], PERMIT, R.CONSENT, obligations=(excepted("labels", "ETH", "ETHUD"),)),
    Case("a meaning that R4 does not know", [consent(permit(data=data("whole", "CarePlan/1")))], UNSURE, R.ELEMENT_NOT_EVALUATED),
    Case("data that points nowhere", [consent(permit(data=[{"meaning": "instance", "reference": {"display": "planen"}}]))], UNSURE, R.ELEMENT_NOT_EVALUATED),
]
# fmt: on

# fmt: off
SEVERAL = [
    Case("a nested deny counts against another Consent", [consent(permit(provision=[deny(actor=[actor(PSYKIATRI)])])), consent(id="c2")], DENY, R.CONSENT_DENIES),
    Case("a nested deny of a provision that is about somebody else", [consent(permit(actor=[actor(STRANGER)], provision=[deny()])), consent(id="c2")], PERMIT, R.CONSENT),
    Case("a root deny with a nested permit for who asks", [consent(deny(provision=[permit(actor=[actor(PSYKIATRI)])]))], PERMIT, R.CONSENT),
    Case("a root deny with a nested permit for somebody else", [consent(deny(provision=[permit(actor=[actor(VARDCENTRAL)])])), consent(id="c2")], DENY, R.CONSENT_DENIES),
    Case("a root deny whose exception cannot be told", [consent(deny(provision=[permit(actor=[actor(VARDCENTRAL)])])), consent(id="c2")], UNSURE, R.ELEMENT_NOT_EVALUATED, {"recipient": NO_UNIT}),
    Case("a root deny with an exception in doubt and one that surely applies", [consent(deny(provision=[permit(actor=[actor(VARDCENTRAL)]), permit()]))], PERMIT, R.CONSENT, {"recipient": NO_UNIT}),
    Case("a deny beats doubt, and still alerts", [consent(deny()), consent(status="?", id="c2")], DENY, R.CONSENT_DENIES, alert=True),
    Case("doubt beats a permit", [consent(), consent(status="?", id="c2")], UNSURE, R.CONSENT_UNREADABLE),
    Case("a block beats a deny", [consent(deny()), block()], DENY, R.BLOCKED),
    Case("a block counts in every agreement", [consent(), block()], DENY, R.BLOCKED),
    Case("a block of another sender's records", [consent(), block(sender=REGION)], PERMIT, R.CONSENT),
    Case("a block without organization covers every sender", [consent(), block(sender=None)], DENY, R.BLOCKED),
    Case("a block that permits at its root", [consent(), block(permit())], UNSURE, R.ELEMENT_NOT_EVALUATED),
    Case("a block that cannot be evaluated", [consent(), block(deny(actor=[UNRESOLVABLE]))], UNSURE, R.ACTOR_UNRESOLVED),
]
# fmt: on


def lifting(start: str, end: str, **elements: Any) -> Json:
    return block(
        deny(
            provision=[
                permit(period={"start": start, "end": end}, **{"actor": [actor(PSYKIATRI)]} | elements)
            ]
        )
    )


# fmt: off
LIFTINGS = [
    Case("a lifting for the unit opens nothing by itself", [lifting("2024-06-01", "2024-06-07")], DENY, R.NO_MATCH),
    Case("a lifting for the unit lets a permit through", [consent(), lifting("2024-06-01", "2024-06-07")], PERMIT, R.CONSENT),
    Case("a lifting of eight days lifts nothing", [consent(), lifting("2024-06-01", "2024-06-08")], DENY, R.BLOCKED),
    Case("a lifting that has ended", [consent(), lifting("2024-05-20", "2024-05-26")], DENY, R.BLOCKED),
    Case("a lifting for the whole organisation lifts nothing", [consent(), lifting("2024-06-01", "2024-06-07", actor=[actor(REGION)])], DENY, R.BLOCKED),
    Case("a lifting for another unit", [consent(), lifting("2024-06-01", "2024-06-07", actor=[actor(VARDCENTRAL)])], DENY, R.BLOCKED),
    Case("a lifting for the person who asks", [consent(), lifting("2024-06-01", "2024-06-07", actor=[actor(NURSE, "Practitioner")])], PERMIT, R.CONSENT, {"recipient": WITH_NURSE}),
    Case("a lifting for a person, asked by nobody in person", [consent(), lifting("2024-06-01", "2024-06-07", actor=[actor(NURSE, "Practitioner")])], UNSURE, R.ELEMENT_NOT_EVALUATED),
]
# fmt: on

# fmt: off
VERSIONS = [
    Case("the newer version of the same Consent", [consent(deny()), consent(meta={"versionId": "2"})], PERMIT, R.CONSENT),
    Case("the newer version denies", [consent(), consent(deny(), meta={"versionId": "2"})], DENY, R.CONSENT_DENIES),
    Case("a version that cannot be told newer does not replace", [consent(deny()), consent(meta={})], DENY, R.CONSENT_DENIES),
    Case("version ten is newer than nine", [consent(deny(), meta={"versionId": "9"}), consent(meta={"versionId": "10"})], PERMIT, R.CONSENT),
    Case("a revoked id has ended for good", [consent(status="inactive"), consent(meta={"versionId": "2"})], DENY, R.NO_CONSENT),
    Case("a revoked business identifier has ended for good", [consent(status="inactive", identifier=[{"system": "urn:s", "value": "1"}]), consent(id="c2", identifier=[{"system": "urn:s", "value": "1"}])], DENY, R.NO_CONSENT),
    Case("an older revocation does not lift a newer deny", [consent(deny(), status="inactive"), consent(deny(), meta={"versionId": "2"}), consent(id="c2")], DENY, R.CONSENT_DENIES),
    Case("after a revocation an exception from a deny opens nothing", [consent(status="inactive"), consent(deny(provision=[permit()]), meta={"versionId": "2"})], DENY, R.NO_MATCH),
]
# fmt: on

# fmt: off
MINORS = [
    Case("a minor's permit without the maturity fields", [consent(person=MINOR)], UNSURE, R.ELEMENT_NOT_EVALUATED, {"person": MINOR, "at": AT_SIXTEEN}),
    Case("a minor's permit with them", [consent(person=MINOR, extension=minor_fields())], PERMIT, R.CONSENT, {"person": MINOR, "at": AT_SIXTEEN}),
    Case("a minor's permit with an assessment on no day", [consent(person=MINOR, extension=minor_fields()[:3])], UNSURE, R.ELEMENT_NOT_EVALUATED, {"person": MINOR, "at": AT_SIXTEEN}),
    Case("a minor's deny never needs them", [consent(deny(), person=MINOR)], DENY, R.CONSENT_DENIES, {"person": MINOR, "at": AT_SIXTEEN}),
    Case("a guardian's permit for a child of twelve", [consent(person=MINOR)], PERMIT, R.CONSENT, {"person": MINOR, "at": datetime(2015, 6, 3, tzinfo=UTC)}),
    Case("a guardian's permit on the day before the birthday", [consent(person=MINOR, extension=minor_fields("guardian"))], PERMIT, R.CONSENT, {"person": MINOR, "at": datetime(2021, 2, 1, 22, 59, tzinfo=UTC)}),
    Case("a guardian's permit ends on the 18th birthday, Stockholm time", [consent(person=MINOR, extension=minor_fields("guardian"))], DENY, R.NO_CONSENT, {"person": MINOR, "at": datetime(2021, 2, 1, 23, 0, tzinfo=UTC)}),
    Case("a minor's own permit goes on", [consent(person=MINOR, extension=minor_fields("minor"))], PERMIT, R.CONSENT, {"person": MINOR, "at": datetime(2021, 2, 1, 23, 0, tzinfo=UTC)}),
]
# fmt: on

# fmt: off
AGREEMENTS = [
    Case("decided apart: one agreement permits, another denies", [consent(), consent(deny(), id="c2", agreement=OTHER_AGREEMENT)], PERMIT, R.CONSENT, {"agreement": None}),
    Case("decided apart: a deny that names none narrows each", [consent(), consent(deny(), id="c2", agreement=None)], DENY, R.CONSENT_DENIES, {"agreement": None}),
    Case("decided apart: an exception that names none denies in each", [consent(), consent(permit(provision=[deny()]), id="c2", agreement=None)], DENY, R.CONSENT_DENIES, {"agreement": None}),
    Case("decided apart: what names none opens nothing beside another agreement's permit", [consent(permit(purpose=purposes("HQUALIMP"))), consent(deny(purpose=purposes("TREAT"), provision=[permit()]), id="c2", agreement=None)], DENY, R.NO_MATCH, {"agreement": None, "purposes": ("TREAT", "HQUALIMP")}),
    Case("decided apart: permit by the one, doubt in the other", [consent(), consent(permit(actor=[UNRESOLVABLE]), id="c2", agreement=OTHER_AGREEMENT)], PERMIT, R.CONSENT, {"agreement": None}, alert=True),
    Case("decided apart: each purpose needs one agreement that permits both", [consent(permit(purpose=purposes("TREAT"))), consent(permit(purpose=purposes("HQUALIMP")), id="c2", agreement=OTHER_AGREEMENT)], DENY, R.NO_MATCH, {"agreement": None, "purposes": ("TREAT", "HQUALIMP")}),
    Case("decided apart: a block stands in all", [consent(), block()], DENY, R.BLOCKED, {"agreement": None}),
]
# fmt: on

GARBAGE = [
    Case(f"garbage: {name}", [thing, consent(id="c2")], UNSURE, R.CONSENT_UNREADABLE, alert=True)
    for name, thing in {
        "nothing": None,
        "text": "Consent",
        "a list": [consent()],
        "another resource": {"resourceType": "Patient", "id": "1"},
        "no type": {"status": "active"},
        "five megabytes": consent(text={"div": "x" * 5_000_000}),
        "too many values": consent(policy=[{"uri": "urn:x"}] * 20_000),
    }.items()
]

TABLE: Mapping[str, Sequence[Case]] = {
    "Cases that are easily got wrong": TWELVE,
    "Which Consents count": COUNTING,
    "The form of a provision": FORM,
    "Recipients": ACTORS,
    "Senders": SENDERS,
    "Purposes": PURPOSES,
    "Actions, types, codes, labels, periods and data": ELEMENTS,
    "Several Consents": SEVERAL,
    "Blocks and their liftings": LIFTINGS,
    "Versions and revocations": VERSIONS,
    "Minors": MINORS,
    "Several agreements": AGREEMENTS,
    "What is no Consent": GARBAGE,
}
CASES = [case for cases in TABLE.values() for case in cases]
