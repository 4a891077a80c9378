"""The signer: it signs one history only, and knows it after any end."""

from __future__ import annotations

import contextlib
import types
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rxtrail.core.merkle import checkpoint, note
from rxtrail.core.merkle.note import VerifierKey
from rxtrail.core.merkle.tree import consistency_proof
from rxtrail.errors import BadRequest, Busy, StoreFailed
from rxtrail.keys import KeyFailed
from rxtrail.publishing import signing
from rxtrail.publishing.signing import LogRefused, Signer
from tests.publishing.logs import ORIGIN, assert_grows, head_of, numbered, signer_in, ways_to_fork

if TYPE_CHECKING:
    from pathlib import Path

TREE = numbered(100)


@pytest.fixture
def signer(tmp_path: Path) -> Any:
    with contextlib.closing(signer_in(tmp_path)) as opened:
        yield opened


def verified(signed: bytes, signer: Signer) -> None:
    note.verify(note.parse(signed), [key.verifier for key in signer.keys])


def test_a_head_that_grows_out_of_the_last_one_is_signed_by_a_key_called_after_the_log(signer: Signer) -> None:
    first = signer.sign(head_of(TREE, 10), [])
    second = signer.sign(head_of(TREE, 17), consistency_proof(TREE, 10, 17))
    for signed in (first, second):
        verified(signed, signer)
    assert_grows(first, second, TREE)
    assert signer.keys[0].verifier.kind == note.ED25519
    assert signer.origin == ORIGIN == note.parse(first).signatures[0].name


def test_no_way_leads_to_two_histories(signer: Signer) -> None:
    assert ways_to_fork(signer) == []


def test_a_signer_that_skips_the_proof_is_caught_by_this_suite(signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "verify_consistency", lambda *_: None)
    assert "larger without proof" in ways_to_fork(signer)


def test_the_same_head_again_is_the_same_note(signer: Signer) -> None:
    first = signer.sign(head_of(TREE, 10), [])
    assert signer.sign(head_of(TREE, 10), []) == first == signer.note


def test_what_was_signed_is_known_after_a_new_start(tmp_path: Path) -> None:
    with contextlib.closing(signer_in(tmp_path)) as signer:
        first = signer.sign(head_of(TREE, 10), [])
        key = str(signer.keys[0].verifier)
    with contextlib.closing(signer_in(tmp_path)) as again:
        assert (again.note, str(again.keys[0].verifier)) == (first, key)
        with pytest.raises(LogRefused, match="was signed"):
            again.sign(head_of(TREE, 9), [])
        again.sign(head_of(TREE, 30), consistency_proof(TREE, 10, 30))


