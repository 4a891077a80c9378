"""The fold by itself: steps in, state out; the order in which they are given never matters."""

from __future__ import annotations

import hashlib
import itertools
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.rules.authority import Authority
from rxtrail.core.rules.fold import Containers, fold
from rxtrail.core.rules.steps import Flag, Role, Step, Timeline
from rxtrail.core.rules.words import END_RANKS, FINAL

if TYPE_CHECKING:
    from collections.abc import Sequence

GTIN = "00312345678906"
MAKER, WHOLESALER, PHARMACY, OUTSIDER = "0312345000011", "0354321000011", "0376543000013", "0388888000016"
LISTED = {WHOLESALER: "Central Drug", PHARMACY: "Main Street Pharmacy"}
AUTHORITY = Authority((), LISTED)
MICRO = 60_000_000


def at(gln: str) -> str:
    return f"414/{gln}"


def step(minute: int, biz_step: str, disposition: str = "", *, by: str = MAKER, **more: object) -> Step:
    fields: dict[str, object] = {
        "event": minute, "time": minute * MICRO, "role": Role.EPC, "kind": "ObjectEvent", "action": "OBSERVE",
        "biz_step": biz_step, "disposition": disposition, "speakers": frozenset((by,)), "biz_location": at(by),
    } | more  # fmt: skip
    fields.setdefault("hash", hashlib.sha256(repr(sorted(fields.items(), key=str)).encode()).digest())
    return Step(**fields)  # type: ignore[arg-type]  # the fields of a step, by name


def making(minute: int = 0, *, by: str = MAKER, lot: str = "L7", **more: object) -> Step:
    return step(minute, "commissioning", "active", by=by, action="ADD", lot=(lot, "2028-09-30"), **more)


def folded(*steps: Step, gtin: str = GTIN) -> Timeline:
    return fold(steps, gtin=gtin, authority=AUTHORITY, timelines=lambda _number: None)


def sent(minute: int, to: str = PHARMACY, *, by: str = MAKER) -> Step:
    return step(
        minute, "shipping", "in_transit", by=by, biz_location="", source=(by, "", ""), destination=(to, "", at(to))
    )


# -- any steps at all ----------------------------------------------------------------------------------------------


_parties = st.sampled_from([MAKER, WHOLESALER, PHARMACY, OUTSIDER, ""])
_words = st.sampled_from(
    ["commissioning", "packing", "unpacking", "shipping", "receiving", "dispensing", "destroying", "holding",
     "sampling", "void_shipping", "urn:rxtrail:bizstep:releasing", "urn:rxtrail:bizstep:reactivating", "storing", ""]
)  # fmt: skip
_dispositions = st.sampled_from(
    ["active", "in_transit", "in_progress", "dispensed", "partially_dispensed", "destroyed", "stolen", "inactive",
     "exported", "recalled", "returned", "non_sellable_other", "sellable_accessible", ""]
)  # fmt: skip
_steps = st.builds(
    Step,
    event=st.integers(0, 30),
    time=st.integers(0, 6),
    hash=st.binary(min_size=2, max_size=2),
    role=st.sampled_from(list(Role)),
    kind=st.sampled_from(
        ["ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent", "?"]
    ),
    action=st.sampled_from(["ADD", "OBSERVE", "DELETE", ""]),
    biz_step=_words,
    disposition=_dispositions,
    speakers=st.frozensets(_parties, min_size=1, max_size=2),
    read_point=st.sampled_from(["", at(MAKER), "urn:other:place"]),
    biz_location=st.sampled_from(["", at(PHARMACY), at(WHOLESALER)]),
    source=st.sampled_from([("", "", ""), (MAKER, "", at(MAKER))]),
    destination=st.sampled_from([("", "", ""), (PHARMACY, "", at(PHARMACY)), (WHOLESALER, "", "")]),
    parent=st.integers(0, 2),
    lot=st.sampled_from([None, ("L7", "2028-09-30"), ("L8", "2028-09-30"), ("", "")]),
    flags=st.sampled_from([0, 0, 0, Flag.COMMAND, Flag.COUNTED_IN | Flag.COMMAND, Flag.EMPTIES, Flag.DECLARATION]),
    voided=st.booleans(),
)
_distinct = st.lists(_steps, max_size=10, unique_by=lambda each: (each.time, each.hash))


