"""Whatever is changed in a record behind its back, an audit finds it and says where."""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.bootstrap import open_node
from rxtrail.bootstrap.auditing import rebuild_store
from rxtrail.bootstrap.moving import move_store, restore_store
from rxtrail.cli import exits
from rxtrail.cli.app import run
from rxtrail.core.merkle.tile import TileBuilder
from rxtrail.errors import BadRequest, StoreDamaged, StoreFailed
from rxtrail.keyring import KeyOrder, Unaudited
from rxtrail.log_settings import LogSettings
from rxtrail.sealing import Shredded, key_of
from rxtrail.store.rows import RecordKind
from tests import story
from tests.auditing.flipping import settled
from tests.auditing.records import CASE, GOODS, behind_its_back, fill, look, named, other, rows_in, tables
from tests.story import PHARMACY, delivery, pack

if TYPE_CHECKING:
    from rxtrail.answers import AuditReport

pytestmark = pytest.mark.sqlite_only

UNSIGNED = {("checkpoint", "at"), ("checkpoint", "publisher")}  # no evidence: when a head was stored, and by whom
SEALING = {"data_key"}  # of an encrypted record only
KEY_COLUMNS = "kind, tenant, version, wrapped_by, root, origin, made_at, ended_at, wrapped"


def test_an_untouched_record_is_whole(record: Path) -> None:
    report = look(record)
    assert (report.faults, report.left_out) == ([], [])
    assert report.whole
    assert report.entries == report.log_size == len(rows_in(record, "record"))
    assert report.blocks == len(rows_in(record, "block"))
    assert report.documents == len(rows_in(record, "document"))
    assert report.rows > 100


def test_every_table_of_the_record_has_rows(record: Path) -> None:
    from rxtrail.store.tables import TABLES

    assert {table.name for table in TABLES} - tables(record).keys() - SEALING == set()


def change(folder: Path, draw: Any) -> tuple[str, str]:
    """Change one column of one row, take one row away or add one; give the table and what was done."""
    table = draw(st.sampled_from(sorted(tables(folder))))
    columns = tables(folder)[table]
    held = rows_in(folder, table)
    row = draw(st.sampled_from(held))
    how = draw(st.sampled_from(["change", "delete", "add"]))
    column = draw(st.sampled_from([name for name in columns if (table, name) not in UNSIGNED]))
    at = columns.index(column)
    where = " AND ".join(f"{name} IS ?" for name in columns)
    with behind_its_back(folder) as connection:
        if how == "change":
            connection.execute(f"UPDATE OR IGNORE {table} SET {column} = ? WHERE {where}", (other(row[at]), *row))
        elif how == "delete":
            connection.execute(f"DELETE FROM {table} WHERE {where}", row)
        else:
            new = tuple(other(value) if not isinstance(value, int) else value + 100_000 for value in row)
            connection.execute(f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * len(row))})", new)
        changed = connection.total_changes
    return (table, how) if changed else ("", how)


@given(data=st.data())
def test_any_single_change_of_any_row_is_found(
    filled: Path, tmp_path_factory: pytest.TempPathFactory, data: Any
) -> None:
    folder = Path(shutil.copytree(filled, tmp_path_factory.mktemp("changed") / "data"))
    try:
        table, how = change(folder, data.draw)
        report = look(folder)
        if not table:
            assert report.whole
            return
        assert not report.whole, (table, how)
        assert report.faults_count
        assert all(fault.message and fault.code and (fault.table or fault.file) for fault in report.faults)
    finally:
        shutil.rmtree(folder)


def _one(report: AuditReport, table: str) -> Any:
    [fault] = named(report, table)
    return fault


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("unit", "packed", 3),
        ("event", "biz_step", 2),
        ("event", "voided_by", 1),
        ("container", "since", 5),
        ("holding", "packs", 9),
        ("answered", "answer", b"x"),
        ("job", "name", "other.xml"),
        ("partner", "row", b"x"),
        ("setting", "value", "hub"),
        ("finding", "message", "nothing"),
        ("master", "attributes", b"\x80"),
        ("unit_event", "making", 3),
        ("event_speaker", "document", 7),
        ("document", "received_at", 7),
        ("board", "count", 9),
        ("board_doubt", "detail", "x"),
    ],
)
def test_a_changed_row_is_named_with_its_key_field_and_what_it_should_be(
    record: Path, table: str, column: str, value: Any
) -> None:
    columns = tables(record)[table]
    before = next(row for row in rows_in(record, table) if row[columns.index(column)] != value)
    where = " AND ".join(f"{name} IS ?" for name in columns)
    with behind_its_back(record) as connection:
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (value, *before))
    fault = next(fault for fault in named(look(record), table) if fault.field == column)
    assert (fault.part, fault.code) == ("table", "row-changed")
    assert str(before[0]) in fault.key or isinstance(before[0], bytes)
    shown = before[columns.index(column)]
    told = "null" if shown is None else shown.hex() if isinstance(shown, bytes) else str(shown)
    assert fault.expected.removesuffix("...") == told[:200]
    assert fault.found == (value.hex() if isinstance(value, bytes) else str(value))
    assert (fault.file, fault.page > 0) == ("rxtrail.sqlite", True)
    if column != "voided_by":  # what is null lies nowhere
        size = 1 if isinstance(value, int) else len(value)
        stored = (record / "rxtrail.sqlite").read_bytes()[fault.offset : fault.offset + size]
        assert stored == (
            bytes([value]) if isinstance(value, int) else value if isinstance(value, bytes) else value.encode()
        )