def test_nothing_is_answered_before_it_is_on_the_disk(signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    signer.sign(head_of(TREE, 10), [])

    def no_room(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(signing, "replace_file", no_room)
    with pytest.raises(StoreFailed, match="could not be kept"):
        signer.sign(head_of(TREE, 11), consistency_proof(TREE, 10, 11))
    monkeypatch.undo()
    # Whether the new head is on the disk is not known: nothing is signed until somebody has read it anew.
    with pytest.raises(StoreFailed):
        signer.sign(head_of(TREE, 12), consistency_proof(TREE, 10, 12))


def test_a_key_that_has_lost_what_it_signed_signs_nothing(tmp_path: Path) -> None:
    signer_in(tmp_path).close()
    (tmp_path / "keys" / "log.head").unlink()
    with pytest.raises(KeyFailed, match="what it signed last is not known"):
        signer_in(tmp_path)


def test_a_crash_before_the_first_key_leaves_a_log_that_begins_anew(tmp_path: Path) -> None:
    signer_in(tmp_path).close()
    (tmp_path / "keys" / "log.key").unlink()
    with contextlib.closing(signer_in(tmp_path)) as signer:
        assert signer.sign(head_of(TREE, 3), [])


def test_the_newest_head_from_elsewhere_cures_a_lost_one(tmp_path: Path) -> None:
    with contextlib.closing(signer_in(tmp_path)) as signer:
        newest = signer.sign(head_of(TREE, 10), [])
    (tmp_path / "keys" / "log.head").write_bytes(newest)
    with contextlib.closing(signer_in(tmp_path)) as again:
        assert again.sign(head_of(TREE, 12), consistency_proof(TREE, 10, 12))


@pytest.mark.parametrize("damage", [b"", b"rxtrail signer v1: nothing", b"\xff", b"node.test/log\n3\n\n"])
def test_a_damaged_head_is_never_taken_for_none(tmp_path: Path, damage: bytes) -> None:
    with contextlib.closing(signer_in(tmp_path)) as signer:
        signer.sign(head_of(TREE, 10), [])
    (tmp_path / "keys" / "log.head").write_bytes(damage)
    with pytest.raises(KeyFailed):
        signer_in(tmp_path)


def test_every_byte_of_the_head_counts(tmp_path: Path) -> None:
    with contextlib.closing(signer_in(tmp_path)) as signer:
        signer.sign(head_of(TREE, 10), [])
    path = tmp_path / "keys" / "log.head"
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes((whole[at] ^ 1,)) + whole[at + 1 :])
        with pytest.raises(KeyFailed):
            signer_in(tmp_path)


def test_two_signers_never_share_a_folder(signer: Signer, tmp_path: Path) -> None:
    with pytest.raises(Busy):
        signer_in(tmp_path)


def test_ml_dsa_signs_beside_ed25519_and_who_does_not_know_it_passes_over_it(tmp_path: Path) -> None:
    with contextlib.closing(signer_in(tmp_path, ml_dsa=True)) as signer:
        signed = note.parse(signer.sign(head_of(TREE, 10), []))
        ed25519, ml_dsa = [key.verifier for key in signer.keys]
    assert (ed25519.kind, ml_dsa.kind) == (note.ED25519, note.COSIGNATURE_ML_DSA_44)
    assert set(note.verify(signed, [ed25519, ml_dsa])) == {ed25519, ml_dsa}
    assert set(note.verify(signed, [VerifierKey.parse(str(ed25519))])) == {ed25519}


def test_a_key_that_is_replaced_signs_beside_the_new_one(tmp_path: Path) -> None:
    with contextlib.closing(signer_in(tmp_path)) as signer:
        signer.sign(head_of(TREE, 10), [])
        old = signer.keys[0].verifier
    (tmp_path / "keys" / "log.key").rename(tmp_path / "keys" / "log-previous.key")
    with contextlib.closing(signer_in(tmp_path)) as both:
        new = both.keys[0].verifier
        signed = note.parse(both.sign(head_of(TREE, 20), consistency_proof(TREE, 10, 20)))
    assert new != old
    assert new.name == old.name
    assert set(note.verify(signed, [old, new])) == {old, new}


# -- a key in another machine ----------------------------------------------------------------------------------------


class Hsm:
    """A plug-in as somebody else would write it."""

    def __init__(self, argument: str) -> None:
        self.argument = argument
        self._secret = Ed25519PrivateKey.from_private_bytes(argument.encode().ljust(32, b"."))
        self.public = self._secret.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._secret.sign(message)


@pytest.fixture
def plugged_in(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    plug_ins: dict[str, Any] = {"hsm": Hsm}

    def entry_points(*, group: str, name: str = "") -> list[Any]:
        assert group == "rxtrail.signing_keys"
        return [
            types.SimpleNamespace(name=each, load=lambda each=each: plug_ins[each])
            for each in plug_ins
            if not name or each == name
        ]

    monkeypatch.setattr("rxtrail.log_keys.metadata.entry_points", entry_points)
    return plug_ins


def test_a_key_from_a_plug_in_signs_and_no_key_file_is_made(tmp_path: Path, plugged_in: dict[str, Any]) -> None:
    with contextlib.closing(signer_in(tmp_path, key="hsm:slot 3")) as signer:
        signed = signer.sign(head_of(TREE, 10), [])
        assert signer.keys[0].verifier == VerifierKey(ORIGIN, note.ED25519, Hsm("slot 3").public)
        verified(signed, signer)
    assert not (tmp_path / "keys" / "log.key").exists()


def test_a_plug_in_that_signs_wrongly_is_noticed_before_anybody_is_told(
    tmp_path: Path, plugged_in: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hsm, "sign", lambda *_: bytes(64))
    with contextlib.closing(signer_in(tmp_path, key="hsm:slot 3")) as signer:
        with pytest.raises(KeyFailed, match="no signature"):
            signer.sign(head_of(TREE, 10), [])
        assert signer.note == b""


def test_a_plug_in_that_is_not_there_is_named(tmp_path: Path, plugged_in: dict[str, Any]) -> None:
    with pytest.raises(BadRequest, match="'kms'") as wrong:
        signer_in(tmp_path, key="kms:alias/log")
    assert "hsm" in wrong.value.advice


def test_the_origin_of_a_log_is_kept_from_its_first_start(tmp_path: Path) -> None:
    signer_in(tmp_path).close()
    with contextlib.closing(signer_in(tmp_path)) as signer:
        head = checkpoint.parse(note.parse(signer.sign(head_of(TREE, 1), [])).text)
    assert head.origin == ORIGIN


def test_a_key_that_is_being_replaced_signs_no_second_history(tmp_path: Path) -> None:
    with contextlib.closing(signer_in(tmp_path)) as signer:
        tree = numbered(5)
        signer.sign(head_of(tree, 5), [])
    keys = tmp_path / "keys"
    (keys / "log.key").rename(keys / "log-previous.key")
    (keys / "log.head").unlink()
    with pytest.raises(KeyFailed, match="what it signed last is not known"):
        signer_in(tmp_path)
