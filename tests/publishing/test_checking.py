"""Checking a log from outside: any alteration is found, and the file is named."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

import pytest

from rxtrail.core.merkle import checkpoint, note
from rxtrail.core.merkle.note import VerifierKey
from rxtrail.core.merkle.tile import decode_bundle, encode_bundle
from rxtrail.core.merkle.tree import leaf_hash, root
from rxtrail.errors import BadRequest
from rxtrail.publishing.checking import Checked, FolderSource, LogWrong, check
from rxtrail.publishing.exporting import export
from tests.publishing.logs import ORIGIN, add, publishing, signer_in

if TYPE_CHECKING:
    from pathlib import Path

WHOLE, LAST = "tile/entries/000", "tile/entries/002.p"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, VerifierKey]:
    """A log of a little more than two bundles, as files."""
    folder = tmp_path_factory.mktemp("log")
    with publishing(folder / "node") as (node, publisher):
        add(node, 3)
        publisher.publish()
        add(node, 600)
        publisher.publish()
        row = node.log.files.row()
        assert row is not None
        export(node.log.reader(), row, folder / "www")
        return folder / "www", VerifierKey.parse(node.log.keys()[0])


@pytest.fixture
def copy(exported: tuple[Path, VerifierKey], tmp_path: Path) -> tuple[Path, VerifierKey]:
    shutil.copytree(exported[0], tmp_path / "copy")
    return tmp_path / "copy", exported[1]


def verdict(copy: tuple[Path, VerifierKey]) -> Checked:
    return check(FolderSource(copy[0]), [copy[1]])


def test_a_log_that_is_what_it_says_is_told_by_kind(copy: tuple[Path, VerifierKey]) -> None:
    told = verdict(copy)
    assert (told.origin, told.size) == (ORIGIN, sum(told.entries_by_kind.values()))
    assert told.entries_by_kind["command"] == 603


def alter_bundle(path: Path, at: int) -> bytes:
    entries = decode_bundle(path.read_bytes())
    entries[at] = entries[at][:-1] + bytes((entries[at][-1] ^ 1,))
    path.write_bytes(encode_bundle(entries))
    return entries[at]


def test_an_altered_entry_is_found(copy: tuple[Path, VerifierKey]) -> None:
    alter_bundle(copy[0] / WHOLE, 7)
    with pytest.raises(LogWrong) as wrong:
        verdict(copy)
    assert wrong.value.place == "tile/0/000"


@pytest.mark.parametrize("path", ["tile/0/000", "tile/0/001", "tile/1/000.p/2"])
def test_an_altered_tile_is_found(copy: tuple[Path, VerifierKey], path: str) -> None:
    whole = (copy[0] / path).read_bytes()
    (copy[0] / path).write_bytes(whole[:40] + bytes((whole[40] ^ 1,)) + whole[41:])
    with pytest.raises(LogWrong) as wrong:
        verdict(copy)
    assert wrong.value.place == path


def test_an_entry_altered_with_its_tile_made_to_fit_is_found(copy: tuple[Path, VerifierKey]) -> None:
    entry = alter_bundle(copy[0] / WHOLE, 7)
    tile = copy[0] / "tile/0/000"
    whole = tile.read_bytes()
    tile.write_bytes(whole[: 7 * 32] + leaf_hash(entry) + whole[8 * 32 :])
    with pytest.raises(LogWrong) as wrong:
        verdict(copy)
    assert wrong.value.place == "tile/1/000.p/2"
    # And one level further up: then only the root that was signed is left to differ.
    above = copy[0] / "tile/1/000.p/2"
    hashes = tile.read_bytes()
    first = root([hashes[at : at + 32] for at in range(0, len(hashes), 32)])
    above.write_bytes(first + above.read_bytes()[32:])
    with pytest.raises(LogWrong) as wrong:
        verdict(copy)
    assert wrong.value.place == "checkpoint"


def test_a_truncated_log_is_found(copy: tuple[Path, VerifierKey]) -> None:
    last = next((copy[0] / LAST).iterdir())
    content = last.read_bytes()
    last.write_bytes(encode_bundle(decode_bundle(content)[:-1]))
    with pytest.raises(LogWrong):
        verdict(copy)
    last.write_bytes(content[:-1])
    with pytest.raises(LogWrong):
        verdict(copy)
    last.unlink()
    with pytest.raises(LogWrong, match="missing"):
        verdict(copy)


def test_a_forked_checkpoint_is_not_the_root_of_the_entries(copy: tuple[Path, VerifierKey], tmp_path: Path) -> None:
    with contextlib.closing(signer_in(tmp_path / "thief")) as signer:
        signed = note.parse((copy[0] / "checkpoint").read_bytes())
        head = checkpoint.parse(signed.text)
        forked = checkpoint.Checkpoint(head.origin, head.size, bytes(32)).text()
        (copy[0] / "checkpoint").write_bytes(signer.sign(forked, []))
        with pytest.raises(LogWrong, match="no key that we know"):
            verdict(copy)
        # Signed by the log's own key, which was stolen: the entries do not make that root.
        with pytest.raises(LogWrong, match="do not make the root"):
            check(FolderSource(copy[0]), [signer.keys[0].verifier])


def test_a_witness_that_was_asked_for_and_has_not_signed_is_named(copy: tuple[Path, VerifierKey]) -> None:
    other = VerifierKey("witness.test", note.COSIGNATURE_ED25519, bytes(32))
    with pytest.raises(LogWrong, match=r"witness\.test has not signed"):
        check(FolderSource(copy[0]), [copy[1], other])


# -- the export -----------------------------------------------------------------------------------------------------


def test_an_export_goes_on_where_it_ended_and_is_a_whole_log_each_time(tmp_path: Path) -> None:
    with publishing(tmp_path / "node") as (node, publisher):
        files = []
        for count in (3, 500, 1):
            add(node, count)
            publisher.publish()
            row = node.log.files.row()
            assert row is not None
            files.append(export(node.log.reader(), row, tmp_path / "www").files)
            assert check(FolderSource(tmp_path / "www"), [VerifierKey.parse(node.log.keys()[0])]).size == row.size
        assert files[2] < files[1]
        again = node.log.files.row()
        assert again is not None
        assert export(node.log.reader(), again, tmp_path / "www").files == 1, "nothing is new but the head"


def test_an_export_never_mixes_two_logs(tmp_path: Path) -> None:
    rows = []
    for name in ("a", "b"):
        with publishing(tmp_path / name) as (node, publisher):
            add(node, 5 if name == "a" else 3)
            publisher.publish()
            row = node.log.files.row()
            assert row is not None
            rows.append(row)
            if name == "a":
                export(node.log.reader(), row, tmp_path / "www")
            else:
                with pytest.raises(BadRequest, match="holds"):
                    export(node.log.reader(), row, tmp_path / "www")
    (tmp_path / "strange").mkdir()
    (tmp_path / "strange" / "checkpoint").write_text("hello")
    with publishing(tmp_path / "b") as (node, _), pytest.raises(BadRequest, match="something else"):
        export(node.log.reader(), rows[1], tmp_path / "strange")
