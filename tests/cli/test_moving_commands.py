"""``backup``, ``restore`` and ``move-store`` as they are typed."""

from __future__ import annotations

import fcntl
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import CommandLine, bracketed, document

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.sqlite_only
PACK = ("00352601815904", "A1", "QD1DQ", "301231")


@pytest.fixture
def kept(rxtrail: CommandLine) -> CommandLine:
    """A record of two packs."""
    assert rxtrail("capture", "-", stdin=document(["A1", "A2"])).code == 0
    return rxtrail


def at(rxtrail: CommandLine, folder: Path) -> CommandLine:
    return CommandLine(folder, rxtrail._capture, rxtrail._patch)


def with_key(rxtrail: CommandLine, folder: Path) -> CommandLine:
    """A machine that was given the root key."""
    shutil.copytree(folder.parent / "data" / "keys", folder / "keys")
    return at(rxtrail, folder)


def test_a_backup_is_taken_checked_and_restored(kept: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "a.backup"
    told = kept.json("backup", str(file)).one
    assert told["bytes"] == file.stat().st_size
    assert (told["role"], told["documents"], told["log_size"]) == ("hub", 1, told["events"] + 4)
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.backup", "data"]
    assert kept.json("restore", "--check", str(file)).one["log_size"] == told["log_size"]
    elsewhere = with_key(kept, tmp_path / "elsewhere")
    arrived = elsewhere.json("restore", str(file)).one
    assert arrived["packages"] == 2
    assert arrived["store"] == f"sqlite:///{tmp_path}/elsewhere/rxtrail.sqlite"
    for what in ("packs", "events"):
        assert elsewhere("export", what).out == kept("export", what).out
    assert elsewhere("verify", bracketed(PACK)).code == kept("verify", bracketed(PACK)).code
    again = elsewhere("restore", str(file))
    assert again.code == 2
    assert "not empty" in again.err


def test_words_say_what_was_done(kept: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "a.backup"
    assert b"read back and whole" in kept("backup", str(file)).out
    assert b"whole: " in kept("restore", "--check", str(file)).out
    assert b"2 packages" in with_key(kept, tmp_path / "e")("restore", str(file)).out


def test_a_backup_goes_down_a_pipe(kept: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "piped.backup"
    file.write_bytes(kept("backup", "-").out)
    assert kept("restore", "--check", str(file)).code == 0
    assert kept("backup", "-", "--json").code == 2


def test_a_backup_that_cannot_be_written_leaves_the_older_one(kept: CommandLine, tmp_path: Path) -> None:
    assert kept("backup", str(tmp_path / "nowhere" / "x.backup")).code == 2
    file = tmp_path / "a.backup"
    file.write_bytes(b"older")
    (tmp_path / "a.backup.partial").write_bytes(b"left by one that was killed" * 100_000)
    with (tmp_path / "a.backup.partial").open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        told = kept("backup", str(file))
        assert (told.code, file.read_bytes()) == (4, b"older")
    assert kept("backup", str(file)).code == 0
    assert kept("restore", "--check", str(file)).code == 0
    assert not (tmp_path / "a.backup.partial").exists()
    (tmp_path / "b.backup.partial").symlink_to(tmp_path / "data")
    assert kept("backup", str(tmp_path / "b.backup")).code == 2


def test_a_damaged_backup_is_refused_with_its_place(kept: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "a.backup"
    kept("backup", str(file))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    new = with_key(kept, tmp_path / "new")
    for words in (["--check"], []):
        told = new.json("restore", str(file), *words)
        assert told.code == 1
        assert told.one["error"]["code"] == "bad-backup"
        assert told.one["error"]["place"].startswith(("byte ", "table "))
    assert [entry.name for entry in (tmp_path / "new").iterdir()] == ["keys"]


def test_a_backup_says_which_key_it_needs_and_is_left_alone_without_it(kept: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "a.backup"
    kept("backup", str(file))
    for words in (["--check"], []):
        told = at(kept, tmp_path / "new").json("restore", str(file), *words)
        assert told.code == 4
        assert told.one["error"]["code"] == "cannot-decrypt"
        assert "keys import" in told.one["error"]["advice"]
    assert not (tmp_path / "new").exists()


def test_a_loss_must_be_accepted_in_words(kept: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "a.backup"
    kept("backup", str(file))
    kept("verify", bracketed(PACK))  # the scan is a record that the backup has not
    for name in ("rxtrail.sqlite", "rxtrail.sqlite-wal", "rxtrail.sqlite-shm"):
        (tmp_path / "data" / name).unlink(missing_ok=True)
    told = kept.json("restore", str(file))
    assert (told.code, told.one["error"]["code"]) == (4, "store-set-back")
    assert "--accept-loss" in told.one["error"]["advice"]
    ended = kept("restore", "--accept-loss", str(file))
    assert ended.code == 0
    assert b"lost: " in ended.out
    assert kept("restore", "--accept-loss").out.startswith(b"nothing is missing")


def test_an_old_copy_is_told_by_every_command(kept: CommandLine, tmp_path: Path) -> None:
    old = (tmp_path / "data" / "rxtrail.sqlite").read_bytes()
    kept("verify", bracketed(PACK))
    (tmp_path / "data" / "rxtrail.sqlite").write_bytes(old)
    told = kept("status")
    assert told.code == 0
    assert "warning: " in told.err
    assert "old copy" in told.err
    assert kept("verify", bracketed(PACK)).code == 4
    assert kept("capture", "-", stdin=document(["A3"])).code == 4
    assert kept.json("restore", "--accept-loss").one["accepted"][0]["size"] > 0
    assert kept("verify", bracketed(PACK)).code != 4


def test_a_store_is_moved(kept: CommandLine, tmp_path: Path, postgres_dsn: str) -> None:
    here = f"sqlite:///{tmp_path}/data/rxtrail.sqlite"
    before = kept("export", "packs").out
    assert kept("move-store", here, postgres_dsn, "--store", here).code == 2, "both are named already"
    from rxtrail.cli.app import run

    kept._capture.readouterr()
    assert run(["move-store", here, postgres_dsn]) == 0
    told = kept._capture.readouterr()
    assert b"2 packages" in told.out
    assert postgres_dsn.encode() not in told.out + told.err, "no password is shown"
    assert kept("export", "packs", "--store", postgres_dsn).out == before
    after = kept("export", "packs")
    assert (after.out, after.code) == (before, 0)
    assert "moved away" in after.err
    refused = kept.json("capture", "-", stdin=document(["A3"]))
    assert (refused.code, refused.one["error"]["code"]) == (4, "store-closed")


@pytest.mark.parametrize("words", [["restore"], ["restore", "--check"], ["restore", "--check", "--accept-loss", "x"]])
def test_a_restore_of_nothing_is_a_wrong_use(rxtrail: CommandLine, words: list[str]) -> None:
    assert rxtrail(*words).code == 2
