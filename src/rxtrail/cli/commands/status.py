"""``rxtrail status``: what this node holds right now."""

from __future__ import annotations

from rxtrail.cli import exits, say
from rxtrail.cli.call import Call, command
from rxtrail.cli.node import reader


@command("status", "rxtrail status --json")
def status(call: Call) -> int:
    """What this node holds right now."""
    with reader(call) as node:
        held = node.status()
    if call.as_json:
        say.answer(held)
        return exits.FINE
    identity = held.identity
    say.line(
        (f"rxtrail {held.version}", "strong"),
        f", a {identity.role}",
        f" for {', '.join(identity.glns)}" if identity.glns else "",
    )
    told = [
        ("packages", held.packages),
        ("containers", held.containers),
        ("events", held.events),
        ("documents", held.documents),
        ("records in the log", held.log_size),
        ("bytes at rest", held.store_bytes),
        ("captures running", held.running_jobs),
    ]
    for name, count in told:
        say.line(f"  {name:<20}{count:>18,}")
    if held.packages and held.store_bytes:
        say.line(f"  {'bytes a package':<20}{held.store_bytes / held.packages:>18,.1f}")
    if held.encryption == "off":
        say.line(("  not encrypted at rest", "stop"), ": anybody who has the disk can read it")
    if (log := held.log) is not None and log.size:
        say.line(f"  {'published log':<20}{log.size:>18,}  {log.state}, {log.origin}")
        for words in log.warnings:
            say.line("  ", ("warning: ", "stop"), words)
    say.line(f"  data in {call.data}")
    return exits.FINE


COMMANDS = {"status": status}
