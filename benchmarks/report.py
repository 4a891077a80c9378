"""Results as a table for people and as JSON for comparing one commit with another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from benchmarks.machine import Machine

if TYPE_CHECKING:
    from pathlib import Path

BEGIN = "<!-- bench:begin -->"
END = "<!-- bench:end -->"


class Figure(msgspec.Struct, frozen=True):
    """One thing measured: the median, how far the runs lay apart, and what the machine can do at best."""

    name: str
    packages: int
    unit: str
    value: float
    least: float
    most: float
    floor: str
    floor_value: float
    ratio: float = 0.0  # how many times the floor's cost ours is; of a rate the cost is the inverse

    def __post_init__(self) -> None:
        """Work the ratio out, so that it also stands in the JSON."""
        more_is_better = "/s" in self.unit or self.unit == "share"
        ratio = self.floor_value / self.value if more_is_better else self.value / self.floor_value
        msgspec.structs.force_setattr(self, "ratio", round(ratio, 2))


class Results(msgspec.Struct, frozen=True):
    """A whole run."""

    machine: Machine
    figures: list[Figure]


def text(results: Results) -> str:
    """Give the results as a plain table."""
    rows = [_HEAD, *(_row(figure) for figure in results.figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [
        "  ".join(
            cell.ljust(width) if column in _LEFT else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:], "", _facts(results.machine)])


def markdown(results: Results) -> str:
    """Give the results as a Markdown table with the facts of the machine below it."""
    rule = ["---" if column in _LEFT else "--:" for column in range(len(_HEAD))]
    rows = [_HEAD, rule, *(_row(figure) for figure in results.figures)]
    return "\n".join([*("| " + " | ".join(row) + " |" for row in rows), "", _facts(results.machine)])


def into_readme(path: Path, results: Results) -> None:
    """Put the table between its two marks; raises ValueError when the file does not have both."""
    before, begin, rest = path.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} has no place for the table: it needs the lines {BEGIN} and {END}")
    path.write_text(f"{before}{BEGIN}\n{markdown(results)}\n{END}{after}")


_HEAD = [
    "measure",
    "packages",
    "rxtrail",
    "runs from-to",
    "floor",
    "what the floor does",
    "times the floor's cost",
]
_LEFT = (0, 5)


def _row(figure: Figure) -> list[str]:
    return [
        figure.name,
        f"{figure.packages:,}",
        f"{_number(figure.value)} {figure.unit}",
        f"{_number(figure.least)}-{_number(figure.most)}",
        _number(figure.floor_value),
        figure.floor,
        f"{figure.ratio:.1f}",
    ]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _facts(facts: Machine) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in facts.versions.items())
    return (
        f"{facts.engine}, measured {facts.when}: {facts.processor}, {facts.cores} cores, {facts.system}, "
        f"Python {facts.python}; {facts.syncs_per_second:,.0f} syncs/s, "
        f"{facts.sequential_write_mb_per_second:,.0f} MB/s sequential write; load {facts.load_1m} at start. "
        f"{versions}. CPU is of the whole process, or of the server's process tree; medians of runs that "
        "alternate with their floor's."
    )
