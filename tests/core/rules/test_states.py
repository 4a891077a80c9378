"""The table of pack states by itself: who may do what, from which state to which, and until when it may be undone."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.rules.states import (
    CHANGES,
    EU,
    US,
    rule_role,
    rule_state,
    rule_undo,
    state_after,
    undo_until,
)
from rxtrail.core.rules.words import END_RANKS, ENDS_BY_DISPOSITION

DAY = 86_400 * 1_000_000
ENDED = 1_000 * DAY
STATES = (
    "active", "dispensed", "sample", "free_sample", "locked", "exported", "destroyed", "stolen", "checked_out",
)  # fmt: skip
ROLES = ("pharmacy", "wholesaler", "maker", "repackager", "3pl", "authority", "hub", "")
# The European table, literally: from active, the change and those who may make it.
WHO = {
    "dispense": {"pharmacy", "wholesaler"},
    "sample": {"pharmacy", "wholesaler", "authority"},
    "free-sample": {"wholesaler", "maker", "repackager", "3pl"},
    "lock": {"wholesaler", "maker", "repackager", "3pl"},
    "export": {"wholesaler", "maker", "repackager", "3pl"},
    "destroy": {"pharmacy", "wholesaler", "maker", "repackager", "3pl"},
    "steal": {"wholesaler", "maker", "repackager", "3pl", "authority"},
    "check-out": {"repackager"},
}
TO = {
    "dispense": "dispensed", "sample": "sample", "free-sample": "free_sample", "lock": "locked",
    "export": "exported", "destroy": "destroyed", "steal": "stolen", "check-out": "checked_out",
}  # fmt: skip


@pytest.mark.parametrize(("verb", "role"), list(itertools.product(WHO, ROLES)))
def test_in_the_eu_only_the_roles_of_the_table_change_a_pack(verb: str, role: str) -> None:
    assert rule_role(CHANGES[verb], EU, role).allowed == (role in WHO[verb])
    assert rule_role(CHANGES[verb], US, role).allowed


@pytest.mark.parametrize(("verb", "state"), list(itertools.product(WHO, STATES)))
def test_in_the_eu_every_change_begins_at_an_active_pack(verb: str, state: str) -> None:
    assert rule_state(CHANGES[verb], EU, state).allowed == (state == "active")
    ruling = rule_state(CHANGES[verb], EU, state)
    assert ruling.allowed or (ruling.place == state and ruling.message and ruling.advice)


@pytest.mark.parametrize("verb", WHO)
def test_a_change_leads_to_the_state_of_the_table(verb: str) -> None:
    change = CHANGES[verb]
    assert change.to == TO[verb]
    assert state_after(change, "active", partial=False) == TO[verb]
    assert ENDS_BY_DISPOSITION[change.disposition] == TO[verb], "and the fold reads the event so"


@given(st.sampled_from(sorted(CHANGES)), st.sampled_from(["", "active", "returned", *END_RANKS]), st.booleans())
def test_a_lesser_end_never_replaces_a_greater(verb: str, before: str, partial: bool) -> None:
    if verb == "reactivate":
        return
    after = state_after(CHANGES[verb], before, partial=partial and verb == "dispense")
    assert END_RANKS.get(after, 0) >= END_RANKS.get(before, 0) or after == "returned"


def undo(state: str, *, days: float = 1, market: str = EU, here: bool = True, over: str = "", by: bool = False) -> bool:
    ruling = rule_undo(
        market,
        state,
        here=here,
        ended_us=ENDED,
        now_us=ENDED + int(days * DAY),
        over=frozenset(over.split()),
        attested=by,
    )
    assert ruling.allowed or (ruling.message and ruling.advice)
    return ruling.allowed


@pytest.mark.parametrize("state", ["dispensed", "sample", "free_sample", "exported", "decommissioned"])
def test_in_the_eu_a_change_is_undone_within_ten_days_at_the_same_place(state: str) -> None:
    assert undo(state, days=10)
    assert not undo(state, days=10.00001)
    assert not undo(state, here=False)
    assert undo_until(EU, state, ENDED) == ENDED + 10 * DAY


@pytest.mark.parametrize("state", ["locked", "checked_out"])
def test_a_lock_and_a_check_out_are_undone_at_any_time_by_the_same_place(state: str) -> None:
    assert undo(state, days=400)
    assert not undo(state, here=False)
    assert undo_until(EU, state, ENDED) == 0


@pytest.mark.parametrize("market", [EU, US])
@pytest.mark.parametrize("state", ["destroyed", "stolen", "transformed", "active", ""])
def test_what_is_gone_for_good_or_never_ended_is_not_undone(state: str, market: str) -> None:
    assert not undo(state, market=market, by=True)


@pytest.mark.parametrize("over", ["expired", "recalled", "withdrawn", "stolen", "destroyed"])
def test_in_the_eu_nothing_comes_back_to_stock_that_could_not_be_sold(over: str) -> None:
    assert not undo("dispensed", over=f"already-dispensed-here {over}")
    assert undo("dispensed", over="already-dispensed-here")


def test_in_the_us_a_pack_comes_back_on_a_persons_word_without_a_limit_of_days() -> None:
    assert not undo("dispensed", market=US)
    assert undo("dispensed", market=US, by=True, days=4_000)
    assert not undo("dispensed", market=US, by=True, here=False), "who never had it cannot say that it never left"
    assert undo("decommissioned", market=US)
    assert undo_until(US, "dispensed", ENDED) == 0
