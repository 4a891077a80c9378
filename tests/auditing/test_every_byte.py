"""Every byte of a small store is flipped, none left out, and each flip is found and located by the audit."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rxtrail.bootstrap import open_node
from rxtrail.bootstrap.engines import keeper_in
from rxtrail.store.sqlite import looking
from rxtrail.store.sqlite.pages import follow_wal
from tests import story
from tests.auditing.flipping import Flipper, settled, value_bytes
from tests.auditing.records import count_boards, fill, look
from tests.story import delivery, pack

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.sqlite_only
PAGE = 4096


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder in memory where the machine has one."""
    place = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=place if place.is_dir() else None, prefix="rxtrail-") as folder:
        yield Path(folder)


def tiny(folder: Path, *, encrypt: bool) -> None:
    """A delivery of one pack, scans, a command, and boards that have counted them."""
    open_node(folder, encrypt=encrypt).close()
    with story.scene(folder) as scene:
        scene.capture(*delivery(pack("A")))
        scene.verify(pack("A"))
        scene.change("hold", pack("A"), reason="wet")
        scene.verify(pack("A"))
        count_boards(scene.node)


def test_every_byte_of_an_encrypted_file_is_watched_over_by_its_page(memory: Path) -> None:
    folder = memory / "data"
    tiny(folder, encrypt=True)
    path = settled(folder)
    root = keeper_in(folder).root()
    data = path.read_bytes()
    key = looking.page_key_of(root, data[:16])
    flips = 0
    for number in range(1, len(data) // PAGE + 1):
        page = bytearray(data[(number - 1) * PAGE : number * PAGE])
        assert key.is_whole(bytes(page), number)
        for at in range(16 if number == 1 else 0, PAGE):
            page[at] ^= 1 << at % 8
            assert not key.is_whole(bytes(page), number), (number, at)
            page[at] ^= 1 << at % 8
            flips += 1
    for at in range(16):  # the salt, which no page has in its HMAC: nothing opens without it
        damaged = bytearray(data)
        damaged[at] ^= 1 << at % 8
        path.write_bytes(damaged)
        fault = looking.damaged_head(path, root)
        assert fault is not None
        assert (fault.offset, fault.page) == (at, 1)
        flips += 1
    assert flips == len(data), "no byte was left out"


def test_a_whole_audit_names_the_page_of_a_byte_that_was_flipped_in_an_encrypted_file(memory: Path) -> None:
    folder = memory / "data"
    tiny(folder, encrypt=True)
    path = settled(folder)
    size = path.stat().st_size
    handle = os.open(path, os.O_RDWR)
    for page in range(1, size // PAGE + 1, 7):
        offset = (page - 1) * PAGE + (page * 997) % PAGE
        [before] = os.pread(handle, 1, offset)
        os.pwrite(handle, bytes([before ^ 4]), offset)
        report = look(folder)
        assert not report.whole
        found = [fault for fault in report.faults if fault.page == page and fault.file == "rxtrail.sqlite"]
        assert found, (offset, report.faults)
        assert found[0].offset in ((page - 1) * PAGE, offset)
        os.pwrite(handle, bytes([before]), offset)
    os.close(handle)
    assert look(folder).whole


def test_every_byte_of_the_file_of_the_root_key_is_seen_by_an_audit(memory: Path) -> None:
    folder = memory / "data"
    tiny(folder, encrypt=True)
    settled(folder)
    file = keeper_in(folder).path
    data = file.read_bytes()
    missed = []
    for at in range(len(data)):
        damaged = bytearray(data)
        damaged[at] ^= 1 << at % 7
        file.write_bytes(damaged)
        report = look(folder)
        if report.whole:
            missed.append(at)
    file.write_bytes(data)
    assert look(folder).whole
    assert missed == [], data


def test_every_byte_of_a_write_ahead_log_is_watched_over_by_its_checksums(memory: Path) -> None:
    folder = memory / "data"
    tiny(folder, encrypt=True)
    settled(folder)
    with story.scene(folder) as scene:
        scene.verify(pack("A"))
        scene.node._writing()[0].do(lambda _tx, _log: None)
        wal = folder / "rxtrail.sqlite-wal"
        step = PAGE + 24
        data = wal.read_bytes()
    frames = follow_wal(data, PAGE).frames
    last = max(at for at, frame in enumerate(frames) if frame.commits) + 1
    first = max(0, last - 2)  # the log's head and its last two frames: what is before is the same
    assert follow_wal(data, PAGE).damage is None
    flips = 0
    for at in [*range(32), *range(32 + first * step, 32 + last * step)]:
        damaged = bytearray(data[: 32 + last * step])
        damaged[at] ^= 1 << at % 8
        found = follow_wal(bytes(damaged), PAGE)
        assert found.damage is not None, at
        assert found.damage.offset <= at
        flips += 1
    assert flips == 32 + (last - first) * step


def every_value(folder: Path, scratch: Path) -> tuple[int, list[str]]:
    flipper = Flipper(folder, scratch)
    values = value_bytes(flipper.path)
    missed = []
    for value in values:
        faults = flipper.flipped(value)
        if not faults.count or not any(fault.table or fault.page for fault in faults.told):
            missed.append(f"{value.name} at {value.offset}")
    flipper.close()
    return len(values), missed


def test_every_byte_of_every_value_of_an_unencrypted_store_is_found_and_located(memory: Path) -> None:
    folder = memory / "data"
    tiny(folder, encrypt=False)
    count, missed = every_value(folder, memory)
    assert missed == []
    assert count > 10_000


@pytest.mark.faults
@pytest.mark.timeout(3600)
def test_every_byte_of_every_value_of_a_store_with_rows_in_every_table_is_found_and_located(memory: Path) -> None:
    folder = memory / "data"
    fill(folder, publish=False)
    count, missed = every_value(folder, memory)
    assert missed == []
    assert count > 40_000


def test_what_was_flipped_and_put_back_is_whole_again(memory: Path) -> None:
    folder = memory / "data"
    fill(folder, publish=False)
    flipper = Flipper(folder, memory)
    for value in value_bytes(flipper.path)[::997]:
        assert flipper.flipped(value).count, value
    flipper.close()
    assert look(Path(shutil.copytree(folder, memory / "copy"))).whole
