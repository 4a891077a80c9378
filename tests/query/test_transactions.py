"""Transaction information: who sold which packages to whom, as they were inside at that moment, in every form."""

from __future__ import annotations

import csv
import importlib
import io
import json
import re
import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from pyarrow import parquet

from rxtrail.answers import ExportFilters
from rxtrail.core.epcis.notes import Notes
from rxtrail.core.validation import validate
from rxtrail.ledger.prepare import restore
from tests import story
from tests.story import (
    CASE_GTIN,
    EXPIRY,
    GTIN,
    LOT,
    MAKER,
    PHARMACY,
    PHARMACY_ANNEX,
    SECOND_WHOLESALER,
    WHOLESALER,
    Told,
    delivery,
    gtin,
    made,
    made_unit,
    pack,
    packed,
    packs,
    shipped,
    sscc,
    unpacked,
)

if TYPE_CHECKING:
    from pathlib import Path

    from rxtrail.core.epcis.event import Event
    from tests.story import Party, Scene

NOTICE = "Seller has complied with each applicable subsection of FDCA Sec. 581(27)(A)-(G)."
UNIT, OTHER_UNIT, PALLET = sscc(1), sscc(2), sscc(3)
PACKS = packs(4)
TWO = gtin("55555")
SECOND = packs(3, TWO, start="T")


def document(
    *events: Told,
    sender: Party = MAKER,
    receiver: Party = WHOLESALER,
    notice: str | None = NOTICE,
    affirmed: str = "true",
    orders: tuple[tuple[str, str], ...] = (),
    transaction_date: str = "",
    master: str = "",
) -> bytes:
    """Write a DSCSA document: what the story's documents leave out stands beside their shipments."""
    text = story.xml(events, sender=sender, receiver=receiver).decode()
    ushc = ' xmlns:gs1ushc="http://epcis.gs1us.org/hc/ns"'
    if notice is not None:
        words = f"<gs1ushc:legalNotice>{notice}</gs1ushc:legalNotice>" if notice else ""
        statement = (
            f"<gs1ushc:dscsaTransactionStatement{ushc}><gs1ushc:affirmTransactionStatement>{affirmed}"
            f"</gs1ushc:affirmTransactionStatement>{words}</gs1ushc:dscsaTransactionStatement>"
        )
        text = text.replace("</EPCISHeader>", f"{master}{statement}</EPCISHeader>")
    listed = "".join(
        f'<bizTransaction type="urn:epcglobal:cbv:btt:{kind}">{value}</bizTransaction>' for kind, value in orders
    )
    before, mark, after = text.rpartition("bizstep:shipping")
    if listed:
        after = after.replace("<extension>", f"<bizTransactionList>{listed}</bizTransactionList><extension>", 1)
    if transaction_date:
        date = f"<gs1ushc:transactionDate{ushc}>{transaction_date}</gs1ushc:transactionDate>"
        after = after.replace("</ObjectEvent>", f"{date}</ObjectEvent>", 1)
    return (before + mark + after).encode()


MASTER = (
    "<extension><EPCISMasterData><VocabularyList>"
    '<Vocabulary type="urn:epcglobal:epcis:vtype:EPCClass"><VocabularyElementList>'
    '<VocabularyElement id="urn:epc:idpat:sgtin:0312345.067890.*">'
    '<attribute id="urn:epcglobal:cbv:mda#regulatedProductName">Calmadol</attribute>'
    '<attribute id="urn:epcglobal:cbv:mda#additionalTradeItemIdentification">12345-678-90</attribute>'
    '<attribute id="urn:epcglobal:cbv:mda#additionalTradeItemIdentificationTypeCode">US_FDA_NDC</attribute>'
    '<attribute id="urn:epcglobal:cbv:mda#strengthDescription">5 mg</attribute>'
    '<attribute id="urn:epcglobal:cbv:mda#dosageFormType">TABLET</attribute>'
    '<attribute id="urn:epcglobal:cbv:mda#netContentDescription">30 tablets</attribute>'
    "</VocabularyElement></VocabularyElementList></Vocabulary>"
    '<Vocabulary type="urn:epcglobal:epcis:vtype:Location"><VocabularyElementList>'
    f'<VocabularyElement id="{story.urn(MAKER.sgln)}">'
    '<attribute id="urn:epcglobal:cbv:mda#name">Acme Pharma Inc</attribute>'
    '<attribute id="urn:epcglobal:cbv:mda#streetAddressOne">1 Mill Rd</attribute>'
    '<attribute id="urn:epcglobal:cbv:mda#city">Salem</attribute>'
    '<attribute id="urn:epcglobal:cbv:mda#state">OR</attribute>'
    '<attribute id="urn:epcglobal:cbv:mda#postalCode">97301</attribute>'
    '<attribute id="urn:epcglobal:cbv:mda#countryCode">US</attribute>'
    "</VocabularyElement></VocabularyElementList></Vocabulary>"
    "</VocabularyList></EPCISMasterData></extension>"
)
PO = ("po", f"urn:epcglobal:cbv:bt:{WHOLESALER.gln}:PO-17")
ASN = ("desadv", f"urn:epcglobal:cbv:bt:{MAKER.gln}:ASN-4")


