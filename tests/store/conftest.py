"""Every engine that there is, opened on real files; a contract test takes ``store``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from rxtrail.store.sqlite import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rxtrail.store import Store


class Opener(Protocol):
    """Opens the same store again."""

    def __call__(self, *, writable: bool = True) -> Store: ...


@pytest.fixture(params=["sqlite"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """Open one and the same store, as often as a test asks for it."""
    assert request.param == "sqlite"

    def opener(*, writable: bool = True) -> Store:
        return open_store(tmp_path / "store.sqlite", writable=writable)

    return opener


@pytest.fixture
def store(reopen: Opener) -> Iterator[Store]:
    """An empty store, open for writing."""
    opened = reopen()
    yield opened
    opened.close()
