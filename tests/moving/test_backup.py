"""A backup is the record of one moment; it comes back whole, on any engine, or not at all."""

from __future__ import annotations

import io
import itertools
import json
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import zstandard
from hypothesis import strategies as st

from rxtrail.bootstrap import open_node
from rxtrail.bootstrap.engines import keeper_of
from rxtrail.bootstrap.moving import check_backup, move_store, restore_store
from rxtrail.errors import BadBackup, BadRequest, CopyDiffers, StoreClosed, StoreSetBack
from rxtrail.moving import BackupFile, backup
from rxtrail.moving.backup_format import FRAME, MAGIC
from rxtrail.sealing import CannotDecrypt, Root, stream
from rxtrail.sealing.root_file import encode, parse
from rxtrail.store.postgres.copying import PostgresCopying
from rxtrail.store.sqlite.copying import SqliteCopying
from rxtrail.store.tables import TABLES
from tests.moving.conftest import SERVERS
from tests.moving.records import everything, lend_root
from tests.moving.test_log_position import EACH
from tests.moving.test_moving import Broken, break_after, quiet, rows_of
from tests.story import made, pack, packed, packs, sscc, xml

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.sqlite_only


def back_up(url: str, folder: Path, to: Path) -> Path:
    """Back up, and put the root key aside as an escrow does."""
    with open_node(folder, store_url=url, write=False, create=False) as node:
        to.write_bytes(b"".join(node.backup()))
    root = keeper_of(folder, url).file()
    assert root is not None
    to.with_suffix(".root").write_bytes(encode(root))
    return to


def put_back(file: Path, url: str, folder: Path, **more: Any) -> Any:
    """Restore, on a machine that was given the root key."""
    escrow = file.with_suffix(".root")
    if escrow.exists():
        keeper_of(folder, url).adopt(parse(escrow.read_bytes(), "escrow"))
    else:
        lend_root(folder, url)
    return restore_store(folder, url, file, progress=quiet, **{"accept_loss": False, **more})


@pytest.fixture
def a_backup(a_record: str, tmp_path: Path) -> Path:
    return back_up(a_record, tmp_path, tmp_path / "a.backup")


# -- there and back ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["sqlite", *SERVERS])
@pytest.mark.usefixtures("small_pages")
def test_a_backup_of_any_engine_is_restored_to_any_other(
    a_record: str, somewhere: Callable[[str], str], engine: str, tmp_path: Path
) -> None:
    before, rows = everything(a_record, tmp_path / "x"), rows_of(a_record)
    restored = somewhere(engine)
    arrived = put_back(back_up(a_record, tmp_path, tmp_path / "1.backup"), restored, tmp_path / "data")
    assert arrived.packages == before["status"].packages
    assert rows_of(restored) == rows
    assert everything(restored, tmp_path / "y") == before
    again = somewhere("sqlite")
    put_back(back_up(restored, tmp_path / "y", tmp_path / "2.backup"), again, tmp_path / "z")
    assert rows_of(again) == rows
    assert everything(again, tmp_path / "z") == before


def test_a_backup_tells_whose_record_it_is_and_where_its_log_ends(
    a_record: str, a_backup: Path, tmp_path: Path
) -> None:
    records = rows_of(a_record)["record"]
    manifest = check_backup(tmp_path / "told", None, a_backup, progress=quiet)
    assert (manifest.role, manifest.glns) == ("hub", [])
    assert manifest.log_size == len(records)
    assert (manifest.first_record, manifest.last_record) == (records[0][5].hex(), records[-1][5].hex())
    assert {name: digest.rows for name, digest in manifest.tables.items()} == {
        name: len(rows) for name, rows in rows_of(a_record).items()
    }


