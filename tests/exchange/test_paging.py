"""The token of a page opens for whom it was made, for what it was made, as long as it is good; it tells nothing."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from adapter.domain.errors import InputError
from adapter.domain.identity import HSA_ID, ORGANISATIONSNUMMER, Identifier
from adapter.domain.requester import Requester
from adapter.exchange.paging import LIFETIME, Continuation, Paging
from adapter.fhir.pages import Cursor
from adapter.store.keys import Keyring
from tests.exchange.bodies import TOLVAN

NOW: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEYRING: Final = Keyring(b"k" * 32)
ASKS: Final = Requester(
    client_id="region",
    organization=Identifier(ORGANISATIONSNUMMER, "2321000131"),
    unit=Identifier(HSA_ID, "SE2321000131-E0101"),
    practitioner=None,
    roles=(),
    purposes=("TREAT",),
    scopes=frozenset(),
    jti="1",
)
GOING_ON: Final = Continuation(
    [("patient.identifier", TOLVAN), ("_count", "5")], Cursor("next", (None, "2026", "a"))
)


def paging(at: datetime = NOW, keyring: Keyring = KEYRING) -> Paging:
    return Paging(keyring, lambda: at)


TOKEN: Final = paging().token(ASKS, "CarePlan", GOING_ON)


def test_it_opens_for_the_same_requester_with_another_token() -> None:
    assert paging().opened(TOKEN, replace(ASKS, jti="2"), "CarePlan") == GOING_ON
    assert paging(NOW + LIFETIME - timedelta(seconds=1)).opened(TOKEN, ASKS, "CarePlan") == GOING_ON


@pytest.mark.parametrize(
    ("asks", "resource_type", "token", "at", "keyring"),
    [
        (replace(ASKS, client_id="stranger"), "CarePlan", TOKEN, NOW, KEYRING),
        (replace(ASKS, unit=Identifier(HSA_ID, "SE2321000131-E0102")), "CarePlan", TOKEN, NOW, KEYRING),
        (replace(ASKS, unit=None), "CarePlan", TOKEN, NOW, KEYRING),
        (
            replace(ASKS, practitioner=Identifier(HSA_ID, "SE2321000131-P0001")),
            "CarePlan",
            TOKEN,
            NOW,
            KEYRING,
        ),
        (
            replace(ASKS, organization=Identifier(ORGANISATIONSNUMMER, "2120001553")),
            "CarePlan",
            TOKEN,
            NOW,
            KEYRING,
        ),
        (ASKS, "Goal", TOKEN, NOW, KEYRING),
        (ASKS, "CarePlan", TOKEN, NOW + LIFETIME, KEYRING),
        (ASKS, "CarePlan", TOKEN, NOW, Keyring(b"o" * 32)),
        (ASKS, "CarePlan", TOKEN[:-8], NOW, KEYRING),
        (ASKS, "CarePlan", "", NOW, KEYRING),
        (ASKS, "CarePlan", "\u00e5", NOW, KEYRING),
    ],
)
def test_any_other_is_gone_and_all_alike(
    asks: Requester, resource_type: str, token: str, at: datetime, keyring: Keyring
) -> None:
    with pytest.raises(InputError) as caught:
        paging(at, keyring).opened(token, asks, resource_type)
    assert caught.value.status == 410
    assert [(issue.path, issue.code) for issue in caught.value.issues] == [("http._page", "page-expired")]


def test_it_tells_neither_whom_nor_where() -> None:
    other = Continuation([("patient.identifier", "189002029800")], Cursor("previous", ("2026-01-01", "bb")))
    assert len(paging().token(ASKS, "CarePlan", other)) == len(TOKEN)
    assert paging().token(ASKS, "CarePlan", GOING_ON) != TOKEN
    assert TOLVAN.encode() not in base64.urlsafe_b64decode(TOKEN)
