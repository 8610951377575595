"""The vault that seals nothing: with it a missing wipe shows in the database's files. Only tests can select it."""

from __future__ import annotations

from collections.abc import Set
from datetime import UTC, datetime

from adapter.store.vault import Sealed


class IdentityVault:
    """A Vault that stores content as it is."""

    def seal(self, plain: bytes, *, context: str, at: datetime) -> Sealed:
        """See Vault.seal."""
        return Sealed(plain, at.astimezone(UTC).date().isoformat())

    def open(self, sealed: Sealed, *, context: str) -> bytes:
        """See Vault.open."""
        return sealed.ciphertext

    def destroy_unused(self, days_still_used: Set[str], *, now: datetime) -> None:
        """There are no keys."""
