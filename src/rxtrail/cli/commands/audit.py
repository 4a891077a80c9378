"""``rxtrail audit``: the record held against its own log, and made anew from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rxtrail.cli import exits, say
from rxtrail.cli.bars import bar
from rxtrail.cli.call import Call, command

if TYPE_CHECKING:
    from rxtrail.answers import AuditFault, AuditReport, Destroyed

FAULTS_SHOWN_MAX = 50


@command(
    "audit",
    "rxtrail audit",
    "rxtrail audit --incremental",
    "rxtrail audit --rebuild sqlite:////srv/rxtrail-new/rxtrail.sqlite",
)
@click.option(
    "--incremental",
    is_flag=True,
    help="Go on in the log where the last incremental audit ended; all tables are compared each time, blocks and "
    "documents of before are not read again. For every night.",
)
@click.option("--rebuild", metavar="TARGET", help="Make every table anew from the log, in an empty store of this URL.")
def audit(call: Call, incremental: bool, rebuild: str | None) -> int:
    """Hold the record against its own log: every page, record, block, document and row.

    The log is opened and hashed again, held against what was published and signed of it, and done again in a fresh
    copy, with which every table is compared. What is wrong is named with its file, page, row, field and what it
    should be. It reads only, also beside a running serve. Exit code 0 only when everything was compared and is right;
    1 when anything is wrong or could not be read; 4 when nothing is wrong, and something could not be compared.
    """
    from rxtrail.bootstrap import auditing

    if rebuild is not None:
        if incremental:
            raise click.UsageError("--rebuild makes the whole record anew: leave out --incremental")
        with bar() as progress:
            rebuilt = auditing.rebuild_store(call.data, call.store, say.clean(rebuild), progress=progress)
        if call.as_json:
            say.answer(rebuilt)
        else:
            say.line(("rebuilt: ", "ok"), f"{rebuilt.records:,} records, {rebuilt.packages:,} packages")
            say.line(f"  now in {rebuilt.store}; audit it, then give it as --store")
        return exits.FINE
    with bar() as progress:
        report = auditing.audit_store(call.data, call.store, incremental=incremental, progress=progress)
    if call.as_json:
        say.answer(report)
    else:
        _show(report)
    return exits.FINE if report.whole else exits.NO if report.faults_count else exits.CANNOT_TELL


def _show(report: AuditReport) -> None:
    since = f", from {report.since:,} on" if report.since else ""
    for name, value in (
        ("pages", f"{report.pages:,}"),
        ("entries", f"{report.entries:,} of {report.log_size:,}{since}"),
        ("blocks", f"{report.blocks:,}"),
        ("documents", f"{report.documents:,}"),
        ("rows", f"{report.rows:,}"),
        ("signed heads", f"{report.checkpoints:,}"),
        ("root", report.root),
    ):
        say.line(f"  {name:<14}{value}")
    for fault in report.faults[:FAULTS_SHOWN_MAX]:
        say.line(("  wrong: ", "stop"), _words(fault))
    if report.faults_count > FAULTS_SHOWN_MAX:
        say.line(f"  and {report.faults_count - FAULTS_SHOWN_MAX:,} more: --json tells them")
    for gone in report.destroyed:
        say.line(("  destroyed: ", "strong"), _gone(gone))
    for words in report.left_out:
        say.line(("  not compared: ", "strong"), words)
    if report.whole:
        say.line(("whole: ", "ok"), "nothing is wrong")
    elif report.faults_count:
        say.line(("not whole: ", "stop"), f"{report.faults_count:,} faults")
    else:
        say.line(("cannot tell: ", "strong"), "nothing is wrong with what was compared, and not everything could be")


def _gone(gone: Destroyed) -> str:
    what = [f"{gone.records:,} records ({gone.first} to {gone.last})"] * bool(gone.records)
    what += [f"{gone.chunks:,} chunks of documents"] * bool(gone.chunks)
    said = f"{gone.by}: {gone.reason}" if gone.by else "the record that says by whom was destroyed too"
    return f"key {gone.key} on {gone.at} ({said}); {' and '.join(what)}; what commits to them is as it was"


def _words(fault: AuditFault) -> str:
    places = [
        f"{fault.table} {fault.key}".strip(),
        f"field {fault.field}" if fault.field else "",
        f"{fault.file} page {fault.page}, offset {fault.offset}" if fault.file and fault.offset >= 0 else fault.file,
    ]
    where = "; ".join(place for place in places if place)
    values = f" (should be {fault.expected}, is {fault.found})" if fault.expected or fault.found else ""
    return f"{fault.message}{f' [{where}]' if where else ''}{values}"


COMMANDS = {"audit": audit}
