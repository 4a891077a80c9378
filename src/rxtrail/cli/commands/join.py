"""``rxtrail join`` and ``rxtrail leave``: this node as a part of a hub's record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rxtrail.cli import exits, say, sources
from rxtrail.cli.call import WORDS, Call, command
from rxtrail.cli.node import writer
from rxtrail.errors import BadRequest

if TYPE_CHECKING:
    from rxtrail.sites.wire import JoinStatus

KEY_BYTES_MAX = 1024


@command(
    "join",
    "rxtrail join https://hub.example --key-file hill.key",
    "rxtrail join https://hub.example --key-file - < hill.key",
    "rxtrail join --status",
)
@click.argument("url", type=WORDS, required=False)
@click.option("--key-file", type=WORDS, metavar="FILE", help="The site key that the hub gave; - reads it from stdin.")
@click.option("--status", "only_status", is_flag=True, help="How this node stands with its hub.")
def join(call: Call, url: str | None, key_file: str | None, *, only_status: bool) -> int:
    r"""Join the hub at URL: scans and changes go up, recalls and alerts come down, and the hub is asked at the counter.

    \b
    Exit code: 0 joined (--status: connected), 4 the hub cannot be reached.
    """
    if only_status == (url is not None) or (key_file is None) == (url is not None):
        raise click.UsageError("give a URL with --key-file, or --status")
    from rxtrail.web.hub_socket import link_of

    secret = _secret(key_file) if key_file is not None else ""
    with writer(call) as node:
        link = link_of(node)
        status = link.status() if url is None else link.join(url, secret)
    if call.as_json:
        say.answer(status)
    else:
        _tell(status, status.state if url is None else "joined")
    return exits.CANNOT_TELL if url is None and status.state in ("away", "refused") else exits.FINE


@command("leave", "rxtrail leave")
def leave(call: Call) -> int:
    """Leave the hub: its key is forgotten; what came from it stays on record."""
    from rxtrail.web.hub_socket import link_of

    with writer(call) as node:
        was = link_of(node).leave()
    if call.as_json:
        say.answer({"left": was})
    else:
        say.line("left the hub" if was else "this node had joined no hub")
    return exits.FINE


def _secret(key_file: str) -> str:
    """The key from a file or stdin: never from the command line, which others on this machine can read."""
    try:
        if key_file == sources.STDIN:
            content = sources.stdin().read(KEY_BYTES_MAX)
        else:
            with Path(key_file).open("rb") as file:
                content = file.read(KEY_BYTES_MAX)
    except OSError as error:
        raise BadRequest(f"the key file cannot be read: {error.strerror}", place=key_file) from error
    return content.decode("ascii", "replace").strip()


def _tell(status: JoinStatus, what: str) -> None:
    say.line((what, "strong"), f"  {status.url} as {status.site}")
    say.line(f"  last contact: {status.last_contact or 'none since the start'}")
    say.line(f"  copy for when the hub is away: {status.copy or 'none yet'}")
    say.line(f"  waiting to go up: {status.waiting:,} records")
    if status.error and status.state != "connected":
        say.line(f"  why: {status.error}")
    if status.state == "not-running":
        say.line("  do: start rxtrail serve, which keeps the link")


COMMANDS = {"join": join, "leave": leave}
