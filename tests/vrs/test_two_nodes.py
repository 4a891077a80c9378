"""Two nodes of one machine verify each other over HTTP: what the maker says joins what the own record says."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from rxtrail.errors import BadRequest
from rxtrail.vrs import Transfer
from tests.story import (
    EXPIRY,
    GTIN,
    LOT,
    MAKER,
    OTHER_MAKER,
    OTHER_PHARMACY,
    PHARMACY,
    WHOLESALER,
    Told,
    delivery,
    destroyed,
    element_string,
    gtin,
    pack,
    reasons,
    recalled_lot,
    sscc,
    stolen,
)
from tests.vrs.conftest import HEADER, KNOWN

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.core.rules.answer import Verdict
    from tests.story import Scene, Time


def ask(asker: Scene, epc: str, *, lot: str = LOT, expiry: str = EXPIRY, **more: Any) -> Verdict:
    return asker.node.vrs.verify(element_string(epc, lot=lot, expiry=expiry), **more)


def test_the_makers_yes_leaves_a_good_pack_ok(pharmacy: Scene, route: Callable[[Scene], None]) -> None:
    route(pharmacy)
    verdict = ask(pharmacy, pack(KNOWN), site=PHARMACY.gln)
    assert (verdict.verdict.value, reasons(verdict)) == ("ok", {"verified-by-maker": "info"})
    assert verdict.record.basis == "issuer"


def test_the_makers_yes_does_not_cure_missing_transaction_data(
    wholesaler: Scene, maker: Scene, route: Callable[[Scene], None]
) -> None:
    route(wholesaler)
    maker.capture(*_late_delivery())
    verdict = ask(wholesaler, pack("LATE"))
    assert (verdict.verdict.value, reasons(verdict)) == (
        "check",
        {"no-transaction-data": "check", "verified-by-maker": "info"},
    )
    assert verdict.record.basis == "vrs"
    assert (verdict.matched.serial, verdict.matched.lot, verdict.matched.expiry) == ("yes", "yes", "yes")


def _late_delivery() -> list[Told]:
    return delivery(pack("LATE"), unit=sscc(2))


def test_a_serial_that_the_maker_does_not_know_stops(pharmacy: Scene, route: Callable[[Scene], None]) -> None:
    route(pharmacy)
    verdict = ask(pharmacy, pack("INVENTED"))
    assert (verdict.verdict.value, reasons(verdict)) == ("stop", {"unknown-serial": "stop"})
    assert (verdict.headline, verdict.record.basis, verdict.matched.serial) == ("Do not dispense", "vrs", "no")


@pytest.mark.parametrize(
    ("lot", "expiry", "matched", "codes"),
    [
        ("OTHER", EXPIRY, ("yes", "no", "yes"), {"lot-mismatch"}),
        (LOT, "2029-01-31", ("yes", "yes", "no"), {"expiry-mismatch"}),
        ("OTHER", "2029-01-31", ("yes", "no", "no"), {"lot-mismatch", "expiry-mismatch"}),
    ],
)
def test_what_the_maker_finds_different_stops(
    maker: Scene,
    wholesaler: Scene,
    route: Callable[[Scene], None],
    lot: str,
    expiry: str,
    matched: tuple[str, str, str],
    codes: set[str],
) -> None:
    route(wholesaler)
    maker.capture(*_late_delivery())
    verdict = ask(wholesaler, pack("LATE"), lot=lot, expiry=expiry)
    assert verdict.verdict.value == "stop"
    assert reasons(verdict) == {**dict.fromkeys(codes, "stop"), "no-transaction-data": "check"}
    assert (verdict.matched.serial, verdict.matched.lot, verdict.matched.expiry) == matched


def test_what_happened_at_the_maker_stops_here(pharmacy: Scene, maker: Scene, route: Callable[[Scene], None]) -> None:
    route(pharmacy)
    maker.capture(destroyed(pack("S1"), minute=200))
    verdict = ask(pharmacy, pack("S1"))
    assert (verdict.verdict.value, reasons(verdict)) == ("stop", {"not-for-redistribution": "stop"})


def test_a_recall_and_a_theft_come_down_with_the_answer(
    pharmacy: Scene, maker: Scene, route: Callable[[Scene], None]
) -> None:
    route(pharmacy)
    maker.capture(recalled_lot())
    verdict = ask(pharmacy, pack(KNOWN))
    assert reasons(verdict) == {"not-for-redistribution": "stop", "recalled": "stop"}
    maker.capture(stolen(pack("S1"), minute=200))
    assert "suspect" in reasons(ask(pharmacy, pack("S1")))


def test_a_recalled_pack_may_be_verified_with_the_word_recalled(
    pharmacy: Scene, maker: Scene, route: Callable[[Scene], None]
) -> None:
    route(pharmacy)
    maker.capture(recalled_lot())
    maker.node.vrs.change_settings({"recalled_is_verified": True})
    verdict = ask(pharmacy, pack(KNOWN))
    assert (verdict.verdict.value, reasons(verdict)) == ("stop", {"recalled": "stop", "verified-by-maker": "info"})


def test_an_own_product_is_answered_from_the_own_record(maker: Scene) -> None:
    verdict = ask(maker, pack("S1"))
    assert verdict.record.basis == "issuer"
    assert maker.node.vrs.exchanges() == []


def test_a_product_without_a_route_is_unconfirmed(pharmacy: Scene) -> None:
    verdict = ask(pharmacy, pack("S1"))
    assert (verdict.verdict.value, reasons(verdict)) == ("unconfirmed", {"unreachable": "unconfirmed"})
    assert "directory" in verdict.reasons[0].next


def test_nobody_there_is_unconfirmed_and_says_what_to_do(pharmacy: Scene) -> None:
    pharmacy.node.vrs.load_directory(
        (HEADER + f",{MAKER.prefix},http://127.0.0.1:9/vrs,{MAKER.gln},2026-01-01,\n").encode()
    )
    pharmacy.node.vrs.change_settings({"retries": 1, "seconds": 1})
    verdict = ask(pharmacy, pack("S1"))
    assert (verdict.verdict.value, reasons(verdict)) == ("unconfirmed", {"unreachable": "unconfirmed"})
    assert verdict.reasons[0].next
    exchange = pharmacy.node.vrs.exchanges()[0]
    assert (exchange.status, exchange.verified, exchange.attempts) == (0, None, 2)


def test_a_stop_of_the_own_record_stays_a_stop_when_the_maker_is_silent(pharmacy: Scene) -> None:
    pharmacy.capture(recalled_lot())
    assert ask(pharmacy, pack("S1")).verdict.value == "stop"


def test_dispensing_and_plain_verifying_ask_nobody(
    pharmacy: Scene, maker: Scene, route: Callable[[Scene], None]
) -> None:
    route(pharmacy)
    assert pharmacy.verify(pack("S1"), site=PHARMACY).verdict.value == "ok"
    pharmacy.change("dispense", pack("S1"), site=PHARMACY)
    assert maker.node.vrs.exchanges() == pharmacy.node.vrs.exchanges() == []


def test_both_sides_keep_the_exchange_under_one_uuid(
    pharmacy: Scene, maker: Scene, route: Callable[[Scene], None]
) -> None:
    route(pharmacy)
    ask(pharmacy, pack(KNOWN), attest=True)
    [asked], [answered] = pharmacy.node.vrs.exchanges(), maker.node.vrs.exchanges()
    assert asked.corr_uuid == answered.corr_uuid
    assert (asked.direction, answered.direction) == ("asked", "answered")
    for exchange in (asked, answered):
        assert (exchange.requester_gln, exchange.responder_gln) == (PHARMACY.gln, MAKER.gln)
        assert (exchange.gtin, exchange.serial, exchange.lot, exchange.expiry) == (GTIN, KNOWN, LOT, "280930")
        assert (exchange.status, exchange.verified, exchange.ctrl_possess_att) == (200, True, True)
        assert exchange.log_index >= 0


def test_the_same_question_within_a_minute_is_answered_from_memory(
    pharmacy: Scene, maker: Scene, route: Callable[[Scene], None]
) -> None:
    route(pharmacy)
    first, second = ask(pharmacy, pack(KNOWN)), ask(pharmacy, pack(KNOWN))
    assert first.reasons == second.reasons
    assert len(maker.node.vrs.exchanges()) == len(pharmacy.node.vrs.exchanges()) == 1
    pharmacy.node.vrs.change_settings({"cache_seconds": 0})
    ask(pharmacy, pack(KNOWN))
    ask(pharmacy, pack(KNOWN))
    assert len(maker.node.vrs.exchanges()) == 3


def test_a_scan_that_names_no_pack_is_not_asked(pharmacy: Scene, maker: Scene, route: Callable[[Scene], None]) -> None:
    route(pharmacy)
    for scan in ("5012345678900", "nonsense", ""):
        assert pharmacy.node.vrs.verify(scan).verdict.value in ("check", "not-covered")
    without_lot = ask(pharmacy, pack("S1"), lot="")
    assert "maker-not-asked" in reasons(without_lot)
    assert maker.node.vrs.exchanges() == []


def test_an_answer_of_somebody_else_is_not_taken(pharmacy: Scene, responder: str) -> None:
    table = HEADER + f",{MAKER.prefix},{responder},{OTHER_MAKER.gln},2026-01-01,\n"
    pharmacy.node.vrs.load_directory(table.encode())
    verdict = ask(pharmacy, pack(KNOWN))
    assert (verdict.verdict.value, reasons(verdict)) == ("unconfirmed", {"unreachable": "unconfirmed"})


def test_after_a_transfer_the_new_owner_is_asked(
    pharmacy: Scene, maker: Scene, time: Time, route: Callable[[Scene], None]
) -> None:
    route(pharmacy)
    order = Transfer(owner_gln=OTHER_MAKER.gln, url="http://127.0.0.1:9/vrs", day="2026-12-01", gtin=GTIN)
    pharmacy.node.vrs.transfer(order)
    pharmacy.node.vrs.change_settings({"retries": 0, "cache_seconds": 0})
    assert ask(pharmacy, pack(KNOWN)).verdict.value == "ok"
    time.now = datetime.datetime(2026, 12, 1, 12, tzinfo=datetime.UTC)
    verdict = ask(pharmacy, pack(KNOWN))
    assert verdict.verdict.value == "unconfirmed"
    assert pharmacy.node.vrs.exchanges()[0].url == "http://127.0.0.1:9/vrs"


# -- a wholesaler's saleable return ------------------------------------------------------------------------------------


def test_a_return_of_ones_own_sale_that_the_maker_verified_is_ok(
    wholesaler: Scene, route: Callable[[Scene], None]
) -> None:
    route(wholesaler)
    verdict = ask(wholesaler, pack("S1"), site=WHOLESALER.gln, purpose="return", customer=PHARMACY.gln)
    assert (verdict.verdict.value, verdict.headline) == ("ok", "OK to take back")
    assert reasons(verdict) == {"sold-by-you": "info", "verified-by-maker": "info"}
    assert wholesaler.node.vrs.exchanges()[0].context == "dscsaSaleableReturn"


def test_a_return_that_nobody_asked_the_maker_about_is_unconfirmed(wholesaler: Scene) -> None:
    verdict = wholesaler.verify(pack("S1"), site=WHOLESALER, purpose="return")
    assert verdict.verdict.value == "unconfirmed"
    assert reasons(verdict) == {"maker-not-asked": "unconfirmed", "sold-by-you": "info"}


def test_a_return_without_a_reply_is_unconfirmed(wholesaler: Scene) -> None:
    table = HEADER + f",{MAKER.prefix},http://127.0.0.1:9/vrs,{MAKER.gln},2026-01-01,\n"
    wholesaler.node.vrs.load_directory(table.encode())
    wholesaler.node.vrs.change_settings({"retries": 0})
    verdict = ask(wholesaler, pack("S1"), purpose="return", customer=PHARMACY.gln)
    assert reasons(verdict) == {"unreachable": "unconfirmed", "sold-by-you": "info"}


def test_a_return_of_what_one_never_sold_is_not_linked(wholesaler: Scene, route: Callable[[Scene], None]) -> None:
    route(wholesaler)
    verdict = ask(wholesaler, pack(KNOWN), purpose="return", customer=PHARMACY.gln)
    assert (verdict.verdict.value, reasons(verdict)) == (
        "check",
        {"return-not-linked": "check", "verified-by-maker": "info"},
    )


def test_a_return_by_another_customer_than_the_buyer_stops(wholesaler: Scene, route: Callable[[Scene], None]) -> None:
    route(wholesaler)
    verdict = ask(wholesaler, pack("S1"), purpose="return", customer=OTHER_PHARMACY.gln)
    assert (verdict.verdict.value, verdict.headline) == ("stop", "Do not put back to stock")
    assert reasons(verdict)["return-not-linked"] == "stop"


def test_a_voided_sale_is_no_sale(wholesaler: Scene, route: Callable[[Scene], None]) -> None:
    route(wholesaler)
    wholesaler.capture(
        Told(110, "void_shipping", "in_progress", "OBSERVE", (pack("S1"),), at=WHOLESALER), sender=WHOLESALER
    )
    verdict = ask(wholesaler, pack("S1"), purpose="return", customer=PHARMACY.gln)
    assert "return-not-linked" in reasons(verdict)


def test_a_return_that_the_maker_does_not_verify_is_never_ok(
    wholesaler: Scene, maker: Scene, route: Callable[[Scene], None]
) -> None:
    route(wholesaler)
    maker.capture(destroyed(pack("S1"), minute=200))
    assert ask(wholesaler, pack("S1"), purpose="return", customer=PHARMACY.gln).verdict.value == "stop"


def test_a_customer_that_is_no_gln_is_refused(wholesaler: Scene) -> None:
    with pytest.raises(BadRequest, match="not a 13-digit GLN"):
        ask(wholesaler, pack("S1"), purpose="return", customer="123")


# -- connectivity ------------------------------------------------------------------------------------------------------


def test_a_responder_tells_whether_it_handles_a_product(pharmacy: Scene, responder: str) -> None:
    found = pharmacy.node.vrs.check(responder, gtin=GTIN)
    assert (found.status, found.responder_gln, found.fault) == (200, MAKER.gln, "")
    foreign = pharmacy.node.vrs.check(responder, gtin=gtin(maker=OTHER_MAKER))
    assert (foreign.status, foreign.responder_gln) == (404, "")
    assert foreign.advice
    nobody = pharmacy.node.vrs.check("http://127.0.0.1:9/vrs", gtin=GTIN)
    assert (nobody.status, nobody.responder_gln) == (0, "")
    assert nobody.fault


def test_the_answer_stands_as_the_standard_has_it(responder: str) -> None:
    answer = httpx.get(
        f"{responder}/verify/gtin/{GTIN}/lot/{LOT}/ser/A%2FB%25C%2BD%3F?exp=280930&linkType=verificationService"
        f"&context=dscsaSaleableReturn&reqGLN={PHARMACY.gln}&corrUUID=08dd5e1b-0000-4000-8000-0123456789ab",
        headers={"GS1US-Version": "1.3.0"},
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.json() == {
        "verificationTimestamp": "2026-11-23T12:00:00.000Z",
        "responderGLN": MAKER.gln,
        "corrUUID": "08dd5e1b-0000-4000-8000-0123456789ab",
        "data": {"verified": True},
    }
