"""The audit's rows about a person as entries that the person can read.

The rows that one act left in one transaction become one entry. Nothing is left out: a row for which there are no words yet is told as what
it is.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Any, Final

import orjson

from adapter.exchange import extract_words as words
from adapter.exchange.audit_forms import SERIOUS_FAILURE, SUCCESS, request_id_of
from adapter.exchange.audit_kinds import AuditKind
from adapter.exchange.extract_words import Actors
from adapter.store.audit import AuditRow

Event = Mapping[str, Any]

_ALLOWED: Final = "Tillåtet"
_REFUSED: Final = "Nekat"
_WITHIN_AN_ANSWER: Final = frozenset({AuditKind.DISCLOSURE, AuditKind.IMPORT})


@dataclass(frozen=True, slots=True)
class Entry:
    """One act: ``what`` was done by ``who``, for which ``purpose``, on which ``ground`` it was allowed or refused.

    All texts are Swedish; ``purpose`` and ``ground`` are empty where the act has none.
    """

    at: datetime
    who: str
    what: str
    purpose: str = ""
    ground: str = ""
    outcome: str = _ALLOWED
    is_refused: bool = False


def entries(rows: Iterable[AuditRow], actors: Actors) -> Iterator[Entry]:
    """A person's rows, oldest first, as entries."""
    read = ((row.recorded_at, row.kind, orjson.loads(row.event)) for row in rows)
    # What one transaction wrote has one instant and one request; of merged numbers each has its row.
    for (at, _), group in groupby(read, key=lambda one: (one[0], request_id_of(one[2]))):
        yield from _Act(at, [(kind, event) for _, kind, event in group], actors).entries()


