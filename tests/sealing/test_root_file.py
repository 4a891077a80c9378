"""The root key is made once, kept for its owner only, and never replaced; a wrong passphrase loses nothing."""

from __future__ import annotations

import os
import stat
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding

from rxtrail.sealing import CannotDecrypt, Keeper, Root, WrongPassphrase, passphrase, root_file

if TYPE_CHECKING:
    from pathlib import Path

WORDS = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _nobody_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no test know what another one has opened."""
    monkeypatch.setattr(root_file, "_opened", {})


def keeper(folder: Path, answer: str = WORDS) -> Keeper:
    return Keeper(folder, random_bytes=os.urandom, ask=lambda: answer)


def locked(root: Root, words: str = WORDS) -> root_file.RootFile:
    scrypt = passphrase.Scrypt(os.urandom(16), log2_n=14)
    wrapped = aes_key_wrap_with_padding(scrypt.key(words), root.secret())
    return root_file.RootFile(1, root.id, root_file.PASSPHRASE, wrapped=wrapped, scrypt=scrypt)


def test_it_is_made_once_and_is_the_same_ever_after(tmp_path: Path) -> None:
    first = keeper(tmp_path).root(create=True)
    assert keeper(tmp_path).root().id == first.id
    assert keeper(tmp_path).root(create=True).id == first.id
    path = tmp_path / "keys" / "root.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["root.key"]


def test_many_that_make_it_at_once_get_the_same(tmp_path: Path) -> None:
    together = threading.Barrier(8)

    def make(_number: int) -> str:
        together.wait()
        return keeper(tmp_path).root(create=True).id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(make, range(8)))) == 1


def test_without_leave_to_make_one_a_missing_key_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotDecrypt, match="the root key 00ff is not here") as told:
        keeper(tmp_path).root(wanted="00ff")
    assert "keys import" in told.value.advice
    assert not (tmp_path / "keys").exists()


def test_another_key_than_is_wanted_is_told_before_anybody_types_a_passphrase(tmp_path: Path) -> None:
    keeper(tmp_path).write(locked(Root(bytes(32))))

    def never() -> str:
        raise AssertionError

    with pytest.raises(CannotDecrypt, match=f"00ff is needed, and the one that is here is {Root(bytes(32)).id}"):
        Keeper(tmp_path, random_bytes=os.urandom, ask=never).root(wanted="00ff")


@pytest.mark.parametrize("content", [b"", b"{}", b"x" * 100, b'{"rxtrail_root_key":2,"id":"x","form":"file"}'])
def test_a_damaged_file_is_refused_and_never_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keys" / "root.key"
    path.parent.mkdir()
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(CannotDecrypt):
        keeper(tmp_path).root(create=True)
    assert path.read_bytes() == content


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    keeper(tmp_path).root(create=True)
    (tmp_path / "keys" / "root.key").chmod(0o640)
    with pytest.raises(CannotDecrypt, match="others on this machine may read the root key"):
        keeper(tmp_path).root()


def test_a_key_that_is_not_the_one_the_file_names_is_refused(tmp_path: Path) -> None:
    file = root_file.RootFile(1, Root(bytes(32)).id, root_file.PLAIN, key=b"x" * 32)
    keeper(tmp_path).write(file)
    with pytest.raises(CannotDecrypt, match="does not hold the root key"):
        keeper(tmp_path).root()


# -- a passphrase --------------------------------------------------------------------------------------------------


def test_a_passphrase_opens_the_key_and_a_wrong_one_loses_nothing(tmp_path: Path) -> None:
    root = keeper(tmp_path).root(create=True)
    keeper(tmp_path).write(locked(root))
    content = (tmp_path / "keys" / "root.key").read_bytes()
    assert root.secret() not in content
    with pytest.raises(WrongPassphrase):
        keeper(tmp_path, "another one").root()
    assert (tmp_path / "keys" / "root.key").read_bytes() == content
    assert keeper(tmp_path).root().id == root.id
    assert keeper(tmp_path, "nobody is asked twice").root().id == root.id


def test_the_same_letters_are_the_same_passphrase_however_they_were_typed() -> None:
    scrypt = passphrase.Scrypt(bytes(16), log2_n=14)
    assert scrypt.key("ge\N{COMBINING DIAERESIS}heim") == scrypt.key("g\N{LATIN SMALL LETTER E WITH DIAERESIS}heim")


@pytest.mark.parametrize("asked", [{"log2_n": 10}, {"log2_n": 30}, {"r": 1}, {"p": 100}])
def test_a_file_that_asks_for_too_little_or_for_the_whole_machine_is_refused(asked: dict[str, int]) -> None:
    with pytest.raises(CannotDecrypt):
        passphrase.Scrypt(bytes(16), **asked).key(WORDS)


def test_what_is_written_costs_a_guess_memory_and_time() -> None:
    root = Root(bytes(32))
    scrypt = root_file.locked(root, WORDS, os.urandom).scrypt
    assert scrypt is not None
    assert 128 * scrypt.r * (1 << scrypt.log2_n) >= 128 << 20, "bytes of memory (RFC 7914)"


def test_the_passphrase_comes_from_a_file_or_a_terminal_and_never_from_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "words").write_text(WORDS + "\n")
    monkeypatch.setenv(passphrase.VARIABLE, str(tmp_path / "words"))
    assert passphrase.asked() == WORDS
    monkeypatch.setenv(passphrase.VARIABLE, str(tmp_path / "nothing"))
    with pytest.raises(CannotDecrypt, match="cannot be read"):
        passphrase.asked()
    (tmp_path / "empty").write_text("\n")
    monkeypatch.setenv(passphrase.VARIABLE, str(tmp_path / "empty"))
    with pytest.raises(CannotDecrypt, match="no passphrase"):
        passphrase.asked()
    monkeypatch.delenv(passphrase.VARIABLE)
    monkeypatch.setattr(sys, "stdin", open(os.devnull))  # noqa: PTH123, SIM115 (closed with the patch)
    with pytest.raises(CannotDecrypt, match="no terminal to ask at"):
        passphrase.asked()
    sys.stdin.close()


# -- escrow --------------------------------------------------------------------------------------------------------


def test_a_key_from_elsewhere_is_taken_and_never_in_the_place_of_another(tmp_path: Path) -> None:
    root = Root(os.urandom(32))
    keeper(tmp_path).adopt(root_file.plain(root))
    keeper(tmp_path).adopt(root_file.plain(root))
    with pytest.raises(CannotDecrypt, match="is needed, and the one that is here is"):
        keeper(tmp_path).adopt(root_file.plain(Root(os.urandom(32))))
    assert keeper(tmp_path).root().id == root.id


def test_a_file_elsewhere_leaves_the_rights_of_its_folder_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    elsewhere = Keeper(tmp_path / "data", random_bytes=os.urandom, elsewhere=tmp_path / "mounted.key")
    elsewhere.root(create=True)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "mounted.key").stat().st_mode) == 0o600
    assert not (tmp_path / "data").exists()
