"""Terminology: code tables and cut-off tables, read from located YAML and checked whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final, get_args

from adapter.domain.errors import ConfigurationError, Fault
from adapter.domain.located import Node, locate
from adapter.mapping.concept_maps import FOLDER, Gives, concept_map_path, read_concept_map
from adapter.mapping.screening import INSTRUMENTS, MINIMUM_AGE, Band, CutOffRow, CutOffs
from adapter.mapping.steps import as_text

TABLE_KEYS: Final = frozenset({"table", "version", "default"})
OF_ROWS: Final = frozenset({"rows"})
OF_CONCEPT_MAP: Final = frozenset({"concept_map", "gives", "reverse"})
_SEXES: Final = ("male", "female")
_OLDEST: Final = 150


@dataclass(frozen=True, slots=True)
class Table:
    """A code table; total, unless it has a default. A row's value is text, a number, or an object with columns."""

    rows: Mapping[str, Any]
    default: Any = None


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of a target that mappings include: the names that it is given, its own tables, and its value as written."""

    name: str
    given: frozenset[str]
    tables: Mapping[str, Table]
    value: Node


@dataclass(frozen=True, slots=True)
class Terminology:
    """What mappings share: tables, cut-offs and fragments by name, and the texts of ConceptMaps by path."""

    tables: Mapping[str, Table] = field(default_factory=dict)
    cut_offs: Mapping[str, CutOffs] = field(default_factory=dict)
    concept_maps: Mapping[str, str] = field(default_factory=dict)
    fragments: Mapping[str, Fragment] = field(default_factory=dict)


def load_terminology(files: Mapping[str, str], concept_maps: Mapping[str, str] | None = None) -> Terminology:
    """Read terminology files: ``files`` and ``concept_maps`` are text by path. Raises ConfigurationError with all faults of all files."""
    concept_maps = concept_maps or {}
    faults: list[Fault] = []
    tables: dict[str, Table] = {}
    cut_offs: dict[str, CutOffs] = {}
    for path, text in sorted(files.items()):
        try:
            _read_file(locate(text, path), concept_maps, tables, cut_offs, faults)
        except ConfigurationError as error:
            faults.extend(error.faults)
    if faults:
        raise ConfigurationError(faults)
    return Terminology(tables, cut_offs, concept_maps)


def read_table(node: Node, concept_maps: Mapping[str, str], faults: list[Fault]) -> Table:
    """Read a table: ``default``, and ``rows`` or the ConceptMap that has them; faults are added to ``faults``."""
    if isinstance(node.value, dict) and "concept_map" in node.value:
        return _read_concept_map(node, concept_maps, faults)
    members = _members(node, TABLE_KEYS | OF_ROWS, faults)
    rows: dict[str, Any] = {}
    for code, value in _rows(members.get("rows"), node, faults):
        if code in rows:
            faults.append(value.fault(f"the code {code} stands twice"))
        rows[code] = value.plain()
        if isinstance(rows[code], dict):
            rows[code].pop("codes", None)
    return Table(rows, _default(members))


def _default(members: Mapping[str, Node]) -> Any:
    return members["default"].plain() if "default" in members else None


def _read_concept_map(node: Node, concept_maps: Mapping[str, str], faults: list[Fault]) -> Table:
    members = _members(node, TABLE_KEYS | OF_CONCEPT_MAP, faults)
    named, gives, reverse = (members.get(key) for key in ("concept_map", "gives", "reverse"))
    if gives is not None and gives.value not in get_args(Gives):
        faults.append(gives.fault(f"gives is {' or '.join(get_args(Gives))}"))
    if reverse is not None and not isinstance(reverse.value, bool):
        faults.append(reverse.fault("reverse is true or false"))
    path = concept_map_path(str(named and named.value), node.file)
    if path not in concept_maps:
        faults.append((named or node).fault(_no_concept_map(path, concept_maps)))
        return Table({})
    way: Gives = "coding" if gives is not None and gives.value == "coding" else "code"
    try:
        found = read_concept_map(
            concept_maps[path], path, gives=way, reverse=reverse is not None and reverse.value is True
        )
    except ConfigurationError as error:
        faults.extend(error.faults)
        return Table({})
    default = _default(members)
    return Table(found.rows, found.default if default is None else default)


def _no_concept_map(path: str, concept_maps: Mapping[str, str]) -> str:
    known = sorted(PurePosixPath(one).stem for one in concept_maps if one.startswith(f"{FOLDER}/"))
    return f"there is no ConceptMap {path}; name a .json file beside this one, or one of {', '.join(known) or 'none'}"


def _read_file(
    node: Node,
    concept_maps: Mapping[str, str],
    tables: dict[str, Table],
    cut_offs: dict[str, CutOffs],
    faults: list[Fault],
) -> None:
    members = node.value if isinstance(node.value, dict) else {}
    kind = "cut_offs" if "cut_offs" in members else "table"
    name = members.get(kind)
    if name is None or not isinstance(name.value, str) or not _is_versioned(members):
        faults.append(
            node.fault("a terminology file needs table (or cut_offs) with its name, and version as text")
        )
    elif name.value in tables or name.value in cut_offs:
        faults.append(name.fault(f"{name.value} is defined twice"))
    elif kind == "table":
        tables[name.value] = read_table(node, concept_maps, faults)
    else:
        cut_offs[name.value] = _read_cut_offs(node, faults)


def _is_versioned(members: Mapping[str, Node]) -> bool:
    return "version" in members and isinstance(members["version"].value, str)


def _members(node: Node, known: Set[str], faults: list[Fault]) -> dict[str, Node]:
    if not isinstance(node.value, dict):
        faults.append(node.fault("an object is wanted"))
        return {}
    for key in node.value.keys() - known:
        faults.append(node.value[key].fault(f"the key {key} is unknown"))
    return node.value


def _rows(rows: Node | None, table: Node, faults: list[Fault]) -> Iterator[tuple[str, Node]]:
    value = None if rows is None else rows.value
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        for row in value:
            codes = row.value.get("codes") if isinstance(row.value, dict) else None
            if codes is None or not isinstance(codes.value, list):
                faults.append(row.fault("a row needs codes, a list"))
            else:
                yield from ((as_text(code.value), row) for code in codes.value)
    else:
        faults.append((rows or table).fault("a table needs rows"))


def _read_cut_offs(node: Node, faults: list[Fault]) -> CutOffs:
    members = _members(node, {"cut_offs", "version", "system", "bands", "rows"}, faults)
    plain = {key: child.plain() for key, child in members.items()}
    displays = plain.get("bands")
    rows = members.get("rows")
    if (
        not isinstance(displays, dict)
        or not isinstance(plain.get("system"), str)
        or not (rows and isinstance(rows.value, list))
    ):
        faults.append(node.fault("cut-offs need system, bands (code: text) and rows, a list"))
        return CutOffs("", "", "", ())
    read = [row for row in (_cut_off_row(row, displays, faults) for row in rows.value) if row is not None]
    for at, row in enumerate(read):
        if any(_overlap(row, other) for other in read[:at]):
            faults.append(rows.value[at].fault("the row's ages overlap with an earlier row's"))
    return CutOffs(plain["cut_offs"], plain["version"], plain["system"], tuple(read))


def _cut_off_row(node: Node, displays: Mapping[str, str], faults: list[Fault]) -> CutOffRow | None:
    members = _members(node, {"instrument", "sex", "ages", "starts"}, faults)
    row = {key: child.plain() for key, child in members.items()}
    ages: Any = row.get("ages")
    starts: Any = row.get("starts")
    if row.get("instrument") not in INSTRUMENTS or row.get("sex") not in _SEXES:
        faults.append(node.fault(f"a row needs instrument ({', '.join(INSTRUMENTS)}) and sex (male, female)"))
    elif not _is_range(ages):
        faults.append(node.fault(f"ages is [youngest, oldest], from {MINIMUM_AGE} to {_OLDEST}"))
    elif not isinstance(starts, dict) or not _are_starts(starts, displays):
        faults.append(
            node.fault("starts is band: lowest total, each band listed under bands, one of them from 0")
        )
    else:
        bands = tuple((start, Band(code, displays[code])) for code, start in starts.items())
        return CutOffRow(row["instrument"], row["sex"], ages[0], ages[1], bands)
    return None


def _is_range(ages: Any) -> bool:
    return (
        isinstance(ages, list)
        and len(ages) == 2
        and all(type(age) is int for age in ages)
        and MINIMUM_AGE <= ages[0] <= ages[1] <= _OLDEST
    )


def _are_starts(starts: Mapping[str, Any], displays: Mapping[str, str]) -> bool:
    totals = list(starts.values())
    return (
        all(code in displays for code in starts)
        and all(type(total) is int for total in totals)
        and len(set(totals)) == len(totals)
        and min(totals, default=1) == 0
    )


def _overlap(one: CutOffRow, other: CutOffRow) -> bool:
    same = (one.instrument, one.sex) == (other.instrument, other.sex)
    return same and one.youngest <= other.oldest and other.youngest <= one.oldest
