"""The XHTML of a narrative (FHIR R4 2.4, txt-1 and txt-2): formatting only, and not without content."""

from __future__ import annotations

import re
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
_XML: Final = "{http://www.w3.org/XML/1998/namespace}"
_XML_ATTRIBUTES: Final = frozenset({f"{_XML}lang", f"{_XML}space"})
# A declaration, an instruction or a document type: a div has none, and entities come by the last.
_NOT_A_DIV: Final = ("<?", "<!DOCTYPE")
# What a browser would take for a scheme: it skips white space and control characters in it.
_SCHEME: Final = re.compile(r"[\x00-\x20]*[A-Za-z][A-Za-z0-9+.\-\x00-\x20]*:")
_WEB: Final = re.compile(r"(?:https?|mailto|tel):", re.IGNORECASE)
_PICTURE: Final = re.compile(r"https?:|data:image/(?:png|jpeg|gif)[;,]", re.IGNORECASE)
_LINKS: Final = {"href": _WEB, "cite": _WEB, "longdesc": _WEB, "src": _PICTURE}
# What fetches something, or has ever run; a backslash may spell any of it.
_ACTIVE_STYLE: Final = re.compile(
    r"url\s*\(|image-set|@import|expression|javascript:|behavior|binding|\\|/\*", re.IGNORECASE
)


def is_narrative(text: str) -> bool:
    """Whether a text is one XHTML ``div`` of formatting elements that says something."""
    if any(mark in text for mark in _NOT_A_DIV):
        return False
    try:
        root = etree.fromstring(
            text.encode("utf-8"), etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        )
    except (etree.XMLSyntaxError, UnicodeEncodeError):
        return False
    nodes = list(root.iter())
    return root.tag == f"{_XHTML}div" and all(map(_is_formatting, nodes)) and _says_something(nodes)


def _says_something(nodes: list[etree._Element]) -> bool:
    """txt-2: text, or a picture; a comment is neither."""
    return any(
        str(node.tail or "").strip()
        or (not isinstance(node, etree._Comment) and str(node.text or "").strip())
        or node.tag == f"{_XHTML}img"
        for node in nodes
    )


def _is_formatting(element: etree._Element) -> bool:
    if isinstance(element, etree._Comment):
        return True
    if not isinstance(element.tag, str) or not element.tag.startswith(_XHTML):
        return False
    if element.tag.removeprefix(_XHTML) not in _ELEMENTS:
        return False
    # One by one, and no value of an attribute that is none of ours: to list thousands of them takes minutes.
    return all(_is_harmless(str(name), element.attrib[name]) for name in element.attrib)


def _is_harmless(name: str, value: str) -> bool:
    if name == "style":
        return not _ACTIVE_STYLE.search(value)
    if name in _LINKS:
        scheme = _SCHEME.match(value)
        return scheme is None or bool(_LINKS[name].match(value))
    return name in _ATTRIBUTES or name in _XML_ATTRIBUTES
