"""What the systems of both sides write: the packaged examples of each wire, changed where a test says so."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from itertools import count
from typing import Any, Final

Json = dict[str, Any]

TOLVAN: Final = "191212121212"
OTHER: Final = "196101182803"
PROTECTED: Final = "200001252386"
SAMORDNING: Final = "196109732393"
KOMMUN_UNIT: Final = "SE2120001553-1001"
REGION_UNIT: Final = "SE2321000131-E0101"
KOMMUN: Final[Json] = {"organisation": "2120001553", "enhet": KOMMUN_UNIT}
REGION: Final[Json] = {"organisation": "2321000131", "enhet": REGION_UNIT}

_numbers = count(1)


def sip(plan: str = "SIP-1", *, person: str = TOLVAN, status: str = "aktiv", **changes: Any) -> Json:
    """A plan with all five contents; ``changes`` are fields of its envelope."""
    return _message("sip", person, changes, planId=plan, status=status)


def screening(screening_id: str = "SCR-1", *, person: str = TOLVAN, **changes: Any) -> Json:
    """An AUDIT of 17 points with all ten answers."""
    return _message("screening", person, changes, screeningId=screening_id)


def consent(consent_id: str = "S-1", *, person: str = TOLVAN, **fields: Any) -> Json:
    """A consent given to both parties in both directions; ``fields`` are the consent's own, ``messageId`` and ``avsandare`` aside."""
    changes: Json = {name: fields.pop(name) for name in ("messageId", "avsandare") if name in fields}
    return _message("consent", person, changes, samtyckeId=consent_id, **({"undantag": None} | fields))


def plan_consent(consent_id: str = "S-plan", *, person: str = TOLVAN, **fields: Any) -> Json:
    """The consent to the plan itself, between the same parties."""
    return consent(consent_id, person=person, kategori="sip-plan", uppgifter=["SIP"], **fields)


def revocation(consent_id: str = "S-1", *, person: str = TOLVAN, **changes: Any) -> Json:
    """The person takes a consent back."""
    return _message("consent", person, changes, "consent.revoked", samtyckeId=consent_id)


def enrolment(event: str, *, person: str = TOLVAN) -> Json:
    """An inskrivning, or with ``avslut`` the end of one."""
    return _message("enrolment", person, {}, "enrolment.closed" if event == "avslut" else "enrolment")


def person_data(example: str = "person", *, person: str = TOLVAN, **changes: Any) -> Json:
    """What the kommun knows of a person; the example ``person.protected`` carries a flag and an address."""
    return _message("person", person, changes, example)


def sent_by_region(body: Json) -> Json:
    """The same message, had the region's own system pushed it."""
    return body | {"avsandare": REGION}


def oru_r01(control_id: str = "VGR-1", *, person: str = TOLVAN, total: int = 6) -> bytes:
    """An AUDIT total of the region's journal."""
    text = _hl7("oru_r01.total_only", control_id, person)
    return text.replace("|AUDIT-TOTAL^Summa^L||6", f"|AUDIT-TOTAL^Summa^L||{total}").encode("latin-1")


def adt_a31(control_id: str = "VGR-2", *, person: str = TOLVAN, flag: str = "N") -> bytes:
    """Changed person data with address and telecom; ``flag`` is PD1-12: Y, N or empty."""
    text = _hl7("adt_a31", control_id, person)
    return text.replace("PD1||||||||||||N", f"PD1||||||||||||{flag}").encode("latin-1")


def adt_a40(control_id: str = "VGR-3", *, ceasing: str = SAMORDNING, surviving: str = TOLVAN) -> bytes:
    """A merge: ``ceasing`` is the number that goes, ``surviving`` the one that stays."""
    person, _, _ = _hl7("adt_a40", control_id, surviving).partition("MRG|")
    return f"{person}MRG|{_numbered(ceasing)}\r".encode("latin-1")


def _message(kind: str, person: str, changes: Json, example: str = "", **fields: Any) -> Json:
    body = json.loads(_example("neutral_push", f"{example or kind}.json"))
    body["messageId"] = f"m-{next(_numbers)}"
    body["person"] |= {"id": person}
    for name, value in fields.items():
        if value is None:
            body[kind].pop(name, None)
        else:
            body[kind][name] = value
    return dict(body | changes)


def _hl7(example: str, control_id: str, person: str) -> str:
    text = _example("region_hl7v2", f"{example}.hl7")
    text = text.replace(_numbered(TOLVAN), _numbered(person))
    before, _, after = text.partition("|VGR000")
    return f"{before}|{control_id}{after[1:]}"


def _numbered(number: str) -> str:
    """A number with its assigning authority, as CX writes it."""
    return f"{number}^^^&1.2.752.129.2.1.3.{3 if int(number[6:8]) > 60 else 1}&ISO"


@lru_cache
def _example(system: str, name: str) -> str:
    raw = (files("mappings") / "systems" / system / "examples" / name).read_bytes()
    return raw.decode("latin-1" if name.endswith(".hl7") else "utf-8")
