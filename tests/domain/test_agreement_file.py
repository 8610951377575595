"""Agreement files: the shipped ones are sound; each fault is named with its line; all faults come at once."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from adapter.domain.agreement import Agreement, Channel, Delivery, System
from adapter.domain.agreement_file import read_agreements
from adapter.domain.errors import ConfigurationError
from adapter.domain.identity import HSA_ID, ORGANISATIONSNUMMER, Identifier
from adapter.domain.perseverance import Retry
from adapter.domain.records import Mode, RecordType

SHIPPED = Path(__file__).parents[2] / "mappings" / "agreements"
MAPPINGS = frozenset({"neutral_push", "region_hl7v2"})

SMALL = """\
agreement: https://example.org/agreement/small
name: Liten mottagning
version: "1"
valid: {from: 2026-01-01, to: 2026-12-31}
consent: {max_months: 12, ends_with_enrolment: false}
parties:
  kommun:
    name: Alingsås kommun
    kind: kommun
    identifiers: {organisationsnummer: "212000-1553", hsa_id: SE2120001553-0001}
    consent_from: [kommun, region]
    units:
      ifo: {name: IFO, hsa_id: SE2120001553-1001}
  region:
    name: Västra Götalandsregionen
    kind: region
    identifiers: {organisationsnummer: "2321000131"}
    consent_from: [region]
    units:
      psykiatri: {name: Psykiatri, hsa_id: SE2321000131-E0101}
      vardcentral: {name: Vårdcentral, hsa_id: SE2321000131-E0102}
systems:
  ifo-system: {party: kommun, connector: http_push, mapping: neutral_push, format: xml}
  journal: {party: region, connector: fhir_rest}
channels:
  in-kommun: {party: kommun, unit: ifo, connector: http_push, mapping: neutral_push}
flows:
  - records: [SIP]
    from: kommun
    to: region
    units: [psykiatri]
    modes: [forward, hold]
    purposes: [TREAT, COC]
    deliver: [{system: journal, unit: psykiatri}]
    hold: {hours: 24, wipe: confirmed}
    patient: true
    protected: release
    dead_letter: skip
  - records: [AUDIT]
    from: kommun
    to: region
    modes: [query]
    purposes: [TREAT]
    query: ifo-system
