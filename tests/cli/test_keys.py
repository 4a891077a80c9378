"""``rxtrail keys``: what an operator does with keys, and what he is told when they are not there."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from rxtrail.sealing import passphrase, root_file
from tests.cli.conftest import PACK, CommandLine, bracketed, document
from tests.cli.test_serve import started

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.sqlite_only
BY = ("--by", "A. Kim")
WORDS, OTHER_WORDS = "correct horse battery staple", "another four words here"


@pytest.fixture
def kept(rxtrail: CommandLine, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """A record of two packs."""
    monkeypatch.setattr(root_file, "_opened", {})
    assert rxtrail("capture", "-", stdin=document(["A1", "A2"])).code == 0
    return rxtrail


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Words:
    return Words(tmp_path, monkeypatch)


class Words:
    """Gives passphrases as an operator of a machine without a terminal does: in files."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._patch = patch

    def __call__(self, now: str = "", new: str = "") -> None:
        self._patch.setattr(root_file, "_opened", {})  # as in another process
        for variable, text in ((passphrase.VARIABLE, now), (passphrase.NEW_VARIABLE, new)):
            if text:
                path = self._folder / variable
                path.write_text(text + "\n")
                self._patch.setenv(variable, str(path))
            else:
                self._patch.delenv(variable, raising=False)


def test_the_state_of_the_keys_is_told_and_never_a_key(kept: CommandLine) -> None:
    told = kept.json("keys", "status")
    assert told.one["encrypted"]
    assert told.one["file_encrypted"]
    assert told.one["kept"] == "file"
    assert (told.one["blocks_plain"], told.one["documents"]) == (0, 1)
    secret = (kept.data / "keys" / "root.key").read_text().split('"key": "')[1][:20]
    assert secret not in told.out.decode()
    assert b"encrypted at rest" in kept("keys", "status").out


def test_keys_are_renewed_and_what_lies_under_older_ones_is_sealed_anew(kept: CommandLine) -> None:
    before = kept("export", "events").out
    assert kept.json("keys", "rotate", "--reason", "Yearly.", *BY).one["version"] == 2
    assert kept.json("keys", "status").one["blocks_under_older_keys"] > 0
    done = kept.json("keys", "reseal", *BY).one
    assert done["documents"] == 1
    assert done["blocks"] > 0
    assert kept.json("keys", "status").one["blocks_under_older_keys"] == 0
    assert kept("export", "events").out == before
    assert kept("keys", "rotate", *BY).code == 2, "a change of keys has a reason"


def test_destroying_keys_needs_a_word_and_is_told_by_what_is_read_later(kept: CommandLine) -> None:
    assert kept("keys", "shred", "--tenant", "0", "--reason", "Closed.", *BY).code == 2
    assert kept("keys", "shred", "--reason", "Closed.", *BY, "--yes").code == 2
    assert kept("export", "events").code == 0
    done = kept.json("keys", "shred", "--tenant", "0", "--reason", "Closed.", *BY, "--yes")
    assert done.one["documents"] == 1
    assert done.one["scrubbed"]
    told = kept.json("export", "events")
    assert (told.code, told.one["error"]["code"]) == (4, "shredded")
    assert kept("verify", bracketed(PACK)).code != 70
    assert kept("status").code == 0
    assert kept("capture", "-", stdin=document(["A3"])).code == 0


def test_an_audit_finds_nothing_wrong_whatever_was_done_with_keys(kept: CommandLine) -> None:
    for words in (
        ["rotate", "--reason", "Yearly."],
        ["reseal"],
        ["reseal", "--everything"],
        ["shred", "--tenant", "0", "--reason", "Closed.", "--yes"],
    ):
        assert kept("keys", *words, *BY).code == 0
        told = kept("audit")
        # What was destroyed cannot be compared any more, and the audit says so; nothing is wrong all the same.
        assert told.code == 0, words
        assert b"wrong: " not in told.out
        assert kept("capture", "-", stdin=document([f"N{len(words)}"])).code == 0


# -- the root key --------------------------------------------------------------------------------------------------


def test_a_passphrase_locks_the_record_and_a_wrong_one_loses_nothing(kept: CommandLine, words: Words) -> None:
    words(new=WORDS)
    assert kept.json("keys", "passphrase", *BY).one["kept"] == "passphrase"
    content = (kept.data / "keys" / "root.key").read_bytes()
    words()
    told = kept.json("status")
    assert (told.code, told.one["error"]["code"]) == (4, "cannot-decrypt")
    assert passphrase.VARIABLE in told.one["error"]["advice"]
    words(now=OTHER_WORDS)
    told = kept.json("verify", bracketed(PACK))
    assert (told.code, told.one["error"]["code"]) == (4, "wrong-passphrase")
    words(now=WORDS)
    assert kept.json("status").one["packages"] == 2
    assert (kept.data / "keys" / "root.key").read_bytes() == content
    words(now=WORDS, new=OTHER_WORDS)
    assert kept("keys", "passphrase", *BY).code == 0
    words(now=WORDS)
    assert kept("status").code == 4
    words(now=OTHER_WORDS)
    assert kept("keys", "passphrase", "--remove", *BY).code == 0
    words()
    assert kept.json("status").one["packages"] == 2


