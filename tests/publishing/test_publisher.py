"""The publisher: what is durable becomes a signed tree, once, whatever breaks in between."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, cast

import msgspec
import pytest

from rxtrail import clock
from rxtrail.bootstrap import open_node
from rxtrail.core.merkle import checkpoint, note
from rxtrail.core.merkle.errors import BadTile
from rxtrail.core.merkle.note import VerifierKey
from rxtrail.core.merkle.tile import decode_bundle, entries_path, tile_path, tile_width
from rxtrail.core.merkle.tree import EMPTY_ROOT, leaf_hashes, root
from rxtrail.core.rules.answer import Answer
from rxtrail.errors import LogSetBack, NotFound
from rxtrail.publishing import publisher as publisher_module
from rxtrail.publishing.publisher import CLAIM_US, Publisher
from rxtrail.publishing.signer_client import InlineSigner, SignerAway
from tests.publishing.logs import ORIGIN, add, publisher_of, publishing, signer_in

if TYPE_CHECKING:
    from pathlib import Path

    from rxtrail.bootstrap import Node
    from rxtrail.core.merkle.checkpoint import Checkpoint


def head(node: Node) -> Checkpoint:
    return checkpoint.parse(note.parse(node.log.files.checkpoint()).text)


def entries(node: Node, size: int) -> list[bytes]:
    found: list[bytes] = []
    while len(found) < size:
        number = len(found) // 256
        width = tile_width(0, number, size)
        found += decode_bundle(node.log.files.read(entries_path(number, width)), width)
    return found


def assert_published(node: Node, size: int) -> None:
    """Everything that a log of this size has is served, and its root is the one that was signed."""
    leaves = leaf_hashes(entries(node, size))
    assert head(node).size >= size
    level, hashes = 0, leaves
    while hashes:
        for number in range(-(-len(hashes) // 256)):
            part = hashes[number * 256 : number * 256 + 256]
            assert node.log.files.read(tile_path(level, number, len(part))) == b"".join(part)
        hashes = [root(hashes[at : at + 256]) for at in range(0, len(hashes) - 255, 256)]
        level += 1
    if head(node).size == size:
        assert head(node).root == root(leaves)


def test_every_size_that_was_published_has_all_its_files_for_ever(tmp_path: Path) -> None:
    with publishing(tmp_path) as (node, publisher):
        add(node, 1)
        publisher.publish()
        sizes = [head(node).size]  # the first head leaves a note of whose log it is
        for count in (1, 2, 250, 1, 255, 256, 300, 3):
            add(node, count)
            assert publisher.publish()
            sizes.append(head(node).size)
            assert sizes[-1] == node.status().log_size
        for size in sizes:
            assert_published(node, size)


def test_a_record_of_nothing_has_a_head_and_so_a_key_that_others_can_be_given(tmp_path: Path) -> None:
    with publishing(tmp_path) as (node, publisher):
        assert publisher.publish()
        assert (head(node).size, head(node).root) == (0, EMPTY_ROOT)
        assert len(node.log.keys()) == 1
        with pytest.raises(NotFound):
            node.log.files.read("tile/0/000.p/1")
        assert publisher.publish(), "the note of whose log it is"
        assert_published(node, head(node).size)
        assert not publisher.publish()


def test_the_first_head_notes_whose_log_it_is_and_that_note_is_in_the_next(tmp_path: Path) -> None:
    with publishing(tmp_path) as (node, publisher):
        add(node, 3)
        assert publisher.publish()
        first = head(node).size
        assert publisher.publish()
        assert head(node).size > first
        assert not publisher.publish(), "nothing new"
        (key,) = node.log.keys()
        assert note.verify(note.parse(node.log.files.checkpoint()), [VerifierKey.parse(key)])
        assert head(node).origin == ORIGIN


def test_a_long_record_is_published_in_pieces_that_a_crash_may_cut(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(publisher_module, "ENTRIES_AT_ONCE", 100)
    with publishing(tmp_path) as (node, publisher):
        add(node, 950)
        real, rounds = node._reader().entries_from, []

        def breaks_off(position: int, limit: int) -> Any:
            rounds.append(position)
            if len(rounds) == 5:
                raise SignerAway("cut")
            return real(position, limit)

        monkeypatch.setattr(node._reader(), "entries_from", breaks_off)
        with pytest.raises(SignerAway):
            publisher.publish()
        assert publisher.publish()
        assert_published(node, node.status().log_size - 2)


def test_a_head_that_was_signed_and_never_stored_is_published_by_the_next_start(tmp_path: Path) -> None:
    with publishing(tmp_path) as (node, publisher):
        add(node, 10)
        publisher.publish()
        publisher.publish()
        add(node, 10)
        publisher._store = lambda *_: (_ for _ in ()).throw(SignerAway("killed here"))  # type: ignore[method-assign]
        with pytest.raises(SignerAway):
            publisher.publish()
        signed = publisher._signer.hello().note
        before = head(node).size
    with publishing(tmp_path) as (node, publisher):
        assert publisher.publish()
        assert node.log.files.checkpoint() == signed
        assert head(node).size > before
        assert_published(node, head(node).size)


@pytest.mark.sqlite_only
def test_an_old_copy_of_the_record_is_refused_by_what_the_signer_remembers(tmp_path: Path) -> None:
    with publishing(tmp_path) as (node, publisher):
        add(node, 10)
        publisher.publish()
    old = {path: path.read_bytes() for path in tmp_path.glob("rxtrail.sqlite*")}
    with publishing(tmp_path) as (node, publisher):
        add(node, 10)
        publisher.publish()
    for path in tmp_path.glob("rxtrail.sqlite*"):
        path.unlink()
    for path, content in old.items():
        path.write_bytes(content)
    (tmp_path / "log_position").unlink()  # what else would notice it
    with open_node(tmp_path) as node, contextlib.closing(InlineSigner(signer_in(tmp_path))) as signer:
        node.log._publisher = publisher = publisher_of(node, signer)
        with pytest.raises(LogSetBack, match="was signed"):
            publisher.publish()
        assert node.log.doubt is not None
        verdict = node.verify("(01)00352601815904(21)X1(10)L(17)280930")
        assert verdict.verdict in (Answer.UNCONFIRMED, Answer.STOP)
        with pytest.raises(LogSetBack):
            node.init("hub", [])
        assert node.log.status().state == "refused"
        assert not node.log.doubt.curable or node.failed is None, "the server goes on, to say so"
        node.log._publisher = None


@pytest.mark.sqlite_only
def test_an_altered_record_under_a_head_that_is_being_made_is_not_signed(tmp_path: Path) -> None:
    with publishing(tmp_path) as (node, publisher):
        add(node, 300)
        publisher.publish()
        publisher.publish()
        node._writing()[0].do(
            lambda tx, _log: cast("Any", tx)._connection.execute("UPDATE tile SET hashes = zeroblob(8192)")
        )
        add(node, 10)
        publisher.forget()
        with pytest.raises((LogSetBack, BadTile)):
            publisher.publish()
        assert publisher.doubt is not None


def test_of_two_processes_on_one_record_one_publishes_until_it_is_silent(tmp_path: Path) -> None:
    now = clock.now_us()
    with open_node(tmp_path) as node, contextlib.closing(InlineSigner(signer_in(tmp_path))) as signer:
        more = {"shared": True, "now_us": lambda: now}
        one, two = (publisher_of(node, signer, name=name, **more) for name in ("one", "two"))
        add(node, 5)
        assert one.publish()
        assert not two.publish()
        add(node, 5)
        assert not two.publish()
        now += CLAIM_US
        assert two.publish()
        assert not one.publish(), "it was taken over"
        assert_published(node, head(node).size)


def test_two_publishers_at_one_moment_store_one_head(tmp_path: Path) -> None:
    with open_node(tmp_path) as node, contextlib.closing(InlineSigner(signer_in(tmp_path))) as signer:
        one, two = publisher_of(node, signer, name="one"), publisher_of(node, signer, name="two")
        add(node, 5)
        real = one._signer.sign

        def meanwhile(text: str, proof: Any, known: bytes = b"") -> bytes:
            one._signer = signer
            add(node, 3)
            assert two.publish()
            return real(text, proof, known)

        class Slow:
            hello = staticmethod(signer.hello)
            learn = staticmethod(signer.learn)
            sign = staticmethod(meanwhile)

        one._signer = Slow()
        one.publish()  # the signer itself refuses the smaller one, and the round is done again from what is there
        assert one.doubt is None
        assert_published(node, head(node).size)


def test_two_that_share_one_signer_take_turns_without_doubting_the_record(tmp_path: Path) -> None:
    now = clock.now_us()
    with open_node(tmp_path) as node, contextlib.closing(InlineSigner(signer_in(tmp_path))) as signer:
        names = ("one", "two")
        each = {name: publisher_of(node, signer, name=name, shared=True, now_us=lambda: now) for name in names}
        for name in ("one", "two", "one", "two"):
            add(node, 3)
            now += CLAIM_US
            assert each[name].publish()
            assert each[name].doubt is None
        assert_published(node, head(node).size)


@pytest.mark.parametrize("nonsense", [b"", b"nonsense", b"a\n\n\xe2\x80\x94 x AAAA\n", b"\xff" * 100])
@pytest.mark.parametrize("where", ["hello", "sign"])
def test_a_signer_that_talks_nonsense_makes_nobody_doubt_the_record(
    tmp_path: Path, nonsense: bytes, where: str
) -> None:
    with publishing(tmp_path) as (node, publisher):
        add(node, 3)
        assert publisher.publish()
        add(node, 3)
        real = publisher._signer

        class Sick:
            def hello(self) -> Any:
                state = real.hello()
                return msgspec.structs.replace(state, note=nonsense) if where == "hello" and nonsense else state

            def sign(self, text: str, proof: Any, known: bytes = b"") -> bytes:
                return nonsense if where == "sign" else real.sign(text, proof, known)

        publisher._signer = cast("Any", Sick())
        publisher.forget()
        if where == "sign" or nonsense:
            with pytest.raises(SignerAway):
                publisher.publish()
        assert publisher.doubt is None
        publisher._signer = real
        publisher.forget()
        publisher.publish()
        assert_published(node, head(node).size)


def test_a_signer_that_has_forgotten_what_it_signed_begins_no_second_history(tmp_path: Path) -> None:
    with publishing(tmp_path) as (node, publisher):
        add(node, 3)
        assert publisher.publish()
        add(node, 3)
        real = publisher._signer

        class Forgetful:
            sign = staticmethod(real.sign)

            def hello(self) -> Any:
                return msgspec.structs.replace(real.hello(), note=b"")

        publisher._signer = cast("Any", Forgetful())
        publisher.forget()
        with pytest.raises(SignerAway, match="does not know what its key has signed"):
            publisher.publish()


def test_a_signer_with_another_logs_key_signs_nothing_here(tmp_path: Path) -> None:
    with publishing(tmp_path / "a") as (node, publisher):
        add(node, 5)
        publisher.publish()
        with contextlib.closing(InlineSigner(signer_in(tmp_path / "b"))) as other:
            add(node, 1)
            with pytest.raises(SignerAway, match="none of the keys"):
                publisher_of(node, other).publish()


def test_a_key_that_is_not_in_a_file_here_is_never_made_anew_by_a_command(tmp_path: Path) -> None:
    with publishing(tmp_path) as (node, publisher):
        add(node, 5)
        publisher.publish()
    (tmp_path / "keys" / "log.key").rename(tmp_path / "in-the-hsm")
    with open_node(tmp_path) as node:
        with pytest.raises(SignerAway, match="not in a file here"):
            node.log.publish_now(start_signer=True)
        assert not (tmp_path / "keys" / "log.key").exists()


def test_a_new_log_begins_over_the_record_with_another_key_and_name(tmp_path: Path) -> None:
    with publishing(tmp_path) as (node, publisher):
        add(node, 300)
        publisher.publish()
        (before,) = node.log.keys()
    with open_node(tmp_path) as node:
        told = node.log.renew(origin="", reason="a disk was lost", day=clock.today())
        assert told.origin == f"{ORIGIN}/2"
        assert told.keys != [before]
        assert_published(node, told.size)
        assert "a disk was lost" in node._reader().settings()["log_renewed"]
        assert len(list((tmp_path / "keys" / "retired").glob("*/log.key"))) == 1
        assert node.log.renew(origin="", reason="again", day=clock.today()).origin == f"{ORIGIN}/3"


@pytest.mark.parametrize(
    "path",
    [
        *("tile/0/001", "tile/0/000.p/9", "tile/0/000", "tile/1/000.p/1", "tile/entries/000.p/9", "tile/0/0"),
        *("tile/0/000.p/0", "tile/0/000.p/256", "tile/64/000", "tile/00/000", "tile/0/x000/000", "tile/0/000.p/04"),
        *("tile/-1/000", "x", "", "tile/0/../0/000"),
    ],
)
def test_what_was_not_published_is_not_there(tmp_path: Path, path: str) -> None:
    with publishing(tmp_path) as (node, publisher):
        with pytest.raises(NotFound):
            node.log.files.checkpoint()
        add(node, 2)
        publisher.publish()
        size = head(node).size
        add(node, 300)
        assert node.log.files.read(f"tile/0/000.p/{size}")
        with pytest.raises(NotFound):
            node.log.files.read(path)


def test_the_thread_publishes_by_itself_and_once_more_at_the_end(tmp_path: Path) -> None:
    with publishing(tmp_path) as (node, publisher):
        publisher._seconds = 0.01
        publisher.start()
        for _ in range(20):
            add(node, 20)
        publisher.stop()
        publisher.publish()
        assert_published(node, node.status().log_size)
        assert isinstance(publisher, Publisher)
