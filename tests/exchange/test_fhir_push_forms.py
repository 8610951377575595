"""A form of a screening in a pushed Bundle: what it gives is what a form that is sent alone gives, or it is refused by its item."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from adapter.domain.errors import InputError
from adapter.domain.records import SECURITY_LABEL, RecordType
from adapter.domain.states import State
from adapter.mapping import native
from adapter.mapping.evaluation import MappingContext
from adapter.mapping.source import Source
from tests.exchange.bodies import TOLVAN, Json, consent
from tests.exchange.fakes import NOW
from tests.exchange.fhir_bundles import (
    BAND,
    CATALOG,
    JSON,
    R,
    bundle,
    document,
    example,
    message,
    push,
    reader,
    with_patient,
)
from tests.exchange.house import opened
from tests.exchange.parties import alingsas, person

XML: Final = "application/fhir+xml"
FORM: Final = "QuestionnaireResponse-{}-answers"
LABEL: Final = {"system": "https://kommun.example/label", "code": "x"}
Change = Callable[[Json], Any]


def form(name: str = "audit", *others: str) -> Json:
    """A Bundle with a form, and other examples behind it."""
    body = bundle(FORM.format(name), *others)
    for entry in body["entry"]:
        if entry["resource"]["resourceType"] == "QuestionnaireResponse":
            [entry["resource"]["identifier"]] = entry["resource"]["identifier"]
    return body


def applied(body: Json) -> tuple[Json, tuple[str, ...]]:
    """The one result that a Bundle becomes, and the fields that do not pass."""
    ids = MappingContext(record_id=lambda *parts: "/".join(parts), received_at=NOW, person=person(TOLVAN))
    mapped = native.apply(Source("fhir", body), ids, CATALOG)
    [entry] = mapped.body["entry"]
    return entry["resource"], mapped.unmapped


def refused(body: Json) -> set[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        reader().read(json.dumps(body).encode(), JSON)
    assert caught.value.status == 422
    return {(issue.path, issue.code) for issue in caught.value.issues}


@pytest.mark.parametrize("name", ["audit", "audit-c", "dudit"])
def test_it_gives_the_result_that_it_gives_alone(name: str) -> None:
    body = form(name)
    alone = CATALOG.answers.apply(
        Source("json", body["entry"][0]["resource"]),
        MappingContext(record_id=lambda *parts: "/".join(parts), received_at=NOW, person=person(TOLVAN)),
    )
    assert applied(body) == (alone.body["entry"][0]["resource"], ())
    assert reader().read(json.dumps(body).encode(), JSON).record_types == (
        {RecordType.DUDIT} if name == "dudit" else {RecordType.AUDIT}
    )


@pytest.mark.parametrize(("headed", "content_type"), [(with_patient, JSON), (document, XML), (message, JSON)])
async def test_its_result_is_delivered_and_the_form_is_not(
    tmp_path: Path, headed: Callable[[Json], Json], content_type: str
) -> None:
    async with opened(tmp_path, alingsas()) as house:
        await house.push(consent())
        receipt = await push(house, headed(form()), content_type)
        await house.work()
        row = await house.message(receipt)
        assert (row.state, row.codes, row.unmapped) == (State.DELIVERED, (), ())
        [[result]] = (release.resources for release in house.region.taken)
    assert (result["resourceType"], result["valueInteger"], len(result["component"])) == (
        "Observation",
        17,
        10,
    )
    assert result["interpretation"][0]["coding"][0]["code"] == "harmful"


def test_the_result_that_is_sent_beside_it_is_one_with_it() -> None:
    body = form("audit", "Observation-audit-result")
    answers, sent = (entry["resource"] for entry in body["entry"])
    answers["meta"] = {"security": [LABEL]}
    sent |= {
        "meta": {"security": [LABEL, LABEL | {"code": "y"}]},
        "note": [{"text": "x"}],
        "derivedFrom": [{"reference": f"QuestionnaireResponse/{answers['id']}"}],
        "interpretation": [{"coding": [{"system": BAND, "code": "low"}]}],
    }
    reader().read(json.dumps(body).encode(), JSON)
    result, unmapped = applied(body)
    assert result["id"] == f"Observation/{answers['identifier']['value']}"
    assert [label["code"] for label in result["meta"]["security"]] == ["x", "y"]
    assert {"Observation.interpretation", "Observation.note"} <= set(unmapped)
    assert "note" not in result


def _score(item: int, score: int) -> Change:
    return lambda it: it["item"][item]["answer"][0].update(valueInteger=score)


def _called(item: int, number: str) -> Change:
    return lambda it: it["item"][item].update(linkId=number)


@pytest.mark.parametrize(
    ("name", "change", "faults"),
    [
        ("audit", _score(8, 1), {("item[8]", "score-not-allowed")}),
        ("audit", _score(0, 5), {("item[0]", "score-out-of-range")}),
        ("dudit", lambda it: it["item"].pop(), {("item.where(linkId='11')", "item-missing")}),
        ("audit-c", _called(2, "4"), {("item[2]", "item-unknown"), ("item.where(linkId='3')", "item-missing")}),
        ("audit", _called(1, "1"), {("item[1]", "item-repeated")}),
        ("audit", lambda it: it["item"][3].update(answer=[{"valueString": "3"}]), {("item[3]", "required")}),
        ("audit", lambda it: it["item"][3]["answer"].append({"valueInteger": 3}), {("item[3].answer", "too-many-values")}),
        ("audit", lambda it: it.pop("item"), {("item", "total-missing")}),
        ("audit", lambda it: it.update(status="in-progress"), {("status", "code-unknown")}),
        ("audit", lambda it: it.pop("authored"), {("authored", "required")}),
        ("audit", lambda it: it.update(questionnaire="https://kommun.example/q"), {("questionnaire", "record-type-unknown")}),
        ("audit", lambda it: it.pop("subject"), {("subject", "required")}),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused_by_its_item(
    name: str, change: Change, faults: set[tuple[str, str]]
) -> None:
    body = form(name)
    change(body["entry"][0]["resource"])
    assert faults <= {(path.removeprefix(f"{R.format(0)}."), code) for path, code in refused(body)}


def test_no_path_says_what_a_sender_wrote_as_an_items_number() -> None:
    body = form()
    _called(0, TOLVAN)(body["entry"][0]["resource"])
    assert TOLVAN not in str(refused(body))


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        (lambda it: it.update(valueInteger=16), {("valueInteger", "total-not-the-sum")}),
        (lambda it: it["component"][2].update(valueInteger=4), {("component[2]", "answer-contradicted")}),
        (lambda it: it["component"][9]["code"]["coding"][0].update(code="x"), {("component[9]", "answer-contradicted")}),
        (lambda it: it.update(status="entered-in-error"), {("status", "status-contradicted")}),
        (lambda it: it.update(status="preliminary"), {("status", "status-contradicted")}),
    ],
)  # fmt: skip
def test_a_result_that_its_form_contradicts_is_refused_by_its_item(
    change: Change, faults: set[tuple[str, str]]
) -> None:
    body = form("audit", "Observation-audit-result")
    change(body["entry"][1]["resource"])
    assert refused(body) == {(f"{R.format(1)}.{path}", code) for path, code in faults}


@pytest.mark.parametrize(
    "others", [[FORM.format("dudit")], ["Observation-audit-c-result"], ["Observation-audit-result"] * 2]
)
def test_a_form_of_another_instrument_or_two_results_are_messages_of_their_own(others: list[str]) -> None:
    body = form("audit", *others)
    for place, entry in enumerate(body["entry"]):
        entry["fullUrl"] += f"-{place}"
    assert refused(body) == {("Bundle.entry", "several-records")}


async def test_a_label_of_protected_identity_is_kept_and_keeps_it_back(tmp_path: Path) -> None:
    """Its result names the unit that asked."""
    body = form()
    body["entry"][0]["resource"]["meta"] = {
        "security": [{"system": SECURITY_LABEL, "code": "sekretessmarkering"}]
    }
    async with opened(tmp_path, alingsas()) as house:
        await house.push(consent())
        receipt = await push(house, body)
        await house.work()
        assert (await house.standing(TOLVAN)).protection == {"sekretessmarkering"}
        assert house.region.taken == []
        assert (await house.delivery(receipt)).codes == ("protected-identity",)


def test_a_result_alone_is_as_before() -> None:
    body = bundle("Observation-audit-result")
    assert applied(body)[0]["identifier"][1] == example("Observation-audit-result")["identifier"][0]
