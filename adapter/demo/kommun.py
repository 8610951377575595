"""The kommun's system, simulated: takes the push format, and answers the query wire with the records that it was told of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lxml import etree
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapter.demo.simulated import SimulatedSystem, json_object
from adapter.domain.instants import Clock, interval_of, utc_now

Record = dict[str, Any]


def build_kommun(token: str, records: Iterable[Record] = (), clock: Clock = utc_now) -> Starlette:
    """The application; every route but ``/received`` and ``/simulate`` asks for ``token``.

    ``records`` are push records that it holds from the start. ``POST /push`` takes a push body in JSON or XML, ``POST /records`` adds one to
    those that ``POST /query`` answers with.
    """
    system = SimulatedSystem(token, clock)
    held = list(records)

    async def push(request: Request) -> Response:
        body = await system.receive(request)
        return Response(
            status_code=202 if _is_readable(body, request.headers.get("content-type", "")) else 400
        )

    async def remember(request: Request) -> Response:
        record = json_object(await request.body())
        if record is None:
            return Response(status_code=400)
        held.append(record)
        return Response(status_code=201)

    async def query(request: Request) -> Response:
        asked = json_object(await request.body())
        if asked is None:
            return Response(status_code=400)
        return JSONResponse([record for record in held if _answers(record, asked)])

    return system.app({("POST", "/push"): push, ("POST", "/records"): remember, ("POST", "/query"): query})


def _is_readable(body: bytes, content_type: str) -> bool:
    if "xml" not in content_type:
        return json_object(body) is not None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        return False
    return True


def _answers(record: Record, asked: Record) -> bool:
    """Whether a record is the person's, of a type and written in the period that the question names."""
    created = interval_of(record["skapad"])[0]
    return (
        record["person"]["id"] == asked["personId"]
        and _record_type(record) in asked["recordTypes"]
        and (asked["from"] is None or created >= interval_of(asked["from"])[0])
        and (asked["to"] is None or created < interval_of(asked["to"])[1])
    )


def _record_type(record: Record) -> str:
    """The record type of a push body: a screening is AUDIT or DUDIT, a plan SIP, the rest are called as their kind."""
    kind: str = record["kind"]
    if kind == "screening":
        return str(record["screening"]["instrument"])
    return "SIP" if kind == "sip" else kind
