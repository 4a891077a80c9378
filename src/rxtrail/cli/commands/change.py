"""The state changes at the counter and the dock: each waits until it is durable, then shows its receipt.

With ``-`` a change is made of every code on stdin, one a line, as one list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rxtrail import clock
from rxtrail.cli import exits, say, show, sources
from rxtrail.cli.app import error_object, tell
from rxtrail.cli.bars import bar
from rxtrail.cli.call import CODE, GLN, WORDS, Call, command
from rxtrail.cli.node import writer
from rxtrail.core.gs1.scan import read_scan
from rxtrail.errors import BadRequest, BadScan, Refused
from rxtrail.states import ChangeItem, ChangeJob, Order
from rxtrail.states.bulk import ITEMS_MAX
from rxtrail.states.refusals import Alerted

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.answers import Verdict
    from rxtrail.states import ChangeResult
    from rxtrail.web.port import NodePort

RESULTS_AT_ONCE = 500
WAIT_SECONDS = 0.5
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
    if code == sources.STDIN:
        return _many(call, verb, **details)
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


def _many(call: Call, verb: str, **details: str | None) -> int:
    """Change every pack on stdin; a line of JSON for each, in order, and the worst exit code."""
    items: list[ChangeItem] = []
    for line in sources.lines(sources.stdin()):
        if line.too_long:
            raise BadScan("longer than any barcode", place=f"line {line.number}", advice="Scan one code a line.")
        items.append(ChangeItem(line.text))
    if len(items) > ITEMS_MAX:
        raise BadRequest(f"more than {ITEMS_MAX:,} codes", place="stdin", advice="Give them in several lists.")
    if not items:
        raise BadRequest("there is no code on stdin", place="stdin")
    common = {name: text or "" for name, text in details.items()}
    with writer(call) as node:
        job = node.submit_changes(Order(verb, "", **common), items)
        with bar() as told:
            while job.state == "running":
                told(f"{verb}: {job.job}", job.done, job.items)
                job = node.change_job(job.job, wait_seconds=WAIT_SECONDS)
        return _tell_results(call, node, job)


def _tell_results(call: Call, node: NodePort, job: ChangeJob) -> int:
    worst = exits.FINE
    after = -1
    while results := node.change_results(job.job, after, RESULTS_AT_ONCE):
        for result in results:
            after = result.item
            if result.outcome == "refused":
                worst = exits.worse(worst, _exit_of(result))
            if call.as_json:
                say.answer(result)
            elif result.outcome == "refused":
                say.line(("refused ", "stop"), result.code, f"  {result.message}", (f" [{result.place}]", "dim"))
    if job.state != "success":
        say.note(f"not carried out to its end: {job.error}; it goes on when the node is started again")
        worst = exits.worse(worst, exits.CANNOT_TELL)
    if not call.as_json:
        say.line(f"{job.done - job.refused:,} of {job.items:,} done; refused: {job.refused:,}")
    return worst


def _exit_of(result: ChangeResult) -> int:
    return exits.CANNOT_TELL if result.error == "busy" else exits.NO


def _tell_refusal(call: Call, refusal: Refused, verdict: Verdict) -> int:
    if call.as_json:
        eu = {"eu": refusal.eu} if isinstance(refusal, Alerted) else {}
        say.answer({"error": error_object(refusal), "verdict": verdict, **eu})
    else:
        show.verdict(verdict)
        if isinstance(refusal, Alerted):
            say.line("     ", f"alert {refusal.eu.code}: {refusal.eu.alert_id}")
    tell(refusal, as_json=False)
    # Refused, yet ok a moment later: another writer came between; the refusal stands.
    return exits.of_answer(verdict.verdict) or exits.NO


@command(
    "dispense",
    "rxtrail dispense '(01)00352601815904(21)A1(17)270930(10)QD1DQ' --site 0300011111246",
    "rxtrail dispense '(01)00352601815904(21)A1' --override 'checked with the supplier' --by 'A. Kim'",
    "rxtrail dispense - --site 0300011111246 --json < codes.txt > results.jsonl",
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
    "rxtrail reactivate '(01)00352601815904(21)A1' --attest 'it never left the pharmacy' --by 'A. Kim'",
)
@_everywhere
@click.option("--reason", type=WORDS, help="Why.")
@click.option(
    "--attest",
    "attestation",
    type=WORDS,
    metavar="TEXT",
    help="United States: that the pack never left the pharmacy, in the words of who says so; needs --by.",
)
def reactivate(call: Call, code: str, attestation: str | None, by: str | None, **details: str | None) -> int:
    r"""Put a pack back to stock, where the rules still allow it.

    \b
    United States: a dispensed pack needs --attest and --by; there is no limit of days.
    European Union: within 10 days, at the same place, and nothing else speaks against it.
    """
    if attestation and not by:
        raise click.UsageError("--attest needs --by NAME: an attestation is a person's word")
    return _change(call, "reactivate", code, attestation=attestation, by=by, **details)


def _ending(verb: str, summary: str, example: str) -> click.Command:
    """A command of a change that needs no more than a reason."""

    @_everywhere
    @click.option("--reason", type=WORDS, help="Why.")
    def change(call: Call, code: str, **details: str | None) -> int:
        return _change(call, verb, code, **details)

    change.__doc__ = summary
    name = {"steal": "stolen", "export": "export-pack"}.get(verb, verb)
    return command(name, f"rxtrail {name} '(01)00352601815904(21)A1' {example}")(change)


@command("ref", "rxtrail ref '(01)00352601815904(21)A1'")
@click.argument("code", type=CODE)
def ref(call: Call, code: str) -> int:
    """Show the references (prescription or order numbers) that were given for a pack.

    They are kept encrypted under this node's own key, and are in no export.
    """
    with writer(call) as node:
        found = node.references(code)
    for reference in found:
        if call.as_json:
            say.answer(reference)
        else:
            say.line(f"{reference.verb:<12} {reference.ref}", (f"  at position {reference.log_index}", "dim"))
    if not found and not call.as_json:
        say.line("no references were given for it")
    return exits.FINE


COMMANDS = {
    "dispense": dispense,
    "receive": receive,
    "return": return_,
    "hold": hold,
    "release": release,
    "decommission": decommission,
    "reactivate": reactivate,
    "destroy": _ending("destroy", "Note that a pack was destroyed; nothing undoes that.", "--reason 'damaged'"),
    "sample": _ending("sample", "Take a pack as a sample for an authority.", "--reason 'drawn by the inspector'"),
    "free-sample": _ending("free-sample", "Give a pack away as a free sample.", "--by 'A. Kim'"),
    "lock": _ending("lock", "Lock a pack, for an investigation.", "--reason 'seal looks odd'"),
    "export-pack": _ending("export", "Take a pack out of the market.", "--by 'A. Kim'"),
    "check-out": _ending("check-out", "Take a pack out to be repacked.", "--by 'A. Kim'"),
    "stolen": _ending("steal", "Report a pack stolen; nothing undoes that.", "--reason 'van broken into'"),
    "ref": ref,
}
