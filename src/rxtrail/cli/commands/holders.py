"""``rxtrail holders``: who holds the packages of a lot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rxtrail.cli import exits, say, show
from rxtrail.cli.call import WORDS, Call, command
from rxtrail.cli.node import reader

if TYPE_CHECKING:
    from rxtrail.answers import Holders


@command(
    "holders",
    "rxtrail holders --gtin 00352601815904 --lot QD1DQ",
    "rxtrail holders --ndc 52601-8159-0 --lot QD1DQ --json",
)
@click.option("--gtin", type=WORDS, help="The product.")
@click.option("--ndc", type=WORDS, help="The product, by its NDC: in packages of every level.")
@click.option("--lot", type=WORDS, required=True, help="The lot.")
@click.option("--expiry", type=click.DateTime(["%Y-%m-%d"]), help="Only the lot of that name that expires on this day.")
def holders(call: Call, gtin: str | None, ndc: str | None, lot: str, expiry: object) -> int:
    """Who holds the packages of a lot now: party, place, state, counts and the outermost containers.

    With --json one line a product. Exit code 1 when no package of the lot is on record, 4 when a document that
    speaks of it is still being written.
    """
    day = str(expiry)[:10] if expiry else ""
    gtins = _gtins(gtin, ndc)
    with reader(call) as node:
        answers = [node.holders(each, lot, expiry=day) for each in gtins]
    told = [answer for answer in answers if answer.found] or answers[:1]
    for answer in told:
        if call.as_json:
            say.answer(answer)
        else:
            _show(answer)
    if any(answer.pending for answer in answers):
        return exits.CANNOT_TELL
    return exits.FINE if told[0].found else exits.NO


def _gtins(gtin: str | None, ndc: str | None) -> list[str]:
    """Give the GTIN-14s that were asked for."""
    if bool(gtin) == bool(ndc):
        raise click.UsageError("give one of --gtin and --ndc")
    if gtin:
        if not (gtin.isascii() and gtin.isdigit() and len(gtin) <= 14):
            raise click.BadParameter(f"{gtin!r} is not a GTIN", param_hint="--gtin")
        return [gtin.zfill(14)]
    from rxtrail.core.gs1 import ndc as codes

    return [codes.to_gtin(ndc or "", indicator) for indicator in range(9)]


def _show(answer: Holders) -> None:
    name = f"  {answer.product}" if answer.product else ""
    say.line((f"GTIN {answer.gtin} lot {answer.lot}", "strong"), name)
    if answer.recalled:
        say.line("  ", (f"recalled: the whole {answer.recalled}", "stop"))
    if answer.pending:
        say.line("  ", ("a document that speaks of this product is still being written", "check"))
    if not answer.found:
        say.line("  not on record here")
        return
    lines = []
    for share in answer.holders:
        who = show.place(share.custodian)
        where = show.place(share.location)
        to = f" -> {show.place(share.in_transit_to)}" if share.in_transit_to.id else ""
        state = share.state if share.disposition in ("active", share.state) else f"{share.state}: {share.disposition}"
        holds = f" ({', '.join(share.holds)})" if share.holds else ""
        lines.append((f"{share.packs:,}", state + holds, who + to, where, _containers(share.containers_count)))
    show.rows(["packs", "state", "with", "at", "in"], lines)
    counts = ", ".join(f"{count:,} {state}" for state, count in answer.by_state.items())
    say.line(f"  {answer.packs:,} packs: {counts}")


def _containers(count: int) -> str:
    return "" if not count else "1 container" if count == 1 else f"{count:,} containers"


COMMANDS = {"holders": holders}