def test_a_restored_record_goes_on(a_backup: Path, somewhere: Callable[[str], str], tmp_path: Path) -> None:
    for engine in ("sqlite", "postgres"):
        target = somewhere(engine)
        folder = Path(target.removeprefix("sqlite:///")).parent if engine == "sqlite" else tmp_path / "data"
        put_back(a_backup, target, folder)
        with open_node(folder, store_url=target) as node:
            assert node.doubt is None
            assert node.capture(io.BytesIO(xml([made(pack("NEW"))])), name="new").packages == 1


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_backup_taken_while_others_capture_is_the_record_of_one_moment(
    somewhere: Callable[[str], str], engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PAGE_ROWS_MAX", "ROWS_AT_ONCE"):
        monkeypatch.setattr(f"rxtrail.store.copying.{name}", 40)
    url, stop = somewhere(engine), threading.Event()
    folder = Path(url.removeprefix("sqlite:///")).parent if engine == "sqlite" else tmp_path / "data"
    captured: list[int] = []
    with open_node(folder, store_url=url) as node:

        def write() -> None:
            while not stop.is_set():
                number = len(captured) + 1
                serials = packs(20, start=f"N{number}x")
                document = xml([made(*serials), packed(sscc(number), *serials)])
                node.capture(io.BytesIO(document), name=f"{number}")
                captured.append(number)

        def wait_for_more(count: int) -> None:
            deadline, begun = time.monotonic() + 30, len(captured)
            while len(captured) < begun + count and time.monotonic() < deadline:
                time.sleep(0.001)

        writing = threading.Thread(target=write)
        writing.start()
        try:
            for number in range(3):
                pieces = []
                for piece in node.backup():
                    pieces.append(piece)
                    wait_for_more(1 if len(pieces) % 5 == 0 else 0)
                (tmp_path / f"{number}.backup").write_bytes(b"".join(pieces))
        finally:
            stop.set()
            writing.join()
    for number in range(3):
        restored = somewhere("sqlite")
        put_back(tmp_path / f"{number}.backup", restored, tmp_path / "elsewhere")
        with open_node(Path(restored.removeprefix("sqlite:///")).parent) as node:
            node.resume()
            status = node.status()
            # Whole documents: one accepted and not applied yet is finished by the restored record itself.
            assert status.packages == 20 * status.documents
            assert status.events == 2 * status.documents
            assert (status.log_size > status.events) == (status.events > 0), "and what was written beside them"


# -- broken off ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
@pytest.mark.usefixtures("small_pages")
def test_a_restore_goes_on_where_it_was_broken_off(
    a_record: str, somewhere: Callable[[str], str], engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, target = back_up(a_record, tmp_path, tmp_path / "a.backup"), somewhere(engine)
    kind = SqliteCopying if engine == "sqlite" else PostgresCopying
    for pages in (1, 9, 33):
        with monkeypatch.context() as patch:
            break_after(patch, kind, pages)
            with pytest.raises(Broken):
                put_back(file, target, tmp_path / "data")
        with pytest.raises(StoreClosed, match="is being filled"):
            open_node(tmp_path / "data", store_url=target, write=False, create=False)
    other = back_up(a_record, tmp_path, tmp_path / "b.backup")
    with pytest.raises(BadRequest, match="another record"):
        put_back(other, target, tmp_path / "data")  # another file, written at another moment
    with pytest.raises(BadRequest, match="another record"):
        move_store(a_record, target, progress=quiet)
    put_back(file, target, tmp_path / "data")
    assert rows_of(target) == rows_of(a_record)


def test_nothing_is_restored_over_a_record(a_backup: Path, a_record: str, tmp_path: Path) -> None:
    before = rows_of(a_record)
    with pytest.raises(BadRequest, match="not empty"):
        put_back(a_backup, a_record, tmp_path)
    assert rows_of(a_record) == before


def test_what_a_disk_changed_after_the_restore_wrote_it_is_found(
    a_backup: Path, somewhere: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, real = somewhere("sqlite"), SqliteCopying.fill

    def fill(self: SqliteCopying, table: Any, rows: Any, marks: Any) -> None:
        real(self, table, [(*rows[0][:-1], 999), *rows[1:]] if table.name == "holding" else rows, marks)

    monkeypatch.setattr(SqliteCopying, "fill", fill)
    with pytest.raises(CopyDiffers, match="table holding"):
        put_back(a_backup, target, tmp_path)


# -- a file that is not whole --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def whole(told_once: Path) -> bytes:
    """Give the bytes of a good backup, as they are within the seal."""
    with open_node(told_once, write=False) as node:
        copying = node._store.copying()
        return b"".join(backup(copying, rxtrail="x", created_at="now", progress=quiet))


def refused(content: bytes, folder: Path) -> BadBackup:
    file = folder / "x.backup"
    file.write_bytes(content)
    with pytest.raises(BadBackup) as told:
        restore_store(folder / "data", None, file, accept_loss=False, progress=quiet)
    assert not (folder / "data").exists(), "nothing is written before all is checked"
    assert told.value.place
    return told.value


@hypothesis.given(data=st.data())
@hypothesis.settings(max_examples=60, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_a_backup_with_any_byte_changed_is_refused(whole: bytes, tmp_path: Path, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = bytearray(whole)
    changed[at] ^= data.draw(st.integers(1, 255))
    refused(bytes(changed), tmp_path)


@hypothesis.given(data=st.data())
@hypothesis.settings(max_examples=40, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_a_backup_that_was_cut_off_anywhere_is_refused(whole: bytes, tmp_path: Path, data: st.DataObject) -> None:
    refused(whole[: data.draw(st.integers(0, len(whole) - 1))], tmp_path)


@pytest.fixture(scope="session")
def under_seal(told_once: Path) -> bytes:
    """Give the bytes of a good backup."""
    with open_node(told_once, write=False) as node:
        return b"".join(node.backup())


def not_opened(content: bytes, told_once: Path, folder: Path) -> None:
    """See that a file is refused on a machine that has the root key, and that nothing is written."""
    (folder / "x.backup").write_bytes(content)
    root = keeper_of(told_once, None).file()
    assert root is not None
    keeper_of(folder / "data", None).adopt(root)
    with pytest.raises((BadBackup, CannotDecrypt)) as told:
        restore_store(folder / "data", None, folder / "x.backup", accept_loss=False, progress=quiet)
    assert [entry.name for entry in (folder / "data").iterdir()] == ["keys"], "nothing is written before all is checked"
    assert told.value.place


@hypothesis.given(data=st.data())
@hypothesis.settings(max_examples=60, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_a_sealed_backup_with_any_byte_changed_or_cut_off_is_refused(
    under_seal: bytes, told_once: Path, tmp_path: Path, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(under_seal) - 1))
    changed = bytearray(under_seal)
    changed[at] ^= data.draw(st.integers(1, 255))
    not_opened(bytes(changed), told_once, tmp_path)
    not_opened(under_seal[:at], told_once, tmp_path)


def test_a_sealed_backup_with_chunks_moved_doubled_or_added_is_refused(
    under_seal: bytes, told_once: Path, tmp_path: Path
) -> None:
    whole = stream.CHUNK_BYTES + stream.TAG_BYTES
    begin = len(under_seal) % whole  # so that what follows it is a number of whole chunks
    for changed in (
        under_seal + b"\0",
        under_seal + under_seal[-whole:],
        under_seal[: -len(under_seal) // 2],
        under_seal[:begin] + under_seal[begin + whole :],
    ):
        not_opened(changed, told_once, tmp_path)


def test_a_backup_tells_nothing_to_who_has_no_root_key(under_seal: bytes, whole: bytes, tmp_path: Path) -> None:
    assert len(under_seal) > 10_000
    for tells in (b"rxtrail-backup", b"setting", b"pharmacy", b"urn:epc"):
        assert tells not in under_seal
    assert b"rxtrail-backup" in whole
    (tmp_path / "x.backup").write_bytes(under_seal)
    with pytest.raises(CannotDecrypt, match=r"the root key [0-9a-f]{16} is not here"):
        restore_store(tmp_path / "data", None, tmp_path / "x.backup", accept_loss=False, progress=quiet)
    assert not (tmp_path / "data").exists()


def test_a_backup_with_something_after_its_end_is_refused(whole: bytes, tmp_path: Path) -> None:
    assert "end" in refused(whole + b"\0", tmp_path).message


def test_other_files_are_named_as_such(whole: bytes, tmp_path: Path) -> None:
    for content in (b"", b"PK\x03\x04", b"SQLite format 3\0" + bytes(5000), whole[1:], MAGIC.replace(b"1", b"2")):
        assert "not an rxtrail backup" in refused(content, tmp_path).message
    with pytest.raises(BadBackup, match="cannot be read"):
        check_backup(tmp_path, None, tmp_path / "nothing", progress=quiet)
    with pytest.raises(BadBackup, match="cannot be read"):
        check_backup(tmp_path, None, tmp_path, progress=quiet)


def frames(content: bytes) -> list[bytes]:
    """Cut a backup into its frames, magic and end left out."""
    found, at = [], len(MAGIC)
    while at < len(content) - 32:
        _, length = FRAME.unpack(content[at : at + FRAME.size])
        found.append(content[at : at + FRAME.size + length])
        at += FRAME.size + length
    return found


def sealed(parts: list[bytes]) -> bytes:
    """Put frames together with an end that fits, as somebody might who changes a backup by hand."""
    import hashlib

    body = MAGIC + b"".join(parts)
    return body + hashlib.sha256(body).digest()


def test_frames_that_were_moved_left_out_or_doubled_are_refused(whole: bytes, tmp_path: Path) -> None:
    parts = frames(whole)
    assert sealed(parts) == whole
    assert len(parts) > 10
    for changed in (
        parts[:5] + parts[6:],
        [*parts[:5], parts[6], parts[5], *parts[7:]],
        [*parts[:5], parts[5], *parts[5:]],
        parts[1:],
        parts[:-1],
        [*parts, parts[-1]],
        [*parts[:-1], parts[3], parts[-1]],
    ):
        refused(sealed(changed), tmp_path)


def frame(kind: bytes, value: Any) -> bytes:
    import msgspec
    import zstandard

    content = json.dumps(value).encode() if kind in (b"H", b"M") else msgspec.msgpack.encode(value)
    packed_ = zstandard.ZstdCompressor(write_checksum=True).compress(content)
    return FRAME.pack(kind, len(packed_)) + packed_


def test_a_backup_of_another_version_says_which_program_to_take(whole: bytes, tmp_path: Path) -> None:
    columns = {table.name: list(table.columns) for table in TABLES}
    head = frame(b"H", {"rxtrail": "9.9", "created_at": "x", "tables": {**columns, "moon": ["phase"]}})
    told = refused(sealed([head, *frames(whole)[1:]]), tmp_path)
    assert "9.9" in told.message
    assert "9.9" in told.advice


def older(content: bytes) -> list[bytes]:
    """Give the frames of a backup as a version wrote them that had no table of serial numbers given out."""
    parts = frames(content)
    for at, kind in ((0, b"H"), (-1, b"M")):
        told = json.loads(zstandard.decompress(parts[at][FRAME.size :]))
        del told["tables"]["issued"]
        parts[at] = frame(kind, told)
    return parts


def test_a_backup_from_before_a_table_came_is_restored_and_that_table_is_empty(tmp_path: Path) -> None:
    with open_node(tmp_path / "one", encrypt=False) as node:
        node.capture(io.BytesIO(xml([made(*packs(3))])), name="made.xml")
        copying = node._store.copying()
        now = b"".join(backup(copying, rxtrail="x", created_at="now", progress=quiet))
    file = tmp_path / "old.backup"
    file.write_bytes(sealed(older(now)))
    restored = restore_store(tmp_path / "two", None, file, accept_loss=False, progress=quiet)
    assert restored.copied.tables["issued"].rows == 0
    assert restored.packages == 3
    with open_node(tmp_path / "two", write=False) as node:
        copying = node._store.copying()
        assert b"".join(backup(copying, rxtrail="x", created_at="now", progress=quiet)) == now


def test_a_backup_that_hides_a_table_which_it_has_is_refused(whole: bytes, tmp_path: Path) -> None:
    parts, without = frames(whole), older(whole)
    refused(sealed([without[0], *parts[1:]]), tmp_path)  # only the header does not tell of it
    refused(sealed(without), tmp_path)  # neither does the manifest, and its rows are there


@pytest.mark.parametrize(
    "page",
    [
        ["setting", [["b", "1"], ["a", "1"]]],
        ["setting", [["a", "1"], ["a", "2"]]],
        ["setting", []],
        ["setting", [["a", 1]]],
        ["nothing", [["a", "1"]]],
        ["name", [[1, "a", 3]]],
        "words",
    ],
)
def test_pages_that_no_record_can_have_are_refused(whole: bytes, tmp_path: Path, page: Any) -> None:
    parts = frames(whole)
    refused(sealed([parts[0], frame(b"P", page), *parts[1:]]), tmp_path)


def test_a_frame_that_would_fill_the_memory_is_refused(whole: bytes, tmp_path: Path) -> None:
    import zstandard

    bomb = zstandard.ZstdCompressor(level=1).compress(bytes(300 << 20))
    assert len(bomb) < 100_000
    told = refused(sealed([frames(whole)[0], FRAME.pack(b"P", len(bomb)) + bomb]), tmp_path)
    assert "larger" in told.message


def no_root(header: stream.Header) -> Root:
    raise AssertionError(f"this file is not sealed: {header}")


def test_a_page_can_be_read_from_the_middle(whole: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.backup").write_bytes(whole)
    with BackupFile(tmp_path / "x.backup", no_root) as file:
        file.check(quiet)
        for table in TABLES:
            rows = list(itertools.chain.from_iterable(file.pages(table)))
            assert len(rows) == file.count(table)
            for number in range(0, len(rows), 7):
                key = rows[number][: table.keys]
                assert list(itertools.chain.from_iterable(file.pages(table, key))) == rows[number + 1 :]


# -- an older backup -----------------------------------------------------------------------------------------------


def test_a_backup_older_than_what_this_node_has_seen_needs_a_word(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with open_node(data) as node:
        node.capture(io.BytesIO(xml([made(pack("A"))])), name="a")
    file = back_up(f"sqlite:///{data}/rxtrail.sqlite", data, tmp_path / "a.backup")
    with open_node(data) as node:
        node.capture(io.BytesIO(xml([made(pack("B"), minute=3)])), name="b")
    for name in ("rxtrail.sqlite", "rxtrail.sqlite-wal", "rxtrail.sqlite-shm"):
        (data / name).unlink(missing_ok=True)
    with pytest.raises(StoreSetBack, match=f"has {EACH} records, and this node has seen {2 * EACH}"):
        restore_store(data, None, file, accept_loss=False, progress=quiet)
    arrived = restore_store(data, None, file, accept_loss=True, progress=quiet)
    assert [(loss.seen, loss.size) for loss in arrived.accepted] == [(2 * EACH, EACH)]
    with open_node(data) as node:
        assert node.doubt is None
        assert node.status().packages == 1
        node.capture(io.BytesIO(xml([made(pack("C"), minute=3)])), name="c")
    open_node(data).close()


def test_the_newest_backup_needs_no_word_wherever_it_is_restored(
    a_record: str, tmp_path: Path, somewhere: Callable[[str], str]
) -> None:
    folder = Path(a_record.removeprefix("sqlite:///")).parent
    open_node(folder).close()  # sees how far the log has come
    file = back_up(a_record, folder, tmp_path / "a.backup")
    target = somewhere("postgres")
    assert put_back(file, target, folder).accepted == []
    with open_node(folder, store_url=target) as node:
        assert node.doubt is None
