"""Commands about records: map, mappings test, decide."""

from __future__ import annotations

import json
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fhir.resources.R4B.bundle import Bundle

from adapter.gate.request import Side
from adapter.mapping.catalog import MappingCatalog, load_catalog, packaged_files
from tests.cli.command import Run
from tests.gate.builders import (
    AGREEMENT,
    IFO,
    KOMMUN,
    PERSON,
    PSYKIATRI,
    REGION,
    Json,
    audit,
    care_plan,
    consent,
    permit,
    record_types,
)
from tests.gate.decision_table import TWELVE, Case

SYSTEMS = files("mappings") / "systems"


def examples() -> list[tuple[str, str, str]]:
    """Each shipped example's path beneath ``systems``, its mapping, and its target."""
    catalog: MappingCatalog = load_catalog(packaged_files(None))
    return [
        (f"{mapping.folder}/examples/{entry.name}", mapping.name, mapping.target)
        for mapping in catalog.all()
        for entry in sorted((SYSTEMS / mapping.folder / "examples").iterdir(), key=lambda entry: entry.name)
        if entry.name.split(".", 1)[0] == Path(mapping.file).stem and ".expected." not in entry.name
    ]


@pytest.mark.parametrize(("path", "mapping", "target"), examples())
def test_each_shipped_example_maps_to_what_its_target_accepts(
    run: Run, path: str, mapping: str, target: str
) -> None:
    with as_file(SYSTEMS / path) as file:
        ran = run("map", file, "--mapping", mapping)
    assert ran.code == 0
    if target in ("csv", "hl7v2"):
        lines = ran.out.splitlines()
        assert lines[0].startswith("MSH|^~\\&|" if target == "hl7v2" else "Ärende-ID;Personnr;")
        assert len(lines) > 1
        return
    body = json.loads(ran.out)
    if target == "push":
        schema = json.loads(
            (files("connectors") / "http_push" / "push.schema.json").read_text(encoding="utf-8")
        )
        jsonschema.validate(body, schema, jsonschema.Draft202012Validator)
    else:
        assert Bundle.model_validate(body).type == "collection"


def test_examples_of_every_target_are_shipped() -> None:
    assert {target for _, _, target in examples()} == {"fhir", "push", "csv", "hl7v2"}


def test_a_target_is_written_into_a_file_in_its_own_bytes(run: Run, tmp_path: Path) -> None:
    name, out = "region_hl7v2/examples/oru_r01_back.audit", tmp_path / "out.hl7"
    with as_file(SYSTEMS / f"{name}.fhir.json") as file:
        ran = run("map", file, "--mapping", "region-hl7v2-oru-r01-back", "--out", out)
        shown = run("map", file, "--mapping", "region-hl7v2-oru-r01-back")
    assert (ran.code, ran.out) == (0, "")
    assert out.read_bytes() == (SYSTEMS / f"{name}.expected.hl7").read_bytes()
    assert shown.out.splitlines() == out.read_bytes().decode("iso-8859-1").splitlines()


def test_a_trace_shows_which_source_gave_which_element_and_no_value(run: Run) -> None:
    with as_file(SYSTEMS / "neutral_push/examples/screening.json") as file:
        ran = run("map", file, "--mapping", "neutral-push-screening", "--trace")
    traced = [line for line in ran.err.splitlines() if line.startswith("trace: ")]
    assert any("screening.summa -> " in line for line in traced)
    assert "191212121212" not in ran.err


def test_what_no_rule_used_is_named_and_what_cannot_be_mapped_is_refused(run: Run, tmp_path: Path) -> None:
    with as_file(SYSTEMS / "region_hl7v2/examples/oru_r01.total_only.hl7") as file:
        message = file.read_bytes()
    unused, wrong = tmp_path / "unused.hl7", tmp_path / "wrong.hl7"
    unused.write_bytes(message + b"ZXX|Fritt\r")
    wrong.write_bytes(message.replace(b"AUDIT-TOTAL", b"OTHER-TOTAL"))
    ran = run("map", unused, "--mapping", "region-hl7v2-oru-r01")
    assert (ran.code, "unmapped: ZXX-1.1" in ran.err.splitlines()) == (0, True)
    ran = run("map", wrong, "--mapping", "region-hl7v2-oru-r01")
    assert (ran.code, ran.out, "OBX-3.1: code-unknown (the table has no row" in ran.err) == (1, "", True)
    assert ran.err.startswith("error: systems/region_hl7v2/oru_r01.yaml:")


