"""``rxtrail restore``: a backup into an empty store, or the word that a loss is known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rxtrail.cli import exits, say
from rxtrail.cli.bars import bar
from rxtrail.cli.call import Call, command

if TYPE_CHECKING:
    from rxtrail.moving import Loss


@command(
    "restore",
    "rxtrail restore /media/safe/rxtrail.backup --data /srv/rxtrail",
    "rxtrail restore --check /media/safe/rxtrail.backup",
    "rxtrail restore rxtrail.backup --store postgresql://rxtrail@db1/rxtrail",
)
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--check", is_flag=True, help="Only prove the file whole and unchanged; nothing is written.")
@click.option("--accept-loss", is_flag=True, help="Take an older log for the whole one: what came after it is lost.")
def restore(call: Call, file: Path | None, check: bool, accept_loss: bool) -> int:
    """Restore a backup into an empty store of any engine.

    The whole file is checked before anything is written. A restore that was broken off goes on where it was when the
    same command is given again; until it has ended the store is closed. When this data folder has seen more of the
    log than the backup holds, nothing is restored unless --accept-loss says that the loss is known; without FILE it
    says so of a store that was put back by other means.
    """
    if check:
        if file is None or accept_loss:
            raise click.UsageError("--check takes a FILE and nothing else")
        return _check(call, file)
    if file is None:
        if not accept_loss:
            raise click.UsageError("name the backup to restore")
        return _accept(call)
    from rxtrail.bootstrap.moving import restore_store

    with bar() as progress:
        arrived = restore_store(call.data, call.store, file, accept_loss=accept_loss, progress=progress)
    if call.as_json:
        say.answer(arrived)
        return exits.FINE
    say.line(
        ("restored: ", "ok"),
        f"{arrived.packages:,} packages, {arrived.copied.events:,} events, {arrived.copied.log_size:,} records, "
        "each compared",
    )
    say.line(f"  in {arrived.store}")
    _tell_losses(arrived.accepted)
    return exits.FINE


def _check(call: Call, file: Path) -> int:
    from rxtrail.bootstrap.moving import check_backup

    with bar() as progress:
        manifest = check_backup(call.data, call.store, file, progress=progress)
    if call.as_json:
        say.answer(manifest)
    else:
        say.line(("whole: ", "ok"), f"{file}, {manifest.log_size:,} records, a {manifest.role}'s")
    return exits.FINE


def _accept(call: Call) -> int:
    from rxtrail.bootstrap.moving import accept_loss

    losses = accept_loss(call.data, call.store)
    if call.as_json:
        say.answer({"accepted": losses})
    elif losses:
        _tell_losses(losses)
    else:
        say.line("nothing is missing: the log is as long as this node has seen it")
    return exits.FINE


def _tell_losses(losses: list[Loss]) -> None:
    for loss in losses:
        say.line(
            ("lost: ", "stop"),
            f"this node had seen {loss.seen:,} records, there are {loss.size:,}; what was captured since must be "
            "captured again",
        )
    if losses:
        say.line("  what was published of its log cannot be continued: rxtrail log renew --reason WHY")


COMMANDS = {"restore": restore}
