"""The Swedish words of a person's extract: acts, grounds, purposes, kinds of record, and the names of who took part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from adapter.domain.agreement import Agreement
from adapter.domain.identity import ORGANISATIONSNUMMER

SAMBRO: Final = "Sambro (bron mellan kommun och region)"
ADMINISTRATOR: Final = "Administratör av Sambro"
UNKNOWN_SYSTEM: Final = "Ett anslutet system"
NOBODY: Final = "Någon utan giltig behörighet"

_RECORDS: Final = {
    "CarePlan": "samordnad individuell plan (SIP)",
    "Goal": "mål i planen",
    "CareTeam": "planens deltagare",
    "Task": "uppföljning av planen",
    "DocumentReference": "dokument",
    "Observation": "resultat av AUDIT eller DUDIT",
    "QuestionnaireResponse": "svar på AUDIT eller DUDIT",
    "EpisodeOfCare": "inskrivning",
    "Patient": "personuppgifter",
    "Consent": "samtycken",
    "AuditEvent": "loggen över vem som gjort vad",
}
_FILED: Final = {
    "sip": "en samordnad individuell plan (SIP)",
    "screening": "resultat av AUDIT eller DUDIT",
    "consent": "ett samtycke, en ändring eller en återkallelse",
    "enrolment": "uppgift om inskrivning eller avslut",
    "person": "personuppgifter",
    "ORU^R01": "resultat av AUDIT eller DUDIT",
    "ADT^A31": "ändrade personuppgifter",
    "ADT^A40": "att två person- eller samordningsnummer gäller samma person",
}
_GROUNDS: Final = {
    "consent": "samtycke",
    "lawful-ground": "beslut utan samtycke med stöd i lag",
    "no-consent": "det finns inget gällande samtycke",
    "no-match": "samtycket omfattar inte detta",
    "consent-denies": "samtycket säger nej till detta",
    "blocked": "uppgifterna är spärrade",
    "no-purpose": "samtycket omfattar inte ändamålet",
    "sip-consent-missing": "det finns inget samtycke till planen",
    "protected-identity": "skyddade personuppgifter",
    "actor-unresolved": "samtycket gick inte att tolka säkert",
    "element-not-evaluated": "samtycket gick inte att tolka säkert",
    "consent-unreadable": "samtycket gick inte att läsa",
    "registry-unavailable": "samtyckena gick inte att läsa",
}
_PURPOSES: Final = {
    "TREAT": "vård och behandling",
    "COC": "samordning av vård",
    "CAREMGT": "planering av vård och stöd",
    "HQUALIMP": "kvalitetsuppföljning",
    "HOUTCOMS": "uppföljning av resultat",
    "PATADMIN": "administration",
    "PATSFTY": "patientsäkerhet",
    "BTG": "nödåtkomst",
    "ETREAT": "akut behandling",
}
_TRIED: Final = {
    "search": "försökte söka uppgifter",
    "read": "försökte läsa uppgifter",
    "create": "försökte lämna in uppgifter",
    "operation": "försökte använda en funktion",
}
_DONE: Final = {
    "messages-retry": "begärde att ett meddelande om dig sänds nu",
    "messages-cancel": "stoppade ett meddelande om dig",
    "messages-replay": "begärde att ett meddelande om dig sänds på nytt",
    "messages-content": "öppnade innehållet i ett meddelande om dig",
}


class Actors:
    """Who takes part, by the names in the agreements."""

    def __init__(self, agreements: Sequence[Agreement]) -> None:
        self._names: dict[tuple[str, str], str] = {}
        for agreement in agreements:
            for party in agreement.parties:
                for identifier in party.identifiers:
                    self._names[identifier.system, identifier.value] = party.name
                for unit in party.units:
                    known = unit.identifier
                    self._names[known.system, known.value] = f"{unit.name}, {party.name}"

    def of(self, *whos: Mapping[str, Any]) -> str:
        """The first of several references that an agreement names; if none is, the first in numbers, as unknown."""
        identifiers = [who["identifier"] for who in whos if "identifier" in who]
        for identifier in identifiers:
            name = self._names.get((identifier["system"], identifier["value"]))
            if name is not None:
                return name
        numbers = ", ".join(_number(identifier) for identifier in identifiers)
        return f"Verksamhet som inget avtal nämner ({numbers})" if numbers else NOBODY


def records(types: Iterable[str]) -> str:
    """Kinds of record, each once: ``samordnad individuell plan (SIP), mål i planen``."""
    return ", ".join(dict.fromkeys(_RECORDS.get(name, "andra uppgifter") for name in types))


def filed(event: str, types: Iterable[str]) -> str:
    """What was filed: by the wire's event, or where it came by FHIR by its resource type."""
    return _FILED["consent"] if "Consent" in types else _FILED.get(event, "uppgifter")


def grounds(reasons: Iterable[str]) -> str:
    """Why something was permitted or not, each reason once."""
    return "; ".join(dict.fromkeys(_GROUNDS.get(reason, reason) for reason in reasons))


def purposes(codes: Iterable[str]) -> str:
    """What something was asked for."""
    return ", ".join(dict.fromkeys(_PURPOSES.get(code, code) for code in codes))


def tried(interaction: str) -> str:
    """What somebody who was turned away tried."""
    return _TRIED.get(interaction, "försökte något")


def turned_away(codes: str, *, is_serious: bool) -> str:
    """Why somebody was turned away, by the codes of the refusal."""
    if codes.startswith("token-"):
        return "saknade giltig inloggning"
    if codes == "scope-missing":
        return "saknade behörighet till den sortens uppgifter"
    if codes in ("foreign-channel", "sender-not-of-channel"):
        return "fick inte lämna in för den avsändaren"
    return "tjänsten kunde inte svara just då" if is_serious else f"begäran hade fel form ({codes})"


def done(act: str) -> str:
    """What an administrator did, by the command's code."""
    return _DONE.get(act, f"gjorde något i Sambro som gällde dig ({act})")


def _number(identifier: Mapping[str, str]) -> str:
    value = identifier["value"]
    if identifier["system"] == ORGANISATIONSNUMMER:
        return f"organisationsnummer {value[:6]}-{value[6:]}"
    return f"HSA-id {value}"
