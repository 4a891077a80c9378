"""``rxtrail board``: false alarms, supplier data quality, detection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from rxtrail.boards import Detection, FalseAlarms, Suppliers, csv_of
from rxtrail.cli import exits, say, show
from rxtrail.cli.call import WORDS, Call, command, group
from rxtrail.cli.node import writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.boards import Board

_KINDS: dict[str, type[Board]] = {"false-alarms": FalseAlarms, "suppliers": Suppliers, "detection": Detection}


def _command(name: str, words: str, tell: Callable[[Board], None]) -> click.Command:
    @command(name, f"rxtrail board {name} --since 2026-11-01 --json", f"rxtrail board {name} --csv > {name}.csv")
    @click.option("--since", type=WORDS, metavar="DAY", help="The first day, such as 2026-11-01. [default: 90 days]")
    @click.option("--until", type=WORDS, metavar="DAY", help="The last day. [default: today]")
    @click.option("--csv", "as_csv", is_flag=True, help="The rows as CSV on stdout.")
    def board(call: Call, since: str | None, until: str | None, *, as_csv: bool) -> int:
        if call.as_json and as_csv:
            raise click.UsageError("--json or --csv, not both")
        from rxtrail.web.boards_socket import boards_of

        with writer(call) as node:
            told = boards_of(node).counted(name, since or "", until or "")
        if call.as_json:
            say.answer(told)
            return exits.FINE
        found = msgspec.convert(told, _KINDS[name])
        if as_csv:
            say.write(csv_of(found))
        else:
            say.line((f"{found.period.since} to {found.period.until}", "strong"))
            tell(found)
        return exits.FINE

    board.help = words
    return board


def _alarms(board: Board) -> None:
    assert isinstance(board, FalseAlarms)
    say.line(
        f"{board.scans:,} scans, {board.alarms:,} amber or red, {board.overturned:,} of these ok later: "
        f"{board.per_million:,.1f} per million scans"
    )
    lines = [
        (each.site or "no place", each.name, each.cause, each.reason, f"{each.alarms:,}", f"{each.overturned:,}")
        for each in board.rows
    ]
    if lines:
        show.rows(["place", "name", "cause", "reason", "alarms", "overturned"], lines)
    told = [
        (each.site or "no place", each.name, each.cause, each.rule, f"{each.by_person:,}", f"{each.by_late_data:,}")
        for each in board.explained
    ]
    if told:
        show.rows(["alerts at", "name", "cause", "rule", "explained by a person", "by late data"], told)


def _suppliers(board: Board) -> None:
    assert isinstance(board, Suppliers)
    lines = [
        (
            each.sender or "not named", each.name, f"{each.documents:,}", f"{each.clean_share:.1%}", f"{each.errors:,}",
            f"{each.warnings:,}", ", ".join(f"{code} {count:,}" for code, count in list(each.findings.items())[:3]),
        )
        for each in board.rows
    ]  # fmt: skip
    if lines:
        show.rows(["sender", "name", "files", "without errors", "errors", "warnings", "most often"], lines)
    else:
        say.line("no files in these days")


def _detection(board: Board) -> None:
    assert isinstance(board, Detection)
    answers = ", ".join(f"{count:,} {verdict}" for verdict, count in board.answers.items())
    say.line(f"answers: {answers}" if answers else "no scans in these days")
    lines = [
        (each.rule, each.cause, f"{each.opened:,}", f"{each.explained:,}", f"{each.confirmed:,}",
         f"{each.hours_to_answer:.1f} h" if each.answered else "")
        for each in board.rows
    ]  # fmt: skip
    if lines:
        show.rows(["rule", "cause", "alerts", "explained", "confirmed", "answered after"], lines)
    else:
        say.line("no alerts in these days")


board = group(
    "board",
    "Boards: false alarms by cause and place, supplier data quality, detection.",
    [
        _command("false-alarms", "False alarms by cause and place.", _alarms),
        _command("suppliers", "The quality of what suppliers send.", _suppliers),
        _command("detection", "What was detected, by rule, and how soon somebody looked.", _detection),
    ],
    "rxtrail board false-alarms",
)

COMMANDS = {"board": board}
