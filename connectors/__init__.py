"""One folder per wire; only adapter.main puts them in place."""
