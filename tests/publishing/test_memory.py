"""A signer that remembers less than its key has signed: a copied key, an HSM whose folder was lost, an old folder."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail import clock
from rxtrail.bootstrap import open_node
from rxtrail.core.merkle import checkpoint, note
from rxtrail.core.merkle.tree import consistency_proof
from rxtrail.log_keys import open_log_keys
from rxtrail.publishing.elsewhere import Elsewhere
from rxtrail.publishing.signer_client import InlineSigner, SignerAway
from rxtrail.publishing.signing import LogRefused, MemoryBehind, Signer
from tests.publishing.logs import ORIGIN, add, head_of, numbered, publisher_of, publishing, signer_in
from tests.publishing.test_signing import plugged_in
from tests.witness.witnesses import served

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["plugged_in"]
TREE = numbered(100)


def signer_that_asks(folder: Path, *answers: Elsewhere, key: str = "") -> tuple[Signer, list[str]]:
    """A signer whose witnesses say this, one answer after the other."""
    asked: list[str] = []

    def elsewhere(origin: str) -> Elsewhere:
        asked.append(origin)
        return answers[min(len(asked), len(answers)) - 1]

    def keys() -> Any:
        return open_log_keys(folder, ORIGIN, random_bytes=clock.random_bytes, plug_in=key)

    return Signer(folder, keys, now_s=lambda: 1, elsewhere=elsewhere), asked


def two_with_one_key(tmp_path: Path) -> tuple[Path, bytes]:
    """A folder that was copied after ten entries, and the head of twenty that the other one has signed since."""
    with contextlib.closing(signer_in(tmp_path / "a")) as one:
        one.sign(head_of(TREE, 10), [])
        shutil.copytree(tmp_path / "a", tmp_path / "b")
        return tmp_path / "b", one.sign(head_of(TREE, 20), consistency_proof(TREE, 10, 20))


def test_a_signer_with_a_copied_key_refuses_when_the_store_has_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, newest = two_with_one_key(tmp_path)
    other = numbered(40, "x")
    with contextlib.closing(signer_in(folder)) as copied:
        for text in (head_of(TREE, 30), head_of(other, 30)):
            with pytest.raises(MemoryBehind, match=r"20 entries that this key has signed, .* remembers one of 10"):
                copied.sign(text, consistency_proof(TREE, 10, 30), newest)
        assert "the key was copied" in caplog.text
        copied.learn(newest, consistency_proof(TREE, 10, 20))
        assert copied.note == newest
        copied.sign(head_of(TREE, 30), consistency_proof(TREE, 20, 30), newest)
    with contextlib.closing(signer_in(folder)) as again:
        assert checkpoint.parse(note.parse(again.note).text).size == 30


def test_what_another_key_has_signed_or_does_not_grow_out_is_not_learnt(tmp_path: Path) -> None:
    folder, newest = two_with_one_key(tmp_path)
    with contextlib.closing(signer_in(tmp_path / "stranger")) as stranger:
        foreign = stranger.sign(head_of(TREE, 20), [])
    with contextlib.closing(signer_in(folder)) as copied:
        before = copied.note
        with pytest.raises(LogRefused, match="none of the keys"):
            copied.learn(foreign, consistency_proof(TREE, 10, 20))
        with pytest.raises(LogRefused, match="does not begin"):
            copied.learn(newest, consistency_proof(TREE, 10, 30))
        assert copied.note == before


def test_a_key_in_an_hsm_whose_folder_was_lost_signs_nothing_over_what_the_store_has(
    tmp_path: Path, plugged_in: dict[str, Any]
) -> None:
    with contextlib.closing(signer_in(tmp_path / "a", key="hsm:slot 3")) as signer:
        newest = signer.sign(head_of(TREE, 10), [])
    with contextlib.closing(signer_in(tmp_path / "b", key="hsm:slot 3")) as forgetful:
        for attempt in (lambda: forgetful.sign(head_of(TREE, 20), [], newest), lambda: forgetful.learn(newest, [])):
            with pytest.raises(MemoryBehind, match="remembers no head"):
                attempt()
        assert forgetful.note == b""
    (tmp_path / "b" / "keys" / "log.head").write_bytes(newest)  # what the advice says
    with contextlib.closing(signer_in(tmp_path / "b", key="hsm:slot 3")) as told:
        assert told.sign(head_of(TREE, 20), consistency_proof(TREE, 10, 20), newest)


def test_a_signer_that_remembers_nothing_waits_for_its_witnesses_and_believes_what_its_key_signed(
    tmp_path: Path, plugged_in: dict[str, Any]
) -> None:
    with contextlib.closing(signer_in(tmp_path / "a", key="hsm:slot 3")) as signer:
        newest = signer.sign(head_of(TREE, 10), [])
    with contextlib.closing(signer_in(tmp_path / "liar")) as liar:
        forged = liar.sign(head_of(TREE, 90), [])
    answers = [Elsewhere((), ("w1",)), Elsewhere((("w1", newest),)), Elsewhere((("w1", forged),))]
    opened, asked = signer_that_asks(tmp_path / "b", *answers, key="hsm:slot 3")
    with contextlib.closing(opened):
        with pytest.raises(MemoryBehind, match="does not answer: w1"):
            opened.sign(head_of(TREE, 20), [])
        with pytest.raises(MemoryBehind, match="the witness w1 has a head of 10 entries"):
            opened.sign(head_of(TREE, 20), [])
        opened.sign(head_of(TREE, 20), [])  # a witness that lies stops nobody: no key of ours has signed that
        opened.sign(head_of(TREE, 21), consistency_proof(TREE, 20, 21))
        assert asked == [ORIGIN] * 3, "and nobody is asked again after the first signature"


def test_a_signer_that_remembers_passes_over_a_witness_that_is_silent(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with contextlib.closing(signer_in(tmp_path)) as signer:
        signer.sign(head_of(TREE, 10), [])
    opened, _ = signer_that_asks(tmp_path, Elsewhere((), ("w1",)))
    with contextlib.closing(opened):
        opened.sign(head_of(TREE, 20), consistency_proof(TREE, 10, 20))
    assert "does not answer: w1" in caplog.text


def test_an_old_signer_folder_beside_an_old_store_is_found_out_by_a_witness_before_anything_is_signed(
    tmp_path: Path,
) -> None:
    folder, policy = tmp_path / "data", tmp_path / "policy"
    with publishing(folder) as (node, publisher):
        add(node, 5)
        publisher.publish()
        (vkey,) = node.log.keys()
    old = shutil.copytree(folder, tmp_path / "old")
    with served(tmp_path / "w", logs=[vkey]) as witness:
        policy.write_text(f"witness w {witness.keys[0]} {witness.url}\nquorum none\n", encoding="utf-8")
        with publishing(folder) as (node, publisher):
            from tests.publishing.test_witnesses import witnesses_of

            add(node, 5)
            publisher.publish()
            asking, _ = witnesses_of(node, policy.read_text(encoding="utf-8"))
            assert asking.round()
            asking.stop()
        with (
            open_node(old) as node,
            contextlib.closing(InlineSigner(signer_in(old, witness_policy=str(policy)))) as signer,
        ):
            add(node, 1)
            before = signer.hello().note
            with pytest.raises(SignerAway, match="the witness w has a head of"):
                publisher_of(node, signer).publish()
            assert signer.hello().note == before


def test_another_machine_with_the_copied_key_takes_over_by_learning_what_was_signed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with publishing(folder) as (node, publisher):
        add(node, 5)
        publisher.publish()
        shutil.copytree(folder / "keys", tmp_path / "other" / "keys")
        add(node, 5)
        publisher.publish()
        with contextlib.closing(InlineSigner(signer_in(tmp_path / "other"))) as other:
            add(node, 5)
            assert publisher_of(node, other, name="other").publish()
            assert checkpoint.parse(note.parse(other.hello().note).text).size == node.status().log_size
