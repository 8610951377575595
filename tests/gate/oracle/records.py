"""Bundles of records that a decision can be asked about, from a random source."""

from __future__ import annotations

from random import Random

from tests.gate.oracle.words import (
    ACT_CODE,
    CONFIDENTIALITY,
    DUDIT,
    HSA_ID,
    LOINC,
    Json,
)

_SIP = {"system": "https://fhir.inera.se/CodeSystem/typeofcareplan-cs", "code": "SIP"}
_AUTHORS: list[Json] = [
    {"identifier": {"system": HSA_ID, "value": "SE2321000131-P1"}},
    {"reference": "Practitioner/1"},
    {"identifier": {"system": HSA_ID, "value": "SE2321000131-S0"}},
]
_PERIODS: list[Json] = [
    {"start": "2022-01-01", "end": "2022-12-31"},
    {"start": "2022-03-01", "end": "2022-03-05"},
    {"start": "2021-12-31", "end": "2022-03-05"},
    {"start": "2022-03-01"},
    {"start": "2023-02-01", "end": "2023-03-01"},
]
_MOMENTS = [
    "2022-05-01",
    "2022",
    "2021-12-31T23:30:00Z",
    "2022-12-31T23:30:00Z",
    "2023-01-02",
    "2021-03-03T10:00:00+01:00",
]


def bundle_of_records(random: Random, patient: Json, other: Json) -> Json:
    """A collection of one to seven records, most of them of the person; ``other`` is somebody else."""
    makers = [_care_plan, _care_plan, _goal, _care_team, _audit, _audit, _dudit, _other_observation, _episode]
    records: list[Json] = []
    for maker in random.sample(makers, random.randint(1, 7)):
        record = maker(random)
        number = sum(one["resourceType"] == record["resourceType"] for one in records) + 1
        owner = patient if random.random() < 0.95 else other
        subject = "patient" if record["resourceType"] == "EpisodeOfCare" else "subject"
        records.append({**record, "id": str(number), subject: {"identifier": owner}})
        if random.random() < 0.04:
            records[-1]["modifierExtension"] = [{"url": "https://example.org/strange", "valueBoolean": True}]
        if random.random() < 0.04:
            records[-1]["undefinedInR4"] = "x"
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in records]}


def _care_plan(random: Random) -> Json:
    return _maybe(
        random,
        {
            "resourceType": "CarePlan",
            "status": random.choice(["active", "active", "draft", "revoked", "on-hold", "completed"]),
            "intent": "plan",
            "category": [{"coding": [_SIP]}],
        },
        period=random.choice(_PERIODS),
        author=random.choice(_AUTHORS),
        goal=[{"reference": "Goal/1"}],
        meta=_free_label(random),
    )


def _goal(random: Random) -> Json:
    goal: Json = {"resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "Mål"}}
    return _maybe(random, goal, meta=_free_label(random), startDate="2022-05-01")


def _care_team(random: Random) -> Json:
    team: Json = {"resourceType": "CareTeam", "status": "active"}
    return _maybe(random, team, meta=_free_label(random), period=random.choice(_PERIODS))


def _episode(random: Random) -> Json:
    return _maybe(
        random, {"resourceType": "EpisodeOfCare", "status": "active"}, period=random.choice(_PERIODS)
    )


def _audit(random: Random) -> Json:
    coding = {"system": LOINC, "code": random.choice(["75624-7", "75626-2"])}
    return _observation(random, coding, {"security": [_restricted(), {"system": ACT_CODE, "code": "ETHUD"}]})


def _dudit(random: Random) -> Json:
    coding = {"system": DUDIT, "code": "dudit-total"}
    return _observation(random, coding, {"security": [_restricted(), {"system": ACT_CODE, "code": "ETH"}]})


def _other_observation(random: Random) -> Json:
    return _observation(random, {"system": LOINC, "code": "29463-7"}, _free_label(random))


def _observation(random: Random, coding: Json, meta: Json) -> Json:
    observation: Json = {
        "resourceType": "Observation",
        "meta": meta,
        "status": "final",
        "code": {"coding": [coding]},
        "valueInteger": 7,
    }
    dated: Json = {"effectiveDateTime": random.choice(_MOMENTS)}
    if random.random() < 0.3:
        dated = {"effectivePeriod": random.choice(_PERIODS)}
    return _maybe(random, observation, performer=[random.choice(_AUTHORS)], **dated)


def _free_label(random: Random) -> Json:
    return {"security": [{"system": CONFIDENTIALITY, "code": random.choice(["N", "N", "R"])}]}


def _restricted() -> Json:
    return {"system": CONFIDENTIALITY, "code": "R"}


def _maybe(random: Random, record: Json, **elements: object) -> Json:
    return record | {name: value for name, value in elements.items() if random.random() < 0.75}
