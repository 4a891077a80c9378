"""``rxtrail serials``: new serial numbers for one's own products."""

from __future__ import annotations

import click

from rxtrail.cli import bars, exits, say
from rxtrail.cli.call import WORDS, Call, command, group
from rxtrail.cli.node import reader, writer

COUNT_MAX = 10_000_000
LIMIT = 100


@command(
    "issue",
    "rxtrail serials issue --gtin 00352601815904 --count 1000 > serials.txt",
    "rxtrail serials issue --gtin 00352601815904 --count 5 --json",
)
@click.option("--gtin", type=WORDS, required=True, help="A product of this maker.")
@click.option("--count", type=click.IntRange(1, COUNT_MAX), default=1, show_default=True, help="How many.")
@click.option("--length", type=click.IntRange(8, 20), default=12, show_default=True, help="Characters of each.")
def issue(call: Call, gtin: str, count: int, length: int) -> int:
    """Give out new serial numbers, one a line; stderr tells how likely one could be guessed.

    They are random, of digits and capitals without those that look alike (0 O 1 I), and none comes twice for one
    GTIN: each is kept in the record before it is written. --json gives one object for every 10,000.
    """
    from rxtrail.serials import COUNT_MAX as AT_ONCE
    from rxtrail.serials import SerialsOrder
    from rxtrail.web.serial_socket import serials_of

    done, probability = 0, 0.0
    with writer(call) as node, bars.bar() as told:
        while done < count:
            made = serials_of(node).issue(SerialsOrder(gtin, min(AT_ONCE, count - done), length))
            done, probability = done + len(made.serials), made.guess_probability
            if call.as_json:
                say.answer(made)
            else:
                say.stream(["\n".join([*made.serials, ""]).encode()])
            told("serial numbers", done, count)
    say.note(f"{done:,} serial numbers of {length} characters; a guess hits one with 1 : {1 / probability:,.0f}")
    return exits.FINE


@command("list", "rxtrail serials list --gtin 00352601815904 --limit 1000")
@click.option("--gtin", type=WORDS, required=True, help="Of this product.")
@click.option("--after", type=WORDS, metavar="SERIAL", help="Only those after this one, which was the last one seen.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=LIMIT, show_default=True, help="At most so many.")
def list_(call: Call, gtin: str, after: str | None, limit: int) -> int:
    """List the serial numbers that were given out, in order; --json tells when, too."""
    with reader(call) as node:
        found = node.serials.page(gtin, after or "", limit)
    for one in found:
        if call.as_json:
            say.answer(one)
        else:
            say.line(one.serial)
    return exits.FINE


serials = group(
    "serials",
    "New serial numbers for one's own products.",
    [issue, list_],
    "rxtrail serials issue --gtin 00352601815904 --count 1000 > serials.txt",
)
COMMANDS = {"serials": serials}
