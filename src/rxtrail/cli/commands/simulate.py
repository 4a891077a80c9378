"""``rxtrail simulate``: the documents of a simulated supply chain."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from rxtrail import clock
from rxtrail.cli import exits, say
from rxtrail.cli.bars import bar
from rxtrail.cli.call import Call, command
from rxtrail.errors import BadRequest

PACKS = 10_000
SEED = 1
# What an earlier run left, and nothing else, is replaced.
WRITTEN = frozenset({"documents", "late", "partners.csv", "scans.jsonl", "truth.jsonl"})


@command("simulate", "rxtrail simulate --packs 100000 --seed 7 --out chain")
@click.option("--packs", type=click.IntRange(1), default=PACKS, show_default=True, help="How many packs.")
@click.option("--seed", type=int, default=SEED, show_default=True, help="Another seed is another chain.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder to write into."
)
@click.option("--missed", type=click.FloatRange(0, 1), default=0.0, show_default=True, help="Share of missed reads.")
@click.option(
    "--loans",
    type=click.Choice(("recorded", "unrecorded")),
    default="recorded",
    show_default=True,
    help="Whether pharmacies record what they lend each other.",
)
@click.option(
    "--disorder",
    "share",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Share of the files that come twice, out of order, or late.",
)
def simulate(call: Call, packs: int, seed: int, out: Path, missed: float, loans: str, share: float) -> int:
    """Write the EPCIS documents of a simulated market with attacks, and the scans that follow.

    OUT gets documents/, partners.csv, scans.jsonl and truth.jsonl, and with --disorder late/. Load the partners,
    capture the documents with rxtrail capture OUT/documents, then rxtrail score OUT, which captures each late file
    when its time has come.
    """
    from rxtrail.simulate import attacked, disorder, market, write

    _clear(out)
    whole = market(seed, packs, missed, clock.today(), loans_recorded=loans == "recorded")
    played = list(attacked(whole))  # the criminals' files are in disorder like all others
    disorder(whole, share)
    try:
        with bar() as told:
            written = write(out, whole, played, told=lambda done, in_all: told("writing documents", done, in_all))
    except OSError as error:
        raise BadRequest(
            f"cannot be written: {error.strerror}",
            place=str(out),
            advice="Check the folder, its rights and the space on the disk.",
        ) from error
    if call.as_json:
        say.answer(written)
    else:
        say.line(
            f"{out}: {written.documents:,} documents with {written.events:,} events "
            f"of {written.packages:,} packs, {written.scans:,} scans"
        )
    return exits.FINE


def _clear(out: Path) -> None:
    """Make room; raises BadRequest when the folder holds what no simulation wrote."""
    try:
        there = {entry.name for entry in out.iterdir()} if out.exists() else set()
    except OSError as error:
        raise BadRequest(f"cannot be read: {error.strerror}", place=str(out), advice="Name another folder.") from error
    if there - WRITTEN:
        raise BadRequest(
            f"the folder holds other things, such as {say.printable(min(there - WRITTEN))}",
            place=str(out),
            advice="Name a new or empty folder.",
        )
    for name in there:
        if (out / name).is_dir():
            shutil.rmtree(out / name)
        else:
            (out / name).unlink()


COMMANDS = {"simulate": simulate}
