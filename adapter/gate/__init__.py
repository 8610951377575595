"""Consent decisions, and the one maker of a release."""
