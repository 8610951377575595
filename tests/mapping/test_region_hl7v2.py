"""The region's three HL7 v2 messages: their own examples, FHIR's own opinion, and what refuses a result."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest

from adapter.domain.agreement import Agreement
from adapter.domain.agreement_file import read_agreements
from adapter.domain.errors import Issue, MappingError
from adapter.domain.identity import PERSONNUMMER, PersonId
from adapter.fhir.models import check_r4b
from adapter.mapping.catalog import load_catalog, packaged_files
from adapter.mapping.examples import ExampleInput, ExampleResult, example_context, run_examples
from adapter.mapping.hl7v2 import parse

FOLDER = "region_hl7v2"
CATALOG = load_catalog(
    {
        path: text
        for path, text in packaged_files().items()
        if FOLDER in path or path.startswith(("terminology/", "concept_maps/"))
    }
)
PERSON = PersonId(PERSONNUMMER, "191212121212")


def agreement() -> Agreement:
    """The shipped agreement of Alingsås."""
    name = "alingsas-socialmedicinska.yaml"
    text = (files("mappings") / "agreements" / name).read_text(encoding="utf-8")
    return read_agreements({name: text})[0]


AGREEMENT = agreement()
REGION_UNIT = AGREEMENT.unit("region", "oppenpsykiatri").identifier


def read(body: bytes) -> ExampleInput:
    """A message of the consented test person from the region's unit."""
    return ExampleInput(parse(body), PERSON, None, REGION_UNIT)


def results() -> list[ExampleResult]:
    return run_examples(CATALOG, {"hl7": read}, AGREEMENT, [files("mappings")])


@pytest.mark.parametrize("result", results(), ids=lambda result: result.input.rsplit("/", 1)[1])
def test_an_example_gives_its_expected_output_in_valid_fhir(result: ExampleResult) -> None:
    assert result.difference is None
    assert result.body is not None
    resources = [entry["resource"] for entry in result.body.get("entry", ())]
    assert [issue for resource in resources for issue in check_r4b(resource)] == []


def test_every_mapping_has_an_example() -> None:
    assert {result.mapping for result in results()} == {mapping.name for mapping in CATALOG.all()}


def oru(*segments: str, order: str = "OBR|1||F-1|AUDIT^AUDIT^L|||20261116") -> bytes:
    head = "MSH|^~\\&|JOURNAL|VGR|SAMBRO|K|20261116101500||ORU^R01|M-1|P|2.5"
    return "".join(f"{line}\r" for line in (head, "PID|1||191212121212", order, *segments)).encode(
        "iso-8859-1"
    )


def items(name: str, *scores: int) -> list[str]:
    """OBX segments with these scores."""
    return [f"OBX|{n}|NM|{name}-{n}||{score}||||||F" for n, score in enumerate(scores, 1)]


def mapped(body: bytes) -> list[dict[str, Any]]:
    """The resources of an ORU^R01."""
    given = read(body)
    result = CATALOG.select(FOLDER, "ORU^R01").apply(given.record, example_context(given, AGREEMENT))
    return [entry["resource"] for entry in result.body["entry"]]


TEN = (2,) * 10


