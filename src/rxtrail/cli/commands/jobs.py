"""``rxtrail jobs``: captures, running and done."""

from __future__ import annotations

import click

from rxtrail.cli import exits, say, show
from rxtrail.cli.call import WORDS, Call, command
from rxtrail.cli.node import reader


@command("jobs", "rxtrail jobs --limit 5")
@click.argument("job", required=False, type=WORDS)
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="At most so many.")
def jobs(call: Call, job: str | None, limit: int) -> int:
    r"""Captures, newest first, or the one JOB named.

    \b
    Exit code: 0; with JOB also 1 when it failed, 4 while it runs.
    """
    with reader(call) as node:
        found = [node.job(job)] if job else node.jobs(limit=limit)
    if call.as_json:
        for one in found:
            say.answer(one)
    else:
        show.rows(
            ("created", "job", "name", "state", "applied", "events", "packages", "error"),
            (
                (
                    one.created_at,
                    one.job,
                    one.name,
                    one.state,
                    f"{one.applied:,}",
                    f"{one.events:,}",
                    f"{one.packages:,}",
                    one.error,
                )
                for one in found
            ),
        )
        if job and found[0].receipt is not None:
            show.findings(found[0].receipt.findings, found[0].receipt.findings_truncated)
    if not job:
        return exits.FINE
    match found[0].state:
        case "failed":
            return exits.NO
        case "accepted" | "running":
            return exits.CANNOT_TELL
        case _:
            return exits.FINE


COMMANDS = {"jobs": jobs}
