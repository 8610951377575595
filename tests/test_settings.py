"""sambro.yaml and what lies beside it: read whole, every fault at once."""

from __future__ import annotations

import base64
import json
import re
from ipaddress import ip_network
from pathlib import Path

import pytest
from joserfc.jwk import ECKey, OctKey

from adapter.domain.errors import ConfigurationError
from adapter.domain.identity import HSA_ID, ORGANISATIONSNUMMER, Identifier
from adapter.settings import (
    Address,
    AuditKeeping,
    Client,
    DatabaseServer,
    Drop,
    KeySource,
    Limits,
    Settings,
    load_settings,
)

SHIPPED = Path(__file__).parents[1] / "mappings" / "agreements" / "alingsas-socialmedicinska.yaml"

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
  vgr-journal: {url: "https://journal.example.org/fhir", timeout_seconds: 5}
listeners:
  alingsas-region-hl7: {host: 127.0.0.1, port: 2575, sources: [127.0.0.0/8]}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    (folder / "agreements").mkdir(parents=True)
    for name in ("neutral_push", "region_hl7v2"):
        (folder / "mappings" / "systems" / name).mkdir(parents=True)
    (folder / "agreements" / SHIPPED.name).write_text(SHIPPED.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "sambro.yaml").write_text(MAIN, encoding="utf-8")
    return folder


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


def with_database(config: Path, *lines: str) -> None:
    path = config / "sambro.yaml"
    section = "".join(f"  {line}\n" for line in lines) + "audit: {writer: north}\n"
    path.write_text(f"{path.read_text(encoding='utf-8')}database:\n{section}", encoding="utf-8")


def test_the_database_is_a_file_unless_a_server_is_stated(config: Path) -> None:
    assert load(config).database is None
    (config / "database.password").write_text("s3cret\n", encoding="utf-8")
    url = "postgresql://sambro@db.example.org/sambro?sslmode=verify-full"
    with_database(config, f'url: "{url}"', "password_file: database.password")
    database = load(config).database
    assert database == DatabaseServer(url, "s3cret")
    assert "s3cret" not in repr(database)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://sambro@127.0.0.1:5433/sambro",
        "postgresql://sambro@[::1]/sambro",
        "postgresql:///sambro?host=/run/postgresql",
        "postgresql://sambro@one.example,two.example/sambro?sslmode=verify-ca&target_session_attrs=read-write",
    ],
)
def test_a_database_here_or_one_that_proves_who_it_is(config: Path, url: str) -> None:
    with_database(config, f'url: "{url}"')
    assert load(config).database == DatabaseServer(url, None)


def test_replicas_name_the_chain_that_each_writes(config: Path) -> None:
    with_database(config, 'url: "postgresql://127.0.0.1/sambro"')
    change(config, "audit: {writer: north}\n", "")
    [fault] = faults(config)
    assert "writer: is missing" in fault


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("mysql://sambro@127.0.0.1/sambro", "must be postgresql://user@host/database"),
        ("postgresql://sambro@127.0.0.1", "must be postgresql://user@host/database"),
        ("postgresql://sambro:s3cret@127.0.0.1/sambro", "must not hold the password"),
        ("postgresql://sambro@127.0.0.1/sambro?password=s3cret", "must not hold the password"),
        ("postgresql://sambro@db.example/sambro", "must say sslmode=verify-full"),
        ("postgresql://sambro@db.example/sambro?sslmode=require", "must say sslmode=verify-full"),
        ("postgresql://127.0.0.1,db.example/sambro", "must say sslmode=verify-full"),
        ("postgresql:///sambro?host=db.example", "must say sslmode=verify-full"),
        ("postgresql://[::1/sambro", "must be postgresql://user@host/database"),
    ],
)
def test_a_database_that_cannot_be_trusted_is_a_fault(config: Path, url: str, fault: str) -> None:
    with_database(config, f'url: "{url}"')
    [found] = faults(config)
    assert f"url: {fault}" in found
    assert "s3cret" not in found


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
    assert (settings.log_level, settings.concealment_floor_ms) == ("info", 25)
    change(config, "dev_issuer: true\n", "")
    assert faults(config) == [
        "sambro.yaml:1: tokens: is missing, so that no token could be verified; add the issuer, or a client's keys"
    ]


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


def issuer(config: Path, keys: object) -> None:
    (config / "jwks.json").write_text(json.dumps(keys), encoding="utf-8")
    change(
        config,
        "dev_issuer: true",
        "tokens: {issuer: https://idp.example.org, audience: https://sambro.example.org/fhir, jwks_file: jwks.json}",
    )


