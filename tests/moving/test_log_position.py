"""An old copy where the record was is noticed, and is not written before somebody has said that the loss is known."""

from __future__ import annotations

import io
import json
import shutil
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from rxtrail.bootstrap import open_node
from rxtrail.bootstrap.moving import accept_loss
from rxtrail.errors import StoreSetBack
from rxtrail.moving import LOG_POSITION_FILE, LogPosition, Position
from tests.moving.records import lend_root
from tests.story import made, pack, xml

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.sqlite_only


EACH = 5  # records that a document of one event leaves: job, block; event, job and its end, block


def capture(data: Path, *serials: str, store: str | None = None) -> None:
    with open_node(data, store_url=store) as node:
        for serial in serials:
            node.capture(io.BytesIO(xml([made(pack(serial))])), name=serial)


def kept(data: Path) -> Any:
    return json.loads((data / LOG_POSITION_FILE).read_text())


def put_back(old: Path, data: Path) -> None:
    """Put an old copy of the file where the record was; what the node has seen of it stays."""
    for name in ("rxtrail.sqlite-wal", "rxtrail.sqlite-shm"):
        (data / name).unlink(missing_ok=True)
    shutil.copy(old, data / "rxtrail.sqlite")


@pytest.fixture
def set_back(tmp_path: Path) -> Path:
    """A data folder whose node has seen three captures, and whose file has two."""
    data = tmp_path / "data"
    capture(data, "A", "B")
    shutil.copy(data / "rxtrail.sqlite", tmp_path / "old.sqlite")
    capture(data, "C")
    put_back(tmp_path / "old.sqlite", data)
    return data


def test_a_node_keeps_how_far_its_log_has_come(tmp_path: Path) -> None:
    capture(tmp_path / "data", "A", "B")
    [position] = kept(tmp_path / "data")["positions"]
    assert position["size"] == 2 * EACH
    assert position["store"].startswith("sqlite:///")
    assert (tmp_path / "data" / LOG_POSITION_FILE).stat().st_mode & 0o777 == 0o600
    with open_node(tmp_path / "data") as node:
        node.verify("01003123456789060A", site="")  # a scan is a record too
    assert kept(tmp_path / "data")["positions"][0]["size"] > 2 * EACH


def test_an_old_copy_is_read_with_a_warning_and_not_written(set_back: Path) -> None:
    with open_node(set_back, write=False) as node:
        assert isinstance(node.doubt, StoreSetBack)
        assert node.status().packages == 2
    with pytest.raises(StoreSetBack, match=f"has {2 * EACH} records, and this node has seen {3 * EACH}") as told:
        open_node(set_back)
    assert "restore --accept-loss" in told.value.advice
    assert kept(set_back)["positions"][0]["size"] == 3 * EACH, "looking at it changes nothing"


def test_another_record_at_the_place_that_was_seen_is_noticed_however_long_the_log_is(
    set_back: Path, tmp_path: Path
) -> None:
    # Somebody goes on with the old copy elsewhere, and brings it back when it is longer.
    lend_root(tmp_path / "aside", "")
    capture(tmp_path / "aside", "X")
    shutil.copy(tmp_path / "old.sqlite", tmp_path / "aside" / "rxtrail.sqlite")
    (tmp_path / "aside" / LOG_POSITION_FILE).unlink()
    capture(tmp_path / "aside", "D", "E", "F")
    put_back(tmp_path / "aside" / "rxtrail.sqlite", set_back)
    with pytest.raises(StoreSetBack, match=f"record {3 * EACH - 1} of the log is not the one"):
        open_node(set_back)


def test_an_empty_store_where_a_record_was_is_noticed(tmp_path: Path) -> None:
    capture(tmp_path, "A")
    (tmp_path / "rxtrail.sqlite").unlink()
    with pytest.raises(StoreSetBack, match="has 0 records"):
        open_node(tmp_path)


