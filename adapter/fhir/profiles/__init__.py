"""The profile checker: FHIR R4 StructureDefinitions compiled from their distilled snapshots, and what they find in a resource."""
