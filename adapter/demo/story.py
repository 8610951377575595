"""The story: one person's plan and screening cross the bridge, each only because a consent says so.

Each step says what happened and what each side now sees; a step whose expectation fails ends the story with its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from adapter.demo import records
from adapter.demo.scene import Scene, body_of, expect, masked

_RECORDS: Final = ("Patient", "CarePlan", "Goal", "CareTeam", "Task", "Observation")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its name, its headline in Swedish and English, and how it is played; playing yields what the sides see."""

    name: str
    swedish: str
    english: str
    play: Callable[[Scene], Iterator[str]]


def without_consent(scene: Scene) -> Iterator[str]:
    """A plan for a person without consent stays with the kommun."""
    seen = len(scene.received("region"))
    pushed = scene.push(records.sip(records.REFUSED, "sip-refused", scene.next_id("sip"), scene.clock()))
    expect(pushed.status_code == 202, "the push is not accepted")
    expect(scene.status(pushed) == "withheld", "the plan is not withheld")
    expect(len(scene.received("region")) == seen, "the region's system received something")
    yield "Kommunen: mottaget, status «withheld». Regionen: ingenting / nothing."
    _alike(scene, "region", records.REFUSED, records.UNKNOWN)
    yield "Regionens sökning: samma svar, byte för byte, som för en person som ingen känner / same bytes as for an unknown person."


def consent_given(scene: Scene) -> Iterator[str]:
    """Both consents are given at the reception and in force when answered."""
    for category in ("osl-waiver", "sip-plan"):
        answer = scene.push(
            records.consent(
                records.CONSENTED, f"samtycke-{category}", scene.next_id("consent"), scene.clock(), category
            )
        )
        expect(answer.status_code == 201, f"the {category} consent is not in force")
        yield f"Samtycke «{category}»: gäller från svaret / in force when answered (201)."


def plan_crosses(scene: Scene) -> Iterator[str]:
    """The plan is forwarded to the region's system and held for its own call."""
    seen = len(scene.received("region"))
    pushed = scene.push(records.sip(records.CONSENTED, "sip-1", scene.next_id("sip"), scene.clock()))
    expect(pushed.status_code == 202, "the push is not accepted")
    scene.eventually("the region's system received no plan", lambda: len(scene.received("region")) > seen)
    resources = [entry["resource"] for entry in body_of(scene.received("region")[-1])["entry"]]
    types = [resource["resourceType"] for resource in resources]
    expect(
        {"CarePlan", "Goal", "CareTeam", "Task"} <= set(types),
        "the transaction lacks a part of the plan",
    )
    yield f"Regionens journal har fått / received: {', '.join(types)}."
    made_by = [it["policy"][0] for it in resources if it["resourceType"] == "Provenance"]
    expect(len(made_by) == 1, "the transaction does not say which mapping made the plan")
    yield f"Översatt av / translated by: {made_by[0]}."
    for resource_type, count in (("CarePlan", 1), ("Goal", 2), ("CareTeam", 1), ("Task", 1)):
        answer = scene.search("region", resource_type, records.CONSENTED)
        expect(
            len(_matches(answer.json())) == count,
            f"the region's search does not find {count} {resource_type}",
        )
        expect(scene.confirm(answer).status_code == 200, f"the receipt of {resource_type} is not confirmed")
    yield "Regionens sökningar (hold): 1 CarePlan, 2 Goal, 1 CareTeam, 1 Task."
    yield "Regionen kvitterar varje svar; när hela planen är kvitterad raderas den / confirmed and wiped."


def screening_crosses(scene: Scene) -> Iterator[str]:
    """The kommun's AUDIT is forwarded, and read live from the kommun's system."""
    seen = len(scene.received("region"))
    screening = records.audit(records.CONSENTED, "audit-1", scene.next_id("screening"), scene.clock())
    scene.remember(screening)
    expect(scene.push(screening).status_code == 202, "the push is not accepted")
    scene.eventually("the region's system received no AUDIT", lambda: len(scene.received("region")) > seen)
    observations = scene.found("region", "Observation", records.CONSENTED)
    expect(
        [found["valueInteger"] for found in observations] == [17], "the live search does not find the AUDIT"
    )
    yield "Regionen: AUDIT 17 poäng, skickad (forward) och läst direkt hos kommunen (query)."


def result_returns(scene: Scene) -> Iterator[str]:
    """The region's own AUDIT reaches the kommun's system in the kommun's own format."""
    seen = len(scene.received("kommun"))
    message = records.oru_r01(records.CONSENTED, scene.next_id("oru"), scene.clock(), total=9)
    expect(scene.send(message) == "AA", "the HL7 message is not acknowledged with AA")
    scene.eventually("the kommun's system received no result", lambda: len(scene.received("kommun")) > seen)
    body = body_of(scene.received("kommun")[-1])
    expect(body["kind"] == "screening" and body["screening"]["summa"] == 9, "the result is not the one sent")
    comments = " ".join(body["screening"]["kommentar"])
    expect("Åter på mottagningen, följs upp i övrigt" in comments, "å, ä or ö were lost")
    yield "Kommunens system har fått AUDIT 9 poäng i sitt eget format, å ä ö hela / received in its own format."


