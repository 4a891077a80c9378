"""``rxtrail scan``: what the scanner text says, without asking the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from rxtrail import clock
from rxtrail.cli import exits, say, sources
from rxtrail.cli.call import CODE, Call, command

if TYPE_CHECKING:
    from rxtrail.core.gs1.readings import Readings

READINGS_MAX = 8
TOO_LONG = "scanner-fault"
AMBIGUOUS = "ambiguous-scan"
NOT_SERIALISED = "not-serialised"


class Reading(msgspec.Struct, frozen=True, gc=False):
    """The answer of ``rxtrail scan``; the fields are null unless exactly one valid reading is left."""

    scheme: str  # gs1 | ifa | none
    product: str | None  # GTIN, or PPN of an IFA code
    serial: str | None
    lot: str | None
    expiry: str | None  # YYMMDD, as printed
    valid: bool
    submit: bool  # it names one pack, so it may be sent on
    readings: list[str]  # with brackets; several when only a record can tell which is right
    repairs: list[str]
    fault: str
    sscc: str | None = None
    other: dict[str, str] = {}
    symbology: str = ""  # AIM identifier such as "]d2"
    kind: str = ""  # of a wrong barcode: what it is


@command("scan", "rxtrail scan ']d2010035260181590421A1'", "rxtrail scan - < scans.txt")
@click.argument("code", type=CODE)
def scan(call: Call, code: str) -> int:
    """Read scanner text: a GS1 element string, brackets, a Digital Link or an EPC.

    The record is not asked. With - codes are read from stdin, one a line, and answered as JSON lines.
    """
    from rxtrail.core.gs1.readings import readings

    this_year = clock.today().year
    if code == sources.STDIN:
        worst = exits.FINE
        for line in sources.lines(sources.stdin()):
            if line.too_long:
                reading = too_long()
            else:
                reading = of_readings(readings(line.text, this_year=this_year, guesses=False))
            say.answer(reading)
            worst = exits.worse(worst, _exit_code(reading))
        return worst
    reading = of_readings(readings(code, this_year=this_year, guesses=False))
    if call.as_json:
        say.answer(reading)
    else:
        _in_words(reading)
    return _exit_code(reading)


def of_readings(read: Readings) -> Reading:
    """What a scan may mean, as this command answers it."""
    chosen = read.only or read.plain
    # A code without a serial is a right code of a product; it names no pack.
    valid = read.only is not None or (not read.left and read.fault == NOT_SERIALISED)
    # What only might be right stands behind what the text says; a reading with a fault stands only alone.
    possible = [scan.reading for scan in read.candidates]
    if not possible or read.plain.fault == AMBIGUOUS:
        possible.insert(0, read.plain.reading)
    shown = [chosen.reading] if valid else possible
    return Reading(
        scheme=chosen.scheme if valid else (read.candidates or [chosen])[0].scheme,
        product=chosen.product or None if valid else None,
        serial=chosen.serial or None if valid else None,
        lot=chosen.lot or None if valid else None,
        expiry=chosen.yymmdd or None if valid else None,
        valid=valid,
        submit=valid and bool(chosen.product and chosen.serial),
        readings=[text for text in dict.fromkeys(shown) if text][:READINGS_MAX],
        repairs=chosen.repairs
        if valid
        else list(dict.fromkeys(word for one in read.candidates for word in one.repairs)),
        fault=read.fault,
        sscc=chosen.sscc or None,
        other=chosen.other,
        symbology=chosen.symbology,
        kind=read.plain.kind if not valid else "",
    )


def too_long() -> Reading:
    """The answer to more text than any barcode holds."""
    return Reading("none", None, None, None, None, valid=False, submit=False, readings=[], repairs=[], fault=TOO_LONG)


def _exit_code(reading: Reading) -> int:
    return exits.FINE if reading.valid and not reading.fault else exits.CHECK


def _in_words(reading: Reading) -> None:
    if reading.fault:
        say.line((f" {reading.fault} ", "check"), " scan the square code on the pack again")
    if reading.kind:
        from rxtrail.core.gs1.wrong_barcode import KINDS

        if reading.kind in KINDS:
            say.line(f"This is {KINDS[reading.kind]}.")
    for text in reading.readings:
        say.line(text)
    told = [
        ("PPN" if reading.scheme == "ifa" else "GTIN", reading.product),
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
