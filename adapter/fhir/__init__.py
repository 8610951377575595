"""The one import surface for FHIR, and the profile checker."""
