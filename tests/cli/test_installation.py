"""Commands about an installation: check, keys, serve that must not start, token, admin; and the exit codes of them all."""

from __future__ import annotations

import json
import os
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from joserfc.jwk import ECKey

from adapter.store.lock import ServiceLock
from adapter.store.signing_keys import load_signing_keys, signing_folder
from tests.cli.command import Installation, Run

REGION: Final = "https://w3id.org/sambro/agreement/alingsas-socialmedicinska#region"


def initialised(run: Run, installation: Installation) -> Installation:
    assert run(*installation.options, "keys", "init").code == 0
    return installation


def files_of(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []


def test_a_sound_installation_has_no_faults(run: Run, installation: Installation) -> None:
    ran = run(*initialised(run, installation).options, "check")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "1 agreements, no faults")
    assert "dev_issuer is true" in ran.out


def test_every_fault_is_named_at_once_with_file_and_line(run: Run, installation: Installation) -> None:
    initialised(run, installation)
    installation.change(installation.agreement, "max_months: 24", "max_months: 25")
    installation.change(
        installation.agreement, "to: region\n    units: [oppenpsykiatri]", "to: region\n    units: [ortopedi]"
    )
    installation.change(installation.agreement, "purposes: [TREAT, COC]", "purposes: [BTG]")
    ran = run(*installation.options, "check")
    faults = ran.out.splitlines()
    lines = {
        number
        for number, line in enumerate(installation.agreement.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"25|ortopedi|BTG", line)
    }
    named = {
        int(found[1])
        for fault in faults
        if (found := re.match(r"agreements/alingsas-socialmedicinska\.yaml:(\d+): ", fault))
    }
    assert (ran.code, named) == (1, lines)
    assert len(lines) == 3


def test_a_fault_of_settings_key_and_agreement_are_told_together(
    run: Run, installation: Installation
) -> None:
    installation.change(installation.config / "sambro.yaml", "port: 0}\npublic", "port: 99999}\npublic")
    installation.change(installation.agreement, "dead_letter: skip", "dead_letter: never")
    ran = run(*installation.options, "check")
    assert ran.code == 1
    assert {line.split(":", 1)[0] for line in ran.out.splitlines()} == {
        "sambro.yaml",
        f"agreements/{installation.agreement.name}",
    }


def test_a_mapping_with_a_fault_and_a_missing_key_are_faults(run: Run, installation: Installation) -> None:
    own = installation.config / "mappings" / "systems" / "own" / "sip.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("mapping: own\nversion: 1\n", encoding="utf-8")
    ran = run(*installation.options, "check")
    assert ran.code == 1
    assert any(line.startswith("systems/own/sip.yaml:") for line in ran.out.splitlines())
    assert any("master key" in line for line in ran.out.splitlines())


def test_a_key_is_made_once_and_for_its_owner_only(run: Run, installation: Installation) -> None:
    initialised(run, installation)
    key = installation.key.read_bytes()
    ran = run(*installation.options, "keys", "init")
    assert (ran.code, installation.key.read_bytes()) == (2, key)
    assert "exists" in ran.err
    assert (len(key), installation.key.stat().st_mode & 0o777) == (32, 0o600)
    assert key.hex() not in ran.out + ran.err


def test_the_status_of_keys_shows_no_key(run: Run, installation: Installation) -> None:
    initialised(run, installation)
    ran = run(*installation.options, "keys", "status")
    [signing] = load_signing_keys(installation.key)
    assert (ran.code, ran.out) == (0, f"master key: usable\nsigning key: {signing.kid}\n")


def test_a_new_signing_key_signs_and_those_before_it_still_verify(
    run: Run, installation: Installation
) -> None:
    initialised(run, installation)
    [first] = load_signing_keys(installation.key)
    ran = run(*installation.options, "keys", "signing")
    newest, before = load_signing_keys(installation.key)
    assert (ran.code, ran.out) == (0, f"signing key made: {newest.kid}\n")
    assert before.kid == first.kid != newest.kid