def person_data_returns(scene: Scene) -> Iterator[str]:
    """Changed person data reach the kommun; those of a protected person do not."""
    seen = len(scene.received("kommun"))
    message = records.adt_a31(records.CONSENTED, scene.next_id("adt"), scene.clock(), protected=False)
    expect(scene.send(message) == "AA", "the A31 is not acknowledged with AA")
    scene.eventually(
        "the kommun's system received no person data", lambda: len(scene.received("kommun")) > seen
    )
    expect(
        body_of(scene.received("kommun")[-1])["person"]["adress"][0]["ort"] == "Alingsås",
        "the address is lost",
    )
    yield "Kommunens system har fått ändrade personuppgifter / received changed person data."
    _consent(scene, records.PROTECTED, "skyddad")
    seen = len(scene.received("kommun"))
    message = records.adt_a31(records.PROTECTED, scene.next_id("adt"), scene.clock(), protected=True)
    expect(scene.send(message) == "AA", "the protected A31 is not acknowledged with AA")
    later = records.adt_a31(records.CONSENTED, scene.next_id("adt"), scene.clock(), protected=False)
    expect(scene.send(later) == "AA", "the later A31 is not acknowledged with AA")
    scene.eventually("the later person data did not arrive", lambda: len(scene.received("kommun")) > seen)
    for row in scene.received("kommun")[seen:]:
        person = body_of(row)["person"]
        expect(person["id"] != records.PROTECTED or "adress" not in person, "a protected address left")
    yield "Skyddade personuppgifter: ingen adress lämnar regionen / no protected address leaves."


def stranger_asks(scene: Scene) -> Iterator[str]:
    """Somebody whom no agreement names gets what nobody gets."""
    _alike(scene, "stranger", records.CONSENTED, records.UNKNOWN)
    yield "En obehörig frågar om personen: samma bytes som för en okänd / a stranger learns nothing."


def consent_revoked(scene: Scene) -> Iterator[str]:
    """A revocation is in force when answered: what was held is gone, and new plans stay."""
    person = records.WITHDRAWN
    _consent(scene, person, "aterkallas")
    seen = len(scene.received("region"))
    scene.push(records.sip(person, "sip-2", scene.next_id("sip"), scene.clock()))
    scene.eventually("the plan is not held", lambda: bool(scene.found("region", "CarePlan", person)))
    scene.eventually("the region's system received no plan", lambda: len(scene.received("region")) > seen)
    yield "Före återkallelsen: regionen hittar planen / before: the plan is found."
    answer = scene.push(
        records.revocation(
            person, "samtycke-aterkallas-osl-waiver", scene.next_id("consent"), scene.clock(), "osl-waiver"
        )
    )
    expect(answer.status_code == 201, "the revocation is not in force")
    # The Consent itself stays readable to the parties that it names: as ended.
    _alike(scene, "region", person, records.UNKNOWN, _RECORDS)
    yield "Efter: samma bytes som för en okänd / after: as for an unknown person."
    pushed = scene.push(records.sip(person, "sip-2", scene.next_id("sip"), scene.clock(), version=2))
    expect(scene.status(pushed) == "withheld", "a plan passed after the revocation")
    yield "En ny version av planen stannar hos kommunen / a new version stays."
    scene.eventually("the region's system was not told", lambda: len(scene.received("region")) > seen + 1)
    [notice] = [entry["resource"] for entry in body_of(scene.received("region")[-1])["entry"]]
    expect(notice["resourceType"] == "Communication", "what the region's system received is no notice")
    yield f"Regionens system får veta att grunden upphört / is told that the basis ended: {notice['sent']}."


def nothing_left(scene: Scene) -> Iterator[str]:
    """When the last delivery has ended, no content is at rest."""
    scene.eventually("content is left at rest", lambda: scene.content_rows() == 0)
    yield "Innehåll kvar i bryggan / content at rest: 0."


STORY: Final = (
    Step(
        "without-consent", "Utan samtycke stannar planen", "Without consent the plan stays", without_consent
    ),
    Step("consent-given", "Personen samtycker", "The person consents", consent_given),
    Step("plan-crosses", "Planen når regionen", "The plan reaches the region", plan_crosses),
    Step("screening-crosses", "AUDIT når regionen", "AUDIT reaches the region", screening_crosses),
    Step(
        "result-returns",
        "Regionens AUDIT når kommunen",
        "The region's AUDIT reaches the kommun",
        result_returns,
    ),
    Step(
        "person-data-returns",
        "Personuppgifter, även skyddade",
        "Person data, protected too",
        person_data_returns,
    ),
    Step("stranger-asks", "En obehörig frågar", "A stranger asks", stranger_asks),
    Step("consent-revoked", "Samtycket återkallas", "The consent is revoked", consent_revoked),
    Step("nothing-left", "Inget innehåll blir kvar", "No content is left", nothing_left),
)


def _consent(scene: Scene, person: str, name: str) -> None:
    for category in ("osl-waiver", "sip-plan"):
        body = records.consent(
            person, f"samtycke-{name}-{category}", scene.next_id("consent"), scene.clock(), category
        )
        expect(scene.push(body).status_code == 201, f"the {category} consent is not in force")


def _alike(
    scene: Scene, client: str, person: str, unknown: str, types: tuple[str, ...] = (*_RECORDS, "Consent")
) -> None:
    for resource_type in types:
        asked = scene.search(client, resource_type, person)
        nobody = scene.search(client, resource_type, unknown)
        expect(asked.status_code == 200, f"the search for {resource_type} is not answered")
        expect(not _matches(asked.json()), f"the search for {resource_type} finds something")
        expect(masked(asked, person) == masked(nobody, unknown), f"the answers for {resource_type} differ")


def _matches(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    return [e["resource"] for e in bundle.get("entry", []) if e.get("search", {}).get("mode") == "match"]
