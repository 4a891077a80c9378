"""Whatever order documents come in, twice or late, in whatever syntax: the record says the same."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.record.standing import authority_of
from tests.properties.worlds import PACKS, Document, chain, documents, worlds
from tests.story import (
    MAKER,
    OTHER_PHARMACY,
    OUTSIDER,
    PHARMACY,
    SECOND_WHOLESALER,
    WHOLESALER,
    Scene,
    Told,
    made,
    scene,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.story import Party

EXAMPLES = max(20, hypothesis.settings().max_examples // 3)  # each example fills one or two stores
MODEST = hypothesis.settings(max_examples=EXAMPLES)
# Hundreds of stores, each written once: they lie in memory where the system has a place for that.
MEMORY = Path("/dev/shm")
FOLDER = MEMORY if os.access(MEMORY, os.W_OK) else None


def record_of(given_: Iterable[Document], syntax: str = "xml", form: str = "", *, listed: bool = True) -> list[bytes]:
    """The packs that a fresh hub has after these documents."""
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder, scene(Path(folder)) as hub:
        if listed:
            hub.partners((WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy"), (OTHER_PHARMACY, "pharmacy"))
        fill(hub, given_, syntax, form)
        return hub.packs()


def fill(hub: Scene, given_: Iterable[Document], syntax: str = "xml", form: str = "") -> None:
    for document in given_:
        hub.capture(*document.told, sender=document.by, receiver=document.to, syntax=syntax, form=form)


@MODEST
@given(st.data())
def test_any_order_of_documents_gives_the_same_packs(data: st.DataObject) -> None:
    said = data.draw(worlds())
    first, second = data.draw(documents(said)), data.draw(documents(said))
    listed = data.draw(st.booleans())
    assert record_of(first, listed=listed) == record_of(second, listed=listed)


@MODEST
@given(st.data())
def test_xml_and_json_and_urn_and_digital_link_give_the_same_packs(data: st.DataObject) -> None:
    given_ = data.draw(documents(data.draw(worlds(most=8))))
    expected = record_of(given_)
    syntax, form = data.draw(st.sampled_from([("xml", "link"), ("json", "urn"), ("json", "link")]))
    assert record_of(given_, syntax, form) == expected


def test_a_chain_of_four_levels_ends_the_same_forwards_and_backwards() -> None:
    said = chain()
    forwards = [Document(each.by, (each.told,)) for each in said]
    whole = [Document(by, tuple(each.told for each in said if each.by == by)) for by in (MAKER, WHOLESALER, PHARMACY)]
    expected = record_of(forwards)
    assert len(expected) == 6
    assert record_of(reversed(forwards)) == expected
    assert record_of([*whole, *whole]) == expected
    assert record_of(reversed(whole)) == expected


BARE = Told(10, "shipping", "in_transit", epcs=(PACKS[0],), at=SECOND_WHOLESALER, leaves=True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((MAKER, WHOLESALER), (MAKER, PHARMACY)),
        ((MAKER, None), (MAKER, PHARMACY)),
        ((WHOLESALER, PHARMACY), (OTHER_PHARMACY, WHOLESALER)),
        ((WHOLESALER, None), (MAKER, None)),
        ((OUTSIDER, PHARMACY), (MAKER, WHOLESALER)),
    ],
)
def test_a_shipping_that_names_no_parties_ends_the_same_whoever_says_it_first_to_whomever(
    one: tuple[Party, Party | None], other: tuple[Party, Party | None]
) -> None:
    making = Document(MAKER, (made(PACKS[0]),))
    documents_ = [Document(by, (BARE,), to) for by, to in (one, other)]
    assert record_of([making, *documents_]) == record_of([making, *documents_[::-1]])


@MODEST
@given(st.data())
def test_what_is_cached_on_a_container_is_the_fold_of_its_events(data: st.DataObject) -> None:
    from rxtrail.ledger.containers import container_row
    from rxtrail.record.exact import container_state

    given_ = data.draw(documents(data.draw(worlds())))
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder, scene(Path(folder)) as hub:
        fill(hub, given_)
        reader = hub.node._reader()
        authority = authority_of(reader, hub.time.today())
        for row in reader.containers_from(0, 1000, packages_only=False):
            if row.state is not None:
                assert container_row(row, container_state(reader, authority, row).timeline) == row
