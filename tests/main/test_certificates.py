"""The certificates that the overview lists and an alert watches: of whichever end of a wire is ours, in both directions."""

from __future__ import annotations

from pathlib import Path

from adapter.domain.instants import utc_now
from adapter.exchange.certificates import Use
from adapter.main.certificates import certificates
from tests.connectors.hl7v2_mllp.certificates import Authority
from tests.settings.folder import change, load, sent_hl7v2, written


def test_each_file_of_a_listener_and_of_a_system_that_is_sent_to_belongs_to_its_party(tmp_path: Path) -> None:
    config = sent_hl7v2(written(tmp_path / "config"))
    authority = Authority(config)
    for name, hours in (("listener", 48), ("sender", 72)):
        authority.issue(name, hours=hours)
    listening = "tls: {certificate: listener.pem, key: listener.key, client_ca: authority.pem, client_subjects: [journal]}"
    change(config, "port: 2575,", f"port: 2575, {listening},")
    sending = "tls: {certificate: sender.pem, key: sender.key, ca: authority.pem}"
    change(config, '"https://journal.example.org/fhir"', f'"mllps://journal.example.org:2575", {sending}')
    found = {(one.party, one.wire, one.use): one for one in certificates(load(config))}
    assert list(found) == [
        ("region", "alingsas-region-hl7", Use.SERVER),
        ("region", "alingsas-region-hl7", Use.CLIENT_AUTHORITIES),
        ("region", "vgr-journal", Use.CLIENT),
        ("region", "vgr-journal", Use.SERVER_AUTHORITIES),
    ]
    days = [one.days_left(utc_now()) for one in found.values()]
    assert (days[0], days[2]) == (1, 2)


def test_without_tls_there_are_none(tmp_path: Path) -> None:
    assert list(certificates(load(written(tmp_path / "config")))) == []
