"""What a client may ask of a search or a read besides what it searches for: order, pages, parts, totals, conditions."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from adapter.exchange.paging import LIFETIME
from tests.api import consents
from tests.api.bridge import Bridge
from tests.api.searches import link
from tests.exchange.bodies import TOLVAN, revocation
from tests.exchange.held_plans import hold_plans
from tests.exchange.house import new_id

ASKED: Final = {"patient.identifier": TOLVAN}


@pytest.fixture
async def goals(bridge: Bridge) -> list[str]:
    """The ids of the goals of two plans that may be released, in their order."""
    await hold_plans(bridge.house, "P-1", "P-2")
    found = ids(await bridge.fhir("Goal", params=ASKED))
    assert len(found) > 2
    return found


def ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [entry["resource"]["id"] for entry in answer.json()["entry"] if entry["search"]["mode"] == "match"]


async def test_pages_hold_all_that_one_answer_holds(bridge: Bridge, goals: list[str]) -> None:
    page = await bridge.fhir("Goal", params=ASKED | {"_count": "1"})
    walked = [page]
    while (onward := link(walked[-1], "next")) is not None:
        walked.append(await bridge.fhir(onward))
    assert [ids(it) for it in walked] == [[goal] for goal in goals]
    assert {it.json()["total"] for it in walked} == {len(goals)}
    back = link(walked[-1], "previous")
    assert back is not None
    assert ids(await bridge.fhir(back)) == [goals[-2]]
    assert link(page, "previous") is None


async def test_a_search_by_post_has_pages_in_its_form(bridge: Bridge, goals: list[str]) -> None:
    form = ASKED | {"_count": "1"}
    first = await bridge.fhir("Goal/_search?_format=xml", method="POST", data=form)
    assert b'<relation value="next"/>' in first.content
    onward = first.text.partition("_page=")[2].partition('"')[0]
    second = await bridge.fhir(f"Goal?_page={onward}")
    assert second.headers["content-type"] == "application/fhir+xml"
    assert goals[1] in second.text
    assert ids(await bridge.fhir(f"Goal?_page={onward}&_format=json")) == [goals[1]]


async def test_a_link_says_nothing_and_is_of_no_use_to_others(bridge: Bridge, goals: list[str]) -> None:
    onward = link(await bridge.fhir("Goal", params=ASKED | {"_count": "1"}), "next")
    assert onward is not None
    assert list(parse_qs(urlsplit(onward).query)) == ["_page"]
    assert (await bridge.fhir(onward, "kommun-reads")).status_code == 410
    assert (await bridge.fhir(onward.replace("Goal", "CarePlan"))).status_code == 410
    assert (await bridge.fhir(f"{onward}&_count=5")).status_code == 400
    assert (await bridge.fhir(f"{onward}&{onward.partition('?')[2]}")).status_code == 400


async def test_a_link_ends(bridge: Bridge, goals: list[str]) -> None:
    onward = link(await bridge.fhir("Goal", params=ASKED | {"_count": "1"}), "next")
    assert onward is not None
    bridge.house.clock.move(seconds=LIFETIME.total_seconds())
    answer = await bridge.fhir(onward)
    assert answer.status_code == 410
    assert consents.faults(answer) == {("http._page", "page-expired")}


async def test_each_page_is_decided_anew_and_tells_nothing_of_what_ended(
    bridge: Bridge, goals: list[str]
) -> None:
    onward = link(await bridge.fhir("Goal", params=ASKED | {"_count": "1"}), "next")
    assert onward is not None
    await bridge.house.push(revocation())
    later = await bridge.fhir(onward)
    nobody = await bridge.fhir("Goal", params={"patient.identifier": "189002029800", "_count": "1"})
    assert (later.status_code, later.content) == (200, nobody.content)
    masked = {"x-request-id", "date"}
    assert [it for it in later.headers.multi_items() if it[0] not in masked] == [
        it for it in nobody.headers.multi_items() if it[0] not in masked
    ]


async def test_a_page_is_audited_as_the_search_it_is_of(bridge: Bridge, goals: list[str]) -> None:
    onward = link(await bridge.fhir("Goal", params=ASKED | {"_count": "1"}), "next")
    assert onward is not None
    before = await bridge.house.audit("access")
    await bridge.fhir(onward)
    after = await bridge.house.audit("access")
    assert len(after) == len(before) + 1
    queries = [[entity["query"] for entity in it["entity"] if "query" in entity] for it in after[-2:]]
    assert queries[0] == queries[1]


async def test_the_order_is_as_asked(bridge: Bridge, goals: list[str]) -> None:
    assert goals == sorted(goals)
    assert ids(await bridge.fhir("Goal", params=ASKED | {"_sort": "-_id"})) == goals[::-1]
    by_day = await bridge.fhir("Goal", params=ASKED | {"_sort": "start-date,-_id"})
    assert sorted(ids(by_day)) == goals


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({"_lastUpdated": "ge2026"}, ("http._lastUpdated", "unknown-parameter")),
        ({"_sort": "status"}, ("http._sort", "unsupported-sort")),
        ({"_sort": ""}, ("http._sort", "unsupported-sort")),
        ({"_summary": "yes"}, ("http._summary", "value")),
        ({"_elements": "status.x"}, ("http._elements", "value")),
        ({"_elements": "status", "_summary": "true"}, ("http._elements", "value")),
        ({"_total": "some"}, ("http._total", "value")),
        ({"_include": "CarePlan:subject"}, ("http._include", "unsupported-include")),
        ({"_include": "CarePlan:goal:Task"}, ("http._include", "unsupported-include")),
        ({"_include": "Goal:*"}, ("http._include", "unsupported-include")),
        ({"_include:iterate": "CarePlan:goal"}, ("http._include:iterate", "unknown-parameter")),
        ({"_include": "CarePlan:goal", "_summary": "true"}, ("http._include", "not-with-subset")),
        ({"_include": "Task:focus"}, ("http._include", "unsupported-include")),
        ({"_revinclude": "Goal:*"}, ("http._revinclude", "unsupported-include")),
        ({"_revinclude": "CarePlan:goal"}, ("http._revinclude", "unsupported-include")),
        ({"_revinclude": "Task:owner"}, ("http._revinclude", "unsupported-include")),
        ({"_revinclude": "Task:focus:Goal"}, ("http._revinclude", "unsupported-include")),
        ({"_revinclude:iterate": "Task:focus"}, ("http._revinclude:iterate", "unknown-parameter")),
        ({"_revinclude": "Task:*", "_elements": "status"}, ("http._revinclude", "not-with-subset")),
        ({"_has": "x"}, ("http._has", "unknown-parameter")),
    ],
)
@pytest.mark.parametrize("handling", ["strict", "lenient"])
async def test_a_control_that_cannot_be_heeded_is_refused_whatever_the_handling(
    bridge: Bridge, parameters: dict[str, str], fault: tuple[str, str], handling: str
) -> None:
    answer = await bridge.fhir(
        "CarePlan", params=ASKED | parameters, headers={"Prefer": f"handling={handling}"}
    )
    assert (answer.status_code, consents.faults(answer)) == (400, {fault})


async def test_an_unknown_parameter_is_left_out_if_the_client_says_so(
    bridge: Bridge, goals: list[str]
) -> None:
    asked = ASKED | {"colour": "vermilion"}
    assert (await bridge.fhir("Goal", params=asked)).status_code == 400
    lenient = await bridge.fhir("Goal", params=asked, headers={"Prefer": "handling=lenient"})
    assert ids(lenient) == goals
    [notice] = [it["resource"] for it in lenient.json()["entry"] if it["search"]["mode"] == "outcome"]
    assert notice["issue"][1]["location"] == ["http.colour"]
    assert "vermilion" not in lenient.text
    chained = await bridge.fhir(
        "Goal", params=ASKED | {"patient.name": "x"}, headers={"Prefer": "handling=lenient"}
    )
    assert chained.status_code == 400


async def test_parts_are_marked_and_cannot_be_confirmed(bridge: Bridge, goals: list[str]) -> None:
    whole = await bridge.fhir("Goal", params=ASKED)
    assert "identifier" in whole.json()
    for parameters in ({"_summary": "true"}, {"_elements": "lifecycleStatus"}, {"_summary": "count"}):
        answer = await bridge.fhir("Goal", params=ASKED | parameters)
        assert "identifier" not in answer.json()
        assert answer.json()["total"] == len(goals)
        for entry in answer.json()["entry"][:-1]:
            assert entry["resource"]["meta"]["tag"][-1]["code"] == "SUBSETTED"
            assert "note" not in entry["resource"]
    assert ids(answer) == []


async def test_a_total_is_told_unless_it_is_not_wanted(bridge: Bridge, goals: list[str]) -> None:
    assert "total" not in (await bridge.fhir("Goal", params=ASKED | {"_total": "none"})).json()
    assert (await bridge.fhir("Goal", params=ASKED | {"_total": "accurate"})).json()["total"] == len(goals)


async def test_what_the_caller_has_already_is_not_sent_again(bridge: Bridge, goals: list[str]) -> None:
    path = f"Goal/{goals[0]}"
    read = await bridge.fhir(path)
    tag = read.headers["etag"]
    for held in (tag, f'"x", {tag}', tag.removeprefix("W/"), "*"):
        again = await bridge.fhir(path, headers={"If-None-Match": held})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    changed = await bridge.fhir(path, headers={"If-None-Match": '"x"'})
    assert (changed.status_code, changed.content) == (200, read.content)
    part = await bridge.fhir(path, params={"_elements": "category"})
    assert part.headers["etag"] != tag
    assert (await bridge.fhir("Goal/1", headers={"If-None-Match": "*"})).status_code == 404


@pytest.mark.parametrize("path", ["CarePlan/1", "Consent/1", "Consent/1/_history/1"])
async def test_a_read_refuses_a_part_that_it_cannot_give(bridge: Bridge, path: str) -> None:
    assert (await bridge.fhir(path, params={"_summary": "count"})).status_code == 400
    assert (await bridge.fhir(path, params={"_elements": "a.b"})).status_code == 400


async def test_a_consent_is_read_by_its_version_tag(bridge: Bridge) -> None:
    made = await consents.filed(bridge, consents.consent())
    path = f"Consent/{made['id']}"
    read = await bridge.fhir(path, "kommun-registers")
    assert read.headers["etag"] == 'W/"1"'
    again = await bridge.fhir(path, "kommun-registers", headers={"If-None-Match": 'W/"1"'})
    assert (again.status_code, again.content) == (304, b"")
    part = await bridge.fhir(path, "kommun-registers", params={"_summary": "true"})
    assert "policy" in made
    assert "policy" not in part.json()


@pytest.mark.parametrize(
    ("prefer", "kind"),
    [
        ("return=minimal", None),
        ("return=representation", "Consent"),
        ("return=OperationOutcome", "OperationOutcome"),
        ('respond-async; x=1, return="minimal"', None),
        ("", "Consent"),
    ],
)
async def test_a_filing_returns_what_is_preferred(bridge: Bridge, prefer: str, kind: str | None) -> None:
    answer = await consents.post(bridge, consents.consent(), Prefer=prefer)
    assert answer.status_code == 201
    assert (answer.json()["resourceType"] if answer.content else None) == kind
    assert answer.headers["etag"] == 'W/"1"'


async def test_head_is_get_without_a_body(bridge: Bridge, goals: list[str]) -> None:
    for path, params in (("metadata", {}), ("Goal", ASKED), (f"Goal/{goals[0]}", {}), ("Goal/1", {})):
        got = await bridge.fhir(path, params=params)
        head = await bridge.fhir(path, method="HEAD", params=params)
        assert head.status_code == got.status_code
        assert head.headers["content-type"] == got.headers["content-type"]


async def test_post_parameters_stand_beside_those_of_the_url(bridge: Bridge, goals: list[str]) -> None:
    answer = await bridge.fhir("Goal/_search?_count=1", method="POST", data=ASKED)
    assert ids(answer) == goals[:1]
    both = await bridge.fhir("Goal/_search", method="POST", params=ASKED, data=ASKED)
    assert both.status_code == 400


def parameters(*items: Any) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": items} if items else {"resourceType": "Parameters"}


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (parameters({"name": "start", "valueDate": "2026"}), ("http.start", "unsupported-parameter")),
        (parameters({"name": "colour"}), ("Parameters.parameter[0]", "unknown-parameter")),
        (
            parameters({"name": "_type", "valueCode": "Goal", "part": []}),
            ("Parameters.parameter[0]", "unknown-parameter"),
        ),
        (parameters(1), ("Parameters.parameter[0]", "unknown-parameter")),
        (parameters({"name": "_type", "valueCode": "Consent"}), ("http._type", "value")),
        ({"resourceType": "Parameters", "parameter": 1}, ("Parameters", "required")),
        ({"resourceType": "Goal"}, ("Parameters", "required")),
    ],
)
async def test_everything_heeds_what_its_body_says_or_refuses_it(
    bridge: Bridge, sent: Any, fault: tuple[str, str]
) -> None:
    answer = await bridge.fhir(f"Patient/{new_id()}/$everything", method="POST", json=sent)
    assert (answer.status_code, consents.faults(answer)) == (400, {fault})


@pytest.mark.parametrize("query", [{"_pretty": "true"}, {"_pretty": "yes"}])
async def test_json_is_in_lines_where_it_is_asked_for(bridge: Bridge, query: dict[str, str]) -> None:
    made = await consents.filed(bridge, consents.consent())
    plain = {
        "metadata": await bridge.fhir("metadata"),
        "Patient/1": await bridge.fhir("Patient/1"),
        "Goal": await bridge.fhir("Goal", params=ASKED),
        "Patient/1/$everything": await bridge.fhir("Patient/1/$everything"),
        f"Consent/{made['id']}": await bridge.fhir(f"Consent/{made['id']}", "region"),
    }
    for path, answer in plain.items():
        more = ASKED if path == "Goal" else {}
        shown = await bridge.fhir(path, params=more | query)
        if query["_pretty"] == "yes":
            assert (shown.status_code, consents.faults(shown)) == (400, {("http._pretty", "value")})
        else:
            assert (shown.status_code, shown.json(), shown.text[:4]) == (
                answer.status_code,
                answer.json(),
                "{\n  ",
            )
            assert shown.headers.get("etag") == answer.headers.get("etag")
    validated = await bridge.fhir(
        "Consent/$validate", "kommun-registers", "POST", json=made, headers=consents.MEDIA_TYPE, params=query
    )
    assert validated.status_code == (200 if query["_pretty"] == "true" else 400)


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/fhir/Goal/1", "GET, HEAD, OPTIONS"),
        ("DELETE", "/fhir/Consent/1", "GET, HEAD, OPTIONS, PUT"),
        ("PATCH", "/fhir", "OPTIONS, POST"),
        ("DELETE", "/fhir/$confirm-receipt", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/healthz", "GET, HEAD"),
    ],
)
async def test_what_is_not_allowed_says_what_is(bridge: Bridge, method: str, path: str, allow: str) -> None:
    headers = {"Authorization": f"Bearer {bridge.token('region')}"}
    answer = await bridge.http.request(method, path, headers=headers)
    assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, set(allow.split(", ")))


async def test_everything_of_a_person_is_what_searches_would_give(bridge: Bridge, goals: list[str]) -> None:
    [patient] = ids(await bridge.fhir("Patient", params={"identifier": TOLVAN}))
    path = f"Patient/{patient}/$everything"
    found = await bridge.fhir(path)
    types = ("Patient", "CarePlan", "CareTeam", "Goal", "Task", "Observation")
    searched = [await bridge.fhir(kind, params=ASKED) for kind in types[1:]]
    assert set(ids(found)) == {patient, *(name for answer in searched for name in ids(answer))}
    assert set(goals) < set(ids(found))
    assert found.json()["total"] == len(ids(found))
    assert "identifier" not in found.json()
    assert set(ids(await bridge.fhir(path, params={"_type": "Patient,Goal"}))) == {patient, *goals}
    assert ids(await bridge.fhir(path, "region-patients")) == [patient]
    assert (await bridge.fhir(path, "region-patients", params={"_type": "Goal"})).status_code == 403
    assert (await bridge.fhir(path, params={"_type": "Consent"})).status_code == 400
    for name in ("_count", "start", "end", "_since"):
        refused = await bridge.fhir(path, params={name: "2026"})
        assert (refused.status_code, consents.faults(refused)) == (
            400,
            {(f"http.{name}", "unsupported-parameter")},
        )
    of_types = [{"name": "_type", "valueCode": kind} for kind in ("Patient", "Goal")]
    assert set(ids(await bridge.fhir(path, method="POST"))) == set(ids(found))
    for items, names in (((), ids(found)), (of_types, [patient, *goals])):
        assert set(ids(await bridge.fhir(path, method="POST", json=parameters(*items)))) == set(names)
    assert (await bridge.fhir(path, "stranger")).status_code == 404
    await bridge.house.push(revocation())
    assert (await bridge.fhir(path)).status_code == 404
