"""``rxtrail hash``: CBV event hashes of the events in a document."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, cast

import click

from rxtrail.cli import exits, say, sources
from rxtrail.cli.call import Call, command

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

_MEMORY_BYTES_MAX = 16 << 20
_CHUNK_BYTES = 1 << 16
_MARK = b"ignoreFields"


@command("hash", "rxtrail hash shipment.xml")
@click.argument("documents", nargs=-1, required=True, metavar="FILE|DIR|- ...")
def hash_(call: Call, documents: tuple[str, ...]) -> int:
    """The CBV 2.0 event hash of each event in EPCIS documents, one a line.

    The record is not asked. --json gives {document, place, event_id, hash} a line.
    """
    from rxtrail.core.epcis.event_hash import event_hash
    from rxtrail.core.epcis.reader import open_document

    for source in sources.documents(documents):
        name = say.printable(source.name)
        with tempfile.SpooledTemporaryFile(_MEMORY_BYTES_MAX) as spool:
            opened = sources.reopened(source, cast("BinaryIO", spool))
            ignored = _ignored(opened)
            with opened() as stream:
                for event, _, place in open_document(stream):
                    computed = event_hash(event, ignored)
                    if call.as_json:
                        say.answer({"document": name, "place": place, "event_id": event.event_id, "hash": computed})
                    else:
                        say.line(computed)
    return exits.FINE


def _ignored(opened: Callable[[], BinaryIO]) -> frozenset[str]:
    """The fields that a document says are none of its events' content; it may say so behind them."""
    from rxtrail.core.epcis.event_hash import ignored_fields
    from rxtrail.core.epcis.reader import open_document

    with opened() as stream:
        last, found = b"", False
        while not found and (piece := stream.read(_CHUNK_BYTES)):
            found = _MARK in last + piece
            last = piece[-len(_MARK) :]
    if not found:
        return frozenset()
    with opened() as stream:
        document = open_document(stream)
        for _ in document:
            pass
        return ignored_fields(document.header)


COMMANDS = {"hash": hash_}