class _Act:
    """The rows of one act."""

    def __init__(self, at: datetime, rows: Sequence[tuple[str, Event]], actors: Actors) -> None:
        self._at = at
        self._rows = rows
        self._actors = actors

    def entries(self) -> Iterator[Entry]:
        """What the act's telling rows say, each thing once; of decisions alone one for those that permit and one for those that do not."""
        told = [tell(event) for kind, tell in self._telling().items() for event in self._of(kind)]
        if told:
            yield from dict.fromkeys(told)
            return
        for verdict in (True, False):
            decided = [event for event in self._of(AuditKind.AUTHORIZATION) if _succeeded(event) is verdict]
            if decided:
                yield self._decided(decided)

    def _telling(self) -> Mapping[str, Callable[[Event], Entry]]:
        """By kind, how a row is told. Decisions are told by what they led to, disclosures within an answer by the access."""
        telling: dict[str, Callable[[Event], Entry]] = {
            kind: partial(self._other, kind) for kind, _ in self._rows if kind != AuditKind.AUTHORIZATION
        }
        telling |= {
            AuditKind.FILED: self._filed,
            AuditKind.REPEATED: self._repeated,
            AuditKind.RECEIPT: self._receipt,
            AuditKind.LIFTING: self._lifted,
            AuditKind.RELEASE_WITHOUT_CONSENT: self._released,
            AuditKind.EMERGENCY_ACCESS: self._emergency,
            AuditKind.UNAUDITED: self._unanswered,
            AuditKind.FOLLOW_UP: self._followed_up,
            AuditKind.REFUSED: self._refused,
            AuditKind.DISCLOSURE: self._sent,
            AuditKind.IMPORT: self._taken,
            AuditKind.NOTICE: self._noticed,
            AuditKind.VIEW: self._viewed,
            AuditKind.ADMINISTRATION: self._administered,
            AuditKind.EXTRACT: self._extracted,
        }
        if self._of(AuditKind.ACCESS):
            telling |= {AuditKind.ACCESS: self._access}
            telling = {kind: tell for kind, tell in telling.items() if kind not in _WITHIN_AN_ANSWER}
        return telling

    def _other(self, kind: str, event: Event) -> Entry:
        return self._entry(self._asking(event), f"annan händelse ({kind})", event)

    def _access(self, event: Event) -> Entry:
        who, what = self._asking(event), _asked(event)
        tell = partial(self._entry, who, what, event)
        if _succeeded(event):
            given = "; ".join(map(self._given, self._of(AuditKind.DISCLOSURE)))
            outcome = f"{_ALLOWED}: fick {given}" if given else _ALLOWED
            return tell(ground=self._grounds(permits=True), outcome=outcome)
        if any(_succeeded(decided) for decided in self._of(AuditKind.AUTHORIZATION)):
            return tell(ground=self._grounds(permits=True), outcome=f"{_ALLOWED}, men inget fanns")
        ground = self._grounds(permits=False) or "inget avtal och inget samtycke ger rätt till det"
        return tell(ground=ground, outcome=f"{_REFUSED}: fick inget", is_refused=True)

    def _given(self, event: Event) -> str:
        sender, _ = self._ends(event)
        return f"{words.records(_types(event))} från {sender}"

    def _filed(self, event: Event) -> Entry:
        who, what = (
            self._asking(event),
            f"lämnade in {words.filed(event.get('outcomeDesc', ''), _types(event))}",
        )
        if not _succeeded(event):
            return self._entry(who, what, event, outcome=_REFUSED, is_refused=True)
        refused = self._grounds(permits=False)
        if refused:
            outcome = f"{_REFUSED}: lämnades inte vidare till någon"
            return self._entry(who, what, event, ground=refused, outcome=outcome, is_refused=True)
        return self._entry(who, what, event, outcome="Mottaget")

    def _repeated(self, event: Event) -> Entry:
        what = f"lämnade in {words.filed(event.get('outcomeDesc', ''), ())} en gång till"
        return self._entry(self._asking(event), what, event, outcome="Inget nytt hände")

    def _receipt(self, event: Event) -> Entry:
        return self._entry(self._asking(event), "kvitterade uppgifter som den fått", event)

    def _lifted(self, event: Event) -> Entry:
        recipients = " och ".join(self._actors.of(who) for who in _who(event, "IRCP"))
        return self._entry(self._asking(event), f"hävde tillfälligt en spärr för {recipients}", event)

    def _released(self, event: Event) -> Entry:
        # The user of the token is an information recipient in form; the one that the release is for comes last.
        recipient = self._actors.of(_who(event, "IRCP")[-1])
        what = f"beslutade att lämna uppgifter utan samtycke till {recipient}"
        return self._entry(self._asking(event), what, event, ground=words.grounds(["lawful-ground"]))

    def _emergency(self, event: Event) -> Entry:
        what = "angav nödåtkomst, som inte öppnar några uppgifter här"
        return self._entry(self._asking(event), what, event, outcome=_REFUSED, is_refused=True)

    def _unanswered(self, event: Event) -> Entry:
        what = "begärde något medan tjänsten inte kunde svara"
        return self._entry(words.UNKNOWN_SYSTEM, what, event, outcome=_REFUSED, is_refused=True)

    def _followed_up(self, event: Event) -> Entry:
        return self._entry(words.ADMINISTRATOR, "följde upp en händelse som gällde dig", event)

    def _refused(self, event: Event) -> Entry:
        what = words.tried(event["subtype"][0]["code"])
        is_serious = event["outcome"] == SERIOUS_FAILURE
        ground = words.turned_away(event.get("outcomeDesc", ""), is_serious=is_serious)
        who = self._asking(event)
        return self._entry(who, what, event, ground=ground, outcome=_REFUSED, is_refused=True)

    def _sent(self, event: Event) -> Entry:
        sender, recipient = self._ends(event)
        what = f"sände {words.records(_types(event))} till {recipient}"
        return self._entry(sender, what, event, ground=self._grounds(permits=True))

    def _taken(self, event: Event) -> Entry:
        sender, recipient = self._ends(event)
        return self._entry(recipient, f"tog emot {words.records(_types(event))} från {sender}", event)

    def _noticed(self, event: Event) -> Entry:
        _, recipient = self._ends(event)
        what = f"meddelade {recipient} att ett samtycke som uppgifter lämnats med stöd av har upphört"
        return self._entry(words.SAMBRO, what, event)

    def _viewed(self, event: Event) -> Entry:
        what = "såg i meddelandeloggen att ett meddelande om dig fanns, och dess koder; inte innehållet"
        return self._entry(words.ADMINISTRATOR, what, event)

    def _administered(self, event: Event) -> Entry:
        outcome = _ALLOWED if _succeeded(event) else "Gick inte att göra"
        what = words.done(event["subtype"][0]["code"])
        return self._entry(words.ADMINISTRATOR, what, event, outcome=outcome)

    def _extracted(self, event: Event) -> Entry:
        return self._entry(words.ADMINISTRATOR, "tog fram ett sådant här utdrag", event)

    def _decided(self, decided: Sequence[Event]) -> Entry:
        ways = [self._way(event) for event in decided]
        sender = ways[0][0]
        recipients = " och ".join(dict.fromkeys(recipient for _, recipient in ways))
        permits = _succeeded(decided[0])
        ground = words.grounds(event.get("outcomeDesc", "") for event in decided)
        what = f"prövade om uppgifter från {sender} får lämnas till {recipients}"
        outcome = "Får lämnas" if permits else f"{_REFUSED}: lämnas inte"
        return self._entry(
            words.SAMBRO, what, decided[0], ground=ground, outcome=outcome, is_refused=not permits
        )

    def _entry(self, who: str, what: str, event: Event, **more: Any) -> Entry:
        codes = (
            coding["code"]
            for agent in event["agent"]
            for use in agent.get("purposeOfUse", ())
            for coding in use["coding"]
        )
        return Entry(self._at, who, what, words.purposes(codes), **more)

    def _of(self, kind: str) -> list[Event]:
        return [event for found, event in self._rows if found == kind]

    def _grounds(self, *, permits: bool) -> str:
        decided = self._of(AuditKind.AUTHORIZATION)
        return words.grounds(
            event.get("outcomeDesc", "") for event in decided if _succeeded(event) is permits
        )

    def _asking(self, event: Event) -> str:
        """Who asked: the user's unit, else the organisation."""
        asking = [agent["who"] for agent in event["agent"] if agent["requestor"]]
        return self._actors.of(*asking, *_who(event, "PROV"))

    def _ends(self, event: Event) -> tuple[str, str]:
        """Source and destination of a disclosure."""
        return self._actors.of(*_who(event, "110153")), self._actors.of(*_who(event, "110152"))

    def _way(self, event: Event) -> tuple[str, str]:
        """Sender and recipient of a decision."""
        return self._actors.of(*_who(event, "CST")), self._actors.of(*_who(event, "IRCP"))


def _succeeded(event: Event) -> bool:
    return bool(event["outcome"] == SUCCESS)


def _who(event: Event, role: str) -> list[Mapping[str, Any]]:
    """The agents of a role."""
    return [agent["who"] for agent in event["agent"] if agent["type"]["coding"][0]["code"] == role]


def _asked(event: Event) -> str:
    """What was looked for."""
    for entity in event["entity"]:
        if "query" in entity:
            resource_type = b64decode(entity["query"]).decode().partition("?")[0]
            return f"sökte efter {words.records([resource_type])}"
    return (
        f"läste {words.records(types)}"
        if (types := _types(event))
        else "frågade hur det gått för ett meddelande"
    )


def _types(event: Event) -> list[str]:
    """The resource types that an event refers to, Consents of a decision aside."""
    found = (str(entity.get("what", {}).get("reference", "")) for entity in event["entity"])
    return [reference.partition("/")[0] for reference in found if reference]
