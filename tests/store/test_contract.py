"""What every engine does: this is the definition of the Store's verbs."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from typing import TYPE_CHECKING

import msgspec
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rxtrail.core.rules.steps import Flag, Role, Step
from rxtrail.store.rows import (
    CheckpointRow,
    ContainerRow,
    DocumentRow,
    EventBody,
    EventRow,
    FindingRow,
    JobRow,
    NamedEvent,
    Record,
    RecordKind,
    UnitRow,
)
from rxtrail.store.tables import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.store import Reader, Store, Transaction
    from tests.store.conftest import Opener


HERE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # examples undo what they write
GTIN, OTHER_GTIN = "00312345678903", "00345678678909"
MAKER, SELLER = "0312345000013", "0354321000014"
LOT, EXPIRY = "L7", "2028-09-30"
READ_POINT, LOCATION = "414/0312345000013", "414/0354321000014"


@contextlib.contextmanager
def writing(store: Store) -> Iterator[Transaction]:
    tx = store.begin()
    try:
        yield tx
    except BaseException:
        store.rollback()
        raise
    store.commit()


@contextlib.contextmanager
def undone(store: Store) -> Iterator[Transaction]:
    """A transaction that leaves nothing: every example of a property finds the store empty."""
    tx = store.begin()
    try:
        yield tx
    finally:
        store.rollback()


@contextlib.contextmanager
def reading(store: Store) -> Iterator[Reader]:
    reader = store.reader()
    try:
        yield reader
    finally:
        reader.close()


def sha(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def record(position: int, *, block: int = 1, start: int = 0, length: int = 0, envelope: int = 0) -> Record:
    id_, salt = sha(f"id {position}")[:16], sha(f"salt {position}")
    return Record(position, RecordKind.EVENT, 0, 0, 1_000 + position, id_, salt, block, start, length, envelope)


def add_event(
    tx: Transaction,
    position: int,
    *,
    speaker: str = MAKER,
    parent: int = 0,
    time: int = 0,
    event_id: str = "",
    flags: int = 0,
    action: int = 1,
    document: int = 0,
) -> None:
    """Append one event with its record and a block of its own."""
    canonical, envelope = f"canonical {position}".encode(), f"envelope {position}".encode()
    block = tx.next_block()
    tx.add_block(block, canonical + envelope)
    tx.add_records([record(position, block=block, length=len(canonical), envelope=len(envelope))])
    row = EventRow(
        position=position,
        time=time or position * 10,
        hash=sha(f"event {position}"),
        kind=0,
        action=action,
        biz_step=tx.name_id("commissioning"),
        disposition=tx.name_id("active"),
        speaker=tx.name_id(speaker),
        read_point=tx.name_id(READ_POINT),
        biz_location=tx.name_id(LOCATION),
        source=tx.name_id(f"{MAKER};;{READ_POINT}"),
        destination=tx.name_id(f"{SELLER};{SELLER};"),
        parent=parent,
        document=document,
        flags=flags,
        event_id=event_id or f"event {position}",
    )
    tx.add_events([row])


def add_making(tx: Transaction, event: int, *, gtin: str = GTIN, lot: str = LOT) -> tuple[int, int]:
    """Give (product, making) of a making by an event that is there."""
    product, making = tx.product_id(gtin), tx.next_making()
    tx.add_makings([(making, event, tx.lot_id(product, lot, EXPIRY))])
    return product, making


def put(
    tx: Transaction, product: int, serials: list[str], made: int | None, packed: int | None, own: int | None
) -> int:
    """Add packages of one group; give how many were new."""
    return len(serials) - len(tx.add_units(product, [(serials, made, packed, own)]))


def container(number: int, key: str, *, product: int | None = None, state: bytes | None = None) -> ContainerRow:
    return ContainerRow(number, key, product, None, None, None, None, None, state)


def document(name: str = "a.xml", *, instance: str = "", sender: str = MAKER) -> DocumentRow:
    return DocumentRow(0, sha(name), name, 11, 5, sender, SELLER, instance, 3, b'{"version":"1.2"}')


def job(name: str = "job", *, number: int = 1, created_at: int = 5, state: str = "accepted") -> JobRow:
    gtins = frozenset({GTIN, OTHER_GTIN})
    return JobRow(name, number, "a.xml", True, state, 3, 0, 0, 0, -1, created_at, 0, "", gtins)


# -- settings, texts, products, lots ------------------------------------------------------------------------------


def test_a_setting_is_what_was_written_last(store: Store) -> None:
    with writing(store) as tx:
        assert tx.settings() == {}
        tx.set_settings({"role": "pharmacy", "glns": MAKER})
        tx.set_settings({"role": "hub"})
    with reading(store) as reader:
        assert reader.settings() == {"role": "hub", "glns": MAKER}


@HERE
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)))
def test_a_text_has_one_number_and_is_given_back(texts: list[str], store: Store) -> None:
    with undone(store) as tx:
        numbers = {text: tx.name_id(text) for text in texts}
        assert [tx.name_id(text) for text in texts] == [numbers[text] for text in texts]
        assert len(set(numbers.values())) == len(numbers)
        assert [tx.name(number) for number in numbers.values()] == list(numbers)


def test_a_text_is_read_from_the_disk_as_it_was_written(store: Store, reopen: Opener) -> None:
    texts = ["é", "a;b", " ", "\u2028", "'", '"', "x" * 5000, "\U0001f48a"]
    with writing(store) as tx:
        numbers = [tx.name_id(text) for text in texts]
    again = reopen(writable=False)
    with reading(again) as reader:
        assert [reader.name(number) for number in numbers] == texts
        assert [reader.name_known(text) for text in texts] == numbers
    again.close()


def test_the_empty_text_is_0_and_an_unknown_one_has_no_number(store: Store) -> None:
    with writing(store) as tx:
        assert tx.name_id("") == 0
        known = tx.name_id(MAKER)
    with reading(store) as reader:
        assert reader.name(0) == ""
        assert (reader.name_known(""), reader.name_known(MAKER), reader.name_known(SELLER)) == (0, known, None)


def test_a_product_has_one_number_and_may_hold_others(store: Store) -> None:
    with writing(store) as tx:
        one, other = tx.product_id(GTIN), tx.product_id(OTHER_GTIN)
        assert one != other
        assert tx.product_id(GTIN) == one
        assert not tx.product_holds(one)
        tx.mark_holding(one)
        assert tx.product_holds(one)
    with reading(store) as reader:
        assert reader.product(GTIN) == (one, True)
        assert reader.product(OTHER_GTIN) == (other, False)
        assert reader.product("00000000000000") is None
        assert reader.products_known([GTIN, "00000000000000"]) == {GTIN}
        assert (reader.gtin(one), reader.gtin(other)) == (GTIN, OTHER_GTIN)


def test_a_lot_is_its_product_its_number_and_its_expiry(store: Store) -> None:
    with writing(store) as tx:
        product = tx.product_id(GTIN)
        lots = [
            (product, LOT, EXPIRY),
            (product, LOT, ""),
            (product, "", EXPIRY),
            (tx.product_id(OTHER_GTIN), LOT, EXPIRY),
        ]
        numbers = [tx.lot_id(*lot) for lot in lots]
        assert len(set(numbers)) == len(lots)
        assert [tx.lot_id(*lot) for lot in lots] == numbers


# -- the log -------------------------------------------------------------------------------------------------------


def test_records_are_dense_from_0_and_blocks_give_back_their_bytes(store: Store) -> None:
    bodies = [f"body {number}".encode() * 50 for number in range(7)]
    with writing(store) as tx:
        assert (tx.log_size(), tx.next_block()) == (0, 1)
        rows, at = [], 0
        for position, body in enumerate(bodies[:4]):
            rows.append(record(position, block=1, start=at, length=len(body) - 3, envelope=3))
            at += len(body)
        tx.add_block(1, b"".join(bodies[:4]))
        tx.add_records(rows)
        assert (tx.log_size(), tx.next_block()) == (4, 2)
    with writing(store) as tx:
        tx.add_block(2, b"".join(bodies[4:]))
        at = 0
        for position, body in enumerate(bodies[4:], 4):
            rows.append(record(position, block=2, start=at, length=len(body) - 3, envelope=3))
            at += len(body)
        tx.add_records(rows[4:])
    with reading(store) as reader:
        assert reader.log_size() == 7
        assert reader.records_from(0, 100) == [(row, body[:-3]) for row, body in zip(rows, bodies, strict=True)]
        assert [row.position for row, _ in reader.records_from(2, 3)] == [2, 3, 4]
        assert reader.records_from(7, 100) == []


def test_adding_a_block_tells_the_sha256_of_the_bytes_that_lie_in_the_store(store: Store) -> None:
    with writing(store) as tx:
        told = {number: tx.add_block(number, f"block {number}".encode() * 300) for number in (1, 2)}
    view = store.copying().view()
    try:
        stored = view.blocks([1, 2])
    finally:
        view.close()
    assert told == {number: hashlib.sha256(data).digest() for number, data in stored.items()}
    assert len(set(told.values())) == 2


def test_one_position_is_given_once(store: Store) -> None:
    with writing(store) as tx:
        tx.add_records([record(0)])
    tx = store.begin()
    with pytest.raises(Exception, match=r"(?i)unique") as caught:
        tx.add_records([record(0)])
    store.rollback()
    assert store.failure(caught.value) is None  # somebody asked for what cannot be; the store is well


def test_events_come_back_with_their_bytes(store: Store) -> None:
    with writing(store) as tx:
        for position in range(5):
            add_event(tx, position, document=position + 1)
    expected = [
        EventBody(
            position,
            f"canonical {position}".encode(),
            f"envelope {position}".encode(),
            1_000 + position,
            f"event {position}",
            position * 10,
            MAKER,
            position + 1,
        )
        for position in range(5)
    ]
    with reading(store) as reader:
        assert reader.events_from(-1, 100) == expected
        assert reader.events_from(1, 2) == expected[2:4]
        assert list(reader.event_bodies([3, 0])) == [expected[0], expected[3]]
        assert reader.event_particulars([4, 1]) == {1: ("event 1", 2, 1_001), 4: ("event 4", 5, 1_004)}


EVENT_IDS = [
    "urn:uuid:5d2a6dc6-1f0f-4f4b-a7a1-8b2b1c6f0d11",
    "urn:uuid:5D2A6DC6-1F0F-4F4B-A7A1-8B2B1C6F0D11",
    "urn:uuid:5d2a6dc61f0f4f4ba7a18b2b1c6f0d11----",
    "urn:uuid:zd2a6dc6-1f0f-4f4b-a7a1-8b2b1c6f0d11",
    "urn:uuid:",
    "ni:///sha-256;" + "ab" * 32 + "?ver=CBV2.0",
    "ni:///sha-256;" + "AB" * 32 + "?ver=CBV2.0",
    "ni:///sha-256;" + "zz" * 32 + "?ver=CBV2.0",
    "ni:///sha-256;" + "ab" * 32 + "?ver=CBV2.1",
    "ni:///sha-256;" + "ab " * 20 + "abab?ver=CBV2.0",
    "ni:///sha-256;" + "ab" * 16 + " " * 32 + "?ver=CBV2.0",
    "ni:///sha-256;?ver=CBV2.0",
    "https://example.com/events/1",
    "1",
    "é",
]


@pytest.mark.parametrize("event_id", EVENT_IDS)
def test_an_event_identifier_comes_back_as_it_was_written(event_id: str, store: Store) -> None:
    with writing(store) as tx:
        add_event(tx, 0, event_id=event_id)
    with reading(store) as reader:
        assert reader.event_particulars([0])[0][0] == event_id
        assert [body.event_id for body in reader.events_from(-1, 9)] == [event_id]
        assert [body.event_id for body in reader.event_bodies([0])] == [event_id]


def test_an_identity_names_its_event_and_the_first_word_stands(store: Store) -> None:
    with writing(store) as tx:
        add_event(tx, 0)
        add_event(tx, 1, speaker=SELLER)
        tx.add_identities([(b"a" * 16, 0), (b"b" * 16, 1)])
        tx.add_identities([(b"a" * 16, 1)])
        found = tx.events_by_identity([b"b" * 16, b"a" * 16, b"c" * 16])
    first, second = NamedEvent(0, MAKER, sha("event 0"), 0), NamedEvent(1, SELLER, sha("event 1"), 0)
    assert found == {b"a" * 16: [first, second], b"b" * 16: [second]}


def test_the_parties_of_an_event_can_be_written_anew(store: Store) -> None:
    with writing(store) as tx:
        add_event(tx, 0)
        tx.set_parties(0, "a;;", ";b;")
        assert tx.parties_of(0) == ("a;;", ";b;")
        tx.set_parties(0, "", "")
        assert tx.parties_of(0) == ("", "")


def test_further_speakers_of_an_event_are_added_to_the_first(store: Store) -> None:
    with writing(store) as tx:
        add_event(tx, 0, parent=4)
        assert tx.event_brief(0) == (frozenset({MAKER}), 0, None, 0, sha("event 0"), 4)
        tx.add_event_speaker(0, SELLER, 2)
        tx.add_event_speaker(0, SELLER, 3)
        brief = tx.event_brief(0)
    assert brief.speakers == {MAKER, SELLER}
    assert brief.flags == Flag.MORE_SPEAKERS


def test_an_event_is_voided_by_the_first_that_voids_it(store: Store) -> None:
    with writing(store) as tx:
        for position in range(3):
            add_event(tx, position)
        tx.void(0, 1)
        assert (tx.event_brief(0).voided_by, tx.event_brief(1).voided_by) == (1, None)
        tx.void(0, None)
        assert tx.event_brief(0).voided_by is None


# -- packages ------------------------------------------------------------------------------------------------------


def test_adding_packages_counts_only_those_that_are_new_and_leaves_the_others(store: Store) -> None:
    with writing(store) as tx:
        product = tx.product_id(GTIN)
        assert put(tx, product, ["B", "A", "C"], 1, 2, None) == 3
        assert put(tx, product, ["C", "D", "A"], 9, 9, 1) == 1
        assert put(tx, product, [], 1, None, None) == 0
        assert put(tx, tx.product_id(OTHER_GTIN), ["A"], None, None, 1) == 1
    with reading(store) as reader:
        found = reader.units_of(product, ["D", "A", "nobody"])
        assert found == {"A": UnitRow("A", 1, 2, None), "D": UnitRow("D", 9, 9, 1)}


ODD = ["", " ", "a/b", "%2F", '"', "\\", "'", "ä", "A" * 200, "\u2028", "[", "null", "1", "01", "1.0", "true"]


def test_serials_are_texts_whatever_they_look_like(store: Store) -> None:
    with writing(store) as tx:
        product = tx.product_id(GTIN)
        assert put(tx, product, ODD, 1, None, None) == len(ODD)
        assert set(tx.units_of(product, ODD)) == set(ODD)
    with reading(store) as reader:
        assert [row.serial for _, row in reader.units_from((0, ""), 100)] == sorted(ODD)


@HERE
@given(
    serials=st.sets(st.text(st.characters(min_codepoint=33, max_codepoint=122), min_size=1, max_size=8), max_size=40)
)
def test_many_packages_are_read_in_the_order_of_their_keys(serials: set[str], store: Store) -> None:
    with undone(store) as tx:
        one, other = tx.product_id(GTIN), tx.product_id(OTHER_GTIN)
        assert put(tx, one, list(serials), 1, None, None) == len(serials)
        put(tx, other, ["Z"], 1, None, None)
        assert list(tx.units_of(one, sorted(serials, reverse=True))) == sorted(serials)
        paged: list[tuple[int, str]] = []
        after = (0, "")
        while page := tx.units_from(after, 7):
            paged += [(product, row.serial) for product, row in page]
            after = paged[-1]
        assert paged == [(one, serial) for serial in sorted(serials)] + [(other, "Z")]


def test_fifty_thousand_packages_go_in_and_come_out_in_one_call(store: Store) -> None:
    serials = [f"{number:06}" for number in range(50_000)]
    with writing(store) as tx:
        product = tx.product_id(GTIN)
        assert put(tx, product, serials, 1, None, None) == 50_000
        assert len(tx.units_of(product, serials)) == 50_000
        assert put(tx, product, [*serials, "one more"], 2, None, None) == 1
    with reading(store) as reader:
        assert reader.counts() == (50_001, 0, 0, 0)


def test_a_package_is_changed_by_its_key(store: Store) -> None:
    with writing(store) as tx:
        product = tx.product_id(GTIN)
        put(tx, product, ["A", "B"], 1, None, None)
        tx.change_units([(3, 4, 1, product, "A"), (5, 6, 1, product, "nobody")])
        assert tx.units_of(product, ["A", "B", "nobody"]) == {
            "A": UnitRow("A", 3, 4, 1),
            "B": UnitRow("B", 1, None, None),
        }


def test_the_steps_of_a_package_are_its_own_events_its_making_and_its_packing(store: Store) -> None:
    with writing(store) as tx:
        for position in range(4):
            add_event(tx, position, parent=7 if position == 1 else 0, document=position)
        product, making = add_making(tx, 0)
        put(tx, product, ["A"], making, 1, 1)
        tx.add_unit_events([(product, "A", 2, Role.EPC, None), (product, "A", 3, Role.OUTPUT, making)])
        tx.add_unit_events([(product, "A", 2, Role.EPC, None)])
        tx.add_event_speaker(2, SELLER, 1)
        tx.void(3, 2)
    plain = Step(
        event=0,
        time=0,
        hash=sha("event 0"),
        role=Role.EPC,
        kind="ObjectEvent",
        action="ADD",
        biz_step="commissioning",
        disposition="active",
        speakers=frozenset({MAKER}),
        read_point=READ_POINT,
        biz_location=LOCATION,
        source=(MAKER, "", READ_POINT),
        destination=(SELLER, SELLER, ""),
        parent=0,
        lot=(LOT, EXPIRY),
    )
    changed = msgspec.structs.replace
    expected = [
        plain,
        changed(plain, event=1, time=10, hash=sha("event 1"), role=Role.CHILD, parent=7, lot=None, document=1),
        changed(
            plain, event=2, time=20, hash=sha("event 2"), lot=None, document=2, flags=Flag.MORE_SPEAKERS,
            speakers=frozenset({MAKER, SELLER}),
        ),
        changed(plain, event=3, time=30, hash=sha("event 3"), role=Role.OUTPUT, document=3, voided=True),
    ]  # fmt: skip
    with reading(store) as reader:
        row = reader.units_of(product, ["A"])["A"]
        assert sorted(reader.unit_steps(product, "A", row), key=lambda step: step.event) == expected


def test_a_package_that_turns_out_to_be_a_container_is_taken_with_all_its_events(store: Store) -> None:
    with writing(store) as tx:
        for position in range(3):
            add_event(tx, position)
        product, making = add_making(tx, 0)
        put(tx, product, ["A", "B"], making, 1, 1)
        tx.add_unit_events([(product, "A", 2, Role.EPC, None), (product, "B", 2, Role.EPC, None)])
        taken = tx.take_unit(product, "A")
        assert sorted(taken) == [(0, Role.EPC, making), (1, Role.CHILD, None), (2, Role.EPC, None)]
        assert tx.take_unit(product, "A") == []
        assert set(tx.units_of(product, ["A", "B"])) == {"B"}
        assert tx.counts()[0] == 1


def test_a_making_has_all_its_speakers_and_knows_when_it_is_void(store: Store) -> None:
    with writing(store) as tx:
        add_event(tx, 0, document=5)
        product, number = add_making(tx, 0)
        add_event(tx, 1)
        assert add_making(tx, 1)[1] == number + 1
    with reading(store) as reader:
        made = reader.making(number)
        assert (made.event, made.product, made.lot, made.expiry, made.document) == (0, product, LOT, EXPIRY, 5)
        assert (made.speakers, made.voided, made.hash) == (frozenset({MAKER}), False, sha("event 0"))
        with writing(store) as tx:
            tx.add_event_speaker(0, SELLER, 1)
            tx.void(0, 1)
        assert (reader.making(number).speakers, reader.making(number).voided) == (frozenset({MAKER, SELLER}), True)


def test_the_facts_of_a_pack_reach_up_three_containers(store: Store) -> None:
    with writing(store) as tx:
        for position in range(3):
            add_event(tx, position, parent=1 if position == 1 else 0, document=8)
        product, making = add_making(tx, 0)
        put(tx, product, ["packed"], making, 1, None)
        put(tx, product, ["loose"], making, None, 1)
        tx.add_containers(
            [
                ContainerRow(1, "00/1", None, None, 2, 11, 12, None, b"a"),
                ContainerRow(2, "00/2", None, None, 3, 21, 22, None, b"b"),
                ContainerRow(3, "00/3", None, None, 4, 31, 32, None, b"c"),
            ]
        )
        tx.void(1, 2)
    with reading(store) as reader:
        facts = reader.pack_facts(product, "packed")
        assert facts == (making, 1, None, 10, 2, 8, 0, "00/1", 2, 11, 12, b"a", 3, 21, 22, b"b", 4, 32, b"c")
        loose = reader.pack_facts(product, "loose")
        assert loose is not None
        assert (loose.made, loose.packed, loose.own, loose.a_key) == (making, None, 1, None)
        assert reader.pack_facts(product, "nobody") is None


# -- containers ----------------------------------------------------------------------------------------------------


def test_containers_are_found_by_key_and_by_number(store: Store) -> None:
    rows = [
        ContainerRow(1, "00/1", None, 5, 2, 3, 4, 6, b"state"),
        container(2, "00/2"),
        container(3, f"01/{GTIN}/21/A", product=1),
    ]
    with writing(store) as tx:
        assert tx.next_container() == 1
        tx.add_containers(rows)
        assert tx.next_container() == 4
        assert tx.container_ids(["00/2", "00/9", "00/1"]) == {"00/1": 1, "00/2": 2}
    with reading(store) as reader:
        assert [reader.container(row.key) for row in rows] == rows
        assert reader.container("00/9") is None
        assert reader.containers([3, 9, 1]) == {1: rows[0], 3: rows[2]}
        assert reader.containers_from(0, 2, packages_only=False) == rows[:2]
        assert reader.containers_from(1, 9, packages_only=False) == rows[1:]
        assert reader.containers_from(0, 9, packages_only=True) == [rows[2]]
        assert reader.counts() == (1, 3, 0, 0)


def test_a_fold_written_anew_replaces_the_earlier_one_and_nothing_else(store: Store) -> None:
    with writing(store) as tx:
        tx.add_containers([container(1, "00/1"), container(2, "00/2", product=4, state=b"old")])
        tx.set_containers([ContainerRow(2, "ignored", 99, 1, 2, 3, 4, 5, b"new")])
        assert tx.containers([1, 2]) == {
            1: container(1, "00/1"),
            2: ContainerRow(2, "00/2", 4, 1, 2, 3, 4, 5, b"new"),
        }
        assert tx.folded_containers(0, 9) == [2]
        assert tx.folded_containers(2, 9) == []


def test_histories_hold_every_container_that_these_were_ever_in(store: Store) -> None:
    with writing(store) as tx:
        tx.add_containers([container(number, f"00/{number}") for number in range(1, 5)])
        add_event(tx, 0)
        add_event(tx, 1, parent=2)
        add_event(tx, 2, parent=3)
        tx.add_container_events(
            [
                (1, 0, Role.EPC, None),
                (1, 1, Role.CHILD, None),
                (2, 1, Role.PARENT, None),
                (2, 2, Role.CHILD, None),
                (3, 2, Role.PARENT, None),
                (3, 2, Role.PARENT, None),
            ]
        )
    with reading(store) as reader:
        found = reader.histories([1, 4])
        steps = {number: sorted((step.event, step.role, step.parent) for step in row) for number, row in found.items()}
        assert steps == {
            1: [(0, Role.EPC, 0), (1, Role.CHILD, 2)],
            2: [(1, Role.PARENT, 0), (2, Role.CHILD, 3)],
            3: [(2, Role.PARENT, 0)],
            4: [],
        }


def test_the_next_number_is_free_whatever_order_the_last_ones_came_in(store: Store) -> None:
    with writing(store) as tx:
        first = tx.next_container()
        tx.add_containers([container(first + n, f"00/{n}") for n in (2, 0, 1)])
        assert tx.next_container() == first + 3
        making = tx.next_making()
        tx.add_makings([(making + 1, 0, 1), (making, 0, 1)])
        assert tx.next_making() == making + 2
        store.savepoint()
        tx.add_containers([container(first + 3, "00/3")])
        store.undo_to_savepoint()
        assert tx.next_container() == first + 3
    with writing(store) as tx:
        assert (tx.next_container(), tx.next_making()) == (first + 3, making + 2)


def test_a_ring_of_containers_is_read_to_its_end(store: Store) -> None:
    with writing(store) as tx:
        tx.add_containers([container(1, "00/1"), container(2, "00/2")])
        add_event(tx, 0, parent=2)
        add_event(tx, 1, parent=1)
        tx.add_container_events([(1, 0, Role.CHILD, None), (2, 1, Role.CHILD, None)])
        assert set(tx.histories([1])) == {1, 2}


def test_packings_come_in_the_order_of_time_then_hash(store: Store) -> None:
    with writing(store) as tx:
        tx.add_containers([container(1, "00/1")])
        add_event(tx, 0, time=30, parent=1)
        add_event(tx, 1, time=10, parent=1, action=3, flags=Flag.EMPTIES)
        add_event(tx, 2, time=10, parent=1)
        add_event(tx, 3, time=5)
        tx.add_container_events([(1, position, Role.PARENT, None) for position in range(3)])
        tx.add_container_events([(1, 3, Role.EPC, None)])
        tx.void(0, 3)
    same_time = sorted([(sha("event 1"), 1, "DELETE", Flag.EMPTIES), (sha("event 2"), 2, "ADD", 0)])
    expected = [(position, action, 10, hash_, False, flags) for hash_, position, action, flags in same_time]
    with reading(store) as reader:
        assert reader.packings_of(1) == [*expected, (0, "ADD", 30, sha("event 0"), True, 0)]
        assert reader.packings_of(2) == []


def test_dependants_are_the_containers_that_were_ever_inside_and_whether_they_are_folded(store: Store) -> None:
    with writing(store) as tx:
        tx.add_containers([container(1, "00/1", state=b"x"), container(2, "00/2", state=b"y"), container(3, "00/3")])
        add_event(tx, 0, parent=1)
        tx.add_container_events([(2, 0, Role.CHILD, None), (3, 0, Role.CHILD, None), (1, 0, Role.PARENT, None)])
        tx.add_insides([(1, 2), (1, 3)])
        tx.add_insides([(1, 3)])
        assert tx.dependants([1]) == {2: True, 3: False}
        assert tx.dependants([2, 3]) == {}


def test_statements_about_a_class_come_with_their_product_and_lot(store: Store) -> None:
    with writing(store) as tx:
        add_event(tx, 0)
        add_event(tx, 1)
        product, other = tx.product_id(GTIN), tx.product_id(OTHER_GTIN)
        tx.add_lot_events([(other, "", 1), (product, LOT, 0), (product, LOT, 0)])
    with reading(store) as reader:
        found = [(number, lot, step.event, step.lot) for number, lot, step in reader.class_steps()]
        assert found == [(product, LOT, 0, None), (other, "", 1, None)]


# -- documents, jobs, findings, master data, partners, answers ----------------------------------------------------


def test_a_document_is_found_by_number_sha_and_instance_and_its_chunks_are_joined(store: Store) -> None:
    body = b"<epcis/>" * 1000
    packed = zstandard.ZstdCompressor().compress(body)
    with writing(store) as tx:
        first = tx.add_document(document("a", instance="i-1"), [packed[:7], packed[7:9], packed[9:]])
        second = tx.add_document(document("b", instance="i-1", sender=SELLER), [packed])
        third = tx.add_document(document("c", instance="i-1"), [packed])
    with reading(store) as reader:
        row = reader.document(first)
        assert row == msgspec.structs.replace(document("a", instance="i-1"), id=first)
        assert reader.document_by_sha(sha("a")) == row
        assert (reader.document(99), reader.document_by_sha(sha("z"))) == (None, None)
        assert reader.document_by_instance("i-1", MAKER) == row
        assert reader.document_by_instance("i-2", MAKER) is None
        assert [each.id for each in reader.documents_after(0, 9)] == [first, second, third]
        assert [each.id for each in reader.documents_after(first, 1)] == [second]
        assert b"".join(reader.raw(first)) == body
        assert reader.counts()[3] == 3


def test_one_document_is_kept_once(store: Store) -> None:
    with writing(store) as tx:
        tx.add_document(document("a"), [])
    tx = store.begin()
    with pytest.raises(Exception, match=r"(?i)unique"):
        tx.add_document(document("a"), [])
    store.rollback()


def test_a_job_adds_up_what_it_did_and_keeps_its_first_position(store: Store) -> None:
    def progress(state: str, applied: int, position: int, **more: int) -> None:
        finished_at = more.get("finished_at", 0)
        tx.job_progress(
            "job", state=state, applied=applied, packages=2, new_events=1, position=position,
            finished_at=finished_at, error="",
        )  # fmt: skip

    with writing(store) as tx:
        tx.add_job(job())
        assert tx.job("job") == job()
        progress("running", 1, -1)
        progress("running", 2, 7)
        assert [each.id for each in tx.jobs_unfinished()] == ["job"]
        progress("success", 3, 9, finished_at=66)
    with reading(store) as reader:
        done = reader.job("job")
        assert done is not None
        assert (done.state, done.applied, done.packages, done.new_events) == ("success", 3, 6, 3)
        assert (done.first_position, done.finished_at, done.gtins) == (7, 66, frozenset({GTIN, OTHER_GTIN}))
        assert reader.jobs_unfinished() == []
        assert reader.job("nobody") is None


def test_unfinished_jobs_come_oldest_first_and_all_jobs_newest_first(store: Store) -> None:
    with writing(store) as tx:
        tx.add_job(job("late", created_at=9, state="running", number=2))
        tx.add_job(job("early", created_at=3, number=1))
        tx.add_job(job("done", created_at=1, state="success", number=2))
        tx.add_job(job("failed", created_at=2, state="failed", number=4))
    with reading(store) as reader:
        assert [each.id for each in reader.jobs_unfinished()] == ["failed", "early", "late"]
        assert [each.id for each in reader.jobs_before(1 << 62, 2)] == ["late", "early"]
        assert [each.id for each in reader.jobs_before(3, 9)] == ["failed", "done"]
        at_nine = [[each.id for each in reader.jobs_before(9, 1, after=after)] for after in ("kate", "late")]
        assert at_nine == [["late"], ["early"]]  # a page may end between two of one moment
        first = reader.job_of_document(2)
        assert first is not None
        assert first.id == "done"
        assert reader.job_of_document(3) is None


def test_findings_come_in_order_and_by_their_events(store: Store) -> None:
    rows = [
        FindingRow(1, 0, None, "info", "STALE_EVENT", "old", "line 1", "[]"),
        FindingRow(1, 1, 7, "error", "SERIAL_TOO_LONG", "long", "line 2", '["01/x"]'),
        FindingRow(1, 2, 8, "error", "INVALID_EXPIRY", "none", "line 3", "[]"),
    ]
    with writing(store) as tx:
        tx.add_findings(rows[:1])
        tx.add_findings(rows[1:])
        tx.add_findings([FindingRow(2, 0, 9, "info", "OTHER", "", "", "[]")])
        for position in range(10):
            add_event(tx, position, document=2 if position == 9 else 1)
    with reading(store) as reader:
        assert reader.findings_of_document(1) == rows
        assert reader.findings_of_document(9) == []
        assert [(event, row.code) for event, row in reader.findings_of_events([9, 7])] == [
            (7, "SERIAL_TOO_LONG"),
            (9, "OTHER"),
        ]
        assert reader.findings_of_events([]) == []


def test_the_latest_word_of_each_speaker_on_a_thing_stands_whatever_the_order(store: Store) -> None:
    said = [
        ("414/1", MAKER, "2026-02-01", 1, {"name": "New"}),
        ("414/1", MAKER, "2026-01-01", 2, {"name": "Old"}),
        ("414/1", SELLER, "2026-03-01", 3, {"name": "Theirs"}),
        ("414/2", SELLER, "2026-03-01", 3, {}),
    ]
    with writing(store) as tx:
        tx.add_master(said)
    with writing(store) as tx:
        tx.add_master(list(reversed(said)))
    with reading(store) as reader:
        assert reader.master("414/1") == [
            (SELLER, "2026-03-01", {"name": "Theirs"}),
            (MAKER, "2026-02-01", {"name": "New"}),
        ]
        assert reader.master("414/9") == []


def test_two_words_of_one_moment_give_the_same_whichever_came_first(store: Store) -> None:
    words = [{"name": "B"}, {"name": "A", "city": "X"}]
    with writing(store) as tx:
        for thing, order in (("one", words), ("other", list(reversed(words)))):
            for word in order:
                tx.add_master([(thing, MAKER, "2026-01-01", 1, word)])
        assert tx.master("one") == tx.master("other")


def test_a_partner_table_replaces_the_one_before(store: Store) -> None:
    with writing(store) as tx:
        tx.set_partners([("B", b"b", [MAKER]), ("A", b"a", [SELLER, "0399999000012"])])
    with reading(store) as reader:
        assert reader.partners() == [b"a", b"b"]
        with writing(store) as tx:
            tx.set_partners([("C", b"c", [MAKER])])
        assert reader.partners() == [b"c"]


def test_an_answer_is_kept_under_its_key_until_a_later_one(store: Store) -> None:
    with writing(store) as tx:
        assert tx.answered("k") is None
        tx.add_answered("k", 5, b"first")
        tx.add_answered("other", 6, b"")
    with reading(store) as reader:
        assert (reader.answered("k"), reader.answered("other")) == ((5, b"first"), (6, b""))
        with writing(store) as tx:
            tx.add_answered("k", 9, b"later")
        assert reader.answered("k") == (9, b"later")


# -- all or nothing ------------------------------------------------------------------------------------------------


def test_a_rolled_back_transaction_leaves_nothing(store: Store) -> None:
    tx = store.begin()
    add_event(tx, 0)
    put(tx, tx.product_id(GTIN), ["A"], None, None, None)
    tx.add_document(document(), [b"x"])
    store.rollback()
    with reading(store) as reader:
        assert reader.counts() == (0, 0, 0, 0)
        assert reader.log_size() == 0
        assert reader.product(GTIN) is None
        assert reader.name_known(MAKER) is None
    with writing(store) as tx:
        add_event(tx, 0)


def test_a_savepoint_undoes_only_what_came_after_it(store: Store) -> None:
    with writing(store) as tx:
        tx.set_settings({"before": "1"})
        store.savepoint()
        tx.set_settings({"undone": "1", "before": "2"})
        store.undo_to_savepoint()
        tx.set_settings({"after": "1"})
        store.savepoint()
        tx.set_settings({"released": "1"})
        store.release()
    with reading(store) as reader:
        assert reader.settings() == {"before": "1", "after": "1", "released": "1"}


def test_readers_see_only_what_is_committed(store: Store) -> None:
    with reading(store) as reader:
        tx = store.begin()
        tx.set_settings({"role": "hub"})
        product = tx.product_id(GTIN)
        put(tx, product, ["A"], None, None, None)
        add_event(tx, 0)
        assert tx.log_size() == 1
        assert (reader.settings(), reader.log_size(), reader.counts()) == ({}, 0, (0, 0, 0, 0))
        assert reader.units_of(product, ["A"]) == {}
        store.commit()
        assert (reader.settings(), reader.log_size(), reader.counts()) == ({"role": "hub"}, 1, (1, 0, 1, 0))


def test_a_reader_that_holds_still_sees_one_view_while_a_writer_commits(store: Store) -> None:
    with writing(store) as tx:
        product = tx.product_id(GTIN)
        put(tx, product, ["A"], None, None, None)
    with reading(store) as still, reading(store) as moving:
        still.hold_still()
        done = threading.Event()

        def write() -> None:
            with writing(store) as tx:
                put(tx, product, ["B"], None, None, None)
                tx.set_settings({"role": "hub"})
                add_event(tx, 0)
            done.set()

        thread = threading.Thread(target=write)
        thread.start()
        thread.join(timeout=10)
        assert done.is_set(), "a reader keeps no writer waiting"
        assert [row.serial for _, row in still.units_from((0, ""), 9)] == ["A"]
        assert (still.settings(), still.log_size(), still.counts()) == ({}, 0, (1, 0, 0, 0))
        assert [row.serial for _, row in moving.units_from((0, ""), 9)] == ["A", "B"]
        assert (moving.settings(), moving.log_size()) == ({"role": "hub"}, 1)
    with reading(store) as later:
        assert later.counts() == (2, 0, 1, 0)


def test_what_was_committed_is_there_when_the_store_is_opened_again(store: Store, reopen: Opener) -> None:
    with writing(store) as tx:
        add_event(tx, 0)
        product, making = add_making(tx, 0)
        put(tx, product, ["A"], making, None, None)
    store.close()
    again = reopen()
    with reading(again) as reader:
        assert reader.product(GTIN) == (product, False)
        assert reader.units_of(product, ["A"]) == {"A": UnitRow("A", making, None, None)}
        assert reader.making(making).lot == LOT
        assert reader.store_bytes() > 0
    again.close()


# -- names after something was undone -----------------------------------------------------------------------------


def test_names_numbered_in_an_undone_transaction_are_not_remembered(store: Store) -> None:
    with reading(store) as reader:
        tx = store.begin()
        tx.name_id("undone")
        tx.product_id(GTIN)
        store.rollback()
        with writing(store) as tx:
            kept, product = tx.name_id("kept"), tx.product_id(OTHER_GTIN)
        assert (reader.name(kept), reader.gtin(product)) == ("kept", OTHER_GTIN)
        assert reader.name_known("undone") is None
        assert reader.product(GTIN) is None
        with writing(store) as tx:
            assert tx.name_id("undone") != kept
            assert tx.product_id(GTIN) != product


def test_names_numbered_behind_an_undone_savepoint_are_not_remembered(store: Store) -> None:
    with reading(store) as reader:
        with writing(store) as tx:
            before = tx.name_id("before")
            store.savepoint()
            tx.name_id("undone")
            undone_lot = tx.lot_id(tx.product_id(GTIN), LOT, EXPIRY)
            store.undo_to_savepoint()
            kept, product = tx.name_id("kept"), tx.product_id(OTHER_GTIN)
            assert tx.lot_id(product, "OTHER", EXPIRY) == undone_lot, "the number is free again"
            assert tx.lot_id(tx.product_id(GTIN), LOT, EXPIRY) != undone_lot
        assert (reader.name(before), reader.name(kept), reader.gtin(product)) == ("before", "kept", OTHER_GTIN)


def test_a_change_that_is_not_committed_is_not_taken_for_true_by_readers_and_is_once_it_is(store: Store) -> None:
    with writing(store) as tx:
        add_event(tx, 0)
        add_event(tx, 1)
        product, making = add_making(tx, 0)
    with reading(store) as reader:
        assert reader.product(GTIN) == (product, False)
        tx = store.begin()
        tx.mark_holding(product)
        tx.void(0, 1)
        assert reader.product(GTIN) == (product, False)
        assert not reader.making(making).voided
        store.commit()
        assert reader.product(GTIN) == (product, True)
        assert reader.making(making).voided


def test_a_change_that_was_rolled_back_is_forgotten(store: Store) -> None:
    with writing(store) as tx:
        add_event(tx, 0)
        add_event(tx, 1)
        product, making = add_making(tx, 0)
    with reading(store) as reader:
        tx = store.begin()
        tx.mark_holding(product)
        tx.void(0, 1)
        assert tx.product_holds(product)
        assert tx.making(making).voided
        store.rollback()
        assert reader.product(GTIN) == (product, False)
        assert not reader.making(making).voided
        with writing(store) as tx:
            assert not tx.product_holds(product)


def test_a_change_is_seen_by_readers_although_a_later_work_of_the_transaction_was_undone(store: Store) -> None:
    with writing(store) as tx:
        add_event(tx, 0)
        add_event(tx, 1)
        product, making = add_making(tx, 0)
    with reading(store) as reader:
        with writing(store) as tx:
            tx.mark_holding(product)
            tx.void(0, 1)
            store.savepoint()
            store.undo_to_savepoint()
            assert reader.product(GTIN) == (product, False), "not committed yet"
            assert not reader.making(making).voided
        assert reader.product(GTIN) == (product, True)
        assert reader.making(making).voided


# -- small things beside the record --------------------------------------------------------------------------------


def test_small_things_are_kept_by_kind_and_key_and_listed_both_ways(store: Store) -> None:
    with writing(store) as tx:
        for number, key in enumerate("badc"):
            tx.keep("case", key, 10 * (number // 2), key.encode())
        tx.keep("other", "a", 1, b"")
        tx.keep("case", "d", 99, b"again", tell=True)
        tx.drop_kept("case", "nobody")
    with reading(store) as reader:
        assert reader.kept("case", "d") == (99, b"again")
        assert reader.kept("case", "e") is None
        forward = reader.kept_from("case", (-1, ""), 3)
        assert forward == [("a", 0, b"a"), ("b", 0, b"b"), ("c", 10, b"c")]
        assert [reader.kept_count(kind) for kind in ("case", "other", "none")] == [4, 1, 0]
        assert reader.kept_from("case", (10, "c"), 3) == [("d", 99, b"again")]
        assert [key for key, _, _ in reader.kept_before("case", (1 << 62, ""), 9)] == ["d", "c", "b", "a"]
        with writing(store) as tx:
            tx.drop_kept("case", "d", tell=True)
        assert reader.kept("case", "d") is None


# -- the published log ---------------------------------------------------------------------------------------------


def test_a_tile_grows_in_its_place_and_each_level_has_its_own(store: Store) -> None:
    with writing(store) as tx:
        tx.put_tiles([(0, 0, b"a" * 32), (0, 1, b"b" * 32), (1, 0, b"c" * 32)])
        tx.put_tiles([(0, 1, b"b" * 64)])
        tx.put_tiles([])
    with reading(store) as reader:
        assert [reader.tile(*which) for which in ((0, 0), (0, 1), (1, 0), (1, 1), (2, 0))] == [
            b"a" * 32, b"b" * 64, b"c" * 32, None, None,
        ]  # fmt: skip


def test_of_signed_heads_stay_the_newest_the_newest_cosigned_and_those_of_earlier_hours(store: Store) -> None:
    with reading(store) as reader:
        assert reader.checkpoint() is None
        assert reader.checkpoint(cosigned=True) is None
    heads = [CheckpointRow(size, size * 10, "me", int(size in {3, 4}), b"note %d" % size) for size in (1, 3, 4, 7)]
    for head in heads:
        with writing(store) as tx:
            tx.put_checkpoint(head, since=30, keep=4)
    with reading(store) as reader:
        assert reader.checkpoint() == heads[3]
        assert reader.checkpoint(cosigned=True) == heads[2]
    with writing(store) as tx:
        tx.put_checkpoint(heads[3]._replace(cosigned=1, note=b"more"), since=30, keep=7)
    with reading(store) as reader:
        assert reader.checkpoint(cosigned=True) == heads[3]._replace(cosigned=1, note=b"more")
    view = store.copying().view()
    try:
        kept = [row[0] for page in view.pages(BY_NAME["checkpoint"]) for row in page]
    finally:
        view.close()
    assert kept == [1, 7], "what is older than the moment stays"


def test_which_of_many_packs_are_on_record_is_one_question(store: Store) -> None:
    with writing(store) as tx:
        product, other = tx.product_id(GTIN), tx.product_id(OTHER_GTIN)
        put(tx, product, ["A", "\\"], 1, None, None)
        case = container(1, f"01/{OTHER_GTIN}/21/CASE", product=other)._replace(made=7)
        tx.add_containers([case, container(2, "00/1")])
    asked = [
        (product, "A", "01/x"),
        (product, "a", "01/y"),
        (product, "\\", "01/z"),
        (other, "A", "01/A"),
        (other, "CASE", f"01/{OTHER_GTIN}/21/CASE"),
        (0, "1", "00/1"),
        (99, "A", ""),
    ]
    with reading(store) as reader:
        assert reader.known_packs(asked) == {(product, "A"): 1, (product, "\\"): 1, (other, "CASE"): 7, (0, "1"): None}
        assert reader.known_packs([]) == {}
