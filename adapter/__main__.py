"""``python -m adapter`` is the ``sambro`` command."""

from adapter.main import run

run()
