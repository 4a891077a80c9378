"""``rxtrail store``: create the store, or show where it lies."""

from __future__ import annotations

import click

from rxtrail.cli import exits, say
from rxtrail.cli.call import Call, command, group
from rxtrail.cli.node import own
from rxtrail.errors import BadRequest


@command(
    "init",
    "rxtrail store init --data /srv/rxtrail",
    "rxtrail store init --store postgresql://rxtrail@db1/rxtrail --distributed",
)
@click.option("--distributed", is_flag=True, help="Spread the tables over the machines of a Citus cluster.")
@click.option("--no-encryption", is_flag=True, help="Leave what lies at rest unencrypted, for good.")
def init(call: Call, distributed: bool, no_encryption: bool) -> int:
    """Create the store, or bring it up to this version; an existing record is kept.

    Captures that were cut off are finished. --distributed needs an empty record on a Citus coordinator.
    --no-encryption is for a store that is new, or that an older version made; such a store says so in rxtrail status.
    """
    if distributed:
        from rxtrail.bootstrap import distribute

        distribute(call.store)
    with own(call, encrypt=not no_encryption) as node:
        node.resume()
        held = node.status()
    if call.as_json:
        say.answer({"data": str(call.data), "events": held.events, "packages": held.packages})
    else:
        say.line(f"the store in {call.data} is ready: {held.events:,} events, {held.packages:,} packages")
    return exits.FINE


@command("path", "rxtrail store path")
def path(call: Call) -> int:
    """Show where the store lies, or would lie."""
    from rxtrail.bootstrap import is_server, store_path

    if is_server(call.store):
        raise BadRequest("a store on a database server has no path", place="--store", advice="Ask the server for it.")
    lies = store_path(call.data, call.store)
    if call.as_json:
        say.answer({"store": say.clean(str(lies)), "data": say.clean(str(call.data)), "exists": lies.exists()})
    else:
        say.line(str(lies))
    return exits.FINE


store = group("store", "The store: create it, or show where it lies.", [init, path], "rxtrail store path")

COMMANDS = {"store": store}
