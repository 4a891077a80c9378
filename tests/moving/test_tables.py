"""The list of tables is whole, and every engine gives back exactly the rows that it was given."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import hypothesis
import msgspec
import psycopg
import pytest
from hypothesis import strategies as st

from rxtrail.store import copying
from rxtrail.store.postgres import distribute
from rxtrail.store.postgres import open_store as open_postgres
from rxtrail.store.postgres.copying import form_of
from rxtrail.store.sqlite import open_store as open_sqlite
from rxtrail.store.tables import BY_NAME, TABLES, Kind, Table, decode, encode, rows_of
from tests.moving.conftest import SERVERS
from tests.postgres.fixtures import CITUS_DSN, empty_citus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rxtrail.store import Store
    from rxtrail.store.copying import View

pytestmark = pytest.mark.sqlite_only
# What an engine makes for itself from the rows of the record, and what belongs to the engine.
DERIVED = {
    "sqlite": {"tally", "migration"},
    "postgres": {"log_head", "container_key", "migration"},
}


def test_the_list_has_every_table_and_column_of_the_file(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "store.sqlite")
    connection = store.begin()._connection
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert names - DERIVED["sqlite"] == BY_NAME.keys()
    for table in TABLES:
        held = connection.execute(f"PRAGMA table_info({table.name})").fetchall()
        assert {row[1] for row in held} == set(table.columns), table.name
        keys = [row[1] for row in sorted(held, key=lambda row: row[5]) if row[5]]
        assert keys == list(table.key_names), table.name
        maybe = {name for name, kind in table.columns.items() if kind in (Kind.NUMBER_OR_NONE, Kind.BYTES_OR_NONE)}
        assert {row[1] for row in held if not row[3] and not row[5]} == maybe, table.name
    store.rollback()
    store.close()


def test_the_list_has_every_table_and_column_of_the_database(postgres_dsn: str) -> None:
    open_postgres(postgres_dsn).close()
    with psycopg.connect(postgres_dsn) as connection:
        rows = connection.execute(
            "SELECT table_name, column_name, is_nullable FROM information_schema.columns WHERE table_schema = 'public'"
        ).fetchall()
        assert {name for name, _, _ in rows} - DERIVED["postgres"] == BY_NAME.keys()
        for table in TABLES:
            assert {column for name, column, _ in rows if name == table.name} == set(form_of(table).columns)
        keys = connection.execute(
            "SELECT c.relname::text, array_agg(a.attname::text ORDER BY k.n) FROM pg_index i "
            "JOIN pg_class c ON c.oid = i.indrelid CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k(att, n) "
            "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.att WHERE i.indisprimary GROUP BY 1"
        ).fetchall()
        for name, columns in keys:
            if name in BY_NAME:
                form = form_of(BY_NAME[name])
                assert tuple(columns) == form.columns[: form.keys], name


# -- rows in, the same rows out ------------------------------------------------------------------------------------

_TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    ["", "\\", "\\N", "\t", "a\tb\n\r\\.", "\\.", "'\"`;--", "\x7f", "\U0001f48a", "é", "e\u0301", " ", "x" * 3000]
)
_NAMES = _TEXTS | st.uuids().map(lambda number: number.urn) | st.binary(min_size=32, max_size=32).map(
    lambda digest: f"ni:///sha-256;{digest.hex()}?ver=CBV2.0"
)  # fmt: skip
_SMALL = st.integers(0, 30_000)  # every engine's narrowest column takes these
_VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.NUMBER: _SMALL,
    Kind.TEXT: _TEXTS,
    Kind.BYTES: st.binary(max_size=60),
    Kind.FLAG: st.integers(0, 1),
    Kind.NAME: _NAMES,
    Kind.NUMBER_OR_NONE: st.none() | _SMALL,
    Kind.BYTES_OR_NONE: st.none() | st.binary(max_size=60),
}
_LARGE = {"at", "time", "recorded_at", "received_at", "created_at", "since", "emptied", "voided_by", "packs"}
_UNIQUE = {"name": slice(1, 2), "product": slice(1, 2), "lot": slice(1, 4), "document": slice(1, 2),
           "container": slice(1, 2)}  # fmt: skip


def _rows(table: Table) -> st.SearchStrategy[list[Any]]:
    columns = [
        st.integers(0, 1 << 60) if name in _LARGE and kind is Kind.NUMBER else _VALUES[kind]
        for name, kind in table.columns.items()
    ]
    unique: list[Callable[[Any], Any]] = [lambda row: row[: table.keys]]
    if table.name in _UNIQUE:
        unique.append(lambda row: row[_UNIQUE[table.name]])
    rows = st.lists(st.tuples(*columns), max_size=8, unique_by=tuple(unique))
    if table.name == "setting":
        rows = rows.map(lambda found: [row for row in found if row[0] not in copying.MARKS])
    return rows.map(lambda found: sorted(found, key=lambda row: row[: table.keys]))


_RECORDS = st.fixed_dictionaries({table.name: _rows(table) for table in TABLES})


@pytest.fixture(params=["sqlite", *SERVERS], scope="module")
def kept(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store whose tables are emptied before each example."""
    if request.param == "sqlite":
        store: Store = open_sqlite(tmp_path_factory.mktemp("rows") / "store.sqlite")
    elif request.param == "citus":
        empty_citus(CITUS_DSN)
        distribute(CITUS_DSN)
        store = open_postgres(CITUS_DSN)
    else:
        store = open_postgres(request.getfixturevalue("postgres_server").create_database())
    yield store
    store.close()


