"""Works for a writer on a real store, and what must be true of the record after them, whatever happened between."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from rxtrail import clock
from rxtrail.ledger.writer import Writer
from rxtrail.store.rows import JobRow, RecordKind
from tests.store.test_contract import GTIN, add_making

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rxtrail.ledger.log import Log
    from rxtrail.store import Reader, Store, Transaction

JOB = "job"
UNITS = 3
DAY_US = 86_400_000_000


@contextlib.contextmanager
def writer_of(store: Store, *, now_us: Callable[[], int] = clock.now_us) -> Iterator[Writer]:
    """A writer on a store; both are closed at the end."""
    writer = Writer(store, random_bytes=clock.random_bytes, now_us=now_us)
    try:
        yield writer
    finally:
        writer.close()
        store.close()


def begin_job(tx: Transaction, _log: Log) -> None:
    """Make the job whose counts tell how often works were done."""
    tx.add_job(JobRow(JOB, 1, "a.xml", False, "running", 0, 0, 0, 0, -1, 5, 0, "", frozenset()))


def work(name: str, *, units: int = UNITS) -> Callable[[Transaction, Log], int]:
    """Write a little of everything under a name that is new: a record, a text, a lot, packages, a count."""

    def write(tx: Transaction, log: Log) -> int:
        tx.set_settings({name: "done"})
        tx.name_id(f"text of {name}")
        position = log.append(RecordKind.COMMAND, name.encode())
        product, making = add_making(tx, position, lot=name)
        serials = [f"{name} {number}" for number in range(units)]
        tx.add_units(product, [(serials, making, None, None)])
        tx.job_progress(
            JOB, state="running", applied=0, packages=units, new_events=1, position=position, finished_at=0, error=""
        )
        return position

    return write


@contextlib.contextmanager
def reading(store: Store) -> Iterator[Reader]:
    reader = store.reader()
    try:
        yield reader
    finally:
        reader.close()


def assert_done_once(store: Store, names: list[str], *, units: int = UNITS) -> None:
    """Every work of these names was done, once, and nothing else was."""
    with reading(store) as reader:
        assert reader.settings() == dict.fromkeys(names, "done")
        records = reader.records_from(0, reader.log_size() + 2)
        assert [record.position for record, _ in records] == list(range(reader.log_size()))
        assert len({record.id for record, _ in records}) == reader.log_size()
        # What was written beside the commands, and the blocks of both, have records of their own.
        commands = [(record, body) for record, body in records if record.kind == RecordKind.COMMAND]
        assert sorted(body for _, body in commands) == sorted(name.encode() for name in names)
        assert len({record.salt for record, _ in commands}) == len(names)
        assert reader.counts() == (units * len(names), 0, 0, 0)
        product = reader.product(GTIN)
        assert product is not None
        lots = []
        for name in names:
            assert reader.name(reader.name_known(f"text of {name}") or 0) == f"text of {name}"
            assert len(reader.units_of(product[0], [f"{name} {number}" for number in range(units)])) == units
            ((lot, _),) = reader.lots_of(product[0], name)
            assert sum(row.packs for row in reader.holdings_of(lot)) == units
            lots.append(lot)
        assert sorted(lots) == list(range(1, len(names) + 1))
        found = reader.job(JOB)
        assert found is not None
        assert (found.packages, found.new_events) == (units * len(names), len(names))
