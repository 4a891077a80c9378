"""The state changes at the counter and the dock: each waits until it is durable, then shows its receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rxtrail.cli import exits, say, show
from rxtrail.cli.call import CODE, GLN, WORDS, Call, command
from rxtrail.cli.node import writer

if TYPE_CHECKING:
    from collections.abc import Callable

    Decorator = Callable[[Callable[..., int]], Callable[..., int]]


def _everywhere(function: Callable[..., int]) -> Callable[..., int]:
    """The options of every change: where, who, and the key that makes a repetition harmless."""
    for option in (
        click.option(
            "--key",
            type=WORDS,
            default="",
            help="Idempotency key: repeated within 10 minutes, the first answer.",
        ),
        click.option("--by", type=WORDS, default="", metavar="NAME", help="Who does it."),
        click.option("--site", type=GLN, default="", help="GLN of the place where it is done."),
    ):
        function = option(function)
    return click.argument("code", type=CODE)(function)


def _change(call: Call, verb: str, code: str, **details: str) -> int:
    with writer(call) as node:
        receipt = node.change(verb, code, **details)
    if call.as_json:
        say.answer(receipt)
    else:
        show.change(receipt)
    return exits.FINE


@command(
    "dispense",
    "rxtrail dispense '(01)00352601815904(21)A1(17)270930(10)QD1DQ' --site 0300011111246",
    "rxtrail dispense '(01)00352601815904(21)A1' --override 'checked with the supplier' --by 'A. Kim'",
)
@_everywhere
@click.option(
    "--partial", type=WORDS, default="", metavar="QTY", help="Only so much of the pack is dispensed."
)
@click.option(
    "--ref", type=WORDS, default="", metavar="RX", help="Your reference, such as the prescription number."
)
@click.option(
    "--override", type=WORDS, default="", metavar="REASON", help="Lift amber, never red; needs --by."
)
def dispense(call: Call, code: str, override: str, by: str, **details: str) -> int:
    r"""Dispense a pack. The answer comes when it is on disk.

    \b
    Exit code: 0 done, 1 it may not be dispensed, 3 check first, 4 cannot tell now.
    """
    if override and not by:
        raise click.UsageError("--override needs --by NAME: an override is a person's decision")
    return _change(call, "dispense", code, override=override, by=by, **details)


@command("receive", "rxtrail receive 003011610012270529 --site 0300011111246")
@_everywhere
@click.option(
    "--ref", type=WORDS, default="", metavar="PO", help="Your reference, such as the purchase order."
)
def receive(call: Call, code: str, **details: str) -> int:
    """Receive a pack, or by its SSCC a whole container with all that is in it."""
    return _change(call, "receive", code, **details)


@command("return", "rxtrail return '(01)00352601815904(21)A1' --to 0300011111246 --reason 'ordered twice'")
@_everywhere
@click.option("--to", type=GLN, required=True, metavar="GLN", help="GLN of the partner it goes back to.")
@click.option("--reason", type=WORDS, default="", help="Why.")
def return_(call: Call, code: str, **details: str) -> int:
    """Send a pack or container back to a trading partner."""
    return _change(call, "return", code, **details)


@command("hold", "rxtrail hold '(01)00352601815904(21)A1' --reason 'seal broken'")
@_everywhere
@click.option("--reason", type=WORDS, required=True, help="Why.")
def hold(call: Call, code: str, **details: str) -> int:
    """Put a pack on hold: no counter will hand it out until it is released."""
    return _change(call, "hold", code, **details)


@command("release", "rxtrail release '(01)00352601815904(21)A1' --reason 'inspected, seal was whole'")
@_everywhere
@click.option("--reason", type=WORDS, required=True, help="Why.")
def release(call: Call, code: str, **details: str) -> int:
    """Lift a hold."""
    return _change(call, "release", code, **details)


@command("decommission", "rxtrail decommission '(01)00352601815904(21)A1' --reason 'damaged'")
@_everywhere
@click.option("--reason", type=WORDS, default="", help="Why.")
def decommission(call: Call, code: str, **details: str) -> int:
    """Take a pack's serial out of use."""
    return _change(call, "decommission", code, **details)


@command(
    "reactivate",
    "rxtrail reactivate '(01)00352601815904(21)A1' --reason 'never left the pharmacy' --by 'A. Kim'",
)
@_everywhere
@click.option("--reason", type=WORDS, default="", help="Why.")
def reactivate(call: Call, code: str, **details: str) -> int:
    """Undo a dispensing or decommissioning, where the rules still allow it."""
    return _change(call, "reactivate", code, **details)


COMMANDS = {
    "dispense": dispense,
    "receive": receive,
    "return": return_,
    "hold": hold,
    "release": release,
    "decommission": decommission,
    "reactivate": reactivate,
}
