"""The command line: ``main`` is what ``rxtrail`` and ``python -m rxtrail`` start."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; ``--version`` is answered before anything is imported."""
    given = sys.argv[1:] if arguments is None else arguments
    if given == ["--version"]:
        from rxtrail.cli.version import version

        sys.stdout.write(f"rxtrail {version()}\n")
        return 0
    from rxtrail.cli.app import run

    return run(given)
