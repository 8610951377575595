"""sambro.yaml and what lies beside it: read whole, every fault at once."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from adapter.domain.identity import HSA_ID, ORGANISATIONSNUMMER, Identifier
from adapter.domain.perseverance import Tolerance
from adapter.settings import (
    Address,
    Client,
    Limits,
)
from tests.settings.folder import SHIPPED, change, faults, load


def test_everything_that_is_stated_is_read(config: Path) -> None:
    settings = load(config)
    assert settings.listen == Address("127.0.0.1", 8080)
    assert settings.public_url == "https://sambro.example.org"
    assert settings.master_key_file.resolve() == config.parent / "keys" / "master.key"
    assert (settings.dev_issuer, settings.tokens) == (True, None)
    assert settings.clients["region"] == Client(
        id="region",
        organization=Identifier(ORGANISATIONSNUMMER, "2321000131"),
        unit=Identifier(HSA_ID, "SE2321000131-E0101"),
        purposes=("TREAT",),
        roles=(("urn:oid:1.2.752.129.2.2.1.4", "202010"),),
        scopes=frozenset({"system/Patient.rs", "system/CarePlan.rs"}),
    )
    assert settings.clients["kommun"].unit is None
    kommun, region = settings.endpoints["alingsas-ifo"], settings.endpoints["vgr-journal"]
    assert (kommun.query_url, kommun.token, kommun.timeout_seconds) == (
        "http://127.0.0.1:9001/query",
        "s3cret",
        10,
    )
    assert (region.query_url, region.token, region.timeout_seconds) == (None, None, 5)
    assert (kommun.tolerance, region.tolerance) == (
        Tolerance(),
        Tolerance(failures=3, pause=timedelta(seconds=60)),
    )
    listener = settings.listeners["alingsas-region-hl7"]
    assert (listener.address.port, listener.sources, listener.tls) == (
        2575,
        (ip_network("127.0.0.0/8"),),
        None,
    )
    assert [agreement.name for agreement in settings.agreements] == ["Socialmedicinsk mottagning Alingsås"]
    assert settings.mapping_overrides == config / "mappings"


def test_defaults_are_safe(config: Path) -> None:
    settings = load(config)
    assert settings.limits == Limits()
    assert (settings.log_level, settings.concealment_floor_ms, settings.upkeep_seconds) == ("info", 25, 30)
    assert settings.cors_origins == ()
    change(config, "dev_issuer: true\n", "")
    assert faults(config) == [
        "sambro.yaml:1: tokens: is missing, so that no token could be verified; add the issuer, or a client's keys"
    ]


def test_origins_are_named_one_by_one(config: Path) -> None:
    change(
        config, "listeners:", "cors: {origins: [https://app.example.org, http://localhost:3000]}\nlisteners:"
    )
    assert load(config).cors_origins == ("https://app.example.org", "http://localhost:3000")


def test_a_token_is_never_shown(config: Path) -> None:
    assert "s3cret" not in repr(load(config))


def test_a_token_may_lie_in_a_file(config: Path) -> None:
    change(config, "token: s3cret", "token_file: ifo.token")
    (config / "ifo.token").write_text("other\n", encoding="utf-8")
    assert load(config).endpoints["alingsas-ifo"].token == "other"


def test_the_environment_names_the_master_key_first(config: Path) -> None:
    elsewhere = config.parent / "safe" / "key"
    assert load(config, SAMBRO_MASTER_KEY_FILE=str(elsewhere)).master_key_file == elsewhere


@pytest.mark.parametrize("name", ["data/master.key", "keys/../data/deep/master.key", "data"])
def test_the_master_key_may_not_lie_under_the_data(config: Path, name: str) -> None:
    found = faults(config, SAMBRO_MASTER_KEY_FILE=str(config.parent / name))
    assert [fault.split(";")[0] for fault in found] == [
        "sambro.yaml:3: master_key_file: must not lie under the data folder"
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("listen: {host: 127.0.0.1, port: 8080}\n", "", "listen: is missing"),
        ("port: 8080", "port: 70000", "port: must be from 0 to 65535"),
        ("https://sambro.example.org/", "sambro.example.org", "public_url: must be an absolute URL"),
        ("master_key_file: ../keys/master.key\n", "", "master_key_file: is missing"),
        ("dev_issuer: true", "dev_issuer: yes", "dev_issuer: must be true or false"),
        ("dev_issuer: true", "dev_isuer: true", "dev_isuer is not known here; did you mean dev_issuer?"),
        ("2321000131", "2321000132", "organisationsnummer: organization-id-check-digit"),
        ("{hsa_id: SE2120001553-0001}", "{}", "state either organisationsnummer or hsa_id"),
        ("    purposes: [TREAT]\n", "", "purposes: is missing"),
        ("purposes: [TREAT]", "purposes: [BTG]", "purposes: BTG is not known here"),
        ("scopes: [inbound]", "scopes: [user/Patient.rs]", "scopes: user/Patient.rs is not a scope"),
        ("scopes: [inbound]", "scopes: [system/Patient.sr]", "scopes: system/Patient.sr is not a scope"),
        (
            "alingsas-ifo:",
            "alingsas-iffo:",
            "endpoints: alingsas-iffo is not known here; did you mean alingsas-ifo?",
        ),
        ("alingsas-ifo:", "alingsas-iffo:", "endpoints: the system alingsas-ifo of an agreement has none"),
        (', query_url: "http://127.0.0.1:9001/query"', "", "query_url: is missing"),
        (
            "https://journal.example.org",
            "http://journal.example.org",
            "url: must be https; http only on loopback",
        ),
        ("https://journal.example.org", "ftp://journal.example.org", "url: must be an absolute URL"),
        ("timeout_seconds: 5", "timeout_seconds: 0", "timeout_seconds: must be from 1 to 25"),
        ("failures: 3", "failures: 0", "failures: must be from 1 to 100"),
        ("pause_seconds: 60", "pause_seconds: 901", "pause_seconds: must be from 1 to 900"),
        ("token: s3cret", "token: s3cret, token_file: x", "token: state token or token_file, not both"),
        ("token: s3cret", "token_file: none", "token_file: cannot be read"),
        ("token: s3cret", 'token: "a b"', "token: must be visible ASCII"),
        ("alingsas-region-hl7:", "alingsas-kommun:", "listeners: alingsas-kommun is not known here"),
        (
            "alingsas-region-hl7:",
            "alingsas-kommun:",
            "listeners: the channel alingsas-region-hl7 of an agreement has none",
        ),
        (
            "{host: 127.0.0.1, port: 2575",
            "{host: 0.0.0.0, port: 2575",
            "tls: is missing; add it, or listen on loopback",
        ),
        ("sources: [127.0.0.0/8]", "sources: [127.0.0.1/8]", "sources: 127.0.0.1/8 is not a network"),
        ("sources: [127.0.0.0/8]", "sources: []", "sources: must be a list with at least one item"),
        (", sources: [127.0.0.0/8]", "", "sources: is missing"),
        (
            "sources: [127.0.0.0/8]",
            "sources: [127.0.0.0/8], tls: {certificate: c.pem, key: k.pem, client_ca: a.pem, client_subjects: [CN=x]}",
            "client_ca: no such file",
        ),
        ("listeners:", "log: {level: loud}\nlisteners:", "level: loud is not known here"),
        (
            "listeners:",
            "concealment_floor_ms: -1\nlisteners:",
            "concealment_floor_ms: must be from 0 to 1000",
        ),
        ("listeners:", 'cors: {origins: ["*"]}\nlisteners:', "* is not an origin"),
        ("listeners:", "cors: {origins: [http://app.example.org]}\nlisteners:", "is not an origin"),
        ("listeners:", "limits: {body_bytes: 1}\nlisteners:", "body_bytes: must be from 1024 to 67108864"),
    ],
)
def test_a_fault_is_named(config: Path, old: str, new: str, message: str) -> None:
    change(config, old, new)
    found = faults(config)
    assert any(fault.startswith("sambro.yaml:") and message in fault for fault in found), found


def test_faults_of_settings_and_agreements_come_at_once(config: Path) -> None:
    change(config, "port: 8080", "port: http")
    path = config / "agreements" / SHIPPED.name
    path.write_text(path.read_text(encoding="utf-8").replace("hours: 72", "hours: 96"), encoding="utf-8")
    (config / "agreements" / "broken.yaml").write_bytes(b"name: \xff")
    assert [fault.split(";")[0] for fault in faults(config)] == [
        f"agreements/{SHIPPED.name}:54: hours: must be from 1 to 72",
        "agreements/broken.yaml:1: cannot be read as UTF-8 text",
        "sambro.yaml:1: port: must be a whole number",
    ]


def test_an_empty_folder_says_what_to_make(tmp_path: Path) -> None:
    assert faults(tmp_path / "nothing") == [
        "agreements:1: holds no agreement (*.yaml); add one",
        "sambro.yaml:1: no such file; make it",
    ]


def test_the_name_of_a_mapping_must_be_a_folder(config: Path) -> None:
    path = config / "agreements" / SHIPPED.name
    path.write_text(path.read_text(encoding="utf-8").replace("neutral_push", "unheard_of"), encoding="utf-8")
    assert all("mapping: unheard_of is not known here" in fault for fault in faults(config))
