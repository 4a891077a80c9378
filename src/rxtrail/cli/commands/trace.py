"""``rxtrail trace``: the journey of a pack or container."""

from __future__ import annotations

import click

from rxtrail.cli import exits, say, show
from rxtrail.cli.call import CODE, Call, command
from rxtrail.cli.node import reader


@command("trace", "rxtrail trace '(01)00352601815904(21)A1'", "rxtrail trace urn:epc:id:sscc:030116.10012270529")
@click.argument("code", type=CODE)
def trace(call: Call, code: str) -> int:
    """The journey of a pack or container in event-time order.

    CODE is scanned text, an EPC URN, a Digital Link or an SSCC. Exit code 1 when it is not on record.
    """
    with reader(call) as node:
        journey = node.trace(code)
    if call.as_json:
        say.answer(journey)
    else:
        show.journey(journey)
    return exits.FINE if journey.found else exits.NO


COMMANDS = {"trace": trace}
