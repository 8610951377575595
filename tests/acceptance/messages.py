"""What the two systems send: the shipped examples, made new by fresh ids, instants and persons."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from lxml import etree

from tests.acceptance.demonstration import CLONE, Demonstration

JSON: Final = "application/json"
XML: Final = "application/xml"
_SYSTEMS: Final = CLONE / "mappings" / "systems"
_NAMESPACE: Final = "{https://w3id.org/sambro/push/1}"
_STOCKHOLM: Final = ZoneInfo("Europe/Stockholm")


def sip(person: str, plan_id: str, text: str | None = None) -> dict[str, Any]:
    """The example plan as a new one; ``text`` replaces every free text of it."""
    body = _example("sip.json", person)
    body["sip"]["planId"] = plan_id
    del body["sip"]["ersatter"]
    if text is not None:
        plan = body["sip"]
        plan["problem"] = plan["uppfoljning"]["text"] = text
        for part in (*plan["mal"], *plan["insatser"]):
            part["text"] = text
    return body


def sip_xml(person: str, plan_id: str) -> bytes:
    """The example plan in XML as a new one."""
    root = etree.fromstring((_SYSTEMS / "neutral_push" / "examples" / "sip.xml").read_bytes())
    fresh = {
        "messageId": uuid4().hex,
        "skapad": _now().isoformat(),
        "person/id": person,
        "sip/planId": plan_id,
    }
    for path, value in fresh.items():
        element = root.find("/".join(_NAMESPACE + name for name in path.split("/")))
        assert element is not None, path
        element.text = value
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def audit(person: str, screening_id: str, comment: str) -> dict[str, Any]:
    """The example AUDIT as a new one."""
    body = _example("screening.json", person)
    body["screening"] |= {"screeningId": screening_id, "kommentar": [comment]}
    return body


def consent(person: str, consent_id: str, category: str) -> dict[str, Any]:
    """The example consent as a new one from today, without its exception."""
    body = _example("consent.json", person)
    del body["consent"]["undantag"]
    today = _now().date()
    body["consent"] |= {
        "samtyckeId": consent_id,
        "kategori": category,
        "datum": today.isoformat(),
        "period": {"start": today.isoformat(), "slut": (today + timedelta(days=300)).isoformat()},
    }
    return body


def revocation(person: str, consent_id: str) -> dict[str, Any]:
    """The example revocation, of another consent and today."""
    body = _example("consent.revoked.json", person)
    body["consent"] |= {"samtyckeId": consent_id, "datum": _now().date().isoformat()}
    return body


def oru(person: str, control_id: str, comment: str) -> bytes:
    """The example ORU^R01 with an AUDIT, in ISO 8859-1, as a new one; ``comment`` is its NTE-3."""
    segments = (_SYSTEMS / "region_hl7v2" / "examples" / "oru_r01.audit.hl7").read_bytes().decode("latin-1")
    text = segments.replace("VGR0001", control_id).replace("F-2026-0099", control_id)
    lines = [f"NTE|1||{comment}" if line.startswith("NTE") else line for line in text.split("\r")]
    return "\r".join(lines).replace("191212121212", person).encode("latin-1")


def adt_a31(person: str, control_id: str, text: str) -> bytes:
    """The example ADT^A31, in ISO 8859-1, as a new one; ``text`` is its street, city and mail address."""
    message = (_SYSTEMS / "region_hl7v2" / "examples" / "adt_a31.hl7").read_bytes()
    changes = {
        "VGR0004": control_id,
        "Åsgatan 1": text,
        "Alingsås": text,
        "tolvan@": f"{text}@",
        "191212121212": person,
    }
    changed = message.decode("latin-1")
    for old, new in changes.items():
        changed = changed.replace(old, new)
    return changed.encode("latin-1")


def let_in(demo: Demonstration, person: str) -> str:
    """Both consents of a person are given; returns the waiver's id."""
    waiver = f"waiver-{uuid4().hex}"
    for consent_id, category in ((waiver, "osl-waiver"), (f"plan-{uuid4().hex}", "sip-plan")):
        assert demo.push(consent(person, consent_id, category)).status_code == 201
    return waiver


def control_id() -> str:
    """A new MSH-10."""
    return uuid4().hex[:20]


def _example(name: str, person: str) -> dict[str, Any]:
    text = (_SYSTEMS / "neutral_push" / "examples" / name).read_text(encoding="utf-8")
    body: dict[str, Any] = json.loads(text)
    body |= {"messageId": uuid4().hex, "skapad": _now().isoformat(), "person": {"id": person}}
    return body


def _now() -> datetime:
    return datetime.now(_STOCKHOLM).replace(microsecond=0)
