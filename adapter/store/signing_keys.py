"""The keys that sign our own access tokens: files in a folder beside the master key, the newest signs, all of them verify."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from adapter.domain.errors import KeyFault
from adapter.store.keys import sync_directory

_CURVE: Final = "P-384"


def signing_folder(master_key_file: Path) -> Path:
    """The folder of the signing keys that belong to a master key."""
    return master_key_file.with_name(f"{master_key_file.name}.signing")


def make_signing_key(master_key_file: Path, now: datetime) -> str:
    """Make a new signing key (P-384, PEM, mode 0600) and return its ``kid``; it signs from the next start on."""
    folder = signing_folder(master_key_file)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = ECKey.generate_key(_CURVE)
    path = folder / f"{now:%Y%m%dT%H%M%S%fZ}.pem"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key.as_pem(private=True))
        file.flush()
        os.fsync(file.fileno())
    sync_directory(folder)
    return key.thumbprint()


def load_signing_keys(master_key_file: Path) -> tuple[ECKey, ...]:
    """The signing keys, newest first, each with its thumbprint (RFC 7638) as ``kid``.

    Raises KeyFault where there is none, and for one that is exposed or not a private P-384 key.
    """
    paths = sorted(signing_folder(master_key_file).glob("*.pem"), reverse=True)
    if not paths:
        raise KeyFault("there is no signing key: sambro keys signing makes one")
    return tuple(map(_loaded, paths))


def _loaded(path: Path) -> ECKey:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            key = ECKey.import_key(file.read())
    except (OSError, JoseError, ValueError, TypeError):
        raise KeyFault(f"the signing key {path.name} cannot be read") from None
    if mode & 0o177:
        raise KeyFault(f"the signing key {path.name} is open to others: its mode must be 0600")
    if not key.is_private or key.curve_name != _CURVE:
        raise KeyFault(f"the signing key {path.name} must be a private key on {_CURVE}")
    key.ensure_kid()
    return key
