"""A record with a bit of everything, and all that can be asked of a record, so that two can be compared."""

from __future__ import annotations

import contextlib
import datetime
import io
from typing import TYPE_CHECKING, Any

import msgspec

from rxtrail import simulate
from rxtrail.answers import CountIn, ExportFilters
from rxtrail.bootstrap import open_node
from rxtrail.bootstrap.engines import keeper_of
from rxtrail.errors import RxtrailError
from rxtrail.sealing.root_file import parse
from tests import story
from tests.story import (
    BLISTER_GTIN,
    EXPIRY,
    LOT,
    OTHER_PHARMACY,
    OUTSIDER,
    PHARMACY,
    WHOLESALER,
    delivery,
    dispensed,
    made,
    made_unit,
    pack,
    packed,
    packs,
    recalled_lot,
    received,
    scene,
    shipped,
    sscc,
    unpacked,
)

if TYPE_CHECKING:
    from pathlib import Path

    from rxtrail.bootstrap import Node

SERIALS = packs(6)
ODD = [pack("A/B%C+D?E&F\"G<H>I'J"), pack("x" * 20), pack("0"), pack("!"), pack("~")]
LONG_ID = "https://example.org/events/" + "long \\ \t \n 'name' \u20ac/" * 8


def tell(folder: Path) -> None:
    """Capture, dispense, recall, scan: rows in every table that a story can fill."""
    with scene(folder, "hub") as told:
        told.partners((WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy"), (OTHER_PHARMACY, "pharmacy"))
        told.capture(*delivery(*SERIALS[:4], unit=sscc(1)), receiver=PHARMACY, instance="one")
        told.capture(*delivery(*SERIALS[:4], unit=sscc(1)), sender=WHOLESALER, syntax="json", form="link")
        told.capture(received(sscc(1)), sender=PHARMACY)
        told.capture(made(*ODD, event_id=LONG_ID, lot="L\\t 1"), syntax="json")
        told.capture(made(pack("B1", BLISTER_GTIN)), made_unit(sscc(2)), packed(sscc(2), pack("B1", BLISTER_GTIN)))
        told.capture(made(SERIALS[4], SERIALS[5]), shipped(SERIALS[4], buyer=WHOLESALER))
        wrong = dispensed(SERIALS[5])
        told.capture(wrong, wrong.declared_wrong(70), sender=PHARMACY)
        told.capture(made(SERIALS[0], lot="OTHER"), sender=OUTSIDER)
        told.capture(unpacked(sscc(1), SERIALS[0], SERIALS[1]), sender=PHARMACY)
        told.capture(made(pack("R1"), lot="RECALLED"), recalled_lot("RECALLED"))
        told.verify(SERIALS[0], site=PHARMACY)
        with contextlib.suppress(RxtrailError):
            told.change("dispense", SERIALS[1], site=PHARMACY, key="once")
        told.change("hold", SERIALS[2], site=PHARMACY, reason="looks odd", key="twice")
        told.node._writing()[0].do(lambda tx, log: tx.add_issued(story.GTIN, log.now, ["2345", "6789"]))
        told.node.count_in([CountIn(gtin=story.GTIN, serial="OLD1", lot=LOT, expiry=EXPIRY)], by="Ann")
        world = simulate.world(3, 200, datetime.date(2026, 11, 20))
        for file, data in simulate.documents(world):
            told.node.capture(io.BytesIO(data), name=str(file))


def everything(url: str, folder: Path) -> dict[str, Any]:
    """Ask a record, without writing it, for all that can be asked."""
    lend_root(folder, url)
    with story_clock(), open_node(folder, store_url=url, write=False, create=False) as node:
        return {
            **{f"{what} {fmt}": _export(node, what, fmt) for what in ("packs", "events") for fmt in FORMATS[what]},
            "verdicts": [_verdict(node, epc) for epc in CODES],
            "journeys": [_journey(node, epc) for epc in CODES],
            "documents": node.documents(limit=1000),
            "raw": [b"".join(node.document_raw(document.sha256)) for document in node.documents(limit=1000)],
            "receipts": [node.document_receipt(document.sha256) for document in node.documents(limit=1000)],
            "jobs": node.jobs(limit=1000),
            "partners": node.partners(),
            "status": msgspec.structs.replace(node.status(), store_bytes=0),
        }


def lend_root(folder: Path, url: str) -> None:
    """Give a data folder the root key that a folder beside it has, as somebody does who sets up one more machine."""
    keeper = keeper_of(folder, url)
    for other in sorted(keeper.folder.parent.glob("*/keys/root.key")):
        if keeper.file() is None:
            keeper.adopt(parse(other.read_bytes(), str(other)))


FORMATS = {"packs": ("json", "csv"), "events": ("json", "epcis")}
CODES = [*SERIALS, *ODD, pack("B1", BLISTER_GTIN), pack("OLD1"), pack("R1"), pack("nobody"), sscc(1), sscc(2)]


def story_clock() -> contextlib.AbstractContextManager[object]:
    """Have the time stand still, so that two answers are the same."""
    from unittest import mock

    from rxtrail import clock

    time = story.Time()
    stack = contextlib.ExitStack()
    stack.enter_context(mock.patch.object(clock, "now_us", time.now_us))
    stack.enter_context(mock.patch.object(clock, "today", time.today))
    return stack


def _export(node: Node, what: str, fmt: str) -> bytes:
    return b"".join(node.export(what, fmt, filters=ExportFilters()))


def _verdict(node: Node, epc: str) -> Any:
    code = epc if epc.startswith("00/") else story.element_string(epc)
    return node.verify(code, site=PHARMACY.gln)


def _journey(node: Node, epc: str) -> Any:
    try:
        return node.trace(epc)
    except RxtrailError as error:
        return error.code
