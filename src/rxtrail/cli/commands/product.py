"""``rxtrail product``: the table of products, above all of those that the law does not track."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rxtrail import products
from rxtrail.cli import exits, say, show, sinks, sources
from rxtrail.cli.call import WORDS, Call, command, group
from rxtrail.cli.node import reader, writer
from rxtrail.errors import BadRequest

if TYPE_CHECKING:
    from rxtrail.core.rules.coverage import Product

LIMIT = 100


@command("load", "rxtrail product load products.csv", "rxtrail product load --replace products.json")
@click.argument("file", metavar="FILE|-")
@click.option("--replace", is_flag=True, help="Remove the products that the file does not hold.")
def load(call: Call, file: str, *, replace: bool) -> int:
    """Add products of a CSV or JSON file, or change them. With one wrong row nothing is loaded.

    Columns: gtin, and if wanted name, ndc, exempt (why the law does not track it, such as medical-gas, otc, blood)
    and unserialised_until (the last expiry date of packs that may lack a serial number).
    Exit code 1 when the table is refused.
    """
    source = sources.Source("stdin", None, 0) if file == sources.STDIN else sources.Source(file, Path(file), 0)
    with source.open() as stream:
        content = stream.read(products.TABLE_BYTES_MAX + 1)
    if len(content) > products.TABLE_BYTES_MAX:
        raise BadRequest(
            f"larger than {products.TABLE_BYTES_MAX >> 20} MB", place=file, advice="Load it in several files."
        )
    with writer(call) as node, sources.content_refused():
        report = node.load_products(content, replace=replace)
    if call.as_json:
        say.answer(report)
    else:
        say.line(
            f"{report.products:,} products: {report.added:,} added, {report.changed:,} changed, "
            f"{report.removed:,} removed"
        )
    return exits.FINE


@command("list", "rxtrail product list", "rxtrail product list --json --limit 1000")
@click.option("--after", type=WORDS, metavar="GTIN", help="Only those after this one, which was the last one seen.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=LIMIT, show_default=True, help="At most so many.")
def list_(call: Call, after: str | None, limit: int) -> int:
    """Show the table by GTIN; --json gives one product a line."""
    with reader(call) as node:
        found = node.products.page(after or "", limit)
    if call.as_json:
        for product in found:
            say.answer(product)
    elif not found:
        say.note("no products yet: rxtrail product load FILE")
    else:
        show.rows(products.COLUMNS, (_cells(product) for product in found))
    return exits.FINE


@command("show", "rxtrail product show 00352601815904")
@click.argument("gtin", type=WORDS, metavar="GTIN")
def show_(call: Call, gtin: str) -> int:
    """Show one product of the table."""
    with reader(call) as node:
        found = node.products.get(gtin.zfill(14))
    if call.as_json:
        say.answer(found)
    else:
        show.rows(products.COLUMNS, [_cells(found)])
    return exits.FINE


@command("remove", "rxtrail product remove 00352601815904")
@click.argument("gtin", type=WORDS, metavar="GTIN")
def remove(call: Call, gtin: str) -> int:
    """Remove one product from the table."""
    with writer(call) as node:
        removed = node.remove_product(gtin.zfill(14))
    if call.as_json:
        say.answer(removed)
    else:
        say.line(f"removed {removed.gtin} {removed.name}".rstrip())
    return exits.FINE


@command("export", "rxtrail product export -o products.csv")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
def export(call: Call, output: Path | None) -> int:
    """Write the table as CSV, in the form that load reads."""
    if call.as_json and output is None:
        raise click.UsageError("with --json the CSV needs a file: -o FILE")
    with reader(call) as node:
        sinks.deliver(node.products.table(), output, as_json=call.as_json)
    return exits.FINE


def _cells(product: Product) -> tuple[str, ...]:
    return (product.gtin, product.name, product.ndc, product.exempt, product.unserialised_until)


product = group(
    "product",
    "The table of products: which the law does not track, and which may lack a serial number.",
    [load, list_, show_, remove, export],
    "rxtrail product load products.csv",
)

COMMANDS = {"product": product}
