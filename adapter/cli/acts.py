"""Who runs a command, and what of it the audit keeps."""

from __future__ import annotations

import os
import pwd

from adapter.cli.root import Opened
from adapter.domain.instants import utc_now
from adapter.exchange.administration import Administration


def account() -> str:
    """The operating system's name for who runs the command, by the process and not by what its environment says."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def administration(opened: Opened) -> Administration:
    """What writes an opened installation's acts down."""
    return Administration(database=opened.database, audit=opened.audit, clock=utc_now)
