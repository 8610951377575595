"""A plan pushed over HTTP reaches the region's journal and its search; whoever may not find it learns nothing."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from tests.acceptance.demonstration import Answer, Demonstration, eventually, matches
from tests.acceptance.messages import JSON, XML, let_in, revocation, sip, sip_xml

pytestmark = pytest.mark.acceptance

WITHDRAWN = "199002222397"
ONE_NUMBER = "200302022389"
RECORDS = ("Patient", "CarePlan", "Goal", "CareTeam", "Task", "Observation")
MASKED = {b"date", b"x-request-id"}
"""Headers that may differ (gate.md, "Concealment")."""


Masked = tuple[int, list[tuple[bytes, bytes]], bytes]


def masked(answer: Answer, asked: str) -> Masked:
    """Status, headers in their order, and body, without what may differ."""
    headers = [(name, value) for name, value in answer.headers.raw if name.lower() not in MASKED]
    return (
        answer.status_code,
        headers,
        answer.content.replace(asked.encode(), b"#") if asked else answer.content,
    )


@pytest.mark.parametrize("content_type", [JSON, XML])
def test_a_pushed_plan_arrives_and_the_search_finds_it(demo: Demonstration, content_type: str) -> None:
    person, plan = demo.info["persons"]["consented"], f"SIP-{uuid4().hex}"
    body = sip_xml(person, plan) if content_type == XML else sip(person, plan)
    before = {found["id"] for found in matches(demo.search("region", "CarePlan", person))}
    pushed = demo.push(body, content_type)
    assert pushed.status_code == 202
    eventually("the plan is not found", lambda: _new(demo, person, before))
    [plan_id] = _new(demo, person, before)
    eventually("the plan did not arrive", lambda: demo.received_with("ehr", plan_id))
    [row] = demo.received_with("ehr", plan_id)
    assert "Boendestöd två gånger i veckan" in row["body"]
    for method in ("GET", "POST"):
        found = matches(demo.search("region", "CarePlan", person, method=method, _id=plan_id))
        assert [one["description"][:20] for one in found] == ["Alkohol och nedstämd"]
    assert demo.read("region", "CarePlan", plan_id).json()["id"] == plan_id
    repeated = demo.push(body, content_type)
    assert (repeated.status_code, repeated.json()) == (200, pushed.json())


def _new(demo: Demonstration, person: str, before: set[str]) -> set[str]:
    return {found["id"] for found in matches(demo.search("region", "CarePlan", person))} - before


@pytest.fixture(scope="module")
def ended_plan(demo: Demonstration) -> str:
    """The id of a plan that could be found and read until its person's consent was revoked."""
    waiver = let_in(demo, WITHDRAWN)
    assert demo.push(sip(WITHDRAWN, f"SIP-{uuid4().hex}")).status_code == 202
    eventually("the plan is not found", lambda: matches(demo.search("region", "CarePlan", WITHDRAWN)))
    [plan] = matches(demo.search("region", "CarePlan", WITHDRAWN))
    assert demo.read("region", "CarePlan", plan["id"]).status_code == 200
    assert demo.push(revocation(WITHDRAWN, waiver)).status_code == 201
    return str(plan["id"])


@pytest.mark.usefixtures("ended_plan")
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("resource_type", RECORDS)
def test_every_refused_search_is_that_of_a_person_who_never_existed(
    demo: Demonstration, resource_type: str, method: str
) -> None:
    persons = demo.info["persons"]
    nobody = demo.search("region", resource_type, persons["unknown"], method=method)
    assert nobody.status_code == 200
    for client, person in (
        ("region", persons["refused"]),
        ("region", WITHDRAWN),
        ("stranger", persons["consented"]),
        ("region", "000000000000"),
    ):
        answer = demo.search(client, resource_type, person, method=method)
        assert not matches(answer)
        assert masked(answer, person) == masked(nobody, persons["unknown"])


def test_one_number_is_answered_alike_before_it_is_known_when_refused_and_after_revocation(
    demo: Demonstration,
) -> None:
    unseen = _answers(demo, ONE_NUMBER)
    assert demo.push(sip(ONE_NUMBER, f"SIP-{uuid4().hex}")).status_code == 202
    assert _answers(demo, ONE_NUMBER) == unseen
    waiver = let_in(demo, ONE_NUMBER)
    assert demo.push(sip(ONE_NUMBER, f"SIP-{uuid4().hex}")).status_code == 202
    eventually("the plan is not found", lambda: _answers(demo, ONE_NUMBER) != unseen)
    assert demo.push(revocation(ONE_NUMBER, waiver)).status_code == 201
    assert _answers(demo, ONE_NUMBER) == unseen


def _answers(demo: Demonstration, person: str) -> list[Masked]:
    return [masked(demo.search("region", resource_type, person), "") for resource_type in RECORDS]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_consents_of_others_are_those_of_a_person_who_never_existed(demo: Demonstration, method: str) -> None:
    persons = demo.info["persons"]
    nobody = demo.search("region", "Consent", persons["unknown"], method=method)
    assert matches(demo.search("region", "Consent", persons["consented"], method=method))
    for client, person in (("region", persons["refused"]), ("stranger", persons["consented"])):
        answer = demo.search(client, "Consent", person, method=method)
        assert masked(answer, person) == masked(nobody, persons["unknown"])


def test_every_refused_read_is_that_of_an_id_that_never_was(demo: Demonstration, ended_plan: str) -> None:
    held = matches(demo.search("region", "CarePlan", demo.info["persons"]["consented"]))
    unknown = str(uuid4())
    nobody = masked(demo.read("region", "CarePlan", unknown), unknown)
    assert nobody[0] == 404
    for client, resource_id in (("region", ended_plan), *(("stranger", plan["id"]) for plan in held)):
        assert masked(demo.read(client, "CarePlan", resource_id), resource_id) == nobody


def test_the_comparison_sees_a_difference(demo: Demonstration) -> None:
    persons = demo.info["persons"]
    for resource_type in ("CarePlan", "Patient"):
        found = demo.search("region", resource_type, persons["consented"])
        nobody = demo.search("region", resource_type, persons["unknown"])
        assert matches(found)
        assert masked(found, persons["consented"]) != masked(nobody, persons["unknown"])


def test_a_withheld_push_tells_its_sender_the_state_alone(demo: Demonstration) -> None:
    pushed = demo.push(sip(demo.info["persons"]["refused"], f"SIP-{uuid4().hex}"))
    assert pushed.status_code == 202
    eventually("the plan is not withheld", lambda: demo.state(pushed) == "withheld")
    told = httpx.get(demo.base + pushed.json()["status"], headers=demo.bearer("kommun")).json()
    assert told == {"messageId": pushed.json()["messageId"], "state": "withheld", "codes": []}
