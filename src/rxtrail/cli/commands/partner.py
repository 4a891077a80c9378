"""``rxtrail partner``: the table of trading partners."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rxtrail import partners
from rxtrail.cli import exits, say, show, sinks, sources
from rxtrail.cli.call import Call, command, group
from rxtrail.cli.node import reader, writer
from rxtrail.errors import BadRequest

if TYPE_CHECKING:
    from rxtrail.answers import Partner


@command("load", "rxtrail partner load partners.csv")
@click.argument("file", metavar="FILE|-")
def load(call: Call, file: str) -> int:
    """Load the table from a CSV file; it replaces the table before. With one wrong row nothing is loaded.

    Columns: name, gln (several with | between them), role, and if wanted relation, status, valid_until.
    Exit code 1 when the table is refused.
    """
    source = sources.Source("stdin", None, 0) if file == sources.STDIN else sources.Source(file, Path(file), 0)
    with source.open() as stream:
        content = stream.read(partners.TABLE_BYTES_MAX + 1)
    if len(content) > partners.TABLE_BYTES_MAX:
        raise BadRequest(
            f"larger than {partners.TABLE_BYTES_MAX >> 20} MB", place=file, advice="This is not a partner table."
        )
    with writer(call) as node, sources.content_refused():
        report = node.load_partners(content)
    if call.as_json:
        say.answer(report)
    else:
        say.line(
            f"{report.partners:,} partners: {report.added:,} added, {report.changed:,} changed, "
            f"{report.removed:,} removed"
        )
    return exits.FINE


@command("list", "rxtrail partner list")
def list_(call: Call) -> int:
    """Show the table; --json gives one partner a line."""
    with reader(call) as node:
        table = node.partners()
    if call.as_json:
        for partner in table:
            say.answer(partner)
        return exits.FINE
    if not table:
        say.note("no partners yet: rxtrail partner load FILE")
        return exits.FINE
    show.rows(partners.COLUMNS, (_cells(partner) for partner in table))
    return exits.FINE


@command("export", "rxtrail partner export -o partners.csv")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
def export(call: Call, output: Path | None) -> int:
    """Write the table as CSV, in the form that load reads."""
    if call.as_json and output is None:
        raise click.UsageError("with --json the CSV needs a file: -o FILE")
    with reader(call) as node:
        sinks.deliver([node.export_partners()], output, as_json=call.as_json)
    return exits.FINE


def _cells(partner: Partner) -> tuple[str, ...]:
    return (
        partner.name,
        "|".join(partner.glns),
        partner.role,
        partner.relation,
        partner.status,
        partner.valid_until,
    )


partner = group(
    "partner",
    "The table of trading partners: who may send us what.",
    [load, list_, export],
    "rxtrail partner load partners.csv",
)

COMMANDS = {"partner": partner}
