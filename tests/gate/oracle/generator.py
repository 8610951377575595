"""Requests, Consents and records of every shape, from a seed: mostly whole and to the point, each with a few twists."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.gate.oracle.records import bundle_of_records
from tests.gate.oracle.words import (
    ACT_CODE,
    ACTION,
    AGREEMENT,
    ASSESSED_BY,
    ASSESSED_ON,
    CATEGORY,
    CONFIDENTIALITY,
    DECIDED_BY,
    HSA_ID,
    LOINC,
    ORGANISATIONSNUMMER,
    PARTICIPATION,
    PERSONNUMMER,
    PURPOSE,
    RECORD_TYPE,
    RESOURCE_TYPE,
    SCOPE,
    STOCKHOLM,
    Json,
)

ADULT = {"system": PERSONNUMMER, "value": "191212121212"}
YOUNG = {"system": PERSONNUMMER, "value": "200302022389"}
OTHER = {"system": PERSONNUMMER, "value": "196101182803"}


def hsa(tail: str) -> Json:
    """An HSA-id."""
    return {"system": HSA_ID, "value": f"SE2321000131-{tail}"}


SENDER, SENDER_UNIT = hsa("S0"), hsa("S1")
RECIPIENT, RECIPIENT_UNIT, PERSON = hsa("R0"), hsa("R1"), hsa("P1")
STRANGER = hsa("X9")
ORGNR = {"system": ORGANISATIONSNUMMER, "value": "2321000131"}
ROLE = {"system": "http://snomed.info/sct", "code": "224535009"}
OTHER_ROLE = {"system": "http://snomed.info/sct", "code": "59058001"}
AGREEMENTS = ["https://example.org/agreement/alingsas", "https://example.org/agreement/lerum"]
INSTANTS = [
    datetime(2024, 3, 31, 0, 30, tzinfo=UTC),  # the night when the clock goes forward in Stockholm
    datetime(2024, 10, 26, 22, 30, tzinfo=UTC),  # half past midnight of the day when it goes back
    datetime(2024, 6, 30, 21, 59, 59, tzinfo=UTC),  # the last second of June
    datetime(2019, 12, 31, 23, 30, tzinfo=UTC),  # the new year has begun in Stockholm alone
    datetime(2021, 2, 1, 23, 0, tzinfo=UTC),  # the eighteenth birthday begins
    datetime(2018, 5, 3, 12, 0, tzinfo=UTC),
    datetime(2023, 9, 14, 8, 0, tzinfo=UTC),
]


@dataclass(frozen=True)
class Case:
    """What ``sambro decide`` is given."""

    request: Json
    consents: list[bytes]
    records: bytes | None
    at: datetime


def case(seed: int) -> Case:
    """The case of a seed, always the same."""
    return _Maker(Random(seed)).case()  # noqa: S311  a seed, not a secret


class _Maker:
    """One case in the making: ``_random`` chooses, ``_request`` and ``_at`` are what the Consents are made to fit."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._at = random.choice(INSTANTS)
        self._request = self._make_request()

    def case(self) -> Case:
        """The request with up to five Consents and perhaps records."""
        count = self._random.choice([0, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4])
        files: list[Any] = []
        for number in range(count):
            files += self._versions(self._consent(f"c{number}"))
        if self._chance(0.5):
            files.append(self._sip_consent("sip"))
        if self._chance(0.03):
            files.append({"resourceType": "Bundle", "type": "searchset", "link": [{"relation": "next", "url": "https://x.example/2"}], "entry": []})  # fmt: skip
        consents = [json.dumps(file).encode() for file in files]
        if self._chance(0.03):
            consents.append(self._random.choice([b"", b"\xff\xfe", b"{", b"[]", b"null", b'"Consent"', b'{"resourceType": 7}']))  # fmt: skip
        self._random.shuffle(consents)
        records = (
            bundle_of_records(self._random, self._request["patient"], OTHER) if self._chance(0.6) else None
        )
        return Case(self._request, consents, json.dumps(records).encode() if records else None, self._at)

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def _pick(self, likely: Any, *rare: Any, odds: float = 0.85) -> Any:
        return likely if self._chance(odds) else self._random.choice(rare)

    # --- the request

    def _make_request(self) -> Json:
        requester: Json = {"organization": self._pick(RECIPIENT, ORGNR, odds=0.93)}
        if self._chance(0.75):
            requester["unit"] = RECIPIENT_UNIT
        if self._chance(0.5):
            requester["practitioner"] = PERSON
        if self._chance(0.5):
            requester["roles"] = [ROLE]
        sender: Json = {"organization": SENDER}
        if self._chance(0.75):
            sender["unit"] = SENDER_UNIT
        purposes = [
            ["TREAT"],
            ["TREAT"],
            ["TREAT"],
            ["COC"],
            ["TREAT", "HQUALIMP"],
            ["CAREMGT", "COC"],
            [],
            ["ETREAT"],
            ["NONSENSE"],
        ]
        request: Json = {
            "patient": self._pick(ADULT, YOUNG, odds=0.75),
            "sender": sender,
            "requester": requester,
            "purpose": self._random.choices(purposes, [9, 9, 9, 4, 5, 3, 1, 1, 1])[0],
            "action": self._random.choice(["disclose", "disclose", "access", "use"]),
            **self._random.choice(_ASKED),
        }
        if self._chance(0.6):
            request["agreement"] = AGREEMENTS[0]
        return request

    # --- the Consent as a whole

    def _consent(self, name: str) -> Json:
        kind = self._random.choices(["permit", "deny", "block"], [12, 3, 2])[0]
        root = self._provision("permit" if kind == "permit" else "deny", nested=False)
        if kind == "permit" and self._chance(0.8):
            self._widen(root)
        if kind == "block" and self._chance(0.4):
            root["provision"] = [self._lifting()]
        consent: Json = {
            "resourceType": "Consent",
            "id": name,
            "meta": {"versionId": "1"},
            "status": self._pick(
                "active", "inactive", "draft", "proposed", "rejected", "entered-in-error", odds=0.92
            ),
            "scope": self._concept(SCOPE, self._pick("patient-privacy", "research", odds=0.97)),
            "category": [
                self._concept(
                    CATEGORY, "sparr" if kind == "block" else self._pick("osl-waiver", "sip-plan", odds=0.95)
                )
            ],
            "patient": {"identifier": self._pick(self._request["patient"], OTHER, odds=0.96)},
            "provision": root,
        }
        if self._chance(0.92 if kind == "permit" else 0.5):
            consent["organization"] = [self._party(consent) for _ in range(self._pick(1, 2))]
        self._place_actors(consent, root)
        if kind != "block" and self._chance(0.7):
            agreement = self._pick(AGREEMENTS[0], AGREEMENTS[1])
            consent.setdefault("extension", []).append({"url": AGREEMENT, "valueUri": agreement})
        if self._request["patient"] == YOUNG and self._chance(0.75):
            consent.setdefault("extension", []).extend(self._maturity())
        if self._chance(0.2):
            consent["identifier"] = [
                {"system": "urn:ietf:rfc:3986", "value": f"urn:example:{self._random.randrange(4)}"}
            ]
        if self._chance(0.09):
            self._twist(consent)
        return self._in_bundle(consent)

    def _sip_consent(self, name: str) -> Json:
        provision: Json = {"type": self._pick("permit", "deny")}
        consent: Json = {
            "resourceType": "Consent",
            "id": name,
            "status": self._pick("active", "inactive"),
            "scope": self._concept(SCOPE, "patient-privacy"),
            "category": [self._concept(CATEGORY, "sip-plan")],
            "patient": {"identifier": self._request["patient"]},
            "organization": [{"identifier": SENDER}],
            "extension": self._maturity(odds=1),
            "provision": provision,
        }
        if self._chance(0.3):
            provision["actor"] = [
                self._ircp({"identifier": self._pick(RECIPIENT, STRANGER), "type": "Organization"})
            ]
        return consent

    def _maturity(self, odds: float = 0.9) -> list[Json]:
        fields = [
            {"url": DECIDED_BY, "valueCode": self._random.choice(["minor", "minor", "guardian", "both"])},
            {"url": ASSESSED_BY, "valueString": "Samordnare"},
            {"url": ASSESSED_ON, "valueDate": "2018-01-15"},
        ]
        return [one for one in fields if self._chance(odds)]

    def _versions(self, consent: Json) -> list[Json]:
        """Sometimes another version of the same Consent, older or newer, with a status of its own."""
        if consent["resourceType"] == "Bundle" or "id" not in consent or not self._chance(0.12):
            return [consent]
        other = json.loads(json.dumps(consent))
        other["meta"] = {"versionId": self._random.choice(["2", "10"])}
        other["status"] = self._pick("active", "inactive", "draft", odds=0.5)
        if self._chance(0.4) and isinstance(other.get("provision"), dict):
            other["provision"] = self._provision(self._random.choice(["permit", "deny"]), nested=False)
            self._place_actors(other, other["provision"])
        return [consent, other]

    def _in_bundle(self, consent: Json) -> Json:
        """A Consent whose actors stand in the same Bundle is sent with it."""
        others = consent.pop("_others", {})
        if not others and not self._chance(0.05):
            return consent
        entries = [{"fullUrl": url, "resource": resource} for url, resource in others.items()]
        return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": consent}, *entries]}

    def _twist(self, consent: Json) -> None:
        """One thing that nobody evaluates, or that is not as it should be."""
        root = consent["provision"]
        strange = {"url": "https://example.org/strange", "valueBoolean": True}
        twists: list[tuple[Json, str, Any]] = [
            (consent, "modifierExtension", [strange]),
            (root, "modifierExtension", [strange]),
            (consent, "undefinedInR4", "x"),
            (root, "undefinedInR4", "x"),
            (root, "extension", [strange]),
            (consent, "policyRule", {"text": "opt-in"}),
            (consent, "verification", [{"verified": False}]),
            (root, "type", self._random.choice(["allow", "permit", "deny"])),
            (consent, "status", "unheard-of"),
            (consent, "patient", {"reference": "Patient/9"}),
            (consent, "organization", [{"reference": "Organization/9"}]),
            (root, "period", {"end": "soon"}),
            (consent, "category", [{"coding": [{"code": "osl-waiver"}]}]),
            (consent, "extension", [{"url": AGREEMENT, "valueString": AGREEMENTS[0]}]),
        ]
        missing = [(consent, name) for name in ("status", "scope", "category", "patient", "provision")]
        if self._chance(0.75):
            where, name, value = self._random.choice(twists)
            where[name] = value
        else:
            where, name = self._random.choice([*missing, (root, "type")])
            where.pop(name, None)

    # --- provisions

    def _provision(self, type_: str, *, nested: bool) -> Json:
        provision: Json = {"type": type_}
        makers: dict[str, Callable[[], Any]] = {
            "period": self._period,
            "actor": lambda: [None] * self._pick(1, 2),  # placed when the whole Consent stands
            "action": lambda: [self._concept(ACTION, self._code(type_, "disclose", "access", "use", odd="dance"))],
            "purpose": lambda: [self._purpose(type_) for _ in range(self._pick(1, 2, odds=0.6))],
            "class": lambda: [{"system": RESOURCE_TYPE, "code": self._code(type_, "CarePlan", "Observation", "Goal", "Encounter", odd="Nonsense")}],
            "code": lambda: [self._record_code()],
            "dataPeriod": lambda: self._random.choice([{"start": "2022-01-01", "end": "2022-12-31"}, {"end": "2022"}, {"start": "2022-06"}]),
            "data": lambda: [self._datum()],
            "securityLabel": lambda: [self._label(type_)],
        }  # fmt: skip
        for name, maker in makers.items():
            if self._chance(0.22 if nested else 0.14):
                provision[name] = maker()
        if type_ == "deny" and len(provision) == 1 and nested:
            provision["class"] = [{"system": RESOURCE_TYPE, "code": "Observation"}]
        if self._chance(0.04 if nested else 0.45):
            reverse = self._pick("deny" if type_ == "permit" else "permit", type_, odds=0.96)
            provision["provision"] = [self._provision(reverse, nested=True) for _ in range(self._pick(1, 2))]
        return provision

    def _widen(self, root: Json) -> None:
        """A permit that is made to fit the request, so that permits are not rare."""
        for name in ("action", "purpose", "class", "period"):
            if self._chance(0.7):
                root.pop(name, None)
        if self._chance(0.4):
            root["purpose"] = [{"system": PURPOSE, "code": code} for code in ("TREAT", "COC")]
        if self._chance(0.5):
            root["actor"] = [None]

    def _lifting(self) -> Json:
        """A lifting of a block: mostly whole, sometimes a day too long or without a name."""
        lifting = self._provision("permit", nested=True)
        today = self._at.astimezone(STOCKHOLM).date()
        days = timedelta(days=self._pick(6, 3, 7, 2, odds=0.6))
        lifting["period"] = {
            "start": str(today - timedelta(days=3)),
            "end": str(today - timedelta(days=3) + days),
        }
        if self._chance(0.9):
            lifting["actor"] = [None]
        for name in ("dataPeriod", "data", "provision"):
            lifting.pop(name, None)
        return lifting

    def _period(self) -> Json:
        """Around the instant: days, months, years and full dateTimes, mostly still running."""
        today = self._at.astimezone(STOCKHOLM).date()
        second = timedelta(seconds=1)
        ends = [str(today), str(today)[:7], str(today)[:4], str(today + timedelta(days=3)), (self._at + second).isoformat(),
                self._at.isoformat(), str(today - timedelta(days=1)), str(today.year - 1), (self._at - second).isoformat()]  # fmt: skip
        starts = [str(today - timedelta(days=3)), str(today), str(today)[:7], self._at.isoformat(), str(today + timedelta(days=1)),
                  (self._at + second).isoformat()]  # fmt: skip
        period = {"end": self._random.choices(ends, [4, 4, 4, 9, 4, 3, 2, 1, 2])[0]}
        if self._chance(0.6):
            period["start"] = self._random.choices(starts, [9, 4, 3, 4, 1, 1])[0]
        return period

    def _code(self, type_: str, *known: str, odd: str) -> str:
        return str(self._pick(self._random.choice(known), odd, odds=0.95))

    def _purpose(self, type_: str) -> Json:
        codes = (
            ["TREAT", "COC", "HQUALIMP", "CAREMGT", "HOPERAT"]
            if type_ == "deny"
            else ["TREAT", "TREAT", "COC", "HQUALIMP", "CAREMGT"]
        )
        coding = {"system": PURPOSE, "code": self._pick(self._random.choice(codes), "NONSENSE", odds=0.95)}
        if self._chance(0.03):
            del coding["system"]
        return coding

    def _record_code(self) -> Json:
        code = self._random.choice(["SIP", "AUDIT", "DUDIT", "enrolment"])
        coding = self._pick((RECORD_TYPE, code), (LOINC, "75624-7"), (LOINC, "72110-0"))
        if self._chance(0.03):
            return {"coding": [{"code": code}]}
        return self._concept(*coding)

    def _datum(self) -> Json:
        reference = self._random.choice(
            ["CarePlan/1", "Observation/1", "Goal/1", "https://ehr.example/fhir/CarePlan/1"]
        )
        meaning = self._pick("instance", "related", "dependents", odds=0.5)
        if self._chance(0.2):
            return {
                "meaning": "authoredby",
                "reference": self._random.choice([{"identifier": PERSON}, {"reference": "Practitioner/1"}]),
            }
        return {"meaning": meaning, "reference": {"reference": reference}}

    def _label(self, type_: str) -> Json:
        known = [(CONFIDENTIALITY, "N"), (CONFIDENTIALITY, "R"), (ACT_CODE, "ETH"), (ACT_CODE, "ETHUD")]
        place, code = self._pick(self._random.choice(known), ("https://example.org/labels", "x"), odds=0.95)
        return {"system": place, "code": code}

    def _concept(self, place: str, code: str) -> Json:
        return {"coding": [{"system": place, "code": code}]}

    # --- whom it names

    def _party(self, consent: Json) -> Json:
        return self._reference(consent, "Organization", self._pick(SENDER, SENDER_UNIT, STRANGER, odds=0.75))

    def _place_actors(self, consent: Json, provision: Json) -> None:
        if "actor" in provision:
            likely = self._pick(RECIPIENT, RECIPIENT_UNIT, odds=0.6)
            provision["actor"] = [
                self._ircp(self._actor(consent, likely)) for _ in range(len(provision["actor"]))
            ]
        for nested in provision.get("provision", []):
            self._place_actors(consent, nested)

    def _ircp(self, reference: Json) -> Json:
        return {
            "role": self._concept(PARTICIPATION, self._pick("IRCP", "AUT", odds=0.98)),
            "reference": reference,
        }

    def _actor(self, consent: Json, likely: Json) -> Json:
        kind = self._random.choices(["Organization", "Practitioner", "PractitionerRole"], [8, 2, 2])[0]
        if kind == "Organization":
            return self._reference(consent, kind, self._pick(likely, STRANGER, ORGNR))
        if kind == "Practitioner":
            return self._reference(consent, kind, self._pick(PERSON, STRANGER, odds=0.7))
        role: Json = {
            "resourceType": "PractitionerRole",
            "code": [{"coding": [self._pick(ROLE, OTHER_ROLE, odds=0.7)]}],
        }
        if self._chance(0.4):
            role["organization"] = {"identifier": likely, "type": "Organization"}
        return self._contained(consent, role)

    def _reference(self, consent: Json, kind: str, identifier: Json) -> Json:
        """By identifier, as a contained resource, by fullUrl of the same Bundle, or by nothing that resolves."""
        form = self._random.choices(["identifier", "contained", "fullUrl", "nowhere"], [10, 2, 2, 0.6])[0]
        if form == "identifier":
            return {"type": kind, "identifier": identifier}
        resource = {"resourceType": kind, "identifier": [identifier]}
        if form == "contained":
            return self._contained(consent, resource)
        url = f"urn:uuid:00000000-0000-4000-8000-{self._random.randrange(10**12):012d}"
        if form == "fullUrl":
            consent.setdefault("_others", {})[url] = resource
        return {"reference": url if form == "fullUrl" else f"{kind}/9"}

    def _contained(self, consent: Json, resource: Json) -> Json:
        contained = consent.setdefault("contained", [])
        contained.append({**resource, "id": f"k{len(contained)}"})
        return {"reference": f"#k{len(contained) - 1}"}


_ASKED: list[Json] = [
    {"types": ["CarePlan"]},
    {"types": ["Observation"]},
    {"types": ["CarePlan", "Observation"]},
    {"types": ["Goal", "CareTeam"]},
    {"recordTypes": ["SIP"]},
    {"recordTypes": ["AUDIT"]},
    {"recordTypes": ["DUDIT", "AUDIT"]},
    {"recordTypes": ["SIP", "AUDIT"]},
    {"recordTypes": ["enrolment"]},
    {"types": ["CarePlan", "Goal"], "recordTypes": ["SIP"]},
    {"types": ["CarePlan", "Observation"], "recordTypes": ["AUDIT"]},
]
