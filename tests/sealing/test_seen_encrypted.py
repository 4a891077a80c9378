"""A record that a machine has written encrypted is opened in no other way, whatever stands in the record itself."""

from __future__ import annotations

import shutil
import sqlite3
from typing import TYPE_CHECKING

import psycopg
import pytest

from rxtrail.bootstrap import open_node
from rxtrail.bootstrap.auditing import audit_store
from rxtrail.bootstrap.moving import move_store
from rxtrail.cli import exits
from rxtrail.cli.app import run
from rxtrail.errors import BadRequest
from rxtrail.sealing import NotEncrypted
from tests.auditing.records import behind_its_back
from tests.sealing.test_keyring import capture, everything

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.sqlite_only  # it names its stores itself
SAID = "INSERT INTO setting (key, value) VALUES ('unencrypted', 'yes')"


def url_of(folder: Path) -> str:
    return f"sqlite:///{folder}/rxtrail.sqlite"


def quiet(_what: str, _done: int, _in_all: int) -> None:
    """Show no progress."""


def refused_everywhere(folder: Path, url: str, *, told: str) -> None:
    """See that nobody opens it, whatever for, and that an audit says what is wrong."""
    for write in (True, False):
        with pytest.raises(NotEncrypted, match="written this record encrypted") as error:
            open_node(folder, store_url=url, write=write, create=write)
        assert told in error.value.advice
    with pytest.raises((NotEncrypted, BadRequest)):
        open_node(folder, store_url=url, encrypt=False)
    with pytest.raises(NotEncrypted):
        move_store(url, url_of(folder.parent / "elsewhere"), data=folder, progress=quiet)
    for words in (["backup", str(folder.parent / "file")], ["status"], ["keys", "status"]):
        assert run([*words, "--data", str(folder), "--store", url]) != exits.FINE
    assert not (folder.parent / "file").exists(), "nothing leaves it in the clear"
    report = audit_store(folder, url, incremental=False, progress=quiet)
    assert not report.whole
    assert any("has written this" in fault.message for fault in report.faults), report.faults


def test_a_record_on_a_server_that_is_called_unencrypted_behind_its_back_is_refused_and_accused(
    tmp_path: Path, postgres_dsn: str
) -> None:
    data = tmp_path / "data"
    with open_node(data, store_url=postgres_dsn) as node:
        capture(node, "A")
        told = everything(node)
    with psycopg.connect(postgres_dsn) as connection:
        connection.execute(SAID.encode())
    refused_everywhere(data, postgres_dsn, told="DELETE FROM setting")
    with psycopg.connect(postgres_dsn) as connection:
        connection.execute("DELETE FROM setting WHERE key = 'unencrypted'")
    with open_node(data, store_url=postgres_dsn) as node:
        assert everything(node) == told
    assert audit_store(data, postgres_dsn, incremental=False, progress=quiet).whole
    with psycopg.connect(postgres_dsn) as connection:  # and all of its keys with it
        connection.execute(SAID.encode())
        connection.execute("DELETE FROM data_key")
    refused_everywhere(data, postgres_dsn, told="DELETE FROM setting")


def test_a_file_that_is_called_unencrypted_by_one_who_has_its_key_is_refused_and_accused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with open_node(data) as node:
        capture(node, "A")
    with behind_its_back(data) as connection:
        connection.execute(SAID)
    refused_everywhere(data, url_of(data), told="restore a backup")


@pytest.mark.parametrize("said", [True, False])
def test_a_file_in_the_clear_in_the_place_of_an_encrypted_one_is_refused_and_accused(
    tmp_path: Path, said: bool
) -> None:
    data, forged = tmp_path / "data", tmp_path / "forged"
    with open_node(data) as node:
        capture(node, "A")
    with open_node(forged, encrypt=False) as node:
        capture(node, "FORGED")
    if not said:
        with sqlite3.connect(forged / "rxtrail.sqlite") as connection:
            connection.execute("DELETE FROM setting WHERE key = 'unencrypted'")
        connection.close()
    for file in data.glob("rxtrail.sqlite*"):
        file.unlink()
    shutil.copy(forged / "rxtrail.sqlite", data)
    refused_everywhere(data, url_of(data), told="Put the record's own file in its place")


def test_a_new_store_in_the_place_of_an_old_one_may_be_what_somebody_here_says(
    tmp_path: Path, postgres_dsn: str
) -> None:
    data = tmp_path / "data"
    with open_node(data) as node:
        capture(node, "A")
    for file in data.glob("rxtrail.sqlite*"):
        file.unlink()
    (data / "log_position").unlink()
    open_node(data, encrypt=False).close()
    with open_node(data) as node:
        capture(node, "B")
        assert not node.keyring.encrypted
    other = tmp_path / "other"
    open_node(other, store_url=postgres_dsn, encrypt=False).close()
    with open_node(other, store_url=postgres_dsn) as node:
        assert not node.keyring.encrypted
    assert not (other / "encrypted_stores").exists()


def test_a_file_of_a_version_that_did_not_encrypt_is_called_that_also_after_it_was_moved(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with open_node(data, encrypt=False) as node:
        capture(node, "A")
    with sqlite3.connect(data / "rxtrail.sqlite") as connection:
        connection.execute("DELETE FROM setting WHERE key = 'unencrypted'")
    connection.close()
    move_store(url_of(data), url_of(tmp_path / "new"), progress=quiet)
    with pytest.raises(NotEncrypted, match="made by a version that did not encrypt"):
        open_node(data, write=False)
    assert not (data / "encrypted_stores").exists()


def test_a_record_that_was_never_encrypted_is_no_matter_of_this(tmp_path: Path) -> None:
    data, plain = tmp_path / "data", tmp_path / "plain"
    with open_node(data) as node:
        capture(node, "A")
    open_node(plain, encrypt=False).close()
    move_store(url_of(data), url_of(plain), progress=quiet)
    with open_node(plain) as node:
        capture(node, "B")
        told = everything(node)
    arrived = move_store(url_of(plain), url_of(tmp_path / "again"), progress=quiet)
    assert arrived.unsealed
    with open_node(tmp_path / "again") as node:
        assert everything(node) == told
