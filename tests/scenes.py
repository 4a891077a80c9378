"""The scenes that most tests of the record start from, as fixtures: a folder's conftest names those it wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.story import MAKER, OTHER_PHARMACY, PHARMACY, PHARMACY_ANNEX, WHOLESALER, Scene, scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Scene]:
    """A hub that knows one wholesaler and two pharmacies; makers need no listing, outsiders have none."""
    with scene(tmp_path / "data") as opened:
        opened.partners((WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy"), (OTHER_PHARMACY, "pharmacy"))
        yield opened


@pytest.fixture
def pharmacy(tmp_path: Path) -> Iterator[Scene]:
    """A pharmacy with an annex that knows its wholesaler and one maker."""
    with scene(tmp_path / "data", "pharmacy", PHARMACY, PHARMACY_ANNEX) as opened:
        opened.partners((WHOLESALER, "wholesaler"), (MAKER, "maker"))
        yield opened


@pytest.fixture
def bare_pharmacy(tmp_path: Path) -> Iterator[Scene]:
    """A pharmacy on its first day: it has listed nobody."""
    with scene(tmp_path / "data", "pharmacy", PHARMACY) as opened:
        yield opened
