"""The mapping language as a JSON Schema (draft 2020-12), for editors: made from the tables that the loader reads by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias, get_args

from adapter.domain.records import RecordType
from adapter.mapping.bodies import CHARSETS
from adapter.mapping.concept_maps import Gives
from adapter.mapping.envelope import EACH, ENVELOPE_KEYS
from adapter.mapping.fragments import INCLUSION_KEYS
from adapter.mapping.functions import FUNCTIONS, Function
from adapter.mapping.header import ALLOWED, NEEDED, OPTIONAL, REQUIRED, WRITTEN
from adapter.mapping.resources import REFERENCES, RESOURCE_KEYS
from adapter.mapping.rules import RULE_KEYS
from adapter.mapping.source import Form
from adapter.mapping.tables import TABLE_KEYS
from adapter.mapping.template import Target

Schema: TypeAlias = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string", "minLength": 1}
_TEXTS: Final[Schema] = {"type": "array", "items": {"type": "string"}}
_VALUE: Final[Schema] = {"$ref": "#/$defs/value"}
_VALUES: Final[Schema] = {"type": "object", "additionalProperties": _VALUE}
_SCALARS: Final = ["string", "number", "boolean"]
_HEADER: Final[dict[str, Schema]] = {
    "mapping": _TEXT | {"description": "Its name, unique among all mappings."},
    "version": _TEXT | {"description": 'Text, as "1"; raise it with every change.'},
    "source": {"enum": list(get_args(Form)), "description": "The form that is read, and of the paths."},
    "target": {"enum": list(get_args(Target))},
    "event": _TEXTS | {"description": "What chooses this mapping, once per folder and target."},
    "record_types": {"type": "array", "items": {"enum": [kind.value for kind in RecordType]}},
    "ignored": _TEXTS | {"description": "Source paths that are knowingly not used, with all beneath them."},
    "protected": _TEXTS
    | {"description": "Target paths that are left out for a person with protected identity."},
    "tables": {"type": "object", "additionalProperties": {"$ref": "#/$defs/table"}},
    "columns": _TEXTS | {"description": "The columns that every CSV file of this kind has."},
    "charset": {"enum": list(CHARSETS), "description": "Of the file or message that is written."},
    "message": _TEXT | {"description": "HL7 v2: trigger and structure, as ADT^A31^ADT_A05."},
    "namespaces": {"type": "object", "additionalProperties": _TEXT, "description": "Namespace by prefix."},
    "when": {"$ref": "#/$defs/condition", "description": "What tells a document of this kind."},
    "envelope": {
        "type": "object",
        "properties": {
            EACH: _TEXT | {"description": "The path to what a JSON or XML document holds several of."},
            **dict.fromkeys(sorted(ENVELOPE_KEYS), _VALUE),
        },
        "required": ["person", "record"],
        "additionalProperties": False,
    },
    "let": _VALUES,
    "resources": {"type": "array", "items": {"$ref": "#/$defs/resource"}},
    "body": _VALUES,
}
_CONDITION: Final[dict[str, Schema]] = {
    "if": {"anyOf": [_TEXT, {"type": "object", "$ref": "#/$defs/value"}]},
    "equals": {"type": _SCALARS},
    "in": {"type": "array", "items": {"type": _SCALARS}},
}


def mapping_schema() -> Schema:
    """The schema of one mapping file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://w3id.org/sambro/mapping.schema.json",
        "title": "Sambro mapping",
        "type": "object",
        "properties": _HEADER,
        "required": sorted(REQUIRED),
        "allOf": [
            *map(_of_form, get_args(Form)),
            *map(_of_target, get_args(Target)),
        ],
        "$defs": {
            "value": _value(),
            "rule": _rule(),
            "conditional": _object(_CONDITION | {"then": _VALUE, "else": _VALUE}, ["if"])
            | {
                "anyOf": [{"required": ["then"]}, {"required": ["else"]}],
                "not": {"required": ["equals", "in"]},
            },
            "condition": _object(_CONDITION, ["if"]) | {"not": {"required": ["equals", "in"]}},
            "loop": _object({"for": _TEXT, "do": _VALUE, "required": {"type": "boolean"}}, ["for", "do"]),
            "inclusion": _object({"include": _TEXT, "with": _VALUES}, INCLUSION_KEYS),
            "resource": _resource(),
            "table": _table(),
        },
    }


