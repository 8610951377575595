"""Official examples of R4 in which only our checker finds a fault, and why; in JSON and in XML alike."""

from __future__ import annotations

from typing import Final

DIFFERENCES: Final = {
    "CarePlan-f202": "it contains Medication and others, types that are not exchanged: our definitions lack them, and refuse what they lack",
    "CareTeam-example": "ctm-1 asks for the type of a contained member, which our FHIRPath engine cannot resolve: what it cannot tell is refused",
    "Observation-clinical-gender": "its performer is an Encounter, which R4 does not allow; the official validator looks at the type of"
    " a literal reference only where it has the resource",
}
