"""The checks of AUDIT, AUDIT-C and DUDIT results, and the bands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adapter.domain.errors import Issue, MappingError
from adapter.domain.identity import PERSONNUMMER, SAMORDNINGSNUMMER, PersonId
from adapter.mapping.catalog import packaged_files
from adapter.mapping.screening import check_screening
from adapter.mapping.tables import load_terminology
from tests.mapping.compiled import CONTEXT, apply, compiled, out

AUDIT = dict.fromkeys(range(1, 11), 2)
DUDIT = dict.fromkeys(range(1, 12), 2)


@pytest.mark.parametrize(
    ("instrument", "items", "total", "faults"),
    [
        ("AUDIT", AUDIT, 20, {}),
        ("AUDIT", AUDIT, None, {}),
        ("AUDIT", {}, 0, {}),
        ("AUDIT", {}, 40, {}),
        ("DUDIT", DUDIT, 22, {}),
        ("DUDIT", DUDIT | {9: 3}, 23, {}),
        ("DUDIT", {}, 44, {}),
        ("AUDIT", AUDIT, 21, {"total": "total-not-the-sum"}),
        ("AUDIT", {}, 41, {"total": "total-out-of-range"}),
        ("AUDIT", {}, -1, {"total": "total-out-of-range"}),
        ("DUDIT", {}, 45, {"total": "total-out-of-range"}),
        ("AUDIT", {}, None, {"total": "total-missing"}),
        ("AUDIT-C", {1: 2}, 2, {"items.2": "item-missing", "items.3": "item-missing"}),
        ("AUDIT-C", {1: 2}, None, {"items.2": "item-missing", "items.3": "item-missing"}),
        ("DUDIT", AUDIT, 20, {"items.11": "item-missing"}),
        ("AUDIT-C", {1: 4, 2: 3, 3: 1}, 8, {}),
        ("AUDIT-C", {}, 12, {}),
        ("AUDIT-C", {}, 13, {"total": "total-out-of-range"}),
        ("AUDIT-C", dict.fromkeys(range(1, 5), 1), 4, {"items.4": "item-unknown"}),
        ("AUDIT", AUDIT | {9: 1}, 19, {"items.9": "score-not-allowed"}),
        ("AUDIT", AUDIT | {10: 3}, 21, {"items.10": "score-not-allowed"}),
        ("DUDIT", DUDIT | {11: 3}, 23, {"items.11": "score-not-allowed"}),
        (
            "AUDIT",
            AUDIT | {1: 5, 2: -1},
            20,
            {"items.1": "score-out-of-range", "items.2": "score-out-of-range"},
        ),
        ("AUDIT", AUDIT | {11: 2}, 22, {"items.11": "item-unknown"}),
        ("USAUDIT", {}, 46, {"instrument": "instrument-unknown"}),
    ],
)
def test_check_screening(
    instrument: str, items: dict[int, int], total: int | None, faults: dict[str, str]
) -> None:
    assert check_screening(instrument, items, total) == tuple(
        Issue(path, code) for path, code in faults.items()
    )


CUT_OFFS = load_terminology(
    {path: text for path, text in packaged_files().items() if path == "terminology/screening.yaml"}
)
BANDS = compiled(
    "mapping: m\nversion: '1'\nsource: push\ntarget: push\nevent: [e]\nrecord_types: []\n"
    "body: {band: {from: total, using: interpretation, instrument: '{instrument}', at: '{at}', cut_offs: screening}}",
    CUT_OFFS,
)


def _band(number: str, instrument: str, total: int, at: str, system: str = PERSONNUMMER) -> Any:
    context = replace(CONTEXT, person=PersonId(system, number))
    body = apply(BANDS, {"instrument": instrument, "total": total, "at": at}, context).body
    return body["band"]["coding"][0]["code"] if "band" in body else None


@pytest.mark.parametrize(
    ("number", "instrument", "at", "bands"),
    [
        # 191212121212 is a man, 65 all through 1978-12-11.
        (
            "191212121212",
            "AUDIT",
            "1978-12-11",
            {
                7: "low",
                8: "risk",
                15: "risk",
                16: "harmful",
                19: "harmful",
                20: "probable-dependence",
                40: "probable-dependence",
            },
        ),
        ("191212121212", "AUDIT", "1978-12-12", {6: "low", 7: "risk", 16: "harmful"}),
        # 196101182803 and 200302022389 are women.
        (
            "196101182803",
            "AUDIT",
            "2026-11-16",
            {5: "low", 6: "risk", 13: "risk", 14: "harmful", 18: "probable-dependence"},
        ),
        ("196101182803", "AUDIT", "2028-01-18", {6: "low", 7: "risk", 14: "harmful"}),
        ("196101182803", "DUDIT", "2026-11-16", {1: "low", 2: "problem", 25: "probable-dependence"}),
        ("200302022389", "DUDIT", "2026-11-16", {2: "low", 3: "problem", 25: "probable-dependence"}),
        ("200302022389", "DUDIT", "2029-02-01T23:30:00+01:00", {2: "low", 3: "problem"}),
        ("200302022389", "DUDIT", "2029-02-02T00:30:00+01:00", {1: "low", 2: "problem"}),
        ("200302022389", "AUDIT", "2019-02-01", {20: None}),
        ("200302022389", "AUDIT", "2019-02-02", {5: "low"}),
        ("200302022389", "AUDIT", "2019-02", {20: None}),
        ("191212121212", "AUDIT-C", "1978-12-11", {4: "low", 5: "risk", 12: "risk"}),
        ("200302022389", "AUDIT-C", "2026-11-16", {3: "low", 4: "risk"}),
        ("200302022389", "AUDIT-C", "2019-02-01", {12: None}),
        ("200302022389", "DUDIT-C", "2026-11-16", {5: None}),
    ],
)
def test_band_by_sex_and_age_on_the_day(
    number: str, instrument: str, at: str, bands: dict[int, str | None]
) -> None:
    assert {total: _band(number, instrument, total, at) for total in bands} == bands


def test_a_reserve_number_tells_neither_sex_nor_age_and_gets_no_band() -> None:
    assert _band("22950606-FH20", "AUDIT", 30, "2026-11-16", system="urn:oid:1.2.752.269.1.1") is None


def test_a_samordningsnummer_gets_its_band() -> None:
    assert _band("196109732393", "AUDIT", 8, "2026-11-16", system=SAMORDNINGSNUMMER) == "risk"


def test_a_band_names_the_version_of_its_cut_offs() -> None:
    body = apply(BANDS, {"instrument": "AUDIT", "total": 3, "at": "1970-01-01"}).body
    assert body["band"]["coding"][0]["version"] == CUT_OFFS.cut_offs["screening"].version


def test_a_score_that_says_of_no_item_is_refused() -> None:
    rule = "{using: screening_total, instrument: AUDIT, items: [{for: svar, do: {item: {from: nr, using: integer}, score: {from: p, using: integer}}}]}"
    with pytest.raises(MappingError) as caught:
        out(rule, {"svar": [{"nr": None, "p": "2"}]})
    assert caught.value.issues == (Issue("out.items", "required"),)
