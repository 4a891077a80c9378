"""``rxtrail scan``: what the scanner text says, without asking the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from rxtrail import clock
from rxtrail.cli import exits, say, sources
from rxtrail.cli.call import CODE, Call, command

if TYPE_CHECKING:
    from rxtrail.core.gs1.scan import Scan

READINGS_MAX = 8
TOO_LONG = "scanner-fault"


class Reading(msgspec.Struct, frozen=True, gc=False):
    """The answer of ``rxtrail scan``; the fields are null unless exactly one valid reading is left."""

    scheme: str  # gs1 | none
    product: str | None
    serial: str | None
    lot: str | None
    expiry: str | None  # YYMMDD, as printed
    valid: bool
    submit: bool
    readings: list[str]
    repairs: list[str]
    fault: str
    sscc: str | None = None
    other: dict[str, str] = {}


@command("scan", "rxtrail scan ']d2010035260181590421A1'", "rxtrail scan - < scans.txt")
@click.argument("code", type=CODE)
def scan(call: Call, code: str) -> int:
    """Read scanner text: a GS1 element string, brackets, a Digital Link or an EPC.

    The record is not asked. With - codes are read from stdin, one a line, and answered as JSON lines.
    """
    from rxtrail.core.gs1.scan import read_scan

    this_year = clock.today().year
    if code == sources.STDIN:
        worst = exits.FINE
        for line in sources.lines(sources.stdin()):
            reading = too_long() if line.too_long else of_scan(read_scan(line.text, this_year=this_year))
            say.answer(reading)
            worst = exits.worse(worst, exits.FINE if reading.valid else exits.CHECK)
        return worst
    reading = of_scan(read_scan(code, this_year=this_year))
    if call.as_json:
        say.answer(reading)
    else:
        _in_words(reading)
    return exits.FINE if reading.valid else exits.CHECK


def of_scan(read: Scan) -> Reading:
    """The reading of a scan as this command answers it."""
    valid = bool(read.reading) and not read.fault
    return Reading(
        scheme="gs1" if read.reading else "none",
        product=read.gtin or None if valid else None,
        serial=read.serial or None if valid else None,
        lot=read.lot or None if valid else None,
        expiry=read.yymmdd or None if valid else None,
        valid=valid,
        submit=valid and bool(read.gtin and read.serial),
        readings=[read.reading][:READINGS_MAX] if read.reading else [],
        repairs=read.repairs,
        fault=read.fault,
        sscc=read.sscc or None,
        other=read.other,
    )


def too_long() -> Reading:
    """The answer to more text than any barcode holds."""
    return Reading("none", None, None, None, None, valid=False, submit=False, readings=[], repairs=[], fault=TOO_LONG)


def _in_words(reading: Reading) -> None:
    if reading.fault:
        say.line((f" {reading.fault} ", "check"), " scan the square code on the pack again")
    for text in reading.readings:
        say.line(text)
    told = [
        ("GTIN", reading.product),
        ("serial", reading.serial),
        ("lot", reading.lot),
        ("expiry (YYMMDD)", reading.expiry),
        ("SSCC", reading.sscc),
    ]
    for name, value in told:
        if value:
            say.line(f"  {name:<16} ", value)
    if reading.repairs:
        say.line("  ", (f"repaired: {', '.join(reading.repairs)}", "dim"))


COMMANDS = {"scan": scan}
