"""``rxtrail log``: the published log as its owner and as outsiders see it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rxtrail import clock
from rxtrail.cli import exits, say
from rxtrail.cli.bars import bar
from rxtrail.cli.call import WORDS, Call, command, group
from rxtrail.cli.node import own, reader, writer
from rxtrail.errors import BadRequest, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.core.merkle.note import VerifierKey
    from rxtrail.web.port import NodePort


@command("status", "rxtrail log status --json")
def status(call: Call) -> int:
    """How the published log stands: its name, key, size, age and witnesses.

    Exit code 1 when nothing more is published because this record is not the one that was published before.
    """
    with _either(call) as node:
        told = node.status().log
    assert told is not None, "every node has a log"
    if call.as_json:
        say.answer(told)
        return exits.NO if told.state == "refused" else exits.FINE
    say.line((told.state, "stop" if told.state == "refused" else "strong"), f" {told.origin}")
    for name, value in (
        ("records", f"{told.log_size:,}"),
        ("published", f"{told.size:,}"),
        ("age", f"{told.age_seconds:,.1f} s" if told.size else ""),
        ("root", told.root),
        ("quorum", f"{told.quorum}, {told.cosigned_size:,} cosigned" if told.quorum else ""),
        ("signer", told.signer),
        *(("key", key if len(key) < 200 else f"{key[:80]}...") for key in told.keys),
        *(("witness", words) for words in told.witnesses),
        *(("given up", f"{old.origin}, {old.size:,} entries, on {old.day}: {old.reason}") for old in told.retired),
        *(("warning", words) for words in told.warnings),
    ):
        if value:
            say.line(f"  {name:<10}{value}")
    return exits.NO if told.state == "refused" else exits.FINE


@command("verify", "rxtrail log verify https://node.example/log --vkey 'rxtrail-1a2b/log+0c1d2e3f+AZ...'")
@click.argument("place", metavar="URL|DIR", type=WORDS)
@click.option("--vkey", "vkeys", multiple=True, required=True, help="The log's verifier key; then those of witnesses.")
def verify(call: Call, place: str, vkeys: tuple[str, ...]) -> int:
    """Check a log from outside: every entry is hashed again, and every tile and the root are made from them.

    URL is what stands before /checkpoint. Every key that is given must have signed. Exit code 1 when the log is not
    what it says; the file that is wrong is named.
    """
    from rxtrail.core.merkle.errors import BadKey
    from rxtrail.core.merkle.note import VerifierKey
    from rxtrail.publishing.checking import FolderSource, WebSource, check

    keys: list[VerifierKey] = []
    for text in vkeys:
        try:
            keys.append(VerifierKey.parse(text.strip()))
        except BadKey as wrong:
            raise BadRequest(wrong.message, place="--vkey", advice=wrong.advice) from wrong
    source = WebSource(place) if place.startswith(("http://", "https://")) else FolderSource(_folder(place))
    with contextlib.closing(source), bar() as progress:
        checked = check(source, keys, progress=lambda done, in_all: progress("entries", done, in_all))
    if call.as_json:
        say.answer(checked)
    else:
        say.line(("the log is what it says: ", "ok"), f"{checked.origin}, {checked.size:,} entries")
        say.line(f"  root      {checked.root}")
        say.line(f"  signed by {', '.join(checked.signers)}")
    return exits.FINE


@command("export", "rxtrail log export /srv/www/log")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def export(call: Call, folder: Path) -> int:
    """Write the published log as files that any web server can serve; run again, it goes on where it ended."""
    from rxtrail.publishing.exporting import export as export_to

    with reader(call) as node, bar() as progress:
        row = node.log.files.row()
        if row is None:
            raise NotFound("nothing of this log is published yet", advice="Publish it: rxtrail log publish")
        done = export_to(
            node.log.reader(), row, folder, progress=lambda count, in_all: progress("files", count, in_all)
        )
    if call.as_json:
        say.answer(done)
    else:
        say.line(("exported: ", "ok"), f"{done.size:,} entries, {done.files:,} new files in {folder}")
    return exits.FINE


@command("publish", "rxtrail log publish")
def publish(call: Call) -> int:
    """Publish what was written without a server: open the log's key for a moment, sign the head, let go of it.

    A running serve publishes by itself every second.
    """
    with own(call) as node:
        node.log.publish_now(start_signer=True)
        told = node.log.status()
    if call.as_json:
        say.answer(told)
    else:
        say.line(("published: ", "ok"), f"{told.origin}, {told.size:,} entries")
    return exits.FINE


@command("renew", "rxtrail log renew --reason 'the disk of 3 May was lost, and its last hour with it'")
@click.option("--reason", type=WORDS, required=True, help="Why; it is kept in the record.")
@click.option("--origin", default="", help="The name of the new log. [default: after the old one]")
def renew(call: Call, reason: str, origin: str) -> int:
    """Begin a new log, with a new key and a new name, over the record as it is now. The old key is put away.

    For after a loss: what was published of the old log can then never be continued. Its signed heads are kept, and it
    is still read at /log/1 (2, ...). Partners and witnesses must be given the new verifier key, and told why.
    """
    with own(call) as node:
        told = node.log.renew(origin=origin, reason=reason, day=clock.today())
    if call.as_json:
        say.answer(told)
    else:
        say.line(("a new log: ", "ok"), f"{told.origin}, {told.size:,} entries")
        say.line(f"  key       {told.keys[0]}")
    return exits.FINE


@contextlib.contextmanager
def _either(call: Call) -> Iterator[NodePort]:
    """The node through the serve that holds it, which knows more, or for reading."""
    from rxtrail.bootstrap import holder_socket

    with contextlib.ExitStack() as stack:
        if holder_socket(call.data, store_url=call.store) is not None:
            yield stack.enter_context(writer(call))
        else:
            yield stack.enter_context(reader(call))


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise BadRequest(
            "there is no such folder", place=text, advice="Give the folder or the https:// address of a log."
        )
    return path


COMMANDS = {
    "log": group(
        "log",
        "The published log: how it stands, checking one, copying it to a web server, a new key.",
        [status, verify, export, publish, renew],
        "rxtrail log status",
        "rxtrail log verify https://node.example/log --vkey 'rxtrail-1a2b/log+0c1d2e3f+AZ...'",
    )
}
