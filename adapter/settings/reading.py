"""Reads and checks the configuration of one installation: every fault of every file at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

from adapter.domain.agreement import Agreement
from adapter.domain.agreement_file import read_agreements
from adapter.domain.errors import ConfigurationError, Fault
from adapter.domain.fields import Fields
from adapter.domain.located import Node, locate
from adapter.exchange.keep_audit import LEAST_YEARS
from adapter.settings.access import read_clients, read_token_issuer
from adapter.settings.alerts import read_alerts
from adapter.settings.console import read_console_sign_in
from adapter.settings.database import read_database
from adapter.settings.model import AuditKeeping, Limits, LogLevel, Retention, Settings
from adapter.settings.wires import (
    read_address,
    read_drops,
    read_endpoints,
    read_listeners,
    read_networks,
    read_url,
)

_FILE: Final = "sambro.yaml"
_LOG_LEVELS: Final[tuple[LogLevel, ...]] = ("debug", "info", "warning", "error")
_MASTER_KEY_VARIABLE: Final = "SAMBRO_MASTER_KEY_FILE"
_WRITER: Final = re.compile(r"[a-z0-9-]{1,40}", re.ASCII)
_ORIGIN: Final = re.compile(r"https://[a-z0-9.-]+(:[0-9]{1,5})?|http://localhost(:[0-9]{1,5})?", re.ASCII)
_MEBIBYTE: Final = 1024 * 1024


def load_settings(config_dir: Path, data_dir: Path, environ: Mapping[str, str]) -> Settings:
    """Read ``sambro.yaml``, ``agreements/*.yaml`` and the names of ``mappings/`` in ``config_dir``.

    ``environ`` may name the master key's file (``SAMBRO_MASTER_KEY_FILE``), which wins over the file's. Relative names start from
    ``config_dir``. Nothing is created, and keys are not opened. Raises ConfigurationError with all faults.
    """
    faults: list[Fault] = []
    agreements = _agreements(config_dir, faults)
    root = _root(config_dir / _FILE, faults)
    if root is None:
        raise ConfigurationError(faults)
    with Fields(root, faults) as fields:
        settings = _settings(fields, config_dir, data_dir, environ, agreements)
    if faults:
        raise ConfigurationError(faults)
    return settings


def _settings(
    fields: Fields,
    config_dir: Path,
    data_dir: Path,
    environ: Mapping[str, str],
    agreements: tuple[Agreement, ...] | None,
) -> Settings:
    overrides = config_dir / "mappings"
    dev_issuer = fields.flag("dev_issuer", default=False)
    clients = read_clients(fields, config_dir)
    with fields.section("listen", required=True) as listen, fields.section("log") as log:
        return Settings(
            config_dir=config_dir,
            data_dir=data_dir,
            listen=read_address(listen),
            public_url=read_url(fields, "public_url", is_plain_allowed=True),
            master_key_file=_master_key_file(fields, config_dir, data_dir, environ),
            dev_issuer=dev_issuer,
            tokens=read_token_issuer(fields, config_dir, dev_issuer, clients),
            trusted_proxies=read_networks(fields, "trusted_proxies") if "trusted_proxies" in fields else (),
            clients=clients,
            endpoints=read_endpoints(fields, config_dir, agreements),
            listeners=read_listeners(fields, config_dir, agreements),
            drops=read_drops(fields, config_dir, agreements),
            limits=_limits(fields),
            audit=_audit(fields, config_dir, data_dir),
            retention=_retention(fields),
            alerts=read_alerts(fields, config_dir, agreements),
            console_sign_in=read_console_sign_in(fields, config_dir),
            database=read_database(fields, config_dir),
            log_level=log.choice("level", _LOG_LEVELS, default="info"),
            cors_origins=_cors_origins(fields),
            concealment_floor_ms=fields.whole("concealment_floor_ms", 0, 1000, default=25),
            upkeep_seconds=fields.whole("upkeep_seconds", 1, 300, default=30),
            agreements=agreements or (),
            mapping_overrides=overrides if overrides.is_dir() else None,
        )


def _limits(fields: Fields) -> Limits:
    default = Limits()
    with fields.section("limits") as limits:
        return Limits(
            body_bytes=limits.whole("body_bytes", 1024, 64 * _MEBIBYTE, default.body_bytes),
            mllp_message_bytes=limits.whole(
                "mllp_message_bytes", 1024, 64 * _MEBIBYTE, default.mllp_message_bytes
            ),
            mllp_connections=limits.whole("mllp_connections", 1, 1000, default.mllp_connections),
            mllp_idle_seconds=limits.whole("mllp_idle_seconds", 1, 86400, default.mllp_idle_seconds),
            file_bytes=limits.whole("file_bytes", 1024, 64 * _MEBIBYTE, default.file_bytes),
            file_rows=limits.whole("file_rows", 1, 1_000_000, default.file_rows),
        )


def _cors_origins(fields: Fields) -> tuple[str, ...]:
    """Off unless origins are named, each by itself: a wildcard would let any page ask with a token that it came by."""
    with fields.section("cors") as cors:
        origins = cors.texts("origins") if "origins" in cors else ()
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                cors.fault("origins", f"{origin} is not an origin; write it as https://app.example.org")
    return origins


def _audit(fields: Fields, config_dir: Path, data_dir: Path) -> AuditKeeping:
    """By default beside the data folder: what restores that from a copy must not take its checkpoints back with it."""
    beside = data_dir.with_name(f"{data_dir.name}.audit")
    with fields.section("audit") as audit:
        keeping = AuditKeeping(
            # Replicas share a database, and no chain.
            writer=audit.matching("writer", _WRITER, "1 to 40 of a-z, 0-9 and hyphen")
            if "writer" in audit or "database" in fields
            else "sambro",
            checkpoints=config_dir / audit.text("checkpoints", str(beside / "checkpoints.jsonl")),
            spool=config_dir / audit.text("spool", str(beside / "spool.jsonl")),
            retention_years=audit.whole("retention_years", LEAST_YEARS, 100, LEAST_YEARS),
        )
        for key in ("checkpoints", "spool"):
            if getattr(keeping, key).resolve().is_relative_to(data_dir.resolve()):
                audit.fault(
                    key, "must not lie under the data folder; it is what shows that that was set back"
                )
    return keeping


def _retention(fields: Fields) -> Retention:
    default = Retention()
    with fields.section("retention") as retention:
        return Retention(
            log_days=retention.whole("log_days", 30, 36_500, default.log_days),
            consent_years=retention.whole("consent_years", LEAST_YEARS, 100, default.consent_years),
        )


def _master_key_file(fields: Fields, config_dir: Path, data_dir: Path, environ: Mapping[str, str]) -> Path:
    stated = fields.text("master_key_file") if "master_key_file" in fields else ""
    name = environ.get(_MASTER_KEY_VARIABLE) or stated
    if not name:
        fields.fault("master_key_file", f"is missing; add it, or set {_MASTER_KEY_VARIABLE}")
    path = config_dir / name
    if name and path.resolve().is_relative_to(data_dir.resolve()):
        fields.fault(
            "master_key_file", "must not lie under the data folder; a copy of the data would carry its key"
        )
    return path


def _agreements(config_dir: Path, faults: list[Fault]) -> tuple[Agreement, ...] | None:
    """The agreements, or None where they have faults."""
    paths = sorted((config_dir / "agreements").glob("*.yaml"))
    if not paths:
        faults.append(Fault("agreements", 1, "holds no agreement (*.yaml); add one"))
        return None
    texts = {f"agreements/{path.name}": _text(path, f"agreements/{path.name}", faults) for path in paths}
    try:
        return read_agreements(
            {name: text for name, text in texts.items() if text is not None},
            mapping_folders=_mapping_folders(config_dir),
        )
    except ConfigurationError as error:
        faults += error.faults
        return None


def _mapping_folders(config_dir: Path) -> frozenset[str]:
    shipped = files("mappings") / "systems"
    own = config_dir / "mappings" / "systems"
    return frozenset(
        folder.name
        for systems in (shipped, own)
        if systems.is_dir()
        for folder in systems.iterdir()
        if folder.is_dir() and not folder.name.startswith(("_", "."))
    )


def _root(path: Path, faults: list[Fault]) -> Node | None:
    text = _text(path, path.name, faults)
    try:
        return None if text is None else locate(text, path.name)
    except ConfigurationError as error:
        faults += error.faults
        return None


def _text(path: Path, name: str, faults: list[Fault]) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        faults.append(Fault(name, 1, "no such file; make it"))
    except (OSError, UnicodeDecodeError):
        faults.append(Fault(name, 1, "cannot be read as UTF-8 text; check the file and its rights"))
    return None