def world(steps: Sequence[Step], histories: dict[int, list[Step]], gtin: str) -> Timeline:
    containers = Containers(histories, {}, AUTHORITY)
    return fold(steps, gtin=gtin, authority=AUTHORITY, timelines=containers)


@given(
    steps=_distinct,
    one=_distinct,
    two=_distinct,
    gtin=st.sampled_from([GTIN, "", "003123450000000011"]),
    data=st.data(),
)
def test_any_steps_fold_to_one_state_in_whatever_order_they_are_given(
    steps: list[Step], one: list[Step], two: list[Step], gtin: str, data: st.DataObject
) -> None:
    expected = world(steps, {1: one, 2: two}, gtin)
    again = {1: data.draw(st.permutations(one)), 2: data.draw(st.permutations(two))}
    assert world(data.draw(st.permutations(steps)), again, gtin) == expected


@given(steps=_distinct, one=_distinct)
def test_a_state_never_contradicts_itself(steps: list[Step], one: list[Step]) -> None:
    state = world(steps, {1: one}, GTIN).state
    assert state.disposition in ("", "active", "returned", *END_RANKS)
    assert (state.ended_at >= 0) == (state.disposition in END_RANKS)
    assert (state.made >= 0) == bool(state.made_by)
    stays = state.stays
    assert all(stay.until is not None for stay in stays[:-1])
    assert all(one.until is not None and one.until <= other.since for one, other in itertools.pairwise(stays))
    assert 0 not in {stay.container for stay in stays}


@given(steps=_distinct, later=_steps)
def test_what_ended_for_good_is_opened_again_by_no_document(steps: list[Step], later: Step) -> None:
    before = folded(*steps).state
    document = msgspec.structs.replace(later, time=100, flags=0, voided=False)
    after = folded(*steps, document).state
    if before.disposition in FINAL and not any(each.voided for each in steps):
        assert END_RANKS.get(after.disposition, 0) >= END_RANKS[before.disposition]


# -- ends ----------------------------------------------------------------------------------------------------------


ENDS = {
    "partially_dispensed": step(10, "dispensing", "partially_dispensed"),
    "dispensed": step(11, "dispensing", "dispensed"),
    "exported": step(12, "shipping", "exported"),
    "sample": step(13, "sampling", "non_sellable_other"),
    "decommissioned": step(14, "decommissioning", "inactive", action="DELETE"),
    "transformed": step(15, "repackaging", "", role=Role.INPUT, kind="TransformationEvent", action=""),
    "stolen": step(16, "inspecting", "stolen"),
    "destroyed": step(17, "destroying", "destroyed", action="DELETE"),
}


@pytest.mark.parametrize("end", ENDS)
def test_each_end_has_its_name(end: str) -> None:
    assert folded(making(), ENDS[end]).state.disposition == end


@pytest.mark.parametrize("second", ENDS)
@pytest.mark.parametrize("first", ENDS)
def test_of_two_ends_the_more_final_stands_and_of_equals_the_first(first: str, second: str) -> None:
    one, two = ENDS[first], msgspec.structs.replace(ENDS[second], time=20 * MICRO, event=20, hash=b"later")
    state = folded(making(), one, two).state
    assert state.disposition == (second if END_RANKS[second] > END_RANKS[first] else first)


@pytest.mark.parametrize("end", sorted(FINAL))
def test_what_is_seen_after_it_ended_for_good_is_doubtful(end: str) -> None:
    state = folded(making(), ENDS[end], step(30, "storing", "in_progress")).state
    assert state.doubts == ("seen-after-end",)
    assert state.disposition == end


def test_a_dispensing_of_what_was_destroyed_is_doubtful_too() -> None:
    assert folded(making(), ENDS["destroyed"], step(30, "dispensing", "dispensed")).state.doubts == ("seen-after-end",)


def test_paperwork_about_an_end_is_no_sighting() -> None:
    confirmed = msgspec.structs.replace(ENDS["destroyed"], time=30 * MICRO, event=30, hash=b"again")
    assert folded(making(), ENDS["decommissioned"], confirmed).state.doubts == ()


# -- custody -------------------------------------------------------------------------------------------------------


def test_what_is_made_is_with_its_maker() -> None:
    custody = folded(making()).state.custody
    assert (custody.custodian, custody.owner, custody.location, custody.to) == (MAKER, MAKER, at(MAKER), ())


def test_what_is_sent_is_with_the_sender_on_its_way_to_the_buyer() -> None:
    custody = folded(making(), sent(10)).state.custody
    assert (custody.custodian, custody.to, custody.how) == (MAKER, (PHARMACY,), "shipping")


