"""``rxtrail site-bundle``: the signed copy by which a site judges scans while the node cannot be reached."""

from __future__ import annotations

from pathlib import Path

import click

from rxtrail.cli import exits, say
from rxtrail.cli.call import GLN, Call, command
from rxtrail.cli.node import reader


@command("site-bundle", "rxtrail site-bundle --site 0300011111246 -o main-street.rxb")
@click.option("--site", type=GLN, required=True, help="GLN of the site.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file to write; it appears whole or not at all.",
)
def site_bundle(call: Call, site: str, output: Path) -> int:
    """Write the signed bundle of a site: the packs that are there or on their way, and what is stopped anywhere."""
    from rxtrail.cli import sinks
    from rxtrail.offline import read_bundle

    with reader(call) as node:
        content = node.offline.bundle(site)
        bundle = read_bundle(content, node.key().verifier)  # what leaves is what was meant
    sinks.to_file([content], output)
    facts = bundle.facts
    if call.as_json:
        say.answer(
            {
                "file": say.printable(str(output)), "bytes": len(content), "packs": bundle.packs, "site": site,
                "recalled": len(facts.recalled), "as_of": facts.as_of, "log_size": facts.log_size, "key": facts.key,
            }
        )  # fmt: skip
    else:
        say.note(f"{output}: {bundle.packs:,} packs in {len(content):,} bytes, as of {facts.as_of}")
    return exits.FINE


COMMANDS = {"site-bundle": site_bundle}
