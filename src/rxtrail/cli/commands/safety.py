"""``rxtrail safety``: what labels and shortage lists say of a product, beside the verdict and never a part of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from rxtrail.cli import exits, say, show, sources
from rxtrail.cli.call import CODE, Call, command, group
from rxtrail.cli.commands.openfda import opened

if TYPE_CHECKING:
    from collections.abc import Sequence


@command(
    "show",
    "rxtrail safety show '(01)00368682065107(21)A1(17)270930(10)QD1DQ'",
    "rxtrail safety show 00368682065107 --json",
)
@click.argument("code", type=CODE, metavar="CODE|GTIN|NDC")
def show_(call: Call, code: str) -> int:
    """Show what openFDA's files say of a product: boxed warning, what is new in its label, shortages."""
    with opened(call) as room:
        found = room.safety(room.named(code))
    if call.as_json:
        say.answer(found)
        return exits.FINE
    product = found.product
    if product is not None:
        say.line(
            (product.name, "strong"), f"  {product.strength}  {product.form}  NDC {product.ndc}  {product.labeler}"
        )
    if not found.notes:
        say.line("no boxed warning, nothing new, no shortage in what was loaded")
    show.safety(found.notes)
    return exits.FINE


@command("basket", "rxtrail safety basket 00368682065107 0300930787010 --json", "rxtrail safety basket - < scans.txt")
@click.argument("codes", type=CODE, metavar="CODE|GTIN|NDC|-...", nargs=-1, required=True)
def basket(call: Call, codes: Sequence[str]) -> int:
    """Tell where the label of one pack names an active ingredient of another: label text, not clinical advice."""
    if list(codes) == [sources.STDIN]:
        codes = [line.text for line in sources.lines(sys.stdin.buffer)]
    with opened(call) as room:
        found = room.basket([room.named(code) for code in codes])
    if call.as_json:
        say.answer(found)
        return exits.FINE
    show.safety(found.interactions)
    if not found.interactions:
        words = ", as far as they were looked at" if found.without_label or found.not_looked_at else ""
        say.line(f"no label of these packs names another of them in its section on interactions{words}")
    if found.without_label:
        say.note(f"no label here of: {', '.join(found.without_label)}")
    for gap in found.not_looked_at:
        say.note(f"not looked at, {gap.gtin}: {gap.text}")
    say.note(found.advice)
    return exits.FINE


def _switch(name: str, words: str, *, shown: bool) -> click.Command:
    @command(name, f"rxtrail safety {name}")
    def switch(call: Call) -> int:
        with opened(call) as room:
            found = room.show(shown=shown)
        if call.as_json:
            say.answer(found)
        else:
            say.line("shown beside verdicts" if found.shown else "nothing is shown beside verdicts")
        return exits.FINE

    switch.help = words
    return switch


safety = group(
    "safety",
    "What labels and shortage lists say of a product, beside the verdict and never a part of it.",
    [
        show_,
        basket,
        _switch("on", "Show boxed warnings, what is new in labels, and shortages beside verdicts.", shown=True),
        _switch("off", "Show nothing beside verdicts.", shown=False),
    ],
    "rxtrail safety show 00368682065107",
)

COMMANDS = {"safety": safety}