def test_owner_and_possessor_are_apart() -> None:
    third_party = "0365432000017"
    told = step(
        10, "shipping", "in_transit", biz_location="", source=(MAKER, third_party, at(third_party)),
        destination=(WHOLESALER, PHARMACY, at(PHARMACY)),
    )  # fmt: skip
    custody = folded(making(), told).state.custody
    assert (custody.owner, custody.custodian) == (MAKER, MAKER)
    assert custody.to == (WHOLESALER, PHARMACY)
    arrived = folded(making(), told, step(20, "receiving", "in_progress", by=PHARMACY)).state.custody
    assert (arrived.owner, arrived.custodian) == (WHOLESALER, PHARMACY)


def test_a_receipt_ends_the_way_and_a_late_void_of_the_shipping_does_not_undo_it() -> None:
    arrived = step(20, "receiving", "in_progress", by=PHARMACY)
    state = folded(making(), sent(10), arrived, step(30, "void_shipping", "in_progress")).state
    assert state.custody.custodian == PHARMACY
    assert [note.code for note in state.notes] == ["VOID_WITHOUT_SHIPPING"]


def test_a_voided_shipping_leaves_it_where_it_was() -> None:
    state = folded(making(), sent(10), step(12, "void_shipping", "in_progress")).state
    assert state.custody == folded(making()).state.custody


# -- standing ------------------------------------------------------------------------------------------------------


def test_a_party_that_only_repeats_the_making_gains_no_standing_by_it() -> None:
    both = msgspec.structs.replace(making(), speakers=frozenset((MAKER, OUTSIDER)))
    state = folded(both, step(10, "destroying", "destroyed", by=OUTSIDER, action="DELETE")).state
    assert state.disposition == "active"
    assert [note.code for note in state.notes] == ["NO_STANDING"]


def test_a_party_that_repeats_an_instant_of_the_maker_with_another_content_does_not_speak_for_it() -> None:
    rival = msgspec.structs.replace(sent(10, OUTSIDER), speakers=frozenset((OUTSIDER,)), hash=b"rival", event=99)
    for hash_ in (b"\x00", b"\xff" * 32):
        state = folded(making(), sent(10), msgspec.structs.replace(rival, hash=hash_)).state
        assert state.custody.to == (PHARMACY,)


def test_the_company_under_whose_prefix_a_logistic_unit_stands_has_a_say_in_it() -> None:
    unit = "003123450000000011"
    early = step(1, "shipping", "in_transit", by=OUTSIDER, destination=(OUTSIDER, "", ""))
    state = folded(early, step(5, "commissioning", "active", action="ADD"), sent(10), gtin=unit).state
    assert state.custody.to == (PHARMACY,)
    assert "NO_STANDING" in {note.code for note in state.notes}


def test_a_unit_of_nobody_known_is_whose_word_came_first() -> None:
    state = folded(
        sent(5, by=WHOLESALER), step(7, "destroying", "destroyed", by=OUTSIDER, action="DELETE"), gtin=""
    ).state
    assert state.disposition != "destroyed"


# -- rings ---------------------------------------------------------------------------------------------------------


def inside(minute: int, parent: int, number: int) -> Step:
    return step(
        minute,
        "packing",
        "in_progress",
        role=Role.CHILD,
        kind="AggregationEvent",
        action="ADD",
        parent=parent,
        event=number,
    )


@pytest.mark.parametrize("size", [1, 2, 3, 40])
def test_every_container_of_a_ring_has_one_state_whichever_is_asked_first(size: int) -> None:
    numbers = list(range(1, size + 1))
    histories = {
        n: [inside(n, n % size + 1, n), step(50 + n, "storing", "in_progress", event=100 + n)] for n in numbers
    }
    forwards, backwards = Containers(histories, {}, AUTHORITY), Containers(histories, {}, AUTHORITY)
    one = {n: forwards(n) for n in numbers}
    other = {n: backwards(n) for n in reversed(numbers)}
    assert one == other
    assert forwards.cyclic == set(numbers)


def test_a_thousand_levels_are_folded() -> None:
    histories = {n: [inside(n, n + 1, n)] for n in range(1, 1000)} | {1000: [sent(2000)]}
    containers = Containers(histories, {}, AUTHORITY)
    assert containers(1) is not None
    assert containers.cyclic == set()
