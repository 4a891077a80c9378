"""Reads the PostgreSQL engine's SQL files and says what Citus would refuse, or would ask every machine for.

Nothing here asks a server: each table's distribution column, each unique key and each statement is read as text.
"""

from __future__ import annotations

import re
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

from rxtrail.store.migrations import read_migrations, statements

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = "rxtrail.store.postgres"


class Placed(NamedTuple):
    """A distributed table: its column, and a name that it shares with the tables on the same machines."""

    column: str
    group: str


class Layout(NamedTuple):
    """Which table lives where; a table that is nowhere here lives on the coordinator alone."""

    placed: dict[str, Placed]
    copied: frozenset[str]  # reference tables: a copy on each machine


class Statement(NamedTuple):
    """One named statement and the mark in its description."""

    name: str
    sql: str
    kind: str  # key | keys | all | many | one machine | "" without a mark
    column: str


# -- reading the files ---------------------------------------------------------------------------------------------


def read_layout(sql: str, types: dict[str, dict[str, str]]) -> Layout:
    """Read which table is distributed by what; without ``colocate_with`` Citus joins what has the same type."""
    placed: dict[str, Placed] = {}
    copied: set[str] = set()
    for statement in statements(sql):
        reference = re.fullmatch(r"SELECT create_reference_table\('(\w+)'\)", statement)
        if reference:
            copied.add(reference[1])
            continue
        words = re.fullmatch(
            r"SELECT create_distributed_table\('(\w+)', '(\w+)'(?:, colocate_with => '(\w+)')?\)", statement
        )
        assert words, f"not understood: {statement}"
        table, column, beside = words.groups()
        if beside == "none":
            group = table
        elif beside:
            group = placed[beside].group
            assert types[table][column] == types[beside][placed[beside].column], f"{table}: another type than {beside}"
        else:
            group = f"default of {types[table][column]}"
        placed[table] = Placed(column, group)
    return Layout(placed, frozenset(copied))


class Tables(NamedTuple):
    """What the migrations make: table -> column -> type, and the columns of every unique key."""

    types: dict[str, dict[str, str]]
    keys: list[tuple[str, frozenset[str]]]


def read_tables(made: list[str]) -> Tables:
    """Read tables and unique keys from the statements of migrations."""
    types: dict[str, dict[str, str]] = {}
    keys: list[tuple[str, frozenset[str]]] = []
    for statement in made:
        text = " ".join(re.sub(r"--[^\n]*", "", statement).split())
        table = re.match(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+) \((.*)\)(?: WITH .*)?$", text)
        index = re.match(r"CREATE UNIQUE INDEX \w+ ON (\w+) \(([^)]*)\)", text)
        added = re.match(r"ALTER TABLE (\w+) ADD COLUMN (\w+) (\w+)", text)
        constraint = re.match(r"ALTER TABLE (\w+) ADD (?:CONSTRAINT \w+ )?(?:PRIMARY KEY|UNIQUE) \(([^)]*)\)", text)
        if table:
            name, body = table.groups()
            types[name] = {}
            for part in _parts(body):
                whole = re.match(r"(?:PRIMARY KEY|UNIQUE) \(([^)]*)\)", part)
                if whole:
                    keys.append((name, _names(whole[1])))
                    continue
                column, kind = part.split()[:2]
                types[name][column] = kind
                if "PRIMARY KEY" in part or "UNIQUE" in part:
                    keys.append((name, frozenset((column,))))
        elif index or constraint:
            found = index or constraint
            assert found
            keys.append((found[1], _names(found[2])))
        elif added:
            types[added[1]][added[2]] = added[3]
        else:
            assert not re.search(r"\bUNIQUE\b|\bPRIMARY KEY\b", text), f"not understood: {text}"
    return Tables(types, keys)


def _parts(body: str) -> Iterator[str]:
    """Cut what stands between commas that are in no brackets."""
    depth, start = 0, 0
    for at, character in enumerate(body):
        depth += (character == "(") - (character == ")")
        if character == "," and not depth:
            yield body[start:at].strip()
            start = at + 1
    yield body[start:].strip()


def _names(listed: str) -> frozenset[str]:
    return frozenset(name.strip() for name in listed.split(","))


def our_tables() -> Tables:
    """Read the engine's migrations."""
    return read_tables([statement for migration in read_migrations(PACKAGE) for statement in migration.statements])


def our_layout() -> Layout:
    """Read the engine's ``distributed.sql``."""
    text = (resources.files(PACKAGE) / "distributed.sql").read_text(encoding="utf-8")
    return read_layout(text, our_tables().types)


def our_statements() -> list[Statement]:
    """Read the engine's ``queries.sql`` with the marks."""
    return read_statements((resources.files(PACKAGE) / "queries.sql").read_text(encoding="utf-8"))


def read_statements(text: str) -> list[Statement]:
    """Read named statements; a mark stands in brackets at the end of the description."""
    found = []
    for part in re.split(r"^-- name: ", text, flags=re.MULTILINE)[1:]:
        name, _, rest = part.partition("\n")
        lines = rest.splitlines()
        told = " ".join(line.removeprefix("--").strip() for line in lines if line.startswith("--"))
        sql = " ".join(" ".join(line for line in lines if not line.startswith("--")).split()).rstrip(";")
        marks = re.findall(r"\[([^\]]*)\]", told)
        assert len(marks) < 2, f"{name}: {marks}"
        kind, _, column = (marks or [""])[0].partition(": ")
        assert kind in {"", "key", "keys", "all", "many", "one machine"}, f"{name}: [{kind}]"
        found.append(Statement(name.strip(), sql, kind, column))
    return found


