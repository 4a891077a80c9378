"""Answers in words for a person at a terminal: a shape, a word and a colour a verdict, then what to do."""

from __future__ import annotations

import sys
from datetime import date
from typing import TYPE_CHECKING, assert_never

from rxtrail.cli import say
from rxtrail.core.rules.answer import Answer, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rxtrail.answers import CaptureReceipt, ChangeReceipt, Finding, Journey, JourneyEvent, Place, Verdict
    from rxtrail.core.rules.safety import SafetyNote

FINDINGS_SHOWN_MAX = 20


def verdict(answer: Verdict) -> None:
    """The verdict as the counter needs it: the headline first, then why, what to do, and which pack."""
    shape, word, style = _sign(answer.verdict)
    say.line((f" {shape} {word} ", style), " ", (answer.headline, style))
    for reason in answer.reasons:
        mark = "" if reason.severity is Severity.INFO else f" [{reason.code}]"
        say.line(f"     {reason.message}", (mark, "dim"))
        if reason.next:
            say.line("       do: ", reason.next)
    pack = answer.pack
    told = [
        ("GTIN", pack.gtin),
        ("SSCC", pack.sscc),
        ("NDC", pack.ndc),
        ("serial", pack.serial),
        ("lot", pack.lot),
        ("expiry", day(pack.expiry)),
    ]
    if pack.product:
        say.line(f"     {pack.product}")
    if any(value for _, value in told):
        say.line("     ", "  ".join(f"{name} {value}" for name, value in told if value))
    state = answer.state
    where = [
        ("state", state.disposition),
        ("with", state.custodian),
        ("at", state.location),
        ("on its way to", state.in_transit_to),
        ("inside", state.container),
        ("on hold:", ", ".join(state.holds)),
    ]
    if any(value for _, value in where):
        say.line("     ", ("  ".join(f"{name} {value}" for name, value in where if value), "dim"))
    if answer.safety:
        safety(answer.safety)
    if answer.scan.repairs:
        say.line("     ", (f"read with repair: {', '.join(answer.scan.repairs)}", "dim"))
    say.line("     ", (f"record: {answer.record.basis}; checked {answer.checked_at}", "dim"))


def safety(notes: Sequence[SafetyNote]) -> None:
    """What public files say of a product, word for word, and that it is no advice."""
    for note in notes:
        say.line("     ", (f"! {note.title}", "strong"))
        say.line(f"       {note.text}")
        say.line("       ", (f"{note.source}. {note.advice}", "dim"))


