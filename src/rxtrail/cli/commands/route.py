"""``rxtrail route``: approved routes, from a file or from the record's own habits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rxtrail.cli import exits, say, show, sources
from rxtrail.cli.call import WORDS, Call, command, group
from rxtrail.cli.node import reader, writer

if TYPE_CHECKING:
    from rxtrail.alerts import RoutesReport

_BY = click.option("--by", type=WORDS, required=True, metavar="NAME", help="Who does it.")


@command("load", "rxtrail route load lanes.toml --by 'A. Kim'", "rxtrail route load lanes.csv --approve --by 'A. Kim'")
@click.argument("file", type=WORDS, metavar="FILE|-")
@_BY
@click.option("--approve", is_flag=True, help="Approve them at once; else they are drafts, and judge nothing yet.")
def load(call: Call, file: str, by: str, approve: bool) -> int:
    """Load lanes from a TOML or CSV file as drafts, all of them or none.

    Refused are lanes that loop, lead nowhere, contradict each other, or change a version that is known.
    """
    from rxtrail.alerts import RouteCommand

    with writer(call) as node:
        report = node.route(RouteCommand("load", by, table=sources.content(file)))
        if approve:
            ids = [f"{lane.id}@{lane.version}" for lane in report.lanes]
            report = type(report)(node.route(RouteCommand("approve", by, ids)).lanes, report.flaws)
    return _tell(call, report)


@command("list", "rxtrail route list", "rxtrail route list --state approved --json")
@click.option("--state", type=WORDS, help="draft, approved or retired; else all.")
def list_(call: Call, state: str | None) -> int:
    """List lanes; with --json one line a lane."""
    with reader(call) as node:
        found = node.alerts.routes.all(state=state or "")
    if call.as_json:
        for lane in found:
            say.answer(lane)
    elif not found:
        say.line("no lanes: nothing is judged by its route")
    else:
        lines = [
            (
                f"{x.id}@{x.version}",
                x.state,
                " ".join(x.products[:2]),
                x.origin,
                str(len(x.destinations)),
                x.approved_by,
            )
            for x in found
        ]
        show.rows(["lane", "state", "products", "origin", "destinations", "approved by"], lines)
    return exits.FINE


@command("check", "rxtrail route check lanes.toml", "rxtrail route check --json")
@click.argument("file", type=WORDS, required=False, metavar="[FILE|-]")
def check(call: Call, file: str | None) -> int:
    """Tell what is wrong or odd about the lanes of a file, or of the record. Nothing is changed.

    Exit code 1 when there is an error, 3 when something is only odd.
    """
    with reader(call) as node:
        report = node.alerts.routes.check(sources.content(file) if file else None)
    if call.as_json:
        say.answer(report)
    else:
        _flaws(report)
        say.line(f"{len(report.lanes):,} lanes, {len(report.flaws):,} remarks")
    if any(flaw.severity == "error" for flaw in report.flaws):
        return exits.NO
    return exits.CHECK if report.flaws else exits.FINE


@command("suggest", "rxtrail route suggest --by 'A. Kim'")
@_BY
def suggest(call: Call, by: str) -> int:
    """Learn lanes from the despatches on record, as drafts that a person looks at and approves.

    What was sent three times or more is a habit; rare moves are left out. A lane that says the same is loaded once.
    """
    from rxtrail.alerts import RouteCommand

    with writer(call) as node:
        report = node.route(RouteCommand("suggest", by))
    return _tell(call, report)


def _step(what: str, example: str, words: str) -> click.Command:
    @command(what, example)
    @click.argument("lanes", type=WORDS, nargs=-1, metavar="[ID|ID@VERSION]...")
    @click.option("--all", "every", is_flag=True, help="All of them.")
    @_BY
    @click.option("--reason", type=WORDS, help="Why.")
    def step(call: Call, lanes: tuple[str, ...], every: bool, by: str, reason: str | None) -> int:
        from rxtrail.alerts import RouteCommand

        if bool(lanes) == every:
            raise click.UsageError("name lanes, or give --all")
        with writer(call) as node:
            report = node.route(RouteCommand(what, by, list(lanes), reason=reason or ""))
        return _tell(call, report)

    step.help = words
    return step


def _tell(call: Call, report: RoutesReport) -> int:
    if call.as_json:
        say.answer(report)
        return exits.FINE
    for lane in report.lanes:
        say.line((f"{lane.id}@{lane.version}", "strong"), f"  {lane.state}  {lane.title}")
    _flaws(report)
    if any(lane.state == "draft" for lane in report.lanes):
        say.line("drafts judge nothing: rxtrail route approve ID --by NAME")
    return exits.FINE


def _flaws(report: RoutesReport) -> None:
    for flaw in report.flaws:
        style = "stop" if flaw.severity == "error" else "check"
        say.line((flaw.severity, style), f"  {flaw.lane}  {flaw.place}: {flaw.message}  [{flaw.code}]")


route = group(
    "route",
    "Approved routes: load, list, check, suggest, approve, retire.",
    [
        load,
        list_,
        check,
        suggest,
        _step("approve", "rxtrail route approve L1 --by 'B. Lee'", "Approve lanes: shipments are judged by them."),
        _step("retire", "rxtrail route retire L1 --by 'B. Lee'", "Retire lanes: nothing is judged by them any more."),
    ],
    "rxtrail route load lanes.toml --by 'A. Kim'",
)
COMMANDS = {"route": route}
