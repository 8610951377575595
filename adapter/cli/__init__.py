"""The ``sambro`` command."""