def test_a_registered_client_needs_a_signing_key_that_is_not_open_to_others(
    run: Run, installation: Installation
) -> None:
    initialised(run, installation)
    installation.change(
        installation.config / "sambro.yaml",
        "scopes:",
        'jwks_url: "https://client.example.org/keys"\n    scopes:',
    )
    assert run(*installation.options, "check").code == 0
    [key] = signing_folder(installation.key).iterdir()
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o644)
    exposed = run(*installation.options, "check")
    assert exposed.code == 1
    assert f"the signing key {key.name} is open to others" in exposed.out
    key.unlink()
    assert "there is no signing key: sambro keys signing makes one" in run(*installation.options, "check").out
    assert run(*installation.options, "serve").code == 2


def remove_key(installation: Installation) -> None:
    installation.key.unlink()


def expose_key(installation: Installation) -> None:
    installation.key.chmod(0o644)


def shorten_key(installation: Installation) -> None:
    installation.key.write_bytes(os.urandom(31))


@pytest.mark.parametrize("harm", [remove_key, expose_key, shorten_key])
@pytest.mark.parametrize("command", ["serve", "worker"])
def test_without_a_good_key_nothing_starts_and_nothing_is_made(
    run: Run, installation: Installation, harm: Callable[[Installation], None], command: str
) -> None:
    harm(initialised(run, installation))
    ran = run(*installation.options, command)
    assert (ran.code, ran.out, files_of(installation.data)) == (2, "", [])
    assert "key" in ran.err


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_with_another_databases_key_nothing_starts(
    run: Run, installation: Installation, command: str
) -> None:
    initialised(run, installation)
    assert run(*installation.options, "messages", "list").code == 0
    installation.key.write_bytes(os.urandom(32))
    ran = run(*installation.options, command)
    assert ran.code == 2
    assert "another master key" in ran.err
    assert "service-started" not in ran.err
    assert "listener-started" not in ran.err


def test_a_key_under_the_data_folder_is_refused(run: Run, installation: Installation) -> None:
    installation.change(installation.config / "sambro.yaml", "../keys/master.key", "../data/master.key")
    ran = run(*installation.options, "serve")
    assert (ran.code, files_of(installation.data)) == (2, [])


def test_faulty_configuration_starts_nothing_and_names_every_fault(
    run: Run, installation: Installation
) -> None:
    initialised(run, installation)
    installation.change(installation.agreement, "max_months: 24", "max_months: 25")
    installation.change(installation.config / "sambro.yaml", "port: 0}\npublic", "port: 99999}\npublic")
    ran = run(*installation.options, "serve")
    assert (ran.code, len(ran.err.splitlines()), files_of(installation.data)) == (2, 2, [])


def test_no_configuration_is_a_usage_error(run: Run, tmp_path: Path) -> None:
    for command in (("serve",), ("messages", "list"), ("keys", "init")):
        assert run("--config", tmp_path / "none", "--data", tmp_path / "data", *command).code == 2


def test_a_second_process_does_not_start(run: Run, installation: Installation) -> None:
    initialised(run, installation)
    installation.data.mkdir()
    with ServiceLock(installation.data / "service.lock"):
        ran = run(*installation.options, "serve")
    assert ran.code == 2
    assert "another serve or worker" in ran.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 2),
        (("--help",), 0),
        (("no-such-command",), 2),
        (("check", "--no-such-option"), 2),
        (("messages",), 2),
        (("map", "--mapping", "x"), 2),
    ],
)
def test_usage_is_told_apart_from_findings(run: Run, arguments: tuple[str, ...], code: int) -> None:
    ran = run(*arguments)
    assert ran.code == code
    assert "Traceback" not in ran.err


def test_a_development_token_only_where_the_settings_say_so(run: Run, installation: Installation) -> None:
    initialised(run, installation)
    ran = run(*installation.options, "token", "--client", "region", "--client", "region")
    assert (ran.code, [token.count(".") for token in ran.out.splitlines()]) == (0, [2, 2])
    assert run(*installation.options, "token", "--client", "nobody").code == 2
    keys = json.dumps({"keys": [ECKey.generate_key("P-384", {"kid": "one"}).as_dict(private=False)]})
    issuer = f"tokens: {{issuer: https://idp.example.org, audience: sambro, jwks: {keys}}}"
    installation.change(installation.config / "sambro.yaml", "dev_issuer: true", issuer)
    refused = run(*installation.options, "token", "--client", "region")
    assert (refused.code, refused.out) == (1, "")


