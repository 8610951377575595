"""The master key and what is derived from it: person keys, ids, the audit's seals, the registry's encryption.

HKDF-SHA256 (RFC 5869) gives one key per purpose; HMAC-SHA256 (RFC 2104) the keyed hashes; AES-256-GCM (NIST SP 800-38D) seals.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import uuid
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection

from adapter.domain.errors import ContentUnreadable, KeyFault
from adapter.domain.identity import PersonId
from adapter.store import meta
from adapter.store.exclusion import one_at_a_time

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
_PERSON_KEY_BYTES: Final = 24
_CHECK: Final = "master-key-check"
_JSON: Final = json.JSONEncoder(ensure_ascii=False)


class Keyring:
    """The keys derived from one master key. ``version`` stands before each person key, so that ``lookup`` can be changed."""

    def __init__(self, master: bytes, *, version: int = 1) -> None:
        self._lookup = HMAC(_derive(master, "lookup"), SHA256())
        self._ids = HMAC(_derive(master, "ids"), SHA256())
        self._audit = HMAC(_derive(master, "audit"), SHA256())
        self._registry = AESGCM(_derive(master, "registry"))
        self._cursors = AESGCM(_derive(master, "cursors"))
        self.check_value = _derive(master, "check").hex()
        self.version = version

    def person_key(self, person: PersonId) -> str:
        """The keyed hash that stands for a person everywhere but in a record: version, hyphen, base64url."""
        digest = _mac(self._lookup, _joined(person.system, person.value))[:_PERSON_KEY_BYTES]
        return f"{self.version}-{base64.urlsafe_b64encode(digest).decode()}"

    def record_id(self, *parts: str) -> str:
        """A deterministic id for what ``parts`` name (source system, source identifier): a version 8 UUID (RFC 9562, 5.8)."""
        number = bytearray(_mac(self._ids, _joined(*parts))[:16])
        number[6] = number[6] & 0x0F | 0x80
        number[8] = number[8] & 0x3F | 0x80
        return str(uuid.UUID(bytes=bytes(number)))

    def digest(self, body: bytes) -> str:
        """A keyed digest of a message's body: tells a repeat from another message under the same id."""
        return _mac(self._ids, b"body\0" + body).hex()

    def audit_mac(self, content: bytes) -> bytes:
        """The keyed hash that chains audit rows."""
        return _mac(self._audit, content)

    def seal_registry(self, plain: bytes, *, row: str) -> bytes:
        """Seal what the registry keeps; ``row`` (the row's identity) must be given again to open it."""
        return _sealed(self._registry, plain, row)

    def open_registry(self, sealed: bytes, *, row: str) -> bytes:
        """Open what ``seal_registry`` sealed for the same row; raises ContentUnreadable."""
        return _opened(self._registry, sealed, row, "registry")

    def seal_cursor(self, plain: bytes, *, holder: str) -> bytes:
        """Seal what a link to a page says; ``holder`` (who may follow it) must be given again to open it."""
        return _sealed(self._cursors, plain, holder)

    def open_cursor(self, sealed: bytes, *, holder: str) -> bytes:
        """Open what ``seal_cursor`` sealed for the same holder; raises ContentUnreadable."""
        return _opened(self._cursors, sealed, holder, "cursor")


def init_master_key(path: Path) -> None:
    """Make a new master key file, mode 0600; raises KeyFault if one stands there already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyFault("a master key exists there already") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(os.urandom(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    sync_directory(path.parent)


def load_keyring(path: Path, *, data_dir: Path) -> Keyring:
    """Read the master key; raises KeyFault if it is missing, exposed, malformed or kept beside what it protects."""
    if path.resolve().is_relative_to(data_dir.resolve()):
        raise KeyFault("the master key must not lie under the data directory")
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            master = file.read(KEY_BYTES + 1)
    except OSError:
        raise KeyFault("the master key cannot be read") from None
    if mode & 0o177:
        raise KeyFault("the master key is open to others: its mode must be 0600")
    if len(master) != KEY_BYTES:
        raise KeyFault(f"the master key must be {KEY_BYTES} bytes")
    return Keyring(master)


def bind(connection: Connection, keyring: Keyring) -> None:
    """Tie a new database to its master key; raises KeyFault if it is tied to another one."""
    one_at_a_time(connection, [_CHECK])
    found = meta.value_of(connection, _CHECK)
    if found is None:
        meta.put(connection, _CHECK, keyring.check_value)
    elif not hmac.compare_digest(found, keyring.check_value):
        raise KeyFault("this database was made with another master key")


def sync_directory(directory: Path) -> None:
    """Make files that were added to or removed from a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _derive(master: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"sambro {purpose}".encode()).derive(master)


def _sealed(cipher: AESGCM, plain: bytes, context: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, context.encode())


def _opened(cipher: AESGCM, sealed: bytes, context: str, what: str) -> bytes:
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode())
    except (InvalidTag, ValueError):
        raise ContentUnreadable(what) from None


def _mac(keyed: HMAC, content: bytes) -> bytes:
    # A copy: the key's schedule is worked out once, not with each hash.
    copied = keyed.copy()
    copied.update(content)
    return copied.finalize()


def _joined(*parts: str) -> bytes:
    # JSON keeps ("ab", "c") and ("a", "bc") apart.
    return _JSON.encode(parts).encode()
