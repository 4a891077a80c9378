"""``rxtrail convert``: an EPCIS document as another version and syntax."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click
import msgspec

from rxtrail.cli import bars, exits, say, sinks, sources
from rxtrail.cli.call import Call, command
from rxtrail.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from rxtrail.core.epcis.convert import Report, Target
    from rxtrail.core.epcis.spelling import EpcFormat, WordFormat

TARGETS = ("xml-1.2", "xml-2.0", "json")
EPC_FORMATS = ("as-written", "urn", "digital-link")


@command(
    "convert",
    "rxtrail convert --to json shipment.xml -o shipment.json",
    "rxtrail convert --to xml-1.2 --epc-format urn events.json -o events.xml",
    "curl -s https://example.com/asn.json | rxtrail convert --to xml-2.0 -",
)
@click.argument("document", metavar="FILE|-")
@click.option("--to", "target", type=click.Choice(TARGETS), required=True, help="What to write.")
@click.option(
    "--epc-format",
    type=click.Choice(EPC_FORMATS),
    default="as-written",
    show_default=True,
    help="How to write identifiers; one that has no URN stays a Digital Link.",
)
@click.option(
    "--words",
    type=click.Choice(("urn", "uri")),
    default="urn",
    show_default=True,
    help="How XML writes CBV words: urn:epcglobal:cbv:..., or the web URIs of CBV 2.0.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to this file, whole or not at all.",
)
def convert(call: Call, document: str, target: str, epc_format: str, words: str, output: Path | None) -> int:
    """Write an EPCIS document as XML 1.2, XML 2.0 or JSON-LD 2.0.

    The record is not asked. Events, header and master data are kept; what the target cannot say as the source
    did is told on stderr, or with --json and -o in {target, events, file, bytes, findings}.
    """
    if call.as_json and output is None:
        raise click.UsageError("with --json the document needs a file: -o FILE")
    found = sources.documents([document])
    if len(found) != 1:
        raise BadRequest("a folder is not one document", place=document, advice="Convert its files one by one.")
    from rxtrail import clock
    from rxtrail.core.epcis.convert import Report, convert
    from rxtrail.core.epcis.spelling import Spelling
    from rxtrail.core.epcis.times import written as moment

    spelling = Spelling(cast("EpcFormat", epc_format), cast("WordFormat", words))
    report = Report(target)
    name = say.printable(found[0].name)
    with found[0].open() as file, bars.bar() as told:
        stream = cast("BinaryIO", bars.Counted(file, told, f"converting {name}", found[0].bytes))
        pieces = convert(
            stream,
            cast("Target", target),
            spelling,
            report,
            creation_date=moment(clock.now_us() // 1_000_000 * 1_000_000),
        )
        chunks = (piece.encode() for piece in pieces)
        if output is None:
            say.stream(chunks)
        else:
            _to_file(call, report, chunks, output)
    if not call.as_json:
        sinks.tell(report.findings)
    return exits.FINE


def _to_file(call: Call, report: Report, chunks: Iterator[bytes], output: Path) -> None:
    count = sinks.to_file(chunks, output)
    if call.as_json:
        say.answer(
            {
                "target": report.target,
                "events": report.events,
                "file": say.printable(str(output)),
                "bytes": count,
                "findings": [msgspec.to_builtins(each) for each in report.findings],
            }
        )
    else:
        say.note(f"{output}: {report.events:,} events, {count:,} bytes")


COMMANDS = {"convert": convert}
