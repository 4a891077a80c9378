"""What a reader keeps in mind belongs to the moment that it was read at: an older view is nobody else's truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.store.test_contract import add_event, add_making, reading, writing

if TYPE_CHECKING:
    from rxtrail.store import Store
    from tests.store.conftest import Opener


def test_what_a_reader_of_an_old_view_reads_is_not_taken_for_true_by_others(store: Store) -> None:
    with writing(store) as tx:
        add_event(tx, 0)
        add_event(tx, 1)
        product, making = add_making(tx, 0)
    with reading(store) as still, reading(store) as reader:
        still.hold_still()
        with writing(store) as tx:
            tx.mark_holding(product)
            tx.void(0, 1)
        # The export that began earlier goes on with what was true then, after everybody forgot that.
        gtin = still.gtin(product)
        assert still.product(gtin) == (product, False)
        assert not still.making(making).voided
        assert reader.making(making).voided
        assert reader.product(gtin) == (product, True)
        still.let_go()
        assert still.making(making).voided


def test_a_reader_tells_when_its_last_read_saw_more_than_what_it_keeps_in_mind(store: Store, reopen: Opener) -> None:
    if not store.shared:
        return  # on a file others are followed by its own counter, before each question
    with writing(store) as tx:
        add_event(tx, 0)
        product, making = add_making(tx, 0)
        tx.add_units(product, [(["A"], making, None, None)])
    other = reopen()
    with reading(store) as reader:
        reader.mark()
        assert reader.pack_facts(product, "A") is not None
        assert not reader.moved_on()
        with writing(other) as tx:
            add_event(tx, 1)  # evidence alone: nothing that is kept in mind
        assert reader.pack_facts(product, "A") is not None
        assert not reader.moved_on()
        with writing(other) as tx:
            tx.set_settings({"role": "hub"})
        assert reader.pack_facts(product, "A") is not None
        assert reader.moved_on()
        reader.mark()
        assert reader.pack_facts(product, "none") is None
        assert not reader.moved_on()
        with writing(other) as tx:
            tx.void(0, 1)
        assert reader.pack_facts(product, "none") is None
        assert reader.moved_on()
    other.close()
