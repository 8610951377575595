"""What contradicts itself is refused on every wire that carries it, by the item or the content that is wrong."""

from __future__ import annotations

from typing import Any, Final

import pytest

from adapter.domain.errors import InputError
from tests.api.bridge import Bridge
from tests.api.results import Fault, Result, pushed, sent, validated
from tests.conformance.planted import PLANTED
from tests.exchange.bodies import Json, consent, oru_r01, sip

AUDIT: Final = dict(zip(range(1, 11), (3, 2, 2, 2, 1, 0, 0, 0, 2, 0), strict=True))
DUDIT: Final = dict(zip(range(1, 12), (1, 0, 1, 0, 0, 1, 0, 0, 0, 2, 0), strict=True))
"""Answers of 12 and of 5 points."""
GOOD: Final = (
    Result("AUDIT", AUDIT, 12),
    Result("AUDIT-C", {1: 3, 2: 2, 3: 2}, 7),
    Result("DUDIT", DUDIT, 5),
    Result("AUDIT", {}, 40),
    Result("AUDIT-C", {}, 12),
    Result("DUDIT", {}, 44),
)
# The fault in the push format, in HL7 v2 and in FHIR.
REFUSED: Final = {
    "AUDIT 13 for items of 12": (
        Result("AUDIT", AUDIT, 13),
        ("screening.summa", "total-not-the-sum"),
        ("OBR.total", "total-not-the-sum"),
        ("Observation", "screening-sum"),
    ),
    "AUDIT item 9 = 1": (
        Result("AUDIT", AUDIT | {9: 1}, 11),
        ("screening.svar[8].poang", "score-not-allowed"),
        ("OBR.items.9", "score-not-allowed"),
        ("Observation.component[8]", "screening-even"),
    ),
    "AUDIT item 1 = 5": (
        Result("AUDIT", AUDIT | {1: 5}, 14),
        ("screening.svar[0].poang", "out-of-range"),
        ("OBR.items.1", "score-out-of-range"),
        ("Observation.component[0].value", "value"),
    ),
    "AUDIT total 41": (
        Result("AUDIT", {}, 41),
        ("screening.summa", "total-out-of-range"),
        ("OBR.total", "total-out-of-range"),
        ("Observation.value", "value"),
    ),
    "AUDIT-C total 13": (
        Result("AUDIT-C", {}, 13),
        ("screening.summa", "total-out-of-range"),
        ("OBR.total", "total-out-of-range"),
        ("Observation.value", "value"),
    ),
    "AUDIT-C without item 2": (
        Result("AUDIT-C", {1: 3, 3: 2}, 5),
        ("screening.svar[fraga=2]", "item-missing"),
        ("OBR.items.2", "item-missing"),
        ("Observation", "audit-item-2"),
    ),
    "DUDIT total 45": (
        Result("DUDIT", {}, 45),
        ("screening.summa", "out-of-range"),
        ("OBR.total", "total-out-of-range"),
        ("Observation.value", "value"),
    ),
    "DUDIT with ten answers": (
        Result("DUDIT", {item: score for item, score in DUDIT.items() if item != 11}, 5),
        ("screening.svar[fraga=11]", "item-missing"),
        ("OBR.items.11", "item-missing"),
        ("Observation", "dudit-item-11"),
    ),
}
WITHOUT: Final[dict[int, tuple[Json, str]]] = {
    1: ({"problem": None}, "sip.problem"),
    2: ({"insatser": [0, 2]}, "sip.insatser"),
    3: ({"insatserAvAndra": None}, "sip.insatserAvAndra"),
    4: ({"huvudansvar": None}, "sip.huvudansvar"),
    5: ({"samordnare": None}, "sip.samordnare"),
}
"""What a plan loses, None or the places in a list that are left, and where that is said."""


@pytest.mark.parametrize("result", GOOD, ids=str)
async def test_a_result_that_agrees_with_itself_is_taken_on_every_wire(
    bridge: Bridge, result: Result
) -> None:
    await bridge.push(consent())

    assert await told(bridge, result) == [set()] * 5


@pytest.mark.parametrize("name", REFUSED)
async def test_a_result_that_contradicts_itself_is_refused_by_its_item(bridge: Bridge, name: str) -> None:
    await bridge.push(consent())
    result, push, hl7, fhir = REFUSED[name]

    assert await told(bridge, result) == [{push}, {push}, {hl7}, {fhir}, {fhir}]


@pytest.mark.parametrize("number", WITHOUT)
async def test_a_plan_without_one_of_its_five_contents_is_refused_by_its_number(
    bridge: Bridge, number: int
) -> None:
    code = f"sip-content-{number}"
    record, path = plan_without(number)
    planted = [fault.resource() for fault in PLANTED if fault.finding == code]

    for form in ("json", "xml"):
        assert await pushed(bridge, record, form) == {(path, code)}
        for resource in planted:
            assert code in {said for _, said in await validated(bridge, resource, form)}


async def test_hl7_v2_carries_no_plan(bridge: Bridge) -> None:
    with pytest.raises(InputError) as refused:
        await bridge.house.send(oru_r01().replace(b"|AUDIT^", b"|SIP^"))
    assert refused.value.issues[0].code == "instrument-unknown"


def plan_without(number: int) -> tuple[Json, str]:
    """A plan that lacks a content, and the path by which the push format says so."""
    changes, path = WITHOUT[number]
    record = sip()
    for field, left in changes.items():
        whole: Any = record["sip"].pop(field)
        if left is not None:
            record["sip"][field] = [whole[place] for place in left]
    return record, path


async def told(bridge: Bridge, result: Result) -> list[set[Fault]]:
    """What is said of a result by push in both forms, HL7 v2, and FHIR in both forms."""
    observation = result.as_observation()
    return [
        await pushed(bridge, result.as_push(), "json"),
        await pushed(bridge, result.as_push(), "xml"),
        await sent(bridge, result.as_oru("VGR-7")),
        await validated(bridge, observation, "json"),
        await validated(bridge, observation, "xml"),
    ]
