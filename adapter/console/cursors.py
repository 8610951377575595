"""Seals what tells one page from the next, so that a link shows nothing of what lies between two rows.

A row's number would tell a party how many rows of others came in between. Sealing is deterministic (AES-SIV, RFC 5297): the
same page has the same bytes.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

KEY_BYTES: Final = 32
_LONGEST: Final = 4096


class Cursors:
    """Seals and opens cursors under one key of 32 bytes; a link sealed under another key opens to nothing."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(key)

    def seal(self, purpose: str, cursor: str) -> str:
        """An opaque word for a cursor, good in a URL; ``purpose`` must be given again to open it."""
        return base64.urlsafe_b64encode(self._cipher.encrypt(cursor.encode(), [purpose.encode()])).decode()

    def open(self, purpose: str, sealed: str) -> str | None:
        """The cursor, or None if it is not one of ours."""
        if len(sealed) > _LONGEST:
            return None
        try:
            return self._cipher.decrypt(
                base64.urlsafe_b64decode(sealed.encode()), [purpose.encode()]
            ).decode()
        except (InvalidTag, binascii.Error, ValueError):
            return None
