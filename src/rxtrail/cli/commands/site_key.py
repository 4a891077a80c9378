"""``rxtrail site-key``: the keys by which sites prove to a hub who they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rxtrail.cli import exits, say, show
from rxtrail.cli.call import GLN, WORDS, Call, command, group
from rxtrail.cli.node import reader, writer

if TYPE_CHECKING:
    from rxtrail.access import NewKey


@command("add", "rxtrail site-key add --gln 0300011111246 --name 'Hill Pharmacy' > hill.key")
@click.option("--gln", type=GLN, required=True, help="The site that the key is bound to.")
@click.option("--name", type=WORDS, help="For the list.")
def add(call: Call, gln: str, name: str | None) -> int:
    """Make a key for one site; its secret is shown this once, and kept only as a hash.

    From the first key on, whoever shows none is the public here: see rxtrail site-key require.
    """
    from rxtrail.web.hub_socket import keys_of

    with writer(call) as node:
        _tell_new(call, keys_of(node).add(gln, name=name or ""))
    return exits.FINE


@command("list", "rxtrail site-key list", "rxtrail site-key list --json")
def list_(call: Call) -> int:
    """List the keys, revoked ones too; with --json one line a key."""
    with reader(call) as node:
        found = node.access.keys.all()
        required = node.access.keys.required()
    if call.as_json:
        for key in found:
            say.answer(key)
        return exits.FINE
    if found:
        rows = [(key.id, key.gln, key.name, key.created_at, key.revoked_at) for key in found]
        show.rows(["key", "site", "name", "made", "revoked"], rows)
    else:
        say.line("no site keys")
    say.line("who shows no key gets ", "public answers only" if required else "what everybody on this machine gets")
    return exits.FINE


@command("revoke", "rxtrail site-key revoke K-0123456789")
@click.argument("key", type=WORDS, metavar="KEY")
def revoke(call: Call, key: str) -> int:
    """Take a key back; it is refused at once. KEY is its name in the list, never the secret."""
    from rxtrail.web.hub_socket import keys_of

    with writer(call) as node:
        listed = keys_of(node).revoke(key)
    if call.as_json:
        say.answer(listed)
    else:
        say.line(f"{listed.id} of {listed.gln} is revoked since {listed.revoked_at}")
    return exits.FINE


@command("rotate", "rxtrail site-key rotate K-0123456789 > hill.key")
@click.argument("key", type=WORDS, metavar="KEY")
def rotate(call: Call, key: str) -> int:
    """Make a new key for the same site, and revoke the old one in the same moment."""
    from rxtrail.web.hub_socket import keys_of

    with writer(call) as node:
        _tell_new(call, keys_of(node).rotate(key))
    return exits.FINE


@command("require", "rxtrail site-key require", "rxtrail site-key require --off")
@click.option("--off", is_flag=True, help="Whoever reaches this node may ask again as before there were keys.")
def require(call: Call, *, off: bool) -> int:
    """Whoever shows no key gets public answers only, and may change nothing."""
    from rxtrail.web.hub_socket import keys_of

    with writer(call) as node:
        keys_of(node).require(on=not off)
    if call.as_json:
        say.answer({"required": not off})
    else:
        say.line("site keys are required" if not off else "site keys are not required any more")
    return exits.FINE


def _tell_new(call: Call, made: NewKey) -> None:
    """The secret alone on stdout, so that it goes into a file without being seen."""
    if call.as_json:
        say.answer(made)
        return
    say.note(f"key {made.id} for {made.gln}; keep the next line secret, it is not shown again")
    say.line(made.secret)


site_key = group(
    "site-key",
    "Keys by which sites prove who they are.",
    [add, list_, revoke, rotate, require],
    "rxtrail site-key add --gln 0300011111246 > hill.key",
    "rxtrail site-key list",
)
COMMANDS = {"site-key": site_key}
