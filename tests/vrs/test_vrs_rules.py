"""The pure rules: what a maker says may make a verdict worse, never better; and what guessing is counted as."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.rules.answer import (
    Answer,
    Matched,
    PackView,
    Reason,
    RecordView,
    ScanView,
    Severity,
    StateView,
    Verdict,
)
from rxtrail.core.rules.verdict import PURPOSES
from rxtrail.core.rules.vrs_answer import (
    AdditionalInfo,
    FailureReason,
    Held,
    MakerAnswer,
    Policy,
    answer_for,
    joined,
    with_reasons,
)
from rxtrail.vrs.watch import DAY_SECONDS, HOUR_SECONDS, Watch

ORDER = [Answer.OK, Answer.NOT_COVERED, Answer.CHECK, Answer.UNCONFIRMED, Answer.STOP]
REASONS = st.lists(
    st.builds(
        Reason,
        st.sampled_from(["recalled", "no-transaction-data", "lot-mismatch", "expired", "custody-open", "unreachable"]),
        st.sampled_from(Severity),
        st.just(""),
        st.just(""),
    ),
    max_size=3,
    unique_by=lambda reason: reason.code,
)
INFOS = st.lists(st.sampled_from(AdditionalInfo), max_size=2, unique=True).map(tuple)
YES = st.builds(MakerAnswer, st.just(True), infos=INFOS)
NO = st.builds(MakerAnswer, st.just(False), st.sampled_from(FailureReason), INFOS)
NOTHING = st.builds(MakerAnswer, st.none(), status=st.sampled_from([0, 200, 400, 404, 503]), fault=st.just("x"))


def verdict(reasons: list[Reason], basis: str = "supplier") -> Verdict:
    bare = Verdict(
        Answer.OK,
        "",
        [],
        PackView(),
        StateView(),
        ScanView(""),
        RecordView(basis),
        Matched(),
        "2026-11-23T12:00:00Z",
        0,
    )
    return with_reasons(bare, reasons)


@given(REASONS, st.one_of(YES, NO, NOTHING), st.sampled_from(PURPOSES))
def test_no_answer_of_a_maker_makes_a_verdict_better(reasons: list[Reason], answer: MakerAnswer, purpose: str) -> None:
    before = verdict(reasons)
    after = joined(before, answer, purpose)
    assert ORDER.index(after.verdict) >= ORDER.index(before.verdict)
    assert len(after.reasons) > 0


@given(REASONS, NOTHING, st.sampled_from(PURPOSES))
def test_no_answer_is_never_a_stop_and_never_ok(reasons: list[Reason], answer: MakerAnswer, purpose: str) -> None:
    before = verdict(reasons)
    after = joined(before, answer, purpose)
    assert after.verdict is (Answer.STOP if before.verdict is Answer.STOP else Answer.UNCONFIRMED) or any(
        reason.code == "unreachable" for reason in before.reasons
    )
    assert after.record == before.record


@given(NO, st.sampled_from(PURPOSES))
def test_what_a_maker_does_not_verify_is_never_ok(answer: MakerAnswer, purpose: str) -> None:
    assert joined(verdict([]), answer, purpose).verdict in (Answer.STOP, Answer.CHECK)
    assert joined(verdict([]), answer, "return").verdict is Answer.STOP


@given(st.one_of(YES, NO), st.sampled_from(["issuer", "supplier", "counted-in", "none"]))
def test_the_makers_word_is_the_basis_only_where_nothing_else_is(answer: MakerAnswer, basis: str) -> None:
    after = joined(verdict([], basis), answer, "dispense")
    assert after.record.basis == ("vrs" if basis == "none" else basis)


HELD = st.builds(
    Held,
    st.sampled_from(["L7", "l7"]),
    st.sampled_from(["2028-09-30", "2028-09-29"]),
    st.sampled_from(["active", "dispensed", "destroyed", "stolen", "decommissioned", "returned", "sample", "exported"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


@given(HELD, st.booleans(), st.booleans())
def test_only_a_pack_that_matches_and_stands_free_is_verified(held: Held, recalled: bool, expired: bool) -> None:
    answer = answer_for(held, "L7", "2028-09-30", Policy(recalled, expired))
    free = held.disposition in ("active", "returned") and not held.held and not held.doubtful
    allowed = (recalled or not held.recalled) and (expired or not held.expired)
    assert answer.verified == (held.lot == "L7" and held.expiry == "2028-09-30" and free and allowed)
    assert (answer.failure is None) == answer.verified
    assert (AdditionalInfo.RECALLED in answer.infos) == held.recalled
    assert answer_for(None, "L7", "2028-09-30", Policy()).failure is FailureReason.NO_MATCH_SERIAL


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 5)), max_size=60), st.integers(1, 4))
def test_nobody_learns_of_more_new_packs_than_the_budget_within_an_hour(
    steps: list[tuple[int, int]], budget: int
) -> None:
    watch, now = Watch(), 0
    learnt: list[tuple[int, int]] = []  # what was not asked in the hour before
    for wait, pack in steps:
        now += wait
        if watch.wait_of("G", budget, now):
            continue
        watch.missed("G", str(pack), budget, now)
        recent = [known for at, known in learnt if now - at < HOUR_SECONDS]
        if pack not in recent:
            learnt.append((now, pack))
            assert len(recent) < budget


def test_many_requesters_are_told_once_when_they_become_many() -> None:
    watch = Watch()
    told = [watch.asked(gln, "P", 3, now) for now, gln in enumerate(("A", "B", "A", "C", "D"))]
    assert told == [[], [], [], ["A", "B", "C"], []]
    assert watch.asked("E", "P", 3, 2 * DAY_SECONDS) == []
