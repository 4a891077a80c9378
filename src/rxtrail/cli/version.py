"""Which version runs."""

from __future__ import annotations

from importlib import metadata


def version() -> str:
    """The version as installed; a source tree on the path that was never installed has none."""
    try:
        return metadata.version("rxtrail")
    except metadata.PackageNotFoundError:
        return "not installed (run from a source tree)"
