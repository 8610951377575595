"""The one tree of errors. Messages and codes never carry a value from a record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class SambroError(Exception):
    """Root of every error that Sambro raises on purpose."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault in a configuration file: where it stands and what to do about it."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class ConfigurationError(SambroError):
    """Configuration that cannot be used; carries every fault that was found, not only the first."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True, slots=True, order=True)
class Issue:
    """One finding in a record: a field path and a code, never the value.

    ``severity`` is ``error``, ``warning`` or ``information`` (FHIR IssueSeverity).
    """

    path: str
    code: str
    severity: str = "error"


class InputError(SambroError):
    """Input that cannot be accepted: all its faulty fields at once.

    ``status`` is the HTTP status that tells the sender what kind of fault it is (400, 413, 415, 422).
    """

    def __init__(self, issues: Iterable[Issue], status: int = 422) -> None:
        self.issues = tuple(dict.fromkeys(issues))
        self.status = status
        super().__init__(", ".join(f"{issue.path}: {issue.code}" for issue in self.issues))


class IdentityError(SambroError):
    """A personal identity that is malformed; ``code`` says how, the value is never kept."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class MappingError(SambroError):
    """A record that a mapping cannot turn into its target; carries every issue."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        self.issues = tuple(dict.fromkeys(issues))
        super().__init__(", ".join(f"{issue.path}: {issue.code}" for issue in self.issues))


class ContentUnreadable(SambroError):
    """Sealed content whose key is gone or whose seal is broken."""


class KeyFault(SambroError):
    """The master key is missing, exposed, or not the one that this installation was made with."""


class Unreachable(SambroError):
    """A party's system or the database did not answer in time. ``code`` goes to the log."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class TokenRefused(SambroError):
    """A token, or what must come with it, that is not accepted. ``code`` is for the log and the audit; the caller learns no more than 401."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class IllegalTransition(SambroError):
    """A state change that the table of transitions does not know: a bug."""
