"""``rxtrail move-store``: the whole record to another store, of the same or another engine."""

from __future__ import annotations

import click

from rxtrail.cli import exits, say
from rxtrail.cli.bars import bar
from rxtrail.cli.call import Call, command


@command(
    "move-store",
    "rxtrail move-store sqlite:////srv/rxtrail/rxtrail.sqlite postgresql://rxtrail@db1/rxtrail",
    "rxtrail move-store postgresql://rxtrail@db1/rxtrail postgresql://rxtrail@coordinator/rxtrail",
)
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--new-root-key", is_flag=True, help="Give the new store a root key of its own.")
def move_store(call: Call, source: str, target: str, new_root_key: bool) -> int:
    """Move the record to an empty store: SQLite, PostgreSQL or Citus, in any direction.

    Stop what writes the old store first. A move that was broken off goes on where it was when the same command is
    given again. Every row is compared at the end; then the old store is closed for writing, and can still be read.
    For Citus, distribute the empty target first: rxtrail store init --distributed.

    The root key goes along. That of a record on a server lies in the folder of --data. With --new-root-key the new
    store has another one, for when the old one may have been stolen: see docs/encryption.md.
    """
    if call.store is not None:
        raise click.UsageError("both stores are named by their URLs: leave out --store")
    from rxtrail.bootstrap.moving import move_store as move

    with bar() as progress:
        data = call.data if call.given_data is not None else None
        arrived = move(say.clean(source), say.clean(target), data=data, new_root=new_root_key, progress=progress)
    if call.as_json:
        say.answer(arrived)
        return exits.FINE
    say.line(
        ("moved: ", "ok"),
        f"{arrived.packages:,} packages, {arrived.copied.events:,} events, {arrived.copied.log_size:,} records, "
        f"each compared",
    )
    say.line(f"  now in {arrived.store}; give it as --store")
    say.line("  the old store can be read, and is closed for writing")
    if arrived.unsealed:
        say.line(f"  {arrived.unsealed:,} blocks and documents are not sealed yet: rxtrail keys reseal --by NAME")
    return exits.FINE


COMMANDS = {"move-store": move_store}
