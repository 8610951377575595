"""Resources without a fault, by FHIR R4 alone."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


PATIENT: Json = {
    "resourceType": "Patient",
    "id": "p",
    "identifier": [{"use": "official", "system": "http://electronichealth.se/identifier/personnummer", "value": "191212121212"}],
    "name": [{"family": "Tolvansson", "given": ["Tolvan"]}],
    "gender": "male",
    "birthDate": "1912-12-12",
    "contact": [{"name": {"text": "god man"}}],
    "deceasedBoolean": False,
    "managingOrganization": {"reference": "Organization/1"},
}  # fmt: skip
OBSERVATION: Json = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "75624-7"}]},
    "subject": {"reference": "Patient/p"},
    "effectiveDateTime": "2026-05-02T10:00:00+02:00",
    "valueQuantity": {"value": 12, "unit": "poäng"},
    "component": [{"code": {"text": "1"}, "valueInteger": 3}],
}
CONSENT: Json = {
    "resourceType": "Consent",
    "status": "active",
    "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
    "category": [{"text": "osl"}],
    "patient": {"reference": "Patient/p"},
    "policyRule": {"text": "OSL 10:1"},
    "provision": {"type": "permit", "period": {"start": "2026-01-01", "end": "2026-12-31"}},
}  # fmt: skip
QUESTIONNAIRE: Json = {
    "resourceType": "Questionnaire",
    "status": "active",
    "item": [{"linkId": "1", "type": "group", "item": [{"linkId": "1.1", "type": "integer"}]}],
}