"""


def read(text: str) -> Agreement:
    (agreement,) = read_agreements({"a.yaml": text}, mapping_folders=MAPPINGS)
    return agreement


def faults(files: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read_agreements(files, mapping_folders=MAPPINGS)
    return [str(fault) for fault in caught.value.faults]


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_everything_that_is_stated_is_read() -> None:
    agreement = read(SMALL)
    assert (agreement.id, agreement.version) == ("https://example.org/agreement/small", "1")
    assert (agreement.valid_from, agreement.valid_to) == (date(2026, 1, 1), date(2026, 12, 31))
    assert (agreement.max_consent_months, agreement.consent_ends_with_enrolment) == (12, False)
    kommun = agreement.party("kommun")
    assert kommun.identifiers == (
        Identifier(ORGANISATIONSNUMMER, "2120001553"),
        Identifier(HSA_ID, "SE2120001553-0001"),
    )
    assert kommun.consent_from == {"kommun", "region"}
    assert agreement.systems == (
        System("ifo-system", "kommun", "http_push", "neutral_push", "xml"),
        System("journal", "region", "fhir_rest", "", "json"),
    )
    assert agreement.channels == (Channel("in-kommun", "kommun", "ifo", "http_push", "neutral_push"),)
    plan = agreement.flows[0]
    assert (plan.records, plan.sender, plan.recipient) == (frozenset({RecordType.SIP}), "kommun", "region")
    assert (plan.units, plan.modes) == (("psykiatri",), frozenset({Mode.FORWARD, Mode.HOLD}))
    assert (plan.purposes, plan.deliver) == (("TREAT", "COC"), (Delivery("journal", "psykiatri"),))
    assert (plan.hold_hours, plan.wipe, plan.patient) == (24, "confirmed", True)
    assert (plan.query, plan.protected, plan.dead_letter) == (None, "release", "skip")


def test_what_is_not_stated_takes_the_narrow_default() -> None:
    screening = read(SMALL).flows[1]
    assert read(SMALL).retry == Retry()
    assert screening.units == ("psykiatri", "vardcentral")
    assert (screening.query, screening.deliver) == ("ifo-system", ())
    assert (screening.patient, screening.protected, screening.dead_letter) == (False, "withhold", "hold")


def test_how_long_is_tried_is_the_agreements() -> None:
    stated = "retry: {first_seconds: 2, longest_seconds: 60, age_hours: 48}\nvalid: {"
    assert read(SMALL.replace("valid: {", stated)).retry == Retry(
        timedelta(seconds=2), timedelta(seconds=60), timedelta(hours=48)
    )


def test_the_shipped_agreements_are_sound_together() -> None:
    files = {path.name: path.read_text(encoding="utf-8") for path in SHIPPED.glob("*.yaml")}
    agreements = {
        agreement.id.rpartition("/")[2]: agreement
        for agreement in read_agreements(files, mapping_folders=MAPPINGS)
    }
    assert {f"{name}.yaml" for name in agreements} == files.keys()
    assert len(agreements["vasternorrland"].parties) == 9
    assert all(agreement.flows and agreement.channels for agreement in agreements.values())


def test_the_demonstrations_agreement_forwards_holds_and_queries() -> None:
    text = (SHIPPED / "alingsas-socialmedicinska.yaml").read_text(encoding="utf-8")
    flows = read(text).flows
    assert [(sorted(flow.records), flow.sender, sorted(flow.modes)) for flow in flows] == [
        (["SIP"], "kommun", ["forward", "hold"]),
        (["AUDIT", "DUDIT"], "kommun", ["forward", "query"]),
        (["AUDIT", "DUDIT", "person"], "region", ["forward"]),
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: Liten", "title: Liten", "title is not known here"),
        ("name: Liten mottagning\n", "", "name: is missing"),
        ('version: "1"', "version: 1", "version: must be text"),
        ("https://example.org/agreement/small", "small", "agreement: must be a URI"),
        ("from: 2026-01-01", "from: 2026-02-30", "from: must be a date"),
        ("from: 2026-01-01", "from: 20260101", "from: must be text"),
        ("to: 2026-12-31", "to: 2025-12-31", "to: must not be before from"),
        ("valid: {from: 2026-01-01, to: 2026-12-31}", "valid: 2026", "must be keys with values"),
        ("valid: {", "retry: {first_seconds: 0}\nvalid: {", "first_seconds: must be from 1 to 300"),
        ("valid: {", "retry: {longest_seconds: 3601}\nvalid: {", "longest_seconds: must be from 1 to 3600"),
        ("valid: {", "retry: {age_hours: 73}\nvalid: {", "age_hours: must be from 1 to 72"),
        ("max_months: 12", "max_months: 0", "max_months: must be from 1 to 24"),
        ("max_months: 12", "max_months: 25", "max_months: must be from 1 to 24"),
        ("max_months: 12", "max_months: true", "max_months: must be a whole number"),
        (
            "ends_with_enrolment: false",
            "ends_with_enrolment: no",
            "ends_with_enrolment: must be true or false",
        ),
        ("kind: kommun", "kind: komun", "kind: komun is not known here; did you mean kommun?"),
        ("212000-1553", "212000-1554", "organisationsnummer: organization-id-check-digit"),
        ("SE2120001553-1001", "IFO-1001", "hsa_id: organization-id-malformed"),
        ('{organisationsnummer: "2321000131"}', "{}", "identifiers: state at least one of"),
        ("consent_from: [region]", "consent_from: [regionen]", "consent_from: regionen is not known here"),
        ("consent_from: [region]", "consent_from: []", "consent_from: must be a list with at least one item"),
        ("consent_from: [region]", "consent_from: region", "consent_from: must be a list"),
        ("SE2321000131-E0101", "SE2120001553-1001", "hsa_id SE2120001553-1001 stands already at a.yaml:13"),
        ("SE2321000131-E0101", "SE2321000131-E0102", "hsa_id SE2321000131-E0102 stands already"),
        ("      ifo:", "      IFO:", "a name must be a-z, 0-9 and hyphens"),
        ("journal: {party: region", "journal: {party: landsting", "party: landsting is not known here"),
        ("connector: fhir_rest", "connector: soap", "connector: soap is not known here"),
        ("neutral_push, format: xml", "neutral_pull, format: xml", "mapping: neutral_pull is not known here"),
        ("mapping: neutral_push, format: xml", "format: xml", "mapping: is missing"),
        ("format: xml", "format: csv", "format: csv is not known here"),
        (
            "unit: ifo, connector: http_push",
            "unit: ifo, connector: fhir_rest",
            "connector: fhir_rest is not known",
        ),
        ("unit: ifo", "unit: psykiatri", "unit: psykiatri is not known here"),
        ("records: [SIP]", "records: [PLAN]", "records: PLAN is not known here"),
        ("records: [SIP]", "records: [SIP, SIP]", "records: an item stands twice"),
        ("records: [SIP]", "records: []", "records: must be a list with at least one item"),
        ("records: [AUDIT]", "records: [AUDIT, SIP]", "SIP from kommun to region stands 2 times"),
        (
            "from: kommun\n    to: region\n    units",
            "from: region\n    to: region\n    units",
            "to: must be another party",
        ),
        (
            "to: region\n    units",
            "to: regoin\n    units",
            "to: regoin is not known here; did you mean region?",
        ),
        ("units: [psykiatri]", "units: [ifo]", "units: ifo is not known here"),
        ("units: [psykiatri]", "units: []", "units: must be a list with at least one item"),
        ("modes: [forward, hold]", "modes: [forward, hold, push]", "modes: push is not known here"),
        ("purposes: [TREAT, COC]", "purposes: [BTG]", "purposes: BTG is not known here"),
        ("purposes: [TREAT, COC]", "purposes: [treat]", "purposes: treat is not known here"),
        ("    deliver: [{system: journal, unit: psykiatri}]\n", "", "deliver: is missing"),
        ("system: journal", "system: ifo-system", "system: ifo-system is not known here"),
        ("journal, unit: psykiatri", "journal, unit: ifo", "unit: ifo is not known here"),
        (
            "[{system: journal, unit: psykiatri}]",
            "[{system: journal, unit: psykiatri}, {system: journal, unit: psykiatri}]",
            "deliver: a system and unit stand twice",
        ),
        ("modes: [forward, hold]", "modes: [hold]", "deliver: needs the mode forward"),
        ("modes: [forward, hold]", "modes: [forward]", "hold: needs the mode hold"),
        ("    query: ifo-system\n", "", "query: is missing"),
        ("query: ifo-system", "query: journal", "query: journal is not known here"),
        ("hours: 24", "hours: 73", "hours: must be from 1 to 72"),
        ("hours: 24", "hours: 0", "hours: must be from 1 to 72"),
        ("wipe: confirmed", "wipe: never", "wipe: never is not known here"),
        ("patient: true", 'patient: "true"', "patient: must be true or false"),
        ("protected: release", "protected: open", "protected: open is not known here"),
        ("dead_letter: skip", "dead_letter: drop", "dead_letter: drop is not known here"),
    ],
)
def test_a_fault_is_named(old: str, new: str, message: str) -> None:
    assert old in SMALL
    found = faults({"a.yaml": SMALL.replace(old, new, 1)})
    assert any(message in fault for fault in found), found
    assert all(re.match(r"a\.yaml:\d+: ", fault) for fault in found)


def test_three_faults_are_named_together_each_with_its_line() -> None:
    text = SMALL.replace("212000-1553", "212000-1554").replace(
        "to: region\n    units", "to: regoin\n    units"
    )
    text = text.replace("hours: 24", "hours: 96")
    assert faults({"a.yaml": text}) == [
        f"a.yaml:{line_of(text, '212000-1554')}: organisationsnummer: organization-id-check-digit; correct the number",
        f"a.yaml:{line_of(text, 'regoin')}: to: regoin is not known here; did you mean region?",
        f"a.yaml:{line_of(text, 'hours: 96')}: hours: must be from 1 to 72",
    ]


def test_faults_of_all_files_come_at_once_and_ids_are_unique_over_them() -> None:
    found = faults({"a.yaml": SMALL, "b.yaml": SMALL, "c.yaml": "a: [", "d.yaml": ""})
    assert [fault.split(": ", 1)[0] for fault in found] == [
        "b.yaml:1",
        f"b.yaml:{line_of(SMALL, 'ifo-system:')}",
        f"b.yaml:{line_of(SMALL, 'journal:')}",
        f"b.yaml:{line_of(SMALL, 'in-kommun:')}",
        "c.yaml:1",
        "d.yaml:1",
    ]


def test_the_same_party_may_stand_in_two_agreements() -> None:
    other = SMALL.replace("agreement/small", "agreement/other").replace("in-kommun", "in-other")
    other = other.replace("ifo-system", "other-system").replace("journal", "other-journal")
    assert len(read_agreements({"a.yaml": SMALL, "b.yaml": other}, mapping_folders=MAPPINGS)) == 2


def test_mappings_are_checked_only_when_their_folders_are_told() -> None:
    text = SMALL.replace("neutral_push", "unheard_of")
    assert read_agreements({"a.yaml": text})[0].channels[0].mapping == "unheard_of"
