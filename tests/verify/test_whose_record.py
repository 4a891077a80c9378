"""What a record of one's own may and may not say: nothing read is never ok, nothing finished is never early."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING

import msgspec
import pytest

from rxtrail.bootstrap import open_node
from rxtrail.errors import BadRequest
from rxtrail.store.rows import RecordKind
from tests import story
from tests.story import (
    GTIN,
    LOT,
    MAKER,
    OTHER_PHARMACY,
    PHARMACY,
    PHARMACY_ANNEX,
    WHOLESALER,
    Party,
    Scene,
    delivery,
    element_string,
    made,
    pack,
    packs,
    reasons,
    shipped,
    sscc,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rxtrail.core.rules.answer import Verdict

OLD = "2026-10-31"
PACK = pack("S0")


def says(verdict: Verdict) -> str:
    return verdict.verdict.value


# -- an empty record -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "own", "expected"),
    [
        ("", (), {"unknown-product": "stop"}),
        ("maker", (MAKER,), {"unknown-product": "stop"}),
        ("maker", (story.OTHER_MAKER,), {"no-transaction-data": "check"}),
        ("wholesaler", (WHOLESALER,), {"no-transaction-data": "check"}),
        ("pharmacy", (PHARMACY,), {"no-transaction-data": "check"}),
    ],
    ids=["hub", "its maker", "another maker", "wholesaler", "pharmacy"],
)
def test_on_an_empty_record_only_the_issuer_and_a_hub_call_a_pack_unknown(
    role: str, own: tuple[Party, ...], expected: dict[str, str], tmp_path: Path
) -> None:
    with story.scene(tmp_path, role, *own) as empty:
        assert reasons(empty.verify(PACK)) == expected
        assert reasons(empty.verify(PACK, expiry=OLD)) == expected | {"expired": "stop"}
        assert says(empty.verify(PACK, expiry=OLD)) == "stop"


def test_no_transaction_data_tells_all_four_ways_out(bare_pharmacy: Scene) -> None:
    (reason,) = bare_pharmacy.verify(PACK).reasons
    assert "set aside" in reason.message.lower()
    for way in ("load", "ask the supplier", "ask the maker", "count"):
        assert way in reason.next.lower()


def test_a_recall_of_a_lot_is_heard_by_a_pharmacy_that_holds_no_pack_of_it(pharmacy: Scene) -> None:
    pharmacy.capture(story.recalled_lot())
    assert reasons(pharmacy.verify(PACK)) == {"no-transaction-data": "check", "recalled": "stop"}
    assert reasons(pharmacy.verify(PACK, lot="OTHER")) == {"no-transaction-data": "check"}


def test_a_recall_of_a_lot_is_judged_on_a_code_without_a_serial(pharmacy: Scene) -> None:
    pharmacy.capture(story.recalled_lot())
    verdict = pharmacy.node.verify(f"]d201{GTIN}17280930\x1d10{LOT}")
    assert reasons(verdict) == {"recalled": "stop", "not-serialised": "check"}


def test_an_outsiders_recall_of_a_lot_is_not_believed(pharmacy: Scene) -> None:
    pharmacy.capture(*delivery(PACK))
    pharmacy.capture(story.recalled_lot(at=story.OUTSIDER), sender=story.OUTSIDER)
    assert says(pharmacy.verify(PACK)) == "ok"


# -- what was shipped to one's own places --------------------------------------------------------------------------


@pytest.mark.parametrize("buyer", [PHARMACY, PHARMACY_ANNEX], ids=["main", "annex"])
@pytest.mark.parametrize("site", [PHARMACY, PHARMACY_ANNEX, None], ids=["at main", "at annex", "no site"])
def test_what_was_shipped_to_any_own_place_is_ok_without_a_receipt(
    buyer: Party, site: Party | None, pharmacy: Scene
) -> None:
    pharmacy.capture(*delivery(PACK, buyer=buyer))
    verdict = pharmacy.verify(PACK, site=site)
    assert says(verdict) == "ok"
    assert verdict.state.custodian == buyer.gln
    assert verdict.state.in_transit_to == ""


def test_without_a_site_no_rule_about_places_applies_and_the_verdict_says_so(hub: Scene) -> None:
    hub.capture(*delivery(PACK, buyer=OTHER_PHARMACY))
    anywhere = hub.verify(PACK)
    assert says(anywhere) == "ok"
    assert anywhere.record.not_checked == ["custody"]
    here = hub.verify(PACK, site=PHARMACY)
    assert reasons(here) == {"not-shipped-to-you": "stop"}
    assert here.record.not_checked == []


def test_gaps_upstream_of_the_direct_seller_are_no_reason(pharmacy: Scene) -> None:
    # The wholesaler's own file restates the making; how it came to the wholesaler is not in it.
    pharmacy.capture(made(PACK), shipped(PACK, seller=WHOLESALER), sender=WHOLESALER)
    verdict = pharmacy.verify(PACK, site=PHARMACY)
    assert (says(verdict), verdict.reasons) == ("ok", [])
    assert verdict.record.basis == "supplier"


# -- while a file is being written ---------------------------------------------------------------------------------


def test_a_pack_of_an_accepted_file_is_unconfirmed_until_its_facts_are_in(pharmacy: Scene) -> None:
    node = pharmacy.node
    assert node._capture is not None
    accepted = node._capture.accept(io.BytesIO(story.xml(delivery(PACK))), name="late.xml")
    node._captured(None)
    before = pharmacy.verify(PACK, site=PHARMACY)
    assert (says(before), reasons(before)) == ("unconfirmed", {"unreachable": "unconfirmed"})
    assert says(pharmacy.verify(PACK, expiry=OLD)) == "stop", "what needs no record is judged all the same"
    assert says(pharmacy.verify(pack("S0", story.gtin("99999")))) == "check", "a product the file does not name"
    node._capture.apply(accepted)
    node._captured(None)
    assert says(pharmacy.verify(PACK, site=PHARMACY)) == "ok"


@pytest.mark.parametrize("role", ["hub", "pharmacy"])
def test_between_two_batches_neither_written_nor_unwritten_packs_are_ok_or_unknown(role: str, tmp_path: Path) -> None:
    lots = [packs(26_000, start=f"{letter}-") for letter in "ABC"]
    units = [sscc(number) for number in range(len(lots))]
    events = []
    for minute, (lot, unit) in enumerate(zip(lots, units, strict=True)):
        events += [made(*lot, minute=minute), story.packed(unit, *lot, minute=minute)]
    document = story.xml([*events, shipped(*units)])
    seen: list[tuple[bool, set[str]]] = []
    with story.scene(tmp_path, role, *([PHARMACY] if role == "pharmacy" else [])) as scene:

        def look(applied: int, total: int) -> None:
            answers = {says(scene.verify(lot[at], site=PHARMACY)) for lot in lots for at in (0, -1)}
            seen.append((applied < total, answers))

        scene.node.capture(io.BytesIO(document), name="large.xml", progress=look)
        assert [answers for running, answers in seen if running], "the document took more than one batch"
        assert all(answers == {"unconfirmed"} for running, answers in seen if running)
        assert {says(scene.verify(lot[at], site=PHARMACY)) for lot in lots for at in (0, -1)} == {"ok"}


def test_a_file_that_is_being_written_hides_no_stop(pharmacy: Scene) -> None:
    pharmacy.capture(made(PACK), shipped(PACK), story.destroyed(PACK))
    node = pharmacy.node
    assert node._capture is not None
    node._capture.accept(io.BytesIO(story.xml(delivery(pack("S1")))), name="late.xml")
    node._captured(None)
    assert says(pharmacy.verify(PACK)) == "stop"


# -- texts that are no pack ----------------------------------------------------------------------------------------

SCAN_FAULTS = {"wrong-barcode", "bad-check-digit", "scanner-fault", "ambiguous-scan", "not-serialised"}
WRONG_TEXTS = {
    "nothing": "",
    "blanks": " \t\r\n",
    "10 kB of letters": "A" * 10_000,
    "10 kB of digits": "0" * 10_000,
    "10 kB after a good start": element_string(PACK) + "X" * 10_000,
    "every control character": "".join(map(chr, range(32))),
    "one control character": "\x1d",
    "NUL in the middle": element_string(PACK).replace("21S0", "21S\x000"),
    "delete": "\x7f" * 8,
    "lone surrogate": "\ud800",
    "other digits": "٠١٢٣٤٥٦٧٨٩٠١٢٣",
    "emoji": "💊" * 20,
    "markup": "<script>alert(1)</script>",
    "an SSCC": sscc(1)[3:],
    "a price": "9.99",
}


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Scene]]:
    """A hub and a pharmacy that hold one pack."""
    with contextlib.ExitStack() as stack:
        opened = {
            role: stack.enter_context(story.scene(tmp_path_factory.mktemp(role), role, PHARMACY))
            for role in ("hub", "pharmacy")
        }
        for scene in opened.values():
            scene.capture(*delivery(PACK))
        yield opened


@pytest.mark.parametrize("role", ["hub", "pharmacy"])
@pytest.mark.parametrize("name", WRONG_TEXTS)
def test_a_text_that_is_no_pack_is_a_named_check_and_never_ok(name: str, role: str, nodes: dict[str, Scene]) -> None:
    verdict = nodes[role].node.verify(WRONG_TEXTS[name], site=PHARMACY.gln)
    assert says(verdict) == "check"
    assert len(verdict.reasons) == 1
    assert verdict.reasons[0].code in SCAN_FAULTS
    assert verdict.reasons[0].next
    assert (verdict.matched.serial, verdict.record.basis) == ("not-held", "none")
    assert msgspec.json.encode(verdict), "every verdict can be sent"


@pytest.mark.parametrize(("purpose", "site"), [("sell", ""), ("dispense", "12"), ("dispense", "030000000000X")])
def test_a_question_that_does_not_fit_is_refused_by_name(purpose: str, site: str, hub: Scene) -> None:
    with pytest.raises(BadRequest) as refused:
        hub.node.verify(element_string(PACK), purpose=purpose, site=site)
    assert refused.value.place == ("purpose" if purpose == "sell" else "site")


# -- what verify writes --------------------------------------------------------------------------------------------


def scans(folder: Path) -> list[list[object]]:
    with open_node(folder, write=False) as node:
        rows = node._reader().records_from(0, 10_000)
    return [
        msgspec.msgpack.decode(body[1:])
        for record, body in rows
        if record.kind == RecordKind.SCAN and body[:1] == b"\x01"
    ]


def test_every_scan_is_recorded_with_what_was_answered(tmp_path: Path) -> None:
    with story.scene(tmp_path, "pharmacy", PHARMACY) as scene:
        scene.capture(*delivery(PACK))
        before = scene.packs()
        code = element_string(PACK)
        scene.node.verify(code, site=PHARMACY.gln, purpose="receive", key="k1")
        scene.node.verify(element_string(pack("NOBODYS")))
        scene.node.verify("")
        assert scene.packs() == before, "a scan changes nothing"
    told = [note[1:] for note in scans(tmp_path)]
    assert told == [
        [code, GTIN, "S0", PHARMACY.gln, "receive", "k1", "ok", []],
        [element_string(pack("NOBODYS")), GTIN, "NOBODYS", "", "dispense", "", "check", ["no-transaction-data"]],
        ["", "", "", "", "dispense", "", "check", ["scanner-fault"]],
    ]


def test_scans_take_positions_of_the_log_but_are_no_events(tmp_path: Path) -> None:
    with story.scene(tmp_path) as scene:
        scene.capture(*delivery(PACK))
        events, log_size = scene.export("events"), scene.node.status().log_size
        for _ in range(25):
            scene.verify(PACK)
    with open_node(tmp_path, write=False) as node:
        assert node.status().log_size >= log_size + 25 + 1, "and the blocks they lie in"
        assert b"".join(node.export("events", "json")) == events
    assert len(scans(tmp_path)) == 25


def test_a_long_text_is_recorded_cut_and_a_lone_surrogate_does_not_stop_the_record(tmp_path: Path) -> None:
    with story.scene(tmp_path) as scene:
        scene.capture(*delivery(PACK))
        scene.node.verify("A" * 10_000)
        scene.node.verify("\ud800")
        scene.verify(PACK)
    texts = [str(note[1]) for note in scans(tmp_path)]
    assert len(texts) == 3
    assert texts[0] == "A" * 4096
    assert texts[2] == element_string(PACK)