def test_a_development_token_may_name_a_person(run: Run, installation: Installation) -> None:
    initialised(run, installation)
    mint = (*installation.options, "token", "--client", "region", "--practitioner")
    _, payload, _ = run(*mint, "SE2321000131-P0042").out.split(".")
    claims = json.loads(urlsafe_b64decode(payload + "=="))
    named = claims["extensions"]["ihe_iua"]["national_provider_identifier"]
    assert named == "urn:oid:1.2.752.29.4.19|SE2321000131-P0042"
    assert run(*mint, "nobody").code == 2


@pytest.mark.parametrize(
    ("party", "password", "code", "options"),
    [
        ("*", "correct horse battery", 0, ()),
        (REGION, "correct horse battery", 0, ("--content",)),
        (REGION.replace("region", "nobody"), "correct horse battery", 2, ()),
        ("*", "short", 2, ()),
        ("*", "correct horse battery", 0, ("--lasting", "--purge", "--no-act", "--no-look-up")),
        ("*", "correct horse battery", 2, ("--content",)),
    ],
)
def test_an_account_has_known_parties_a_long_password_and_opens_content_for_a_party_alone(
    run: Run, installation: Installation, party: str, password: str, code: int, options: tuple[str, ...]
) -> None:
    initialised(run, installation)
    ran = run(
        *installation.options,
        "admin",
        "create",
        "admin",
        "--party",
        party,
        "--password-stdin",
        *options,
        given=f"{password}\n",
    )
    assert (ran.code, password in ran.out + ran.err) == (code, False)


def test_a_first_password_is_made_and_printed_and_is_none_that_lasts(
    run: Run, installation: Installation
) -> None:
    initialised(run, installation)
    create = (*installation.options, "admin", "create", "admin", "--party", "*")
    first, second = run(*create), run(*create)
    assert first.code == 0
    assert len(first.out.strip()) >= 20
    assert first.out != second.out
    assert run(*create, "--lasting").code == 2


@pytest.mark.parametrize(
    ("mapping", "folder", "fault"),
    [
        ("kommun_csv", ".", None),
        ("kommun_csv", "/proc", "folder of the channel filer cannot be written to"),
        ("kommun_csv", "gone", "folder: no such folder"),
        (
            "neutral_push",
            ".",
            "channel filer: no mapping of neutral_push reads csv or json or xml, which file_drop takes in",
        ),
    ],
)
def test_what_keeps_a_file_drop_from_being_read_is_told(
    run: Run, installation: Installation, mapping: str, folder: str, fault: str | None
) -> None:
    initialised(run, installation)
    channel = f"  filer: {{party: kommun, unit: ifo-utforare, connector: file_drop, mapping: {mapping}}}"
    installation.change(installation.agreement, "channels:\n", f"channels:\n{channel}\n")
    installation.change(
        installation.config / "sambro.yaml",
        "listeners:",
        f"drops: {{filer: {{folder: {folder}}}}}\nlisteners:",
    )
    ran = run(*installation.options, "check")
    assert ran.code == (0 if fault is None else 1)
    assert (fault or "no faults") in ran.out


def test_what_no_mapping_writes_for_a_system_over_mllp_is_told(run: Run, installation: Installation) -> None:
    initialised(run, installation)
    own = "{party: region, connector: hl7v2_mllp, mapping: region_hl7v2}"
    installation.change(installation.agreement, "{party: region, connector: fhir_rest}", own)
    main = installation.config / "sambro.yaml"
    tls = "tls: {certificate: sambro.yaml, key: sambro.yaml, ca: sambro.yaml}"
    installation.change(main, '"http://127.0.0.1:9/fhir"', f'"mllps://localhost:9", {tls}')
    ran = run(*installation.options, "check")
    assert ran.code == 1
    said = ran.out.splitlines()
    assert any("writes HL7 v2 of SIP, which a flow delivers" in line for line in said)
    assert any("certificate or its key cannot be used" in line for line in said)
    assert not any("HL7 v2 of AUDIT" in line for line in said)