def test_a_row_taken_away_and_a_row_added_are_found(record: Path) -> None:
    with behind_its_back(record) as connection:
        connection.execute("DELETE FROM unit WHERE serial = 'S3'")
        connection.execute("INSERT INTO unit SELECT product, 'FAKE', made, packed, own FROM unit WHERE serial = 'S4'")
    report = look(record)
    assert [(fault.code, fault.key.rpartition("=")[2]) for fault in named(report, "unit")] == [
        ("row-added", "FAKE"), ("row-missing", "S3"),
    ] or {fault.code for fault in named(report, "unit")} == {"row-added", "row-missing"}  # fmt: skip


@pytest.mark.parametrize("column", ["tenant", "party", "recorded_at", "id", "salt", "block", "start", "length",
                                    "envelope", "commitment", "kind"])  # fmt: skip
def test_a_changed_record_is_named_with_its_field(record: Path, column: str) -> None:
    columns = tables(record)["record"]
    row = next(row for row in rows_in(record, "record") if row[columns.index("kind")] == 1)
    value = other(row[columns.index(column)])
    with behind_its_back(record) as connection:
        connection.execute(f"UPDATE record SET {column} = ? WHERE position = ?", (value, row[0]))
    report = look(record)
    fault = named(report, "record")[0]
    assert (fault.part, fault.position, fault.field) == ("log", row[0], column)
    if column not in ("salt", "block"):
        expected = row[columns.index(column)]
        assert fault.expected == (expected.hex()[:200] if isinstance(expected, bytes) else str(expected))[:200]


def test_a_record_taken_out_of_the_log_is_missed(record: Path) -> None:
    with behind_its_back(record) as connection:
        connection.execute("DELETE FROM record WHERE position = 5")
    report = look(record)
    assert ("row-missing", 5) in [(fault.code, fault.position) for fault in report.faults]


def test_two_blocks_that_changed_places_are_found(record: Path) -> None:
    with behind_its_back(record) as connection:
        one, two = connection.execute("SELECT id, data FROM block ORDER BY id LIMIT 2").fetchall()
        connection.execute("UPDATE block SET data = ? WHERE id = ?", (two[1], one[0]))
        connection.execute("UPDATE block SET data = ? WHERE id = ?", (one[1], two[0]))
    report = look(record)
    assert {fault.key for fault in named(report, "block")} | {"id=1", "id=2"} == {"id=1", "id=2"}
    assert not report.whole


