"""The AuditEvents keep to the BALP profiles that they state, and state none that they do not keep to."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from adapter.domain.requester import Requester
from adapter.exchange.issuance import Issuance
from tests.api import consents as fhir_consents
from tests.api.bridge import Bridge
from tests.audit.balp import PROFILES, Json, faults, stated
from tests.exchange.bodies import consent, plan_consent, screening, sip
from tests.exchange.parties import region, requester


@pytest.fixture
async def events(bridge: Bridge) -> list[Json]:
    """Everything that a plan leaves that is pushed, held, searched, read and confirmed, a stranger's search, a token, and a Consent by FHIR."""
    house = bridge.house
    await house.push(screening("SCR-refused"))
    await house.push(consent())
    await house.push(plan_consent())
    await house.carry(sip())
    found = await house.search("CarePlan")
    await house.search("CarePlan", resource_id=found.resources[0]["id"])
    await house.search("Consent")
    await house.confirm_receipt(region(), found.receipt or "", "request-2")
    await house.search("CarePlan", requester=stranger())
    issuance = Issuance(database=house.database, audit=house.trail, clock=house.clock)
    await issuance.record("region", "jti-2", ["system/Patient.rs"], "request-3", "192.0.2.1")
    filed = await fhir_consents.filed(bridge, fhir_consents.consent())
    await fhir_consents.put(bridge, filed | {"status": "inactive"}, 1)
    return await house.audit()


def stranger() -> Requester:
    return requester("2321000016", "SE2321000016-E0901", "TREAT")


def test_every_profile_that_an_event_states_is_kept(events: list[Json]) -> None:
    kept = {(name, *faults(event, PROFILES[name])) for event in events if (name := stated(event))}
    assert kept == {(name,) for name in PROFILES}


def test_what_no_profile_fits_states_none(events: list[Json]) -> None:
    plain = [event for event in events if stated(event) is None]
    assert all(faults(event, profile) for event in plain for profile in PROFILES.values())


def test_each_event_is_about_one_patient_at_most(events: list[Json]) -> None:
    for event in events:
        kinds = [entity["type"]["code"] for entity in event["entity"]]
        assert kinds.count("1") <= 1


SPOILT: dict[str, tuple[str, Callable[[Json], object]]] = {
    "no patient": ("BasicAudit.PatientQuery", lambda event: event["entity"].pop(1)),
    "no query": ("BasicAudit.PatientQuery", lambda event: event["entity"][0].pop("query")),
    "another outcome": ("BasicAudit.PatientQuery", lambda event: event.update(outcome="4")),
    "no network": ("BasicAudit.PatientRead", lambda event: event["agent"][0].pop("network")),
    "roles swapped": ("BasicAudit.PatientRead", lambda event: event["agent"].__delitem__(1)),
    "no consent": ("BasicAudit.AuthZconsent", lambda event: event["entity"].pop()),
    "no authorizer": ("BasicAudit.AuthZconsent", lambda event: event["agent"].pop(3)),
    "a foreign entity": (
        "BasicAudit.AuthZconsent",
        lambda event: event["entity"].append({"type": {"code": "x"}}),
    ),
    "another action": ("BasicAudit.PrivacyDisclosure.Recipient", lambda event: event.update(action="R")),
    "another observer": (
        "BasicAudit.PrivacyDisclosure.Source",
        lambda event: event["source"].update(observer={"display": "Sambro"}),
    ),
    "no subtype": ("BasicAudit.PrivacyDisclosure.Source", lambda event: event.update(subtype=[])),
}


@pytest.mark.parametrize(("name", "spoil"), SPOILT.values(), ids=SPOILT)
def test_the_table_sees_what_is_missing(
    events: list[Json], name: str, spoil: Callable[[Json], object]
) -> None:
    event = copy.deepcopy(next(event for event in events if stated(event) == name))
    spoil(event)
    assert faults(event, PROFILES[name])
