"""FHIR endpoint, inbound push, tokens, health and metrics."""
