"""``rxtrail calibrate``: how a scanner and its computer are set, from one scan of a symbol."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rxtrail.cli import exits, say, sinks, sources
from rxtrail.cli.call import WORDS, Call, command
from rxtrail.cli.node import reader, writer

if TYPE_CHECKING:
    from rxtrail.calibration import Calibration, Station

SCAN_CHARACTERS_MAX = 4096
FORMATS = ("svg", "png", "pdf", "zpl")
TITLES = {
    "good": ("Set right: nothing to change.", "ok"),
    "put-right": ("Every scan of this station can be put right.", "ok"),
    "partly": ("Not every scan of this station can be put right.", "check"),
    "not-found": ("This was not the symbol.", "unconfirmed"),
}


@command(
    "calibrate",
    "rxtrail calibrate --symbol symbol.svg",
    "rxtrail calibrate --station 'Counter 1' -",
    "rxtrail verify --station 'Counter 1' -",
)
@click.argument("scan", required=False, metavar="[SCAN|-]")
@click.option("--station", type=WORDS, help="Keep what was found under this name, for verify --station.")
@click.option("--symbol", type=click.Path(path_type=Path), help="Write the symbol to scan: .svg, .png, .pdf or .zpl.")
@click.option("--list", "listed", is_flag=True, help="List the stations.")
@click.option("--remove", type=WORDS, metavar="NAME", help="Forget a station.")
def calibrate(
    call: Call, scan: str | None, station: str | None, symbol: Path | None, listed: bool, remove: str | None
) -> int:
    r"""Tell from one scan of the calibration symbol how a scanner and its computer are set, and what to set.

    Print the symbol with --symbol, then scan it: with - the scan is read from stdin, where its last key is seen
    too.

    \b
    Exit code: 0 scans can be read, 3 something must be set right first, 1 it was not the symbol.
    """
    if sum(wanted is not None for wanted in (scan, symbol, remove)) + listed == 0:
        raise click.UsageError("give a SCAN (or - for stdin), --symbol FILE, --list or --remove NAME")
    if station is not None and scan is None:
        raise click.UsageError("--station keeps a scan: give the SCAN, or - for stdin")
    if symbol is not None:
        _write_symbol(symbol, as_json=call.as_json)
    if remove is not None:
        with writer(call) as node:
            node.stations.remove(remove)
        say.note(f"{remove} is removed")
    if listed:
        _list(call)
    return exits.FINE if scan is None else _calibrate(call, scan, station)


def _calibrate(call: Call, scan: str, station: str | None) -> int:
    from rxtrail.calibration import NOT_FOUND, PARTLY, try_scan

    # Which key ended a scan does not stand in an argument.
    text = _one_line() if scan == sources.STDIN else scan + "\r"
    found = try_scan(text)
    if found.outcome != NOT_FOUND and station is not None:
        with writer(call) as node:
            node.stations.save(station, text)
        say.note(f"kept as {station}")
    if call.as_json:
        say.answer(found)
    else:
        _in_words(found)
    return {NOT_FOUND: exits.NO, PARTLY: exits.CHECK}.get(found.outcome, exits.FINE)


def _one_line() -> str:
    """Read one scan with its last key; a terminal gives what was typed after Enter."""
    if sys.stdin.isatty():
        say.note("Scan the symbol now.")
    octets = sources.stdin().readline(4 * SCAN_CHARACTERS_MAX)
    return octets.decode("utf-8", "replace")


def _write_symbol(path: Path, *, as_json: bool) -> None:
    from rxtrail import labels

    form = path.suffix.lower().removeprefix(".")
    if form not in FORMATS:
        raise click.BadParameter(f"the name must end in one of .{', .'.join(FORMATS)}", param_hint="--symbol")
    sinks.deliver([labels.write(labels.calibration_label(), form)], path, as_json=as_json)


def _list(call: Call) -> None:
    with reader(call) as node:
        stations = node.stations.all()
    if call.as_json:
        for station in stations:
            say.answer(station)
        return
    if not stations:
        say.note("no stations yet: rxtrail calibrate --station NAME -")
    for station in stations:
        say.line(_row(station))


def _row(station: Station) -> str:
    calibration = station.calibration
    codes = ", ".join(advice.code for advice in calibration.advice) or "nothing to change"
    return f"{station.name}  {station.calibrated_at[:10]}  {calibration.outcome}  ({codes})"


def _in_words(found: Calibration) -> None:
    title, style = TITLES[found.outcome]
    say.line((title, style))
    for advice in found.advice:
        say.line("  ", advice.found)
        say.line("    ", (advice.do, "strong"))


COMMANDS = {"calibrate": calibrate}