# -- the lint ------------------------------------------------------------------------------------------------------


def keys_across_machines(tables: Tables, layout: Layout) -> list[str]:
    """Name the unique keys that no single machine could watch over."""
    return [
        f"{table} ({', '.join(sorted(columns))}) lacks {layout.placed[table].column}"
        for table, columns in tables.keys
        if table in layout.placed and layout.placed[table].column not in columns
    ]


def complaints(statement: Statement, layout: Layout) -> list[str]:
    """Say what Citus would refuse of a statement, or would do otherwise than its mark says."""
    if statement.kind == "one machine":
        return []
    sql = statement.sql
    used = _used(sql)
    placed = {alias: layout.placed[table] for alias, table in used if table in layout.placed}
    if not placed:
        wrong = statement.kind in {"key", "keys", "many"}
        return [f"marked [{statement.kind}] but no table in it is distributed"] if wrong else []
    found = []
    if any(table not in layout.placed and table not in layout.copied for _, table in used):
        found.append("joins a distributed table with one that is not")
    found += _bad_joins(sql, placed)
    found += _bad_writes(sql, layout)
    if sql.startswith("COPY "):
        return found
    match statement.kind:
        case "":
            found.append("touches a distributed table and has no mark")
        case "key" | "keys":
            if statement.column not in {place.column for place in placed.values()}:
                found.append(f"[{statement.kind}: {statement.column}] is no distribution column of its tables")
            elif not _has_key(sql, statement, placed):
                found.append(f"has no {'equality' if statement.kind == 'key' else '= ANY'} on {statement.column}")
        case "many":
            if not re.match(r"INSERT INTO \w+ \([^)]*\) SELECT \* FROM unnest\(", sql):
                found.append("[many] is no INSERT of unnested columns")
        case _:
            pass
    return found


def _used(sql: str) -> list[tuple[str, str]]:
    """Give (alias, table) of all that a statement names after FROM, JOIN, INTO, UPDATE or COPY."""
    assert not re.search(r"FROM \w+(?: \w+)?, \w+", sql), f"tables joined by a comma are not understood: {sql}"
    known = our_tables().types.keys()
    words = re.findall(
        r"\b(?:FROM|JOIN|INTO|UPDATE|COPY) (\w+)"
        r"(?: (?:AS )?(?!(?:ON|WHERE|SET|JOIN|LEFT|INNER|CROSS|ORDER|GROUP|LIMIT|FOR|UNION|VALUES|FROM)\b)(\w+))?",
        sql,
    )
    return [(alias or table, table) for table, alias in words if table in known]


def _bad_joins(sql: str, placed: dict[str, Placed]) -> list[str]:
    """Name the joins of distributed tables that need rows of other machines."""
    found = []
    for condition in re.findall(r" JOIN \w+ \w+ ON (\S+ = \S+)", sql):
        one, other = (side.partition(".") for side in condition.split(" = "))
        places = [placed.get(alias) for alias, _, _ in (one, other)]
        if None in places:
            continue
        same = places[0] and places[1] and places[0].group == places[1].group
        columns = [place.column for place in places if place]
        if not same or [one[2], other[2]] != columns:
            found.append(f"joins across machines: {condition}")
    if (
        len(placed) > 1
        and " JOIN " in sql
        and len(re.findall(r" JOIN ", sql)) != len(re.findall(r" ON \S+ = \S+", sql))
    ):
        found.append("a join without a plain condition is not understood")
    return found


def _bad_writes(sql: str, layout: Layout) -> list[str]:
    """Name what a write does that no machine can do alone: rows without their column, or rows that would move."""
    found = []
    into = re.match(r"(?:INSERT INTO|COPY) (\w+) \(([^)]*)\)", sql)
    if into and into[1] in layout.placed:
        column = layout.placed[into[1]].column
        if column not in _names(into[2]):
            found.append(f"writes rows without {column}")
        conflict = re.search(r"ON CONFLICT \(([^)]*)\)", sql)
        if conflict and column not in _names(conflict[1]):
            found.append(f"resolves a conflict on a key without {column}")
    changed = re.search(r"(?:UPDATE (\w+) SET|DO UPDATE SET) (.*?)(?: WHERE |$)", sql)
    if changed:
        table = changed[1] or (into[1] if into else "")
        if table in layout.placed and re.search(rf"(?<![\w.]){layout.placed[table].column} = ", changed[2]):
            found.append("changes the column that says where a row lives")
    return found


def _has_key(sql: str, statement: Statement, placed: dict[str, Placed]) -> bool:
    """Tell whether the machines can be found from the parameters."""
    column = statement.column
    into = re.match(r"INSERT INTO \w+ \(([^)]*)\) VALUES \((.*?)\)(?: ON CONFLICT| RETURNING|$)", sql)
    if into:
        columns = [name.strip() for name in into[1].split(",")]
        return statement.kind == "key" and into[2].split(", ")[columns.index(column)].startswith("%s")
    _, _, where = sql.partition(" WHERE ")
    if re.search(r"\bOR\b", where):
        return False
    aliases = "|".join(alias for alias, place in placed.items() if place.column == column)
    value = r"%s" if statement.kind == "key" else r"ANY\(%s"
    return re.search(rf"(?<![\w.])(?:(?:{aliases})\.)?{column} = {value}", where) is not None