@pytest.mark.parametrize(
    ("name", "content", "mapping", "code"),
    [
        ("sip.json", "{", "neutral-push-sip", 1),
        ("sip.json", "{}", "neutral-push-sip", 1),
        ("sip.json", "{", "neutral-push-sip-back", 1),
        ("sip.json", "[]", "neutral-push-sip-back", 1),
        ("sip.csv", "", "neutral-push-sip", 2),
        ("sip.json", "{}", "no-such-mapping", 2),
    ],
)
def test_what_cannot_be_mapped_ends_with_a_reason(
    run: Run, tmp_path: Path, name: str, content: str, mapping: str, code: int
) -> None:
    (tmp_path / name).write_text(content)
    ran = run("map", tmp_path / name, "--mapping", mapping)
    assert (ran.code, ran.out, ran.err != "") == (code, "", True)


def test_a_file_that_is_not_there_is_a_usage_error(run: Run, tmp_path: Path) -> None:
    assert run("map", tmp_path / "none.json", "--mapping", "neutral-push-sip").code == 2


def test_the_mappings_give_what_their_examples_say(run: Run) -> None:
    ran = run("mappings", "test")
    verdicts = [line for line in ran.out.splitlines() if not line.startswith(("   ", "coverage: "))]
    assert (ran.code, len(verdicts)) == (0, len(examples()))
    assert all(line.startswith("ok: ") for line in verdicts)


def written(folder: Path, name: str, content: object) -> Path:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def side(asked: Side | None) -> Json:
    if asked is None:
        return {"organization": REGION.as_fhir(), "unit": PSYKIATRI.as_fhir()}
    stated: dict[str, Any] = {"organization": next(iter(asked.organizations)).as_fhir()}
    return stated | ({"unit": asked.unit.as_fhir()} if asked.unit else {})


def request(**changes: Any) -> Json:
    return {
        "patient": PERSON.as_fhir(),
        "agreement": AGREEMENT,
        "sender": {"organization": KOMMUN.as_fhir(), "unit": IFO.as_fhir()},
        "requester": side(None),
        "purpose": ["TREAT"],
        "action": "disclose",
        "types": ["CarePlan", "Observation"],
    } | changes


@pytest.mark.parametrize("case", TWELVE, ids=lambda case: case.says)
def test_the_twelve_cases(run: Run, tmp_path: Path, case: Case) -> None:
    asked = request(
        requester=side(case.asks.get("recipient")), purpose=list(case.asks.get("purposes", ["TREAT"]))
    )
    consents = [written(tmp_path, f"consent-{number}", one) for number, one in enumerate(case.consents)]
    consents = consents or [
        written(tmp_path, "none", {"resourceType": "Bundle", "type": "searchset", "total": 0})
    ]
    ran = run(
        "decide",
        "--consents",
        *consents,
        "--request",
        written(tmp_path, "request", asked),
        "--at",
        "2024-06-03T10:00:00Z",
    )
    answer = json.loads(ran.out)
    told = {(one["kind"], one["effect"], *one["values"]) for one in answer["obligations"]}
    assert (ran.code, answer["verdict"], answer["reason"]) == (0, case.verdict.value, case.reason.value)
    assert {(one.kind, one.effect, *one.values) for one in case.obligations} <= told


def test_records_are_told_apart_and_consents_may_be_named_one_by_one(run: Run, tmp_path: Path) -> None:
    plan, screening = care_plan("1"), audit("2")
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": plan}, {"resource": screening}],
    }
    ran = run(
        "decide",
        *("--consents", written(tmp_path, "one", consent(permit(code=record_types("SIP"))))),
        *("--consents", written(tmp_path, "two", consent(permit(code=record_types("person")), id="c2"))),
        *("--request", written(tmp_path, "request", request(types=[], recordTypes=["SIP", "AUDIT"]))),
        *("--records", written(tmp_path, "records", bundle)),
    )
    answer = json.loads(ran.out)
    assert (ran.code, answer["released"], answer["withheld"]) == (0, ["CarePlan/1"], ["Observation/2"])


