"""``rxtrail hash``: CBV event hashes of the events in a document."""

from __future__ import annotations

import click

from rxtrail.cli import exits, say, sources
from rxtrail.cli.call import Call, command


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
        with source.open() as stream:
            for event, _, place in open_document(stream):
                computed = event_hash(event)
                if call.as_json:
                    say.answer({"document": name, "place": place, "event_id": event.event_id, "hash": computed})
                else:
                    say.line(computed)
    return exits.FINE


COMMANDS = {"hash": hash_}
