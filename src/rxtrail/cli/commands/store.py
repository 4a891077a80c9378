"""``rxtrail store``: create the store, or show where it lies."""

from __future__ import annotations

from rxtrail.cli import exits, say
from rxtrail.cli.call import Call, command, group, sqlite_only
from rxtrail.cli.node import own


@command("init", "rxtrail store init --data /srv/rxtrail")
def init(call: Call) -> int:
    """Create the store, or bring it up to this version; an existing record is kept.

    Captures that were cut off are finished.
    """
    with own(call) as node:
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
    from rxtrail.bootstrap import store_path

    sqlite_only(call.store)
    lies = store_path(call.data, call.store)
    if call.as_json:
        say.answer({"store": say.clean(str(lies)), "data": say.clean(str(call.data)), "exists": lies.exists()})
    else:
        say.line(str(lies))
    return exits.FINE


store = group("store", "The store: create it, or show where it lies.", [init, path], "rxtrail store path")

COMMANDS = {"store": store}
