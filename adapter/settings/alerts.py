"""The part of ``sambro.yaml`` about alerts: what gives cause for one, and who is told."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal

from adapter.domain.agreement import Agreement
from adapter.domain.fields import Fields
from adapter.settings.model import AlertMail, Alerts, AlertWebhook
from adapter.settings.wires import is_loopback, read_secret, read_url

_NAME: Final = re.compile(r"[0-9a-z-]{1,40}", re.ASCII)
_NAME_WORDS: Final = "1 to 40 of a-z, 0-9 and hyphen"
_HOST: Final = re.compile(r"[0-9A-Za-z.:-]{1,253}", re.ASCII)
_ADDRESS: Final = re.compile(r"[^\s<>@,;\"]{1,64}@[0-9A-Za-z.-]{1,253}", re.ASCII)
_TLS: Final[tuple[Literal["starttls", "tls", "none"], ...]] = ("starttls", "tls", "none")
_WEEK_MINUTES: Final = 7 * 24 * 60


def read_alerts(fields: Fields, folder: Path, agreements: Iterable[Agreement] | None) -> Alerts:
    """The section ``alerts``; ``agreements`` is None when they could not be read, and then nothing is compared."""
    agreements = None if agreements is None else tuple(agreements)
    default = Alerts()
    with fields.section("alerts") as alerts:
        found = Alerts(
            silent_minutes=_silent_minutes(alerts, agreements),
            refusals=alerts.whole("refusals", 1, 10_000, default.refusals),
            refusal_minutes=alerts.whole("refusal_minutes", 1, 60, default.refusal_minutes),
            webhooks={
                name: _webhook(section, folder, agreements)
                for name, section in alerts.named("webhooks", _NAME, _NAME_WORDS).items()
            },
            mails={
                name: _mail(section, folder, agreements)
                for name, section in alerts.named("mails", _NAME, _NAME_WORDS).items()
            },
        )
        for name in sorted(found.webhooks.keys() & found.mails.keys()):
            alerts.fault("mails", f"{name} is the name of a webhook too; give each its own")
    return found


def _silent_minutes(alerts: Fields, agreements: tuple[Agreement, ...] | None) -> dict[str, int]:
    known = None if agreements is None else {one.id for agreement in agreements for one in agreement.channels}
    return {name: _minutes(section) for name, section in alerts.named_after("channels", known).items()}


def _minutes(section: Fields) -> int:
    with section as channel:
        return channel.whole("silent_minutes", 1, _WEEK_MINUTES)


def _webhook(section: Fields, folder: Path, agreements: tuple[Agreement, ...] | None) -> AlertWebhook:
    with section as webhook:
        secret, token = read_secret(webhook, "secret", folder), read_secret(webhook, "token", folder)
        if secret is None and token is None:
            webhook.fault(
                "secret", "is missing, and so is token; add one, or anybody could send alerts in our name"
            )
        return AlertWebhook(read_url(webhook, "url"), _party(webhook, agreements), secret, token)


def _mail(section: Fields, folder: Path, agreements: tuple[Agreement, ...] | None) -> AlertMail:
    with section as mail:
        host = mail.matching("host", _HOST, "an address or a host name")
        tls = mail.choice("tls", _TLS, default="starttls")
        if tls == "none" and host and not is_loopback(host):
            mail.fault("tls", "must be starttls or tls; none only on loopback")
        recipients = mail.texts("to")
        for address in recipients:
            if not _ADDRESS.fullmatch(address):
                mail.fault("to", f"{address} is not an address; write name@host")
        return AlertMail(
            host=host,
            port=mail.whole("port", 1, 65535, default=465 if tls == "tls" else 587),
            tls=tls,
            sender=mail.matching("from", _ADDRESS, "an address, name@host"),
            recipients=recipients,
            party=_party(mail, agreements),
            user=mail.text("user") if "user" in mail else None,
            password=read_secret(mail, "password", folder),
        )


def _party(section: Fields, agreements: tuple[Agreement, ...] | None) -> tuple[str, str] | None:
    """``agreement`` and ``party``, both or neither."""
    if "agreement" not in section and "party" not in section:
        return None
    by_id = None if agreements is None else {agreement.id: agreement for agreement in agreements}
    agreement_id = section.reference("agreement", by_id)
    parties = None
    if by_id is not None and agreement_id:
        parties = {party.id for party in by_id[agreement_id].parties}
    return agreement_id, section.reference("party", parties)
