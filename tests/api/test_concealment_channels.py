"""Other ways to learn that somebody is known: faults, methods, references, receipts, malformed questions. None says anything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import product
from typing import Final

import pytest

from adapter.domain.errors import Unreachable
from tests.api import known
from tests.api.asker import TYPES, Asker, Seen, Somebody, given_out, unknown
from tests.api.bridge import Bridge
from tests.api.known import Way
from tests.bench.persons import persons
from tests.exchange.bodies import TOLVAN, consent, revocation
from tests.exchange.held_plans import hold_plans

NOBODY: Final = unknown(next(persons(1, start=1822)).value)
REFUSED: Final = (known.withheld, known.revoked, known.blocked)
AS_XML: Final = {"Accept": "application/fhir+xml"}
Request = Callable[[Asker, Somebody], Awaitable[Seen]]


def number(name: str, resource_type: str = "Observation", **more: str) -> Request:
    """A search by GET that spells the person so."""
    return lambda asker, whom: asker.ask(resource_type, params={name: whom.number} | more)


def reference(name: str, resource_type: str, form: str) -> Request:
    """A search by GET for a Patient by its id."""
    return lambda asker, whom: asker.ask(resource_type, params={name: form.format(whom.ids["Patient"])})


def at_id(method: str, tail: str = "") -> Request:
    """Any method on one resource."""
    return lambda asker, whom: asker.ask(f"CarePlan/{whom.ids['CarePlan']}{tail}", method)


def follow_up(asker: Asker, whom: Somebody) -> Awaitable[Seen]:
    """A search by GET for the follow-up of one plan."""
    return asker.search("Task", whom, focus=f"CarePlan/{whom.ids['CarePlan']}")


def everything(**more: str) -> Request:
    """The operation on a Patient by its id."""
    return lambda asker, whom: asker.ask(f"Patient/{whom.ids['Patient']}/$everything", params=more)


def head_search(asker: Asker, whom: Somebody) -> Awaitable[Seen]:
    return asker.ask("CarePlan", "HEAD", params={"patient.identifier": whom.number})


QUESTIONS: Final[dict[str, tuple[Request, int]]] = {
    "a number without its system": (number("patient.identifier"), 200),
    "subject": (number("subject:identifier"), 200),
    "a number as a reference": (number("patient"), 200),
    "a reference": (reference("patient", "CarePlan", "Patient/{}"), 200),
    "a reference as an id alone": (reference("patient", "CarePlan", "{}"), 200),
    "a reference by subject": (reference("subject", "Observation", "Patient/{}"), 200),
    "a reference from Patient": (reference("identifier", "Patient", "{}"), 200),
    "no entries wanted": (number("patient.identifier", _count="0"), 200),
    "an id wanted": (number("patient.identifier", _id="1"), 200),
    "HEAD of a search": (head_search, 200),
    "HEAD of a read": (at_id("HEAD"), 404),
    "history": (at_id("GET", "/_history"), 404),
    "everything": (at_id("GET", "/$everything"), 404),
    "everything of a person": (everything(), 404),
    "everything of a person, of one type": (everything(_type="Goal"), 404),
    "a summary": (number("patient.identifier", _summary="true"), 200),
    "elements": (number("patient.identifier", _elements="status"), 200),
    "a count alone": (number("patient.identifier", _summary="count"), 200),
    "no total": (number("patient.identifier", _total="none"), 200),
    "an order and pages": (number("patient.identifier", _sort="-date", _count="1"), 200),
    "a summary of a resource": (at_id("GET", "?_summary=true"), 404),
    "update": (at_id("PUT"), 405),
    "patch": (at_id("PATCH"), 405),
    "delete": (at_id("DELETE"), 405),
    "an unknown parameter": (number("patient.identifier", family="x"), 400),
    "included": (number("patient.identifier", "CarePlan", _include="CarePlan:goal"), 200),
    "included back": (number("patient.identifier", "CarePlan", _revinclude="Task:focus"), 200),
    "the follow-up of a plan": (follow_up, 200),
    "include of another type": (number("patient.identifier", _include="Observation:subject"), 400),
    "two persons": (number("patient.identifier", subject="Patient/1"), 400),
    "more than a page": (number("patient.identifier", _count="1000", _pretty="true"), 200),
    "no count": (number("patient.identifier", _count="-1"), 400),
    "everything by POST": (
        lambda asker, whom: asker.ask(f"Patient/{whom.ids['Patient']}/$everything", "POST"),
        404,
    ),
    "another format": (number("patient.identifier", _format="ttl"), 406),
    "as XML": (number("patient.identifier", _format="xml"), 200),
    "as XML, by id": (lambda asker, whom: asker.ask(f"CarePlan/{whom.ids['CarePlan']}", headers=AS_XML), 404),
}


@pytest.mark.parametrize("way", REFUSED, ids=lambda way: way.__name__)
async def test_no_question_tells_a_known_person_from_an_unknown_one(bridge: Bridge, way: Way) -> None:
    await way(bridge.house, TOLVAN, "")
    somebody, asker = await given_out(bridge.house, TOLVAN), Asker(bridge)
    for name, (question, status) in QUESTIONS.items():
        first = await question(asker, somebody)
        assert first == await question(asker, NOBODY), name
        assert first.status == status, name


@pytest.mark.parametrize("way", REFUSED, ids=lambda way: way.__name__)
@pytest.mark.parametrize("wrong", ["191212121213", "19121212121", "0", "19121212-121x", "191213121212"])
async def test_a_malformed_number_is_an_unknown_person(bridge: Bridge, way: Way, wrong: str) -> None:
    await way(bridge.house, TOLVAN, "")
    somebody, asker = await given_out(bridge.house, TOLVAN), Asker(bridge)
    malformed = unknown(wrong)
    for resource_type in set(TYPES) - {"Consent"}:
        assert await asker.search(resource_type, somebody) == await asker.search(resource_type, malformed)
        assert await asker.post(resource_type, somebody) == await asker.post(resource_type, malformed)


@pytest.mark.parametrize("way", REFUSED, ids=lambda way: way.__name__)
async def test_a_source_that_is_down_is_not_noticed_by_whom_has_no_permit(bridge: Bridge, way: Way) -> None:
    bridge.house.source.failure = Unreachable("source-unreachable")
    await way(bridge.house, TOLVAN, "")
    somebody, asker = await given_out(bridge.house, TOLVAN), Asker(bridge)
    for whom in (somebody, NOBODY):
        search, read = await asker.search("Observation", whom), await asker.read("Observation", whom)
        assert (search.status, read.status) == (200, 404)
        assert b"retry-after" not in {name.lower() for name, _ in search.headers + read.headers}
    assert bridge.house.source.asked == []


async def test_a_source_that_is_down_is_503_to_whom_has_a_permit(bridge: Bridge) -> None:
    bridge.house.source.failure = Unreachable("source-unreachable")
    await bridge.house.push(consent())
    answer = await Asker(bridge).search("Observation", unknown(TOLVAN))
    assert (answer.status, dict(answer.headers)[b"retry-after"]) == (503, b"5")


async def test_what_cannot_be_audited_fails_alike(bridge: Bridge) -> None:
    await known.withheld(bridge.house, TOLVAN, "")
    somebody, asker = await given_out(bridge.house, TOLVAN), Asker(bridge)
    await bridge.house.break_audit()
    for resource_type in TYPES:
        assert await asker.search(resource_type, somebody) == await asker.search(resource_type, NOBODY)
        first = await asker.read(resource_type, somebody)
        assert first == await asker.read(resource_type, NOBODY)
        assert first.status == 503


async def test_without_the_scope_a_known_person_is_403_as_an_unknown_one(bridge: Bridge) -> None:
    await known.withheld(bridge.house, TOLVAN, "")
    somebody, asker = await given_out(bridge.house, TOLVAN), Asker(bridge, "region-patients")
    for whom in (somebody, NOBODY):
        assert (await asker.search("CarePlan", whom)).status == 403
    assert await asker.read("CarePlan", somebody) == await asker.read("CarePlan", NOBODY)


async def test_a_receipt_says_nothing_of_an_answer_that_another_party_got(bridge: Bridge) -> None:
    answers = await _fetched(bridge)
    for client, answer_id in product(("stranger", "kommun-reads"), answers):
        asker = Asker(bridge, client)
        assert await _confirmed(asker, answer_id) == await _confirmed(asker, "unknown")
        assert (await _confirmed(asker, answer_id)).status == 404


async def test_a_receipt_says_nothing_of_a_revocation(bridge: Bridge) -> None:
    [first, second] = await _fetched(bridge)
    asker = Asker(bridge)
    before = await _confirmed(asker, first)
    await bridge.house.push(revocation())
    assert before.status == 200
    assert await _confirmed(asker, second) == before


async def _fetched(bridge: Bridge) -> list[str]:
    """The ids of two answers with something of a held plan, given to the region."""
    await hold_plans(bridge.house)
    params = {"patient.identifier": TOLVAN}
    answers = [await bridge.fhir(name, params=params) for name in ("CarePlan", "Goal")]
    return [answer.json()["identifier"]["value"] for answer in answers]


async def _confirmed(asker: Asker, answer_id: str) -> Seen:
    parameter = {"name": "answer", "valueIdentifier": {"value": answer_id}}
    return await asker.ask("$confirm-receipt", "POST", json={"parameter": [parameter]})