def test_a_short_passphrase_is_refused(kept: CommandLine, words: Words) -> None:
    words(new="short")
    assert kept("keys", "passphrase", *BY).code == 2
    words()
    assert kept("keys", "passphrase", *BY).code == 2, "there is no terminal to ask at"
    assert kept.json("keys", "status").one["kept"] == "file"


def test_a_key_comes_back_from_escrow(kept: CommandLine, words: Words, tmp_path: Path) -> None:
    escrow = tmp_path / "escrow.key"
    words(new=WORDS)
    assert kept("keys", "export", str(escrow), *BY).code == 0
    assert stat.S_IMODE(escrow.stat().st_mode) == 0o600
    assert kept("keys", "export", str(escrow), *BY).code == 2, "an older copy is never replaced"
    (kept.data / "keys" / "root.key").rename(tmp_path / "lost")
    words()
    told = kept.json("status")
    assert (told.code, told.one["error"]["code"]) == (4, "cannot-decrypt")
    assert "keys import" in told.one["error"]["advice"]
    words(now=OTHER_WORDS)
    assert kept("keys", "import", str(escrow), *BY).code == 4
    assert not (kept.data / "keys" / "root.key").exists()
    words(now=WORDS)
    assert kept("keys", "import", str(escrow), *BY).code == 0
    assert kept.json("status").one["packages"] == 2


def test_a_new_machine_is_given_the_key_and_then_the_backup(kept: CommandLine, words: Words, tmp_path: Path) -> None:
    escrow, backup = tmp_path / "escrow.key", tmp_path / "a.backup"
    assert kept("keys", "export", str(escrow), "--no-passphrase", *BY).code == 0
    assert kept("backup", str(backup)).code == 0
    new = CommandLine(tmp_path / "new", kept._capture, kept._patch)
    assert new("restore", str(backup)).code == 4
    assert new("keys", "import", str(escrow), *BY).code == 0
    assert new("restore", str(backup)).code == 0
    assert new("export", "packs").out == kept("export", "packs").out
    words(new=WORDS)
    assert kept("keys", "passphrase", *BY).code == 0
    words(now=WORDS)
    assert kept("backup", str(backup)).code == 0
    third = CommandLine(tmp_path / "third", kept._capture, kept._patch)
    assert third("restore", str(backup)).code == 0, "the passphrase is enough: the key is in the backup"
    assert third.json("keys", "status").one["kept"] == "passphrase"


def test_what_was_done_with_keys_stands_in_the_log(kept: CommandLine, tmp_path: Path) -> None:
    before = kept.json("status").one["log_size"]
    assert kept("keys", "export", str(tmp_path / "e.key"), "--no-passphrase", *BY).code == 0
    assert kept.json("status").one["log_size"] > before


# -- beside a serve, and without encryption ------------------------------------------------------------------------


def test_keys_are_renewed_through_a_running_serve(kept: CommandLine) -> None:
    with started("serve", "--port", "0", "--json", "--data", str(kept.data)):
        assert kept.json("keys", "rotate", "--reason", "Yearly.", *BY).one["version"] == 2
        assert kept.json("keys", "reseal", *BY).one["documents"] == 1
        told = kept.json("keys", "rotate", "--reason", " x ", *BY)
        assert told.one["version"] == 3


def test_a_store_that_shall_not_be_encrypted_is_made_and_named(rxtrail: CommandLine) -> None:
    assert rxtrail("store", "init", "--no-encryption").code == 0
    assert (rxtrail.data / "rxtrail.sqlite").read_bytes().startswith(b"SQLite format 3")
    assert rxtrail("capture", "-", stdin=document(["A1"])).code == 0
    assert rxtrail.json("status").one["encryption"] == "off"
    assert b"not encrypted at rest" in rxtrail("status").out
    assert b"not encrypted at rest" in rxtrail("keys", "status").out
    assert rxtrail("keys", "rotate", "--reason", "x", *BY).code == 2


def test_an_encrypted_store_does_not_become_another_one(kept: CommandLine) -> None:
    told = kept.json("store", "init", "--no-encryption")
    assert (told.code, told.one["error"]["code"]) == (2, "bad-request")
    assert kept.json("status").one["encryption"] == "on"
