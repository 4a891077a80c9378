"""``rxtrail export``: transaction information, events and packs out, streamed."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from rxtrail.answers import ExportFilters
from rxtrail.cli import exits, say, sinks
from rxtrail.cli.call import GLN, WORDS, Call, command
from rxtrail.cli.node import finish_what_was_left, reader

FORMATS = ("json", "csv", "epcis", "pdf", "parquet")
BINARY = ("pdf", "parquet")
EPCIS = ("json", "xml-1.2", "xml-2.0")


@command(
    "export",
    "rxtrail export ti --lot QD1DQ --format pdf -o transactions.pdf",
    "rxtrail export ti --partner 0352601000003 --since 2026-11-01",
    "rxtrail export packs --format csv --lot QD1DQ -o packs.csv",
    "rxtrail export events --format epcis --since 2026-11-01 --until 2026-12-01 -o november.json",
    "rxtrail export events --format epcis --epcis xml-1.2 --partner 0352601000003 -o events.xml",
)
@click.argument("what", type=click.Choice(["ti", "events", "packs"]))
@click.option("--format", "fmt", type=click.Choice(FORMATS), default="json", show_default=True, help="How to write it.")
@click.option(
    "--epcis",
    type=click.Choice(EPCIS),
    help="EPCIS in this form; --format epcis alone is json.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to this file, whole or not at all.",
)
@click.option("--gtin", type=WORDS, help="Only this product.")
@click.option("--ndc", type=WORDS, help="Only this product, by its NDC.")
@click.option("--lot", type=WORDS, help="Only this lot.")
@click.option("--serial", type=WORDS, help="Only this serial.")
@click.option("--sscc", type=WORDS, help="Only what is in this container.")
@click.option("--po", type=WORDS, help="Only what names this purchase order.")
@click.option("--partner", type=GLN, metavar="GLN", help="Only what this partner took part in.")
@click.option("--since", type=WORDS, metavar="TIME", help="From this ISO date or time on.")
@click.option("--until", type=WORDS, metavar="TIME", help="Before this ISO date or time.")
def export(call: Call, what: str, fmt: str, epcis: str | None, output: Path | None, **filters: str | None) -> int:
    """Write ti, events or packs as JSON, CSV, EPCIS, PDF or Parquet, to stdout or to a file.

    ti is the transaction information of the DSCSA with its transaction statements: for each shipment from a seller
    to a buyer, each product and lot, all serial numbers that were inside at that moment. As EPCIS it is the shipments
    with the events that made and packed what was in them. Times are those of the shipments.

    Packs are filtered by gtin, ndc, lot, serial, sscc and partner. Parquet needs pyarrow: pip install
    'rxtrail[arrow]'. With --json and -o, stdout tells the file and its size. What EPCIS cannot say as the record has
    it is told on stderr, or there as findings.
    """
    if call.as_json and output is None and fmt in ("csv", *BINARY):
        raise click.UsageError(f"with --json {fmt} needs a file: -o FILE")
    if fmt in BINARY and output is None and sys.stdout.isatty():
        raise click.UsageError(f"{fmt} is nothing for a terminal: -o FILE")
    if epcis is not None:
        if fmt in ("csv", *BINARY):
            raise click.UsageError(f"{fmt} is no EPCIS: leave --format {fmt} out")
        fmt = "epcis" if epcis == "json" else f"epcis-{epcis}"
    from rxtrail.core.epcis.notes import Notes

    finish_what_was_left(call)
    with reader(call) as node:
        if node.jobs_open():
            say.note(("note: ", "check"), "a capture is not finished, so this export is not the whole record")
        asked = ExportFilters(**{name: text for name, text in filters.items() if text})
        notes = Notes()
        chunks = node.export(what, fmt, filters=asked, notes=notes)
        findings = notes.findings if fmt.startswith("epcis") else None
        sinks.deliver(chunks, output, as_json=call.as_json, findings=findings)
    return exits.FINE


COMMANDS = {"export": export}
