"""What the gate keeps back leaves no trace in what it releases, nor in how it refuses."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.gate.decision import decide
from adapter.gate.enforce import ReleaseRefused, enforce
from adapter.gate.release import Filtered
from adapter.gate.rules import release_rules
from tests.gate.builders import (
    OTHER_PERSON,
    Json,
    audit,
    care_plan,
    confidentiality,
    consent,
    data,
    decided,
    deny,
    dudit,
    goal,
    patient,
    permit,
    record_types,
    reference,
    registered,
    request,
)
from tests.gate.filtering import filtered

WITHOUT_EFFECT = [
    consent(status="inactive"),
    consent(permit(period={"end": "2024-06-02"})),
    consent(category="sip-plan"),
    consent(agreement="https://example.org/avtal/lerum"),
    consent(person=OTHER_PERSON),
]


@pytest.mark.parametrize("given_consent", WITHOUT_EFFECT)
def test_who_has_no_consent_that_counts_is_decided_as_one_whom_nobody_knows(given_consent: Json) -> None:
    assert repr(decided(given_consent)) == repr(decided())


@pytest.mark.parametrize("given_consent", [*WITHOUT_EFFECT, consent(deny()), {"resourceType": "Patient"}])
def test_a_refusal_holds_its_code_and_nothing_else(given_consent: Json) -> None:
    asked = request()
    decision = decide(asked, registered([given_consent]))
    with pytest.raises(ReleaseRefused) as refusal:
        enforce(decision, [audit()], request=asked, rules=release_rules(), protection=frozenset())
    assert vars(refusal.value) == {"code": decision.reason}
    assert refusal.value.args == (decision.reason,)


def marked(kind: Any, number: int, links: list[Json]) -> Json:
    """A record of which id, identifier and text are told apart from every other's; ``links`` stand where the type refers."""
    own: Json = {"identifier": [{"system": "urn:s", "value": f"key-{number}"}]}
    match kind:
        case "CarePlan":
            own |= {"description": f"text-{number}", "goal": links, "activity": [{"reference": links[0]}]}
            return care_plan(f"id-{number}", **own)
        case "Goal":
            own |= {"description": {"text": f"text-{number}"}, "expressedBy": links[0]}
            return goal(f"id-{number}", **own)
        case "Task":
            task = {"resourceType": "Task", "id": f"id-{number}", "status": "draft", "intent": "plan"}
            return task | own | {"description": f"text-{number}", "focus": links[0], "basedOn": links}
        case _:
            own |= {"note": [{"text": f"text-{number}"}], "performer": links}
            return (audit if kind == "AUDIT" else dudit)(f"id-{number}", **own)


links = st.builds(
    lambda form, kind, number: form(kind, number),
    st.sampled_from(
        [
            lambda kind, number: {"reference": f"{kind}/id-{number}"},
            lambda kind, number: {"reference": f"https://x.example.org/fhir/{kind}/id-{number}"},
            lambda kind, number: {"reference": f"{kind}/id-{number}/_history/1"},
            lambda _, number: {"reference": f"urn:uuid:id-{number}"},
            lambda _, number: {"reference": f"#id-{number}", "display": "Mål"},
            lambda kind, number: {"type": kind, "identifier": {"system": "urn:s", "value": f"key-{number}"}},
        ]
    ),
    st.sampled_from(["CarePlan", "Goal", "Task", "Observation"]),
    st.integers(0, 5),
)


SPOILT: list[Json] = [{}, {}, {"subject": reference(OTHER_PERSON)}, {"modifierExtension": [{"url": "x"}]}]


@st.composite
def records(draw: st.DrawFn) -> list[Json]:
    kinds = st.lists(st.sampled_from(["CarePlan", "Goal", "Task", "AUDIT", "DUDIT"]), min_size=1, max_size=6)
    made = [
        marked(kind, number, draw(st.lists(links, min_size=1, max_size=3)))
        for number, kind in enumerate(draw(kinds))
    ]
    made[0] |= draw(st.sampled_from(SPOILT))
    return [patient(), *made]


NARROWINGS = [
    permit(provision=[deny(code=record_types("SIP"))]),
    permit(provision=[deny(code=record_types("AUDIT"))]),
    permit(provision=[deny(securityLabel=confidentiality("R"))]),
    permit(provision=[deny(data=data("instance", "Goal/id-1") + data("instance", "CarePlan/id-0"))]),
    permit(dataPeriod={"start": "2024", "end": "2024"}),
    permit(data=data("related", "CarePlan/id-0")),
    permit(code=record_types("SIP", "person")),
    permit(),
]


@given(records(), st.sampled_from(NARROWINGS))
@settings(deadline=None, max_examples=300)
def test_what_is_withheld_is_named_nowhere_in_what_is_released(found: list[Json], provision: Json) -> None:
    result = filtered(found, consent(provision))
    text = orjson.dumps(result.resources).decode()
    for item in result.withheld:
        number = item.reference.rpartition("-")[2]
        if item.reference.startswith("Patient/"):
            continue
        assert f"text-{number}" not in text
        assert f"key-{number}" not in text
        assert item.reference not in text
        assert f"urn:uuid:id-{number}" not in text
        assert f"#id-{number}" not in text


@given(records(), st.sampled_from(NARROWINGS))
@settings(deadline=None)
def test_filtering_again_never_releases_more(found: list[Json], provision: Json) -> None:
    once = filtered(found, consent(provision))
    again = filtered(once.resources, consent(provision))
    released = {(item["resourceType"], item["id"]) for item in once.resources}
    assert {(item["resourceType"], item["id"]) for item in again.resources} <= released


@given(records(), st.sampled_from(NARROWINGS), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_the_records_does_not_matter(found: list[Json], provision: Json, random: Any) -> None:
    def told(result: Filtered) -> object:
        return sorted(map(orjson.dumps, result.resources)), sorted(map(repr, result.withheld)), result.alerts

    shuffled = list(found)
    random.shuffle(shuffled)
    assert told(filtered(shuffled, consent(provision))) == told(filtered(found, consent(provision)))
