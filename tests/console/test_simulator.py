"""The simulator answers as ``sambro decide`` does, keeps nothing, and asks of the reader's agreements alone."""

from __future__ import annotations

from typing import Any, Final

import orjson
import pytest
from httpx import Response
from lxml import html
from sqlalchemy import func, select

from adapter.domain.agreement import Party, Unit
from adapter.domain.errors import InputError
from adapter.exchange.simulate import simulate
from adapter.gate.decide_file import decide_from_json
from adapter.gate.rules import release_rules
from adapter.store.sqlite import SqliteDatabase
from adapter.store.tables import audit
from adapter.store.tables import consent as consents
from tests.api.consents import AGREEMENT, actor, consent, provision, unit
from tests.console.conftest import Browser, Enter
from tests.console.samples import NOW, REGION
from tests.exchange.bodies import REGION_UNIT, TOLVAN
from tests.exchange.parties import alingsas

BOTH: Final = orjson.dumps(consent(provision=provision(code=provision()["code"][:2])))


def _side(party: Party, unit: Unit) -> dict[str, Any]:
    return {"organization": party.identifiers[0].as_fhir(), "unit": unit.identifier.as_fhir()}


def test_each_answer_is_that_of_sambro_decide_for_the_same_question() -> None:
    found = simulate(BOTH, [alingsas()], NOW, release_rules())
    permitted = {
        (one.recipient_unit.identifier.value, one.record_type)
        for one in found
        if one.answer["verdict"] == "permit"
    }
    assert permitted == {(REGION_UNIT, "AUDIT"), (REGION_UNIT, "SIP")}
    assert {one.record_type for one in found} >= {"SIP", "AUDIT", "DUDIT"}
    for one in found:
        request: dict[str, Any] = {
            "patient": consent()["patient"]["identifier"],
            "agreement": AGREEMENT,
            "sender": _side(one.sender, one.sender_unit),
            "requester": _side(one.recipient, one.recipient_unit),
            "purpose": ["TREAT", "COC"],
            "recordTypes": [one.record_type],
        }
        asked = decide_from_json(request, [BOTH], None, NOW, rules=release_rules())
        assert (one.answer["verdict"], one.answer["reason"]) == (asked["verdict"], asked["reason"])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "unreadable"),
        (b"{}", "required"),
        (b"[]", "required"),
        (b'{"resourceType": "Bundle", "entry": [1, {"resource": 2}]}', "required"),
        (
            orjson.dumps(
                {
                    "resourceType": "Bundle",
                    "entry": [
                        {"resource": consent()},
                        {"resource": consent(patient={"identifier": {"system": "urn:other", "value": "1"}})},
                    ],
                }
            ),
            "several",
        ),
    ],
)
def test_what_is_no_consent_of_one_person_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(InputError) as caught:
        simulate(body, [alingsas()], NOW, release_rules())
    assert [issue.code for issue in caught.value.issues] == [code]


async def ask(browser: Browser, body: bytes) -> Response:
    return await browser.submit("/console/simulator", consent=body.decode())


def rows(page: Response) -> list[list[str]]:
    """The answers on the page: record type, verdict, reason."""
    found = html.fromstring(page.text).xpath("//table//tbody/tr")
    return [
        [cell.text_content().split()[0] for cell in (row[1], row[3])] + [str(row[2].text_content()).strip()]
        for row in found
    ]


async def test_the_screen_shows_who_may_see_what_and_keeps_nothing(
    enter: Enter, database: SqliteDatabase
) -> None:
    to_the_region = provision(actor=[actor(unit("SE2321000131-1001"))], code=provision()["code"][:1])
    stated = orjson.dumps(consent(provision=to_the_region))
    page = await ask(await enter(REGION), stated)
    assert rows(page) == [["AUDIT", "no-match", "får inte se"], ["SIP", "consent", "får se"]]
    operators = await ask(await enter(None), stated)
    assert len(rows(operators)) == 4
    count = select(func.count()).select_from(consents)
    assert await database.read(lambda connection: connection.scalar(count)) == 0
    told = await database.read(lambda connection: list(connection.scalars(select(audit.c.event))))
    assert TOLVAN.encode() not in b"".join(told)


async def test_what_cannot_be_asked_about_is_said_and_shown_again(enter: Enter) -> None:
    page = await ask(await enter(REGION), b'{"<b>": 1}')
    assert (page.status_code, "consent.patient" in page.text) == (422, True)
    assert "{&#34;&lt;b&gt;&#34;: 1}</textarea>" in page.text


async def test_a_form_that_is_too_large_is_refused(enter: Enter) -> None:
    assert (await ask(await enter(REGION), b"x" * 300_000)).status_code == 413
