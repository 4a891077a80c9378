"""``rxtrail store``: create the store, or show where it lies."""

from __future__ import annotations

from rxtrail.cli import exits, say
from rxtrail.cli.call import Call, command, group
from rxtrail.cli.node import own


@command("init", "rxtrail store init --data /srv/rxtrail")
def init(call: Call) -> int:
    """Create the store, or bring it up to this version; an existing record is kept."""
    with own(call) as node:
        held = node.status()
    if call.as_json:
        say.answer({"data": str(call.data), "events": held.events, "packages": held.packages})
    else:
        say.line(f"the store in {call.data} is ready: {held.events:,} events, {held.packages:,} packages")
    return exits.FINE


@command("path", "rxtrail store path")
def path(call: Call) -> int:
    """Show the folder that holds the record, whether it exists or not."""
    if call.as_json:
        say.answer({"data": say.clean(str(call.data)), "exists": call.data.is_dir()})
    else:
        say.line(str(call.data))
    return exits.FINE


store = group("store", "The store: create it, or show where it lies.", [init, path], "rxtrail store path")

COMMANDS = {"store": store}
