"""The pages of docs/fhir/ that show the definitions: Markdown, from the compiled JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

Resource = Mapping[str, Any]

_NOTICE: Final = "<!-- Made by `make profiles` from fhir_profiles/fsh/. Change it there. -->"
_R4: Final = "http://hl7.org/fhir/StructureDefinition/"
_OWN: Final = "https://w3id.org/sambro/fhir/"


def write_pages(files: Mapping[str, str], folder: Path) -> None:
    """Write every generated page into ``folder``; ``files`` is the text of each shipped file by its path."""
    definitions, examples = (
        [json.loads(text) for path, text in sorted(files.items()) if path.startswith(f"{part}/")]
        for part in ("definitions", "examples")
    )
    folder.mkdir(parents=True, exist_ok=True)
    pages = {
        "profiles.md": _profiles(_of(definitions, "StructureDefinition"), examples),
        "extensions.md": _extensions(_of(definitions, "StructureDefinition")),
        "terminology.md": _terminology(definitions),
        "endpoint.md": _endpoint(definitions),
    }
    for name, lines in pages.items():
        (folder / name).write_text("\n".join([_NOTICE, "", *lines]).rstrip() + "\n", encoding="utf-8")


def _of(resources: Iterable[Resource], resource_type: str) -> list[Resource]:
    return [it for it in resources if it["resourceType"] == resource_type]


def _profiles(structures: Sequence[Resource], examples: Sequence[Resource]) -> Iterator[str]:
    yield "# Profiles"
    for profile in structures:
        if profile["type"] == "Extension":
            continue
        yield from _head(profile, 2)
        yield f"A profile of `{profile['baseDefinition'].removeprefix(_R4).removeprefix(_OWN)}`" + (
            ", for others to build on." if profile["abstract"] else "."
        )
        elements = profile["differential"]["element"]
        yield from _table(
            ("Element", "How many", "What"),
            [_element(it) for it in elements if _says_something(it)],
        )
        yield from _invariants(elements)
        shown = [it for it in examples if profile["url"] in it["meta"]["profile"]]
        if shown:
            links = (f"{it['resourceType']}-{it['id']}.json" for it in shown)
            yield "Examples: " + ", ".join(f"[{it}](../../fhir_profiles/examples/{it})" for it in links) + "."
            yield ""


def _extensions(structures: Sequence[Resource]) -> Iterator[str]:
    yield "# Extensions"
    for extension in structures:
        if extension["type"] != "Extension":
            continue
        yield from _head(extension, 2)
        value = next(it for it in extension["differential"]["element"] if it["path"] == "Extension.value[x]")
        where = ", ".join(f"`{it['expression']}`" for it in extension["context"])
        yield f"On {where}; {_what(value)}."
        yield ""


def _terminology(definitions: Sequence[Resource]) -> Iterator[str]:
    yield "# Terminology"
    for system in _of(definitions, "CodeSystem"):
        yield from _head(system, 2)
        yield from _table(
            ("Code", "Swedish", "English"),
            [
                (f"`{it['code']}`", it["display"], it["designation"][0]["value"])
                for it in system.get("concept", ())
            ],
        )
    for values in _of(definitions, "ValueSet"):
        yield from _head(values, 2)
        for include in values["compose"]["include"]:
            codes = ", ".join(f"`{it['code']}`" for it in include.get("concept", ()))
            yield f"- {codes or 'every code'} of `{include['system']}`"
        yield ""
    for concepts in _of(definitions, "ConceptMap"):
        yield from _head(concepts, 2)
        for group in concepts["group"]:
            rows = [
                (f"`{it['code']}`", it["target"][0]["equivalence"], f"`{it['target'][0]['code']}`")
                for it in group["element"]
            ]
            yield from _table((f"`{group['source']}`", "", f"`{group['target']}`"), rows)
    for form in _of(definitions, "Questionnaire"):
        yield from _head(form, 2)
        yield from _table(
            ("linkId", "Code", "Scores"),
            [
                (
                    it["linkId"],
                    f"`{it['code'][0]['code']}`",
                    ", ".join(str(option["valueInteger"]) for option in it["answerOption"]),
                )
                for it in form["item"]
            ],
        )


def _endpoint(definitions: Sequence[Resource]) -> Iterator[str]:
    yield "# The endpoint"
    for statement in _of(definitions, "CapabilityStatement"):
        yield from _head(statement, 2)
        for resource in statement["rest"][0]["resource"]:
            interactions = ", ".join(f"`{it['code']}`" for it in resource["interaction"])
            parameters = ", ".join(f"`{it['name']}`" for it in resource["searchParam"])
            profiles = ", ".join(f"`{it.removeprefix(_OWN)}`" for it in resource["supportedProfile"])
            yield f"- **{resource['type']}** ({interactions}), by {parameters}; {profiles}"
        yield ""
    for parameter in _of(definitions, "SearchParameter"):
        yield from _head(parameter, 2)
        yield f"`{parameter['code']}` of {', '.join(parameter['base'])}, {parameter['type']}: `{parameter['expression']}`"
        yield ""


def _head(definition: Resource, level: int) -> Iterator[str]:
    yield ""
    yield f"{'#' * level} {definition.get('title', definition['name'])}"
    yield ""
    yield f"`{definition['url']}`"
    yield ""
    if definition.get("description"):
        yield definition["description"].strip()
        yield ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    listed = list(rows)
    if not listed:
        return
    yield ""
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for row in listed:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
    yield ""


def _says_something(element: Resource) -> bool:
    return "." in element["path"] and bool(_counted(element) or _what(element))


def _element(element: Resource) -> tuple[str, str, str]:
    _, _, path = element["id"].partition(".")
    return f"`{path}`", _counted(element), _what(element)


def _counted(element: Resource) -> str:
    if "min" not in element and "max" not in element:
        return ""
    return f"{element.get('min', '')}..{element.get('max', '')}"


def _what(element: Resource) -> str:
    said = [_type(kind) for kind in element.get("type", ())]
    said += [
        f"`{_constant(value)}`" for key, value in element.items() if key.startswith(("pattern", "fixed"))
    ]
    said += [
        f"{word} {value}"
        for key, value in element.items()
        for start, word in (("minValue", "from"), ("maxValue", "to"))
        if key.startswith(start)
    ]
    if "binding" in element:
        binding = element["binding"]
        said.append(f"{binding['strength']}: {binding['valueSet'].removeprefix(_OWN)}")
    said += [f"`{it['key']}`" for it in element.get("constraint", ())]
    return "; ".join(said)


def _type(kind: Resource) -> str:
    targets = [it.rpartition("/")[2] for it in (*kind.get("targetProfile", ()), *kind.get("profile", ()))]
    return f"{kind['code']}({', '.join(targets)})" if targets else str(kind["code"])


def _constant(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping) and "coding" in value:
        return _constant(value["coding"][0])
    if isinstance(value, Mapping):
        return f"{value.get('system', '')}#{value.get('code', '')}"
    return str(value)


def _invariants(elements: Sequence[Resource]) -> Iterator[str]:
    rows = [
        (f"`{rule['key']}`", rule["severity"], rule["human"])
        for element in elements
        for rule in element.get("constraint", ())
    ]
    yield from _table(("Invariant", "Severity", "Says"), rows)
