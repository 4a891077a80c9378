"""A record on a database server is audited by the same means, and made anew from its log in a file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import psycopg
import pytest

from rxtrail.bootstrap import open_node
from rxtrail.bootstrap.auditing import audit_store, rebuild_store
from tests.auditing.records import count_boards
from tests.story import GTIN, delivery, pack, packs, sscc, xml

if TYPE_CHECKING:
    from pathlib import Path

    from rxtrail.answers import AuditReport

pytestmark = pytest.mark.sqlite_only  # it names its own server


def fill(folder: Path, dsn: str) -> None:
    with open_node(folder, store_url=dsn) as node:
        node.init("pharmacy", ["0300011111246"])
        node.capture(io.BytesIO(xml(delivery(*packs(5), unit=sscc(1)))), name="a")
        node.capture(io.BytesIO(xml(delivery(pack("X")))), name="b")
        node.verify("01003123456789060A", site="")
        node.verify(f"01{GTIN}21X10LW17290101", site="")  # another lot: in doubt
        count_boards(node)


def look(folder: Path, dsn: str, *, incremental: bool = False) -> AuditReport:
    return audit_store(folder, dsn, incremental=incremental, progress=lambda *_: None)


def test_a_record_on_a_server_is_whole_and_is_audited_further_each_night(tmp_path: Path, postgres_dsn: str) -> None:
    fill(tmp_path, postgres_dsn)
    first = look(tmp_path, postgres_dsn, incremental=True)
    assert (first.faults, first.whole) == ([], True)
    assert [words.partition(":")[0] for words in first.left_out] == ["the files of the database server"]
    with open_node(tmp_path, store_url=postgres_dsn) as node:
        node.verify("01003123456789060B", site="")
    again = look(tmp_path, postgres_dsn, incremental=True)
    assert (again.faults, again.since) == ([], first.log_size)
    assert again.root == look(tmp_path, postgres_dsn).root


@pytest.mark.parametrize(
    ("statement", "table", "field"),
    [
        ("UPDATE unit SET packed = 1 WHERE key LIKE '%S3'", "unit", "packed"),
        ("DELETE FROM holding", "holding", ""),
        ("UPDATE event SET flags = 8 WHERE position = (SELECT min(position) FROM event)", "event", "flags"),
        ("UPDATE container_key SET id = 77", "container_key", ""),
        ("UPDATE log_head SET packages = packages + 1", "log_head", ""),
        ("UPDATE block SET data = data || '\\x00' WHERE id = 2", "block", "data"),
        ("UPDATE record SET salt = decode(repeat('00', 32), 'hex') WHERE position = 0", "record", "salt"),
        ("DELETE FROM record WHERE position = 3", "record", ""),
        ("UPDATE document_chunk SET data = data || '\\x00' WHERE document = 1", "document_chunk", "data"),
        ("UPDATE answered SET answer = '\\x00'", "", ""),
        ("UPDATE board SET count = count + 1 WHERE board = 'alarm'", "board", "count"),
        ("UPDATE board SET count = count - 1 WHERE board = 'at'", "board", ""),
        ("DELETE FROM board WHERE board = 'scan'", "board", ""),
        ("UPDATE board_doubt SET day = '2020-01-01'", "board_doubt", "day"),
        ("INSERT INTO board_doubt VALUES ('a/b', '2026-01-01', '', 'suspect', 'stolen')", "board_doubt", ""),
    ],
)
def test_what_is_changed_on_a_server_behind_its_back_is_found(
    tmp_path: Path, postgres_dsn: str, statement: str, table: str, field: str
) -> None:
    fill(tmp_path, postgres_dsn)
    with psycopg.connect(postgres_dsn) as connection:
        changed = connection.execute(statement.encode()).rowcount
    report = look(tmp_path, postgres_dsn)
    if not changed:
        assert report.whole
        return
    assert not report.whole
    assert (table, field) in {(fault.table, fault.field) for fault in report.faults}


def test_a_record_on_a_server_is_made_anew_in_a_file(tmp_path: Path, postgres_dsn: str) -> None:
    fill(tmp_path, postgres_dsn)
    target = tmp_path / "new"
    rebuilt = rebuild_store(tmp_path, postgres_dsn, f"sqlite:///{target}/rxtrail.sqlite", progress=lambda *_: None)
    assert rebuilt.packages == 6
    report = audit_store(target, None, incremental=False, progress=lambda *_: None)
    assert (report.faults, report.whole) == ([], True)
