"""``rxtrail verify``: the verdict on a scanned code."""

from __future__ import annotations

import click

from rxtrail.cli import exits, say, show, sources
from rxtrail.cli.app import error_object
from rxtrail.cli.call import CODE, GLN, WORDS, Call, command
from rxtrail.cli.node import writer
from rxtrail.errors import BadScan

PURPOSES = ("dispense", "receive", "return", "investigate", "public")


@command(
    "verify",
    "rxtrail verify '(01)00352601815904(21)A1(17)270930(10)QD1DQ'",
    "rxtrail verify --site 0300011111246 --purpose receive ']d2010035260181590421A1'",
    "rxtrail verify - < scans.txt > verdicts.jsonl",
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
def verify(call: Call, code: str, site: str | None, purpose: str, key: str | None) -> int:
    r"""May this pack be dispensed? CODE is any scanned or typed text.

    With - codes are read from stdin, one a line, and answered as JSON lines; the exit code is the worst.

    \b
    Exit code: 0 ok, 1 stop, 3 check or not covered, 4 not confirmed.
    """
    if code == sources.STDIN:
        return _many(call, site or "", purpose)
    with writer(call) as node:
        verdict = node.verify(code, site=site or "", purpose=purpose, key=key or "")
    if call.as_json:
        say.answer(verdict)
    else:
        show.verdict(verdict)
    return exits.of_answer(verdict.verdict)


def _many(call: Call, site: str, purpose: str) -> int:
    worst = exits.FINE
    with writer(call) as node:
        for line in sources.lines(sources.stdin()):
            if line.too_long:
                error = BadScan("longer than any barcode", place=f"line {line.number}", advice="Scan one code a line.")
                say.answer({"error": error_object(error)})
                worst = exits.worse(worst, exits.of_error(error))
                continue
            verdict = node.verify(line.text, site=site, purpose=purpose)
            say.answer(verdict)
            worst = exits.worse(worst, exits.of_answer(verdict.verdict))
    return worst


COMMANDS = {"verify": verify}
