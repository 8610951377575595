"""The configuration of one installation: ``sambro.yaml`` and the agreements beside it, checked whole; docs/agreements.md."""

from adapter.settings.model import (
    Address,
    AlertMail,
    Alerts,
    AlertWebhook,
    AuditKeeping,
    Client,
    DatabaseServer,
    Drop,
    Endpoint,
    KeySource,
    Limits,
    Listener,
    ListenerTls,
    LogLevel,
    OpenIdSignIn,
    Settings,
    TokenIssuer,
)
from adapter.settings.reading import load_settings

__all__ = [
    "Address",
    "AlertMail",
    "AlertWebhook",
    "Alerts",
    "AuditKeeping",
    "Client",
    "DatabaseServer",
    "Drop",
    "Endpoint",
    "KeySource",
    "Limits",
    "Listener",
    "ListenerTls",
    "LogLevel",
    "OpenIdSignIn",
    "Settings",
    "TokenIssuer",
    "load_settings",
]
