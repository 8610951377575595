"""How the audit is kept, and where files are dropped."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter.settings import (
    AuditKeeping,
    Drop,
    Retention,
)
from tests.settings.folder import SHIPPED, change, faults, load


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


def test_rows_stay_two_and_ten_years_unless_stated(config: Path) -> None:
    assert load(config).retention == Retention(log_days=730, consent_years=10)
    change(config, "listeners:", "retention: {log_days: 90, consent_years: 5}\nlisteners:")
    assert load(config).retention == Retention(log_days=90, consent_years=5)


@pytest.mark.parametrize(
    ("stated", "fault"),
    [
        ("log_days: 29", "log_days: must be from 30 to 36500"),
        ("consent_years: 4", "consent_years: must be from 5 to 100"),
        ("audit_years: 4", "audit_years"),
    ],
)
def test_rows_stay_long_enough_to_be_asked_about(config: Path, stated: str, fault: str) -> None:
    change(config, "listeners:", f"retention: {{{stated}}}\nlisteners:")
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
