"""The part of ``sambro.yaml`` that says which database: none stated is a SQLite file in the data folder."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, parse_qs, urlsplit

from adapter.domain.fields import Fields
from adapter.settings.model import DatabaseServer
from adapter.settings.wires import is_loopback, read_file

_VERIFIED: Final = frozenset({"verify-ca", "verify-full"})


def read_database(fields: Fields, folder: Path) -> DatabaseServer | None:
    """The PostgreSQL database, or None. Another machine's must prove by TLS which one it is."""
    if "database" not in fields:
        return None
    with fields.section("database") as database:
        password = read_file(database, "password_file", folder) if "password_file" in database else None
        return DatabaseServer(_url(database), None if password is None else password.rstrip("\r\n"))


def _url(database: Fields) -> str:
    text = database.text("url")
    try:
        parts = urlsplit(text)
        has_password, hosts = parts.password is not None, _hosts(parts)
    except ValueError:
        parts, has_password, hosts = urlsplit(""), False, []
    query = parse_qs(parts.query)
    if text and (parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/")):
        database.fault("url", "must be postgresql://user@host/database")
    elif has_password or "password" in query:
        database.fault("url", "must not hold the password; name its file in password_file")
    elif not all(map(_is_near, hosts)) and query.get("sslmode", [""])[-1] not in _VERIFIED:
        database.fault("url", "must say sslmode=verify-full (or verify-ca); without TLS only on this machine")
    return text


def _hosts(parts: SplitResult) -> list[str]:
    """Every host of the URI (libpq: several, parted by commas; also as the parameter ``host``)."""
    authority = parts.netloc.rpartition("@")[2].split(",")
    stated = parse_qs(parts.query).get("host", [""])[-1].split(",")
    return [host for host in (*map(_without_port, authority), *stated) if host]


def _without_port(host: str) -> str:
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _is_near(host: str) -> bool:
    return host.startswith("/") or is_loopback(host)