@pytest.mark.parametrize(
    ("at", "verdict"),
    [
        ("2024-06-03T21:59:59Z", "permit"),
        ("2024-06-03T22:00:00Z", "deny"),
        ("2024-06-03T23:59:59+02:00", "permit"),
        ("2024-06-03", "permit"),
    ],
)
def test_the_instant_is_fhirs_and_days_are_stockholms(
    run: Run, tmp_path: Path, at: str, verdict: str
) -> None:
    given = written(tmp_path, "consent", consent(permit(period={"end": "2024-06-03"})))
    ran = run("decide", "--consents", given, "--request", written(tmp_path, "request", request()), "--at", at)
    assert json.loads(ran.out)["verdict"] == verdict


def test_a_consent_that_cannot_be_read_is_no_usage_error(run: Run, tmp_path: Path) -> None:
    unreadable = tmp_path / "consent.json"
    unreadable.write_text("{")
    ran = run("decide", "--consents", unreadable, "--request", written(tmp_path, "request", request()))
    answer = json.loads(ran.out)
    assert (ran.code, answer["verdict"], answer["reason"]) == (0, "indeterminate", "consent-unreadable")


@pytest.mark.parametrize(
    "changes",
    [
        {"request": "{"},
        {"request": json.dumps(request(patient=None))},
        {"request": json.dumps(request(colour="red"))},
        {"at": "yesterday"},
        {"at": "2024-06-03T10:00:00"},
        {"records": "{"},
    ],
)
def test_a_bad_request_is_a_usage_error(run: Run, tmp_path: Path, changes: dict[str, str]) -> None:
    asked = tmp_path / "request.json"
    asked.write_text(changes.get("request", json.dumps(request())))
    records = tmp_path / "records.json"
    records.write_text(changes.get("records", '{"resourceType": "Bundle"}'))
    given = written(tmp_path, "consent", consent())
    at = changes.get("at", "2024-06-03")
    ran = run("decide", "--consents", given, "--request", asked, "--records", records, "--at", at)
    assert (ran.code, ran.out, ran.err != "") == (2, "", True)


@pytest.mark.parametrize(
    ("body", "code", "finding"),
    [
        ('{"resourceType": "Patient", "gender": "male"}', 0, None),
        ('{"resourceType": "Patient", "gender": "man"}', 1, "Patient.gender: code"),
        ('{"resourceType": "Patient", "id": "1", "id": "2"}', 1, "Resource.id: duplicate-key"),
        ("{", 1, ": unreadable"),
    ],
)
def test_validate_names_each_fault(
    run: Run, tmp_path: Path, body: str, code: int, finding: str | None
) -> None:
    file = tmp_path / "resource.json"
    file.write_text(body)
    ran = run("validate", file)
    assert ran.code == code
    assert (finding or f"{file}: ok") in ran.out
    issue = json.loads(run("validate", file, "--json").out)["issue"][0]
    assert (issue["severity"] == "error") is (code == 1)


def test_validate_knows_no_profile_that_is_not_there(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "resource.json"
    file.write_text("{}")
    assert run("validate", file, "--profile", "https://example.org/none").code == 2


def test_what_a_round_trip_loses_is_what_the_committed_report_says(run: Run) -> None:
    """docs/round-trips.md: made anew by ``sambro mappings lost`` when a mapping changes."""
    report = (Path(__file__).parents[2] / "docs" / "round-trips.md").read_text(encoding="utf-8")
    said = run("mappings", "lost").out
    assert said.strip()
    assert report.endswith(said)


def test_the_coverage_of_fields_and_table_rows_is_said_with_what_no_example_has(run: Run) -> None:
    said = run("mappings", "test").out.splitlines()
    assert "coverage: kommun-csv-enrolment: 7 of 7 fields, 2 of 3 table rows" in said
    assert "   no example has the row: händelse[Återaktualiserad]" in said
