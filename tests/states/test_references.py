"""Prescription references: kept under this node's own key, shown to its own people, and nowhere else to be found."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.errors import BadRequest
from rxtrail.secrets_box import KEY_FILE, NotOpened, SecretsBox, open_box
from tests import story
from tests.story import PHARMACY, WHOLESALER, Scene, delivery, element_string, packs

if TYPE_CHECKING:
    from pathlib import Path

PACKS = packs(3)
SECRET = "RX-SECRET-4711"


@pytest.fixture
def counter(pharmacy: Scene) -> Scene:
    pharmacy.capture(*delivery(*PACKS))
    return pharmacy


def everything_on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_a_reference_is_shown_with_its_change_and_is_in_no_file_and_no_record(counter: Scene) -> None:
    first = counter.change("dispense", PACKS[0], site=PHARMACY, ref=SECRET, partial="10 of 30")
    counter.time.pass_by(seconds=1)
    second = counter.change("dispense", PACKS[0], site=PHARMACY, ref="RX-2")
    found = counter.node.references(element_string(PACKS[0]))
    assert [(each.log_index, each.verb, each.ref) for each in found] == [
        (first.log_index, "dispense", SECRET),
        (second.log_index, "dispense", "RX-2"),
    ]
    assert counter.node.references(element_string(PACKS[1])) == []
    exports = b"".join(counter.export(what, fmt) for what in ("events", "packs") for fmt in ("json", "csv"))
    records = b"".join(body for _, body in counter.node._reader().records_from(0, 10_000))
    for place in (exports, records, everything_on_disk(counter.node.data)):
        assert SECRET.encode() not in place


def test_a_reference_of_a_container_and_of_a_list_is_kept_too(counter: Scene) -> None:
    unit = story.sscc(1)
    counter.change("receive", unit, site=PHARMACY, ref="PO-7")
    assert [each.ref for each in counter.node.references(unit[3:])] == ["PO-7"]
    with pytest.raises(BadRequest):
        counter.node.references("hello")


def test_the_key_lies_in_a_file_that_only_its_owner_reads_and_is_the_same_after_a_restart(tmp_path: Path) -> None:
    with story.scene(tmp_path, "pharmacy", PHARMACY) as scene:
        scene.capture(*delivery(*PACKS))
        scene.change("hold", PACKS[0], site=PHARMACY, reason="wet", ref=SECRET)
    key = tmp_path / "keys" / KEY_FILE
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.parent.stat().st_mode & 0o777 == 0o700
    with story.scene(tmp_path) as scene:
        assert [each.ref for each in scene.node.references(element_string(PACKS[0]))] == [SECRET]
    key.unlink()
    with story.scene(tmp_path) as scene, pytest.raises(NotOpened):
        scene.node.references(element_string(PACKS[0]))


@given(st.text(), st.text())
def test_what_is_sealed_is_opened_only_by_its_key_and_for_what_it_belongs_to(text: str, about: str) -> None:
    text, about = (each.encode(errors="replace").decode() for each in (text, about))
    box = SecretsBox(b"k" * 32, os.urandom)
    sealed = box.seal(text, about=about)
    assert box.open(sealed, about=about) == text
    assert sealed != box.seal(text, about=about), "two seals of one text are not alike"
    for wrong in (sealed[:-1] + bytes([sealed[-1] ^ 1]), b"\x02" + sealed[1:], sealed[:5], b""):
        with pytest.raises(NotOpened):
            box.open(wrong, about=about)
    with pytest.raises(NotOpened):
        box.open(sealed, about=about + "x")
    with pytest.raises(NotOpened):
        SecretsBox(b"l" * 32, os.urandom).open(sealed, about=about)


def test_a_key_file_that_was_cut_off_is_named(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_bytes(b"short")
    (tmp_path / KEY_FILE).chmod(0o600)
    with pytest.raises(NotOpened, match=KEY_FILE):
        open_box(tmp_path, os.urandom)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    open_box(tmp_path, os.urandom)
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(NotOpened, match="others on this machine"):
        open_box(tmp_path, os.urandom)


def test_two_processes_that_begin_at_once_have_one_key(tmp_path: Path) -> None:
    boxes = [open_box(tmp_path / "keys", os.urandom) for _ in range(2)]
    assert boxes[1].open(boxes[0].seal(SECRET, about="x"), about="x") == SECRET
    assert [path.name for path in (tmp_path / "keys").iterdir()] == [KEY_FILE]


def test_who_gets_a_pack_back_is_told_no_reference(counter: Scene) -> None:
    counter.change("return", PACKS[0], site=PHARMACY, to=WHOLESALER.gln, ref=SECRET)
    assert SECRET.encode() not in counter.export("events", "epcis")
