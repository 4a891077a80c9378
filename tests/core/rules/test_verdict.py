"""The verdict by itself: whatever the facts are, ok is said only when everything speaks for it."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.gs1.scan import Scan
from rxtrail.core.rules.answer import Answer, Severity
from rxtrail.core.rules.authority import Authority
from rxtrail.core.rules.steps import Custody, Doubt
from rxtrail.core.rules.verdict import PURPOSES, Asker, Facts, judge
from rxtrail.core.rules.words import END_RANKS

GTIN, SERIAL, LOT, EXPIRY = "00312345678906", "S1", "L7", "2028-09-30"
MAKER, WHOLESALER, PHARMACY, OTHER = "0312345000011", "0354321000011", "0376543000013", "0367890000011"
TODAY = datetime.date(2026, 11, 23)
AUTHORITY = Authority((PHARMACY,), {WHOLESALER: "Central Drug", OTHER: "Hill Pharmacy"})
ROLES = {WHOLESALER: "wholesaler", OTHER: "pharmacy"}
SCAN = Scan("raw", "(01)", GTIN, SERIAL, LOT, EXPIRY, "280930")
HERE = Custody(PHARMACY, PHARMACY, f"414/{PHARMACY}", (), (PHARMACY,), 0, "receiving")
FINE = Facts(
    product_known=True, on_record=True, lot=LOT, expiry=EXPIRY, basis="issuer", disposition="active", custody=HERE
)
ORDER = [Severity.INFO, Severity.NOT_COVERED, Severity.CHECK, Severity.UNCONFIRMED, Severity.STOP]

_texts = st.sampled_from(["", LOT, LOT.lower(), "L8"])
_dates = st.sampled_from(["", EXPIRY, "2028-09-01", "2025-01-31"])
_glns = st.sampled_from([MAKER, WHOLESALER, PHARMACY, OTHER, ""])
_scans = st.builds(
    Scan, st.just("raw"), st.just(""), st.just(GTIN), st.just(SERIAL), lot=_texts, expiry=_dates,
    fault=st.just(""),
)  # fmt: skip
_custodies = st.builds(
    Custody, _glns, _glns, st.just(""), st.lists(_glns.filter(bool), max_size=2).map(tuple),
    st.lists(_glns.filter(bool), max_size=2).map(tuple), st.just(0), st.sampled_from(["", "shipping", "receiving"]),
)  # fmt: skip
_facts = st.builds(
    Facts,
    product_known=st.booleans(),
    on_record=st.booleans(),
    mentioned=st.booleans(),
    lot=_texts,
    expiry=_dates,
    basis=st.sampled_from(["issuer", "supplier", "counted-in", "none"]),
    disposition=st.sampled_from(["", "active", "returned", *END_RANKS]),
    ended_where=st.lists(_glns, max_size=2).map(tuple),
    ended_day=st.sampled_from(["", "2026-11-01"]),
    custody=_custodies,
    holds=st.sampled_from([(), ("non_sellable_other",)]),
    doubts=st.lists(st.sampled_from([doubt.value for doubt in Doubt]), max_size=2).map(tuple),
    recalled=st.sampled_from(["", "pack", "lot", "product"]),
    pending=st.booleans(),
    sender_inactive=st.sampled_from(["", WHOLESALER]),
)
_askers = st.builds(
    Asker, st.sampled_from(["hub", "maker", "wholesaler", "pharmacy"]), st.just(frozenset((PHARMACY,))),
    st.sampled_from(["", PHARMACY, OTHER]), st.sampled_from(PURPOSES),
)  # fmt: skip


@given(scan=_scans, facts=st.one_of(st.none(), _facts, st.just(FINE)), asker=_askers)
def test_ok_means_on_record_all_four_alike_open_and_free(scan: Scan, facts: Facts | None, asker: Asker) -> None:
    judged = judge(scan, facts, asker, AUTHORITY, TODAY, ROLES)
    if judged.answer is not Answer.OK:
        assert judged.reasons
        return
    assert facts is not None
    assert facts.on_record
    assert (judged.serial, judged.lot, judged.expiry) == ("yes", "yes", "yes")
    assert (scan.lot, scan.expiry) == (facts.lot, facts.expiry)
    assert not facts.holds
    assert not facts.doubts
    assert not facts.recalled
    assert not facts.pending
    assert not facts.sender_inactive
    assert facts.expiry >= TODAY.isoformat()
    assert facts.disposition in ("", "active", "returned", "partially_dispensed")
    assert facts.disposition != "returned" or asker.purpose in ("return", "receive")


@given(scan=_scans, facts=st.one_of(st.none(), _facts), asker=_askers)
def test_the_worst_reason_stands_first_and_is_the_answer(scan: Scan, facts: Facts | None, asker: Asker) -> None:
    judged = judge(scan, facts, asker, AUTHORITY, TODAY, ROLES)
    weights = [ORDER.index(reason.severity) for reason in judged.reasons]
    assert weights == sorted(weights, reverse=True)
    worst = judged.reasons[0].severity if judged.reasons else Severity.INFO
    assert judged.answer.value == ("ok" if worst is Severity.INFO else worst.value)
    assert all(reason.message and reason.next for reason in judged.reasons)


@given(scan=_scans, facts=_facts, asker=_askers)
def test_what_is_not_held_is_never_called_a_mismatch(scan: Scan, facts: Facts, asker: Asker) -> None:
    judged = judge(scan, facts, asker, AUTHORITY, TODAY, ROLES)
    codes = {reason.code for reason in judged.reasons}
    if not facts.on_record:
        assert not codes & {"lot-mismatch", "expiry-mismatch"}
        assert (judged.lot, judged.expiry) == ("not-held", "not-held")
    if judged.lot == "not-held":
        assert "lot-mismatch" not in codes


@given(scan=_scans, facts=_facts, asker=_askers)
def test_a_recall_is_a_stop_whoever_asks_and_whatever_else_is_known(scan: Scan, facts: Facts, asker: Asker) -> None:
    judged = judge(scan, facts, asker, AUTHORITY, TODAY, ROLES)
    if facts.recalled:
        assert judged.answer is Answer.STOP
        assert {"recalled", "withdrawn"} & {reason.code for reason in judged.reasons}


@pytest.mark.parametrize("role", ["hub", "maker", "wholesaler", "pharmacy"])
def test_a_fine_pack_in_its_place_is_ok_in_everybodys_record(role: str) -> None:
    judged = judge(SCAN, FINE, Asker(role, frozenset((PHARMACY,)), PHARMACY), AUTHORITY, TODAY, ROLES)
    assert (judged.answer, judged.reasons) == (Answer.OK, [])


@pytest.mark.parametrize(("days", "answer"), [(0, Answer.OK), (1, Answer.STOP)])
def test_a_pack_may_be_used_on_its_last_day_and_not_on_the_next(days: int, answer: Answer) -> None:
    today = datetime.date.fromisoformat(EXPIRY) + datetime.timedelta(days=days)
    assert judge(SCAN, FINE, Asker(site=PHARMACY), AUTHORITY, today, ROLES).answer is answer


def test_the_label_of_a_container_is_not_called_a_broken_scanner() -> None:
    judged = judge(Scan("raw", "(00)", sscc="003123450000000011"), None, Asker(), AUTHORITY, TODAY, ROLES)
    assert [reason.code for reason in judged.reasons] == ["wrong-barcode"]
    assert "case or pallet" in judged.reasons[0].message


def test_who_sent_a_pack_away_does_not_have_it() -> None:
    sent = Custody(WHOLESALER, WHOLESALER, "", (OTHER,), (OTHER, WHOLESALER), 0, "shipping")
    facts = Facts(
        product_known=True, on_record=True, lot=LOT, expiry=EXPIRY, basis="supplier", disposition="active", custody=sent
    )
    for site, answer in ((OTHER, Answer.OK), (WHOLESALER, Answer.STOP), (PHARMACY, Answer.STOP)):
        assert judge(SCAN, facts, Asker("hub", site=site), AUTHORITY, TODAY, ROLES).answer is answer
