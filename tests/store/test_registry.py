"""Persons by key, the Consent registry, administrators."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Connection

from adapter.store import admins, persons
from adapter.store.consents import (
    consent_by_identifier,
    consents_of,
    file_consent,
    is_tombstoned,
    last_filed,
    revise,
    tombstone_identifier,
)
from adapter.store.database import NoSuchRow
from adapter.store.persons import Epochs, epochs, keys_of, merge, protection, set_protection
from tests.store.conftest import Run
from tests.store.samples import AGREEMENT, NOW, OTHER, PERSON, after, new_consent

THIRD = "1-third"


def test_an_unknown_person_has_epoch_nought(run: Run) -> None:
    assert run(epochs, PERSON) == Epochs(0, 0)
    assert run(protection, PERSON) == frozenset()


def test_every_change_of_a_consent_raises_the_epoch(run: Run) -> None:
    consent = new_consent()
    seen = [run(epochs, PERSON).person]
    run(file_consent, consent)
    seen.append(run(epochs, PERSON).person)
    run(revise, replace(consent, version=2, status="inactive"))
    seen.append(run(epochs, PERSON).person)
    assert seen == [0, 1, 2]
    assert run(epochs, OTHER).person == 0


def test_a_change_in_the_same_transaction_is_seen_by_the_comparison(run: Run) -> None:
    def change_then_compare(connection: Connection) -> bool:
        before = epochs(connection, PERSON)
        file_consent(connection, new_consent())
        return epochs(connection, PERSON) == before

    assert run(change_then_compare) is False


def test_the_agreements_epoch_rises_only_when_they_change(run: Run) -> None:
    raised = [run(persons.raise_global_epoch, fingerprint) for fingerprint in ("a", "a", "b", "a")]
    assert raised == [1, 1, 2, 3]
    assert run(epochs, PERSON).everywhere == 3


def test_protection_is_kept_changed_and_lifted(run: Run) -> None:
    assert run(set_protection, PERSON, {"sekretessmarkering"}) is True
    assert run(set_protection, PERSON, {"sekretessmarkering"}) is False
    assert run(protection, PERSON) == {"sekretessmarkering"}
    assert run(set_protection, PERSON, ()) is True
    assert run(protection, PERSON) == frozenset()
    assert run(epochs, PERSON).person == 2


def test_merged_keys_are_joined_either_way_and_however_far(run: Run) -> None:
    run(merge, PERSON, OTHER, NOW)
    run(merge, OTHER, THIRD, NOW)
    run(merge, OTHER, THIRD, NOW)
    for key in (PERSON, OTHER, THIRD):
        assert run(keys_of, key) == {PERSON, OTHER, THIRD}


def test_a_merge_raises_both_epochs_and_shares_protection(run: Run) -> None:
    run(set_protection, OTHER, {"skyddadFolkbokforing"})
    before = run(epochs, PERSON)
    run(merge, OTHER, PERSON, NOW)
    assert run(epochs, PERSON).person > before.person
    assert run(protection, PERSON) == {"skyddadFolkbokforing"}
    run(persons.raise_epoch, OTHER)
    assert run(epochs, PERSON).person == 4


def test_a_consent_is_found_by_person_and_by_identifier_in_its_current_version(run: Run) -> None:
    first = new_consent()
    second = replace(first, version=2, status="inactive", filed_at=after(1))
    run(file_consent, first)
    run(revise, second)
    run(file_consent, new_consent(person_key=OTHER))
    assert run(consents_of, [PERSON]) == [second]
    assert run(consent_by_identifier, first.identifier_key) == second
    assert run(consent_by_identifier, "unknown") is None


def test_what_was_filed_last_under_a_key_is_found_of_each_consent_newest_first(run: Run) -> None:
    first, newer = new_consent(), new_consent(filed_at=after(3))
    second = replace(first, version=2, filed_at=after(1))
    moved = replace(first, version=3, filed_at=after(2), person_key=OTHER)
    for row in (first, newer, new_consent(agreement="https://example.org/agreement")):
        run(file_consent, row)
    for row in (second, moved):
        run(revise, row)
    assert run(last_filed, PERSON, AGREEMENT) == [newer, second]
    assert run(last_filed, OTHER, AGREEMENT) == [moved]


def test_of_two_revisions_of_one_version_the_second_is_refused(run: Run) -> None:
    consent = new_consent()
    run(file_consent, consent)
    run(revise, replace(consent, version=2))
    with pytest.raises(NoSuchRow):
        run(revise, replace(consent, version=2, status="inactive"))


def test_a_revoked_identifier_has_ended_also_before_its_consent_came(run: Run) -> None:
    assert run(is_tombstoned, "identifier") is False
    run(tombstone_identifier, "identifier", NOW)
    run(tombstone_identifier, "identifier", after(1))
    assert run(is_tombstoned, "identifier") is True


def test_a_session_lasts_until_it_is_over_closed_or_the_account_changed(run: Run) -> None:
    account = admins.Admin("drift", "hash", {"parties": [["agreement", "region"]]}, NOW)
    run(admins.put_admin, account)
    run(admins.open_session, "token", "drift", after(60))
    run(admins.open_session, "another", "drift", after(60))
    assert run(admins.admin_of_session, "token", NOW) == account
    assert run(admins.admin_of_session, "token", after(60)) is None
    assert run(admins.admin_of_session, "guessed", NOW) is None
    run(admins.close_session, "token")
    assert run(admins.admin_of_session, "token", NOW) is None
    run(admins.put_admin, replace(account, password_hash="changed"))
    assert run(admins.admin_of_session, "another", NOW) is None
    changed = run(admins.find_admin, "drift")
    assert changed is not None
    assert changed.password_hash == "changed"
    assert run(admins.find_admin, "unknown") is None
