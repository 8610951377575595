"""What holds for every Consent, however it is shaped."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.gate.consent import compile_consent
from adapter.gate.decision import Verdict, decide
from tests.gate.builders import (
    NOW,
    PSYKIATRI,
    REGION,
    UNRESOLVABLE,
    VARDCENTRAL,
    Json,
    actor,
    audit,
    block,
    care_plan,
    confidentiality,
    consent,
    data,
    decided,
    dudit,
    goal,
    patient,
    purposes,
    record_types,
    registered,
    request,
)
from tests.gate.filtering import filtered_by

RECORDS = [patient(), care_plan("1", goal=[{"reference": "Goal/1"}]), goal("1"), audit("1"), dudit("2")]

json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.sampled_from(["permit", "deny", "active", "2024", "Consent", "#o", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "coding", "system", "code", "reference", "identifier", "provision", "url"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)

elements = st.fixed_dictionaries(
    {},
    optional={
        "actor": st.lists(
            st.sampled_from([actor(REGION), actor(PSYKIATRI), actor(VARDCENTRAL), UNRESOLVABLE]),
            min_size=1,
            max_size=2,
        ),
        "purpose": st.sampled_from(
            [purposes("TREAT"), purposes("HQUALIMP"), purposes("TREAT", "COC"), [{"code": "TREAT"}]]
        ),
        "code": st.sampled_from([record_types("SIP"), record_types("AUDIT", "DUDIT"), record_types("LAB")]),
        "period": st.sampled_from([{"end": "2024-06-03"}, {"start": "2024-06-04"}, {"end": "2024-06-02"}]),
        "dataPeriod": st.sampled_from([{"start": "2022", "end": "2022"}, {"start": "2024"}]),
        "securityLabel": st.sampled_from([confidentiality("R"), confidentiality("N")]),
        "data": st.sampled_from(
            [data("instance", "CarePlan/1"), data("related", "CarePlan/1"), data("dependents", "Goal/1")]
        ),
    },
)


@st.composite
def provisions(draw: st.DrawFn) -> Json:
    root, other = draw(st.sampled_from([("permit", "deny"), ("deny", "permit")]))
    nested = [{"type": other} | inner for inner in draw(st.lists(elements, max_size=2))]
    return {"type": root} | draw(elements) | ({"provision": nested} if nested else {})


@st.composite
def consents(draw: st.DrawFn) -> Json:
    made = consent(draw(provisions()), id=draw(st.sampled_from(["c1", "c2", "c3"])))
    made["meta"] = {"versionId": draw(st.sampled_from(["1", "2"]))}
    made["status"] = draw(st.sampled_from(["active"] * 6 + ["inactive", "?"]))
    return made


def passed(resources: list[Any]) -> set[str]:
    """What those Consents let through of the records."""
    decision = decided(*resources)
    if decision.verdict is not Verdict.PERMIT:
        return set()
    result = filtered_by(decision, RECORDS)
    return {f"{item['resourceType']}/{item['id']}" for item in result.resources}


@given(json, st.sampled_from(sorted(consent())))
@settings(deadline=None)
def test_garbage_in_any_element_never_crashes_and_never_widens(garbage: Any, name: str) -> None:
    broken = consent() | {name: garbage}
    compile_consent(broken)
    assert passed([broken]) <= passed([consent()])


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "type",
                "actor",
                "purpose",
                "code",
                "class",
                "data",
                "period",
                "dataPeriod",
                "action",
                "securityLabel",
                "provision",
            ]
        ),
        json,
    )
)
@settings(deadline=None)
def test_garbage_in_a_provision_never_crashes_and_never_permits_beside_a_block(provision: Json) -> None:
    assert decided(consent(provision), block()).verdict is not Verdict.PERMIT


@given(json)
@settings(deadline=None)
def test_garbage_instead_of_a_consent_never_permits(garbage: Any) -> None:
    assert decided(garbage, consent()).verdict is Verdict.INDETERMINATE
    assert decided(garbage).verdict is Verdict.INDETERMINATE


@given(st.integers(2, 60))
@settings(deadline=None)
def test_nesting_is_indeterminate_at_every_depth(depth: int) -> None:
    provision: Json = {"type": "permit"}
    for level in range(depth):
        provision = {"type": "permit" if level % 2 else "deny", "provision": [provision]}
    assert decided(consent(provision)).verdict is Verdict.INDETERMINATE


@given(st.lists(consents(), max_size=4), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_order_never_matters(several: list[Json], random: Any) -> None:
    shuffled = list(several)
    random.shuffle(shuffled)
    one, other = decided(*shuffled), decided(*several)
    assert (one, one.obligations) == (other, other.obligations)
    assert passed(shuffled) == passed(several)


@given(st.lists(consents(), min_size=1, max_size=3), provisions())
@settings(deadline=None)
def test_another_consent_without_a_permit_in_it_never_widens(several: list[Json], provision: Json) -> None:
    deny = {key: value for key, value in provision.items() if key != "provision"} | {"type": "deny"}
    assert passed([*several, consent(deny, id="c9")]) <= passed(several)


@given(
    st.lists(consents(), min_size=1, max_size=3),
    st.sampled_from(["documentType", "resourceType", "controller"]),
)
@settings(deadline=None)
def test_an_unknown_element_never_widens(several: list[Json], name: str) -> None:
    first, *rest = several
    planted = first | {"provision": first["provision"] | {name: [{}]}}
    assert passed([planted, *rest]) <= passed(several)


@given(provisions(), elements)
@settings(deadline=None)
def test_one_more_exception_to_a_permit_never_widens(provision: Json, exception: Json) -> None:
    if provision["type"] == "permit":
        nested = [*provision.get("provision", []), {"type": "deny"} | exception]
        assert passed([consent(provision | {"provision": nested})]) <= passed([consent(provision)])


@given(st.lists(consents(), max_size=3))
@settings(deadline=None)
def test_a_registrar_who_may_not_open_permits_nothing(several: list[Json]) -> None:
    assert decide(request(), registered(several, opens_sender=False)).verdict is not Verdict.PERMIT


@given(st.integers(-3 * 86_400, 3 * 86_400))
@settings(deadline=None)
def test_time_flips_a_verdict_only_at_the_periods_edge(seconds: int) -> None:
    at = NOW + timedelta(seconds=seconds)
    inside = NOW.replace(day=2, hour=22) <= at < NOW.replace(day=4, hour=22)
    verdict = decided(
        consent({"type": "permit", "period": {"start": "2024-06-03", "end": "2024-06-04"}}), at=at
    ).verdict
    assert (verdict is Verdict.PERMIT) == inside
