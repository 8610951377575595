"""The envelope of the three events: what goes into an Arrival, and what is refused where."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.errors import InputError
from adapter.domain.identity import HSA_ID, PERSONNUMMER, SAMORDNINGSNUMMER, Identifier, PersonId
from adapter.domain.records import RecordType
from adapter.exchange.ports import Act, Reader
from adapter.mapping.hl7v2 import field
from connectors.hl7v2_mllp.reader import CONTENT_TYPE, Hl7Reader
from tests.connectors.hl7v2_mllp import messages
from tests.connectors.hl7v2_mllp.messages import OTHER_PERSON, PERSON, a31, a40, message, oru

TOLVAN = PersonId(PERSONNUMMER, "191212121212")
WRONG = f"{TOLVAN.value[:-1]}3"


def clock() -> datetime:
    return datetime(2026, 3, 1, 12, tzinfo=UTC)


READER: Reader = Hl7Reader(clock)


def faults(body: bytes, **options: Any) -> tuple[int, list[tuple[str, str]]]:
    with pytest.raises(InputError) as caught:
        Hl7Reader(clock, **options).read(body)
    return caught.value.status, [(issue.path, issue.code) for issue in caught.value.issues]


def test_a_score_becomes_an_arrival() -> None:
    arrival = READER.read(oru(), CONTENT_TYPE)
    assert (arrival.event, arrival.act) == ("ORU^R01", Act.RECORD)
    assert arrival.control_id == "MSG1"
    assert arrival.source_application == "JOURNAL|SE2321000131-E0101"
    assert arrival.sender is None
    assert arrival.unit == Identifier(HSA_ID, "SE2321000131-E0101")
    assert arrival.person == TOLVAN
    assert arrival.record_types == {RecordType.AUDIT}
    assert arrival.sent_at == datetime(2026, 3, 1, 9, 15, tzinfo=UTC)
    assert arrival.protection is None
    assert arrival.superseded is None
    assert arrival.record_key == "F-9^LAB"
    assert arrival.warnings == ()
    assert arrival.record.tree["OBR"][0]["OBX"][0]["NTE"][0]["3"] == [{"1": "Går på återbesök"}]


def test_changed_person_data_is_a_record_of_the_person() -> None:
    arrival = READER.read(a31(), CONTENT_TYPE)
    assert (arrival.event, arrival.act) == ("ADT^A31", Act.RECORD)
    assert arrival.record_types == {RecordType.PERSON}
    assert arrival.record_key is None


def test_a_merge_names_the_number_that_goes_on_and_the_one_that_ceases() -> None:
    arrival = READER.read(a40(), CONTENT_TYPE)
    assert (arrival.event, arrival.act) == ("ADT^A40", Act.MERGE)
    assert arrival.person == TOLVAN
    assert arrival.superseded == PersonId(SAMORDNINGSNUMMER, "196109732393")
    assert arrival.record_types == frozenset()


@pytest.mark.parametrize(
    ("pid_3", "value"),
    [
        (PERSON, "191212121212"),
        ("191212121212^^^&urn:oid:1.2.752.129.2.1.3.1&URI", "191212121212"),
        ("19121212-1212^^^1.2.752.129.2.1.3.1", "191212121212"),
        ("121212+1212^^^SKV^NNSWE", "191212121212"),
        ("196109732393^^^SKV^PN", "196109732393"),
        (f"4711^^^JOURNAL^MR~{PERSON}", "191212121212"),
        (f"196101182803^^^&1.2.3.4&ISO^MR~{PERSON}", "191212121212"),
        (f"{messages.SAMORDNINGSNUMMER}~{PERSON}", "191212121212"),
        (f"{PERSON}~{PERSON}", "191212121212"),
        ("4711~191212121212", "191212121212"),
        ("ABC123^^^&1.2.752.74.9.2&ISO", "ABC123"),
        (f"ABC123^^^&1.2.752.74.9.2&ISO~{messages.SAMORDNINGSNUMMER}", "196109732393"),
    ],
)
def test_the_repetition_that_is_a_personal_identity_is_chosen(pid_3: str, value: str) -> None:
    assert READER.read(oru(pid=pid_3), CONTENT_TYPE).person.value == value


@pytest.mark.parametrize(
    ("pid_3", "code"),
    [
        ("", "required"),
        ('""', "required"),
        ("^^^&1.2.752.129.2.1.3.1&ISO", "required"),
        ("4711^^^JOURNAL^MR", "identity-system-unknown"),
        ("191212121212^^^JOURNAL^MR", "identity-system-unknown"),
        ("191212121212^^^&1.2.3.4&ISO^NNSWE", "identity-system-unknown"),
        ("1212121212", "identity-system-unknown"),
        (WRONG, "identity-check-digit"),
        (f"{WRONG}^^^SKV^NNSWE", "identity-check-digit"),
        (f"{WRONG}^^^SKV^NNSWE~{PERSON}", "identity-check-digit"),
        ("abc^^^SKV^NNSWE", "identity-malformed"),
        ("196109732393^^^&1.2.752.129.2.1.3.1&ISO", "identity-system-mismatch"),
        (f"{PERSON}~{OTHER_PERSON}", "identity-ambiguous"),
        ("191212121212~196101182803", "identity-ambiguous"),
    ],
)
def test_a_person_who_is_not_named_beyond_doubt_is_refused(pid_3: str, code: str) -> None:
    assert faults(oru(pid=pid_3)) == (422, [("PID-3", code)])


def test_both_numbers_of_a_merge_are_checked_at_once() -> None:
    assert faults(a40(pid="", mrg="4711^^^JOURNAL^MR")) == (
        422,
        [("PID-3", "required"), ("MRG-1", "identity-system-unknown")],
    )
    assert faults(a40(mrg=PERSON)) == (422, [("MRG-1", "merge-same-identity")])


@pytest.mark.parametrize(
    ("flag", "protection"),
    [("Y", frozenset({"sekretessmarkering"})), ("N", frozenset()), ("", None), ('""', None)],
)
def test_the_protection_indicator_is_kept_apart_from_silence(
    flag: str, protection: frozenset[str] | None
) -> None:
    assert READER.read(a31(pd1=flag), CONTENT_TYPE).protection == protection


def test_an_unknown_protection_indicator_refuses() -> None:
    assert faults(a31(pd1="J")) == (422, [("PD1-12", "protection-flag-unknown")])


@pytest.mark.parametrize(
    ("order", "record_types"),
    [
        ("OBR|1||F|72110-0^AUDIT^LN", {RecordType.AUDIT}),
        ("OBR|1||F|72109-2^AUDIT-C^LN", {RecordType.AUDIT}),
        ("OBR|1||F|audit-c^AUDIT-C^L", {RecordType.AUDIT}),
        ("OBR|1||F|DUDIT^Droger^L", {RecordType.DUDIT}),
        ("OBR|1||F|dudit^Droger^99LOKAL", {RecordType.DUDIT}),
        ("OBR|1||F|X1^Alkohol^99LOKAL^72110-0^AUDIT^LN", {RecordType.AUDIT}),
        ("OBR|1||F|72110-0^AUDIT^LN\rOBR|2||F|DUDIT^^L", {RecordType.AUDIT, RecordType.DUDIT}),
    ],
)
def test_the_instrument_decides_the_record_type(order: str, record_types: set[RecordType]) -> None:
    assert READER.read(oru(order=order), CONTENT_TYPE).record_types == record_types


@pytest.mark.parametrize(
    ("order", "path"),
    [
        ("OBR|1||F|75626-2^AUDIT-C^LN", "OBR-4"),
        ("OBR|1||F|DUDIT^^LN", "OBR-4"),
        ("OBR|1||F|AUDIT^^SCT", "OBR-4"),
        ("OBR|1||F", "OBR-4"),
        ("OBR|1||F|72110-0^AUDIT^LN\rOBR|2||F|4548-4^HbA1c^LN", "OBR[2]-4"),
    ],
)
def test_a_result_of_another_kind_is_refused(order: str, path: str) -> None:
    assert faults(oru(order=order)) == (422, [(path, "instrument-unknown")])


def test_a_result_without_an_order_is_refused() -> None:
    assert faults(message("ORU^R01", f"PID|||{PERSON}", "OBX|1")) == (422, [("OBR", "required")])


@pytest.mark.parametrize(
    ("order", "key"),
    [
        ("OBR|1|P-7^EPJ|F-9^^1.2.3^ISO|DUDIT", "F-9^^1.2.3^ISO"),
        ("OBR|1|P-7^EPJ||DUDIT", "P-7^EPJ"),
        ("OBR|1|||DUDIT", "MSG1"),
    ],
)
def test_a_result_is_known_by_its_order_number(order: str, key: str) -> None:
    assert READER.read(oru(order=order), CONTENT_TYPE).record_key == key


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (b"ORU^R01^ORU_R01", b"ADT^A08", ("MSH-9", "event-unsupported")),
        (b"ORU^R01^ORU_R01", b"ORU", ("MSH-9", "event-unsupported")),
        (b"ORU^R01^ORU_R01", b"", ("MSH-9", "required")),
        (b"|MSG1|", b"||", ("MSH-10", "required")),
        (b"|MSG1|", b"|" + b"1" * 200 + b"|", ("MSH-10", "control-id-too-long")),
        (b"|P|2.5", b"|T|2.5", ("MSH-11", "processing-id-unsupported")),
        (b"|P|2.5", b"||2.5", ("MSH-11", "required")),
        (b"|P|2.5", b"|P|3.0", ("MSH-12", "version-unsupported")),
        (b"|P|2.5", b"|P|", ("MSH-12", "required")),
        (b"20260301101500", b"1 mars", ("MSH-7", "timestamp-malformed")),
    ],
)
def test_a_header_that_is_not_for_us_rejects(old: bytes, new: bytes, fault: tuple[str, str]) -> None:
    assert faults(oru().replace(old, new, 1)) == (415, [fault])


def test_another_processing_id_can_be_the_channels() -> None:
    body = oru().replace(b"|P|2.5", b"|T|2.5")
    assert Hl7Reader(clock, processing_id="T").read(body).control_id == "MSG1"


def test_a_segment_that_may_be_a_refusal_refuses() -> None:
    body = message("ADT^A31", f"PID|||{PERSON}", "CON|1", "ZSP|J", "ZAB|1")
    assert faults(body, refusals=frozenset({"ZSP"})) == (422, [("CON", "refusal"), ("ZSP", "refusal")])


def test_an_unknown_z_segment_is_reported() -> None:
    body = message("ADT^A31", f"PID|||{PERSON}", "ZSP|J", "ZAB|1", "ZAB|2")
    assert Hl7Reader(clock).read(body).warnings == ("unknown-segment-ZAB", "unknown-segment-ZSP")


@pytest.mark.parametrize(
    "segment",
    [
        "ZCO|1|SAMTYCKE^N",
        "ZIN|Patienten har sp\u00e4rrat",
        "ZIN|a~b&c^Medger ej",
        "ZIN|consent withdrawn",
        "ZIN|1||||OPT-OUT",
    ],
)
def test_an_unknown_segment_that_speaks_of_consent_or_refusal_refuses(segment: str) -> None:
    body = message("ADT^A31", f"PID|||{PERSON}", segment)
    assert faults(body) == (422, [(segment[:3], "refusal")])


def test_a_second_person_in_the_message_refuses_it() -> None:
    body = message("ORU^R01", f"PID|||{PERSON}", "OBR|1|||DUDIT", f"PID|||{OTHER_PERSON}", "OBR|2|||AUDIT")
    assert faults(body) == (422, [("PID[2]", "segment-repeated")])


def test_every_fault_of_the_content_is_named_at_once() -> None:
    body = message("ORU^R01", "PID|1", "PD1" + "|" * 12 + "X", "OBR|1|||X", "ARV|1")
    assert faults(body) == (
        422,
        [
            ("ARV", "refusal"),
            ("PID-3", "required"),
            ("OBR-4", "instrument-unknown"),
            ("PD1-12", "protection-flag-unknown"),
        ],
    )


def test_only_er7_is_taken() -> None:
    with pytest.raises(InputError) as caught:
        READER.read(oru(), "application/json")
    assert caught.value.status == 415


def test_a_facility_that_is_no_hsa_id_names_no_unit() -> None:
    arrival = Hl7Reader(clock).read(oru().replace(b"SE2321000131-E0101", b"KLINIKEN", 1))
    assert arrival.unit is None
    assert arrival.source_application == "JOURNAL|KLINIKEN"


@given(st.integers(0, 400), st.binary(max_size=4), st.integers(0, 8))
def test_no_change_of_bytes_gives_another_exception(start: int, new: bytes, length: int) -> None:
    body = oru()
    try:
        arrival = READER.read(body[:start] + new + body[start + length :], CONTENT_TYPE)
    except InputError:
        return
    assert field(arrival.record.tree, "MSH-10") == arrival.control_id


def test_a_second_result_of_one_instrument_refuses_the_message() -> None:
    body = message("ORU^R01", f"PID|||{PERSON}", "OBR|1|||DUDIT", "OBR|2|||DUDIT")
    assert faults(body) == (422, [("OBR[2]-4", "instrument-repeated")])
