"""Every line that Sambro logs is a member of this enum: a stable code with a meaning, and fields that are codes or ids."""

from __future__ import annotations

from enum import StrEnum


class LogCode(StrEnum):
    """The codes of log lines (``event`` in the JSON)."""

    SERVICE_STARTED = "service-started"
    """The endpoint answers; ``port``."""
    SERVICE_STOPPED = "service-stopped"
    """Everything is drained and closed."""
    LISTENER_STARTED = "listener-started"
    """An MLLP channel listens; ``channel``, ``port``."""
    DROP_STARTED = "drop-started"
    """A channel's folder is looked at for files; ``channel``."""
    FILE_READ = "file-read"
    """Each row of a file was accepted or refused; ``channel``, ``file`` (our id of it), ``codes``, and how many rows by outcome."""
    DROP_FAULT = "drop-fault"
    """A folder or a file in it could not be worked on; it is tried again; ``channel``, ``fault`` is the exception's type, ``code``."""
    CONNECTION_REFUSED = "connection-refused"
    """An MLLP channel refused a connection; ``channel``, ``reason``."""
    BYTES_IGNORED = "bytes-ignored"
    """An MLLP connection ended that had sent bytes outside frames; ``channel``, ``count``."""
    MESSAGE_ACCEPTED = "message-accepted"
    """A message is committed; ``message``, ``channel``, ``outcome``."""
    MESSAGE_REFUSED = "message-refused"
    """A message was refused before it was stored; ``channel``, ``codes``."""
    MESSAGE_PROCESSED = "message-processed"
    """A worker has mapped a message; ``message``, ``state``."""
    DELIVERY_ENDED = "delivery-ended"
    """A delivery came to an end; ``delivery``, ``state``, ``code``."""
    DELIVERY_FAILED = "delivery-failed"
    """An attempt failed in passing; ``delivery``, ``code``."""
    WORKER_FAULT = "worker-fault"
    """A worker met something unforeseen; it goes on; ``fault`` is the exception's type."""
    REQUEST_FAULT = "request-fault"
    """A request met something unforeseen; ``fault`` is the exception's type, ``request``."""
    TOKEN_REFUSED = "token-refused"  # noqa: S105  a code, not a secret
    """A bearer token, or a request for one, was refused; ``code``."""
    TOKEN_ISSUED = "token-issued"  # noqa: S105  a code, not a secret
    """A system client was given an access token; ``client``."""
    KEYS_NOT_FETCHED = "keys-not-fetched"
    """A JWKS could not be fetched; ``host``, ``code``."""
    AUDIT_CHECKPOINT = "audit-checkpoint"
    """The line that was added to the checkpoint file; ``writer``, ``number``, ``head``, ``at``, ``keyVersion``, ``seal``."""
    AUDIT_SPOOLED = "audit-spooled"
    """A request was refused since nothing can be written down; its line is in the spool; ``code``, ``request``."""
    AUDIT_IMPORTED = "audit-imported"
    """Lines of the spool are in the audit; ``count``."""
    ALERT = "alert"
    """Something an admin must see; ``code``, ``agreement``."""