def receipts(captured: Sequence[CaptureReceipt]) -> None:
    """A table of captured documents, then the findings of each."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("document", overflow="fold")
    for heading in ("events", "new", "packages", "findings"):
        table.add_column(heading, justify="right")
    table.add_column("state")
    for receipt in captured:
        state = "kept before" if receipt.duplicate else receipt.state
        count = len(receipt.findings) + receipt.findings_truncated
        table.add_row(
            say.printable(receipt.name),
            f"{receipt.events:,}",
            f"{receipt.new_events:,}",
            f"{receipt.packages:,}",
            f"{count:,}" if count else "none",
            say.printable(state),
        )
    rich_table(table)
    for receipt in captured:
        if receipt.findings:
            say.line((receipt.name, "strong"))
            findings(receipt.findings, receipt.findings_truncated)


def findings(found: Sequence[Finding], truncated: int = 0) -> None:
    """Findings, one or two lines each, the first FINDINGS_SHOWN_MAX of them."""
    for finding in found[:FINDINGS_SHOWN_MAX]:
        style = {"error": "stop", "warning": "check"}.get(finding.severity, "dim")
        place = f"  ({finding.place})" if finding.place else ""
        say.line("  ", (f"{finding.severity:<7}", style), f" {finding.code}: {finding.message}", (place, "dim"))
    left = len(found) - FINDINGS_SHOWN_MAX + truncated if len(found) > FINDINGS_SHOWN_MAX else truncated
    if left > 0:
        say.line("  ", (f"and {left:,} more; --json shows what is kept of them", "dim"))


def change(receipt: ChangeReceipt) -> None:
    """What was changed, on which verdict."""
    if receipt.contents or receipt.by_verdict:
        counts = ", ".join(f"{count:,} {name}" for name, count in receipt.by_verdict.items())
        say.line(
            (f" {receipt.verb} ", "ok"),
            f" {receipt.epc}: {receipt.contents:,} packs",
            f" ({counts})" if counts else "",
        )
    else:
        say.line(
            (f" {receipt.verb} ", "ok"),
            f" {receipt.epc}",
            f" is now {receipt.disposition}" if receipt.disposition else "",
        )
    again = "  (the same request as before: the first answer again)" if receipt.repeated else ""
    say.line("     ", (f"recorded {receipt.recorded_at} at position {receipt.log_index}{again}", "dim"))
    if receipt.undo_until:
        say.line("     ", (f"may be undone until {receipt.undo_until}", "dim"))
    if receipt.verdict is not None and receipt.verdict.verdict is not Answer.OK:
        verdict(receipt.verdict)


def journey(way: Journey) -> None:
    """The journey in time order: when, what, where, and who said so."""
    from rich import box
    from rich.table import Table

    say.line((way.epc, "strong"), f"  {way.product}" if way.product else "")
    told = [("GTIN", way.gtin), ("serial", way.serial), ("lot", way.lot), ("expiry", day(way.expiry))]
    if any(value for _, value in told):
        say.line("  ", "  ".join(f"{name} {value}" for name, value in told if value))
    if not way.found:
        say.line("  not on record here")
        return
    say.line("  now: ", way.state.disposition or "no disposition stated", *_holds(way))
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("when", "what", "where", "said by", "note"):
        table.add_column(heading, overflow="fold")
    for event in way.events:
        table.add_row(*(say.printable(text) for text in _row(event)))
    rich_table(table)
    for stay in way.containment:
        say.line(
            "  inside ",
            stay.container,
            f" from {stay.since}",
            f" until {stay.until}" if stay.until else " to this day",
        )
    for custody in way.custody:
        until = f" until {custody.until}" if custody.until else " to this day"
        say.line(
            "  with ",
            place(custody.party),
            f" from {custody.since}{until}",
            f" ({custody.how})" if custody.how else "",
        )
    findings(way.findings)


def place(where: Place) -> str:
    """A name with its identifier, or the identifier alone."""
    return f"{where.name} ({where.id})" if where.name and where.id else where.name or where.id


def day(iso: str) -> str:
    """An ISO date as ``30 Sep 2026``: never a form that two countries read differently."""
    try:
        read = date.fromisoformat(iso)
    except ValueError:
        return iso  # empty, or as written by a partner
    return f"{read.day} {_MONTHS[read.month - 1]} {read.year}"


def rows(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    """A plain table of texts."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for line in lines:
        table.add_row(*(say.printable(text) for text in line))
    rich_table(table)


def rich_table(table: object) -> None:
    """Print a rich table on stdout; its cells must be printable already."""
    from rich.console import Console

    # Not a terminal: wide enough that nothing is folded, so that grep finds whole identifiers.
    width = None if sys.stdout.isatty() else 200
    console = Console(
        file=sys.stdout,
        width=width,
        highlight=False,
        markup=False,
        emoji=False,
        no_color=not say.colour(sys.stdout),
    )
    try:
        console.print(table)
    except BrokenPipeError as error:
        raise say.OutputClosed from error


def _holds(way: Journey) -> list[say.Part]:
    return [(f"  on hold: {', '.join(way.state.holds)}", "check")] if way.state.holds else []


def _row(event: JourneyEvent) -> tuple[str, str, str, str, str]:
    what = event.biz_step or f"{event.kind} {event.action}".strip()
    if event.role in {"parent", "child"} and event.parent:
        what = f"{what} {'out of' if event.action == 'DELETE' else 'into'} {event.parent}"
    where = place(event.read_point) or place(event.biz_location)
    if event.destination.id:
        where = f"{where} -> {place(event.destination)}" if where else f"-> {place(event.destination)}"
    note = event.note or ("" if event.counts else "kept as evidence only")
    return event.event_time, what, where, place(event.speaker), note


def _sign(answer: Answer) -> tuple[str, str, str]:
    """Shape, word and style: three signs, so that colour alone never carries the meaning."""
    drawn = say.draws(sys.stdout)
    match answer:
        case Answer.OK:
            return ("✔" if drawn else "+", "OK", "ok")
        case Answer.STOP:
            return ("✖" if drawn else "X", "STOP", "stop")
        case Answer.CHECK:
            return ("▲" if drawn else "!", "CHECK", "check")
        case Answer.UNCONFIRMED:
            return ("?", "NOT CONFIRMED", "unconfirmed")
        case Answer.NOT_COVERED:
            return ("○" if drawn else "o", "NOT COVERED", "not-covered")
        case _:
            assert_never(answer)


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