@pytest.mark.parametrize(
    ("body", "issue"),
    [
        (oru(*items("AUDIT", *TEN), "OBX|11|NM|AUDIT-TOTAL||21"), Issue("OBR.total", "total-not-the-sum")),
        (oru(*items("AUDIT", *TEN[:9], 3)), Issue("OBR.items.10", "score-not-allowed")),
        (oru(*items("AUDIT", 5, *TEN[:9])), Issue("OBR.items.1", "score-out-of-range")),
        (
            oru(*items("AUDIT", 2, 2), "OBX|3|NM|AUDIT-TOTAL||4"),
            Issue("OBR.items.3", "item-missing"),
        ),
        (oru(*items("AUDIT", *TEN), *items("AUDIT", 2)), Issue("OBR.items.1", "item-repeated")),
        (oru(), Issue("OBR.total", "total-missing")),
        (oru("OBX|1|NM|AUDIT-TOTAL||41"), Issue("OBR.total", "total-out-of-range")),
        (oru("OBX|1|NM|AUDIT-TOTAL||eight"), Issue("OBX-5", "not-an-integer")),
        (oru("OBX|1|NM|AUDIT-TOTAL||8", "OBX|2|NM|CRP||8"), Issue("OBX-3.1", "code-unknown")),
        (oru(*items("DUDIT", *TEN)), Issue("OBX-3.1", "code-unknown")),
        (oru("OBX|1|NM|AUDIT-TOTAL||8||||||W"), Issue("OBX-11", "code-unknown")),
        (
            oru("OBX|1|NM|AUDIT-TOTAL||8", order=f"OBR|1||F-1|AUDIT|||20261116{'|' * 18}X"),
            Issue("OBR-25", "code-unknown"),
        ),
        (oru("OBX|1|NM|AUDIT-TOTAL||8", order="OBR|1||F-1|AUDIT"), Issue("OBR-7", "required")),
        (
            oru("OBX|1|NM|AUDIT-TOTAL||8", order="OBR|1||F-1|AUDIT|||20261332"),
            Issue("OBR-7", "date-malformed"),
        ),
    ],
)
def test_a_faulty_result_is_refused_with_the_fields_name(body: bytes, issue: Issue) -> None:
    with pytest.raises(MappingError) as caught:
        mapped(body)
    assert issue in caught.value.issues


def test_items_without_a_total_give_their_sum() -> None:
    observation = mapped(oru(*items("AUDIT", *TEN)))[1]
    assert observation["valueInteger"] == 20
    assert [component["valueInteger"] for component in observation["component"]] == list(TEN)


def test_the_instrument_may_stand_as_the_alternate_code() -> None:
    (_, observation) = mapped(
        oru("OBX|1|NM|AUDIT-TOTAL||8", order="OBR|1||F-1|A17^Test^99LAB^72110-0^AUDIT^LN|||2026")
    )
    assert observation["code"]["coding"] == [{"system": "http://loinc.org", "code": "75624-7"}]


def test_both_instruments_of_one_message_become_two_observations() -> None:
    body = oru("OBX|1|NM|AUDIT-TOTAL||8", "OBR|2||F-1|DUDIT|||20261116", "OBX|1|NM|DUDIT-TOTAL||9")
    _, audit, dudit = mapped(body)
    assert (audit["valueInteger"], dudit["valueInteger"]) == (8, 9)
    assert dudit["code"]["coding"][0]["code"] == "dudit-total"
    assert audit["id"] != dudit["id"]


def test_a_resend_has_the_same_ids_and_another_result_others() -> None:
    first, again, other = (
        mapped(oru("OBX|1|NM|AUDIT-TOTAL||8", order=f"OBR|1||{order}|AUDIT|||20261116"))[1]["id"]
        for order in ("F-1", "F-1", "F-2")
    )
    assert first == again
    assert first != other


def test_a_protected_persons_address_and_numbers_are_left_out() -> None:
    given = read((files("mappings") / "systems" / FOLDER / "examples" / "adt_a31.hl7").read_bytes())
    usual = example_context(given, AGREEMENT)
    mapping = CATALOG.select(FOLDER, "ADT^A31")
    plain, protected = (
        mapping.apply(given.record, replace(usual, protected=flag), trace=True) for flag in (False, True)
    )
    patient = protected.body["entry"][0]["resource"]
    assert "name" in patient
    assert not patient.keys() & {"address", "telecom"}
    assert plain.body["entry"][0]["resource"].keys() >= {"address", "telecom"}
    # What its sender is shown is the same: the flag may be another's.
    assert (protected.fields, protected.unmapped, protected.issues) == (
        plain.fields,
        plain.unmapped,
        plain.issues,
    )
