"""A plan of ten measures: mapped, against the same Bundle built by hand; and the second opinion on it."""

from __future__ import annotations

import csv
import os
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable
from functools import partial
from importlib.resources import files
from io import StringIO
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
from adapter.mapping.evaluation import MappingContext
from adapter.mapping.examples import ExampleInput, example_context
from adapter.mapping.flat_csv import CsvFile, read_csv
from adapter.mapping.mapping import Mapped, Mapping
from adapter.mapping.source import Source
from adapter.store.keys import KEY_BYTES, Keyring
from connectors.http_push.reader import PushReader
from tests.bench.house import JSON
from tests.bench.measure import Budget, Measure, Row, Sample, in_rounds, microseconds_each
from tests.bench.plan_by_hand import plan_by_hand

MEASURES: Final = 10
_ROUNDS: Final = 9
_TIMES: Final = 200
Context = Callable[[ExampleInput], MappingContext]


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
    async for row in _rows_of_a_file(10_000 if full else 2_000):
        yield row


async def _rows_of_a_file(count: int) -> AsyncIterator[Row]:
    """A CSV file of AUDITs, read and mapped row by row: its rate, and that more rows take no more memory."""
    catalog = load_catalog(packaged_files())
    mapping = catalog.named("kommun-csv-audit")
    [agreement] = read_agreements({AGREEMENT: _agreement()})
    context = partial(example_context, agreement=agreement)
    body, few = _audits(count), _audits(count // 10)

    async def ours() -> float:
        return _rate(count, lambda: _mapped_rows(mapping, read_csv(body), context))

    async def peer() -> float:
        return _rate(count, lambda: list(csv.DictReader(StringIO(body.decode("iso-8859-1")), delimiter=";")))

    mapped, alone = await in_rounds(3, ours, peer)
    yield Row(
        f"map a CSV of {count} AUDITs", Sample(mapped, "rows/s"), "csv module alone", Sample(alone, "rows/s")
    )
    many_peak, few_peak = (tuple(_peak(mapping, one, context) for _ in range(2)) for one in (body, few))
    yield Row(
        f"peak memory of its {count} rows",
        Sample(many_peak, "kB"),
        f"of {count // 10}",
        Sample(few_peak, "kB"),
        Budget("figure", 200, is_ceiling=True),
    )


def _audits(count: int) -> bytes:
    example = files("mappings") / "systems" / "kommun_csv" / "examples" / "audit.csv"
    header, row = example.read_bytes().splitlines()
    return b"\r\n".join([header, *(row.replace(b"0099", b"%d" % number) for number in range(count))])


def _mapped_rows(mapping: Mapping, file: CsvFile, context: Context) -> None:
    for row in file.rows:
        given = ExampleInput(Source("csv", row.values), None, None, None)
        mapping.apply(given.record, context(given))


def _rate(count: int, work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return count / (time.perf_counter() - started)


def _peak(mapping: Mapping, body: bytes, context: Context) -> float:
    """Of what is allocated while the rows go by, beside the file itself, in kB."""
    file = read_csv(body)
    tracemalloc.start()
    try:
        _mapped_rows(mapping, file, context)
        return tracemalloc.get_traced_memory()[1] / 1000
    finally:
        tracemalloc.stop()


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