def test_an_external_issuer_is_pinned_by_its_public_keys(config: Path) -> None:
    key = ECKey.generate_key("P-384", {"kid": "one"})
    issuer(config, {"keys": [key.as_dict(private=False)]})
    tokens = load(config).tokens
    assert tokens is not None
    assert (tokens.issuer, tokens.max_lifetime_seconds) == ("https://idp.example.org", 300)
    assert tokens.keys == KeySource({"keys": [key.as_dict(private=False)]}, None)


def test_keys_inline_are_read_as_well(config: Path) -> None:
    key = ECKey.generate_key("P-384", {"kid": "one"})
    issuer(config, {})
    change(config, "jwks_file: jwks.json", f"jwks: {json.dumps({'keys': [key.as_dict(private=False)]})}")
    tokens = load(config).tokens
    assert tokens is not None
    assert tokens.keys == KeySource({"keys": [key.as_dict(private=False)]}, None)


# An RSA modulus of 1024 bits.
SHORT = {
    "kty": "RSA",
    "kid": "short",
    "e": "AQAB",
    "n": base64.urlsafe_b64encode(b"\xff" * 128).decode().rstrip("="),
}
PAIR = [ECKey.generate_key("P-384", {"kid": "same"}).as_dict(private=False) for _ in range(2)]


@pytest.mark.parametrize(
    "keys",
    [
        {"keys": []},
        {"keys": "none"},
        {},
        [],
        {"keys": [ECKey.generate_key("P-384").as_dict(private=True)]},
        {"keys": [OctKey.generate_key(256).as_dict()]},
        {"keys": PAIR},
        {"keys": [{"kty": "EC", "crv": "P-384"}]},
        {"keys": [7]},
        {"keys": [SHORT]},
    ],
    ids=[
        "empty",
        "text",
        "nothing",
        "list",
        "private",
        "symmetric",
        "same kid",
        "half a key",
        "number",
        "short RSA",
    ],
)
def test_a_key_set_must_be_public_keys_that_can_be_told_apart(config: Path, keys: object) -> None:
    issuer(config, keys)
    assert [fault.split(": ", 1)[1] for fault in faults(config)] == [
        "jwks_file: must be a JWKS of public keys, RSA from 2048 bits or EC, each with a kid of its own"
    ]


def test_there_is_one_issuer_only(config: Path) -> None:
    issuer(config, {"keys": PAIR[:1]})
    change(config, "tokens:", "dev_issuer: true\ntokens:")
    assert faults(config) == ["sambro.yaml:5: tokens: stands beside dev_issuer: true; remove one of them"]


def test_keys_may_be_published_by_their_owner(config: Path) -> None:
    issuer(config, {})
    change(config, "jwks_file: jwks.json", 'jwks_url: "https://idp.example.org/keys"')
    tokens = load(config).tokens
    assert tokens is not None
    assert tokens.keys == KeySource(None, "https://idp.example.org/keys")


REGISTERED = '    jwks_url: "http://127.0.0.1:9003/keys"\n    certificate_bound: true\n  kommun:'


def test_a_client_with_keys_is_registered_with_our_own_token_endpoint(config: Path) -> None:
    change(config, "  kommun:", REGISTERED)
    change(config, "dev_issuer: true\n", "")
    clients = load(config).clients
    assert clients["region"].keys == KeySource(None, "http://127.0.0.1:9003/keys")
    assert clients["region"].is_certificate_bound
    assert (clients["kommun"].keys, clients["kommun"].is_certificate_bound) == (None, False)


@pytest.mark.parametrize(
    ("stated", "fault"),
    [
        ('jwks_url: "http://keys.example.org/"', "jwks_url: must be https; http only on loopback"),
        ('jwks_url: "keys.json"', "jwks_url: must be an absolute URL: https://host/path"),
        (
            "jwks: {keys: []}",
            "jwks: must be a JWKS of public keys, RSA from 2048 bits or EC, each with a kid of its own",
        ),
        (
            "jwks_file: none.json",
            "jwks_file: cannot be read as UTF-8 text; make the file or correct the name",
        ),
        (
            'jwks_url: "https://idp.example.org"\n    jwks_file: none.json',
            "jwks_file: state one of jwks, jwks_file and jwks_url",
        ),
        ("certificate_bound: 1", "certificate_bound: must be true or false"),
    ],
)
def test_a_fault_of_a_client_s_keys_is_named_with_its_line(config: Path, stated: str, fault: str) -> None:
    change(config, "  kommun:", f"    {stated}\n  kommun:")
    [found] = faults(config)
    assert re.fullmatch(rf"sambro\.yaml:1[0-9]: {re.escape(fault)}", found)


