from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from rxtrail import simulate
from rxtrail.core.gs1 import check_digit
from rxtrail.core.gs1.scan import read_scan
from rxtrail.errors import BadRequest
from tests.simulate.reading import Told, told

TODAY = dt.date(2026, 11, 23)
PACKS = 1_500


@pytest.fixture(scope="module")
def world() -> simulate.World:
    return simulate.world(7, PACKS, TODAY)


@pytest.fixture(scope="module")
def documents(world: simulate.World) -> list[tuple[str, bytes]]:
    return list(simulate.documents(world))


@pytest.fixture(scope="module")
def events(documents: list[tuple[str, bytes]]) -> list[Told]:
    return [event for name, data in documents for event in told(name, data)]


def digest(world: simulate.World) -> str:
    whole = hashlib.sha256()
    for name, data in simulate.documents(world):
        whole.update(name.encode() + data)
    for scan in simulate.scans(world):
        whole.update(repr(scan).encode())
    whole.update(simulate.partners_csv(world))
    return whole.hexdigest()


def packs_commissioned(events: list[Told]) -> Counter[str]:
    return Counter(
        epc
        for event in events
        if event.step == "commissioning" and "-maker-" in event.document
        for epc in event.epcs
        if ":sgtin:" in epc and epc.split(":")[4].split(".")[1][0] == "0"
    )


def test_the_same_seed_gives_the_same_bytes(world: simulate.World) -> None:
    assert digest(world) == digest(simulate.world(7, PACKS, TODAY))


def test_another_seed_gives_other_serials(world: simulate.World, events: list[Told]) -> None:
    other = [event for name, data in simulate.documents(simulate.world(8, PACKS, TODAY)) for event in told(name, data)]
    assert not set(packs_commissioned(events)) & set(packs_commissioned(other))


@given(seed=st.integers(0, 10**9), packs=st.integers(simulate.PACKS_MIN, 700))
@settings(max_examples=20, deadline=None)
def test_any_size_has_exactly_that_many_packs_and_stocks_the_demo_counter(seed: int, packs: int) -> None:
    world = simulate.world(seed, packs, TODAY)
    events = [event for name, data in simulate.documents(world) for event in told(name, data)]
    commissioned = packs_commissioned(events)
    assert len(commissioned) == packs
    assert set(commissioned.values()) == {1}
    fates = {shelf.lot.fate for shelf in world.shelves if shelf.site.gln == world.default_site and shelf.packs}
    assert fates == {"good", "expired", "recalled"}
    assert any(shelf.site.gln != world.default_site and shelf.packs for shelf in world.shelves)
    dispensed = [event for event in events if event.disposition == "dispensed"]
    assert any(event.speaker == world.default_site for event in dispensed)


@pytest.mark.parametrize("packs", [simulate.PACKS_MIN - 1, simulate.PACKS_MAX + 1, 0, -5])
def test_a_size_past_the_limits_is_refused_with_the_limits(packs: int) -> None:
    with pytest.raises(BadRequest) as refused:
        simulate.world(1, packs, TODAY)
    assert f"{simulate.PACKS_MIN:,}" in refused.value.advice


def test_no_event_is_later_than_two_days_ago_nor_older_than_a_year(events: list[Told]) -> None:
    midnight = dt.datetime.combine(TODAY, dt.time(), dt.UTC)
    assert max(event.time for event in events) < midnight - dt.timedelta(days=1)
    assert min(event.time for event in events) > midnight - dt.timedelta(days=365)


def test_documents_come_in_the_order_they_were_sent(documents: list[tuple[str, bytes]]) -> None:
    created = [etree.fromstring(data).get("creationDate", "") for _, data in documents]
    assert created == sorted(created)
    names = [name for name, _ in documents]
    assert names == sorted(names)
    assert len(set(names)) == len(names)


def test_a_document_is_sent_after_everything_it_tells(documents: list[tuple[str, bytes]]) -> None:
    for name, data in documents:
        created = dt.datetime.fromisoformat(etree.fromstring(data).get("creationDate", ""))
        assert max(event.time for event in told(name, data)) < created


def test_every_event_and_every_document_has_an_identifier_of_its_own(
    documents: list[tuple[str, bytes]], events: list[Told]
) -> None:
    identifiers = [event.event_id for event in events]
    assert all(identifier.startswith("urn:uuid:") for identifier in identifiers)
    assert len(set(identifiers)) == len(identifiers)
    instances = [next(etree.fromstring(data).iter("{*}InstanceIdentifier")).text for _, data in documents]
    assert len(set(instances)) == len(instances)


def test_a_sellers_file_stands_alone(documents: list[tuple[str, bytes]]) -> None:
    """Commission and pack and ship for all that is shipped, with lot and expiry, as a US buyer needs it."""
    checked = 0
    for name, data in documents:
        if not name.endswith("-ship.xml"):
            continue
        inside: dict[str, list[str]] = {}
        lots: dict[str, tuple[str, str]] = {}
        shipped: list[str] = []
        for event in told(name, data):
            if event.step == "commissioning":
                lots.update(dict.fromkeys(event.epcs, (event.lot, event.expiry)))
            elif event.step == "packing":
                inside[event.parent] = event.epcs
            elif event.step == "shipping":
                shipped += event.epcs
        todo = list(shipped)
        while todo:
            epc = todo.pop()
            assert epc in lots
            todo += inside.get(epc, [])
            if ":sgtin:" in epc:
                assert all(lots[epc])
                checked += 1
    assert checked > PACKS


