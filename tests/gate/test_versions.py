"""Which versions of Consents still stand, and which narrow every agreement."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from adapter.domain.identity import Identifier
from adapter.gate.consent import CompiledConsent, compile_consent, unreadable
from adapter.gate.versions import Registered, standing
from tests.gate.builders import (
    block,
    consent,
    deny,
    permit,
)


def compiled(**fields: Any) -> Registered:
    root = compile_consent(consent(fields.pop("provision", None))).root
    given: dict[str, Any] = {"id": "c1", "version": "1", "status": "active", "root": root}
    return Registered(CompiledConsent(**given | fields), True)


def day(number: int) -> datetime:
    return datetime(2024, 6, number, tzinfo=UTC)


NUMBER = Identifier("urn:s", "1")


@pytest.mark.parametrize(
    ("one", "other", "stands"),
    [
        ({"version": "1"}, {"version": "2"}, [False, True]),
        ({"version": "9"}, {"version": "10"}, [False, True]),
        ({"version": "2"}, {"version": "2"}, [True, True]),
        ({"version": "1"}, {"version": "2", "id": "c2"}, [True, True]),
        ({"version": "1", "id": ""}, {"version": "2", "id": ""}, [True, True]),
        ({"version": "a", "updated_at": day(1)}, {"version": "2", "updated_at": day(2)}, [False, True]),
        ({"version": "1", "updated_at": day(2)}, {"version": "b", "updated_at": day(1)}, [True, False]),
        ({"version": "a", "updated_at": day(1)}, {"version": "b", "updated_at": day(1)}, [True, True]),
        ({"version": "a"}, {"version": "b", "updated_at": day(1)}, [True, True]),
        ({"version": "2", "updated_at": day(1)}, {"version": "1", "updated_at": day(2)}, [True, False]),
        ({"status": "inactive"}, {}, [False, False]),
        ({"status": "rejected"}, {}, [False, False]),
        ({"status": "entered-in-error"}, {}, [False, False]),
        ({"status": "draft"}, {}, [True, True]),
        ({"status": "inactive", "identifiers": frozenset({NUMBER})}, {"id": "c2", "identifiers": frozenset({NUMBER})}, [False, False]),
        ({"status": "inactive", "id": ""}, {"id": ""}, [True, True]),
        ({"status": "inactive"}, {"id": "c2"}, [False, True]),
        ({"status": "inactive"}, {"root": None}, [False, True]),
        ({"status": "inactive"}, {"provision": deny()}, [False, True]),
    ],
)  # fmt: skip
def test_which_of_two_still_stand(one: dict[str, Any], other: dict[str, Any], stands: list[bool]) -> None:
    items = [compiled(**one), compiled(**other)]
    left = [item.consent for item in standing(items)]
    assert [item.consent in left for item in items] == stands


def test_a_revocation_leaves_of_a_deny_what_narrows_and_nothing_that_it_opens() -> None:
    revoked, denying = (
        compiled(status="inactive", version="x"),
        compiled(provision=deny(provision=[permit()])),
    )
    left = {item.consent.status: item.opens_sender for item in standing([revoked, denying])}
    assert left["active"] is False
    faulty = Registered(replace(compiled().consent, faults=unreadable().faults), True)
    assert [item.opens_sender for item in standing([revoked, faulty]) if item.consent.faults] == [False]


def test_consents_of_which_none_is_revoked_or_repeated_all_stand() -> None:
    items = [compiled(), compiled(id="c2"), compiled(id="c3", status="draft")]
    assert list(standing(items)) == items
    assert list(standing([])) == []


@pytest.mark.parametrize(
    ("made", "everywhere"),
    [
        (block(), True),
        (consent(deny()), False),
        (consent(deny(), agreement=None), True),
        (consent(agreement=None), False),
        (consent(permit(provision=[deny()]), agreement=None), True),
        (consent(permit(documentType=[]), agreement=None), True),
        (consent(permit(documentType=[])), False),
        (None, True),
    ],
)
def test_what_narrows_every_agreement(made: object, everywhere: bool) -> None:
    assert compile_consent(made).is_everywhere is everywhere
