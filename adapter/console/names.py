"""What agreements, parties and units are called: the names in the agreement files, or the id where no file names it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from adapter.domain.agreement import Agreement, Channel, Party
from adapter.store.sight import Views


class Names:
    """The names of the loaded agreements."""

    def __init__(self, agreements: Iterable[Agreement]) -> None:
        self._agreements = {agreement.id: agreement for agreement in agreements}

    def agreement(self, agreement_id: str) -> str:
        """Its full name."""
        found = self._agreements.get(agreement_id)
        return self.short(agreement_id) if found is None else found.name

    def short(self, agreement_id: str) -> str:
        """Its short name: the last part of its URI."""
        return agreement_id.rstrip("/").rsplit("/", 1)[-1]

    def party(self, agreement_id: str, party_id: str) -> str:
        """A party's name in an agreement."""
        party = self._party(agreement_id, party_id)
        return party_id if party is None else party.name

    def kind(self, agreement_id: str, party_id: str) -> str:
        """What kind of party it is: kommun, region, other."""
        party = self._party(agreement_id, party_id)
        return "other" if party is None else party.kind

    def unit(self, agreement_id: str, party_id: str, unit_id: str) -> str:
        """A unit's name at a party."""
        party = self._party(agreement_id, party_id)
        units = () if party is None else party.units
        return next((unit.name for unit in units if unit.id == unit_id), unit_id)

    def sender(self, agreement_id: str, channel_id: str) -> str:
        """The name of the party that a channel brings messages from."""
        agreement = self._agreements.get(agreement_id)
        channels = () if agreement is None else agreement.channels
        party = next((channel.party for channel in channels if channel.id == channel_id), channel_id)
        return self.party(agreement_id, party)

    def seen(self, views: Views | None) -> Sequence[Agreement]:
        """The agreements that somebody with these views has to do with, by name."""
        ids = self._agreements.keys() if views is None else {agreement for agreement, _ in views}
        found = (self._agreements[one] for one in ids if one in self._agreements)
        return sorted(found, key=lambda agreement: agreement.name)

    def channels(self, views: Views | None) -> Sequence[Channel]:
        """The channels of those agreements, by id."""
        channels = (channel for agreement in self.seen(views) for channel in agreement.channels)
        return sorted(channels, key=lambda channel: channel.id)

    def own_channels(self, views: Views) -> frozenset[str]:
        """The ids of the channels that bring what these parties send."""
        agreements = self._agreements.values()
        return frozenset(
            channel.id for one in agreements for channel in one.channels if (one.id, channel.party) in views
        )

    def _party(self, agreement_id: str, party_id: str) -> Party | None:
        agreement = self._agreements.get(agreement_id)
        parties = () if agreement is None else agreement.parties
        return next((party for party in parties if party.id == party_id), None)
