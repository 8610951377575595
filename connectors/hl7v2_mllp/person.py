"""Chooses the personal identity among the repetitions of a CX field (PID-3, MRG-1; HL7 2.x chapter 2A, CX)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from adapter.domain.errors import IdentityError, InputError, Issue
from adapter.domain.identity import (
    HSA_ID,
    ORGANISATIONSNUMMER,
    PERSONNUMMER,
    RESERVNUMMER,
    SAMORDNINGSNUMMER,
    PersonId,
    canonical_system,
    parse_person_id,
)
from adapter.mapping.hl7v2 import part, repetitions

_Repetition = Mapping[str, Any]

# CX.5, table 0203: what senders write for the Swedish national number where CX.4 names no authority by OID.
_NATIONAL_TYPES: Final = frozenset({"NNSWE", "NNSE", "PN"})
# A record number with ten digits is too easily a valid personnummer: unmarked, only the full form counts.
_FULL_FORM: Final = re.compile(r"\d{8}[-+]?\d{4}", re.ASCII)
_BEST_FIRST: Final = (PERSONNUMMER, SAMORDNINGSNUMMER, RESERVNUMMER)


def read_person_id(tree: Mapping[str, Any], segment: str, number: int, today: date) -> PersonId:
    """The person that a CX field names; ``today`` is Stockholm's day.

    Repetitions count whose authority (CX.4, OID or URI) or type (CX.5) is a personal identity's; where none says so, those that
    have neither and hold a valid number of twelve digits. A personnummer goes before a samordningsnummer, that before reserve
    numbers.

    Raises InputError (422) for the field: ``required``, ``identity-system-unknown``, ``identity-ambiguous`` (two persons of the
    same rank), or what is wrong with a number that is marked as personal.
    """
    path = f"{segment}-{number}"
    given = [repetition for repetition in repetitions(tree, segment, number) if part(repetition, 1)]
    if not given:
        raise InputError([Issue(path, "required")])
    marked = [repetition for repetition in given if _is_marked(repetition)]
    persons, codes = _parse(marked or [repetition for repetition in given if _is_unmarked(repetition)], today)
    if codes and (marked or not persons):
        raise InputError(Issue(path, code) for code in codes)
    if not persons:
        raise InputError([Issue(path, "identity-system-unknown")])
    return _best(persons, path)


def _parse(candidates: list[_Repetition], today: date) -> tuple[set[PersonId], list[str]]:
    persons: set[PersonId] = set()
    codes: list[str] = []
    for candidate in candidates:
        try:
            persons.add(parse_person_id(part(candidate, 1), today=today, system=_authority(candidate)))
        except IdentityError as error:
            codes.append(error.code)
    return persons, codes


def _best(persons: set[PersonId], path: str) -> PersonId:
    by_rank: dict[int, list[PersonId]] = {}
    for person in persons:
        rank = _BEST_FIRST.index(person.system) if person.system in _BEST_FIRST else len(_BEST_FIRST)
        by_rank.setdefault(rank, []).append(person)
    best = by_rank[min(by_rank)]
    if len(best) > 1:
        raise InputError([Issue(path, "identity-ambiguous")])
    return best[0]


def _authority(repetition: _Repetition) -> str | None:
    """CX.4.2, or a CX.4.1 that is itself the OID of a known system."""
    namespace = part(repetition, 4, 1)
    return part(repetition, 4, 2) or (namespace if canonical_system(namespace) else None)


def _is_marked(repetition: _Repetition) -> bool:
    authority = _authority(repetition)
    if authority is None:
        return part(repetition, 5) in _NATIONAL_TYPES
    return canonical_system(authority) not in (None, HSA_ID, ORGANISATIONSNUMMER)


def _is_unmarked(repetition: _Repetition) -> bool:
    is_silent = _authority(repetition) is None and not part(repetition, 5)
    return is_silent and _FULL_FORM.fullmatch(part(repetition, 1)) is not None
