"""The whole record from one engine to another and back, however often it is broken off."""

from __future__ import annotations

import io
import itertools
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.bootstrap import open_node
from rxtrail.bootstrap.moving import move_store
from rxtrail.errors import BadRequest, Busy, CopyDiffers, StoreClosed, StoreFailed
from rxtrail.store.copying import MOVED, UNFINISHED
from rxtrail.store.postgres import open_store as open_postgres
from rxtrail.store.postgres.copying import PostgresCopying
from rxtrail.store.sqlite.copying import SqliteCopying
from rxtrail.store.tables import BY_NAME, TABLES
from tests.engines import open_file
from tests.moving.conftest import SERVERS
from tests.moving.records import everything, lend_root
from tests.story import made, pack, scene, xml

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.store import Store

pytestmark = pytest.mark.sqlite_only  # these start from a file, and go to every other engine themselves


def quiet(_what: str, _done: int, _in_all: int) -> None:
    """Show no progress."""


def rows_of(url: str) -> dict[str, list[Any]]:
    """Give every row of a record, as its engine gives them."""
    store = opened(url)
    view = store.copying().view()
    try:
        return {table.name: list(itertools.chain.from_iterable(view.pages(table))) for table in TABLES}
    finally:
        view.close()
        store.close()


def opened(url: str, *, writable: bool = False) -> Store:
    if url.startswith("sqlite"):
        return open_file(Path(url.removeprefix("sqlite:///")), writable=writable)
    return open_postgres(url, writable=writable)


def capture(url: str, folder: Path, *serials: str) -> None:
    lend_root(folder, url)
    with open_node(folder, store_url=url) as node:
        node.capture(io.BytesIO(xml([made(*(pack(serial) for serial in serials))])), name="later")


# -- there and back ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.usefixtures("small_pages")
def test_a_record_is_the_same_on_every_engine_and_back_again(
    a_record: str, somewhere: Callable[[str], str], server: str, tmp_path: Path
) -> None:
    before, rows = everything(a_record, tmp_path / "a"), rows_of(a_record)
    there, back = somewhere(server), somewhere("sqlite")
    arrived = move_store(a_record, there, progress=quiet)
    assert arrived.packages == before["status"].packages
    assert rows_of(there) == rows
    assert everything(there, tmp_path / "b") == before
    move_store(there, back, data=tmp_path / "told", progress=quiet)
    assert rows_of(back) == rows
    assert everything(back, tmp_path / "c") == before


@pytest.mark.parametrize("server", ["sqlite", *SERVERS])
def test_a_moved_record_goes_on_where_it_was(
    a_record: str, somewhere: Callable[[str], str], server: str, tmp_path: Path
) -> None:
    target = somewhere(server)
    size = move_store(a_record, target, progress=quiet).copied.log_size
    folder = Path(target.removeprefix("sqlite:///")).parent if server == "sqlite" else tmp_path / "data"
    lend_root(folder, target)
    with open_node(folder, store_url=target) as node:
        held = node.status()
        receipt = node.capture(io.BytesIO(xml([made(pack("NEW1"), pack("NEW2"))])), name="new")
        assert (receipt.packages, receipt.log_index) == (2, size + 2), "behind its job and that one's block"
        status = node.status()
    assert (status.packages, status.events) == (held.packages + 2, held.events + 1)
    records = rows_of(target)["record"]
    # What was due of returns is looked at beside the capture, and may have been noted behind it.
    assert [row[0] for row in records] == list(range(len(records)))
    assert len(records) >= size + 5
    assert records[-1][4] >= records[-2][4], "the record time never goes back"


