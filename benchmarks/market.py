"""``python -m benchmarks.market``: the score of many simulated markets, as the table of docs/score.md.

Each run is what a user types: ``rxtrail simulate``, ``partner load``, ``capture``, ``score --json``, in a folder of its
own that is thrown away. With ``--results`` each run is kept as one JSON line, and those that are there are not made
again: a long table may be made in parts. Shares are of all seeds together; the worst seed stands beside them.
"""

from __future__ import annotations

import argparse
import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from rxtrail.simulate.score import Score, Share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

SEEDS = (1, 2, 3, 4, 5)
RATES = (0.0, 0.05, 0.2)
PACKS = 100_000
ROOT = Path(__file__).resolve().parents[1]


class Play(msgspec.Struct, frozen=True):
    """One market, and whose record answers."""

    packs: int
    seed: int
    missed: float
    loans: str = "recorded"
    disorder: float = 0.0
    view: str = "hub"


class Run(msgspec.Struct, frozen=True):
    """What one market gave, a line of ``--results``."""

    play: Play
    score: Score


def main(arguments: list[str]) -> int:
    """Make what is missing, and print the table of all that was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.market", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--packs", type=int, default=PACKS)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--missed", type=float, nargs="+", default=list(RATES))
    parser.add_argument("--loans", choices=("recorded", "unrecorded"), default="recorded")
    parser.add_argument("--disorder", type=float, default=0.0)
    parser.add_argument("--view", choices=("hub", "pharmacy"), nargs="+", default=["hub"])
    parser.add_argument("--results", type=Path, help="keep each run here, and do not make again what is there")
    parser.add_argument("--work", type=Path, help="folder to work in (default: the temporary one)")
    given = parser.parse_args(arguments)

    runs = _kept(given.results) if given.results else {}
    wanted = [
        Play(given.packs, seed, missed, given.loans, given.disorder, view)
        for seed in given.seeds
        for missed in given.missed
        for view in given.view
    ]
    for play in wanted:
        if play in runs:
            continue
        missing = [each for each in wanted if each not in runs and _market_of(each) == _market_of(play)]
        for run in played(missing, given.work):
            runs[run.play] = run
            if given.results:
                with given.results.open("ab") as lines:
                    lines.write(msgspec.json.encode(run) + b"\n")
    print(table([runs[play] for play in wanted]))
    return 0


def played(plays: Sequence[Play], work: Path | None) -> list[Run]:
    """Make the one market of some plays, and score it by each of their views."""
    first = plays[0]
    with tempfile.TemporaryDirectory(prefix="rxtrail-market-", dir=work) as folder:
        chain, data = str(Path(folder) / "chain"), str(Path(folder) / "record")
        _say(f"{first.packs:,} packs, seed {first.seed}, {first.missed:.0%} missed: simulate")
        _rxtrail(
            *("simulate", "--packs", str(first.packs), "--seed", str(first.seed), "--missed", str(first.missed)),
            *("--loans", first.loans, "--out", chain),
            *(("--disorder", str(first.disorder)) if first.disorder else ()),
        )
        if any(play.view == "hub" for play in plays):
            _say("capture")
            _rxtrail("partner", "load", str(Path(chain) / "partners.csv"), "--data", data)
            _rxtrail("capture", str(Path(chain) / "documents"), "--data", data)
        runs = []
        for play in plays:
            _say(f"score, view of the {play.view}")
            told = _rxtrail("score", chain, "--view", play.view, "--data", data, "--json")
            runs.append(Run(play, msgspec.json.decode(told, type=Score)))
        return runs


def table(runs: Sequence[Run]) -> str:
    """Give the runs as a Markdown table: a row for each attack, a column for each rate of missed reads."""
    columns = sorted({(run.play.view, run.play.missed) for run in runs})
    of = {column: [run.score for run in runs if (run.play.view, run.play.missed) == column] for column in columns}
    names = sorted({attack.attack for run in runs for attack in run.score.attacks})
    several = len({run.play.view for run in runs}) > 1
    heads = [f"{missed:.0%} missed" + (f", {view}" if several else "") for view, missed in columns]
    lines = ["| | " + " | ".join(heads) + " |", "|---|" + "--:|" * len(columns)]

    def row(name: str, cell: Callable[[list[Score]], str]) -> None:
        lines.append(f"| {name} | " + " | ".join(cell(of[column]) for column in columns) + " |")

    for name in names:
        for what in ("stopped", "flagged"):
            row(f"{name}: {what}", functools.partial(_of_attack, name, what))
    row("false stops a million", lambda scores: _million([score.false_stops for score in scores]))
    row("ambers", lambda scores: _share([score.ambers for score in scores], max))
    row("honest scans", lambda scores: f"{sum(score.honest for score in scores):,}")
    row("seeds", lambda scores: str(len(scores)))
    return "\n".join(lines)


def _of_attack(name: str, what: str, scores: list[Score]) -> str:
    found = (attack for score in scores for attack in score.attacks if attack.attack == name)
    return _share([attack.stopped if what == "stopped" else attack.flagged for attack in found], min)


def _share(shares: list[Share], worst: Callable[[Iterable[float]], float]) -> str:
    if not any(share.of for share in shares):
        return ""
    whole = sum(share.count for share in shares) / sum(share.of for share in shares)
    each = worst(share.share for share in shares if share.of)
    return f"{whole:.2%}" + (f" ({each:.2%})" if len(shares) > 1 else "")


def _million(shares: list[Share]) -> str:
    whole = 1e6 * sum(share.count for share in shares) / max(1, sum(share.of for share in shares))
    each = 1e6 * max(share.share for share in shares)
    return f"{whole:,.0f}" + (f" ({each:,.0f})" if len(shares) > 1 else "")


def _market_of(play: Play) -> Play:
    return msgspec.structs.replace(play, view="")


def _kept(path: Path) -> dict[Play, Run]:
    if not path.exists():
        return {}
    return {run.play: run for run in msgspec.json.Decoder(Run).decode_lines(path.read_bytes())}


def _rxtrail(*arguments: str) -> bytes:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "rxtrail", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command[2:])} ended with {done.returncode}:\n{done.stderr.decode()[-2000:]}")
    return done.stdout


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
