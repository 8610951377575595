"""Health, readiness and metrics: names and numbers, open to the operator's own network, and no person in them."""

from __future__ import annotations

import pytest

from adapter.domain.errors import Unreachable
from adapter.domain.perseverance import Tolerance
from adapter.store import breakers, pauses
from adapter.store.pauses import Pause, Paused
from tests.api.bridge import Bridge
from tests.exchange.bodies import OTHER, TOLVAN, consent, screening
from tests.exchange.parties import person


async def test_the_process_answers(bridge: Bridge) -> None:
    answer = await bridge.http.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_readiness_shows_that_development_tokens_are_accepted(bridge: Bridge) -> None:
    answer = await bridge.http.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "devIssuer": True})


async def unreachable() -> None:
    raise Unreachable("database-read-failed")


@pytest.mark.parametrize(("path", "status"), [("/healthz", 200), ("/readyz", 503), ("/metrics", 503)])
async def test_without_its_database_it_is_alive_and_not_ready(bridge: Bridge, path: str, status: int) -> None:
    bridge.house.database.meanwhile = unreachable
    assert (await bridge.http.get(path)).status_code == status


async def test_metrics_count_what_is_held_and_where_messages_stand(bridge: Bridge) -> None:
    await bridge.push(screening())
    await bridge.push(consent())
    await bridge.push(screening())
    lines = (await bridge.http.get("/metrics")).text.splitlines()
    assert {
        "sambro_content_held 1.0",
        'sambro_messages{state="withheld"} 1.0',
        'sambro_messages{state="accepted"} 1.0',
        'sambro_lanes_due{kind="inbound"} 1.0',
    } <= set(lines)


async def test_metrics_name_the_systems_that_are_left_alone(bridge: Bridge) -> None:
    assert "sambro_breaker_open{" not in (await bridge.http.get("/metrics")).text
    one = Tolerance(failures=1)
    await bridge.house.database.write(lambda c: breakers.failed(c, "vgr-journal", bridge.house.clock(), one))
    lines = (await bridge.http.get("/metrics")).text.splitlines()
    assert 'sambro_breaker_open{position="open",system="vgr-journal"} 1.0' in lines


@pytest.mark.parametrize(
    ("kind", "paused", "line"),
    [
        (Paused.SYSTEM, "vgr-journal", 'sambro_recipient_paused{system="vgr-journal"} 1.0'),
        (Paused.CHANNEL, "alingsas-kommun", 'sambro_channel_paused{channel="alingsas-kommun"} 1.0'),
    ],
)
async def test_metrics_name_what_is_paused(bridge: Bridge, kind: Paused, paused: str, line: str) -> None:
    assert line.partition("{")[0] + "{" not in (await bridge.http.get("/metrics")).text
    pause = Pause(kind, paused, "agreement", "party", bridge.house.clock(), "admin", b"sealed")
    await bridge.house.database.write(lambda connection: pauses.begin(connection, pause))
    assert line in (await bridge.http.get("/metrics")).text.splitlines()


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_no_person_stands_in_them(bridge: Bridge, path: str) -> None:
    await bridge.push(consent())
    await bridge.push(screening(messageId="m-control"))
    await bridge.push(screening(person=OTHER))
    answer = await bridge.http.get(path)
    keys = [bridge.house.keyring.person_key(person(number)) for number in (TOLVAN, OTHER)]
    for secret in (TOLVAN, OTHER, *keys, "m-control", "SCR-1"):
        assert secret not in answer.text
