"""The endpoint of a system that is sent HL7 v2: where it listens, and TLS beyond this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.settings.folder import change, faults, load, sent_hl7v2

URL = "https://journal.example.org/fhir"


@pytest.fixture
def over_mllp(config: Path) -> Path:
    """The installation, its region's journal a system that is sent HL7 v2."""
    for name in ("own.pem", "own.key", "ca.pem"):
        (config / name).touch()
    return sent_hl7v2(config)


def test_plain_on_loopback(over_mllp: Path) -> None:
    change(over_mllp, URL, "mllp://127.0.0.1:2575")
    endpoint = load(over_mllp).endpoints["vgr-journal"]
    assert (endpoint.url, endpoint.tls, endpoint.timeout_seconds) == ("mllp://127.0.0.1:2575", None, 5)


def test_with_tls_beyond_it(over_mllp: Path) -> None:
    change(
        over_mllp,
        f'"{URL}"',
        '"mllps://[::1]:2575", tls: {certificate: own.pem, key: own.key, ca: ca.pem}',
    )
    tls = load(over_mllp).endpoints["vgr-journal"].tls
    assert tls is not None
    assert (tls.certificate.name, tls.key.name, tls.ca.name) == ("own.pem", "own.key", "ca.pem")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (URL, "url: must be mllps://host:port, or mllp://host:port on loopback"),
        ("mllps://journal.example.org", "url: must be mllps://host:port"),
        ("mllp://user@127.0.0.1:1", "url: must be mllps://host:port"),
        ("mllp://127.0.0.1:2575/path", "url: must be mllps://host:port"),
        ("mllp://127.0.0.1:70000", "url: has a port beyond 65535"),
        ("mllp://journal.example.org:2575", "url: must be mllps; mllp only on loopback"),
        ("mllps://journal.example.org:2575", "certificate: is missing"),
    ],
)
def test_what_cannot_be_used_is_a_fault(over_mllp: Path, url: str, message: str) -> None:
    change(over_mllp, URL, url)
    assert any(message in fault for fault in faults(over_mllp)), faults(over_mllp)


def test_it_has_no_token(over_mllp: Path) -> None:
    change(over_mllp, f'"{URL}"', '"mllp://127.0.0.1:2575", token: s3cret')
    assert any("token is not known here" in fault for fault in faults(over_mllp))
