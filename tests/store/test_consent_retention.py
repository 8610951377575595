"""Consents that ended long ago go, with all their versions; nothing that they kept from counting begins to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from sqlalchemy import select

from adapter.store import persons, tables
from adapter.store.consents import file_consent, forget_ended, is_tombstoned, revise
from tests.store.conftest import Run
from tests.store.samples import NOW, OTHER, PERSON, new_consent

ENDED: Final = NOW - timedelta(days=4000)
BEFORE: Final = NOW - timedelta(days=3660)


def ids(run: Run) -> set[str]:
    return run(lambda connection: set(connection.scalars(select(tables.consent.c.id))))


def test_a_consent_that_ended_long_ago_goes_with_its_versions_and_stays_ended(run: Run) -> None:
    first = new_consent(id="old", filed_at=ENDED)
    run(file_consent, first)
    run(revise, replace(first, version=2, status="inactive", ended_at=ENDED))
    assert run(forget_ended, BEFORE, NOW) == 1
    assert ids(run) == set()
    assert run(is_tombstoned, first.identifier_key)


@pytest.mark.parametrize(
    "beside",
    [
        {},
        {"ended_at": BEFORE},
        {"ended_at": NOW + timedelta(days=1)},
    ],
    ids=["one that stands", "one that ended lately", "one that will end"],
)
def test_one_that_ended_stays_while_the_person_has_another(run: Run, beside: dict[str, Any]) -> None:
    run(file_consent, new_consent(id="old", ended_at=ENDED))
    run(file_consent, new_consent(id="other", **beside))
    run(file_consent, new_consent(id="another person's", person_key=OTHER, ended_at=ENDED))
    assert run(forget_ended, BEFORE, NOW) == 1
    assert ids(run) == {"old", "other"}


@pytest.mark.parametrize("number", [PERSON, OTHER])
def test_one_of_a_person_whose_numbers_were_merged_stays(run: Run, number: str) -> None:
    run(file_consent, new_consent(id="old", person_key=number, ended_at=ENDED))
    run(persons.merge, PERSON, OTHER, NOW)
    assert run(forget_ended, BEFORE, NOW) == 0
    assert ids(run) == {"old"}


def test_consents_are_forgotten_in_batches(run: Run) -> None:
    for _ in range(3):
        run(file_consent, new_consent(ended_at=ENDED))
    assert [run(forget_ended, BEFORE, NOW, limit=2) for _ in range(3)] == [2, 1, 0]
