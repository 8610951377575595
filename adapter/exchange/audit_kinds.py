"""What an audit row can tell of: the log's words for AuditEvents, and which of them a party may read of its own."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class AuditKind(StrEnum):
    """The ``kind`` of a row; docs/audit.md says which route writes which."""

    FILED = "filed"
    """A message was accepted, and what it says of consents is in force."""
    REPEATED = "repeated"
    """A message that had come before got the earlier answer."""
    AUTHORIZATION = "authorization"
    """The gate decided about one way from a sender to a recipient, also that what waited there may go on no longer."""
    DISCLOSURE = "disclosure"
    """Records were handed over, by the sender's side (DCM 110106, Export)."""
    IMPORT = "import"
    """The recipient has them (DCM 110107, Import)."""
    NOTICE = "notice"
    """A recipient is told that the basis of what it was given has ended."""
    ACCESS = "access"
    """A read or a search by FHIR, found or not."""
    RECEIPT = "receipt"
    """``$confirm-receipt``, known answer or not."""
    VALIDATION = "validation"
    """``$validate``, whatever was found."""
    REFUSED = "refused"
    """A request or message that was turned away: token, scope, form, or something of ours that did not work."""
    LIFTING = "lifting"
    """A party lifted its own block for a time."""
    RELEASE_WITHOUT_CONSENT = "release-without-consent"
    """A named official of the sender decided to release without consent."""
    EMERGENCY_ACCESS = "emergency-access"
    """Somebody stated emergency access, which opens nothing."""
    UNAUDITED = "unaudited"
    """A request that was answered 503 while the database could not be written to; brought in from the spool."""
    TOKEN = "token"  # noqa: S105  a kind, not a secret
    """Our own authorization server gave a client a token (ITI-71)."""
    SIGN_IN = "sign-in"
    """Somebody tried to sign in to the console."""
    SIGN_OUT = "sign-out"
    """A session of the console was ended."""
    VIEW = "view"
    """An administrator looked at a screen of the console."""
    ADMINISTRATION = "administration"
    """An administrator did something."""
    FOLLOW_UP = "follow-up"
    """An administrator has seen to an entry of the follow-up list."""
    ACKNOWLEDGEMENT = "acknowledgement"
    """An administrator took a loss in the audit as it is."""
    EXTRACT = "extract"
    """The audit itself was read for a person (DCM 110101, Audit Log Used)."""


PARTY_READS: Final = frozenset(
    {
        AuditKind.FILED,
        AuditKind.REPEATED,
        AuditKind.AUTHORIZATION,
        AuditKind.DISCLOSURE,
        AuditKind.IMPORT,
        AuditKind.NOTICE,
        AuditKind.ACCESS,
        AuditKind.RECEIPT,
        AuditKind.VALIDATION,
        AuditKind.REFUSED,
        AuditKind.LIFTING,
        AuditKind.RELEASE_WITHOUT_CONSENT,
        AuditKind.EMERGENCY_ACCESS,
    }
)
"""What an auditor of one party may read where the party took part; of an authorization the permit alone, of a lifting its own."""
