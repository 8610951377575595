"""The one maker of releases."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, fields, replace
from datetime import timedelta
from pathlib import Path

import pytest

import adapter
from adapter.gate.decision import decide
from adapter.gate.enforce import ReleasedBundle, ReleaseRefused, enforce
from adapter.gate.rules import release_rules
from tests.gate.builders import (
    IFO,
    NOW,
    PERSON,
    PSYKIATRI,
    Json,
    audit,
    care_plan,
    consent,
    deny,
    patient,
    registered,
    request,
)


def made_of(
    *records: Json, consents: list[Json] | None = None, protection: frozenset[str] = frozenset()
) -> ReleasedBundle:
    asked = request()
    decision = decide(asked, registered([consent()] if consents is None else consents))
    return enforce(decision, records, request=asked, rules=release_rules(), protection=protection)


def test_a_release_says_to_whom_for_whom_and_on_what() -> None:
    release = made_of(audit("1"), {"resourceType": "Basic", "id": "2"})
    assert [resource["id"] for resource in release.resources] == ["1"]
    assert (release.sender_unit, release.recipient_unit, release.person) == (IFO, PSYKIATRI, PERSON)
    assert (release.released_at, release.withheld, release.alerts) == (NOW, ("Basic/2",), ())
    assert release.decision.consents == (("c1", "1"),)


@pytest.mark.parametrize(
    ("consents", "code"),
    [
        ([], "no-consent"),
        ([consent(deny())], "consent-denies"),
        ([{"resourceType": "Basic"}], "consent-unreadable"),
    ],
)
def test_no_permit_no_release(consents: list[Json], code: str) -> None:
    with pytest.raises(ReleaseRefused) as refusal:
        made_of(audit(), consents=consents)
    assert refusal.value.code == code


def test_a_decision_of_another_request_releases_nothing() -> None:
    asked = request()
    decision = decide(asked, registered([consent()]))
    later = replace(asked, at=NOW + timedelta(minutes=1))
    with pytest.raises(ReleaseRefused) as refusal:
        enforce(decision, [audit()], request=later, rules=release_rules(), protection=frozenset())
    assert refusal.value.code == "decision-of-another-request"


def test_a_plan_without_its_own_consent_is_refused_by_that_name() -> None:
    with pytest.raises(ReleaseRefused, match="sip-consent-missing"):
        made_of(patient(), care_plan(status="active"))


def test_free_text_of_a_protected_person_is_refused_by_that_name() -> None:
    with pytest.raises(ReleaseRefused, match="protected-identity"):
        made_of(care_plan(description="Bor på Storgatan"), protection=frozenset({"sekretessmarkering"}))


def test_nothing_to_release_is_no_refusal() -> None:
    assert made_of().resources == ()


def test_nobody_else_makes_a_release() -> None:
    genuine = made_of(audit())
    values = {field.name: getattr(genuine, field.name) for field in fields(genuine)}
    with pytest.raises(TypeError):
        ReleasedBundle(**values)
    with pytest.raises(TypeError, match="made by enforce only"):
        ReleasedBundle(**values, maker=object())
    with pytest.raises((TypeError, ValueError)):
        replace(genuine, person=PERSON)  # type: ignore[call-arg]
    with pytest.raises(FrozenInstanceError):
        genuine.resources = ()  # type: ignore[misc]


def test_a_copy_is_as_frozen_and_its_resources_are_its_own() -> None:
    genuine = made_of(audit("1"))
    twin = pickle.loads(pickle.dumps(genuine))  # noqa: S301  # our own bytes
    assert copy.deepcopy(genuine) == twin == genuine
    assert twin.resources[0] is not genuine.resources[0]


def test_only_enforce_mentions_the_makers_token_and_calls_the_constructor() -> None:
    root = Path(adapter.__path__[0]).parent
    sources = [path for room in ("adapter", "connectors", "tests") for path in (root / room).rglob("*.py")]
    elsewhere = {path for path in sources if path.parts[-3:] != ("adapter", "gate", "enforce.py")}
    assert len(sources) > len(elsewhere) > 100
    for path in elsewhere - {Path(__file__)}:
        text = path.read_text("utf-8")
        assert "_MAKER" not in text, path
        assert "ReleasedBundle(" not in text.replace("class ReleasedBundle(", ""), path
