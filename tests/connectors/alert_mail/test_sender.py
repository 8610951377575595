"""A notice by e-mail, to a server on a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Final

import pytest

from adapter.exchange.ports import DeliveryFailed
from connectors.alert_mail.sender import MailTeller, Relay
from tests.connectors.alert_notice import NOTICE, NOW

SENDER: Final = "sambro@drift.example"
RECIPIENTS: Final = ("jour@drift.example", "beredskap@drift.example")


@dataclass
class MailServer:
    """As much of SMTP (RFC 5321) as one message takes; ``refuses`` names the command that gets ``status``."""

    refuses: str = ""
    status: int = 550
    to: list[str] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    port: int = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        writer.write(b"220 mail\r\n")
        while line := (await reader.readline()).decode().strip():
            word = line.split()[0].upper()
            if word == self.refuses:
                writer.write(f"{self.status} no\r\n".encode())
            elif word == "DATA":
                writer.write(b"354 go on\r\n")
                mail = message_from_bytes(await reader.readuntil(b"\r\n.\r\n"), policy=policy.default)
                assert isinstance(mail, EmailMessage)
                self.mails.append(mail)
                writer.write(b"250 taken\r\n")
            else:
                self.to += [line.partition("<")[2].rstrip(">")] if word == "RCPT" else []
                writer.write(b"221 bye\r\n" if word == "QUIT" else b"250 ok\r\n")
        writer.close()


@asynccontextmanager
async def serving(mail: MailServer) -> AsyncIterator[MailServer]:
    server = await asyncio.start_server(mail.talk, "127.0.0.1", 0)
    mail.port = server.sockets[0].getsockname()[1]
    async with server:
        yield mail


def teller(port: int) -> MailTeller:
    return MailTeller(Relay("127.0.0.1", port, "none"), SENDER, RECIPIENTS, "https://sambro.example/console")


async def test_a_notice_is_mailed_to_all_with_codes_and_where_to_look() -> None:
    async with serving(MailServer()) as server:
        await teller(server.port).tell(NOTICE)
        await teller(server.port).tell(replace(NOTICE, id="notice-2", event="resolved", resolved_at=NOW))
    first, second = server.mails
    assert server.to == [*RECIPIENTS, *RECIPIENTS]
    assert (first["Subject"], first["From"]) == ("Sambro: Larm recipient-down journal", SENDER)
    assert second["Subject"] == "Sambro: Larm över recipient-down journal"
    assert (first["Message-ID"], first["Auto-Submitted"]) == ("<notice-1@drift.example>", "auto-generated")
    text = first.get_content()
    assert "Avtal och part: https://a.example, region" in text
    assert "Tid: 2026-11-22 13:00:00" in text
    assert "https://sambro.example/console/alerts" in text


@pytest.mark.parametrize(
    ("refuses", "status", "code", "transient"),
    [
        ("RCPT", 550, "smtp-refused", False),
        ("MAIL", 451, "smtp-451", True),
        ("DATA", 554, "smtp-554", True),
    ],
)
async def test_what_the_relay_refuses_is_a_failure(
    refuses: str, status: int, code: str, transient: bool
) -> None:
    async with serving(MailServer(refuses, status)) as server:
        with pytest.raises(DeliveryFailed) as caught:
            await teller(server.port).tell(NOTICE)
    assert (caught.value.code, caught.value.transient) == (code, transient)
    assert server.mails == []


async def test_a_relay_that_is_not_there_is_a_passing_failure() -> None:
    async with serving(MailServer()) as server:
        pass
    with pytest.raises(DeliveryFailed) as caught:
        await teller(server.port).tell(NOTICE)
    assert (caught.value.code, caught.value.transient) == ("connect-failed", True)