def test_a_wholesalers_copy_agrees_with_the_maker(events: list[Told]) -> None:
    made = {
        epc: (event.time, event.lot, event.expiry)
        for event in events
        if event.step == "commissioning" and "-maker-" in event.document
        for epc in event.epcs
    }
    copies = [
        (made[epc], (event.time, event.lot, event.expiry))
        for event in events
        if event.step == "commissioning" and "-wholesaler-" in event.document and event.lot
        for epc in event.epcs
    ]
    assert copies
    assert all(original == copy for original, copy in copies)


def test_nothing_is_in_two_places_and_nothing_happens_after_its_end(events: list[Told]) -> None:
    parent: dict[str, str] = {}
    inside: dict[str, set[str]] = {}
    ended: set[str] = set()
    copies: set[tuple[str, dt.datetime]] = set()
    for event in sorted(events, key=lambda event: event.time):
        if event.step == "packing":
            if (event.parent, event.time) in copies:
                continue  # the wholesaler's copy of the maker's packing
            copies.add((event.parent, event.time))
            for epc in event.epcs:
                assert epc not in parent
                parent[epc] = event.parent
            inside[event.parent] = set(event.epcs)
        elif event.step == "unpacking":
            out = set(event.epcs) or inside[event.parent]
            assert out == inside.pop(event.parent)
            for epc in out:
                del parent[epc]
        elif event.step != "commissioning":
            assert not set(event.epcs) & parent.keys(), "only the outermost is shipped, received or dispensed"
            assert not ended.intersection(event.epcs)
        if event.action == "DELETE" and event.kind == "ObjectEvent":
            ended.update(event.epcs)
        if event.disposition == "dispensed":
            ended.update(event.epcs)


def test_what_is_received_was_shipped_to_the_receiver(world: simulate.World, events: list[Told]) -> None:
    shipped = {(epc, event.buyer) for event in events if event.step == "shipping" for epc in event.epcs}
    received = [(epc, event.buyer) for event in events if event.step == "receiving" for epc in event.epcs]
    assert received
    assert shipped.issuperset(received)


def test_every_kind_of_step_occurs(events: list[Told]) -> None:
    assert {(event.step, event.disposition) for event in events} == {
        ("commissioning", "active"),
        ("packing", "in_progress"),
        ("unpacking", "in_progress"),
        ("shipping", "in_transit"),
        ("shipping", "returned"),
        ("receiving", "in_progress"),
        ("receiving", "returned"),
        ("dispensing", "dispensed"),
        ("dispensing", "partially_dispensed"),
        ("decommissioning", "inactive"),
        ("destroying", "destroyed"),
        ("holding", "recalled"),
    }


def test_the_recall_names_a_lot_and_no_pack(world: simulate.World, events: list[Told]) -> None:
    (recall,) = [event for event in events if event.disposition == "recalled"]
    (lot,) = [lot for lot in world.lots if lot.fate == "recalled"]
    assert not recall.epcs
    assert recall.lots == [lot.product.lot_urn(lot.number)]
    assert recall.speaker in (lot.product.maker.gln, lot.product.maker.urn)


def test_a_change_of_owner_carries_the_transaction_statement(documents: list[tuple[str, bytes]]) -> None:
    for name, data in documents:
        statements = list(etree.fromstring(data).iter("{*}dscsaTransactionStatement"))
        assert len(statements) == (1 if name.endswith(("-ship.xml", "-return.xml")) else 0)


def test_some_pharmacies_never_post_a_receipt(world: simulate.World, documents: list[tuple[str, bytes]]) -> None:
    speakers = {name.split("-")[3] for name, _ in documents if "-pharmacy-" in name}
    silent = {party.gln for party in world.pharmacies if not party.posts_receipts}
    assert silent
    assert speakers == {party.gln for party in world.pharmacies} - silent


def test_every_number_has_a_right_check_digit(world: simulate.World) -> None:
    numbers = [product.gtin for product in world.products] + [product.case_gtin for product in world.products]
    for party in (*world.makers, *world.wholesalers, *world.pharmacies, world.hub):
        numbers += [party.gln, party.site_gln]
    assert all(check_digit.is_valid(number) for number in numbers)
    glns = [party.gln for party in (*world.makers, *world.wholesalers, *world.pharmacies, world.hub)]
    assert len(set(glns)) == len(glns)


def test_scanner_text_reads_back_as_its_four_elements() -> None:
    scan = read_scan(simulate.scan_text("00300930787010", "A7/x", "L-9", "2027-02-28"), this_year=2026)
    assert (scan.gtin, scan.serial, scan.lot, scan.expiry) == ("00300930787010", "A7/x", "L-9", "2027-02-28")
    assert scan.symbology == "]d2"
    assert not scan.fault


def test_each_scan_is_of_a_pack_that_lies_at_that_counter(world: simulate.World) -> None:
    lying = {
        (shelf.site.gln, shelf.lot.product.gtin, pack.rpartition(".")[2], shelf.lot.number)
        for shelf in world.shelves
        for pack in shelf.packs
    }
    scans = list(simulate.scans(world))
    assert len(scans) == len(lying)
    assert [scan.id for scan in scans] == list(range(1, len(scans) + 1))
    assert [scan.at for scan in scans] == sorted(scan.at for scan in scans)
    assert scans[0].at >= TODAY.isoformat()
    for one in scans:
        read = read_scan(one.scan, this_year=2026)
        lying.remove((one.site, read.gtin, read.serial, read.lot))
    assert not lying
