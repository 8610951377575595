"""What the two systems of the story write: push bodies of the kommun, HL7 v2 messages of the region. Public test persons only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from adapter.domain.instants import STOCKHOLM

CONSENTED: Final = "191212121212"
REFUSED: Final = "189002029800"
UNKNOWN: Final = "196101182803"
WITHDRAWN: Final = "195009072553"
PROTECTED: Final = "200001252386"

KOMMUN: Final = "2120001553"
KOMMUN_UNIT: Final = "SE2120001553-1001"
REGION: Final = "2321000131"
REGION_UNIT: Final = "SE2321000131-E0101"


def sip(person: str, plan_id: str, message_id: str, at: datetime, version: int = 1) -> dict[str, Any]:
    """An active SIP with all five contents."""
    day = at.astimezone(STOCKHOLM).date()
    return _envelope("sip", message_id, person, at) | {
        "sip": {
            "planId": plan_id,
            "version": version,
            "status": "aktiv",
            "upprattad": day.isoformat(),
            "period": {"start": day.isoformat(), "slut": (day + timedelta(days=180)).isoformat()},
            "problem": "Alkohol och nedstämdhet som förvärrar varandra. Behöver stöd från båda huvudmännen.",
            "mal": [
                {
                    "malId": "m1",
                    "text": "Nykter vardag i tre månader",
                    "horisont": "kort",
                    "uttrycktAv": "brukare",
                },
                {
                    "malId": "m2",
                    "text": "Egen bostad och arbete",
                    "horisont": "lang",
                    "uttrycktAv": "brukare",
                },
            ],
            "insatser": [
                {
                    "insatsId": "i1",
                    "text": "Boendestöd två gånger i veckan",
                    "ansvarig": "kommun",
                    "ansvarigEnhet": {
                        "organisation": KOMMUN,
                        "enhet": KOMMUN_UNIT,
                        "enhetsnamn": "IFO Alingsås",
                    },
                    "malId": ["m2"],
                    "status": "pagaende",
                },
                {
                    "insatsId": "i2",
                    "text": "Läkemedelsbehandling och samtal",
                    "ansvarig": "region",
                    "ansvarigEnhet": {
                        "organisation": REGION,
                        "enhet": REGION_UNIT,
                        "enhetsnamn": "Öppenpsykiatri",
                    },
                    "malId": ["m1"],
                    "status": "planerad",
                },
            ],
            "insatserAvAndra": False,
            "huvudansvar": {"huvudman": "kommun", "organisation": KOMMUN, "namn": "Alingsås kommun"},
            "samordnare": [
                {
                    "roll": "samordnare",
                    "enhet": {"organisation": KOMMUN, "enhet": KOMMUN_UNIT, "enhetsnamn": "IFO Alingsås"},
                }
            ],
            "uppfoljning": {"datum": (day + timedelta(days=90)).isoformat()},
        }
    }


def consent(person: str, consent_id: str, message_id: str, at: datetime, category: str) -> dict[str, Any]:
    """A consent given at the reception, for both parties in both directions."""
    day = at.astimezone(STOCKHOLM).date()
    kommun = {"organisation": KOMMUN, "enhet": KOMMUN_UNIT}
    region = {"organisation": REGION, "enhet": REGION_UNIT}
    return _envelope("consent", message_id, person, at) | {
        "consent": {
            "samtyckeId": consent_id,
            "atgard": "lamnat",
            "kategori": category,
            "datum": day.isoformat(),
            "lamnarUt": [kommun, region],
            "mottagare": [kommun, region],
            "uppgifter": ["SIP", "AUDIT", "DUDIT", "person"],
            "andamal": ["TREAT", "COC"],
            "period": {"start": day.isoformat(), "slut": (day + timedelta(days=365)).isoformat()},
        }
    }


def revocation(person: str, consent_id: str, message_id: str, at: datetime, category: str) -> dict[str, Any]:
    """The person takes a consent back."""
    return _envelope("consent", message_id, person, at) | {
        "consent": {
            "samtyckeId": consent_id,
            "atgard": "aterkallat",
            "kategori": category,
            "datum": at.astimezone(STOCKHOLM).date().isoformat(),
        }
    }


def audit(person: str, screening_id: str, message_id: str, at: datetime) -> dict[str, Any]:
    """An AUDIT of 17 points with all ten answers."""
    scores = (3, 2, 2, 2, 2, 1, 1, 0, 2, 2)
    return _envelope("screening", message_id, person, at) | {
        "screening": {
            "screeningId": screening_id,
            "instrument": "AUDIT",
            "status": "slutlig",
            "datum": at.astimezone(STOCKHOLM).date().isoformat(),
            "svar": [{"fraga": number, "poang": score} for number, score in enumerate(scores, 1)],
            "summa": sum(scores),
            "utfordAv": {"organisation": KOMMUN, "enhet": KOMMUN_UNIT, "enhetsnamn": "IFO Alingsås"},
            "kommentar": ["Gjord på mottagningen före planeringsmötet."],
        }
    }


def oru_r01(person: str, control_id: str, at: datetime, total: int) -> bytes:
    """ORU^R01 of the region's journal with an AUDIT total, in ISO 8859-1."""
    stamp = _stamp(at)
    return _message(
        f"MSH|^~\\&|JOURNAL|{REGION_UNIT}|SAMBRO|{KOMMUN_UNIT}|{stamp}||ORU^R01^ORU_R01|{control_id}|P|2.5|||||SWE|8859/1",
        f"PID|1||{person}^^^&1.2.752.129.2.1.3.1&ISO^PNR||Tolvansson^Tolvan",
        f"OBR|1||{control_id}|72110-0^AUDIT^LN|||{stamp}",
        f"OBX|1|NM|75624-7^AUDIT total^LN||{total}||||||F|||{stamp}",
        "NTE|1||Åter på mottagningen, följs upp i övrigt enligt plan",
    )


def adt_a31(person: str, control_id: str, at: datetime, *, protected: bool) -> bytes:
    """ADT^A31 of the region's journal: person data that changed, with or without protected identity (PD1-12)."""
    stamp = _stamp(at)
    return _message(
        f"MSH|^~\\&|JOURNAL|{REGION_UNIT}|SAMBRO|{KOMMUN_UNIT}|{stamp}||ADT^A31^ADT_A05|{control_id}|P|2.5|||||SWE|8859/1",
        f"EVN|A31|{stamp}",
        f"PID|1||{person}^^^&1.2.752.129.2.1.3.1&ISO^PNR||Tolvansson^Tolvan|||M|||Storgatan 1^^Alingsås^^44130^SE^H",
        f"PD1||||||||||||{'Y' if protected else 'N'}",
        "PV1|1|N",
    )


def _envelope(kind: str, message_id: str, person: str, at: datetime) -> dict[str, Any]:
    return {
        "kind": kind,
        "messageId": message_id,
        "skapad": at.isoformat(timespec="seconds"),
        "avsandare": {"organisation": KOMMUN, "enhet": KOMMUN_UNIT},
        "person": {"id": person},
    }


def _stamp(at: datetime) -> str:
    return at.astimezone(STOCKHOLM).strftime("%Y%m%d%H%M%S")


def _message(*segments: str) -> bytes:
    return ("\r".join(segments) + "\r").encode("latin-1")