def test_two_pages_that_changed_places_are_found(record: Path) -> None:
    with behind_its_back(record) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        roots = [root for (root,) in connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name IN ('unit', 'event') ORDER BY name")]  # fmt: skip
    file = record / "rxtrail.sqlite"
    data = bytearray(file.read_bytes())
    first, second = (slice((root - 1) * 4096, root * 4096) for root in roots)
    data[first], data[second] = data[second], data[first]
    file.write_bytes(data)
    report = look(record)
    assert not report.whole
    assert report.faults_count


def test_a_document_that_was_changed_is_named_with_its_chunk(record: Path) -> None:
    with behind_its_back(record) as connection:
        [data] = connection.execute("SELECT data FROM document_chunk WHERE document = 2").fetchone()
        connection.execute("UPDATE document_chunk SET data = ? WHERE document = 2", (other(data),))
    fault = _one(look(record), "document_chunk")
    assert (fault.part, fault.key, fault.field) == ("document", "document=2, seq=0", "data")


@pytest.mark.parametrize("cut", [0, 50, 4096, -1])
def test_a_file_that_was_cut_is_a_finding_and_no_crash(record: Path, cut: int) -> None:
    with behind_its_back(record) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file = record / "rxtrail.sqlite"
    file.write_bytes(file.read_bytes()[:cut])
    report = look(record)
    assert not report.whole
    assert report.faults[0].file == "rxtrail.sqlite" or report.faults[0].part == "file"


def test_a_folder_without_a_record_is_no_audit(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed):
        look(tmp_path)


def test_an_audit_reads_beside_a_node_that_writes(tmp_path: Path) -> None:
    fill(tmp_path / "data")
    with open_node(tmp_path / "data") as node:
        node.verify("01003123456789060A", site="")
        report = look(tmp_path / "data")
        assert report.whole, report.faults
        node.verify("01003123456789060B", site="")
    assert look(tmp_path / "data").whole


def test_an_encrypted_record_is_whole_until_something_is_changed_in_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    fill(data, encrypt=True)
    report = look(data)
    assert (report.whole, report.faults, report.left_out) == (True, [], [])
    assert look(data, incremental=True).whole
    assert look(data, incremental=True).since == report.log_size
    with behind_its_back(data) as connection:
        connection.execute("UPDATE unit SET packed = 3 WHERE serial = 'S3'")
    fault = next(fault for fault in look(data).faults if fault.table == "unit")
    assert (fault.field, fault.file, fault.page > 1, fault.offset > 4096) == ("packed", "rxtrail.sqlite", True, True)


def test_a_record_whose_key_is_not_here_says_so(tmp_path: Path) -> None:
    fill(tmp_path / "data", encrypt=True)
    shutil.rmtree(tmp_path / "data" / "keys")
    report = look(tmp_path / "data")
    assert [fault.code for fault in report.faults] == ["cannot-decrypt"]


def test_a_key_that_was_exchanged_in_the_table_of_keys_is_found(tmp_path: Path) -> None:
    data = tmp_path / "data"
    fill(data, encrypt=True)
    with behind_its_back(data) as connection:
        connection.execute("UPDATE data_key SET made_at = made_at + 1 WHERE id = 2")
    fault = next(fault for fault in look(data).faults if fault.table == "data_key")
    assert (fault.code, fault.key, fault.field) == ("row-changed", "id=2", "made_at")


# -- every night ---------------------------------------------------------------------------------------------------


def test_the_next_incremental_audit_reads_only_what_came_since(tmp_path: Path) -> None:
    data = tmp_path / "data"
    fill(data)
    first = look(data, incremental=True)
    assert (first.whole, first.since, first.entries) == (True, 0, first.log_size)
    again = look(data, incremental=True)
    assert (again.whole, again.since, again.entries, again.root) == (True, first.log_size, 0, first.root)
    with open_node(data) as node:
        node.verify("01003123456789060A", site="")
    third = look(data, incremental=True)
    assert (third.whole, third.since, third.root) == (True, first.log_size, look(data).root)
    assert third.entries == third.log_size - first.log_size > 0


def test_an_incremental_audit_finds_what_was_changed_in_old_rows_and_begins_anew_after_that(tmp_path: Path) -> None:
    data = tmp_path / "data"
    fill(data)
    look(data, incremental=True)
    with behind_its_back(data) as connection:
        connection.execute("UPDATE unit SET packed = NULL WHERE serial = 'S3'")
    report = look(data, incremental=True)
    assert [fault.field for fault in named(report, "unit")] == ["packed"]
    assert look(data, incremental=True).since == 0


@pytest.mark.parametrize(
    "change",
    ["recorded_at = recorded_at - 1000", "party = 0", "salt = zeroblob(32)", "block = block + 1", "start = start + 1"],
)
def test_an_incremental_audit_finds_what_was_changed_in_old_records(record: Path, change: str) -> None:
    look(record, incremental=True)
    with open_node(record) as node:
        node.verify("01003123456789060A", site="")
    assert look(record, incremental=True).since > 0
    with behind_its_back(record) as connection:
        connection.execute(f"UPDATE record SET {change} WHERE kind = 1 AND position BETWEEN 0 AND 20")
    report = look(record, incremental=True)
    assert report.since > 0
    assert [fault.position for fault in named(report, "record")] == [0]
    assert named(look(record, incremental=True), "record"), "the next one begins at the beginning, and names the rows"


def test_a_log_that_is_another_one_is_noticed_by_an_incremental_audit(tmp_path: Path) -> None:
    data = tmp_path / "data"
    fill(data)
    look(data, incremental=True)
    with behind_its_back(data) as connection:
        last = connection.execute("SELECT max(position) FROM record").fetchone()[0]
        connection.execute("UPDATE record SET id = ? WHERE position = ?", (b"x" * 16, last))
    assert "log-differs" in [fault.code for fault in look(data, incremental=True).faults]


# -- records of an earlier version -----------------------------------------------------------------------------------


def made_old(folder: Path) -> None:
    """Take away what an earlier version did not write: commitments, records of blocks and changes, ids from salts."""
    with behind_its_back(folder) as connection:
        connection.execute("DELETE FROM record WHERE kind IN (5, 6)")
        connection.execute("DELETE FROM block WHERE id NOT IN (SELECT block FROM record)")
        connection.execute("DELETE FROM checkpoint")
        connection.execute("DELETE FROM tile")
        connection.execute("DELETE FROM setting WHERE key LIKE 'log_%'")
        positions = [position for (position,) in connection.execute("SELECT position FROM record ORDER BY position")]
        for new, old in enumerate(positions):
            for table in ("record", "event"):
                connection.execute(f"UPDATE {table} SET position = ? WHERE position = ?", (new, old))
        connection.execute("UPDATE record SET commitment = NULL, id = randomblob(16)")
    (folder / "log_position").unlink()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A record of an earlier version that this one has opened and written."""
    folder = tmp_path / "old"
    fill(folder, publish=False)
    made_old(folder)
    with open_node(folder) as node:
        node._writing()[0].do(lambda _tx, log: log.append(RecordKind.SCAN, b"\x01later"))
        node.log.publish_now(LogSettings(origin="audited.test/log"), start_signer=True)
    return folder


def test_a_record_of_an_earlier_version_is_not_accused_and_not_called_whole(old: Path) -> None:
    report = look(old)
    assert (report.faults, report.whole, report.complete) == ([], False, False)
    assert any("of an earlier version" in words for words in report.left_out)
    assert exit_of(old) == exits.CANNOT_TELL


def test_a_record_of_an_earlier_version_that_nobody_has_written_since_cannot_be_told_of(tmp_path: Path) -> None:
    fill(tmp_path / "data", publish=False)
    made_old(tmp_path / "data")
    report = look(tmp_path / "data")
    assert (report.faults, report.whole, report.complete) == ([], False, False)
    with behind_its_back(tmp_path / "data") as connection:
        connection.execute("UPDATE record SET commitment = zeroblob(32) WHERE position = 7")
    assert look(tmp_path / "data").faults, "some records that commit to nothing are no earlier version's"


def with_older_tables(folder: Path) -> None:
    """Take away what the last migrations made, as a record that the version before has written."""
    with behind_its_back(folder) as connection:
        for table in ("issued", "board", "board_doubt"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("DELETE FROM migration WHERE number >= 10")


def test_a_record_whose_tables_are_an_earlier_versions_is_not_accused_before_it_is_brought_up_to_date(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    with open_node(data, encrypt=False) as node:
        node.log.publish_now(LogSettings(origin="audited.test/log"), start_signer=True)
    with_older_tables(data)
    report = look(data)
    assert (report.faults, report.whole, report.complete) == ([], False, False)
    assert any("rxtrail init" in words for words in report.left_out), "it says what to do"
    assert exit_of(data) == exits.CANNOT_TELL
    with open_node(data):
        pass
    assert look(data).whole


def test_a_record_whose_list_of_migrations_has_a_hole_is_no_earlier_versions(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with open_node(data, encrypt=False):
        pass
    for change in ("DELETE FROM migration WHERE number = 5", "UPDATE migration SET sha256 = 'x' WHERE number = 3"):
        with_older = tmp_path / f"copy-{change[:6]}"
        shutil.copytree(data, with_older)
        with_older_tables(with_older)
        with behind_its_back(with_older) as connection:
            connection.execute(change)
        assert look(with_older).faults, change
        assert exit_of(with_older) == exits.NO


def test_what_was_changed_in_a_record_of_an_earlier_version_is_found(old: Path) -> None:
    with behind_its_back(old) as connection:
        last = connection.execute("SELECT max(position) FROM record WHERE kind = 2").fetchone()[0]
        connection.execute("UPDATE record SET recorded_at = recorded_at + 1 WHERE position = 1")
        connection.execute("UPDATE record SET id = randomblob(16) WHERE position = ?", (last,))
    assert {fault.position for fault in named(look(old), "record")} == {1, last}


def test_an_id_that_was_exchanged_in_a_record_of_an_earlier_version_is_not_what_was_signed(old: Path) -> None:
    with behind_its_back(old) as connection:
        connection.execute("UPDATE record SET id = randomblob(16) WHERE position = 1")
    assert "root-differs" in {fault.code for fault in look(old).faults}


def test_a_commitment_that_was_taken_away_below_what_was_published_is_never_made_anew(record: Path) -> None:
    with behind_its_back(record) as connection:
        connection.execute("UPDATE record SET commitment = NULL WHERE position = 5")
    with pytest.raises(StoreDamaged), open_node(record) as node:
        node.verify("01003123456789060A", site="")


# -- made anew -----------------------------------------------------------------------------------------------------


def test_the_tables_are_made_anew_from_the_log_alone(filled: Path, record: Path, tmp_path: Path) -> None:
    right = {table: rows_in(record, table) for table in tables(record)}
    with behind_its_back(record) as connection:
        for table in ("unit", "event", "container", "holding", "kept", "answered", "partner", "finding", "tally"):
            connection.execute(f"DELETE FROM {table}")
    target = tmp_path / "new" / "rxtrail.sqlite"
    rebuilt = rebuild_store(record, None, f"sqlite:///{target}", progress=lambda *_: None)
    assert rebuilt.records == len(right["record"])
    numbered = {"name", "event", "event_speaker", "container", "lot", "product"}  # in order of arrival
    sealed = {"block", "document_chunk", "record"}  # the new store is encrypted, and its log goes on with that
    counted = {"board"}  # up to the end of the log
    for table in right.keys() - numbered - sealed - counted:
        assert sorted(rows_in(target.parent, table), key=repr) == sorted(right[table], key=repr), table
    for table in numbered:
        assert len(rows_in(target.parent, table)) == len(right[table])
    assert look(target.parent).whole
    with open_node(target.parent) as again, open_node(filled, write=False) as before:
        assert list(again.export("packs", "json")) == list(before.export("packs", "json"))
        assert list(again.export("events", "json")) == list(before.export("events", "json"))


def test_nothing_is_made_anew_from_a_damaged_log(record: Path, tmp_path: Path) -> None:
    with behind_its_back(record) as connection:
        connection.execute("UPDATE block SET data = x'00' WHERE id = 3")
    with pytest.raises(StoreDamaged):
        rebuild_store(record, None, f"sqlite:///{tmp_path}/new/rxtrail.sqlite", progress=lambda *_: None)


def test_nothing_is_made_anew_over_a_record(record: Path, tmp_path: Path) -> None:
    other_folder = tmp_path / "other"
    fill(other_folder)
    for target in (other_folder, record):
        with pytest.raises(BadRequest):
            rebuild_store(record, None, f"sqlite:///{target}/rxtrail.sqlite", progress=lambda *_: None)


# -- what was published --------------------------------------------------------------------------------------------


def test_signed_heads_that_were_taken_away_are_missed_and_their_tiles_too(record: Path) -> None:
    assert look(record).checkpoints == 1
    with behind_its_back(record) as connection:
        connection.execute("DELETE FROM checkpoint")
    assert [fault.code for fault in named(look(record), "checkpoint")] == ["row-missing"]
    with behind_its_back(record) as connection:
        connection.execute("DELETE FROM tile")
    report = look(record)
    assert named(report, "checkpoint")
    assert {fault.code for fault in named(report, "tile")} == {"row-missing"}
    (record / "keys" / "log.head").unlink()  # the signer may be on another machine
    assert named(look(record), "checkpoint")


def test_a_head_that_is_called_cosigned_and_has_no_signature_of_a_witness_is_found(record: Path) -> None:
    with behind_its_back(record) as connection:
        connection.execute("UPDATE checkpoint SET cosigned = 1")
    assert [(fault.code, fault.field) for fault in named(look(record), "checkpoint")] == [("row-changed", "cosigned")]


def test_a_whole_log_that_is_another_than_what_was_signed_is_found(record: Path, tmp_path: Path) -> None:
    other_folder = tmp_path / "other"
    fill(other_folder)
    for folder in (other_folder, record):
        assert look(folder).whole
    # Another record, whole in itself, in the place of this one: its tables, tiles and log go together.
    signed = (record / "keys" / "log.head").read_bytes()
    with behind_its_back(record) as connection:
        heads = connection.execute("SELECT * FROM checkpoint").fetchall()
        keys = connection.execute("SELECT value FROM setting WHERE key = 'log_keys'").fetchone()[0]
    with behind_its_back(other_folder) as connection:
        connection.execute("DELETE FROM checkpoint")
        connection.executemany("INSERT INTO checkpoint VALUES (?, ?, ?, ?, ?)", heads)
        connection.execute("UPDATE setting SET value = ? WHERE key = 'log_keys'", (keys,))
    (other_folder / "keys" / "log.head").write_bytes(signed)
    assert "root-differs" in {fault.code for fault in look(other_folder).faults}


def test_a_head_that_cannot_be_read_is_found(record: Path) -> None:
    with behind_its_back(record) as connection:
        connection.execute("UPDATE checkpoint SET note = x'00'")
    assert "head-unreadable" in {fault.code for fault in named(look(record), "checkpoint")}


@pytest.mark.parametrize("more", [False, True])
def test_an_old_copy_beside_a_signer_that_has_signed_more_is_never_whole(record: Path, more: bool) -> None:
    before = settled(record).read_bytes()
    with open_node(record) as node:
        if more:
            node.verify("01003123456789060A", site="")
            node._writing()[0].do(lambda _tx, _log: None)  # the scan is written with the next commit
        node.log.publish_now(LogSettings(origin="audited.test/log"), start_signer=True)
    assert look(record).whole
    settled(record).write_bytes(before)
    report = look(record)
    assert not report.whole
    assert [fault.code for fault in report.faults] == (["log-shorter"] if more else [])
    assert any("signed last" in words for words in report.left_out)


# -- what cannot be compared ---------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def shredded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encrypted record of which one key was destroyed on purpose, and which went on."""
    folder = tmp_path_factory.mktemp("shredded") / "data"
    fill(folder, encrypt=True)
    with open_node(folder) as node:
        node.keyring.change(KeyOrder("shred", "contract ended", "A. Kim", segment=2))
    with story.scene(folder) as scene:
        scene.change("hold", GOODS[2], reason="wet", key="later")
    return folder


def exit_of(folder: Path) -> int:
    return run(["audit", "--json", "--data", str(folder)])


def test_an_audit_cannot_tell_when_a_key_was_destroyed_without_an_audit_and_names_what_was_not_compared(
    shredded: Path,
) -> None:
    report = look(shredded)
    assert (report.faults, report.whole, report.complete) == ([], False, False)
    [gone] = report.destroyed
    assert (gone.key, gone.by, gone.reason) == (2, "A. Kim", "contract ended")
    assert (gone.first, gone.records > 10, gone.chunks > 0) == (0, True, True)
    assert any("tables" in words for words in report.left_out)
    assert report.rows, "what the rest of the log says is compared"
    assert exit_of(shredded) == exits.CANNOT_TELL


def shred(folder: Path, *words: str) -> int:
    told = ["--reason", "contract ended", "--by", "A. Kim", "--yes", "--data", str(folder)]
    return run(["keys", "shred", *words, *told])


@pytest.fixture(scope="session")
def destroyed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encrypted record of which one key was destroyed by the command, which audits first; and which went on."""
    folder = tmp_path_factory.mktemp("destroyed") / "data"
    fill(folder, encrypt=True)
    assert shred(folder, "--segment", "2") == exits.FINE
    with story.scene(folder) as scene:
        scene.change("hold", pack("NEVER"), reason="wet", key="later")
    return folder


def test_an_audit_is_whole_after_a_key_was_destroyed_as_the_log_says(destroyed: Path) -> None:
    report = look(destroyed)
    assert (report.faults, report.whole, report.complete, report.left_out) == ([], True, True, [])
    [gone] = report.destroyed
    assert (gone.key, gone.by, gone.reason, gone.first) == (2, "A. Kim", "contract ended", 0)
    assert gone.at
    assert report.since == 0
    assert gone.last - gone.first + 1 >= gone.records > 10
    assert exit_of(destroyed) == exits.FINE
    assert report.rows > 100, "every table was compared"


@pytest.mark.parametrize(
    ("tampering", "table"),
    [
        ("UPDATE unit SET packed = NULL WHERE serial = 'S3'", "unit"),
        ("DELETE FROM unit_event", "unit_event"),
        ("UPDATE unit SET own = NULL", "unit"),
        ("DELETE FROM event WHERE position = (SELECT min(position) FROM event)", "event"),
        ("UPDATE record SET commitment = zeroblob(32) WHERE position = 1", "record"),
        ("UPDATE block SET data = substr(data, 1, 30) || zeroblob(length(data) - 30) WHERE id = 1", "block"),
        ("DELETE FROM data_key WHERE id = 2", "data_key"),
        ("UPDATE data_key SET ended_at = 1, wrapped = x'' WHERE id = 3", "data_key"),
    ],
)  # fmt: skip
def test_what_is_altered_in_a_record_with_destroyed_keys_is_found(
    destroyed: Path, tmp_path: Path, tampering: str, table: str
) -> None:
    folder = Path(shutil.copytree(destroyed, tmp_path / "data"))
    with behind_its_back(folder) as connection:
        assert connection.execute(tampering).rowcount > 0
    report = look(folder)
    assert named(report, table) or not report.whole, report.faults
    assert exit_of(folder) == exits.NO


def test_what_was_kept_for_audits_after_a_destruction_outlives_one_that_was_broken_off(
    destroyed: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(destroyed, tmp_path / "data"))
    (folder / "audit" / "marker.json").unlink()  # as an audit leaves it that was killed
    report = look(folder, incremental=True)
    assert (report.whole, report.since > 0) == (True, True)
    assert look(folder).whole
    assert shred(folder, "--tenant", "0") == exits.FINE
    report = look(folder)
    assert report.whole
    assert {gone.by for gone in report.destroyed} == {"A. Kim", ""} or len(report.destroyed) > 1
    with behind_its_back(folder) as connection:
        connection.execute("UPDATE unit SET own = NULL")
    assert exit_of(folder) == exits.NO
    shutil.rmtree(folder / "audit-base")
    assert exit_of(folder) != exits.FINE


def test_what_was_kept_for_audits_is_there_whenever_its_exchange_was_stopped(
    destroyed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(destroyed, tmp_path / "data"))
    shutil.rmtree(folder / "audit")
    (folder / "audit-base").rename(folder / "audit-base.before")  # the power went between two names
    assert look(folder).whole
    assert sorted(path.name for path in folder.glob("audit*")) == ["audit-base"]

    def fails(_handle: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr("rxtrail.bootstrap.audit_base.sync_folder", fails)
        assert shred(folder, "--tenant", "0") == exits.CANNOT_TELL
    report = look(folder)
    assert report.whole
    assert len(report.destroyed) == 1, "nothing more was destroyed when what audits need could not be kept"


def test_a_restored_or_moved_record_with_destroyed_keys_is_audited_as_whole_for_what_it_needs_came_along(
    destroyed: Path, tmp_path: Path
) -> None:
    folder, file = tmp_path / "restored", tmp_path / "a.backup"
    with open_node(destroyed, write=False) as node:
        file.write_bytes(b"".join(node.backup()))
    (folder / "keys").mkdir(parents=True)
    shutil.copy(destroyed / "keys" / "root.key", folder / "keys")
    restore_store(folder, None, file, accept_loss=False, progress=lambda *_: None)
    assert exit_of(folder) == exits.FINE
    kept = {path.name: path.read_bytes() for path in (destroyed / "audit-base").iterdir()}
    assert {path.name: path.read_bytes() for path in (folder / "audit-base").iterdir()} == kept
    moved = Path(shutil.copytree(destroyed, tmp_path / "old")).with_name("moved")
    (tmp_path / "old" / "log_position").unlink()
    urls = [f"sqlite:///{each}/rxtrail.sqlite" for each in (tmp_path / "old", moved)]
    move_store(*urls, progress=lambda *_: None)
    assert exit_of(moved) == exits.FINE
    (moved / "audit-base").rename(tmp_path / "away")
    for incremental in (False, True):
        report = look(moved, incremental=incremental)
        assert (report.faults, report.whole) == ([], False)
        assert any(str(moved / "audit-base") in words and "not here" in words for words in report.left_out)
    (tmp_path / "away").rename(moved / "audit-base")
    assert exit_of(moved) == exits.FINE
    with behind_its_back(folder) as connection:
        connection.execute("UPDATE unit SET own = NULL")
    assert exit_of(folder) == exits.NO


def test_an_older_backup_that_was_restored_is_audited_for_what_it_is(destroyed: Path, tmp_path: Path) -> None:
    folder, file = Path(shutil.copytree(destroyed, tmp_path / "data")), tmp_path / "a.backup"
    (folder / "log_position").unlink()
    with open_node(folder, write=False) as node:
        file.write_bytes(b"".join(node.backup()))
    with open_node(folder) as node:
        node.verify("nonsense", site="")
    later = look(folder, incremental=True)
    assert later.whole
    assert shred(folder, "--segment", "3") == exits.FINE, "what it keeps is of a longer log than the backup's"
    old_copy = Path(shutil.copytree(folder, tmp_path / "old_copy"))
    for each, accepts in ((folder, True), (old_copy, False)):
        for path in each.glob("rxtrail.sqlite*"):
            path.unlink()
        if accepts:
            restore_store(each, None, file, accept_loss=True, progress=lambda *_: None)
        else:
            shutil.copy(folder / "rxtrail.sqlite", each)
        report = look(each, incremental=True)
        if accepts:
            assert (report.faults, report.whole) == ([], True), "it was said that the loss is known"
        else:
            assert [fault.code for fault in report.faults] == ["log-differs"], "one fault, and not one for each row"
            assert "an old copy or another record" in report.faults[0].message


def test_a_copy_of_another_log_makes_nothing_good(destroyed: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(destroyed, tmp_path / "data"))
    marker = folder / "audit-base" / "marker.json"
    told = json.loads(marker.read_bytes())
    other = TileBuilder()
    other.extend([bytes(32)] * told["size"])
    partial = {str(level): hashes.hex() for level, hashes in other.partial().items()}
    marker.write_text(json.dumps({**told, "root": other.root().hex(), "partial": partial}))
    assert exit_of(folder) == exits.CANNOT_TELL


def test_keys_are_not_destroyed_while_something_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "data"
    fill(folder, encrypt=True)
    with behind_its_back(folder) as connection:
        connection.execute("UPDATE unit SET packed = NULL WHERE serial = 'S3'")
    assert shred(folder, "--segment", "2") == exits.CANNOT_TELL
    assert "nothing was destroyed" in capsys.readouterr().err
    with open_node(folder) as node:
        assert node.keyring.status().data_keys_destroyed == 0
    assert shred(folder, "--segment", "2", "--no-audit") == exits.FINE


def test_what_was_written_since_the_audit_is_not_destroyed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    fill(folder, encrypt=True)
    size = look(folder, incremental=True).log_size
    with story.scene(folder) as scene:
        scene.change("hold", GOODS[2], reason="wet", key="later")
        order = KeyOrder("shred", "contract ended", "A. Kim", tenant=0, audited=size)
        with pytest.raises(Unaudited):
            scene.node.keyring.change(order)
        assert scene.node.keyring.status().data_keys_destroyed == 0


def test_what_was_destroyed_since_the_audit_keeps_no_other_key_from_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    fill(folder, encrypt=True)
    size = look(folder, incremental=True).log_size
    with story.scene(folder) as scene:
        scene.change("hold", GOODS[2], reason="wet", key="later")
        reader = scene.node._reader()
        blocks = {row.block for row in reader.record_rows_from(size, 1_000)}
        [later] = {key_of(data) for data in reader.blocks_stored(blocks).values()}
    with story.scene(folder) as scene:
        order = KeyOrder("shred", "contract ended", "A. Kim", segment=later)
        scene.node.keyring.change(order)
        with pytest.raises(Shredded):
            scene.node._reader().records_from(size, 1_000)
        changed = scene.node.keyring.change(msgspec.structs.replace(order, segment=2, audited=size))
        assert (changed.data_keys, changed.audited) == (1, size)


def test_keys_are_not_destroyed_where_records_are_missing(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    fill(folder, encrypt=True)
    with story.scene(folder) as scene:
        scene.change("hold", GOODS[2], reason="wet", key="later")
        size = scene.node._reader().log_size()
    with behind_its_back(folder) as connection:
        connection.execute("DELETE FROM record WHERE position = ?", (size - 2,))
    with story.scene(folder) as scene:
        for audited in (size - 3, size - 2):
            with pytest.raises(StoreDamaged):
                scene.node.keyring.change(KeyOrder("shred", "contract ended", "A. Kim", segment=2, audited=audited))
        assert scene.node.keyring.status().data_keys_destroyed == 0


@pytest.mark.parametrize(
    ("tampering", "table"),
    [
        ("DELETE FROM event WHERE position = (SELECT max(position) FROM event)", "event"),
        ("DELETE FROM answered WHERE recorded_at = (SELECT max(recorded_at) FROM answered)", "answered"),
        ("UPDATE answered SET answer = x'00' WHERE recorded_at = (SELECT max(recorded_at) FROM answered)", "answered"),
        ("UPDATE data_key SET made_at = made_at + 1 WHERE id = 1", "data_key"),
        ("DELETE FROM data_key WHERE id = 2", "data_key"),
        (f"INSERT INTO data_key SELECT id + 90, {KEY_COLUMNS} FROM data_key WHERE id = 3", "data_key"),
    ],
)  # fmt: skip
def test_what_was_changed_after_a_key_was_destroyed_is_still_found(
    shredded: Path, tmp_path: Path, tampering: str, table: str
) -> None:
    folder = Path(shutil.copytree(shredded, tmp_path / "data"))
    with behind_its_back(folder) as connection:
        assert connection.execute(tampering).rowcount > 0
    report = look(folder)
    assert named(report, table), report.faults
    assert exit_of(folder) == exits.NO


def test_tables_that_nothing_can_be_held_against_are_never_called_whole(shredded: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(shredded, tmp_path / "data"))
    with behind_its_back(folder) as connection:
        connection.execute("DELETE FROM unit_event")
        connection.execute("UPDATE unit SET own = NULL")
    assert not look(folder).whole
    assert exit_of(folder) != exits.FINE


def test_keys_that_no_record_says_were_destroyed_are_a_fault(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    fill(folder, encrypt=True)
    with behind_its_back(folder) as connection:
        connection.execute("UPDATE data_key SET ended_at = 1, wrapped = x'' WHERE kind = 2")
        connection.execute("DELETE FROM unit_event")
    report = look(folder)
    assert ("log", "key-destroyed") in {(fault.part, fault.code) for fault in report.faults}
    assert exit_of(folder) == exits.NO


def test_an_incremental_audit_over_a_destroyed_key_begins_anew_each_time(shredded: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(shredded, tmp_path / "data"))
    for _ in range(2):
        report = look(folder, incremental=True)
        assert (report.since, report.whole, report.faults) == (0, False, [])


def test_an_incremental_audit_goes_on_from_its_copy_when_a_key_is_destroyed_later(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    fill(folder, encrypt=True)
    assert look(folder, incremental=True).whole
    with open_node(folder) as node:
        node.keyring.change(KeyOrder("shred", "contract ended", "A. Kim", segment=2))
    report = look(folder, incremental=True)
    assert (report.whole, report.faults, report.since > 0) == (True, [], True)
    with behind_its_back(folder) as connection:
        connection.execute("UPDATE unit SET packed = NULL WHERE serial = 'S3'")
    assert [fault.field for fault in named(look(folder, incremental=True), "unit")] == ["packed"]


def test_what_a_later_record_needs_of_a_destroyed_one_is_missed_and_nothing_breaks(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    fill(folder, encrypt=True)
    assert look(folder, incremental=True).whole
    with story.scene(folder) as scene:
        scene.capture(*delivery(*GOODS, unit=CASE), sender=PHARMACY)  # the same said once more by a third
    with open_node(folder) as node:
        node.keyring.change(KeyOrder("shred", "contract ended", "A. Kim", segment=2))
    report = look(folder, incremental=True)
    assert (report.whole, report.complete, report.faults) == (False, False, [])


def test_making_anew_after_a_key_was_destroyed_says_that_and_calls_nothing_damaged(
    shredded: Path, tmp_path: Path
) -> None:
    with pytest.raises(StoreDamaged, match="which was destroyed"):
        rebuild_store(shredded, None, f"sqlite:///{tmp_path}/new/rxtrail.sqlite", progress=lambda *_: None)
