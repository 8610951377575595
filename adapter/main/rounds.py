"""What an installation does again and again beside its workers: upkeep, checkpoints of the audit, watch for alerts, tell of them, take batches of replays."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import httpx

from adapter.domain.instants import utc_now
from adapter.exchange.administration import Administration
from adapter.exchange.intervene import Intervene
from adapter.exchange.ports import Teller
from adapter.exchange.replay_many import ReplayMany
from adapter.exchange.rounds import Rounds
from adapter.exchange.tell_alerts import TellAlerts
from adapter.exchange.upkeep import Upkeep
from adapter.exchange.watch import Target, Watch
from adapter.main.certificates import certificates
from adapter.main.core import Core, new_id
from adapter.settings import Settings
from adapter.store.alert_causes import Burst, Expected
from connectors.alert_mail.sender import MailTeller, Relay
from connectors.alert_webhook.sender import WebhookTeller

_CHECKPOINT_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 10.0
_TELL_SECONDS: Final = 5.0
_REPLAY_SECONDS: Final = 2.0


def rounds(core: Core, client: httpx.AsyncClient, upkeep: Upkeep) -> tuple[Rounds, ...]:
    """All of it, not yet running."""
    stated = core.settings.alerts
    parties = {name: webhook.party for name, webhook in stated.webhooks.items()}
    parties |= {name: mail.party for name, mail in stated.mails.items()}
    watch = Watch(
        database=core.database,
        lines=core.alert_lines,
        expected=tuple(_expected(core.settings)),
        burst=Burst(stated.refusals, timedelta(minutes=stated.refusal_minutes)),
        certificates=tuple(certificates(core.settings)),
        targets=tuple(Target(name, party) for name, party in parties.items()),
        clock=utc_now,
        new_id=new_id,
    )
    telling = TellAlerts(core.database, dict(_tellers(core.settings, client)), utc_now, random.random)
    administration = Administration(database=core.database, audit=core.trail, clock=utc_now)
    intervene = Intervene(administration, core.keyring, utc_now, new_id)
    replaying = ReplayMany(core.database, administration, intervene, core.keyring, utc_now, new_id)
    return (
        Rounds(upkeep.sweep, core.settings.upkeep_seconds),
        Rounds(core.attestation.mark, _CHECKPOINT_SECONDS),
        Rounds(watch.look, _LOOK_SECONDS),
        Rounds(telling.tell_due, _TELL_SECONDS),
        Rounds(replaying.take_batches, _REPLAY_SECONDS),
    )


def _expected(settings: Settings) -> Iterator[Expected]:
    for agreement in settings.agreements:
        for channel in agreement.channels:
            if channel.id in settings.alerts.silent_minutes:
                within = timedelta(minutes=settings.alerts.silent_minutes[channel.id])
                yield Expected(agreement.id, channel.party, channel.id, within)


def _tellers(settings: Settings, client: httpx.AsyncClient) -> Iterator[tuple[str, Teller]]:
    for name, one in settings.alerts.webhooks.items():
        yield name, WebhookTeller(client, one.url, utc_now, secret=one.secret or "", token=one.token or "")
    for name, mail in settings.alerts.mails.items():
        relay = Relay(mail.host, mail.port, mail.tls, mail.user or "", mail.password or "")
        yield name, MailTeller(relay, mail.sender, mail.recipients, f"{settings.public_url}/console")
