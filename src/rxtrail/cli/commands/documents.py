"""``rxtrail documents``: what was captured, as it came."""

from __future__ import annotations

from pathlib import Path

import click

from rxtrail.cli import exits, say, show, sinks
from rxtrail.cli.call import WORDS, Call, command, group
from rxtrail.cli.node import reader

PAGE_ROWS = 500
SHOWN_MAX = 100


@command("list", "rxtrail documents list --json")
@click.option("--limit", type=click.IntRange(1), help=f"At most so many. [default: all with --json, else {SHOWN_MAX}]")
def list_(call: Call, limit: int | None) -> int:
    """The documents that are kept; --json gives one a line."""
    left = limit if limit is not None else (None if call.as_json else SHOWN_MAX)
    shown = []
    after = ""
    with reader(call) as node:
        while left is None or left > 0:
            page = node.documents(after=after, limit=PAGE_ROWS if left is None else min(left, PAGE_ROWS))
            if not page:
                break
            after = page[-1].sha256
            left = None if left is None else left - len(page)
            if call.as_json:
                for document in page:
                    say.answer(document)
            else:
                shown.extend(page)
    if not call.as_json:
        show.rows(
            ("received", "document", "name", "from", "events", "bytes"),
            ((d.received_at, d.sha256, d.name, d.sender, f"{d.events:,}", f"{d.bytes:,}") for d in shown),
        )
    return exits.FINE


@command("get", "rxtrail documents get sha256:9f86d0... -o shipment.xml")
@click.argument("sha256", type=WORDS)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file.")
def get(call: Call, sha256: str, output: Path | None) -> int:
    """The bytes of one document, as they came."""
    if call.as_json and output is None:
        raise click.UsageError("with --json the document needs a file: -o FILE")
    with reader(call) as node:
        sinks.deliver(node.document_raw(sha256), output, as_json=call.as_json)
    return exits.FINE


documents = group(
    "documents",
    "The documents that are kept, and their raw bytes.",
    [list_, get],
    "rxtrail documents list",
)

COMMANDS = {"documents": documents}
