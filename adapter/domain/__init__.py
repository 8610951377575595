"""Pure words of the exchange; no I/O."""
