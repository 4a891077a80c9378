"""The state changes at the counter and the dock: each waits until it is durable, then shows its receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rxtrail import clock
from rxtrail.cli import exits, say, show
from rxtrail.cli.app import error_object, tell
from rxtrail.cli.call import CODE, GLN, WORDS, Call, command
from rxtrail.cli.node import writer
from rxtrail.core.gs1.scan import read_scan
from rxtrail.errors import BadScan, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.answers import Verdict

JUDGED = frozenset({"dispense", "receive"})  # refused on a verdict, by the purpose of the same name


def _everywhere(function: Callable[..., int]) -> Callable[..., int]:
    """The options of every change: where, who, and the key that makes a repetition harmless."""
    for option in (
        click.option(
            "--key",
            type=WORDS,
            help="Idempotency key: repeated within 10 minutes, the first answer.",
        ),
        click.option("--by", type=WORDS, metavar="NAME", help="Who does it."),
        click.option("--site", type=GLN, help="GLN of the place where it is done."),
    ):
        function = option(function)
    return click.argument("code", type=CODE)(function)


def _change(call: Call, verb: str, code: str, **details: str | None) -> int:
    read = read_scan(code, this_year=clock.today().year)
    if not (read.sscc or (read.gtin and read.serial)):
        raise BadScan(
            f"no pack can be read from the code ({read.fault or 'no serial number'})",
            place="code",
            advice="Scan the square (2D) code on the pack again.",
        )
    with writer(call) as node:
        try:
            receipt = node.change(verb, code, **{name: text or "" for name, text in details.items()})
        except Refused as refusal:
            if verb not in JUDGED:
                raise
            # The verdict tells all reasons and how grave they are, and keeps on record that the pack was scanned.
            verdict = node.verify(code, site=details["site"] or "", purpose=verb)
            return _tell_refusal(call, refusal, verdict)
    if call.as_json:
        say.answer(receipt)
    else:
        show.change(receipt)
    return exits.FINE


def _tell_refusal(call: Call, refusal: Refused, verdict: Verdict) -> int:
    if call.as_json:
        say.answer({"error": error_object(refusal), "verdict": verdict})
    else:
        show.verdict(verdict)
    tell(refusal, as_json=False)
    # Refused, yet ok a moment later: another writer came between; the refusal stands.
    return exits.of_answer(verdict.verdict) or exits.NO


@command(
    "dispense",
    "rxtrail dispense '(01)00352601815904(21)A1(17)270930(10)QD1DQ' --site 0300011111246",
    "rxtrail dispense '(01)00352601815904(21)A1' --override 'checked with the supplier' --by 'A. Kim'",
)
@_everywhere
@click.option("--partial", type=WORDS, metavar="QTY", help="Only so much of the pack is dispensed.")
@click.option("--ref", type=WORDS, metavar="RX", help="Your reference, such as the prescription number.")
@click.option("--override", type=WORDS, metavar="REASON", help="Lift amber, never red; needs --by.")
def dispense(call: Call, code: str, override: str | None, by: str | None, **details: str | None) -> int:
    r"""Dispense a pack. The answer comes when it is on disk.

    \b
    Exit code: 0 done, 1 it may not be dispensed, 3 check first, 4 cannot tell now.
    """
    if override and not by:
        raise click.UsageError("--override needs --by NAME: an override is a person's decision")
    return _change(call, "dispense", code, override=override, by=by, **details)


@command("receive", "rxtrail receive 003011610012270529 --site 0300011111246")
@_everywhere
@click.option("--ref", type=WORDS, metavar="PO", help="Your reference, such as the purchase order.")
def receive(call: Call, code: str, **details: str | None) -> int:
    """Receive a pack, or by its SSCC a whole container with all that is in it."""
    return _change(call, "receive", code, **details)


@command("return", "rxtrail return '(01)00352601815904(21)A1' --to 0300011111246 --reason 'ordered twice'")
@_everywhere
@click.option("--to", type=GLN, required=True, metavar="GLN", help="GLN of the partner it goes back to.")
@click.option("--reason", type=WORDS, help="Why.")
def return_(call: Call, code: str, **details: str | None) -> int:
    """Send a pack or container back to a trading partner."""
    return _change(call, "return", code, **details)


@command("hold", "rxtrail hold '(01)00352601815904(21)A1' --reason 'seal broken'")
@_everywhere
@click.option("--reason", type=WORDS, required=True, help="Why.")
def hold(call: Call, code: str, **details: str | None) -> int:
    """Put a pack on hold: no counter will hand it out until it is released."""
    return _change(call, "hold", code, **details)


@command("release", "rxtrail release '(01)00352601815904(21)A1' --reason 'inspected, seal was whole'")
@_everywhere
@click.option("--reason", type=WORDS, required=True, help="Why.")
def release(call: Call, code: str, **details: str | None) -> int:
    """Lift a hold."""
    return _change(call, "release", code, **details)


@command("decommission", "rxtrail decommission '(01)00352601815904(21)A1' --reason 'damaged'")
@_everywhere
@click.option("--reason", type=WORDS, help="Why.")
def decommission(call: Call, code: str, **details: str | None) -> int:
    """Take a pack's serial out of use."""
    return _change(call, "decommission", code, **details)


@command(
    "reactivate",
    "rxtrail reactivate '(01)00352601815904(21)A1' --reason 'never left the pharmacy' --by 'A. Kim'",
)
@_everywhere
@click.option("--reason", type=WORDS, help="Why.")
def reactivate(call: Call, code: str, **details: str | None) -> int:
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
