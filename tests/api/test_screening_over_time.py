"""A person's results of one instrument over time: in their order, and none of another instrument among them."""

from __future__ import annotations

import pytest

from tests.api.bridge import Bridge
from tests.api.results import Result
from tests.exchange.bodies import TOLVAN, Json, consent

SHORT = dict.fromkeys((1, 2, 3), 2)


def made(name: str, result: Result, day: str) -> Json:
    """A result of a day."""
    record = result.as_push()
    record["screening"] |= {"screeningId": name, "datum": day}
    return record


RECORDS = [
    made("SCR-3", Result("AUDIT", {}, 9), "2026-11-16"),
    made("SCR-1", Result("AUDIT", {}, 21), "2025-10-01"),
    made("SCR-C", Result("AUDIT-C", SHORT, 6), "2026-05-01"),
    made("SCR-2", Result("AUDIT", {}, 15), "2026-03-01"),
]


@pytest.mark.parametrize(
    ("code", "course"),
    [
        (
            "http://loinc.org|75624-7",
            [
                ("2025-10-01", 21, "probable-dependence"),
                ("2026-03-01", 15, "risk"),
                ("2026-11-16", 9, "risk"),
            ],
        ),
        ("http://loinc.org|75626-2", [("2026-05-01", 6, "risk")]),
    ],
)
async def test_the_course_of_an_instrument_holds_no_other(
    bridge: Bridge, code: str, course: list[tuple[str, int, str]]
) -> None:
    await bridge.push(consent())
    bridge.house.source.records = RECORDS

    asked = {"patient.identifier": TOLVAN, "code": code, "_sort": "date"}
    answer = await bridge.fhir("Observation", params=asked)

    assert [
        (it["effectiveDateTime"], it["valueInteger"], it["interpretation"][0]["coding"][0]["code"])
        for it in (entry["resource"] for entry in answer.json()["entry"])
        if it["resourceType"] == "Observation"
    ] == course
