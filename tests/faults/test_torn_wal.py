"""The write-ahead log torn at every byte, and every byte of it flipped: what is left is what was committed before.

A commit is acknowledged when its frames are on the disk. Whatever a power cut or a sick disk does to the file behind a
commit, that commit and all before it are there; of a commit that is not whole nothing is.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from sqlcipher3 import dbapi2

from rxtrail.bootstrap import STORE_FILE, open_node
from rxtrail.bootstrap.auditing import audit_store
from rxtrail.store.sqlite.connect import page_secret, salt_in
from rxtrail.store.sqlite.pages import follow_wal
from tests.engines import connect_file, root_beside
from tests.publishing.logs import add

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only, pytest.mark.timeout(300)]

WAL = STORE_FILE + "-wal"
PAGE = 4096
FRAME = 24 + PAGE
HEAD = 32
STATE = """
SELECT (SELECT count(*) FROM record), (SELECT max(position) FROM record),
  (SELECT hex(id) FROM record ORDER BY position DESC LIMIT 1), (SELECT count(*) FROM block), (SELECT max(id) FROM block)
"""
State = tuple[Any, ...]


class Torn(NamedTuple):
    """A record as a power cut finds it: its file, its write-ahead log, what was acknowledged at which size of that."""

    folder: Path
    wal: bytes
    commits: list[tuple[int, State]]  # (size of the log when it was acknowledged, what is in the record then)

    def right(self, whole: int) -> State:
        """Tell what must be there when so many bytes of the log are whole."""
        return [state for size, state in self.commits if size <= whole][-1]


def state_of(folder: Path) -> State:
    with contextlib.closing(connect_file(folder / STORE_FILE)) as connection:
        found: State = connection.execute(STATE).fetchone()
    return found


@pytest.fixture(scope="module")
def torn() -> Iterator[Torn]:
    """In memory, where no test waits for a disk."""
    memory = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as place:
        source, folder = Path(place) / "source", Path(place) / "torn"
        with open_node(source) as node:
            add(node, 5)
            node._store.begin()
            node._store.rollback()
            with contextlib.closing(connect_file(source / STORE_FILE, read_only=False)) as connection:
                assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
            commits = [(0, state_of(source))]
            for count in (1, 2):
                add(node, count)
                commits.append((end_of(source), state_of(source)))
            folder.mkdir()
            shutil.copy(source / STORE_FILE, folder)
            shutil.copytree(source / "keys", folder / "keys")
            wal = (source / WAL).read_bytes()[: commits[-1][0]]
        assert len({state for _, state in commits}) == len(commits)
        yield Torn(folder, wal, commits)


def end_of(folder: Path) -> int:
    """Where the last commit ends in the write-ahead log; behind it may lie frames of an earlier round."""
    frames = follow_wal((folder / WAL).read_bytes(), PAGE).frames
    return HEAD + FRAME * (max(at for at, frame in enumerate(frames) if frame.commits) + 1)


class Opener:
    """Opens the record again and again, as a program that starts does, without deriving its key each time."""

    def __init__(self, torn: Torn) -> None:
        self._path = torn.folder / STORE_FILE
        self._wal, self._shared = self._path.with_name(WAL), self._path.with_name(STORE_FILE + "-shm")
        salt = salt_in(self._path)
        self._key = f"PRAGMA key = \"x'{page_secret(root_beside(self._path).root(), salt).hex()}{salt.hex()}'\""

    def state(self, wal: bytes) -> State:
        self._wal.write_bytes(wal)
        self._shared.unlink(missing_ok=True)
        connection = dbapi2.connect(f"file:{self._path}?mode=ro", uri=True, isolation_level=None)
        try:
            connection.execute(self._key)
            found: State = connection.execute(STATE).fetchone()
        finally:
            connection.close()
        return found


def assert_right(torn: Torn, found: State, whole: int, what: str) -> None:
    assert found == torn.right(whole), what
    count, last, *_ = found
    assert count == last + 1, f"{what}: positions are dense"


def test_a_log_that_is_cut_at_any_byte_keeps_every_commit_in_front_of_the_cut(torn: Torn) -> None:
    opener = Opener(torn)
    seen = set()
    for size in range(len(torn.wal) + 1):
        found = opener.state(torn.wal[:size])
        assert_right(torn, found, size, f"cut at byte {size}")
        seen.add(found)
    assert seen == {state for _, state in torn.commits}


def test_a_flip_of_any_byte_of_the_log_takes_its_commit_and_what_follows_and_nothing_else(torn: Torn) -> None:
    opener = Opener(torn)
    seen = set()
    for at in range(len(torn.wal)):
        damaged = bytearray(torn.wal)
        damaged[at] ^= 1 << at % 8
        whole = 0 if at < HEAD else HEAD + (at - HEAD) // FRAME * FRAME  # up to the frame that is hit
        found = opener.state(bytes(damaged))
        assert_right(torn, found, whole, f"flipped byte {at}")
        seen.add(found)
    assert seen == {state for _, state in torn.commits[:-1]}


def test_one_byte_less_of_a_commit_takes_it(torn: Torn) -> None:
    """The control: what is compared above tells a record with its last commit from one without it."""
    opener = Opener(torn)
    assert opener.state(torn.wal) == torn.commits[-1][1]
    assert opener.state(torn.wal[:-1]) == torn.commits[-2][1] != torn.commits[-1][1]


@pytest.mark.parametrize("at", range(3))
@pytest.mark.parametrize("off", [-1, 0, 1])
def test_a_record_whose_log_was_torn_opens_goes_on_and_is_audited_as_whole(
    torn: Torn, tmp_path: Path, at: int, off: int
) -> None:
    size = max(0, min(len(torn.wal), torn.commits[at][0] + off))
    data = Path(shutil.copytree(torn.folder, tmp_path / "data"))
    (data / (STORE_FILE + "-shm")).unlink(missing_ok=True)
    (data / WAL).write_bytes(torn.wal[:size])
    with open_node(data) as node:
        assert node.status().log_size == torn.right(size)[0]
        add(node, 3)
        assert node.status().log_size > torn.right(size)[0]
    report = audit_store(data, None, incremental=False, progress=lambda *_: None)
    assert report.whole, report.faults