def ti(scene: Scene, **filters: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(scene.export("ti", "json", **filters))
    return found


def sold(scene: Scene, **filters: str) -> list[tuple[str, str, list[str]]]:
    """Give (seller, buyer, serials) of each transaction."""
    return [(one["from"]["gln"], one["to"]["gln"], sorted(one["serials"])) for one in ti(scene, **filters)]


def serials(epcs: list[str]) -> list[str]:
    return sorted(epc[21:] for epc in epcs)


# -- what the law asks for -----------------------------------------------------------------------------------------


def test_a_sale_is_told_with_all_that_the_law_asks_for(hub: Scene) -> None:
    receipt = hub.give(
        document(
            *delivery(*PACKS, unit=UNIT, buyer=WHOLESALER),
            orders=(PO, ASN),
            transaction_date="2026-11-01",
            master=MASTER,
        )
    )
    assert receipt.state == "success"
    (found,) = ti(hub)
    assert list(found)[:10] == [
        "transaction_date", "shipment_date", "from", "to", "ndc", "gtin", "lot", "expiry", "serials", "statement",
    ]  # fmt: skip
    assert (found["transaction_date"], found["shipment_date"]) == ("2026-11-01", "2026-11-02")
    assert found["from"] == {
        "name": "Acme Pharma Inc",
        "gln": MAKER.gln,
        "address": "1 Mill Rd, Salem, OR, 97301, US",
    }
    assert found["to"] == {"name": "Central Drug", "gln": WHOLESALER.gln, "address": ""}
    assert (found["ndc"], found["gtin"], found["lot"], found["expiry"]) == ("12345-678-90", GTIN, LOT, EXPIRY)
    assert found["serials"] == [epc[21:] for epc in PACKS]
    assert found["statement"] == NOTICE
    assert found["quantity"] == len(PACKS)
    assert (found["name"], found["strength"], found["dosage_form"]) == ("Calmadol", "5 mg", "TABLET")
    assert found["container_size"] == "30 tablets"
    assert [(one["type"], one["id"]) for one in found["references"]] == [PO, ASN]
    assert found["containers"] == [UNIT]
    assert found["document"] == receipt.document
    assert found["shipped_at"] == "2026-11-02T08:10:00Z"


@pytest.mark.parametrize(
    ("notice", "affirmed", "told"),
    [(NOTICE, "true", NOTICE), ("", "true", NOTICE), (NOTICE, "false", ""), (None, "", "")],
    ids=["said", "affirmed without its words", "not affirmed", "none"],
)
def test_a_statement_is_given_only_when_the_seller_gave_it(
    notice: str | None, affirmed: str, told: str, hub: Scene
) -> None:
    hub.give(document(*delivery(*PACKS, buyer=WHOLESALER), notice=notice, affirmed=affirmed))
    assert [one["statement"] for one in ti(hub)] == [told]


def test_without_a_stated_date_the_day_of_the_shipment_is_that_of_the_transaction(hub: Scene) -> None:
    hub.give(document(*delivery(*PACKS, buyer=WHOLESALER)))
    (found,) = ti(hub)
    assert found["transaction_date"] == found["shipment_date"] == "2026-11-02"


def test_an_ndc_that_nobody_states_is_given_as_digits_without_guessed_hyphens(hub: Scene) -> None:
    hub.give(document(*delivery(*PACKS, buyer=WHOLESALER)))
    assert [one["ndc"] for one in ti(hub)] == [GTIN[3:13]]


# -- which shipments are transactions ------------------------------------------------------------------------------


def test_each_product_and_lot_of_a_shipment_is_a_transaction_of_its_own(hub: Scene) -> None:
    hub.give(
        document(
            made(*PACKS[:2]),
            made(*PACKS[2:], lot="L8", expiry="2028-10-31"),
            made(*SECOND, lot="B2", expiry="2029-01-31"),
            made_unit(UNIT, minute=1),
            packed(UNIT, *PACKS, *SECOND),
            shipped(UNIT, buyer=WHOLESALER),
        )
    )
    assert [(one["gtin"], one["lot"], one["expiry"], len(one["serials"])) for one in ti(hub)] == [
        (GTIN, LOT, EXPIRY, 2),
        (GTIN, "L8", "2028-10-31", 2),
        (TWO, "B2", "2029-01-31", 3),
    ]


def test_moves_within_one_company_are_no_transactions(tmp_path: Path) -> None:
    with story.scene(tmp_path / "data", "pharmacy", PHARMACY, PHARMACY_ANNEX) as pharmacy:
        pharmacy.partners((MAKER, "maker"))
        pharmacy.give(document(*delivery(*PACKS, unit=UNIT), receiver=PHARMACY))
        pharmacy.give(
            document(
                shipped(UNIT, seller=PHARMACY, buyer=PHARMACY_ANNEX, minute=60),
                sender=PHARMACY,
                receiver=PHARMACY_ANNEX,
            )
        )
        assert sold(pharmacy) == [(MAKER.gln, PHARMACY.gln, serials(PACKS))]


def test_a_shipment_that_names_no_buyer_is_no_transaction(hub: Scene) -> None:
    hub.capture(made(*PACKS), Told(10, "shipping", "in_transit", epcs=tuple(PACKS), at=MAKER, leaves=True))
    assert ti(hub) == []


def test_a_shipment_that_was_declared_an_error_is_no_transaction(hub: Scene) -> None:
    ship = shipped(UNIT, buyer=WHOLESALER)
    hub.give(document(*delivery(*PACKS, unit=UNIT, buyer=WHOLESALER)))
    assert len(ti(hub)) == 1
    hub.capture(ship.declared_wrong(30))
    assert ti(hub) == []


def void(*epcs: str, minute: float = 30, at: Party = MAKER) -> Told:
    return Told(minute, "void_shipping", "in_progress", epcs=epcs, at=at, seller=at, buyer=WHOLESALER)


def test_what_was_voided_was_not_sold_until_it_is_shipped_again(hub: Scene) -> None:
    hub.give(document(*delivery(*PACKS, unit=UNIT, buyer=WHOLESALER)))
    hub.capture(void(UNIT))
    assert ti(hub) == []
    hub.give(document(shipped(UNIT, buyer=PHARMACY, minute=40)))
    assert sold(hub) == [(MAKER.gln, PHARMACY.gln, serials(PACKS))]


def test_one_package_that_was_short_is_left_out_and_the_others_stay(hub: Scene) -> None:
    hub.give(document(*delivery(*PACKS, unit=UNIT, buyer=WHOLESALER)))
    hub.capture(void(PACKS[0]))
    assert sold(hub) == [(MAKER.gln, WHOLESALER.gln, serials(PACKS[1:]))]


def test_an_outsider_takes_nothing_back(hub: Scene) -> None:
    hub.give(document(*delivery(*PACKS, unit=UNIT, buyer=WHOLESALER)))
    hub.capture(void(UNIT, at=story.OUTSIDER), sender=story.OUTSIDER)
    assert sold(hub) == [(MAKER.gln, WHOLESALER.gln, serials(PACKS))]


def test_a_void_of_what_was_received_already_takes_nothing_back(hub: Scene) -> None:
    hub.give(document(*delivery(*PACKS, unit=UNIT, buyer=WHOLESALER)))
    hub.capture(story.received(UNIT, at=WHOLESALER), sender=WHOLESALER)
    hub.capture(void(UNIT))
    assert sold(hub) == [(MAKER.gln, WHOLESALER.gln, serials(PACKS))]


def test_for_a_void_no_shipment_is_read_twice(hub: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.give(document(*delivery(*PACKS, unit=UNIT, buyer=WHOLESALER)))
    hub.give(document(made_unit(OTHER_UNIT), packed(OTHER_UNIT, *SECOND), shipped(OTHER_UNIT, buyer=PHARMACY)))
    hub.capture(void(UNIT))
    read: list[str] = []

    def restored(canonical: bytes, envelope: bytes) -> Event:
        event = restore(canonical, envelope)
        read.append(event.biz_step)
        return event

    monkeypatch.setattr(importlib.import_module("rxtrail.query.transactions"), "restore", restored)
    assert [(one["to"]["gln"], one["containers"]) for one in ti(hub)] == [(PHARMACY.gln, [OTHER_UNIT])]
    assert sorted(read) == ["shipping", "shipping", "void_shipping"]


def test_no_statement_is_spent_on_each_package_of_a_void(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Counter[int] = Counter()
    for count in (2, 60):
        many = packs(count)
        with story.scene(tmp_path / str(count)) as hub:
            hub.give(document(made(*many), shipped(*many, buyer=WHOLESALER), shipped(UNIT, buyer=PHARMACY)))
            hub.capture(void(*many))

            engine: Any = type(hub.node._reader())

            def counting(reader: Any, *told: Any, count: int = count, query: Any = engine._all) -> Any:
                asked[count] += 1
                return query(reader, *told)

            monkeypatch.setattr(engine, "_all", counting)
            assert [one["containers"] for one in ti(hub)] == [[UNIT]]
            monkeypatch.undo()
    assert asked[60] == asked[2] > 0


def test_a_shipment_that_the_buyer_tells_again_under_another_name_is_one_sale(hub: Scene) -> None:
    hub.give(document(*delivery(*PACKS, unit=UNIT, buyer=WHOLESALER)))
    again = shipped(UNIT, buyer=WHOLESALER, event_id="urn:uuid:00000000-0000-4000-8000-000000000007")
    assert hub.give(document(again, sender=WHOLESALER, receiver=PHARMACY)).new_events == 1
    assert sold(hub) == [(MAKER.gln, WHOLESALER.gln, serials(PACKS))]
    hub.give(document(shipped(UNIT, buyer=WHOLESALER, minute=11)))
    assert len(ti(hub)) == 2, "another time is another shipment"


# -- what was inside -----------------------------------------------------------------------------------------------


def test_each_sale_tells_what_was_inside_at_its_own_moment(hub: Scene) -> None:
    hub.give(document(*delivery(*PACKS, unit=UNIT, buyer=WHOLESALER)))
    hub.capture(story.received(UNIT, at=WHOLESALER), unpacked(UNIT, PACKS[0], at=WHOLESALER), sender=WHOLESALER)
    hub.give(
        document(
            shipped(UNIT, seller=WHOLESALER, buyer=PHARMACY, minute=60),
            shipped(PACKS[0], seller=WHOLESALER, buyer=SECOND_WHOLESALER, minute=70),
            sender=WHOLESALER,
            receiver=PHARMACY,
        )
    )
    assert sold(hub) == [
        (MAKER.gln, WHOLESALER.gln, serials(PACKS)),
        (WHOLESALER.gln, PHARMACY.gln, serials(PACKS[1:])),
        (WHOLESALER.gln, SECOND_WHOLESALER.gln, serials(PACKS[:1])),
    ]
    assert [one["containers"] for one in ti(hub)] == [[UNIT], [UNIT], []]


def test_a_tote_that_is_used_again_tells_each_time_what_it_held_then(hub: Scene) -> None:
    hub.give(document(*delivery(*PACKS, unit=UNIT, buyer=WHOLESALER)))
    hub.capture(
        story.received(UNIT, at=WHOLESALER),
        unpacked(UNIT, at=WHOLESALER),
        packed(UNIT, PACKS[3], at=WHOLESALER, minute=55),
        sender=WHOLESALER,
    )
    hub.give(document(shipped(UNIT, seller=WHOLESALER, buyer=PHARMACY, minute=60), sender=WHOLESALER))
    assert sold(hub) == [
        (MAKER.gln, WHOLESALER.gln, serials(PACKS)),
        (WHOLESALER.gln, PHARMACY.gln, serials(PACKS[3:])),
    ]


def test_packages_in_cases_on_a_pallet_are_told_one_by_one(hub: Scene) -> None:
    case = pack("C1", CASE_GTIN)
    hub.give(
        document(
            made(*PACKS),
            made(case),
            made_unit(PALLET, UNIT, minute=1),
            packed(case, *PACKS[:2]),
            packed(UNIT, *PACKS[2:]),
            packed(PALLET, case, UNIT, minute=6),
            shipped(PALLET, buyer=WHOLESALER),
        )
    )
    assert sold(hub) == [(MAKER.gln, WHOLESALER.gln, serials(PACKS))]
    assert sold(hub, sscc=UNIT[3:]) == [(MAKER.gln, WHOLESALER.gln, serials(PACKS[2:]))]
    assert sold(hub, sscc=PALLET[3:]) == [(MAKER.gln, WHOLESALER.gln, serials(PACKS))]
    assert [one["containers"] for one in ti(hub)] == [[PALLET]]


def test_a_case_that_nobody_packed_is_told_by_its_own_number(hub: Scene) -> None:
    case = pack("C1", CASE_GTIN)
    hub.give(document(made(case), shipped(case, buyer=WHOLESALER)))
    assert [(one["gtin"], one["serials"]) for one in ti(hub)] == [(CASE_GTIN, ["C1"])]


def test_a_unit_whose_contents_nobody_told_is_listed_as_that(hub: Scene) -> None:
    hub.give(document(made_unit(UNIT), shipped(UNIT, buyer=WHOLESALER)))
    (found,) = ti(hub)
    assert (found["gtin"], found["serials"], found["quantity"], found["containers"]) == ("", [], 0, [UNIT])


def test_packing_and_shipping_in_one_instant_leave_nothing_out(hub: Scene) -> None:
    hub.give(document(made(*PACKS), packed(UNIT, *PACKS, minute=10), shipped(UNIT, buyer=WHOLESALER, minute=10)))
    assert sold(hub) == [(MAKER.gln, WHOLESALER.gln, serials(PACKS))]


def test_a_package_dispensed_later_was_sold_all_the_same(hub: Scene) -> None:
    hub.give(document(*delivery(*PACKS, unit=UNIT, buyer=PHARMACY), receiver=PHARMACY))
    hub.change("dispense", PACKS[0], site=PHARMACY)
    assert sold(hub) == [(MAKER.gln, PHARMACY.gln, serials(PACKS))]


def test_what_is_shipped_by_lot_is_counted_without_serials(hub: Scene) -> None:
    name = f"01/{GTIN}/10/{LOT}"
    text = document(made(*PACKS), shipped(buyer=WHOLESALER, classes=(name,))).decode()
    text = text.replace("</epcClass>", "</epcClass><quantity>12</quantity>")
    hub.give(text.encode())
    assert [(one["lot"], one["expiry"], one["quantity"], one["serials"]) for one in ti(hub)] == [(LOT, EXPIRY, 12, [])]


def test_several_orders_in_one_truck_go_with_their_own_packages(hub: Scene) -> None:
    def order(number: str, epc: str) -> str:
        return (
            "<TransactionEvent><eventTime>2026-11-02T08:10:00.000Z</eventTime>"
            "<eventTimeZoneOffset>+00:00</eventTimeZoneOffset><bizTransactionList>"
            f'<bizTransaction type="urn:epcglobal:cbv:btt:po">urn:epcglobal:cbv:bt:{WHOLESALER.gln}:{number}'
            f"</bizTransaction></bizTransactionList><epcList><epc>{story.urn(epc)}</epc></epcList>"
            "<action>ADD</action><bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep></TransactionEvent>"
        )

    text = document(
        made(*PACKS, *SECOND),
        packed(UNIT, *PACKS),
        packed(OTHER_UNIT, *SECOND),
        shipped(UNIT, OTHER_UNIT, buyer=WHOLESALER),
    ).decode()
    hub.give(text.replace("</EventList>", order("A1", UNIT) + order("A2", OTHER_UNIT) + "</EventList>").encode())
    found = {one["gtin"]: [each["id"].rpartition(":")[2] for each in one["references"]] for one in ti(hub)}
    assert found == {GTIN: ["A1"], TWO: ["A2"]}
    assert [one["gtin"] for one in ti(hub, po="A2")] == [TWO]


def an_order(number: str, epc: str, *, seller: Party, buyer: Party) -> str:
    """Write a TransactionEvent that says who sells and who buys."""

    def owner(end: str, party: Party) -> str:
        kind = "urn:epcglobal:cbv:sdt:owning_party"
        return f'<{end}List><{end} type="{kind}">{story.urn(party.sgln)}</{end}></{end}List>'

    return (
        "<TransactionEvent><eventTime>2026-11-02T08:10:00.000Z</eventTime>"
        "<eventTimeZoneOffset>+00:00</eventTimeZoneOffset><bizTransactionList>"
        f'<bizTransaction type="urn:epcglobal:cbv:btt:po">urn:epcglobal:cbv:bt:{buyer.gln}:{number}</bizTransaction>'
        f"</bizTransactionList><epcList><epc>{story.urn(epc)}</epc></epcList><action>ADD</action>"
        "<bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep><extension>"
        f"{owner('source', seller)}{owner('destination', buyer)}</extension></TransactionEvent>"
    )


def with_orders(*orders: str, units: tuple[str, ...] = (UNIT,)) -> bytes:
    """Write packing and shipping of units to the wholesaler, and orders of the same instant."""
    text = document(
        made(*PACKS, *SECOND), packed(UNIT, *PACKS), packed(OTHER_UNIT, *SECOND), shipped(*units, buyer=WHOLESALER)
    ).decode()
    return text.replace("</EventList>", "".join(orders) + "</EventList>").encode()


def test_what_is_written_for_one_partner_holds_no_sale_to_another(hub: Scene) -> None:
    hub.give(
        with_orders(
            an_order("A1", UNIT, seller=MAKER, buyer=WHOLESALER),
            an_order("A2", OTHER_UNIT, seller=MAKER, buyer=SECOND_WHOLESALER),
        )
    )
    first = (MAKER.gln, WHOLESALER.gln, serials(PACKS))
    second = (MAKER.gln, SECOND_WHOLESALER.gln, serials(SECOND))
    assert sorted(sold(hub)) == sorted([first, second])
    assert sold(hub, partner=WHOLESALER.gln) == [first]
    assert sold(hub, partner=SECOND_WHOLESALER.gln) == [second]
    assert sold(hub, partner=PHARMACY.gln) == []


def test_an_order_within_one_company_is_no_transaction(tmp_path: Path) -> None:
    with story.scene(tmp_path / "data", "wholesaler", WHOLESALER, PHARMACY_ANNEX) as wholesaler:
        wholesaler.give(with_orders(an_order("A1", OTHER_UNIT, seller=WHOLESALER, buyer=PHARMACY_ANNEX)))
        assert sold(wholesaler) == [(MAKER.gln, WHOLESALER.gln, serials(PACKS))]


def test_the_order_of_a_shipment_that_was_declared_an_error_is_no_sale(hub: Scene) -> None:
    hub.give(with_orders(an_order("A1", UNIT, seller=MAKER, buyer=WHOLESALER)))
    assert sold(hub) == [(MAKER.gln, WHOLESALER.gln, serials(PACKS))]
    hub.capture(shipped(UNIT, buyer=WHOLESALER).declared_wrong(30))
    assert sold(hub) == []
    hub.give(document(shipped(UNIT, buyer=PHARMACY, minute=40)))
    assert sold(hub) == [(MAKER.gln, PHARMACY.gln, serials(PACKS))]


def test_an_order_is_no_sale_when_a_shipment_that_named_no_parties_was_declared_an_error(hub: Scene) -> None:
    ship = Told(10, "shipping", "in_transit", epcs=(UNIT,), at=MAKER, leaves=True)
    order = an_order("A1", UNIT, seller=MAKER, buyer=WHOLESALER)
    text = document(made(*PACKS), packed(UNIT, *PACKS), ship).decode()
    hub.give(text.replace("</EventList>", order + "</EventList>").encode())
    assert sold(hub) == [(MAKER.gln, WHOLESALER.gln, serials(PACKS))]
    hub.capture(ship.declared_wrong(30))
    assert sold(hub) == []


@pytest.mark.parametrize("units", [(UNIT, OTHER_UNIT), (OTHER_UNIT,)])
def test_orders_that_are_told_again_with_their_shipment_are_no_second_sale(hub: Scene, units: tuple[str, ...]) -> None:
    text = with_orders(an_order("A1", UNIT, seller=MAKER, buyer=WHOLESALER), units=units)
    hub.give(text)
    before = sorted(sold(hub))
    assert before == sorted((MAKER.gln, WHOLESALER.gln, serials(epcs)) for epcs in (PACKS, SECOND))
    hub.give(text.replace(b":A1</bizTransaction>", b":A9</bizTransaction>"))
    assert sorted(sold(hub)) == before


# -- filters -------------------------------------------------------------------------------------------------------


@pytest.fixture
def two_sales(hub: Scene) -> Scene:
    """Two products in one unit to the wholesaler, and half of one of them on to the pharmacy a month later."""
    hub.give(
        document(
            made(*PACKS),
            made(*SECOND, lot="B2", expiry="2029-01-31"),
            packed(UNIT, *PACKS, *SECOND),
            shipped(UNIT, buyer=WHOLESALER),
            orders=(PO, ASN),
        )
    )
    hub.capture(story.received(UNIT, at=WHOLESALER), unpacked(UNIT, at=WHOLESALER), sender=WHOLESALER)
    hub.give(
        document(
            shipped(*PACKS[:2], seller=WHOLESALER, buyer=PHARMACY, minute=20_000), sender=WHOLESALER, receiver=PHARMACY
        )
    )
    return hub


@pytest.mark.parametrize(
    ("filters", "counts"),
    [
        ({}, [4, 3, 2]),
        ({"gtin": GTIN}, [4, 2]),
        ({"gtin": TWO}, [3]),
        ({"ndc": "1234567890"}, [4, 2]),
        ({"lot": "B2"}, [3]),
        ({"serial": "S1"}, [1, 1]),
        ({"serial": "S3", "gtin": GTIN}, [1]),
        ({"serial": "S3", "gtin": TWO}, []),
        ({"sscc": UNIT[3:]}, [4, 3]),
        ({"sscc": OTHER_UNIT[3:]}, []),
        ({"po": "PO-17"}, [4, 3]),
        ({"po": PO[1]}, [4, 3]),
        ({"po": "O-17"}, []),
        ({"po": "PO-1"}, []),
        ({"po": "ASN-4"}, [4, 3]),
        ({"partner": PHARMACY.gln}, [2]),
        ({"partner": WHOLESALER.gln}, [4, 3, 2]),
        ({"since": "2026-11-10"}, [2]),
        ({"until": "2026-11-10"}, [4, 3]),
        ({"since": "2026-11-02T08:10:00Z", "until": "2026-11-02T08:10:01Z"}, [4, 3]),
    ],
    ids=str,
)
def test_filters_keep_what_fits_and_nothing_else(filters: dict[str, str], counts: list[int], two_sales: Scene) -> None:
    assert [len(one["serials"]) for one in ti(two_sales, **filters)] == counts
    rows = list(csv.DictReader(io.StringIO(two_sales.export("ti", "csv", **filters).decode(), newline="")))
    assert len(rows) == sum(counts)
    table = parquet.read_table(io.BytesIO(two_sales.export("ti", "parquet", **filters)))
    assert [len(one) for one in table["serials"].to_pylist()] == counts


# -- forms ---------------------------------------------------------------------------------------------------------


def test_every_form_says_the_same(two_sales: Scene) -> None:
    told = ti(two_sales)
    table = parquet.read_table(io.BytesIO(two_sales.export("ti", "parquet"))).to_pylist()
    rows = list(csv.DictReader(io.StringIO(two_sales.export("ti", "csv").decode(), newline="")))
    at = 0
    for one, line in zip(told, table, strict=True):
        flat = {name: one[name] for name in ("ndc", "gtin", "lot", "expiry", "statement", "shipment_date")}
        flat.update(from_gln=one["from"]["gln"], to_gln=one["to"]["gln"], to_name=one["to"]["name"])
        assert {name: line[name] for name in flat} == flat
        assert (line["serials"], line["quantity"]) == (one["serials"], one["quantity"])
        for serial in one["serials"]:
            assert {name: rows[at][name] for name in flat} == flat
            assert (rows[at]["serial"], rows[at]["quantity"]) == (serial, "1")
            at += 1
    assert at == len(rows)


def pages(pdf: bytes) -> list[str]:
    """Give the text of each page, as a reader of the file finds it: by its table of objects."""
    assert pdf.startswith(b"%PDF-1.4")
    assert pdf.endswith(b"%%EOF\n")
    found = re.search(rb"startxref\n(\d+)\n", pdf)
    assert found is not None
    table = pdf[int(found[1]) :].split(b"trailer")[0].splitlines()
    assert table[0] == b"xref"
    first, count = map(int, table[1].split())
    assert (first, len(table)) == (0, count + 2)
    objects: dict[int, bytes] = {}
    for number, line in enumerate(table[3:], 1):
        assert len(line) == 19, "an entry has 20 bytes with its end of line"
        body = pdf[int(line[:10]) :]
        assert body.startswith(b"%d 0 obj\n" % number)
        objects[number] = body[: body.index(b"\nendobj\n")]
    kids = re.search(rb"/Kids \[(.*?)\] /Count (\d+)", objects[2])
    assert kids is not None
    numbers = [int(each) for each in re.findall(rb"(\d+) 0 R", kids[1])]
    assert len(numbers) == int(kids[2])
    texts = []
    for number in numbers:
        contents = re.search(rb"/Contents (\d+) 0 R", objects[number])
        assert contents is not None
        stream = objects[int(contents[1])]
        length = re.search(rb"/Length (\d+)", stream)
        assert length is not None
        start = stream.index(b"stream\n") + 7
        drawn = zlib.decompress(stream[start : start + int(length[1])]).decode("cp1252")
        shown = re.findall(r"\((.*)\) Tj", drawn)
        texts.append("\n".join(re.sub(r"\\([\\()])", r"\1", each) for each in shown))
    return texts


def test_the_pages_for_print_hold_every_serial_number_and_statement(hub: Scene) -> None:
    many = packs(1_500)
    hub.give(document(*delivery(*many, buyer=WHOLESALER), master=MASTER))
    told = pages(hub.export("ti", "pdf"))
    assert len(told) > 3
    whole = "\n".join(told)
    words = whole.split()
    assert {epc[21:] for epc in many} <= set(words)
    flowing = " ".join(words)
    assert NOTICE in flowing
    for text in (
        "Acme Pharma Inc, 1 Mill Rd, Salem, OR",
        MAKER.gln,
        WHOLESALER.gln,
        "12345-678-90",
        f"{LOT}, {EXPIRY}",
    ):
        assert text in flowing
    assert all("page" in page for page in told)


def test_what_the_fonts_of_a_page_lack_is_written_as_its_code_point(hub: Scene) -> None:
    odd = MASTER.replace("Calmadol", "Calmad\u00f3l (\u4e2d\\)\u0430")
    hub.give(document(*delivery(*PACKS, buyer=WHOLESALER), master=odd))
    assert "Calmad\u00f3l (\\u4E2D\\)\\u0430" in "\n".join(pages(hub.export("ti", "pdf")))


@pytest.mark.parametrize("fmt", ["epcis", "epcis-xml-1.2", "epcis-xml-2.0"])
def test_as_epcis_it_makes_the_same_transactions_on_a_fresh_node(fmt: str, two_sales: Scene, tmp_path: Path) -> None:
    exported = two_sales.export("ti", fmt, lot=LOT, partner=MAKER.gln)
    report = validate(lambda: io.BytesIO(exported), now_us=1_900_000_000_000_000)
    assert [each for each in report.findings if each.code.startswith("SCHEMA_")] == []
    with story.scene(tmp_path / "fresh") as fresh:
        receipt = fresh.give(exported)
        assert receipt.events == 3, "made, packed, shipped"
        (there,) = ti(fresh, lot=LOT)  # of the other product in the unit it holds the packing only
        (here,) = ti(two_sales, lot=LOT, partner=MAKER.gln)
        for name in ("transaction_date", "gtin", "lot", "expiry", "serials", "statement", "event_id", "references"):
            assert there[name] == here[name]
        assert (there["from"]["gln"], there["to"]["gln"]) == (MAKER.gln, WHOLESALER.gln)


def test_what_epcis_cannot_say_as_the_record_has_it_is_noted(hub: Scene) -> None:
    hub.give(document(*delivery(*PACKS, unit=UNIT, buyer=WHOLESALER)))
    logged = story.sensed(UNIT, values=[(12, 4.5)])
    hub.capture(logged, syntax="json")
    notes = Notes()
    told = b"".join(hub.node.export("events", "epcis-xml-1.2", notes=notes))
    assert logged.id.encode() in told
    assert [(each.code, each.place) for each in notes.findings] == [("NEWER_THAN_1_2", logged.id)]
    hub.give(document(shipped(*SECOND, buyer=PHARMACY), notice=None))
    assert NOTICE.encode() in b"".join(hub.node.export("ti", "epcis", filters=ExportFilters(lot=LOT)))
    notes = Notes()
    assert NOTICE.encode() not in b"".join(hub.node.export("ti", "epcis", notes=notes))
    assert [each.code for each in notes.findings] == ["NOT_EXPRESSIBLE"]
    assert "transaction statements are left out" in notes.findings[0].message


def test_an_empty_record_gives_empty_forms(hub: Scene) -> None:
    assert hub.export("ti", "json") == b"[]\n"
    assert hub.export("ti", "csv").startswith(b"transaction_date,")
    assert parquet.read_table(io.BytesIO(hub.export("ti", "parquet"))).num_rows == 0
    assert "No transaction" in pages(hub.export("ti", "pdf"))[0]
    assert json.loads(hub.export("ti", "epcis"))["epcisBody"] == {"eventList": []}


@pytest.mark.parametrize("what", ["packs", "events"])
def test_tables_are_printed_and_kept_whole_too(what: str, two_sales: Scene) -> None:
    rows = list(csv.DictReader(io.StringIO(two_sales.export(what, "csv").decode(), newline="")))
    table = parquet.read_table(io.BytesIO(two_sales.export(what, "parquet"))).to_pylist()
    assert len(table) == len(rows)
    name = "serial" if what == "packs" else "event_id"
    assert [row[name] for row in table] == [row[name] for row in rows]
    printed = re.sub(r"\s", "", "".join(pages(two_sales.export(what, "pdf"))))
    columns = ["gtin", "serial"] if what == "packs" else ["biz_step", "action"]
    for row in rows:
        for column in columns:
            assert row[column] in printed


def test_packs_as_epcis_are_all_that_the_record_knows_of_them(two_sales: Scene, tmp_path: Path) -> None:
    def known(scene: Scene) -> dict[str, Any]:
        return {name: value for name, value in scene.pack(PACKS[0]).items() if name != "basis"}

    exported = two_sales.export("packs", "epcis", gtin=GTIN, serial="S0")
    steps = [event["bizStep"] for event in json.loads(exported)["epcisBody"]["eventList"]]
    assert steps == ["commissioning", "packing", "shipping", "receiving", "unpacking", "shipping"]
    with story.scene(tmp_path / "fresh") as fresh:
        fresh.give(exported)
        assert known(fresh) == known(two_sales)


def test_a_large_export_comes_in_pieces(hub: Scene) -> None:
    many = packs(4_100)
    hub.give(document(*delivery(*many, buyer=WHOLESALER)))
    for fmt in ("csv", "pdf"):
        assert len(list(hub.node.export("packs", fmt))) > 2
