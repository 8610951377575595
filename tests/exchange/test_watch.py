"""Alert pairs: opened once, resolved when it is over; each target told of both, in that order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TypeVar
from uuid import uuid4

import pytest
from sqlalchemy import Connection

from adapter.domain.log_codes import LogCode
from adapter.exchange.alert_lines import AlertLines
from adapter.exchange.certificates import Certificate, Use
from adapter.exchange.ports import AlertNotice, DeliveryFailed
from adapter.exchange.refusals import Refusal
from adapter.exchange.tell_alerts import TellAlerts
from adapter.exchange.watch import Target, Watch
from adapter.store import alerts
from adapter.store.alert_causes import Burst, Expected
from adapter.store.alerts import Alert
from adapter.store.database import DatabaseUnreachable
from adapter.store.intervention import cancel_message
from adapter.store.sight import Views
from tests.exchange.bodies import screening
from tests.exchange.fakes import Interruptible
from tests.exchange.house import House
from tests.exchange.parties import HL7, PUSH, alingsas

T = TypeVar("T")
HOUR = timedelta(hours=1)
AGREEMENT = alingsas().id


class Told:
    """A target that notes what it is told, and fails as often as it is asked to."""

    def __init__(self) -> None:
        self.notices: list[AlertNotice] = []
        self.fails = 0

    async def tell(self, notice: AlertNotice) -> None:
        """See exchange.ports.Teller."""
        if self.fails:
            self.fails -= 1
            raise DeliveryFailed("http-503", transient=True)
        self.notices.append(notice)

    @property
    def heard(self) -> list[tuple[str, str]]:
        """What was told: code and event."""
        return [(notice.code, notice.event) for notice in self.notices]


class Alerting:
    """The watch over a house, and who is told."""

    def __init__(self, house: House) -> None:
        self.house, self.told, self.lines = house, Told(), AlertLines()
        self.kommun = Told()
        self.watch = Watch(
            database=house.database,
            lines=self.lines,
            expected=(Expected(AGREEMENT, "kommun", PUSH, HOUR),),
            burst=Burst(3, timedelta(minutes=5)),
            certificates=(),
            targets=(Target("all"), Target("kommun", (AGREEMENT, "kommun"))),
            clock=house.clock,
            new_id=lambda: str(uuid4()),
        )
        tellers = {"all": self.told, "kommun": self.kommun}
        self.telling = TellAlerts(house.database, tellers, house.clock, lambda: 0.0)

    async def look(self) -> list[tuple[str, str]]:
        """One round; everything that was told so far."""
        await self.watch.look()
        await self.telling.tell_due()
        return self.told.heard

    async def lasting(self, views: Views | None = None) -> list[Alert]:
        """The alerts that last."""
        return list(await self.house.database.read(partial(alerts.alerts, views=views)))


@pytest.fixture
def alerting(house: House) -> Alerting:
    return Alerting(house)


async def test_a_recipient_that_is_down_is_one_alert_until_it_is_up_again(alerting: Alerting) -> None:
    house = alerting.house
    house.region.fail(*["http-503"] * 20)
    await house.carry_after_consent(screening())
    for _ in range(4):
        house.clock.move(minutes=1)
        await house.work()
        await alerting.look()
    assert alerting.told.heard == [("recipient-down", "opened")]
    [alert] = await alerting.lasting(frozenset({(AGREEMENT, "region")}))
    assert (alert.about, alert.count) == ("vgr-journal", 1)
    house.region.failures.clear()
    house.clock.move(minutes=15)
    await house.work()
    assert await alerting.look() == [("recipient-down", "opened"), ("recipient-down", "resolved")]
    assert alerting.kommun.heard == []
    assert await alerting.look() == alerting.told.heard


@pytest.mark.parametrize(("left", "lasting"), [(31, []), (30, [(HL7, 2)]), (-1, [(HL7, 2)])])
async def test_certificates_that_expire_are_one_alert_of_the_channels_party(
    alerting: Alerting, left: int, lasting: list[tuple[str, int]]
) -> None:
    ends = alerting.house.clock() + timedelta(days=left)
    uses = (Use.SERVER, Use.CLIENT_AUTHORITIES)
    alerting.watch.certificates = tuple(Certificate(AGREEMENT, "region", HL7, use, ends) for use in uses)
    for _ in range(2):
        await alerting.look()
    region = await alerting.lasting(frozenset({(AGREEMENT, "region")}))
    assert [(one.about, one.count) for one in region] == lasting
    assert await alerting.lasting(frozenset({(AGREEMENT, "kommun")})) == []
    alerting.watch.certificates = ()
    heard = [("certificate-expires", event) for event in ("opened", "resolved") if lasting]
    assert await alerting.look() == heard


async def test_a_sender_that_is_expected_and_silent_is_one_alert_until_it_is_heard(
    alerting: Alerting,
) -> None:
    house = alerting.house
    assert await alerting.look() == []
    house.clock.move(hours=1)
    for _ in range(2):
        assert await alerting.look() == [("sender-silent", "opened")]
    await house.push(screening())
    assert await alerting.look() == [("sender-silent", "opened"), ("sender-silent", "resolved")]
    assert alerting.kommun.heard == alerting.told.heard


async def test_after_a_start_a_silence_that_stood_goes_on_and_none_begins(alerting: Alerting) -> None:
    house = alerting.house
    assert await Alerting(house).look() == []
    house.clock.move(hours=1)
    await alerting.look()
    assert await Alerting(house).look() == []
    assert [alert.code for alert in await alerting.lasting()] == ["sender-silent"]


async def test_a_burst_of_refusals_is_one_alert(alerting: Alerting) -> None:
    house = alerting.house
    await _refuse(house, 3)
    assert await alerting.look() == []
    await _refuse(house, 20)
    for _ in range(2):
        assert await alerting.look() == [("refusal-burst", "opened")]
    house.clock.move(minutes=6)
    assert await alerting.look() == [("refusal-burst", "opened"), ("refusal-burst", "resolved")]
    assert alerting.kommun.heard == []


async def _refuse(house: House, count: int) -> None:
    for number in range(count):
        await house.refusals.record(
            Refusal("GET /fhir/{type}", "search", "scope-missing", f"request-{number}", True)
        )


async def test_a_dead_letter_is_the_senders_alert_until_it_is_seen_to(alerting: Alerting) -> None:
    house = alerting.house
    house.region.fail("http-400", transient=False)
    message = await house.carry_after_consent(screening())
    assert await alerting.look() == [("dead-letter", "opened")]
    assert alerting.kommun.heard == [("dead-letter", "opened")]
    await house.database.write(partial(cancel_message, message_id=message.id, now=house.clock()))
    assert (await alerting.look())[1:] == [("dead-letter", "resolved")]


async def test_lines_of_the_log_become_one_alert_that_is_the_operators(alerting: Alerting) -> None:
    for _ in range(3):
        _log(alerting.lines)("consent-unreadable")
    assert await alerting.look() == [("consent-unreadable", "opened")]
    _log(alerting.lines)("consent-unreadable")
    await alerting.look()
    [alert] = await alerting.lasting()
    assert (alert.count, alert.party) == (4, None)
    assert await alerting.lasting(frozenset({(AGREEMENT, "kommun")})) == []


async def test_a_line_that_names_a_party_becomes_that_partys_alert(alerting: Alerting) -> None:
    line = {"event": LogCode.ALERT, "code": "protected-identity", "agreement": AGREEMENT}
    for party in ("kommun", "kommun", "region"):
        alerting.lines(None, "warning", line | {"party": party})
    await alerting.look()
    counts = {
        party: [one.count for one in await alerting.lasting(frozenset({(AGREEMENT, party)}))]
        for party in ("kommun", "region")
    }
    assert counts == {"kommun": [2], "region": [1]}


def _log(lines: AlertLines) -> Callable[[str], object]:
    return lambda code: lines(None, "warning", {"event": LogCode.ALERT, "code": code, "agreement": AGREEMENT})


class _Down(Interruptible):
    """A database that cannot be written."""

    def __init__(self) -> None:
        pass

    async def write(self, op: Callable[[Connection], T]) -> T:
        """See Database.write."""
        raise DatabaseUnreachable("locked")


async def test_lines_are_kept_while_the_database_is_down(alerting: Alerting) -> None:
    _log(alerting.lines)("audit-unreachable")
    alerting.lines(None, "info", {"event": LogCode.SERVICE_STARTED, "code": "none"})
    database, alerting.watch.database = alerting.watch.database, _Down()
    with pytest.raises(DatabaseUnreachable):
        await alerting.watch.look()
    alerting.watch.database = database
    assert await alerting.look() == [("audit-unreachable", "opened")]


async def test_a_target_that_fails_is_told_later_in_order_and_given_up_after_a_day(
    alerting: Alerting,
) -> None:
    house = alerting.house
    alerting.told.fails = 2
    house.clock.move(hours=1)
    await alerting.look()
    await house.push(screening())
    assert await alerting.look() == []
    for _ in range(6):
        house.clock.move(seconds=30)
        await alerting.look()
    assert alerting.told.heard == [("sender-silent", "opened"), ("sender-silent", "resolved")]
    alerting.told.fails = 100
    house.clock.move(hours=2)
    await alerting.look()
    for _ in range(60):
        house.clock.move(minutes=30)
        await alerting.telling.tell_due()
    assert 100 - 60 < alerting.told.fails < 100 - 10
    alerting.told.fails = 0
    await alerting.telling.tell_due()
    assert len(alerting.told.heard) == 2
