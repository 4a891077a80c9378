"""``rxtrail verify``: the verdict on a scanned code."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from rxtrail.cli import exits, say, show, sources
from rxtrail.cli.app import error_object
from rxtrail.cli.call import CODE, GLN, WORDS, Call, command
from rxtrail.cli.node import writer
from rxtrail.errors import BadScan

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.answers import Verdict
    from rxtrail.web.port import NodePort

PURPOSES = ("dispense", "receive", "return", "investigate", "public")


@command(
    "verify",
    "rxtrail verify '(01)00352601815904(21)A1(17)270930(10)QD1DQ'",
    "rxtrail verify --site 0300011111246 --purpose receive ']d2010035260181590421A1'",
    "rxtrail verify - < scans.txt > verdicts.jsonl",
    "rxtrail verify --ask-maker '(01)00352601815904(21)A1(17)270930(10)QD1DQ'",
)
@click.argument("code", type=CODE)
@click.option("--site", type=GLN, help="GLN of the place of the scan; without it no rule about places.")
@click.option(
    "--purpose",
    type=click.Choice(PURPOSES),
    default="dispense",
    show_default=True,
    help="Why the pack is scanned.",
)
@click.option("--key", type=WORDS, help="Idempotency key: the same key gets the same answer.")
@click.option("--ask-maker", is_flag=True, help="Ask the maker too, by a verification request, and wait for it.")
@click.option("--customer", type=GLN, help="GLN of who returns the pack (with --ask-maker and --purpose return).")
@click.option("--attest", is_flag=True, help="To the maker: the pack is in our hands (ctrlPossessAtt).")
@click.option("--station", type=WORDS, help="The calibrated station of the scanner: see rxtrail calibrate.")
def verify(
    call: Call,
    code: str,
    site: str | None,
    purpose: str,
    key: str | None,
    *,
    ask_maker: bool,
    customer: str | None,
    attest: bool,
    station: str | None,
) -> int:
    r"""May this pack be dispensed? CODE is any scanned or typed text.

    With - codes are read from stdin, one a line, and answered as JSON lines; the exit code is the worst.

    \b
    Exit code: 0 ok, 1 stop, 3 check or not covered, 4 not confirmed.
    """
    if (customer or attest) and not ask_maker:
        raise click.UsageError("--customer and --attest go with --ask-maker")
    asks = {"customer": customer or "", "attest": attest} if ask_maker else None
    if code == sources.STDIN:
        return _many(call, site or "", purpose, station or "", asks)
    with writer(call) as node:
        verdict = _verb(node, asks)(code, site=site or "", purpose=purpose, key=key or "", station=station or "")
    if call.as_json:
        say.answer(verdict)
    else:
        show.verdict(verdict)
    return exits.of_answer(verdict.verdict)


def _verb(node: NodePort, asks: dict[str, Any] | None) -> Callable[..., Verdict]:
    """The node's verdict, or with ``asks`` the one that the maker is asked for too."""
    if asks is None:
        return node.verify
    from rxtrail.web.vrs_socket import service_of

    return partial(service_of(node).verify, **asks)


def _many(call: Call, site: str, purpose: str, station: str, asks: dict[str, Any] | None) -> int:
    worst = exits.FINE
    with writer(call) as node:
        verify = _verb(node, asks)
        for line in sources.lines(sources.stdin()):
            if line.too_long:
                error = BadScan("longer than any barcode", place=f"line {line.number}", advice="Scan one code a line.")
                say.answer({"error": error_object(error)})
                worst = exits.worse(worst, exits.of_error(error))
                continue
            verdict = verify(line.text, site=site, purpose=purpose, station=station)
            say.answer(verdict)
            worst = exits.worse(worst, exits.of_answer(verdict.verdict))
    return worst


COMMANDS = {"verify": verify}
