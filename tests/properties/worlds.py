"""Draws small supply chains with everything that goes wrong in them, cut into documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests import story
from tests.story import (
    BLISTER_GTIN,
    CASE_GTIN,
    EXPIRY,
    GTIN,
    LOT,
    MAKER,
    OTHER_PHARMACY,
    OUTSIDER,
    PHARMACY,
    WHOLESALER,
    Told,
    pack,
    sscc,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.story import Party

PACKS = [pack(f"P{number}") for number in range(3)]
BLISTERS = [pack(f"B{number}", BLISTER_GTIN) for number in range(2)]
CASES = [pack("C0", CASE_GTIN), sscc(11)]
PALLETS = [sscc(21), sscc(22), sscc(23, WHOLESALER)]
EVERYTHING = [*PACKS, *BLISTERS, *CASES, *PALLETS]
PARTIES = [MAKER, WHOLESALER, PHARMACY, OTHER_PHARMACY, OUTSIDER]
MINUTES = st.integers(0, 40)

_parties = st.sampled_from(PARTIES)
_receivers = st.sampled_from([None, None, WHOLESALER, PHARMACY])
_things = st.lists(st.sampled_from(EVERYTHING), min_size=1, max_size=3, unique=True).map(tuple)
_packages = st.lists(st.sampled_from([*PACKS, *BLISTERS, CASES[0]]), min_size=1, max_size=4, unique=True).map(tuple)
_containers = st.sampled_from([*PACKS[:1], *CASES, *PALLETS])
_ids = st.sampled_from(["auto", "auto", "auto", ""])


@dataclass(frozen=True)
class Said:
    """One event, who says it in a document, and to whom."""

    told: Told
    by: Party
    to: Party | None = None


def _observed(*, step: str, disposition: str, action: str = "OBSERVE") -> st.SearchStrategy[Told]:
    return st.builds(
        lambda minute, epcs, at, event_id: Told(minute, step, disposition, action, epcs, at=at, event_id=event_id),
        MINUTES, _things, _parties, _ids,
    )  # fmt: skip


_made = st.builds(
    lambda minute, epcs, at, lot, expiry, event_id: story.made(
        *epcs, minute=minute, at=at, lot=lot, expiry=expiry, event_id=event_id
    ),
    MINUTES, _packages, st.sampled_from([MAKER, MAKER, MAKER, WHOLESALER, OUTSIDER]),
    st.sampled_from([LOT, LOT, LOT, "L8", ""]), st.sampled_from([EXPIRY, EXPIRY, "2029-01-31"]), _ids,
)  # fmt: skip
_units_made = st.builds(
    lambda minute, unit, at: story.made_unit(unit, minute=minute, at=at), MINUTES, st.sampled_from(PALLETS), _parties
)
_packed = st.builds(
    lambda minute, parent, children, at, event_id: story.packed(
        parent, *children, minute=minute, at=at, event_id=event_id
    ),
    MINUTES, _containers, _things, _parties, _ids,
)  # fmt: skip
_unpacked = st.builds(
    lambda minute, parent, children, at: story.unpacked(parent, *children, minute=minute, at=at),
    MINUTES, _containers, st.one_of(st.just(()), _things), _parties,
)  # fmt: skip
_shipped = st.builds(
    lambda minute, epcs, seller, buyer, event_id: story.shipped(
        *epcs, minute=minute, seller=seller, buyer=buyer, event_id=event_id
    ),
    MINUTES, _things, _parties, _parties, _ids,
)  # fmt: skip
_sent_without_parties = _observed(step="shipping", disposition="in_transit")
_repacked = st.builds(
    lambda minute, inputs, outputs: story.repacked(inputs, outputs, minute=minute),
    MINUTES, st.lists(st.sampled_from(PACKS), min_size=1, max_size=1), st.lists(st.sampled_from(BLISTERS), max_size=2),
)  # fmt: skip
_recalled_lots = st.builds(
    lambda minute, lot, step: Told(
        minute, step, "recalled" if step == "holding" else "active", classes=(f"01/{GTIN}/10/{lot}",), at=MAKER
    ),
    MINUTES, st.sampled_from([LOT, "L8"]), st.sampled_from(["holding", "urn:rxtrail:bizstep:releasing"]),
)  # fmt: skip
_told = st.one_of(
    _made,
    _made,
    _units_made,
    _packed,
    _packed,
    _unpacked,
    _shipped,
    _shipped,
    _sent_without_parties,
    _repacked,
    _recalled_lots,
    _observed(step="receiving", disposition="in_progress"),
    _observed(step="dispensing", disposition="dispensed"),
    _observed(step="dispensing", disposition="partially_dispensed"),
    _observed(step="decommissioning", disposition="inactive", action="DELETE"),
    _observed(step="destroying", disposition="destroyed", action="DELETE"),
    _observed(step="inspecting", disposition="stolen"),
    _observed(step="holding", disposition="non_sellable_other"),
    _observed(step="holding", disposition="recalled"),
    _observed(step="receiving", disposition="returned"),
    _observed(step="storing", disposition="sellable_accessible"),
    _observed(step="urn:rxtrail:bizstep:releasing", disposition="active"),
    _observed(step="urn:rxtrail:bizstep:reactivating", disposition="active"),
    _observed(step="void_shipping", disposition="in_progress"),
)


def chain() -> list[Said]:
    """What goes right: made, packed in four levels, shipped, received, unpacked, dispensed."""
    by_maker = [
        story.made(*BLISTERS, minute=0),
        story.made(*PACKS, minute=1),
        story.made(CASES[0], minute=2),
        story.made_unit(PALLETS[0], minute=3),
        story.packed(PACKS[0], *BLISTERS, minute=4),
        story.packed(CASES[0], *PACKS, minute=5),
        story.packed(PALLETS[0], CASES[0], minute=6),
        story.shipped(PALLETS[0], buyer=WHOLESALER, minute=10),
    ]
    by_wholesaler = [
        story.received(PALLETS[0], at=WHOLESALER, minute=15),
        story.unpacked(PALLETS[0], minute=16, at=WHOLESALER),
        story.shipped(CASES[0], seller=WHOLESALER, buyer=PHARMACY, minute=20),
    ]
    by_pharmacy = [
        story.received(CASES[0], minute=25),
        story.unpacked(CASES[0], PACKS[1], minute=26),
        story.dispensed(PACKS[1], minute=30),
    ]
    return [
        *(Said(told, MAKER) for told in by_maker),
        *(Said(told, WHOLESALER) for told in by_wholesaler),
        *(Said(told, PHARMACY) for told in by_pharmacy),
    ]


@st.composite
def worlds(draw: st.DrawFn, *, most: int = 14) -> list[Said]:
    """A few events by anybody about a handful of things; some said again by others, some declared wrong."""
    said: list[Said] = []
    if draw(st.booleans()):
        said.extend(each for each in chain() if draw(st.integers(0, 9)))
    for told in draw(st.lists(_told, max_size=most)):
        place = told.at or MAKER
        said.append(Said(told, draw(st.sampled_from([place, place, place, *PARTIES])), draw(_receivers)))
    for each in list(said):
        what = draw(st.integers(0, 11))
        if what == 0:
            said.append(Said(each.told, draw(_parties), draw(_receivers)))
        elif what == 1 and each.told.id:
            declared = each.told.declared_wrong(each.told.minute + draw(st.integers(-1, 20)))
            said.append(Said(declared, draw(st.sampled_from([each.by, each.by, *PARTIES]))))
    return said


@dataclass(frozen=True)
class Document:
    """Some of what one party says."""

    by: Party
    told: tuple[Told, ...]
    to: Party | None = None


@st.composite
def documents(draw: st.DrawFn, said: Sequence[Said]) -> list[Document]:
    """Cut what is said into documents of one sender each, in any order, some of them twice."""
    shuffled = draw(st.permutations(said))
    size = draw(st.integers(1, 6))
    found: list[Document] = []
    for by in PARTIES:
        for to in (None, WHOLESALER, PHARMACY):
            told = [each.told for each in shuffled if (each.by, each.to) == (by, to)]
            found.extend(Document(by, tuple(told[at : at + size]), to) for at in range(0, len(told), size))
    again: bool = draw(st.booleans())
    if found and again:
        found.append(draw(st.sampled_from(found)))
    return draw(st.permutations(found))
