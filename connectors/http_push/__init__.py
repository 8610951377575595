"""Records pushed over HTTP."""
