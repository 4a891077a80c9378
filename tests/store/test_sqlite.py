"""What only the SQLite engine promises: a synced write-ahead log, a history of its own, a file for its owner only."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2

from rxtrail.errors import StoreFailed, StoreFull
from rxtrail.store.migrations import Migration, read_migrations, statements
from rxtrail.store.sqlite import SqliteStore, migrate, open_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "store.sqlite"


@pytest.fixture
def made(path: Path) -> Path:
    """A store with a setting in it, closed."""
    store = open_store(path)
    store.begin().set_settings({"role": "hub"})
    store.commit()
    store.close()
    return path


def settings(path: Path, *, writable: bool = False) -> dict[str, str]:
    store = open_store(path, writable=writable)
    try:
        reader = store.reader()
        found = reader.settings()
        reader.close()
    finally:
        store.close()
    return found


def run(path: Path, statement: str, *parameters: object) -> list[tuple[object, ...]]:
    connection = dbapi2.connect(str(path), isolation_level=None)
    rows: list[tuple[object, ...]] = connection.execute(statement, parameters).fetchall()
    connection.close()
    return rows


def pragma(store: SqliteStore, name: str) -> object:
    tx = store.begin()
    store.rollback()
    value: object = tx._connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value


# -- durability ----------------------------------------------------------------------------------------------------


def test_a_commit_is_synced_and_readers_go_on_beside_it(path: Path) -> None:
    store = open_store(path)
    assert pragma(store, "journal_mode") == "wal"
    assert pragma(store, "synchronous") == 2, "FULL"
    assert pragma(store, "trusted_schema") == 0
    store.close()


def test_a_reader_cannot_write(made: Path) -> None:
    store = open_store(made)
    reader = store.reader()
    with pytest.raises(dbapi2.OperationalError, match="readonly"):
        reader._connection.execute("DELETE FROM setting")
    reader.close()
    store.close()
    assert settings(made) == {"role": "hub"}


def test_what_was_not_committed_when_the_store_was_closed_is_gone(made: Path) -> None:
    store = open_store(made)
    store.begin().set_settings({"role": "pharmacy"})
    store.close()
    assert settings(made) == {"role": "hub"}


def test_a_second_writer_is_refused_by_name_and_not_kept_waiting_for_ever(made: Path) -> None:
    first, second = open_store(made), open_store(made)
    first.begin()
    second._writer._connection.execute("PRAGMA busy_timeout = 50")  # type: ignore[union-attr]
    with pytest.raises(StoreFailed, match="locked"):
        second.begin()
    first.commit()
    second.begin()
    second.rollback()
    second.close()
    first.close()


def test_a_file_name_with_signs_of_a_url_is_the_file(tmp_path: Path) -> None:
    odd = tmp_path / "100% of #1? yes" / "a%20b?mode=ro#x.sqlite"
    open_store(odd).close()
    assert odd.stat().st_size > 0
    assert settings(odd) == {}


# -- whose file it is ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mask", [0o000, 0o022])
def test_the_file_and_its_log_are_for_their_owner_only(mask: int, path: Path) -> None:
    before = os.umask(mask)
    try:
        store = open_store(path)
        store.begin().set_settings({"role": "hub"})
        store.commit()
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        store.close()
    finally:
        os.umask(before)
    assert modes["store.sqlite"] == 0o600
    assert modes["store.sqlite-wal"] == 0o600
    assert set(modes.values()) == {0o600}


# -- what is not our store -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"gtin,serial\n" * 200, b"\0" * 8192, b"SQLite format 3\0" + b"\xff" * 8192])
@pytest.mark.parametrize("writable", [True, False])
def test_a_file_that_is_no_database_is_refused_by_name_and_left_as_it_was(
    content: bytes, writable: bool, tmp_path: Path
) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(StoreFailed) as refused:
        settings(path, writable=writable)
    assert refused.value.code == "store-failed"
    assert refused.value.advice
    assert path.read_bytes() == content


def test_a_store_that_is_not_there_is_not_made_by_a_reader(path: Path) -> None:
    with pytest.raises(StoreFailed, match="no store") as refused:
        open_store(path, writable=False)
    assert refused.value.advice
    assert not path.exists()


def test_a_folder_in_its_place_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed):
        open_store(tmp_path)


# -- migrations ----------------------------------------------------------------------------------------------------


def test_every_migration_is_noted_with_the_checksum_of_its_text(made: Path) -> None:
    folder = Path(migrate.__file__).parent / "migrations"
    files = sorted(folder.glob("*.sql"))
    expected = [(int(file.name[:4]), file.name, hashlib.sha256(file.read_bytes()).hexdigest()) for file in files]
    assert len(expected) > 0
    assert run(made, "SELECT number, name, sha256 FROM migration ORDER BY number") == expected
    assert [number for number, _, _ in expected] == list(range(1, len(expected) + 1))


def test_opening_again_changes_nothing(made: Path) -> None:
    schema = run(made, "SELECT name, sql FROM sqlite_master ORDER BY name")
    open_store(made).close()
    assert run(made, "SELECT name, sql FROM sqlite_master ORDER BY name") == schema
    assert settings(made) == {"role": "hub"}


def test_a_store_made_by_another_text_of_a_migration_is_refused(made: Path) -> None:
    run(made, "UPDATE migration SET sha256 = ? WHERE number = 1", "0" * 64)
    with pytest.raises(StoreFailed, match="not the one that made this store") as refused:
        open_store(made)
    assert refused.value.advice
    assert settings(made) == {"role": "hub"}


def test_a_store_of_a_newer_program_is_refused(made: Path) -> None:
    run(made, "INSERT INTO migration VALUES (9999, '9999_later.sql', 'x')")
    with pytest.raises(StoreFailed, match="newer") as refused:
        open_store(made)
    assert "newer version" in refused.value.advice


@pytest.fixture
def one_more(monkeypatch: pytest.MonkeyPatch) -> list[Migration]:
    """The shipped migrations, to which a test may add."""
    known = read_migrations("rxtrail.store.sqlite")
    monkeypatch.setattr(migrate, "read_migrations", lambda _package: known)
    return known


def later(sql: str) -> Migration:
    return Migration(99, "0099_later.sql", hashlib.sha256(sql.encode()).hexdigest(), statements(sql))


def test_a_later_migration_is_added_to_a_store_that_is_there(made: Path, one_more: list[Migration]) -> None:
    one_more.append(later("-- more; of it\nCREATE TABLE more (x);\nINSERT INTO more VALUES (1);\n"))
    open_store(made).close()
    assert run(made, "SELECT x FROM more") == [(1,)]
    assert settings(made) == {"role": "hub"}


def test_a_migration_that_fails_is_undone_whole(made: Path, one_more: list[Migration]) -> None:
    one_more.append(later("CREATE TABLE more (x);\nINSERT INTO nowhere VALUES (1);\n"))
    with pytest.raises(StoreFailed, match="nowhere"):
        open_store(made)
    one_more.pop()
    open_store(made).close()
    assert run(made, "SELECT count(*) FROM sqlite_master WHERE name = 'more'") == [(0,)]
    assert settings(made) == {"role": "hub"}


# -- whose mistake an error is -------------------------------------------------------------------------------------


def test_a_full_disk_is_told_apart_from_a_broken_one_and_both_from_our_own_mistakes(path: Path) -> None:
    store = open_store(path)
    store.begin()
    tx = store._writer
    assert tx is not None
    pages = tx._connection.execute("PRAGMA page_count").fetchone()[0]
    tx._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(dbapi2.OperationalError) as full:
        tx.set_settings({f"key {number}": "x" * 4000 for number in range(200)})
    store.rollback()
    failure = store.failure(full.value)
    assert isinstance(failure, StoreFull)
    assert failure.advice
    broken = store.failure(dbapi2.OperationalError("disk I/O error"))
    assert type(broken) is StoreFailed
    assert store.failure(ValueError("full")) is None
    store.close()
