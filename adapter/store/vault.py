"""The content vault: record content is sealed under a key of its day, which is destroyed as soon as nothing needs it.

AES-256-GCM (NIST SP 800-38D). The keys are files beside the master key: outside the database and its backups.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapter.domain.errors import ContentUnreadable
from adapter.store.keys import KEY_BYTES, NONCE_BYTES, sync_directory

GRACE: Final = timedelta(hours=1)
"""How long after its day a key is spared although no row uses it: what was just sealed may not be committed yet."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """Content as it is stored: ``key_day`` (``2026-11-22``, UTC) names the key that opens it."""

    ciphertext: bytes
    key_day: str


class Vault(Protocol):
    """Seals record content before it is stored."""

    def seal(self, plain: bytes, *, context: str, at: datetime) -> Sealed:
        """Seal under the key of the day of ``at``; ``context`` (message id and kind) must be given again to open it."""
        ...

    def open(self, sealed: Sealed, *, context: str) -> bytes:
        """The content; raises ContentUnreadable if its key is destroyed or its seal or context is not the same."""
        ...

    def destroy_unused(self, days_still_used: Set[str], *, now: datetime) -> None:
        """Destroy the keys of past days that no stored content needs."""
        ...


class SealedVault:
    """The vault that is shipped. ``directory`` holds one key file a day, mode 0600; replicas share it."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._ciphers: dict[str, AESGCM] = {}

    @classmethod
    def beside(cls, master_key: Path) -> SealedVault:
        """The vault whose keys lie beside a master key file, in ``<name>.content``."""
        return cls(master_key.with_name(f"{master_key.name}.content"))

    def seal(self, plain: bytes, *, context: str, at: datetime) -> Sealed:
        """See Vault.seal."""
        day = at.astimezone(UTC).date().isoformat()
        nonce = os.urandom(NONCE_BYTES)
        cipher = self._cipher(day) or self._create(day)
        return Sealed(nonce + cipher.encrypt(nonce, plain, context.encode()), day)

    def open(self, sealed: Sealed, *, context: str) -> bytes:
        """See Vault.open."""
        cipher = self._cipher(sealed.key_day)
        if cipher is None:
            raise ContentUnreadable("content-key-destroyed")
        nonce, ciphertext = sealed.ciphertext[:NONCE_BYTES], sealed.ciphertext[NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, ciphertext, context.encode())
        except (InvalidTag, ValueError):
            raise ContentUnreadable("content-seal-broken") from None

    def destroy_unused(self, days_still_used: Set[str], *, now: datetime) -> None:
        """See Vault.destroy_unused; the last day is spared for ``GRACE``."""
        spared_from = (now.astimezone(UTC) - GRACE).date()
        for file in list(self._directory.iterdir()):
            if file.name not in days_still_used and _is_day_before(file.name, spared_from):
                self._ciphers.pop(file.name, None)
                file.unlink(missing_ok=True)
        sync_directory(self._directory)

    def _cipher(self, day: str) -> AESGCM | None:
        if day not in self._ciphers:
            try:
                self._ciphers[day] = AESGCM((self._directory / day).read_bytes())
            except (FileNotFoundError, ValueError):
                return None
        return self._ciphers[day]

    def _create(self, day: str) -> AESGCM:
        # A link appears whole or not at all: of several replicas one makes the key, the others read it.
        draft = self._directory / f".{day}.{secrets.token_hex(8)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, self._directory / day)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        sync_directory(self._directory)
        cipher = self._cipher(day)
        if cipher is None:
            raise ContentUnreadable("content-key-unreadable")
        return cipher


def _is_day_before(name: str, day: date) -> bool:
    try:
        return date.fromisoformat(name) < day
    except ValueError:
        return False
