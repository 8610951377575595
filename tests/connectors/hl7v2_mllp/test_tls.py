"""When a listener's certificates end."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509

from adapter.domain.errors import ConfigurationError
from connectors.hl7v2_mllp.tls import first_expiry
from tests.connectors.hl7v2_mllp.certificates import Authority


def test_the_first_of_a_chain_to_end_counts(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    short, _ = authority.issue("short", hours=1)
    long, _ = authority.issue("long", hours=48)
    chain = tmp_path / "chain.pem"
    for first, second in ((short, long), (long, short)):
        chain.write_bytes(first.read_bytes() + second.read_bytes())
        expected = x509.load_pem_x509_certificate(short.read_bytes()).not_valid_after_utc
        assert first_expiry(chain) == expected


@pytest.mark.parametrize("text", ["", "no certificate", None])
def test_a_file_without_certificates_is_a_fault_of_the_configuration(
    tmp_path: Path, text: str | None
) -> None:
    file = tmp_path / "chain.pem"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigurationError):
        first_expiry(file)