def _empty(store: Store) -> None:
    tx: Any = store.begin()
    tables = [*BY_NAME, *(["container_key"] if store.shared else [])]
    for name in tables:
        tx._connection.execute(f"DELETE FROM {name}" if not store.shared else f"DELETE FROM {name}".encode())
    store.commit()


def _all(view: View, table: Table, after: Any = None) -> list[Any]:
    return list(itertools.chain.from_iterable(view.pages(table, after)))


@hypothesis.settings(max_examples=15)
@hypothesis.given(record=_RECORDS)
def test_every_engine_gives_back_exactly_what_it_was_given_and_in_the_order_of_its_keys(
    kept: Store, record: dict[str, list[Any]]
) -> None:
    _empty(kept)
    store = kept.copying()
    for table in TABLES:
        if record[table.name]:
            store.fill(table, record[table.name], {copying.UNFINISHED: table.name})
    assert store.marks().get(copying.UNFINISHED, "") in BY_NAME or not any(record.values())
    store.mark({copying.UNFINISHED: None})
    assert store.marks() == {}
    store.close()
    view = store.view()
    try:
        for table in TABLES:
            rows = record[table.name]
            assert _all(view, table) == rows, table.name
            assert view.count(table) == len(rows)
            for number, row in enumerate(rows):
                assert _all(view, table, row[: table.keys]) == rows[number + 1 :], table.name
    finally:
        view.close()


def test_a_serial_of_every_length_is_where_its_product_says(kept: Store) -> None:
    _empty(kept)
    table = BY_NAME["unit"]
    products = [1, 90, 91, 92, 8_281, 804_000, 805_000, 806_000, 900_000]
    serials = ["", "!", "0", "A" * 20, "~", "~~~~"]
    rows: list[Any] = [(product, serial, None, 1, None) for product in products for serial in serials]
    store = kept.copying()
    store.fill(table, rows, {})
    store.close()
    view = store.view()
    assert _all(view, table) == rows
    view.close()


# -- as MessagePack ------------------------------------------------------------------------------------------------


@hypothesis.given(record=_RECORDS)
def test_rows_are_the_same_bytes_however_they_are_cut_into_pages(record: dict[str, list[Any]]) -> None:
    for table in TABLES:
        rows = record[table.name]
        assert decode(table, encode(rows)) == rows
        one_by_one = b"".join(bytes(rows_of(encode([row]))) for row in rows)
        assert bytes(rows_of(encode(rows))) == one_by_one


@pytest.mark.parametrize("count", [0, 1, 15, 16, 65_535, 65_536])
def test_the_head_of_a_page_is_no_part_of_its_rows(count: int) -> None:
    rows: list[Any] = [(1, "a")] * count
    assert bytes(rows_of(encode(rows))) == msgspec.msgpack.encode((1, "a")) * count


def test_rows_of_another_shape_are_refused() -> None:
    for rows in ([(1,)], [(1, 2)], [("1", "a")], [(1, None)], [(1, "a", 3)]):
        with pytest.raises(msgspec.ValidationError):
            decode(BY_NAME["name"], msgspec.msgpack.encode(rows))


# -- pages ---------------------------------------------------------------------------------------------------------


def _paged(rows: list[Any]) -> list[int]:
    left = iter(rows)
    pages = list(copying.gathered(lambda count: list(itertools.islice(left, count)), BY_NAME["document_chunk"]))
    assert [row for page in pages for row in page] == rows
    return [len(page) for page in pages]


def test_long_rows_make_short_pages_and_short_rows_long_ones() -> None:
    long, short = bytes(1 << 20), b"short"
    assert _paged([(1, number, long) for number in range(100)]) == [16] * 6 + [4]
    lengths = _paged([(1, number, short) for number in range(50_000)])
    assert max(lengths) <= copying.PAGE_ROWS_MAX
    assert len(lengths) == 3
    # The first long rows after many short ones are asked for before they are seen; then few at a time.
    mixed = [(1, number, short if number < 1000 else long) for number in range(1500)]
    assert max(_paged(mixed)[1:]) <= copying.LONG_ROWS_AT_ONCE
    assert _paged([]) == []
