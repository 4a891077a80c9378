"""``rxtrail label``: a label that was decoded back before it is written."""

from __future__ import annotations

from pathlib import Path

import click

from rxtrail.cli import exits, say, sinks
from rxtrail.cli.call import WORDS, Call, command

FORMATS = ("svg", "png", "pdf", "zpl")


@command(
    "label",
    "rxtrail label --gtin 00352601815904 --serial A1 --lot QD1DQ --expiry 270930 -o pack.svg",
    "rxtrail label --sscc 003011610012270529 --format zpl -o pallet.zpl",
)
@click.option("--gtin", type=WORDS, help="8, 12, 13 or 14 digits.")
@click.option("--serial", type=WORDS, help="At most 20 characters.")
@click.option("--lot", type=WORDS, help="At most 20 characters.")
@click.option("--expiry", type=WORDS, help="YYMMDD, as it is printed.")
@click.option("--sscc", type=WORDS, help="18 digits: a label of a logistic unit instead of a pack.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="[default: by the name of the file, else svg]")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
def label(
    call: Call,
    gtin: str | None,
    serial: str | None,
    lot: str | None,
    expiry: str | None,
    sscc: str | None,
    form: str | None,
    output: Path | None,
) -> int:
    """Write a label: GS1 DataMatrix for a pack, GS1-128 for a logistic unit.

    The symbol is decoded from what was drawn before anything is written. PNG holds the symbol alone; ZPL is
    for printers of 203 dots an inch.
    """
    from rxtrail import labels

    pack = {"--gtin": gtin, "--serial": serial, "--lot": lot, "--expiry": expiry}
    missing = [name for name, value in pack.items() if not value]
    if sscc and len(missing) < len(pack):
        raise click.UsageError("--sscc stands alone: a logistic unit is named by nothing else")
    if not sscc and missing:
        raise click.UsageError(f"a pack needs {', '.join(missing)} too (or give --sscc)")
    if call.as_json and output is None:
        raise click.UsageError("with --json the label needs a file: -o FILE")
    suffix = output.suffix.lower().removeprefix(".") if output is not None else ""
    chosen = form or (suffix if suffix in FORMATS else "svg")
    made = labels.sscc_label(sscc) if sscc else labels.pack_label(gtin or "", serial or "", lot or "", expiry or "")
    content = labels.write(made, chosen)
    if output is None:
        say.stream([content])
        return exits.FINE
    sinks.deliver([content], output, as_json=call.as_json)
    return exits.FINE


COMMANDS = {"label": label}
