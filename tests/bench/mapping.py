"""A plan of ten measures: mapped, against the same Bundle built by hand; and the second opinion on it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import orjson

from adapter.demo import records
from adapter.demo.installation import AGREEMENT, KOMMUN_CHANNEL
from adapter.domain.agreement_file import read_agreements
from adapter.domain.instants import stockholm_date, utc_now
from adapter.exchange.inbox import Inbox, inboxes
from adapter.exchange.ports import Arrival
from adapter.exchange.translate import Translate
from adapter.fhir.check import RecordChecker
from adapter.fhir.profiles.packaged import profile_checker
from adapter.mapping.catalog import load_catalog, packaged_files
from adapter.mapping.mapping import Mapped
from adapter.store.keys import KEY_BYTES, Keyring
from connectors.http_push.reader import PushReader
from tests.bench.house import JSON
from tests.bench.measure import Budget, Measure, Row, Sample, in_rounds, microseconds_each
from tests.bench.plan_by_hand import plan_by_hand

MEASURES: Final = 10
_ROUNDS: Final = 9
_TIMES: Final = 200


async def rows(folder: Path, *, full: bool) -> AsyncIterator[Row]:
    """Reading, mapping, checking."""
    body = orjson.dumps(_plan())
    reader = PushReader(lambda: stockholm_date(utc_now()))
    keyring = Keyring(os.urandom(KEY_BYTES))
    arrival = reader.read(body, JSON)
    inbox = inboxes(read_agreements({AGREEMENT: _agreement()}))[KOMMUN_CHANNEL]
    to_fhir = _to_fhir(arrival, inbox, keyring)
    by_hand = partial(
        plan_by_hand,
        arrival.record.tree,
        arrival.person,
        partial(keyring.record_id, inbox.party.identifiers[0].value),
    )
    bundle = to_fhir().body
    if bundle != by_hand() or RecordChecker(profile_checker()).check(bundle):
        raise RuntimeError("the peer does not make the same Bundle, or it is not good")
    mapped, peer, read, opinion = await in_rounds(
        _ROUNDS,
        _each(to_fhir),
        _each(by_hand),
        _each(lambda: reader.read(body, JSON)),
        _each(lambda: RecordChecker(profile_checker()).check(bundle)),
    )
    name = f"a SIP of {MEASURES} measures"
    yield Row(
        f"map {name}",
        Sample(mapped, "us"),
        "by hand",
        Sample(peer, "us"),
        Budget("figure", 1000, is_ceiling=True),
    )
    yield Row(f"check with second opinion, {name}", Sample(opinion, "us"), "by hand", Sample(peer, "us"))
    yield Row(f"read {name} (schema, rules)", Sample(read, "us"), "by hand", Sample(peer, "us"))


def mapped_plan() -> dict[str, Any]:
    """The Bundle that is made of the plan."""
    arrival = PushReader(lambda: stockholm_date(utc_now())).read(orjson.dumps(_plan()), JSON)
    inbox = inboxes(read_agreements({AGREEMENT: _agreement()}))[KOMMUN_CHANNEL]
    body: dict[str, Any] = _to_fhir(arrival, inbox, Keyring(os.urandom(KEY_BYTES)))().body
    return body


def _to_fhir(arrival: Arrival, inbox: Inbox, keyring: Keyring) -> Callable[[], Mapped]:
    return partial(
        Translate(load_catalog(packaged_files()), keyring).to_fhir,
        inbox.channel.mapping,
        inbox.agreement,
        inbox.party,
        inbox.agreement.unit(inbox.party.id, inbox.channel.unit),
        arrival,
        utc_now(),
        protected=False,
    )


def _each(work: Callable[[], object]) -> Measure:
    async def measure() -> float:
        return microseconds_each(work, _TIMES)

    return measure


def _plan() -> dict[str, Any]:
    body = records.sip(records.CONSENTED, "plan-1", "message-1", utc_now())
    measures = body["sip"]["insatser"]
    body["sip"]["insatser"] = [
        measures[number % len(measures)] | {"insatsId": f"i{number}"} for number in range(MEASURES)
    ]
    return body


def _agreement() -> str:
    return (files("mappings") / "agreements" / f"{AGREEMENT}.yaml").read_text(encoding="utf-8")
