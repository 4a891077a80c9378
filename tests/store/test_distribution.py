"""Citus takes the statements of the PostgreSQL engine as they are: shown of the text, and of a cluster."""

from __future__ import annotations

import ast
import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import psycopg
import pytest

import rxtrail.store
from rxtrail.store.postgres import distribute
from tests.store.distribution import (
    Layout,
    Placed,
    Statement,
    complaints,
    keys_across_machines,
    our_layout,
    our_statements,
    our_tables,
    read_statements,
    read_tables,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

LAYOUT = our_layout()
STATEMENTS = our_statements()
ONE_MACHINE = frozenset(statement.name for statement in STATEMENTS if statement.kind == "one machine")
# On the coordinator alone, on purpose: few rows, or rows that no other table is joined with.
ON_THE_COORDINATOR = {
    "setting", "log_head", "document", "job", "master", "answered", "partner", "partner_gln", "kept", "checkpoint",
    "used", "vocabulary", "board", "board_doubt",
    "data_key",
}  # fmt: skip


# -- the text ------------------------------------------------------------------------------------------------------


def test_every_table_has_a_place() -> None:
    assert our_tables().types.keys() == LAYOUT.placed.keys() | LAYOUT.copied | ON_THE_COORDINATOR


def test_every_unique_key_holds_the_column_that_its_table_is_distributed_by() -> None:
    assert keys_across_machines(our_tables(), LAYOUT) == []


def test_every_distributed_table_is_kept_unique_by_a_key() -> None:
    assert {table for table, _ in our_tables().keys} >= LAYOUT.placed.keys()


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: statement.name)
def test_no_statement_is_refused_or_asks_more_machines_than_it_says(statement: Statement) -> None:
    assert complaints(statement, LAYOUT) == []


def test_a_package_a_packing_and_a_container_are_each_asked_of_one_machine() -> None:
    kinds = {statement.name: statement.kind for statement in STATEMENTS}
    for name in ("unit_row", "packing_row", "container_row", "container_id", "unit_events", "block_data"):
        assert kinds[name] == "key", name


PLANTED = Layout({"unit": Placed("key", "unit"), "event": Placed("position", "event"),
                  "record": Placed("position", "event"), "making": Placed("id", "event")},
                 frozenset({"lot"}))  # fmt: skip


@pytest.mark.parametrize(
    ("mark", "sql", "complaint"),
    [
        ("", "SELECT made FROM unit WHERE key = %s::text", "has no mark"),
        ("[key: key]", "SELECT made FROM unit WHERE made = %s", "no equality"),
        ("[key: key]", "SELECT made FROM unit WHERE key = ANY(%s::text[])", "no equality"),
        ("[key: key]", "SELECT made FROM unit WHERE key = %s OR made = %s", "no equality"),
        ("[key: made]", "SELECT key FROM unit WHERE made = %s", "no distribution column"),
        ("[key: position]", "UPDATE event SET position = %s WHERE time = %s", "changes the column"),
        ("[keys: key]", "SELECT made FROM unit WHERE key > %s", "no = ANY"),
        ("[key: id]", "SELECT id FROM lot WHERE id = %s", "no table in it is distributed"),
        ("[keys: position]", "SELECT 1 FROM event e JOIN record r ON r.block = e.position WHERE e.position = ANY(%s)",
         "joins across machines"),
        ("[key: key]", "SELECT 1 FROM unit u JOIN event e ON e.position = u.key WHERE u.key = %s",
         "joins across machines"),
        ("[key: key]", "SELECT 1 FROM unit u JOIN job j ON j.id = u.key WHERE u.key = %s", "one that is not"),
        ("[many]", "INSERT INTO unit (made) SELECT * FROM unnest(%s::integer[])", "rows without key"),
        ("[many]", "INSERT INTO unit (key, made) SELECT * FROM unnest(%s, %s) ON CONFLICT (made) DO NOTHING",
         "conflict on a key without key"),
        ("[many]", "INSERT INTO unit (key, made) SELECT * FROM unnest(%s, %s) ON CONFLICT (key) DO UPDATE SET key = 1",
         "changes the column"),
        ("[many]", "DELETE FROM unit", "no INSERT"),
        ("", "COPY unit (made) FROM STDIN", "rows without key"),
    ],
)  # fmt: skip
def test_the_lint_finds_what_it_looks_for(mark: str, sql: str, complaint: str) -> None:
    (statement,) = read_statements(f"-- name: planted\n-- Do it. {mark}\n{sql};\n")
    assert any(complaint in found for found in complaints(statement, PLANTED)), complaints(statement, PLANTED)


def test_the_lint_finds_keys_that_no_single_machine_could_watch_over() -> None:
    made = [
        'CREATE TABLE unit (key text COLLATE "C" PRIMARY KEY, made integer UNIQUE, a int, UNIQUE (made, a))',
        "CREATE UNIQUE INDEX more ON unit (made)",
        "ALTER TABLE unit ADD CONSTRAINT again UNIQUE (a)",
    ]
    assert keys_across_machines(read_tables(made), PLANTED) == [
        "unit (made) lacks key", "unit (a, made) lacks key", "unit (made) lacks key", "unit (a) lacks key",
    ]  # fmt: skip


# -- the code ------------------------------------------------------------------------------------------------------


class Use(NamedTuple):
    """A place in the code that names a statement of one machine."""

    place: str
    name: str
    guarded: bool


