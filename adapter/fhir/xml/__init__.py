"""FHIR's XML form (R4, xml.html) to and from its JSON form (json.html), by the definitions of the elements."""
