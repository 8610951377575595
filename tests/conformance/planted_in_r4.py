"""Planted faults that FHIR R4 itself forbids, whatever the profile; as those of ``planted.py``.

Of a fault in OURS_ALONE ``finding`` is our own code: the official validator lets it pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.conformance.planting import Planted, both, having
from tests.conformance.samples import Resource

_DUPLICATE_CONTAINED: Final = "RESOURCE_DUPLICATE_CONTAINED_ID"
_ID_MISSING: Final = "Resource_RES_ID_Missing"
_BAD_OID: Final = "Type_Specific_Checks_DT_OID_Valid"
_BAD_UUID: Final = "Type_Specific_Checks_DT_UUID_Valid"
_RELATIVE_EXTENSION: Final = "Extension_EXT_URL_Absolute"
_NO_REFERENCE: Final = "REFERENCE_REF_INVALID_REF"
_WRONG_TARGET: Final = "Reference_REF_BadTargetType"
_OTHER_NAMESPACE: Final = "XHTML_XHTML_NS_InValid"
_ACTIVE_LINK: Final = "TYPE_SPECIFIC_CHECKS_DT_XHTML_ACTIVE_HREF"
_RELATIVE_SYSTEM: Final = "Type_Specific_Checks_DT_Identifier_System"
_SAME_ID: Final = "DUPLICATE_ID"
_DEAD_LINK: Final = "Type_Specific_Checks_DT_XHTML_Resolve"

_UUID: Final = "5b0c9d3e-0000-8000-8000-00000000000a"
_EXTENSION: Final = [{"url": "http://example.org/extension", "valueString": "x"}]

OUR_CODES: Final = {
    _DUPLICATE_CONTAINED: "duplicate-id",
    _ID_MISSING: "required",
    _BAD_OID: "value",
    _BAD_UUID: "value",
    _RELATIVE_EXTENSION: "value",
    _NO_REFERENCE: "reference-target",
    _WRONG_TARGET: "reference-target",
    _OTHER_NAMESPACE: "value",
    _ACTIVE_LINK: "value",
    "txt-1": "value",
    "txt-2": "value",
}
DISAGREEMENTS: Final = {
    "identifier of a relative system": "R4 asks it in words alone; which systems may pass is the mappings' and the agreement's to say",
    "two elements of one id": "nothing here leads to an element by its id",
    "narrative with a link to nowhere": "a narrative is shown to nobody here and never passes the release",
}
OURS_ALONE: Final = {
    "array of nulls beside values": "R4 2.1.0.4: null only fills a place beside one that is taken",
    "id with an extension": "R4's JSON schema has no _id: it is an attribute",
    "element id with white space": "R4, Element.id: it may be any string without spaces",
    "reference to a type alone": "R4 2.3.0.1: a relative reference is type and id",
    "reference to an unknown type": "R4 2.3.0.1: a relative reference is type and id",
    "reference to a UUID that is none": "R4 2.24.0.1.5: a uri of that scheme holds a UUID",
    "narrative with a link of data": "R4 2.4: nothing active; a browser runs what it holds",
    "narrative with a style that fetches": "R4 2.4: no external style sheet is referenced",
    "narrative after an instruction": "R4 2.4: the content is one div",
    "narrative with a document type": "R4 2.1.0.6.5: no entities or document types",
}
"""The faults that only our checker finds, and where R4 forbids them."""


def _narrative(inner: str, before: str = "") -> Callable[[Resource], object]:
    div = f'{before}<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'
    return having({"status": "generated", "div": div}, "text")


def _organization(*identities: str | None) -> Callable[[Resource], object]:
    """Contained Organizations, the one of id ``a`` referred to."""
    held = [
        {"resourceType": "Organization", "name": "Kommunen"} | ({"id": it} if it else {}) for it in identities
    ]
    return both(having(held, "contained"), having({"reference": "#a"}, "managingOrganization"))


def _identifier(system: str) -> Callable[[Resource], object]:
    return having({"system": system, "value": "1"}, "identifier", 1)


def _organization_at(reference: str) -> Callable[[Resource], object]:
    return having({"reference": reference}, "managingOrganization")


PLANTED: Final = (
    # What R4 asks of every resource.
    Planted("two contained of one id", "Patient-person", _organization("a", "a"), _DUPLICATE_CONTAINED),
    Planted("contained without an id", "Patient-person", _organization("a", None), _ID_MISSING),
    Planted("OID that is none", "Patient-person", _identifier("urn:oid:1.02.3"), _BAD_OID),
    Planted("UUID in capitals", "Patient-person", _identifier(f"urn:uuid:{_UUID.upper()}"), _BAD_UUID),
    Planted("identifier of a relative system", "Patient-person", _identifier("abc"), _RELATIVE_SYSTEM),
    Planted(
        "extension of a relative url",
        "Patient-person",
        having([{"url": "foo", "valueString": "x"}], "extension"),
        _RELATIVE_EXTENSION,
    ),
    Planted("reference in words", "Patient-person", _organization_at("the kommun"), _NO_REFERENCE),
    Planted(
        "reference that says another type than it leads to",
        "Patient-person",
        both(
            _organization("a"),
            having([{"reference": "#a", "type": "Practitioner"}], "generalPractitioner"),
        ),
        _WRONG_TARGET,
    ),
    Planted(
        "reference to a type alone", "Patient-person", _organization_at("Organization"), "reference-target"
    ),
    Planted("reference to an unknown type", "Patient-person", _organization_at("Foo/1"), "reference-target"),
    Planted(
        "reference to a UUID that is none",
        "Patient-person",
        _organization_at("urn:uuid:1"),
        "reference-target",
    ),
    Planted("array of nulls beside values", "Patient-person", having([None], "name", 0, "_given"), "empty"),
    Planted(
        "id with an extension", "Patient-person", having({"extension": _EXTENSION}, "_id"), "unknown-element"
    ),
    Planted("element id with white space", "Patient-person", having("a b", "name", 0, "id"), "value"),
    Planted(
        "two elements of one id",
        "Patient-person",
        both(having("a", "name", 0, "id"), having("a", "identifier", 0, "id")),
        _SAME_ID,
    ),
    # Narrative.
    Planted(
        "narrative of a foreign element", "Patient-person", _narrative('<p xmlns="">x</p>'), _OTHER_NAMESPACE
    ),
    Planted("narrative of a comment", "Patient-person", _narrative("<!-- x -->"), "txt-2"),
    Planted("narrative with a base", "Patient-person", _narrative('<p xml:base="http://x/">x</p>'), "txt-1"),
    Planted(
        "narrative with a link that runs",
        "Patient-person",
        _narrative('<a href="javascript:x">x</a>'),
        _ACTIVE_LINK,
    ),
    Planted(
        "narrative with a link to nowhere", "Patient-person", _narrative('<a href="#x">x</a>'), _DEAD_LINK
    ),
    Planted(
        "narrative with a link of data",
        "Patient-person",
        _narrative('<a href="data:text/html,x">x</a>'),
        "value",
    ),
    Planted(
        "narrative with a style that fetches",
        "Patient-person",
        _narrative('<p style="background: url(http://example.org/x)">x</p>'),
        "value",
    ),
    Planted("narrative after an instruction", "Patient-person", _narrative("x", "<?x y?>"), "value"),
    Planted("narrative with a document type", "Patient-person", _narrative("x", "<!DOCTYPE div>"), "value"),
)
