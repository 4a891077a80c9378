"""Answers in words: the verdict has shape, word and next step; what a partner wrote is shown as text only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.answers import (
    CaptureReceipt,
    ChangeReceipt,
    Custody,
    Finding,
    Journey,
    JourneyEvent,
    Place,
    Stay,
)
from rxtrail.cli import show
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

if TYPE_CHECKING:
    import pytest

NOWHERE = Place("")


def _verdict(answer: Answer, headline: str, *reasons: Reason) -> Verdict:
    return Verdict(
        answer,
        headline,
        list(reasons),
        PackView(gtin="00352601815904", serial="A\x1b[2J1", lot="QD1DQ", expiry="2027-09-30", product="Examplinib"),
        StateView(disposition="active", custodian="0300011111246", holds=["suspect"]),
        ScanView("raw", "(01)00352601815904(21)A1", ["group-separator-restored"]),
        RecordView("issuer"),
        Matched("yes", "yes", "yes"),
        "2026-11-23T09:14:02Z",
        7,
    )


RECALLED = Reason(
    "recalled",
    Severity.STOP,
    "Recalled: lot QD1DQ, class II",
    "Put this pack in quarantine. Tell the pharmacist.",
)


def test_a_stop_says_why_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    show.verdict(_verdict(Answer.STOP, "Do not dispense", RECALLED))
    told = capsys.readouterr().out
    assert told.splitlines()[:3] == [
        " ✖ STOP  Do not dispense",
        "     Recalled: lot QD1DQ, class II [recalled]",
        "       do: Put this pack in quarantine. Tell the pharmacist.",
    ]
    assert "serial A\\x1b[2J1  lot QD1DQ  expiry 30 Sep 2027" in told
    assert "on hold: suspect" in told
    assert "group-separator-restored" in told


def test_every_verdict_has_its_own_shape_and_word(capsys: pytest.CaptureFixture[str]) -> None:
    signs = []
    for answer in Answer:
        show.verdict(_verdict(answer, "headline"))
        shape, _, rest = capsys.readouterr().out.strip().partition(" ")
        signs.append((shape, rest.partition("  ")[0]))
    assert len({shape for shape, _ in signs}) == len(Answer)
    assert [word for _, word in signs] == ["OK", "NOT COVERED", "CHECK", "NOT CONFIRMED", "STOP"]


def test_dates_are_shown_so_that_nobody_can_read_them_two_ways() -> None:
    assert show.day("2026-09-03") == "3 Sep 2026"
    assert show.day("") == ""
    assert show.day("2026-13-01") == "2026-13-01"


def _event(**details: object) -> JourneyEvent:
    given: dict[str, object] = {
        "event_id": "urn:uuid:1",
        "event_time": "2026-11-02T08:14:00Z",
        "kind": "ObjectEvent",
        "action": "ADD",
        "biz_step": "commissioning",
        "disposition": "active",
        "read_point": Place("414/0300011111246", "Kalamazoo plant"),
        "biz_location": NOWHERE,
        "role": "epc",
        "of": "01/00352601815904/21/A1",
        "speaker": Place("0300011111246", "[bold]Maker[/bold] :smile:"),
        "source": NOWHERE,
        "destination": NOWHERE,
    }
    return JourneyEvent(**(given | details))  # type: ignore[arg-type]


def _journey(*, found: bool = True) -> Journey:
    return Journey(
        epc="01/00352601815904/21/A1",
        found=found,
        product="Examplinib",
        gtin="00352601815904",
        serial="A1",
        lot="QD1DQ",
        expiry="2027-09-30",
        state=StateView(disposition="in_transit", holds=["suspect"]),
        events=[
            _event(),
            _event(biz_step="packing", kind="AggregationEvent", role="child", parent="00/003011610012270529"),
            _event(biz_step="unpacking", action="DELETE", role="child", parent="00/003011610012270529"),
            _event(biz_step="shipping", destination=Place("0300011111253", "Elm St")),
            _event(biz_step="", read_point=NOWHERE, counts=False),
            _event(
                biz_step="shipping",
                read_point=NOWHERE,
                destination=Place("0300011111253"),
                note="not authorised",
            ),
        ],
        containment=[Stay("00/003011610012270529", "2026-11-02T08:15:00Z", "2026-11-06T00:00:00Z")],
        custody=[Custody(Place("0300011111246", "Maker"), "2026-11-02T08:14:00Z", how="made")],
        findings=[Finding("warning", "CYCLE", "packed into itself", epcs=[])],
    )


def test_a_journey_tells_when_what_where_and_who_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    show.journey(_journey())
    told = capsys.readouterr().out
    assert "Kalamazoo plant (414/0300011111246)" in told
    assert "packing into 00/003011610012270529" in told
    assert "unpacking out of 00/003011610012270529" in told
    assert "-> Elm St (0300011111253)" in told
    assert "kept as evidence only" in told
    assert "not authorised" in told
    assert "inside 00/003011610012270529 from 2026-11-02T08:15:00Z until" in told
    assert "with Maker (0300011111246) from 2026-11-02T08:14:00Z to this day (made)" in told
    assert "on hold: suspect" in told
    assert "CYCLE: packed into itself" in told


def test_a_name_that_looks_like_markup_is_shown_as_it_was_written(capsys: pytest.CaptureFixture[str]) -> None:
    show.journey(_journey())
    assert "[bold]Maker[/bold] :smile:" in capsys.readouterr().out


def test_a_journey_of_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    show.journey(_journey(found=False))
    assert "not on record here" in capsys.readouterr().out


def _receipt(name: str, findings: list[Finding], truncated: int = 0, *, duplicate: bool = False) -> CaptureReceipt:
    return CaptureReceipt(
        "sha256:00", name, "job", "success", 12, 10, 1000, findings, 0,
        duplicate=duplicate, findings_truncated=truncated,
    )  # fmt: skip


def test_receipts_are_a_table_and_the_findings_below(capsys: pytest.CaptureFixture[str]) -> None:
    many = [Finding("error", "SERIAL_TOO_LONG", f"serial {n}", f"line {n}") for n in range(25)]
    show.receipts([_receipt("a.xml", many, truncated=3), _receipt("b\x07.xml", [], duplicate=True)])
    told = capsys.readouterr().out
    assert told.count("SERIAL_TOO_LONG") == show.FINDINGS_SHOWN_MAX
    assert "and 8 more" in told
    assert "kept before" in told
    assert "b\\x07.xml" in told
    assert "1,000" in told


def test_a_change_shows_its_receipt(capsys: pytest.CaptureFixture[str]) -> None:
    receipt = ChangeReceipt(
        "dispense", "01/00352601815904/21/A1", "dispensed", "urn:uuid:1", 7, "2026-11-23T09:14:02Z",
        verdict=_verdict(Answer.CHECK, "Check first", RECALLED), repeated=True, undo_until="2026-11-23T09:24:02Z",
    )  # fmt: skip
    show.change(receipt)
    told = capsys.readouterr().out
    assert "is now dispensed" in told
    assert "position 7  (the same request as before" in told
    assert "may be undone until 2026-11-23T09:24:02Z" in told
    assert "Check first" in told


def test_a_container_shows_how_many_packs_are_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    receipt = ChangeReceipt(
        "receive", "00/003011610012270529", "", "urn:uuid:1", 7, "2026-11-23T09:14:02Z",
        contents=1000, by_verdict={"ok": 999, "stop": 1},
    )  # fmt: skip
    show.change(receipt)
    assert "1,000 packs (999 ok, 1 stop)" in capsys.readouterr().out