def test_the_same_log_is_known_wherever_it_was_put(set_back: Path, tmp_path: Path, postgres_dsn: str) -> None:
    from rxtrail.bootstrap.moving import move_store

    shutil.copytree(set_back, tmp_path / "copy")
    (tmp_path / "copy" / LOG_POSITION_FILE).unlink()
    move_store(f"sqlite:///{tmp_path}/copy/rxtrail.sqlite", postgres_dsn, progress=lambda *_: None)
    with pytest.raises(StoreSetBack, match=f"has seen {3 * EACH}"):
        open_node(set_back, store_url=postgres_dsn)
    lend_root(tmp_path / "fresh", postgres_dsn)
    open_node(tmp_path / "fresh", store_url=postgres_dsn).close()  # a folder that has seen nothing cannot know


def test_another_record_in_the_same_folder_is_no_old_copy(tmp_path: Path, postgres_dsn: str) -> None:
    capture(tmp_path, "A", "B")
    capture(tmp_path, "C", store=postgres_dsn)
    assert len(kept(tmp_path)["positions"]) == 2
    open_node(tmp_path).close()
    open_node(tmp_path, store_url=postgres_dsn).close()


def test_a_loss_that_was_accepted_is_written_down_and_the_node_goes_on(set_back: Path) -> None:
    [loss] = accept_loss(set_back, None)
    assert (loss.seen, loss.size) == (3 * EACH, 2 * EACH)
    assert accept_loss(set_back, None) == []
    capture(set_back, "D", "E")
    assert kept(set_back)["positions"][0]["size"] == 4 * EACH
    assert [loss["seen"] for loss in kept(set_back)["losses"]] == [3 * EACH]


def test_a_file_that_was_altered_is_no_licence_to_write(set_back: Path) -> None:
    for content in ("", "{", '{"positions": [{"size": "many"}]}', "\xff"):
        (set_back / LOG_POSITION_FILE).write_bytes(content.encode("latin-1"))
        with pytest.raises(StoreSetBack, match="was altered"):
            open_node(set_back)
    (set_back / LOG_POSITION_FILE).write_text("{")
    accept_loss(set_back, None)


def test_what_was_seen_never_goes_back_by_itself(tmp_path: Path) -> None:
    position = LogPosition(tmp_path, "here")
    position.note_position(Position("here", 5, "aa", "ee"))
    position.note_position(Position("here", 3, "aa", "cc"))
    position.note_position(Position("here", 0, "", ""))
    assert [seen["size"] for seen in kept(tmp_path)["positions"]] == [5]
    assert position.doubt_of(Position("there", 9, "aa", "ff"), lambda _: "ee") is None
    assert position.doubt_of(Position("there", 4, "aa", "dd"), lambda _: "ee") is not None
    assert position.doubt_of(Position("there", 4, "bb", "dd"), lambda _: "ee") is None


def test_a_database_that_goes_back_under_a_serving_node_stops_its_writing(tmp_path: Path, postgres_dsn: str) -> None:
    with open_node(tmp_path, store_url=postgres_dsn) as node:
        for serial in ("A", "B"):
            node.capture(io.BytesIO(xml([made(pack(serial))])), name=serial)
        node._watch.look()
        before: object = node.failed
        assert before is None
        with psycopg.connect(postgres_dsn) as connection:  # a standby that had not everything takes over
            connection.execute("DELETE FROM record WHERE position >= 5")
            connection.execute("UPDATE log_head SET position = 5")
        node._watch.look()
        assert isinstance(node.failed, StoreSetBack)
        with pytest.raises(StoreSetBack):
            node.capture(io.BytesIO(xml([made(pack("C"))])), name="C")
    assert kept(tmp_path)["positions"][0]["size"] == 2 * EACH


def test_a_node_on_a_full_disk_still_closes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(LogPosition, "_write", full)
    capture(tmp_path, "A")
