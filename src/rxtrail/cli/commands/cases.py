"""``rxtrail cases``: what a machine cannot settle and a person must look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rxtrail.cli import exits, say, show
from rxtrail.cli.call import WORDS, Call, command
from rxtrail.cli.defaults import DefaultGroup
from rxtrail.cli.node import reader, writer

if TYPE_CHECKING:
    from rxtrail.cases import Case

LIMIT = 100


@command("list", "rxtrail cases list --state open", "rxtrail cases list --json")
@click.option("--state", type=click.Choice(("open", "closed", "all")), default="open", show_default=True, help="Which.")
@click.option("--kind", type=WORDS, help="Only of this kind, such as offline-dispensing.")
@click.option("--after", type=WORDS, metavar="ID", help="Only those after this case, which was the last one seen.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=LIMIT, show_default=True, help="At most so many.")
def list_(call: Call, state: str, kind: str | None, after: str | None, limit: int) -> int:
    """List cases, the newest first; with --json one line a case."""
    with reader(call) as node:
        found = node.cases.page(after or "", limit, state="" if state == "all" else state, kind=kind or "")
    if call.as_json:
        for case in found:
            say.answer(case)
    elif not found:
        say.line("no cases" if state == "all" else f"no {state} cases")
    else:
        rows = [(case.id, case.opened_at, case.state, case.kind, case.pack, case.what) for case in found]
        show.rows(["case", "opened", "state", "kind", "pack", "what"], rows)
    return exits.FINE


@command("show", "rxtrail cases show C-ABCDEFGH")
@click.argument("case", type=WORDS, metavar="ID")
def show_(call: Call, case: str) -> int:
    """Show one case with its evidence."""
    with reader(call) as node:
        _tell(call, node.cases.get(case))
    return exits.FINE


@command("close", "rxtrail cases close C-ABCDEFGH --reason 'A loan from Hill Pharmacy.' --by 'A. Kim'")
@click.argument("case", type=WORDS, metavar="ID")
@click.option("--reason", type=WORDS, required=True, help="What was found.")
@click.option("--by", type=WORDS, required=True, metavar="NAME", help="Who closes it.")
def close(call: Call, case: str, reason: str, by: str) -> int:
    """Close a case with a reason and a name; its evidence stays."""
    with writer(call) as node:
        _tell(call, node.close_case(case, reason=reason, by=by))
    return exits.FINE


def _tell(call: Call, case: Case) -> None:
    if call.as_json:
        say.answer(case)
        return
    say.line((f"{case.id}  {case.state}", "strong"), f"  {case.kind}  opened {case.opened_at}")
    say.line(f"  {case.what}")
    for name, value in (("pack", case.pack), ("site", case.site), *case.evidence.items()):
        if value:
            say.line(f"  {name}: {value}")
    if case.state == "closed":
        say.line(f"  closed {case.closed_at} by {case.closed_by}: {case.reason}")


cases = DefaultGroup(
    "cases",
    default="list",
    alone=True,
    commands=[list_, show_, close],
    summary="What a machine cannot settle and a person must look at.",
    epilog="\b\nExamples:\n  rxtrail cases\n  rxtrail cases close C-ABCDEFGH --reason 'A loan.' --by 'A. Kim'",
)
COMMANDS = {"cases": cases}