@pytest.mark.parametrize("server", SERVERS)
def test_a_capture_that_was_cut_off_is_finished_where_the_record_has_gone(
    somewhere: Callable[[str], str], server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "cut"
    with scene(data) as told:
        monkeypatch.setattr("rxtrail.capture.Capture.apply", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            told.capture(made(pack("A1"), pack("A2")))
        monkeypatch.undo()
        assert told.node.jobs_open() == 1
    target = somewhere(server)
    move_store(f"sqlite:///{data}/rxtrail.sqlite", target, progress=quiet)
    lend_root(tmp_path / "data", target)
    with open_node(tmp_path / "data", store_url=target) as node:
        assert node.resume() == 1
        assert node.status().packages == 2


# -- broken off ----------------------------------------------------------------------------------------------------


class Broken(Exception):
    """What breaks a move off in a test."""


def break_after(monkeypatch: pytest.MonkeyPatch, kind: type, pages: int) -> None:
    """Have the process fail after so many pages: the last of them is in the target."""
    real = kind.fill  # type: ignore[attr-defined]
    count = itertools.count(1)

    def fill(self: Any, *arguments: Any) -> None:
        real(self, *arguments)
        if next(count) >= pages:
            raise Broken

    monkeypatch.setattr(kind, "fill", fill)


@pytest.mark.parametrize("server", ["sqlite", *SERVERS])
@pytest.mark.usefixtures("small_pages")
def test_a_move_goes_on_where_it_was_broken_off(
    a_record: str, somewhere: Callable[[str], str], server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rows, target = rows_of(a_record), somewhere(server)
    kind = SqliteCopying if server == "sqlite" else PostgresCopying
    for pages in (1, 2, 7, 30, 60):
        with monkeypatch.context() as patch:
            break_after(patch, kind, pages)
            with pytest.raises(Broken):
                move_store(a_record, target, progress=quiet)
        lend_root(tmp_path / "data", target)
        with pytest.raises(StoreClosed):
            open_node(tmp_path / "data", store_url=target, write=False, create=False)
        if server != "sqlite":  # the other store shares no lock with this test
            with pytest.raises(StoreClosed):
                open_node(tmp_path / "data", store_url=target)
    seen: list[tuple[str, int]] = []
    move_store(a_record, target, progress=lambda what, done, _: seen.append((what, done)))
    assert seen[0][0] == "copying"
    assert seen[0][1] > 0, "it did not begin again"
    assert rows_of(target) == rows
    assert everything(target, tmp_path / "b") == everything(a_record, tmp_path / "a")


PLANTED = """
import os, signal
from rxtrail.store import copying
from rxtrail.store.{module} import {kind}
copying.PAGE_ROWS_MAX, copying.ROWS_AT_ONCE, copying.LONG_ROWS_AT_ONCE = 12, 4, 1
left = [{pages}]
real = {kind}.fill
def fill(self, *arguments):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    real(self, *arguments)
{kind}.fill = fill
from rxtrail.cli import main
raise SystemExit(main())
"""


@pytest.mark.parametrize("server", ["sqlite", "postgres"])
def test_a_move_that_was_killed_goes_on(a_record: str, somewhere: Callable[[str], str], server: str) -> None:
    target, rows = somewhere(server), rows_of(a_record)
    module, kind = (
        ("sqlite.copying", "SqliteCopying") if server == "sqlite" else ("postgres.copying", "PostgresCopying")
    )
    for pages in (5, 40, 1_000_000):
        code = PLANTED.format(module=module, kind=kind, pages=pages)
        words = [sys.executable, "-c", code, "move-store", a_record, target, "--json"]
        ended = subprocess.run(words, capture_output=True, check=False, env={**os.environ, "NO_COLOR": "1"})
        assert ended.returncode == (0 if pages == 1_000_000 else -signal.SIGKILL), ended.stderr
    assert rows_of(target) == rows


@pytest.mark.parametrize("server", ["sqlite", *SERVERS])
def test_a_move_that_was_killed_between_closing_the_old_and_opening_the_new_ends_when_called_again(
    a_record: str, somewhere: Callable[[str], str], server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = somewhere(server)
    kind = SqliteCopying if server == "sqlite" else PostgresCopying
    real = kind.mark
    with monkeypatch.context() as patch:

        def mark(self: Any, marks: dict[str, str | None]) -> None:
            if marks == {UNFINISHED: None}:
                raise Broken
            real(self, marks)

        patch.setattr(kind, "mark", mark)
        with pytest.raises(Broken):
            move_store(a_record, target, progress=quiet)
    old = opened(a_record)
    assert old.copying().marks().keys() == {MOVED}
    old.close()
    new = opened(target)
    assert new.copying().marks().keys() == {UNFINISHED}
    new.close()
    move_store(a_record, target, progress=quiet)
    assert rows_of(target) == rows_of(a_record)
    new = opened(target)
    assert new.copying().marks() == {}
    new.close()


def test_a_record_that_went_to_one_store_is_not_opened_in_another_that_an_earlier_move_had_begun_to_fill(
    a_record: str, somewhere: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first, second = somewhere("sqlite"), somewhere("sqlite")
    with monkeypatch.context() as patch:
        break_after(patch, SqliteCopying, 7)
        with pytest.raises(Broken):
            move_store(a_record, first, progress=quiet)
    with monkeypatch.context() as patch:
        leave_closed(patch)
        with pytest.raises(Broken):
            move_store(a_record, second, progress=quiet)
    with pytest.raises(StoreClosed):
        move_store(a_record, first, progress=quiet)
    move_store(a_record, second, progress=quiet)
    open_node(tmp_path / "second", store_url=second).close()
    for url in (a_record, first):
        with pytest.raises(StoreClosed):
            open_node(tmp_path / "other", store_url=url)


def leave_closed(patch: pytest.MonkeyPatch) -> None:
    """Have a move break off when the old store is closed and the new one is not open yet."""
    real = SqliteCopying.mark

    def mark(self: Any, marks: dict[str, str | None]) -> None:
        if marks == {UNFINISHED: None}:
            raise Broken
        real(self, marks)

    patch.setattr(SqliteCopying, "mark", mark)


# -- closed doors --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("server", SERVERS)
def test_the_old_record_can_be_read_and_not_be_written(
    a_record: str, somewhere: Callable[[str], str], server: str, tmp_path: Path
) -> None:
    there, back = somewhere(server), somewhere("sqlite")
    move_store(a_record, there, progress=quiet)
    move_store(there, back, data=tmp_path / "told", progress=quiet)
    for old in (a_record, there):
        with pytest.raises(StoreClosed, match="moved away"):
            capture(old, tmp_path / "data", "X1")
        lend_root(tmp_path / "data", old)
        with open_node(tmp_path / "data", store_url=old, write=False, create=False) as node:
            assert isinstance(node.doubt, StoreClosed)
            assert node.status().packages > 0
        with pytest.raises(StoreClosed):
            move_store(old, somewhere("sqlite"), data=tmp_path / "told", progress=quiet)


def test_a_process_that_had_the_old_database_open_writes_nothing_after_the_move(
    a_record: str, somewhere: Callable[[str], str], tmp_path: Path
) -> None:
    there, back = somewhere("postgres"), somewhere("sqlite")
    move_store(a_record, there, progress=quiet)
    lend_root(tmp_path / "data", there)
    with open_node(tmp_path / "data", store_url=there) as serving:
        serving.capture(io.BytesIO(xml([made(pack("N1"))])), name="before")
        size = serving.status().log_size
        move_store(there, back, data=tmp_path / "told", progress=quiet)
        with pytest.raises(StoreClosed, match="moved away"):
            serving.capture(io.BytesIO(xml([made(pack("N2"))])), name="after")
        assert serving.failed is not None
    assert len(rows_of(there)["record"]) == len(rows_of(back)["record"]) == size


def test_a_writer_that_waits_for_the_lock_during_a_move_sees_at_once_that_the_record_is_gone(
    a_record: str, somewhere: Callable[[str], str], tmp_path: Path
) -> None:
    there, back = somewhere("postgres"), somewhere("sqlite")
    move_store(a_record, there, progress=quiet)
    store, told = open_postgres(there), []

    def write() -> None:
        try:
            store.begin()
        except StoreFailed as error:
            told.append(error)
            store.rollback()

    waiting = threading.Thread(target=write)
    real = PostgresCopying.keep_writers_out

    def gate(what: str, done: int, in_all: int) -> None:
        if what == "comparing" and done == in_all and not waiting.ident:
            waiting.start()
            waiting.join(0.5)
            assert waiting.is_alive(), "it waits for the log's head"

    move_store(there, back, data=tmp_path / "told", progress=gate)
    waiting.join(10)
    store.close()
    assert [type(error) for error in told] == [StoreClosed]
    assert real is PostgresCopying.keep_writers_out


def test_a_store_that_is_open_elsewhere_is_not_moved(a_record: str, somewhere: Callable[[str], str]) -> None:
    with open_node(Path(a_record.removeprefix("sqlite:///")).parent), pytest.raises(Busy):
        move_store(a_record, somewhere("sqlite"), progress=quiet)


def test_two_moves_do_not_fill_one_database_at_once(
    a_record: str, somewhere: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rxtrail.store.postgres.copying.CLAIM_SECONDS", 0.3)
    target = somewhere("postgres")
    store = open_postgres(target)
    other = store.copying()
    other.claim()
    with pytest.raises(Busy, match="fills this record"):
        move_store(a_record, target, progress=quiet)
    other.close()
    store.close()
    move_store(a_record, target, progress=quiet)


# -- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("server", ["sqlite", *SERVERS])
def test_a_record_is_never_moved_onto_another(
    a_record: str, somewhere: Callable[[str], str], server: str, tmp_path: Path
) -> None:
    target = somewhere(server)
    capture(target, tmp_path / "data", "X1")
    before = rows_of(target)
    with pytest.raises(BadRequest, match="not empty"):
        move_store(a_record, target, progress=quiet)
    assert rows_of(target) == before
    capture(target, tmp_path / "data", "X2")  # and it can be worked on as before
    capture(a_record, tmp_path / "data", "X2")


@pytest.mark.usefixtures("small_pages")
def test_the_beginning_of_one_record_is_not_continued_with_another(
    a_record: str, somewhere: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    target, other = somewhere("postgres"), somewhere("sqlite")
    capture(other, tmp_path, "X1")
    with monkeypatch.context() as patch:
        break_after(patch, PostgresCopying, 4)
        with pytest.raises(Broken):
            move_store(a_record, target, progress=quiet)
    with pytest.raises(BadRequest, match="another record"):
        move_store(other, target, progress=quiet)
    capture(a_record, tmp_path, "X1")
    with pytest.raises(BadRequest, match="has changed since"):
        move_store(a_record, target, progress=quiet)


def test_wrong_stores_are_named(a_record: str, somewhere: Callable[[str], str], tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="onto itself"):
        move_store(a_record, a_record, progress=quiet)
    with pytest.raises(BadRequest, match="share a folder"):
        move_store(a_record, a_record + "2", progress=quiet)
    with pytest.raises(BadRequest, match="names no engine"):
        move_store(a_record, "mysql://x/y", progress=quiet)
    with pytest.raises(StoreFailed, match="there is no store"):
        move_store(f"sqlite:///{tmp_path}/nothing/rxtrail.sqlite", somewhere("sqlite"), progress=quiet)
    with pytest.raises(BadRequest, match="nothing to move"):
        move_store(somewhere("postgres"), somewhere("sqlite"), progress=quiet)


@pytest.mark.parametrize(
    ("table", "statement"),
    [
        ("unit", "UPDATE unit SET packed = NULL WHERE serial = 'S2'"),
        ("record", "UPDATE record SET salt = zeroblob(32) WHERE position = 5"),
        ("holding", "DELETE FROM holding WHERE making = (SELECT max(making) FROM holding)"),
        ("block", "UPDATE block SET data = x'00' WHERE id = 1"),
    ],
)
def test_a_copy_that_differs_is_not_finished_and_the_place_is_named(
    a_record: str, somewhere: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, table: str, statement: str
) -> None:
    target = somewhere("sqlite")
    real = SqliteCopying.fill

    def fill(self: SqliteCopying, filled: Any, *arguments: Any) -> None:
        real(self, filled, *arguments)
        if filled is TABLES[-1] or filled.name == "answered":
            with self._transaction() as connection:
                assert connection.execute(statement).rowcount

    monkeypatch.setattr(SqliteCopying, "fill", fill)
    with pytest.raises(CopyDiffers, match=f"table {table} at key") as told:
        move_store(a_record, target, progress=quiet)
    assert told.value.place.startswith(f"{table} (")
    with pytest.raises(StoreClosed):
        opened_node(target)
    opened_node(a_record).close()  # the source is open as before


def opened_node(url: str) -> Any:
    return open_node(Path(url.removeprefix("sqlite:///")).parent)


def test_a_text_that_an_engine_cannot_keep_is_refused_with_its_place(
    a_record: str, somewhere: Callable[[str], str]
) -> None:
    store = open_file(Path(a_record.removeprefix("sqlite:///")))
    store.copying().fill(BY_NAME["partner_gln"], [("9999999999999", "a\0b")], {})
    store.close()
    with pytest.raises(BadRequest) as told:
        move_store(a_record, somewhere("postgres"), progress=quiet)
    assert told.value.place == "partner_gln ('9999999999999',)"