def uses_of_one_machine() -> Iterator[Use]:
    """Find who names a statement that only one machine can answer, and whether a cluster comes there."""
    folder = Path(rxtrail.store.__file__).parent
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in folder.rglob("*.py")}
    overridden = guarded_verbs(trees[folder / "postgres" / "reader.py"])
    for path, tree in trees.items():
        if path.parent.name == "sqlite":
            continue
        for way in ways(tree):
            leaf = way[-1]
            if isinstance(leaf, ast.Constant) and leaf.value in ONE_MACHINE and not is_docstring(way):
                verb = next((node.name for node in reversed(way) if isinstance(node, ast.FunctionDef)), "")
                shared = path.name == "sql_reader.py"
                guarded = verb in overridden if shared else only_on_one_machine(way)
                yield Use(f"{path.relative_to(folder)}:{leaf.lineno} in {verb}", leaf.value, guarded)


def ways(node: ast.AST, way: tuple[ast.AST, ...] = ()) -> Iterator[tuple[ast.AST, ...]]:
    """Give the way from the top to every node."""
    here = (*way, node)
    yield here
    for child in ast.iter_child_nodes(node):
        yield from ways(child, here)


def is_docstring(way: tuple[ast.AST, ...]) -> bool:
    return isinstance(way[-2], ast.Expr)


def only_on_one_machine(way: tuple[ast.AST, ...]) -> bool:
    """Tell whether a branch on the way is taken only when nothing is distributed."""
    for branch, below in itertools.pairwise(way):
        if isinstance(branch, ast.If | ast.IfExp):
            test = ast.unparse(branch.test)
            body = branch.body if isinstance(branch.body, list) else [branch.body]
            orelse = branch.orelse if isinstance(branch.orelse, list) else [branch.orelse]
            if (test == "not self._site.distributed" and below in body) or (
                test == "self._site.distributed" and below in orelse
            ):
                return True
    return False


def guarded_verbs(tree: ast.Module) -> set[str]:
    """Find the verbs that PostgreSQL's reader has of its own, and asks of the common one only on one machine."""
    own: set[str] = set()
    unguarded: set[str] = set()
    for way in ways(tree):
        node = way[-1]
        if isinstance(node, ast.FunctionDef) and any(
            isinstance(above, ast.ClassDef) and above.name == "PostgresReader" for above in way
        ):
            own.add(node.name)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "super()" and not only_on_one_machine(way):
            unguarded.add(node.attr)
    return own - unguarded


def test_what_only_one_machine_can_answer_is_never_asked_of_a_cluster() -> None:
    uses = list(uses_of_one_machine())
    assert [use for use in uses if not use.guarded] == []
    assert {use.name for use in uses} == ONE_MACHINE, "a statement that nobody asks"


# -- a cluster -----------------------------------------------------------------------------------------------------

_SAMPLES = {"text": "a", "bytea": b"a", "bigint": 7, "integer": 7, "smallint": 7}


def with_values(sql: str) -> str:
    """Put a value of the right type in the place of each parameter, in its plainest words."""

    def value(found: re.Match[str]) -> str:
        kind, many = found[1] or "bigint", found[2]
        sample = _SAMPLES[kind]
        word = {str: f"'{sample!s}'", bytes: "'\\x61'", int: str(sample)}[type(sample)]
        return f"ARRAY[{word}]::{kind}[]" if many else f"{word}::{kind}"

    return re.sub(r"%s(?:::(\w+)(\[\])?)?", value, sql)


def tasks(connection: psycopg.Connection[tuple[str]], sql: str) -> int:
    """Ask a coordinator how many shards a statement goes to."""
    plan = "\n".join(row[0] for row in connection.execute(f"EXPLAIN {with_values(sql)}".encode()))
    counts = re.findall(r"Task Count: (\d+)", plan)
    assert counts, plan
    return max(int(count) for count in counts)


def test_a_cluster_asks_one_shard_for_each_thing_that_is_named(citus_dsn: str) -> None:
    assert distribute(citus_dsn)
    with psycopg.connect(citus_dsn, autocommit=True) as connection:
        asked = {
            statement.name: tasks(connection, statement.sql)
            for statement in STATEMENTS
            if statement.kind in {"key", "keys"}
        }
    assert asked == dict.fromkeys(asked, 1)
    assert len(asked) > 30


def test_a_cluster_puts_every_table_where_the_file_says(citus_dsn: str) -> None:
    assert distribute(citus_dsn)
    with psycopg.connect(citus_dsn) as connection:
        rows = connection.execute(
            "select table_name::text, citus_table_type, distribution_column, colocation_id from citus_tables"
        ).fetchall()
    assert {name: column for name, kind, column, _ in rows if kind == "distributed"} == {
        name: place.column for name, place in LAYOUT.placed.items()
    }
    assert {name for name, kind, _, _ in rows if kind == "reference"} == LAYOUT.copied
    groups: dict[str, set[int]] = {}
    for name, kind, _, group in rows:
        if kind == "distributed":
            groups.setdefault(LAYOUT.placed[name].group, set()).add(group)
    assert all(len(numbers) == 1 for numbers in groups.values()), groups


def test_a_cluster_keeps_a_package_unique(citus_dsn: str) -> None:
    assert distribute(citus_dsn)
    with psycopg.connect(citus_dsn, autocommit=True) as connection:
        connection.execute("insert into unit (key) values ('!!!1')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("insert into unit (key) values ('!!!1')")
