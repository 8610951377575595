"""The XHTML of a narrative (FHIR R4 2.4, txt-1 and txt-2): formatting only, and not without content."""

from __future__ import annotations

from typing import Final

from lxml import etree

_XHTML: Final = "{http://www.w3.org/1999/xhtml}"
_ELEMENT_NAMES: Final = (
    "div p br hr h1 h2 h3 h4 h5 h6 span b i u s em strong small big tt sub sup code pre samp kbd var cite dfn abbr acronym q blockquote ins"
    " del address ul ol li dl dt dd table caption colgroup col thead tbody tfoot tr th td a img map area bdo"
)
_ATTRIBUTE_NAMES: Final = (
    "abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset cite class colspan"
    " compact coords dir frame headers height href hreflang hspace id lang longdesc name nowrap rel rev rowspan rules scope shape span src"
    " start style summary tabindex title type valign value vspace width"
)
_ELEMENTS: Final = frozenset(_ELEMENT_NAMES.split())
_ATTRIBUTES: Final = frozenset(_ATTRIBUTE_NAMES.split())
_XML_ATTRIBUTES: Final = "{http://www.w3.org/XML/1998/namespace}"


def is_narrative(text: str) -> bool:
    """Whether a text is one XHTML ``div`` of formatting elements that says something."""
    try:
        root = etree.fromstring(
            text.encode("utf-8"), etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        )
    except etree.XMLSyntaxError:
        return False
    if root.tag != f"{_XHTML}div" or root.getroottree().docinfo.doctype:
        return False
    elements = list(root.iter())
    says = any(str(element.text or "").strip() or str(element.tail or "").strip() for element in elements)
    has_picture = any(element.tag == f"{_XHTML}img" for element in elements)
    return (says or has_picture) and all(map(_is_formatting, elements))


def _is_formatting(element: etree._Element) -> bool:
    if isinstance(element, etree._Comment):
        return True
    if not isinstance(element.tag, str):
        return False
    if element.tag.removeprefix(_XHTML) not in _ELEMENTS:
        return False
    return all(_is_harmless(str(name), str(value)) for name, value in element.attrib.items())


def _is_harmless(name: str, value: str) -> bool:
    if name.startswith(_XML_ATTRIBUTES):
        return True
    return name in _ATTRIBUTES and not (name in ("href", "src") and "script:" in value.lower())
