"""Opens what stands in DATA beside the record, without opening the record."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rxtrail import clock
from rxtrail.bootstrap.engines import folder_of
from rxtrail.openfda import OpenFda

if TYPE_CHECKING:
    from pathlib import Path


def open_openfda(data: Path, *, store_url: str | None = None) -> OpenFda:
    """Open what was loaded from openFDA; the caller closes it."""
    return OpenFda(folder_of(data, store_url), now_us=clock.now_us, today=clock.today, seconds=time.monotonic)
