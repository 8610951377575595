"""Consents that AuditEvents name: a party reads of those that are its own to read, whatever else it took part in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from adapter.domain.agreement import Agreement
from adapter.domain.identity import Identifier
from adapter.exchange import audit_forms as forms
from adapter.exchange.registry_query import may_read
from adapter.exchange.standing import Registry
from adapter.store import consents
from adapter.store.consents import ConsentRow

Event = Mapping[str, Any]


class ConsentMentions:
    """Knows whose a Consent is to read: as the registry's own query does (gate.md, "Deciding" 6)."""

    def __init__(self, registry: Registry, agreements: Sequence[Agreement]) -> None:
        self._registry = registry
        self._agreements = {agreement.id: agreement for agreement in agreements}

    def concealed(
        self, connection: Connection, *, events: Sequence[Event], organization: Identifier
    ) -> Sequence[Event]:
        """The events without the Consents that an organisation may not read, and without the profile that says there was one."""
        named = {reference for event in events for reference in forms.consents_of(event)}
        hidden = {one for one in named if not self._is_readable(connection, one, organization)}
        return [_without(event, hidden) for event in events]

    def _is_readable(self, connection: Connection, reference: str, organization: Identifier) -> bool:
        """Whether both that version and the current one may be read."""
        consent_id, _, version = reference.removeprefix("Consent/").partition("/_history/")
        stated = (
            consents.consent_version(connection, consent_id, int(version)) if version.isdecimal() else None
        )
        return all(
            self._reads(row, organization) for row in (stated, consents.consent_by_id(connection, consent_id))
        )

    def _reads(self, row: ConsentRow | None, organization: Identifier) -> bool:
        agreement = None if row is None else self._agreements.get(row.agreement or "")
        party = None if agreement is None else agreement.party_of(organization)
        return row is not None and party is not None and may_read(self._registry.opened(row), party)


def _without(event: Event, hidden: Iterable[str]) -> Event:
    named = forms.consents_of(event)
    left_out = named & set(hidden)
    if not left_out:
        return event
    kept = [one for one in event["entity"] if forms.reference_of(one) not in left_out]
    # With none of its Consents the event is as one that rests on none: our own form, no profile.
    bare = {name: value for name, value in event.items() if name != "meta" or named - left_out}
    return bare | {"entity": kept}
