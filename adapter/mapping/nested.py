"""Documents of systems' own shapes, nested JSON and XML with namespaces, read within bounds; nothing is dropped or guessed.

Faults name fields, never values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any, Final, Literal

from lxml import etree

from adapter.domain.errors import InputError, Issue
from adapter.mapping.charset import charset_of
from adapter.mapping.hardened_xml import ENCODINGS, parse_xml
from adapter.mapping.strict_json import MAX_DEPTH, read_json

CONTENT_TYPES: Final[Mapping[str, str]] = {"json": "application/json", "xml": "application/xml"}
"""Of a document's form, and of a file by its ending."""

_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_NIL: Final = f"{{{_XSI}}}nil"
# Where a schema is to be found says nothing of the record.
_OF_THE_SCHEMA: Final = frozenset({f"{{{_XSI}}}schemaLocation", f"{{{_XSI}}}noNamespaceSchemaLocation"})
_CHARSETS: Final = ENCODINGS | {"windows-1252"}
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# An object whose keys are values (numbers of persons, say) must not bring them into a log as names of fields.
_NAME: Final = re.compile(r"(?!.*\d{6})[^\x00-\x1f\x7f-\x9f]{1,100}", re.DOTALL)
# A namespace may have its digits, as OIDs do; not those of a person.
_NUMBER: Final = re.compile(r"\d{6}[-+]?\d{4}")
_EXACT: Final = 2**53
_MOST_FAULTS: Final = 50


@dataclass(frozen=True, slots=True)
class Document:
    """A document that is read, but not yet named: how its elements are called depends on the mapping's prefixes."""

    form: Literal["json", "xml"]
    root: Any

    def tree(self, prefixes: Mapping[str, str]) -> dict[str, Any]:
        """The tree of a Source. ``prefixes`` is namespace by prefix; ``default`` is that of elements without one.

        XML: ``{root: element}``; an element is its text, or an object of its attributes (``@name``), its elements and its ``#text``; one that
        repeats is a list; ``xsi:nil`` without other attributes is None. An element of a namespace without prefix is called ``{namespace}name``;
        beside a ``default``, one of no namespace is too: ``{}name``.
        """
        if self.form == "json":
            return dict(self.root)
        naming = {uri: "" if prefix == "default" else f"{prefix}:" for prefix, uri in prefixes.items()}
        naming |= {"": "{}" if "default" in prefixes else ""}
        return {_name(self.root.tag, naming): _element(self.root, naming)}


def read_document(body: bytes, content_type: str, max_bytes: int) -> Document:
    """Read JSON (an object) or XML, as ``content_type`` says.

    JSON is UTF-8, with or without a byte order mark, where it is valid UTF-8, else ISO-8859-1; XML what it declares of UTF-8, ISO-8859-1 and
    windows-1252; a charset of ``content_type`` goes before both. Raises InputError as ``parse_document``, and 422 with fields whose names or
    values cannot be taken.
    """
    document = parse_document(body, content_type, max_bytes)
    faults = _xml_faults(document.root) if document.form == "xml" else _json_faults(document.root, "")
    if issues := [issue for issue, _ in zip(faults, range(_MOST_FAULTS), strict=False)]:
        raise InputError(issues)
    return document


def parse_document(body: bytes, content_type: str, max_bytes: int) -> Document:
    """The same, its names and values not yet looked at.

    Raises InputError: 413 too large, 415 another content type or charset, 400 unreadable.
    """
    form, charset = _form(content_type)
    if len(body) > max_bytes:
        raise InputError([Issue("", "too-large")], 413)
    return Document(form, _json(body, charset) if form == "json" else parse_xml(body, charset, _CHARSETS))


def _form(content_type: str) -> tuple[Literal["json", "xml"], str | None]:
    header = Message()
    header["Content-Type"] = content_type
    media_type, charset = header.get_content_type(), header.get_content_charset()
    kind = re.fullmatch(r"(?:application/(?:.+\+)?|text/)(json|xml)", media_type)
    if kind is None or (charset is not None and charset not in _CHARSETS):
        raise InputError([Issue("", "content-type-not-supported")], 415)
    return ("json" if kind[1] == "json" else "xml"), charset


def _json(body: bytes, charset: str | None) -> dict[str, Any]:
    try:
        text = body.decode(charset.replace("utf-8", "utf-8-sig") if charset else charset_of(body))
    except UnicodeDecodeError:
        raise InputError([Issue("", "charset-unknown")], 415) from None
    tree = read_json(text.encode())
    if not isinstance(tree, dict) or not tree:
        raise InputError([Issue("", "not-an-object")], 400)
    return tree


def _json_faults(value: object, path: str) -> Iterator[Issue]:
    if isinstance(value, dict):
        for key, member in value.items():
            if _NAME.fullmatch(key):
                yield from _json_faults(member, f"{path}.{key}" if path else key)
            else:
                yield Issue(path, "field-name-malformed")
    elif isinstance(value, list):
        for member in value:
            yield from _json_faults(member, path)
    elif isinstance(value, str) and _CONTROL.search(value):
        yield Issue(path, "control-character")
    elif isinstance(value, float) and abs(value) >= _EXACT:
        # The parser has rounded it: a number that is an identity must be text.
        yield Issue(path, "number-too-large")


def _xml_faults(root: etree._Element) -> Iterator[Issue]:
    for element in root.iter():
        names = [etree.QName(name) for name in (str(element.tag), *map(str, element.attrib))]
        if not all(_NAME.fullmatch(it.localname) and not _NUMBER.search(it.namespace or "") for it in names):
            yield Issue("", "field-name-malformed")
        # XML Schema, 3.3.4.3: it has no content; if it has, one of the two is wrong.
        if _is_nil(element) and (len(element) or (element.text or "").strip()):
            yield Issue("", "nil-with-content")
    if etree.XPath(f"boolean({'/*' * (MAX_DEPTH + 1)})")(root):
        yield Issue("", "too-deep")


def _element(element: etree._Element, naming: Mapping[str, str]) -> Any:
    is_nil = _is_nil(element)
    tree: dict[str, Any] = {
        f"@{_attribute(str(name), naming)}": value.strip()
        for name, value in element.attrib.items()
        if name not in _OF_THE_SCHEMA and not (is_nil and name == _NIL)
    }
    if is_nil:
        return tree | {"#text": None} if tree else None
    for child in element:
        _add(tree, _name(child.tag, naming), _element(child, naming))
    text = "".join([element.text or "", *(child.tail or "" for child in element)]).strip()
    if not tree:
        return text
    return tree | {"#text": text} if text else tree


def _is_nil(element: etree._Element) -> bool:
    return element.get(_NIL) in ("true", "1")


def _add(tree: dict[str, Any], name: str, value: Any) -> None:
    """An element that repeats becomes a list."""
    if name not in tree:
        tree[name] = value
    elif isinstance(tree[name], list):
        tree[name].append(value)
    else:
        tree[name] = [tree[name], value]


def _name(tag: Any, naming: Mapping[str, str]) -> str:
    name = etree.QName(tag)
    prefix = naming.get(name.namespace or "")
    return str(name) if prefix is None else f"{prefix}{name.localname}"


def _attribute(name: str, naming: Mapping[str, str]) -> str:
    """An attribute without prefix is of no namespace, whatever the default."""
    return _name(name, naming) if name.startswith("{") else name
