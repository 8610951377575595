"""A configuration folder for tests to change: one agreement, what beside it belongs to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter.domain.errors import ConfigurationError
from adapter.settings import (
    Settings,
    load_settings,
)

SHIPPED = Path(__file__).parents[2] / "mappings" / "agreements" / "alingsas-socialmedicinska.yaml"

MAIN = """\
listen: {host: 127.0.0.1, port: 8080}
public_url: https://sambro.example.org/
master_key_file: ../keys/master.key
dev_issuer: true
clients:
  region:
    organization: {organisationsnummer: "2321000131"}
    unit: SE2321000131-E0101
    purposes: [TREAT]
    roles: [{system: "urn:oid:1.2.752.129.2.2.1.4", code: "202010"}]
    scopes: [system/Patient.rs, system/CarePlan.rs]
  kommun:
    organization: {hsa_id: SE2120001553-0001}
    purposes: [TREAT, COC]
    scopes: [inbound]
endpoints:
  alingsas-ifo: {url: "http://127.0.0.1:9001/push", query_url: "http://127.0.0.1:9001/query", token: s3cret}
  vgr-journal: {url: "https://journal.example.org/fhir", timeout_seconds: 5, breaker: {failures: 3, pause_seconds: 60}}
listeners:
  alingsas-region-hl7: {host: 127.0.0.1, port: 2575, sources: [127.0.0.0/8]}
"""


def written(folder: Path) -> Path:
    """A sound configuration in a new folder."""
    (folder / "agreements").mkdir(parents=True)
    for name in ("neutral_push", "region_hl7v2"):
        (folder / "mappings" / "systems" / name).mkdir(parents=True)
    (folder / "agreements" / SHIPPED.name).write_text(SHIPPED.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "sambro.yaml").write_text(MAIN, encoding="utf-8")
    return folder


def sent_hl7v2(config: Path) -> Path:
    """The configuration, its region's journal a system that is sent HL7 v2."""
    agreement = config / "agreements" / SHIPPED.name
    text, own = agreement.read_text(encoding="utf-8"), "{party: region, connector: fhir_rest}"
    assert own in text
    over_mllp = text.replace(own, "{party: region, connector: hl7v2_mllp, mapping: region_hl7v2}")
    agreement.write_text(over_mllp, encoding="utf-8")
    return config


def change(config: Path, old: str, new: str) -> None:
    path = config / "sambro.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def load(config: Path, **environ: str) -> Settings:
    return load_settings(config, config.parent / "data", environ)


def faults(config: Path, **environ: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(config, **environ)
    return [str(fault) for fault in caught.value.faults]
