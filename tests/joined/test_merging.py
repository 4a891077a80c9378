"""Two verdicts on one scan: the worse wins, absence here is no word against the hub's record, and nobody is silent."""

from __future__ import annotations

import itertools

import pytest

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
from rxtrail.joined.merging import alone, merged

WORST_LAST = (Answer.OK, Answer.NOT_COVERED, Answer.CHECK, Answer.UNCONFIRMED, Answer.STOP)
SEVERITIES = {
    Answer.OK: Severity.INFO,
    Answer.NOT_COVERED: Severity.NOT_COVERED,
    Answer.CHECK: Severity.CHECK,
    Answer.UNCONFIRMED: Severity.UNCONFIRMED,
    Answer.STOP: Severity.STOP,
}


def verdict(answer: Answer, code: str, basis: str = "issuer") -> Verdict:
    reasons = [Reason(code, SEVERITIES[answer], f"{code}.", "next")] if code else []
    return Verdict(
        answer, "headline", reasons, PackView("00312345678906", "", "S1"), StateView(), ScanView("raw"),
        RecordView(basis), Matched(), "2026-11-23T12:00:00Z", 1,
    )  # fmt: skip


@pytest.mark.parametrize(("here", "there"), list(itertools.product(WORST_LAST, WORST_LAST)))
def test_the_worse_answer_wins(here: Answer, there: Answer) -> None:
    both = merged(verdict(here, "here"), verdict(there, "there"), purpose="dispense")
    assert both.verdict is max(here, there, key=WORST_LAST.index)
    assert {reason.code for reason in both.reasons} == {"here", "there"}
    assert [reason.message for reason in both.reasons if reason.code == "there"] == ["there. (told by the hub)"]


def test_a_reason_of_both_is_said_once() -> None:
    both = merged(verdict(Answer.STOP, "recalled"), verdict(Answer.STOP, "recalled"), purpose="dispense")
    assert [reason.message for reason in both.reasons] == ["recalled."]


def test_that_no_file_came_here_is_not_held_against_a_pack_that_the_hub_holds() -> None:
    local = verdict(Answer.CHECK, "no-transaction-data", basis="none")
    both = merged(local, verdict(Answer.OK, ""), purpose="dispense")
    assert (both.verdict, both.headline) == (Answer.OK, "OK to dispense")
    assert both.record.basis == "issuer"


def test_that_no_file_came_here_counts_when_the_hub_holds_nothing_either() -> None:
    local = verdict(Answer.CHECK, "no-transaction-data", basis="none")
    both = merged(local, verdict(Answer.STOP, "unknown-serial", basis="none"), purpose="dispense")
    assert both.verdict is Answer.STOP
    assert local.reasons[0] in both.reasons


def test_a_verdict_without_the_hub_stays_and_says_so() -> None:
    told = alone(verdict(Answer.STOP, "recalled"), "2026-11-23T08:14:00Z")
    assert told.verdict is Answer.STOP
    assert told.record.not_checked == ["hub"]
    assert "2026-11-23T08:14:00Z" in told.reasons[-1].message
