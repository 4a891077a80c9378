"""The simulated files through the program's own doors: the reader, the node, and the codes to try."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING

import pytest

from rxtrail import clock, simulate
from rxtrail.bootstrap import Node, open_node
from rxtrail.core.epcis.reader import open_document
from rxtrail.core.rules.answer import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TODAY = dt.date(2026, 11, 23)


def test_the_reader_finds_nothing_to_say_about_a_simulated_file() -> None:
    world = simulate.world(7, 600, TODAY)
    events = 0
    for file, (_, data) in zip(world.files, simulate.documents(world), strict=True):
        document = open_document(io.BytesIO(data))
        for _, findings, _ in document:
            assert not findings
            events += 1
        assert not document.findings
        assert document.header.sender == file.speaker.gln
        assert document.header.receiver == file.receiver.gln
        assert (document.header.statement is not None) == file.transfers
    assert events == sum(len(file.steps) for file in world.files)


SEED = 11


@pytest.fixture(scope="module")
def world() -> simulate.World:
    return simulate.world(SEED, 900, clock.today())


@pytest.fixture(scope="module")
def hub(world: simulate.World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with open_node(tmp_path_factory.mktemp("hub")) as node:
        node.init("hub", [world.hub.gln], default_site=world.default_site)
        node.load_partners(simulate.partners_csv(world))
        packages = 0
        for name, data in simulate.documents(world):
            receipt = node.capture(io.BytesIO(data), name=name)
            assert receipt.new_events == receipt.events
            packages += receipt.packages
        cases = sum(-(-lot.packs // 12) for lot in world.lots)
        assert packages == world.packs + cases
        yield node


def test_the_six_codes_answer_as_their_labels_say(hub: Node, world: simulate.World) -> None:
    codes = simulate.demo_codes(hub, site=world.default_site, seed=SEED, today=world.today)
    said = {}
    for code in codes:
        verdict = hub.verify(code.code, site=code.site)
        said[code.label] = (verdict.verdict, verdict.reasons[0].code if verdict.reasons else "")
    assert said == {
        "fine": (Answer.OK, ""),
        "recalled": (Answer.STOP, "recalled"),
        "already-dispensed": (said["already-dispensed"][0], "already-dispensed-here"),
        "unknown": (Answer.STOP, "unknown-serial"),
        "off-route": (Answer.STOP, "not-shipped-to-you"),
        "expired": (Answer.STOP, "expired"),
    }
    assert said["already-dispensed"][0] in (Answer.STOP, Answer.CHECK)


def test_every_sound_pack_on_a_shelf_is_ok_and_no_unsound_one_is(hub: Node, world: simulate.World) -> None:
    fates = {lot.number: lot.fate for lot in world.lots}
    for scan in simulate.scans(world):
        verdict = hub.verify(scan.scan, site=scan.site)
        reasons = [reason.code for reason in verdict.reasons]
        fate = fates[verdict.pack.lot]
        assert reasons == ([] if fate == "good" else [fate])
        assert (verdict.verdict is Answer.OK) == (fate == "good")


def test_the_same_files_again_change_nothing(hub: Node, world: simulate.World) -> None:
    before = hub.status()
    for name, data in simulate.documents(world):
        receipt = hub.capture(io.BytesIO(data), name=name)
        assert (receipt.new_events, receipt.packages) == (0, 0)
    assert (hub.status().packages, hub.status().events) == (before.packages, before.events)


def test_the_demo_pharmacy_alone_gets_ok_from_its_suppliers_files(world: simulate.World, tmp_path: Path) -> None:
    """A pharmacy holds only what was sent to it, and that stands alone."""
    mine = world.default_site
    with open_node(tmp_path) as node:
        node.init("pharmacy", [mine])
        node.load_partners(simulate.partners_csv(world))
        for file, (name, data) in zip(world.files, simulate.documents(world), strict=True):
            if mine in (file.receiver.gln, file.speaker.gln):
                node.capture(io.BytesIO(data), name=name)
        fates = {lot.number: lot.fate for lot in world.lots}
        scans = [scan for scan in simulate.scans(world) if scan.site == mine]
        assert scans
        for scan in scans:
            verdict = node.verify(scan.scan, site=mine)
            expired = fates[verdict.pack.lot] == "expired"
            # The recall went to the hub and not to this pharmacy, so its own record cannot know of it.
            assert [reason.code for reason in verdict.reasons] == (["expired"] if expired else []), scan
