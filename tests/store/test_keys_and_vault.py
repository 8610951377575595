"""Keys that are missing, exposed or wrong keep the service from starting; content keys die with their content."""

from __future__ import annotations

import os
import stat
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapter.domain.errors import ContentUnreadable, KeyFault
from adapter.domain.identity import PERSONNUMMER, SAMORDNINGSNUMMER, PersonId
from adapter.store.keys import Keyring, bind, init_master_key, load_keyring
from adapter.store.vault import Sealed, SealedVault, Vault
from tests.store.conftest import Run
from tests.store.identity_vault import IdentityVault
from tests.store.samples import KEYRING, NOW

PERSON_ID = PersonId(PERSONNUMMER, "191212121212")


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "keys" / "master"
    init_master_key(file)
    return file


def test_a_new_master_key_is_private_and_never_replaced(key_file: Path) -> None:
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    before = key_file.read_bytes()
    with pytest.raises(KeyFault):
        init_master_key(key_file)
    assert key_file.read_bytes() == before


def remove(file: Path) -> None:
    file.unlink()


def expose(file: Path) -> None:
    file.chmod(0o640)


def shorten(file: Path) -> None:
    file.write_bytes(b"short")


def lengthen(file: Path) -> None:
    file.write_bytes(b"x" * 33)


@pytest.mark.parametrize("spoil", [remove, expose, shorten, lengthen])
def test_a_spoilt_master_key_is_refused(
    key_file: Path, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    load_keyring(key_file, data_dir=tmp_path / "data")
    spoil(key_file)
    with pytest.raises(KeyFault):
        load_keyring(key_file, data_dir=tmp_path / "data")


def test_a_master_key_beside_the_data_is_refused(key_file: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "link").symlink_to(key_file.parent)
    with pytest.raises(KeyFault):
        load_keyring(key_file, data_dir=tmp_path)
    with pytest.raises(KeyFault):
        load_keyring(tmp_path / "data" / "link" / "master", data_dir=key_file.parent)


def test_a_database_knows_its_master_key(run: Run) -> None:
    run(bind, KEYRING)
    run(bind, KEYRING)
    with pytest.raises(KeyFault):
        run(bind, Keyring(b"another key, of thirty-two bytes"))


def test_a_person_key_names_its_version_and_hides_the_number() -> None:
    key = KEYRING.person_key(PERSON_ID)
    assert key.startswith("1-")
    assert PERSON_ID.value not in key
    assert key == Keyring(b"k" * 32).person_key(PERSON_ID)
    assert key != KEYRING.person_key(PersonId(SAMORDNINGSNUMMER, PERSON_ID.value))
    assert key != Keyring(b"x" * 32).person_key(PERSON_ID)


def test_a_record_id_is_a_version_8_uuid_that_tells_its_parts_apart() -> None:
    number = uuid.UUID(KEYRING.record_id("system", "1"))
    assert (number.version, number.variant) == (8, uuid.RFC_4122)
    assert KEYRING.record_id("ab", "c") != KEYRING.record_id("a", "bc")
    assert KEYRING.record_id("a", "b") == KEYRING.record_id("a", "b")


def test_the_registry_opens_only_its_own_row() -> None:
    sealed = KEYRING.seal_registry(b"consent", row="1/1")
    assert b"consent" not in sealed
    assert KEYRING.open_registry(sealed, row="1/1") == b"consent"
    for broken, row in ((sealed, "1/2"), (sealed[:-1], "1/1"), (b"", "1/1")):
        with pytest.raises(ContentUnreadable):
            KEYRING.open_registry(broken, row=row)


@pytest.mark.parametrize("make", [SealedVault, lambda _: IdentityVault()])
def test_a_vault_gives_back_what_it_sealed(tmp_path: Path, make: Callable[[Path], Vault]) -> None:
    vault = make(tmp_path / "content")
    sealed = vault.seal(b"plan", context="id/raw", at=NOW)
    assert sealed.key_day == "2026-11-22"
    assert vault.open(sealed, context="id/raw") == b"plan"


def test_sealed_content_opens_only_in_its_context_and_unharmed(tmp_path: Path) -> None:
    vault = SealedVault(tmp_path / "content")
    sealed = vault.seal(b"plan", context="id/raw", at=NOW)
    flipped = bytes([sealed.ciphertext[-1] ^ 1])
    for broken, context in (
        (sealed, "other/raw"),
        (Sealed(sealed.ciphertext[:-1] + flipped, sealed.key_day), "id/raw"),
        (Sealed(b"", sealed.key_day), "id/raw"),
        (Sealed(sealed.ciphertext, "2026-11-21"), "id/raw"),
    ):
        with pytest.raises(ContentUnreadable):
            vault.open(broken, context=context)


def test_content_keys_are_private_and_shared_by_replicas(tmp_path: Path) -> None:
    one, two = (SealedVault.beside(tmp_path / "master") for _ in range(2))
    sealed = one.seal(b"plan", context="id", at=NOW)
    assert two.open(sealed, context="id") == b"plan"
    assert one.open(two.seal(b"other", context="id", at=NOW), context="id") == b"other"
    directory = tmp_path / "master.content"
    assert os.listdir(directory) == ["2026-11-22"]
    assert stat.S_IMODE((directory / "2026-11-22").stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_destroyed_key_takes_its_content_with_it_also_after_a_restart(tmp_path: Path) -> None:
    vault = SealedVault(tmp_path / "content")
    sealed = vault.seal(b"plan", context="id", at=NOW)
    vault.destroy_unused(set(), now=datetime(2026, 11, 23, 2, tzinfo=UTC))
    for opened in (vault, SealedVault(tmp_path / "content")):
        with pytest.raises(ContentUnreadable):
            opened.open(sealed, context="id")


@pytest.mark.parametrize(
    ("used", "now"),
    [
        ({"2026-11-22"}, datetime(2026, 11, 25, tzinfo=UTC)),
        (set(), datetime(2026, 11, 22, 23, tzinfo=UTC)),
        (set(), datetime(2026, 11, 23, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_key_is_spared_while_content_may_need_it(tmp_path: Path, used: set[str], now: datetime) -> None:
    vault = SealedVault(tmp_path / "content")
    sealed = vault.seal(b"plan", context="id", at=NOW)
    vault.destroy_unused(used, now=now)
    assert vault.open(sealed, context="id") == b"plan"
