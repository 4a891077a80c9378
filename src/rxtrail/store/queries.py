"""Named statements: each engine keeps its own in one SQL file, and they are read once when the engine is imported."""

from __future__ import annotations

import re
from importlib import resources


def read_queries(package: str) -> dict[str, str]:
    """Give name -> statement of a package's ``queries.sql``; comment lines are left out."""
    text = (resources.files(package) / "queries.sql").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for part in re.split(r"^-- name: ", text, flags=re.MULTILINE)[1:]:
        name, _, rest = part.partition("\n")
        lines = [line for line in rest.splitlines() if not line.startswith("--")]
        found[name.strip()] = " ".join("\n".join(lines).split()).rstrip(";")
    return found
