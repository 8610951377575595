"""Scopes of access tokens: SMART App Launch 2, "Scopes for requesting clinical data", for system clients; and our own three.

A clinical scope is ``system/<Type or *>.<letters>``, the letters a part of ``cruds`` (create, read, update, delete, search) in that
order. The older ``.read``, ``.write`` and ``.*``, other contexts (``user/``, ``patient/``) and the narrowing ``?query`` form are no
scopes here: what narrows would have to be obeyed, and what is not understood is not granted.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Final

from adapter.domain.errors import SambroError

INBOUND: Final = "inbound"
"""To push to an inbound channel."""
AUDIT: Final = "audit"
"""To read, with a clinical scope on AuditEvent, what one's own party took part in."""
AUDIT_ALL: Final = "audit-all"
"""To read the audit as every party, by the parties' order."""
RELEASE_WITHOUT_CONSENT: Final = "release-without-consent"
"""To file one, as a named official of the sender."""
READ_AND_SEARCH: Final = "rs"
"""Asked for together, so that a client that has one of them learns no more than one that has neither."""
_EVERY_TYPE: Final = "*"
_CLINICAL: Final = re.compile(r"system/(\*|[A-Z][A-Za-z]{0,63})\.(?=.)(c?r?u?d?s?)", re.ASCII)


class ScopeMissing(SambroError):
    """The token's scopes do not cover the interaction: 403."""


def is_scope(text: str) -> bool:
    """Whether this is a scope that a client may be given."""
    return text in (INBOUND, AUDIT, AUDIT_ALL, RELEASE_WITHOUT_CONSENT) or is_clinical(text)


def is_clinical(scope: str) -> bool:
    """Whether a scope opens records."""
    return _CLINICAL.fullmatch(scope) is not None


def require_scope(scopes: frozenset[str], resource_type: str, letters: str) -> None:
    """Raise ScopeMissing unless ``scopes`` grant each of ``letters`` (of ``cruds``) on a resource type, in one scope or in several."""
    if not _granted(scopes, resource_type).issuperset(letters):
        raise ScopeMissing(resource_type)


def require_scope_of(scopes: frozenset[str], resource_type: str) -> None:
    """Raise ScopeMissing unless ``scopes`` grant something on a resource type."""
    if not _granted(scopes, resource_type):
        raise ScopeMissing(resource_type)


def require_scope_on_any(scopes: frozenset[str], letters: str) -> None:
    """Raise ScopeMissing unless ``scopes`` grant each of ``letters`` on some resource type."""
    found = (_CLINICAL.fullmatch(scope) for scope in scopes)
    if not any(_granted(scopes, scope[1]).issuperset(letters) for scope in found if scope is not None):
        raise ScopeMissing(_EVERY_TYPE)


def covers(given: frozenset[str], asked: Collection[str]) -> bool:
    """Whether each asked scope is one of the given, or narrower than what they grant together; what is no scope never is."""
    return all(_covers(given, scope) for scope in asked)


def _covers(given: frozenset[str], asked: str) -> bool:
    clinical = _CLINICAL.fullmatch(asked)
    if clinical is None:
        return is_scope(asked) and asked in given
    resource_type, letters = clinical.groups()
    return _granted(given, resource_type).issuperset(letters)


@lru_cache(maxsize=1024)
def _granted(scopes: frozenset[str], resource_type: str) -> frozenset[str]:
    """The letters that scopes grant on a type. Asked for every type (``*``), only what is granted on every type counts."""
    found = (_CLINICAL.fullmatch(scope) for scope in scopes)
    return frozenset(
        letter
        for scope in found
        if scope is not None and scope[1] in (_EVERY_TYPE, resource_type)
        for letter in scope[2]
    )
