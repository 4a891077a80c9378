"""A small record in which every table has rows, and what the tests of the audit do to its file."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rxtrail.bootstrap import open_node
from rxtrail.bootstrap.auditing import audit_store
from rxtrail.bootstrap.engines import keeper_in
from rxtrail.log_settings import LogSettings
from rxtrail.store.sqlite import PLAIN, connect, root_of
from tests import story
from tests.story import (
    MAKER,
    PHARMACY,
    WHOLESALER,
    Told,
    delivery,
    made,
    pack,
    packed,
    packs,
    recalled_lot,
    shipped,
    sscc,
    unpacked,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlcipher3 import dbapi2

    from rxtrail.answers import AuditFault, AuditReport
    from rxtrail.bootstrap import Node

SAMPLES = Path(__file__).parents[1] / "samples" / "epcis"
GOODS = packs(6)
CASE = sscc(1)


def fill(folder: Path, *, encrypt: bool = False, publish: bool = True) -> None:
    """Make the record: captures by two speakers, a word taken back, commands, scans, partners, cases, a signed head."""
    open_node(folder, encrypt=encrypt).close()
    with story.scene(folder, "pharmacy", PHARMACY) as scene:
        scene.partners((MAKER, "maker"), (WHOLESALER, "wholesaler"))
        scene.capture(*delivery(*GOODS, unit=CASE))
        scene.capture(*delivery(*GOODS, unit=CASE), sender=WHOLESALER)  # the same said once more by someone else
        wrong = made(pack("WRONG"), minute=30)
        scene.capture(wrong, wrong.declared_wrong(31))
        scene.capture(made(*packs(2, start="T"), minute=40, lot="L8"), recalled_lot("L8", minute=41))
        scene.capture(unpacked(CASE, GOODS[0], minute=50), shipped(pack("NEVER"), minute=51))
        scene.capture(packed(sscc(2), CASE, minute=52), packed(sscc(3), sscc(2), minute=53))
        scene.give((SAMPLES / "every_field.xml").read_bytes())
        scene.give((SAMPLES / "shipment_1_2.xml").read_bytes())
        scene.verify(GOODS[0])
        scene.change("dispense", GOODS[0], site=PHARMACY, ref="RX-1", key="once")
        scene.change("hold", GOODS[1], site=PHARMACY, reason="wet")
        scene.node._writing()[0].do(lambda tx, log: tx.add_issued(story.GTIN, log.now, ["2345", "6789"]))
        if publish:
            scene.node.log.publish_now(LogSettings(origin="audited.test/log"), start_signer=True)
        scene.verify("nonsense")
        scene.verify(GOODS[1])  # on hold: in doubt, until it is answered ok
        count_boards(scene.node)
        scene.verify("not counted yet")


def count_boards(node: Node) -> None:
    """Count what has come, all scans included: they are written a moment after their answer."""
    node._writing()[0].do(lambda _tx, _log: None)
    node.boards.count()


def look(folder: Path, *, incremental: bool = False) -> AuditReport:
    """Audit a record."""
    return audit_store(folder, None, incremental=incremental, progress=lambda *_: None)


@contextlib.contextmanager
def behind_its_back(folder: Path) -> Iterator[dbapi2.Connection]:
    """Change the file as somebody would who has it and knows SQL, and has the key when it is encrypted."""
    path = folder / "rxtrail.sqlite"
    root = None if root_of(path) == PLAIN else keeper_in(folder).root()
    connection = connect(path, root, cache_kib=1000)
    yield connection
    connection.commit()
    connection.close()


def tables(folder: Path) -> dict[str, list[str]]:
    """Give the columns of every table that has rows."""
    with behind_its_back(folder) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {}
        for name in sorted(names):
            if not name.startswith("sqlite_") and connection.execute(f"SELECT 1 FROM {name}").fetchone():
                found[name] = [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
    return found


def rows_in(folder: Path, table: str) -> list[tuple[Any, ...]]:
    """Give the rows of a table in the order of its key."""
    with behind_its_back(folder) as connection:
        rows: list[tuple[Any, ...]] = connection.execute(f"SELECT * FROM {table}").fetchall()
    return [row for row in rows if row[0] != "unencrypted"]  # what is never copied


def other(value: Any) -> Any:
    """Give another value of the same kind."""
    if value is None:
        return 1
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return value[:-1] + ("x" if value[-1:] != "x" else "y") if value else "x"
    assert isinstance(value, bytes)
    return value[:-1] + bytes([value[-1] ^ 1]) if value else b"x"


def named(report: AuditReport, table: str) -> list[AuditFault]:
    """Give the faults that name a table."""
    return [fault for fault in report.faults if fault.table == table]


__all__ = ["Told", "behind_its_back", "count_boards", "fill", "look", "named", "other", "rows_in", "tables"]
