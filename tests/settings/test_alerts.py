"""What gives cause for an alert, and who is told."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from adapter.settings import AlertMail, Alerts, AlertWebhook
from tests.settings.folder import change, faults, load

AGREEMENT: Final = "https://w3id.org/sambro/agreement/alingsas-socialmedicinska"


def state(config: Path, *lines: str) -> None:
    change(config, "listeners:", "\n".join(["alerts:", *(f"  {line}" for line in lines), "listeners:"]))


def test_nobody_is_told_and_no_sender_expected_unless_stated(config: Path) -> None:
    assert load(config).alerts == Alerts({}, 50, 5, {}, {})


def test_all_that_can_be_stated(config: Path) -> None:
    (config / "hook.secret").write_text("s3cret\n", encoding="utf-8")
    state(
        config,
        "channels: {alingsas-kommun: {silent_minutes: 240}}",
        "refusals: 10",
        "refusal_minutes: 1",
        'webhooks: {drift: {url: "https://drift.example/hook", secret_file: hook.secret}}',
        f'mails: {{kommun: {{host: mail.example, from: s@drift.example, to: [a@drift.example], agreement: "{AGREEMENT}",'
        " party: kommun, user: sambro, password: pw}}",
    )
    assert load(config).alerts == Alerts(
        silent_minutes={"alingsas-kommun": 240},
        refusals=10,
        refusal_minutes=1,
        webhooks={"drift": AlertWebhook("https://drift.example/hook", None, "s3cret", None)},
        mails={
            "kommun": AlertMail(
                host="mail.example",
                port=587,
                tls="starttls",
                sender="s@drift.example",
                recipients=("a@drift.example",),
                party=(AGREEMENT, "kommun"),
                user="sambro",
                password="pw",
            )
        },
    )


@pytest.mark.parametrize(
    ("stated", "fault"),
    [
        ("channels: {alingsas-komun: {silent_minutes: 1}}", "did you mean alingsas-kommun?"),
        ("channels: {alingsas-kommun: {silent_minutes: 0}}", "silent_minutes: must be from 1 to 10080"),
        ('webhooks: {a: {url: "https://x.example"}}', "secret: is missing, and so is token"),
        ('webhooks: {a: {url: "http://x.example", token: t}}', "url: must be https"),
        ('webhooks: {a: {url: "https://x.example", token: t, party: kommun}}', "agreement: is missing"),
        (
            "mails: {a: {host: m.example, tls: none, from: a@b.example, to: [a@b.example]}}",
            "none only on loopback",
        ),
        ('mails: {a: {host: m.example, from: a@b.example, to: ["Bcc: x"]}}', "Bcc: x is not an address"),
        (
            'webhooks: {a: {url: "https://x.example", token: t}}\n'
            "  mails: {a: {host: m.example, from: a@b.example, to: [a@b.example]}}",
            "a is the name of a webhook too",
        ),
    ],
)
def test_what_would_tell_nobody_or_the_wrong_one_is_a_fault(config: Path, stated: str, fault: str) -> None:
    state(config, stated)
    assert any(fault in found for found in faults(config))