def test_the_proxies_that_may_state_certificates_are_networks(config: Path) -> None:
    assert load(config).trusted_proxies == ()
    change(config, "dev_issuer", "trusted_proxies: [10.1.2.3/32]\ndev_issuer")
    assert load(config).trusted_proxies == (ip_network("10.1.2.3/32"),)
    change(config, "10.1.2.3/32", "10.1.2.3/24")
    assert faults(config) == [
        "sambro.yaml:4: trusted_proxies: 10.1.2.3/24 is not a network; write it as 10.1.2.0/24"
    ]


def test_the_audit_is_kept_beside_the_data_for_five_years_unless_stated(config: Path) -> None:
    beside = config.parent / "data.audit"
    assert load(config).audit == AuditKeeping(
        "sambro", beside / "checkpoints.jsonl", beside / "spool.jsonl", 5
    )
    change(
        config,
        "listeners:",
        "audit: {writer: replica-2, checkpoints: /mnt/other/points, spool: ../s, retention_years: 10}\nlisteners:",
    )
    stated = load(config).audit
    assert (stated.writer, stated.checkpoints, stated.retention_years) == (
        "replica-2",
        Path("/mnt/other/points"),
        10,
    )
    assert stated.spool.resolve() == config.parent / "s"


@pytest.mark.parametrize(
    ("stated", "fault"),
    [
        ("retention_years: 4", "retention_years: must be from 5 to 100"),
        ("checkpoints: ../data/points", "checkpoints: must not lie under the data folder"),
        ("spool: ../data/spool", "spool: must not lie under the data folder"),
        ("writer: Two words", "writer: must be 1 to 40 of a-z, 0-9 and hyphen"),
    ],
)
def test_an_audit_that_could_not_be_trusted_is_a_fault(config: Path, stated: str, fault: str) -> None:
    change(config, "listeners:", f"audit: {{{stated}}}\nlisteners:")
    assert any(fault in found for found in faults(config))


def with_drop(config: Path, *stated: str) -> None:
    """Two file drop channels, with what ``sambro.yaml`` states of them."""
    (config / "mappings" / "systems" / "kommun_csv").mkdir()
    path = config / "agreements" / SHIPPED.name
    channels = "".join(
        f"  {name}: {{party: kommun, unit: ifo-utforare, connector: file_drop, mapping: kommun_csv}}\n"
        for name in ("filer", "filer-2")
    )
    text = path.read_text(encoding="utf-8").replace("channels:\n", f"channels:\n{channels}")
    path.write_text(text, encoding="utf-8")
    for folder in ("in", "in-2"):
        (config / folder).mkdir()
    change(config, "listeners:", "\n".join(["drops:", *(f"  {line}" for line in stated), "listeners:"]))


def test_a_file_drop_has_a_folder(config: Path) -> None:
    with_drop(config, "filer: {folder: in}", "filer-2: {folder: in-2, marker: .ok, keep_hours: 24}")
    assert load(config).drops == {
        "filer": Drop("filer", config / "in", 10, None, 72),
        "filer-2": Drop("filer-2", config / "in-2", 10, ".ok", 24),
    }


@pytest.mark.parametrize(
    ("stated", "fault"),
    [
        (["filer: {folder: in}"], "drops: the channel filer-2 of an agreement has none"),
        (
            ["filer: {folder: in}", "filer-2: {folder: ../config/in}"],
            "drops: filer-2 has the folder of filer",
        ),
        (["filer: {folder: in}", "filer-2: {folder: gone}"], "folder: no such folder"),
        (["filer: {folder: in}", "filer-2: {folder: in-2, marker: ok}"], "marker: must be an ending as .ok"),
        (
            ["filer: {folder: in}", "filer-2: {folder: in-2, keep_hours: 73}"],
            "keep_hours: must be from 1 to 72",
        ),
        (
            ["filer: {folder: in}", "filer-2: {folder: in-2}", "alingsas-kommun: {folder: in}"],
            "is not known here",
        ),
    ],
)
def test_a_faulty_file_drop_is_named(config: Path, stated: list[str], fault: str) -> None:
    with_drop(config, *stated)
    assert any(fault in found for found in faults(config))