def _table() -> Schema:
    """A table has rows of its own or those of a ConceptMap."""
    own: dict[str, Schema] = {key: {} for key in sorted(TABLE_KEYS)}
    concept_map: dict[str, Schema] = {
        "concept_map": _TEXT | {"description": "x.json beside this file, or the id of one of ours."},
        "gives": {"enum": list(get_args(Gives))},
        "reverse": {"type": "boolean"},
    }
    return {
        "if": {"type": "object", "required": ["concept_map"]},
        "then": _object(own | concept_map, ["concept_map"]),
        "else": _object(own | {"rows": {"type": ["object", "array"]}}, ["rows"]),
    }


def _object(properties: dict[str, Schema], required: Iterable[str]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(required),
        "additionalProperties": False,
    }


def _of_form(form: Form) -> Schema:
    """The keys that a mapping of one source form may and must have."""
    needed = NEEDED.get(form, frozenset())
    keys = REQUIRED | OPTIONAL | needed | ALLOWED.get(form, frozenset()) | {"resources", "body"}
    if form == "fhir":
        keys = keys.union(*WRITTEN.values())
    then: Schema = {"required": sorted(needed), "propertyNames": {"enum": sorted(keys)}}
    if form == "csv":
        then["properties"] = {"envelope": {"not": {"required": [EACH]}}}
    return {"if": {"properties": {"source": {"const": form}}, "required": ["source"]}, "then": then}


def _of_target(target: Target) -> Schema:
    """The keys that a mapping to one target may and must have; ``columns`` are those of a CSV source, too."""
    written = WRITTEN.get(target, frozenset())
    key, other = ("resources", "body") if target == "fhir" else ("body", "resources")
    foreign = {other} | frozenset().union(*WRITTEN.values()) - written - {"columns"}
    then: Schema = {
        "required": sorted({key} | written),
        "not": {"anyOf": [{"required": [name]} for name in sorted(foreign)]},
    }
    if written:
        then["properties"] = {"source": {"const": "fhir"}}
    return {"if": {"properties": {"target": {"const": target}}, "required": ["target"]}, "then": then}


def _value() -> Schema:
    """Any value of a template; what an object is, its keys tell, in this order."""
    kinds = [
        (["if"], "conditional"),
        (["for", "do"], "loop"),
        (["include", "with"], "inclusion"),
        (["from"], "rule"),
        (["using"], "rule"),
    ]
    shape: Schema = _VALUES
    for keys, kind in reversed(kinds):
        shape = {"if": {"required": keys}, "then": {"$ref": f"#/$defs/{kind}"}, "else": shape}
    return {
        "type": [*_SCALARS, "object", "array"],
        "items": _VALUE,
        "if": {"type": "object"},
        "then": shape,
    }


def _rule() -> Schema:
    arguments = {name for function in FUNCTIONS.values() for name in function.required | function.optional}
    properties = dict.fromkeys(sorted(arguments | set(REFERENCES.values())), _VALUE)
    properties |= {
        "from": _TEXT,
        "using": {"enum": sorted([*FUNCTIONS, *REFERENCES])},
        "table": _TEXT,
        "column": _TEXT,
        "default": _VALUE,
        "required": {"type": "boolean"},
        "id": {"type": "array", "items": _VALUE},
    }
    rules = [_of_function(name, function) for name, function in sorted(FUNCTIONS.items())]
    return {
        "type": "object",
        "properties": properties,
        "dependentRequired": {"column": ["table"]},
        "allOf": [
            {"if": {"not": {"required": ["using"]}}, "then": _keys(RULE_KEYS)},
            *rules,
            *(
                _using(name, _keys({"using", "id", "default", "required", key}))
                for name, key in REFERENCES.items()
            ),
        ],
    }


def _of_function(name: str, function: Function) -> Schema:
    required = function.required | (frozenset() if function.source == "none" else {"from"})
    keys = RULE_KEYS | function.required | function.optional
    allowed = keys - {"from"} if function.source == "none" else keys
    return _using(name, _keys(allowed) | {"required": sorted(required)})


def _using(name: str, then: Schema) -> Schema:
    return {"if": {"properties": {"using": {"const": name}}, "required": ["using"]}, "then": then}


def _keys(names: Iterable[str]) -> Schema:
    return {"propertyNames": {"enum": sorted(names)}}


def _resource() -> Schema:
    properties: dict[str, Schema] = {
        "name": _TEXT,
        "for": _TEXT,
        "id": {"type": "array", "items": _VALUE, "minItems": 1},
        "let": _VALUES,
        "resource": _VALUES | {"required": ["resourceType"]},
    }
    return _object(
        {key: properties.get(key) or _CONDITION[key] for key in sorted(RESOURCE_KEYS)},
        ["name", "id", "resource"],
    )
