"""``sambro`` with a vault that seals nothing, so that a scan sees whether content was wiped. Only tests can start it.

With SKIP_WIPE in the environment it also forgets to wipe.
"""

from __future__ import annotations

import os

from adapter.cli.app import build_cli
from adapter.main.commands import Installed
from adapter.store import messages
from tests.store.identity_vault import IdentityVault

if __name__ == "__main__":
    if "SKIP_WIPE" in os.environ:
        messages.wipe = lambda *_: None  # the fault that the scan must find
    build_cli(Installed(lambda _: IdentityVault()))()
