"""Sends notices of alerts as plain e-mail (RFC 5322) by SMTP: codes and ids, nothing about a person."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final, Literal

from adapter.domain.instants import STOCKHOLM
from adapter.exchange.ports import AlertNotice, DeliveryFailed

Tls = Literal["starttls", "tls", "none"]
_SECONDS: Final = 10.0
_EVENTS: Final = {"opened": "Larm", "resolved": "Larm över"}


@dataclass(frozen=True, slots=True)
class Relay:
    """The SMTP server that takes our mail. ``user`` empty: no sign-in."""

    host: str
    port: int
    tls: Tls
    user: str = ""
    password: str = field(default="", repr=False)


class MailTeller:
    """exchange.ports.Teller for some recipients. ``console_url`` is where the list of alerts stands."""

    def __init__(self, relay: Relay, sender: str, recipients: tuple[str, ...], console_url: str) -> None:
        self._relay = relay
        self._sender = sender
        self._recipients = recipients
        self._console_url = console_url

    async def tell(self, notice: AlertNotice) -> None:
        """Hand it to the relay.

        Raises DeliveryFailed: passing ``smtp-nnn``, ``connect-failed``, ``connection-lost``; lasting ``smtp-refused``, if no recipient was taken.
        """
        await asyncio.to_thread(self._send, self._message(notice))

    def _message(self, notice: AlertNotice) -> EmailMessage:
        message = EmailMessage()
        subject = " ".join(filter(None, ("Sambro:", _EVENTS[notice.event], notice.code, notice.about)))
        message["Subject"] = subject
        message["From"] = self._sender
        message["To"] = ", ".join(self._recipients)
        message["Date"] = format_datetime(notice.made_at)
        message["Message-ID"] = f"<{notice.id}@{self._sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence is answered to us
        message.set_content("\n".join(self._lines(notice)))
        return message

    def _lines(self, notice: AlertNotice) -> list[str]:
        at = notice.made_at.astimezone(STOCKHOLM).strftime("%Y-%m-%d %H:%M:%S")
        return [
            f"{_EVENTS[notice.event]}: {notice.code}",
            f"Gäller: {notice.about or '-'}",
            f"Avtal och part: {notice.agreement or '-'}, {notice.party or 'driften'}",
            f"Antal: {notice.count}",
            f"Tid: {at}",
            "",
            f"{self._console_url}/alerts",
        ]

    def _send(self, message: EmailMessage) -> None:
        try:
            with self._connected() as smtp:
                if self._relay.tls == "starttls":
                    smtp.starttls(context=ssl.create_default_context())
                if self._relay.user:
                    smtp.login(self._relay.user, self._relay.password)
                smtp.send_message(message)
        except smtplib.SMTPRecipientsRefused:
            raise DeliveryFailed("smtp-refused", transient=False) from None
        except smtplib.SMTPResponseException as error:
            raise DeliveryFailed(f"smtp-{error.smtp_code}", transient=True) from None
        except smtplib.SMTPException:
            raise DeliveryFailed("connection-lost", transient=True) from None
        except OSError:
            raise DeliveryFailed("connect-failed", transient=True) from None

    def _connected(self) -> smtplib.SMTP:
        if self._relay.tls == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self._relay.host, self._relay.port, timeout=_SECONDS, context=context)
        return smtplib.SMTP(self._relay.host, self._relay.port, timeout=_SECONDS)
