"""Passwords of local accounts: Argon2id hashes (RFC 9106), lengths as NIST SP 800-63B, 3.1.1.2 (a least, a bound, no rule of signs)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from adapter.domain.errors import Issue

SHORTEST: Final = 12
LONGEST: Final = 1024
FIRST_LASTS: Final = timedelta(hours=24)
"""How long a first password may wait to be used, once."""
# OWASP's Password Storage Cheat Sheet: 19 MiB, two passes, one lane; a sign-in must not stall what the machine is there for.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def hashed(password: str) -> str:
    """Its hash, as it is stored; takes a while, so it is called in a thread."""
    return _HASHER.hash(password)


def matches(password_hash: str, password: str) -> bool:
    """Whether a password is the one that was hashed; takes a while as well."""
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def faults(password: str) -> list[Issue]:
    """What keeps it from being anybody's."""
    return [] if SHORTEST <= len(password) <= LONGEST else [Issue("password", "password-length")]
