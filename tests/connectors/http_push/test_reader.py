"""Every kind in both forms is one tree; everything wrong is named at once, and never by its value."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from adapter.domain.errors import InputError
from adapter.domain.identity import (
    HSA_ID,
    ORGANISATIONSNUMMER,
    PERSONNUMMER,
    RESERVNUMMER,
    Identifier,
    PersonId,
)
from adapter.domain.records import RecordType
from adapter.exchange.ports import Act, Arrival
from connectors.http_push.serialize import CONTENT_TYPES, serialize
from tests.connectors.http_push.samples import (
    BACK_NAMES,
    JSON,
    NAMES,
    XML,
    changed,
    example,
    example_bytes,
    issues_of,
    reader,
)


def arrival_of(tree: Any) -> Arrival:
    return reader().read(json.dumps(tree).encode(), JSON)


@pytest.mark.parametrize("name", NAMES)
def test_both_forms_of_an_example_are_the_same_arrival(name: str) -> None:
    from_json = reader().read(example_bytes(f"{name}.json"), JSON)
    from_xml = reader().read(example_bytes(f"{name}.xml"), XML)
    assert from_json == from_xml
    assert from_json.record.tree == example(name)


@pytest.mark.parametrize("name", [*NAMES, *(f"{name}.expected" for name in BACK_NAMES)])
def test_what_is_serialised_reads_as_the_same_tree_in_both_forms(name: str) -> None:
    tree = example(name)
    for form, content_type in CONTENT_TYPES.items():
        body = serialize(tree, form)
        assert reader().read(body, content_type).record.tree == tree
        assert serialize(tree, form) == body


def test_the_envelope_of_a_plan() -> None:
    arrival = reader().read(example_bytes("sip.json"), JSON)
    assert (arrival.event, arrival.act, arrival.control_id) == ("sip", Act.RECORD, "alingsas-2026-000107")
    assert arrival.sender == Identifier(ORGANISATIONSNUMMER, "2120001553")
    assert arrival.unit == Identifier(HSA_ID, "SE2120001553-1001")
    assert arrival.person == PersonId(PERSONNUMMER, "191212121212")
    assert arrival.record_types == {RecordType.SIP}
    assert arrival.record_key == "SIP-2026-0042"
    assert arrival.sent_at == datetime(2026, 11, 16, 8, 12, tzinfo=UTC)
    assert arrival.source_application == ""


@pytest.mark.parametrize(
    ("name", "act", "record_types", "record_key"),
    [
        ("person", Act.RECORD, {RecordType.PERSON}, None),
        ("consent", Act.CONSENT, set(), "S-2026-0017"),
        ("screening", Act.RECORD, {RecordType.AUDIT}, "SCR-2026-0099"),
        ("screening.dudit", Act.RECORD, {RecordType.DUDIT}, "SCR-2026-0100"),
        ("enrolment", Act.ENROLMENT, {RecordType.ENROLMENT}, "INS-2026-0008"),
    ],
)
def test_each_kind_has_its_act_record_types_and_record_key(
    name: str, act: Act, record_types: set[RecordType], record_key: str | None
) -> None:
    arrival = arrival_of(example(name))
    assert (arrival.act, set(arrival.record_types), arrival.record_key) == (act, record_types, record_key)


@pytest.mark.parametrize(
    ("name", "flags", "protection"),
    [
        ("person", None, frozenset()),
        ("person", ["skyddadFolkbokforing"], frozenset({"skyddadFolkbokforing"})),
        ("sip", None, None),
        ("sip", ["sekretessmarkering"], frozenset({"sekretessmarkering"})),
    ],
)
def test_only_a_person_message_says_that_there_is_no_protection(
    name: str, flags: list[str] | None, protection: frozenset[str] | None
) -> None:
    tree = changed(name, lambda tree: tree["person"].update({"skydd": flags} if flags else {}))
    assert arrival_of(tree).protection == protection


def test_a_ten_digit_number_and_a_reserve_number_are_read() -> None:
    short = changed("screening", lambda tree: tree["person"].update(id="121212+1212"))
    reserve = changed(
        "screening", lambda tree: tree["person"].update(id="20210325K069", idSystem="1.2.752.74.9.1")
    )
    assert arrival_of(short).person == PersonId(PERSONNUMMER, "191212121212")
    assert arrival_of(reserve).person == PersonId(RESERVNUMMER, "20210325K069")


def put(path: str, value: Any) -> Callable[[Any], None]:
    """Sets the field at a path of names and list places; ``...`` as value takes it away."""

    def change(tree: Any) -> None:
        *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
        for step in way:
            tree = tree[step]
        if value is ...:
            del tree[last]
        else:
            tree[last] = value

    return change


WRONG_CHECK_DIGIT = "191212121212"[:-1] + "3"
FAULTS = [
    ("sip", "kind", "plan", "kind", "unknown-code"),
    ("sip", "messageId", ..., "messageId", "required"),
    ("sip", "messageId", "a b", "messageId", "malformed"),
    ("sip", "messageId", "a\n", "messageId", "malformed"),
    ("sip", "messageId", "a" * 65, "messageId", "too-long"),
    ("sip", "skapad", "2026-11-16T09:12:00", "skapad", "malformed"),
    ("sip", "skapad", "2026-13-16T09:12:00Z", "skapad", "malformed"),
    ("sip", "extra", "x", "extra", "unknown-field"),
    ("sip", "consent", {}, "consent", "unknown-field"),
    ("sip", "sip", ..., "sip", "required"),
    ("sip", "person.namn", {"efternamn": "Tolvansson"}, "person.namn", "unknown-field"),
    ("sip", "person.id", WRONG_CHECK_DIGIT, "person.id", "identity-check-digit"),
    ("sip", "person.id", "1912-12-12", "person.id", "identity-malformed"),
    ("sip", "person.idSystem", "1.2.3", "person.idSystem", "identity-system-unknown"),
    ("sip", "avsandare.organisation", "2120001554", "avsandare.organisation", "organization-id-check-digit"),
    ("sip", "avsandare.enhet", "1001", "avsandare.enhet", "malformed"),
    ("sip", "sip.version", 0, "sip.version", "out-of-range"),
    ("sip", "sip.version", True, "sip.version", "wrong-type"),
    ("sip", "sip.version", "2", "sip.version", "wrong-type"),
    ("sip", "sip.problem", " ", "sip.problem", "malformed"),
    ("sip", "sip.problem", "\0", "sip.problem", "malformed"),
    ("sip", "sip.problem", "x" * 4001, "sip.problem", "too-long"),
    ("sip", "sip.mal", [], "sip.mal", "too-few"),
    ("sip", "sip.mal.0.text", ..., "sip.mal[0].text", "required"),
    ("sip", "sip.mal.0.malDatum", "2027-02-30", "sip.mal[0].malDatum", "malformed"),
    ("sip", "sip.mal.1.malId", "m1", "sip.mal[1].malId", "duplicate-id"),
    ("sip", "sip.insatser.1.insatsId", "i1", "sip.insatser[1].insatsId", "duplicate-id"),
    ("sip", "sip.insatser.0.malId.0", "m9", "sip.insatser[0].malId[0]", "unknown-reference"),
    ("sip", "sip.ersatter", "SIP-2026-0042", "sip.ersatter", "replaces-itself"),
    ("sip", "sip.period.slut", "2026-11-15", "sip.period.slut", "period-reversed"),
    ("sip", "sip.samordnare", [{}] * 3, "sip.samordnare", "too-many"),
    ("sip", "sip.insatser.0.ansvarigEnhet", {}, "sip.insatser[0].ansvarigEnhet", "empty"),
    ("consent", "consent.period.slut", ..., "consent.period.slut", "required"),
    ("consent", "consent.period", ..., "consent.period", "required"),
    ("consent", "consent.mottagare", ..., "consent.mottagare", "required"),
    ("consent", "consent.andamal.0", "ETREAT", "consent.andamal[0]", "unknown-code"),
    ("consent", "consent.mottagare.0", {"enhetsnamn": "IFO"}, "consent.mottagare[0]", "required"),
    ("consent", "consent.undantag.0", {}, "consent.undantag[0]", "empty"),
    ("screening", "screening.summa", 18, "screening.summa", "total-not-the-sum"),
    ("screening", "screening.summa", 45, "screening.summa", "out-of-range"),
    ("screening", "screening.svar.8.poang", 3, "screening.svar[8].poang", "score-not-allowed"),
    ("screening", "screening.svar.9", ..., "screening.svar[fraga=10]", "item-missing"),
    ("screening", "screening.svar.9.fraga", 1, "screening.svar[9].fraga", "duplicate-id"),
    ("screening", "screening.svar.9.fraga", 11, "screening.svar[9].poang", "item-unknown"),
    ("person", "person.namn", ..., "person.namn", "required"),
    ("person", "person.skydd", ["hemlig"], "person.skydd[0]", "unknown-code"),
    ("enrolment", "enrolment.datum", "2026-1-1", "enrolment.datum", "malformed"),
]


@pytest.mark.parametrize(("name", "path", "value", "faulty", "code"), FAULTS)
def test_a_faulty_field_is_named_by_path_and_code(
    name: str, path: str, value: Any, faulty: str, code: str
) -> None:
    assert (faulty, code) in issues_of(lambda: arrival_of(changed(name, put(path, value))))


@pytest.mark.parametrize(
    ("path", "value", "faulty", "code"),
    [
        ("sip.problem", ..., "sip.problem", "sip-content-1"),
        ("sip.mal.0.horisont", "lang", "sip.mal", "sip-content-1"),
        ("sip.mal.1.horisont", "kort", "sip.mal", "sip-content-1"),
        ("sip.insatser.1.ansvarig", "kommun", "sip.insatser", "sip-content-2"),
        (
            "sip.insatser.1.ansvarigEnhet",
            {"enhetsnamn": "Psykiatrin"},
            "sip.insatser[1].ansvarigEnhet",
            "sip-content-2",
        ),
        ("sip.insatser.2.ansvarigEnhet", ..., "sip.insatser[2].ansvarigEnhet", "sip-content-3"),
        ("sip.insatserAvAndra", ..., "sip.insatserAvAndra", "sip-content-3"),
        ("sip.insatserAvAndra", False, "sip.insatserAvAndra", "sip-content-3"),
        ("sip.huvudansvar", ..., "sip.huvudansvar", "sip-content-4"),
        ("sip.samordnare", ..., "sip.samordnare", "sip-content-5"),
    ],
)
def test_an_active_plan_without_one_of_the_five_contents_is_refused(
    path: str, value: Any, faulty: str, code: str
) -> None:
    tree = changed("sip", put(path, value))
    assert issues_of(lambda: arrival_of(tree)) == {(faulty, code)}
    tree["sip"]["status"] = "utkast"
    assert arrival_of(tree).event == "sip"


def test_an_empty_active_plan_lacks_all_five_contents_at_once() -> None:
    tree = changed("sip.draft", put("sip.status", "aktiv"))
    del tree["sip"]["problem"]
    codes = {code for _, code in issues_of(lambda: arrival_of(tree))}
    assert codes == {f"sip-content-{number}" for number in range(1, 6)}


def several_faults(tree: Any) -> None:
    for change in (
        put("person.id", WRONG_CHECK_DIGIT),
        put("sip.version", "two"),
        put("sip.mal.0.text", ...),
        put("sip.mal.1.horisont", "evig"),
        put("sip.insatser.0.period.slut", "2026-11-01"),
        put("sip.huvudansvar", ...),
        put("avsandare.organisation", "2120001554"),
        put("sip.mal.0.anteckning", "Hemligt"),
    ):
        change(tree)


ALL_FAULTS = {
    ("person.id", "identity-check-digit"),
    ("sip.version", "wrong-type"),
    ("sip.mal[0].text", "required"),
    ("sip.mal[1].horisont", "unknown-code"),
    ("sip.insatser[0].period.slut", "period-reversed"),
    ("sip.huvudansvar", "sip-content-4"),
    ("avsandare.organisation", "organization-id-check-digit"),
    ("sip.mal[0].anteckning", "unknown-field"),
}


def test_every_fault_is_named_at_once_and_none_that_follows_from_another() -> None:
    assert issues_of(lambda: arrival_of(changed("sip", several_faults))) == ALL_FAULTS


def test_xml_names_the_same_faults_by_the_same_paths() -> None:
    body = example_bytes("sip.xml").decode()
    for old, new in (
        ("<id>191212121212</id>", f"<id>{WRONG_CHECK_DIGIT}</id>"),
        ("<version>2</version>", "<version>two</version>"),
        ("<text>Nykter vardag i tre månader</text>", "<anteckning>Hemligt</anteckning>"),
        ("<horisont>lang</horisont>", "<horisont>evig</horisont>"),
        (
            "<start>2026-11-20</start>\n        <slut>2027-05-31</slut>",
            "<start>2026-11-20</start><slut>2026-11-01</slut>",
        ),
        (
            "<organisation>2120001553</organisation>\n    <enhet>",
            "<organisation>2120001554</organisation>\n    <enhet>",
        ),
    ):
        assert old in body
        body = body.replace(old, new, 1)
    before, rest = body.split("<huvudansvar>")
    body = before + rest.split("</huvudansvar>")[1]
    assert issues_of(lambda: reader().read(body.encode(), XML)) == ALL_FAULTS


def test_a_refusal_carries_no_value_and_no_name_that_could_be_one() -> None:
    tree = changed("sip", put("191212121212", "Hemligt"))
    tree["sip"]["problem"] = 191212121212
    with pytest.raises(InputError) as refused:
        arrival_of(tree)
    assert "1912" not in str(refused.value)
    assert "Hemligt" not in str(refused.value)
    assert {issue.path for issue in refused.value.issues} == {"*", "sip.problem"}


@pytest.mark.parametrize("body", [b"[]", b"1", b'"text"', b"null"])
def test_json_that_is_no_object_is_refused(body: bytes) -> None:
    assert issues_of(lambda: reader().read(body, JSON)) == {("", "wrong-type")}


def test_the_faults_that_are_named_are_bounded() -> None:
    tree = changed("sip", lambda tree: tree["sip"].update(mal=[{}] * 50))
    with pytest.raises(InputError) as refused:
        reader(max_issues=7).read(json.dumps(tree).encode(), JSON)
    assert len(refused.value.issues) == 7


def test_a_list_that_is_too_long_is_refused_without_judging_its_items() -> None:
    tree = changed("sip", lambda tree: tree["sip"].update(mal=["x"] * 51))
    assert issues_of(lambda: arrival_of(tree)) == {("sip.mal", "too-many")}


@pytest.mark.parametrize(
    "needless",
    ["lamnarUt", "mottagare", "uppgifter", "andamal", "period", "undantag"],
)
def test_a_revocation_needs_no_terms(needless: str) -> None:
    tree = changed("consent", put("consent.atgard", "aterkallat"))
    del tree["consent"][needless]
    assert arrival_of(tree).act is Act.CONSENT
