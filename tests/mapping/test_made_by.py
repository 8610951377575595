"""What a record is made by, as a Provenance names it: the mapping, the cut-offs of its bands, or the profiles of what came as FHIR."""

from __future__ import annotations

import re
from importlib.resources import files

from adapter.mapping import native_claims
from adapter.mapping.canonical import canonical
from adapter.mapping.catalog import load_catalog, packaged_files
from tests.mapping.compiled import apply, fhir_mapping

_GOAL = "  - {name: goal, id: ['{nr}'], resource: {resourceType: Goal, lifecycleStatus: '{status}'}}\n"


def test_a_mapping_is_named_by_folder_name_and_version() -> None:
    shared = ("systems/kommun_csv/", "terminology/", "concept_maps/", "fragments/")
    texts = {path: text for path, text in packaged_files().items() if path.startswith(shared)}
    sip = load_catalog(texts).named("kommun-csv-sip")
    assert sip.url == f"https://w3id.org/sambro/mapping/kommun_csv/kommun-csv-sip|{sip.version}"


def test_what_no_uri_may_hold_is_encoded() -> None:
    assert canonical("mapping", "mitt system", "plån/1", version="1|b") == (
        "https://w3id.org/sambro/mapping/mitt%20system/pl%C3%A5n%2F1|1%7Cb"
    )


def test_where_no_total_is_held_to_cut_offs_the_mapping_stands_alone() -> None:
    mapping = fhir_mapping(_GOAL)
    assert apply(mapping, {"nr": "1", "status": "active"}).made_by == (mapping.url,)


def test_our_profiles_have_the_version_that_they_are_shipped_with() -> None:
    config = (files("fhir_profiles") / "sushi-config.yaml").read_text("utf-8")
    assert re.findall(r"^version: (.+)$", config, re.MULTILINE) == [native_claims.VERSION]
