"""A live question gets all of a person's records or none; nothing that was not asked for is passed on."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from starlette.responses import Response, StreamingResponse

from adapter.domain.errors import Unreachable
from adapter.domain.identity import RESERVNUMMER, PersonId
from adapter.domain.records import RecordType
from connectors.http_push.query import PushSource
from connectors.http_push.schema import push_schema
from tests.connectors.fhir_rest.servers import listening, url_of
from tests.connectors.http_push.samples import changed, example, reader
from tests.connectors.http_push.systems import PERSON, KommunSystem

QUERY_SCHEMA = json.loads((files("connectors.http_push") / "query.schema.json").read_bytes())
REGISTRY: Registry[Any] = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema)) for schema in (QUERY_SCHEMA, push_schema())
)
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
UNTIL = datetime(2026, 12, 31, 22, 59, 59, 999000, tzinfo=UTC)


def source(client: httpx.AsyncClient, url: str, **bounds: Any) -> PushSource:
    return PushSource(client, url, reader(), token="kommun-token", **bounds)


def answering(*records: Any) -> Response:
    return Response(json.dumps(records), media_type="application/json")


async def code_of(asked: PushSource, *types: RecordType) -> str:
    with pytest.raises(Unreachable) as unreachable:
        await asked.fetch(PERSON, types or (RecordType.AUDIT,), None, None)
    return unreachable.value.code


async def test_a_system_without_a_token_is_asked_without_one(
    client: httpx.AsyncClient, system: KommunSystem
) -> None:
    system.answer = answering
    await PushSource(client, system.url, reader(), token="").fetch(PERSON, [RecordType.SIP], None, None)
    [(headers, _)] = system.received
    assert "authorization" not in headers


async def test_the_question_is_one_post_and_each_record_an_arrival(
    client: httpx.AsyncClient, system: KommunSystem
) -> None:
    system.answer = lambda: answering(example("screening"), example("sip"), example("screening.total_only"))
    asked = source(client, system.url)
    arrivals = await asked.fetch(PERSON, [RecordType.SIP, RecordType.AUDIT], SINCE, UNTIL)
    assert [arrival.event for arrival in arrivals] == ["screening", "sip", "screening"]
    assert arrivals[1].record.tree == example("sip")
    [(headers, body)] = system.received
    assert headers["authorization"] == "Bearer kommun-token"
    question = json.loads(body)
    assert question == {
        "personId": "191212121212",
        "recordTypes": ["AUDIT", "SIP"],
        "from": "2026-01-01T00:00:00.000Z",
        "to": "2026-12-31T22:59:59.999Z",
    }
    Draft202012Validator(QUERY_SCHEMA, registry=REGISTRY).validate(question)


async def test_a_question_about_a_reserve_number_names_its_system(
    client: httpx.AsyncClient, system: KommunSystem
) -> None:
    system.answer = answering
    person = PersonId(RESERVNUMMER, "20210325K069")
    assert await source(client, system.url).fetch(person, [RecordType.SIP], None, None) == []
    question = json.loads(system.received[0][1])
    assert question == {
        "personId": "20210325K069",
        "idSystem": RESERVNUMMER,
        "recordTypes": ["SIP"],
        "from": None,
        "to": None,
    }
    Draft202012Validator(QUERY_SCHEMA, registry=REGISTRY).validate(question)


def test_the_examples_are_an_answer_by_the_published_schema() -> None:
    schema = {"$ref": f"{QUERY_SCHEMA['$id']}#/$defs/answer"}
    Draft202012Validator.check_schema(QUERY_SCHEMA)
    Draft202012Validator.check_schema(push_schema())
    answer = [example("sip"), example("screening"), example("enrolment"), example("person")]
    validator = Draft202012Validator(schema, registry=REGISTRY)
    assert validator.is_valid(answer)
    assert not validator.is_valid([*answer, {"kind": "sip"}])


@pytest.mark.parametrize(
    "record",
    [
        changed("screening", lambda tree: tree["person"].update(id="196101182803")),
        example("screening.dudit") | {"person": {"id": "191212121212"}},
        example("sip"),
        example("consent"),
    ],
    ids=["another person", "another instrument", "another kind", "a consent"],
)
async def test_a_record_that_was_not_asked_for_spoils_the_answer(
    client: httpx.AsyncClient, system: KommunSystem, record: Any
) -> None:
    system.answer = lambda: answering(example("screening"), record)
    assert await code_of(source(client, system.url)) == "source-answered-other"


async def test_a_record_may_name_the_person_by_another_number_that_was_said_with_the_question(
    client: httpx.AsyncClient, system: KommunSystem
) -> None:
    other = changed("screening", lambda tree: tree["person"].update(id="196101182803"))
    system.answer = lambda: answering(example("screening"), other)
    known_as = frozenset({PersonId(PERSON.system, "196101182803")})
    asked = source(client, system.url)
    arrivals = await asked.fetch(PERSON, [RecordType.AUDIT], None, None, known_as)
    assert {arrival.person for arrival in arrivals} == known_as | {PERSON}
    with pytest.raises(Unreachable):
        await asked.fetch(PERSON, [RecordType.AUDIT], None, None, frozenset())


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Response(b"[", media_type="application/json"), "source-answer-unreadable"),
        (Response(b"{}", media_type="application/json"), "source-answer-unreadable"),
        (Response(b'[{"kind": "sip", "kind": "sip"}]'), "source-answer-unreadable"),
        (Response(gzip.compress(b"[]"), headers={"Content-Encoding": "gzip"}), "source-answer-unreadable"),
        (answering({"kind": "sip"}), "source-answer-invalid"),
        (answering("sip"), "source-answer-invalid"),
        (answering(*[{}] * 4), "source-answer-too-large"),
        (Response(b" " * 20_001), "source-answer-too-large"),
        (Response(status_code=204), "source-http-204"),
        (Response(status_code=302, headers={"Location": "/push"}), "source-http-302"),
        (Response(status_code=401), "source-http-401"),
        (Response(b"[]", 500), "source-http-500"),
    ],
)
async def test_a_faulty_answer_is_no_answer(
    client: httpx.AsyncClient, system: KommunSystem, answer: Response, code: str
) -> None:
    system.answer = lambda: answer
    assert await code_of(source(client, system.url, max_bytes=20_000, max_records=3)) == code


async def test_a_closed_port_and_a_silent_system_are_unreachable(client: httpx.AsyncClient) -> None:
    with listening() as listener:
        url = url_of(listener)
        assert await code_of(source(client, url, deadline=0.2)) == "source-timeout"
    assert await code_of(source(client, url)) == "source-unreachable"


async def test_the_deadline_covers_an_answer_that_drips(
    client: httpx.AsyncClient, system: KommunSystem
) -> None:
    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.05)

    system.answer = lambda: StreamingResponse(drip(), media_type="application/json")
    assert await code_of(source(client, system.url, deadline=0.3)) == "source-timeout"
