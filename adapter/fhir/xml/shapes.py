"""What stands where in a resource, for both directions."""

from __future__ import annotations

from enum import Enum
from typing import Final

from adapter.fhir.profiles.definitions import Definitions, Element, TypeRef

NAMESPACE: Final = "http://hl7.org/fhir"
XHTML: Final = "http://www.w3.org/1999/xhtml"
MAX_DEPTH: Final = 100


class Form(Enum):
    """How an element is written in XML."""

    ATTRIBUTE = "of its parent: the id of an element, the url of an extension"
    PRIMITIVE = "its value is an attribute"
    NARRATIVE = "XHTML"
    RESOURCE = "holds a resource"
    COMPLEX = "holds elements"


class Shapes:
    """Looks up how elements are shaped, in FHIR R4's own definitions."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self.extended = self._of_type("Element")
        """What a primitive may hold beside its value."""

    def resource(self, resource_type: str) -> Element | None:
        """The shape of a resource type; None for what is none that we know."""
        structure = self._definitions.of_type(resource_type)
        return structure.root if structure is not None and structure.kind == "resource" else None

    def form(self, element: Element, kind: TypeRef | None) -> Form:
        """How an element of that type is written. Raises KeyError for a type that is not defined."""
        if kind is None:
            return Form.COMPLEX
        if (element.name == "id" and kind.code != "id") or element.path == "Extension.url":
            return Form.ATTRIBUTE
        if kind.code == "xhtml":
            return Form.NARRATIVE
        structure = self._definitions.of_type(kind.code)
        if structure is None:
            raise KeyError(kind.code)
        if structure.kind == "resource":
            return Form.RESOURCE
        return Form.PRIMITIVE if structure.is_primitive else Form.COMPLEX

    def below(self, element: Element, kind: TypeRef | None) -> Element:
        """The shape of what a complex element holds: its own, its type's, or that of the element it refers to."""
        if element.children:
            return element
        if kind is None:
            return self._referred(element.content or "")
        return self._of_type(kind.code)

    def _of_type(self, code: str) -> Element:
        structure = self._definitions.of_type(code)
        if structure is None:
            raise KeyError(code)
        return structure.root

    def _referred(self, content: str) -> Element:
        name, *steps = content.rpartition("#")[2].split(".")
        shape = self.resource(name)
        for step in steps:
            shape = shape and shape.children[step]
        if shape is None:
            raise KeyError(content)
        return shape
