"""Terminology: code tables and cut-off tables, read from located YAML and checked whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from adapter.domain.errors import ConfigurationError, Fault
from adapter.domain.located import Node, locate
from adapter.mapping.screening import INSTRUMENTS, MINIMUM_AGE, Band, CutOffRow, CutOffs
from adapter.mapping.steps import as_text

_SEXES: Final = ("male", "female")
_OLDEST: Final = 150


@dataclass(frozen=True, slots=True)
class Table:
    """A code table; total, unless it has a default. A row's value is text, a number, or an object with columns."""

    rows: Mapping[str, Any]
    default: Any = None


@dataclass(frozen=True, slots=True)
class Terminology:
    """All tables and cut-offs by name."""

    tables: Mapping[str, Table] = field(default_factory=dict)
    cut_offs: Mapping[str, CutOffs] = field(default_factory=dict)


def load_terminology(files: Mapping[str, str]) -> Terminology:
    """Read terminology files: ``files`` is text by path. Raises ConfigurationError with all faults of all files."""
    faults: list[Fault] = []
    tables: dict[str, Table] = {}
    cut_offs: dict[str, CutOffs] = {}
    for path, text in sorted(files.items()):
        try:
            _read_file(locate(text, path), tables, cut_offs, faults)
        except ConfigurationError as error:
            faults.extend(error.faults)
    if faults:
        raise ConfigurationError(faults)
    return Terminology(tables, cut_offs)


def read_table(node: Node, faults: list[Fault]) -> Table:
    """Read ``rows`` and ``default`` of a table; faults are added to ``faults``."""
    members = _members(node, {"table", "version", "rows", "default"}, faults)
    rows: dict[str, Any] = {}
    for code, value in _rows(members.get("rows"), node, faults):
        if code in rows:
            faults.append(value.fault(f"the code {code} stands twice"))
        rows[code] = value.plain()
        if isinstance(rows[code], dict):
            rows[code].pop("codes", None)
    default = members.get("default")
    return Table(rows, None if default is None else default.plain())


def _read_file(
    node: Node, tables: dict[str, Table], cut_offs: dict[str, CutOffs], faults: list[Fault]
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
        tables[name.value] = read_table(node, faults)
    else:
        cut_offs[name.value] = _read_cut_offs(node, faults)


def _is_versioned(members: Mapping[str, Node]) -> bool:
    return "version" in members and isinstance(members["version"].value, str)


def _members(node: Node, known: set[str], faults: list[Fault]) -> dict[str, Node]:
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
