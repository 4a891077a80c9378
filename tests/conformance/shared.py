"""Where the shared test data lies, and how many of its cases were run.

The data is not part of this repository: it has licences of its own. Tests find it by ``RXTRAIL_SHARED`` or in
the folder ``shared`` beside the repository, and are marked ``conformance``.
"""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


class _Tally:
    cases = 0


def shared_dir() -> Path | None:
    """Find the folder that holds ``conformance/``; None when this machine has none."""
    named = os.environ.get("RXTRAIL_SHARED", "")
    if named and not (Path(named) / "conformance").is_dir():
        # A mistyped setting must not turn a whole suite into silence.
        message = f"RXTRAIL_SHARED is {named!r}, which holds no folder 'conformance'"
        raise FileNotFoundError(message)
    folder = Path(named) if named else REPOSITORY.parent / "shared"
    return folder if (folder / "conformance").is_dir() else None


def count(cases: int = 1) -> None:
    """Add cases that were really run to the number told at the end as ``conformance: N run``."""
    _Tally.cases += cases


def counted() -> int:
    """Tell how many cases were run so far."""
    return _Tally.cases
