"""``rxtrail validate``: what is wrong with a document, by the standards and the DSCSA catalogue."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, cast

import click
import msgspec

from rxtrail.cli import bars, exits, say, sources
from rxtrail.cli.call import Call, command

if TYPE_CHECKING:
    from typing import BinaryIO

    from rxtrail.core.validation import Flaw, Mode, Profile, ValidationReport

_TONES = {"error": "stop", "warning": "check"}
_MEMORY_BYTES_MAX = 16 << 20


@command(
    "validate",
    "rxtrail validate shipment.xml",
    "rxtrail validate --profile dscsa --json inbox/ > findings.jsonl",
    "curl -s https://example.com/asn.json | rxtrail validate --lenient -",
)
@click.argument("documents", nargs=-1, required=True, metavar="FILE|DIR|- ...")
@click.option(
    "--profile",
    type=click.Choice(("epcis", "dscsa")),
    default="epcis",
    show_default=True,
    help="EPCIS alone, or the DSCSA catalogue too.",
)
@click.option(
    "--strict", "mode", flag_value="strict", default="strict", help="As the official schemas judge (default)."
)
@click.option("--lenient", "mode", flag_value="lenient", help="As capture judges, which forgives what is not in doubt.")
def validate(call: Call, documents: tuple[str, ...], profile: str, mode: str) -> int:
    """Validate EPCIS documents: XML 1.0 to 2.0 and JSON(-LD) 2.0.

    The record is not asked, and nothing is captured. Each finding has a code, a severity, a place, the clause
    and advice; --json gives one object a document.

    Exit code: 0 valid, 3 valid with findings that are errors, 1 at least one invalid.
    """
    code = exits.FINE
    for source in sources.documents(documents):
        report = _judge(source, cast("Profile", profile), cast("Mode", mode))
        name = say.printable(source.name)
        if call.as_json:
            say.answer({"document": name, **msgspec.to_builtins(report)})
        else:
            _tell(name, report)
        code = exits.worse(code, exits.NO if not report.valid else exits.CHECK if report.errors else exits.FINE)
    return code


def _judge(source: sources.Source, profile: Profile, mode: Mode) -> ValidationReport:
    from rxtrail import clock
    from rxtrail.core import validation

    words = f"validating {say.printable(source.name)}"
    with tempfile.SpooledTemporaryFile(_MEMORY_BYTES_MAX) as spool, bars.bar() as told:
        opened = sources.reopened(source, cast("BinaryIO", spool))

        def watched() -> BinaryIO:
            return cast("BinaryIO", bars.Counted(opened(), told, words, source.bytes))

        return validation.validate(watched, now_us=clock.now_us(), profile=profile, mode=mode)


def _tell(name: str, report: ValidationReport) -> None:
    judged = ("valid", "check" if report.errors else "ok") if report.valid else ("not valid", "stop")
    by = {"valid": " by the schemas", "invalid": " by the schemas", "none": ", no schema is for it"}.get(
        report.schema, ""
    )
    counts = f"{report.events:,} events, {report.errors:,} errors, {report.warnings:,} warnings"
    say.line(f"{name}: ", judged, f"{by}: {report.root or 'no document'} {report.version}, {counts}")
    for finding in report.findings:
        _tell_one(finding)


def _tell_one(finding: Flaw) -> None:
    place = f"line {finding.line}" if finding.line else finding.place
    pointer = f" ({finding.place})" if finding.line and finding.place.startswith("/") else ""
    tone = _TONES.get(finding.severity, "dim")
    where = f"{place}{pointer}: " if place else ""
    say.line("  ", (f"{finding.severity} {finding.code}", tone), f" {where}{finding.message}")
    if finding.advice:
        clause = f" [{finding.clause}]" if finding.clause else ""
        say.line(f"    do: {finding.advice}{clause}")


COMMANDS = {"validate": validate}
