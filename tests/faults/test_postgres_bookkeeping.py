"""What PostgreSQL keeps and does not: numbers of transactions after a crash, and locks of jobs that are finished."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import psycopg
import pytest

from rxtrail import capture
from rxtrail.bootstrap import open_node
from rxtrail.store.postgres import open_store
from tests.faults.client import shipment
from tests.postgres.server import Server
from tests.store.test_contract import add_event, record

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_root")]

CRASHES = 4
JOBS = 20


def test_a_transaction_that_a_crash_undid_is_not_taken_for_the_one_that_got_its_number() -> None:
    """The server hands a number out again that it had not written down: its status would be another's."""
    with Server() as server:
        dsn = server.create_database()
        open_store(dsn).close()
        for position in range(CRASHES):
            store, other = open_store(dsn), open_store(dsn)
            tx = store.begin()
            add_event(tx, position)
            server.kill()
            server.start()
            for _ in range(3):
                mine = other.begin()
                mine.set_settings({"role": "hub"})
                other.commit()
            mine = other.begin()
            mine.add_records([record(position)._replace(id=bytes(15) + bytes([position]))])
            other.commit()
            tx.reconnect()
            # The place in the log is taken, but not by ours.
            assert not tx.is_kept()
            store.close()
            other.close()


def test_a_transaction_whose_end_was_not_heard_is_known_by_its_last_record(postgres_dsn: str) -> None:
    store = open_store(postgres_dsn)
    tx = store.begin()
    add_event(tx, 0)
    store.commit()
    tx.reconnect()
    assert tx.is_kept()
    store.begin()
    store.savepoint()
    add_event(tx, 1)
    store.undo_to_savepoint()
    store.commit()
    tx.reconnect()
    # What it wrote was undone: there is nothing to know it by, and nothing that may not be done again.
    assert not tx.is_kept()
    store.close()


def test_finished_jobs_leave_no_lock_behind(tmp_path: Path, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server has room for so many locks: a process that served for weeks would fill it."""
    monkeypatch.setattr(capture, "BATCH_EVENTS_MAX", 1)
    with open_node(tmp_path, store_url=postgres_dsn) as node, psycopg.connect(postgres_dsn) as connection:
        for number in range(JOBS):
            document = shipment(f"document-{number}", [f"N{number}P{index}" for index in range(3)])
            assert node.capture(io.BytesIO(document), name=f"document-{number}").state == "success"
        locks = connection.execute("select count(*) from pg_locks where locktype = 'advisory'").fetchone()
        assert locks == (0,)
