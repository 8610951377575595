"""Gather what may be answered: from holds and from live sources, each resource through the enforcement point."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from adapter.domain.errors import ContentUnreadable, MappingError, Unreachable
from adapter.domain.identity import PersonId
from adapter.domain.records import Mode
from adapter.exchange.passage import Passage
from adapter.exchange.ports import Arrival, RecordSource
from adapter.exchange.registry_query import may_read
from adapter.exchange.release import release
from adapter.exchange.standing import Registry, Ruling, Standing
from adapter.exchange.translate import Translate
from adapter.exchange.translation import Translation
from adapter.fhir.check import ResourceChecker
from adapter.gate.enforce import ReleasedBundle, ReleaseRefused
from adapter.gate.rules import ReleaseRules
from adapter.store import holds
from adapter.store.database import Database
from adapter.store.holds import HeldDelivery
from adapter.store.keys import Keyring
from adapter.store.vault import Vault


@dataclass(slots=True)
class Gathered:
    """Releases made for one answer, each under its ruling; ``held`` are those that came from a hold, with their delivery.

    ``kept_back`` are the codes for which the filter kept back all of a record that a ruling permits.
    """

    releases: list[tuple[Ruling, ReleasedBundle]] = field(default_factory=list)
    held: list[tuple[HeldDelivery, ReleasedBundle]] = field(default_factory=list)
    kept_back: list[tuple[Ruling, str]] = field(default_factory=list)

    @property
    def alerts(self) -> list[tuple[Ruling, str]]:
        """The codes that a human should see, each with the ruling under which something was kept back."""
        return [
            *self.kept_back,
            *((ruling, code) for ruling, released in self.releases for code in released.alerts),
        ]

    def kept_back_of(self, ruling: Ruling) -> str | None:
        """The code for which everything under a ruling was kept back; None if something passed, or there was nothing."""
        if any(one is ruling for one, _ in self.releases):
            return None
        return next((code for one, code in self.kept_back if one is ruling), None)

    def resources(self, resource_type: str) -> list[Mapping[str, Any]]:
        """What was released of one type; of two versions the one that came later."""
        found = {
            resource["id"]: resource
            for _, released in self.releases
            for resource in released.resources
            if resource["resourceType"] == resource_type
        }
        return list(found.values())


class Gather:
    """Collects one person's releases under the rulings that permit. ``sources`` are by system id."""

    def __init__(
        self,
        *,
        database: Database,
        keyring: Keyring,
        vault: Vault,
        registry: Registry,
        translate: Translate,
        checker: ResourceChecker,
        sources: Mapping[str, RecordSource],
        rules: ReleaseRules,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._vault = vault
        self._registry = registry
        self._translate = translate
        self._checker = checker
        self._sources = sources
        self._rules = rules

    async def patient(self, standing: Standing, permits: Sequence[Ruling]) -> Gathered:
        """The Patient that any permit carries: identifier and labels, from no source but the registry."""
        gathered = Gathered()
        for ruling in permits[:1]:
            source = ruling.passage.sender.identifiers[0].value
            patient = {
                "resourceType": "Patient",
                "id": self._keyring.record_id(source, "Patient", standing.person.value),
                "identifier": [standing.person.as_fhir()],
            }
            self._add(gathered, ruling, standing, (patient,))
        return gathered

    async def records(self, standing: Standing, permits: Sequence[Ruling], now: datetime) -> Gathered:
        """Records from holds, then from live sources. Raises Unreachable when a source does not answer soundly."""
        gathered = Gathered()
        for ruling in permits:
            if ruling.passage.mode is Mode.HOLD:
                await self._from_hold(gathered, standing, ruling, now)
        for system, rulings in _by_source(permits).items():
            await self._from_source(gathered, standing, system, rulings, now)
        return gathered

    async def _from_hold(self, gathered: Gathered, standing: Standing, ruling: Ruling, now: datetime) -> None:
        passage = ruling.passage
        rows = await self._database.read(
            partial(
                holds.held,
                person_keys=standing.keys,
                recipient_party=passage.recipient.id,
                now=now,
                agreement=passage.agreement.id,
            )
        )
        for row in rows:
            if not _is_of(row, passage):
                continue
            try:
                translation = Translation.open(self._vault, row.message_id, row.translated)
            except ContentUnreadable as fault:
                raise Unreachable(str(fault)) from None
            resources = self._as_asked(translation, standing).resources
            released = self._add(gathered, ruling, standing, resources)
            if released is not None:
                gathered.held.append((row, released))

    async def _from_source(
        self,
        gathered: Gathered,
        standing: Standing,
        system: str,
        rulings: Sequence[Ruling],
        now: datetime,
    ) -> None:
        """Ask a live source for no more than the rulings permit; a record of another unit is dropped."""
        types = sorted({record_type for ruling in rulings for record_type in ruling.passage.record_types})
        numbers = await self._numbers(standing, rulings[0].passage)
        for number in numbers:
            arrivals = await self._sources[system].fetch(number, types, None, None, frozenset(numbers))
            for arrival in arrivals:
                ruling = _ruling_for(arrival, rulings)
                if ruling is not None:
                    resources = await asyncio.to_thread(
                        self._translated, system, arrival, ruling.passage, standing, now
                    )
                    self._add(gathered, ruling, standing, resources)

    async def _numbers(self, standing: Standing, passage: Passage) -> Sequence[PersonId]:
        """By what a sender's source is asked: it may know the person by a number that a merge ended, if a Consent told the sender of it."""
        if standing.keys == {standing.key}:
            return [standing.person]
        joined = partial(
            self._registry.joined,
            standing=standing,
            agreement=passage.agreement.id,
            is_readable=partial(may_read, party=passage.sender),
        )
        return [standing.person, *await self._database.read(joined)]

    def _as_asked(self, translation: Translation, standing: Standing) -> Translation:
        """A record that names the person by a number that merges joined to the one asked about names the latter; no other is touched."""
        if translation.person == standing.person:
            return translation
        is_joined = self._keyring.person_key(translation.person) in standing.keys
        return translation.by(standing.person) if is_joined else translation

    def _add(
        self,
        gathered: Gathered,
        ruling: Ruling,
        standing: Standing,
        resources: Sequence[Mapping[str, Any]],
    ) -> ReleasedBundle | None:
        """Release what may be; None where the filter keeps all of it back."""
        try:
            released = release(self._rules, ruling, standing, resources)
        except ReleaseRefused as refused:
            if refused.code in _KEPT_BACK:
                gathered.kept_back.append((ruling, refused.code))
                return None
            raise Unreachable(refused.code) from None
        gathered.releases.append((ruling, released))
        return released

    def _translated(
        self, system: str, arrival: Arrival, passage: Passage, standing: Standing, now: datetime
    ) -> tuple[Mapping[str, Any], ...]:
        try:
            mapped = self._translate.to_fhir(
                passage.agreement.system(system).mapping,
                passage.agreement,
                passage.sender,
                passage.sender_unit,
                arrival,
                now,
                protected=bool(standing.protection),
            )
        except MappingError:
            raise Unreachable("source-answer-not-mapped") from None
        if self._checker.check(mapped.body):
            raise Unreachable("source-answer-invalid")
        resources = tuple(entry["resource"] for entry in mapped.body["entry"])
        return self._as_asked(Translation(arrival.person, resources), standing).resources


# Reasons of a correct withholding; any other refusal is a fault, and the whole answer fails with it.
_KEPT_BACK = frozenset({"protected-identity", "sip-consent-missing"})


def _by_source(permits: Sequence[Ruling]) -> dict[str, list[Ruling]]:
    """Permits for live reads by the system that answers; a system belongs to one agreement."""
    asked: dict[str, list[Ruling]] = {}
    for ruling in permits:
        passage = ruling.passage
        if passage.mode is Mode.QUERY and passage.flow.query is not None:
            asked.setdefault(passage.flow.query, []).append(ruling)
    return asked


def _is_of(row: HeldDelivery, passage: Passage) -> bool:
    return (
        row.sender_party == passage.sender.id
        and row.sender_unit == passage.sender_unit.id
        and row.recipient_unit == passage.recipient_unit.id
        and frozenset(row.record_types) <= passage.record_types
    )


def _ruling_for(arrival: Arrival, rulings: Sequence[Ruling]) -> Ruling | None:
    """The permit from the unit that the record is of; a record that names no unit has none."""
    return next(
        (
            ruling
            for ruling in rulings
            if arrival.unit == ruling.passage.sender_unit.identifier
            and arrival.record_types <= ruling.passage.record_types
        ),
        None,
    )
