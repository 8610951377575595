"""Scopes: their form, what an interaction needs, and that a token's may only be narrower than its client's."""

from __future__ import annotations

import pytest

from adapter.domain.scopes import ScopeMissing, covers, is_scope, require_scope, require_scope_on_any

SCOPES = ["system/Patient.rs", "system/*.rs", "system/Consent.cruds", "system/Consent.cu", "inbound", "audit"]
NO_SCOPES = [
    "",
    "system/Patient",
    "system/Patient.",
    "system/Patient.sr",
    "system/Patient.rrs",
    "system/Patient.read",
    "system/Patient.*",
    "system/*.*",
    "system/patient.rs",
    "system/.rs",
    "user/Patient.rs",
    "patient/Patient.rs",
    "system/Observation.rs?category=laboratory",
    "system/Patient.rs ",
    "system/Patient.rs\n",
    "openid",
    "Inbound",
]


@pytest.mark.parametrize("text", SCOPES)
def test_a_scope_of_a_system_client(text: str) -> None:
    assert is_scope(text)


@pytest.mark.parametrize("text", NO_SCOPES)
def test_what_is_no_scope_is_neither_accepted_nor_covered_nor_granting(text: str) -> None:
    assert not is_scope(text)
    assert not covers(frozenset({text, "system/*.cruds"}), [text])
    with pytest.raises(ScopeMissing):
        require_scope(frozenset({text}), "Patient", "r")


@pytest.mark.parametrize(
    ("scopes", "resource_type", "letters", "is_granted"),
    [
        ({"system/Patient.rs"}, "Patient", "rs", True),
        ({"system/Patient.r", "system/Patient.s"}, "Patient", "rs", True),
        ({"system/*.r", "system/Patient.s"}, "Patient", "rs", True),
        ({"system/*.rs"}, "Consent", "rs", True),
        ({"system/Consent.cruds"}, "Consent", "c", True),
        ({"system/Patient.r"}, "Patient", "rs", False),
        ({"system/Patient.s"}, "Patient", "rs", False),
        ({"system/*.rs"}, "Consent", "c", False),
        ({"system/Consent.c"}, "Consent", "u", False),
        ({"system/CarePlan.rs"}, "Patient", "rs", False),
        ({"inbound", "audit"}, "Patient", "r", False),
        (set(), "Patient", "r", False),
    ],
)
def test_an_interaction_needs_each_of_its_letters(
    scopes: set[str], resource_type: str, letters: str, is_granted: bool
) -> None:
    if is_granted:
        require_scope(frozenset(scopes), resource_type, letters)
    else:
        with pytest.raises(ScopeMissing):
            require_scope(frozenset(scopes), resource_type, letters)


@pytest.mark.parametrize(
    ("given", "asked", "is_covered"),
    [
        ({"system/Patient.rs"}, {"system/Patient.rs"}, True),
        ({"system/Patient.rs"}, {"system/Patient.r"}, True),
        ({"system/*.rs"}, {"system/Patient.rs", "system/CarePlan.s"}, True),
        ({"system/*.rs"}, {"system/*.r"}, True),
        ({"inbound"}, {"inbound"}, True),
        ({"inbound"}, set(), True),
        ({"system/Patient.r"}, {"system/Patient.rs"}, False),
        ({"system/Patient.rs", "system/CarePlan.rs"}, {"system/*.rs"}, False),
        ({"system/Patient.rs"}, {"system/Patient.rs", "audit"}, False),
        ({"system/*.cruds"}, {"inbound"}, False),
    ],
)
def test_a_token_may_be_narrower_than_its_client(given: set[str], asked: set[str], is_covered: bool) -> None:
    assert covers(frozenset(given), asked) is is_covered


@pytest.mark.parametrize(
    ("scopes", "is_granted"),
    [
        ({"system/Patient.rs"}, True),
        ({"system/*.r", "system/Patient.s"}, True),
        ({"system/Patient.r", "system/CarePlan.s"}, False),
        ({"inbound", "audit"}, False),
        (set(), False),
    ],
)
def test_what_concerns_no_type_needs_its_letters_on_one(scopes: set[str], is_granted: bool) -> None:
    if is_granted:
        require_scope_on_any(frozenset(scopes), "rs")
    else:
        with pytest.raises(ScopeMissing):
            require_scope_on_any(frozenset(scopes), "rs")
