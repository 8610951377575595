"""Whether a system answers HTTP."""
