"""FHIR profiles, value sets and the distilled R4 core, as data."""
