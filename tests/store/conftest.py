"""Every engine that there is, opened on real files; a contract test takes ``store``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from rxtrail.store.postgres import distribute
from rxtrail.store.postgres import open_store as open_postgres
from tests.engines import open_file, root_beside, sealer_of
from tests.postgres.fixtures import CITUS_DSN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rxtrail.store import Store


class Opener(Protocol):
    """Opens the same store again."""

    def __call__(self, *, writable: bool = True) -> Store: ...


ENGINES = ["sqlite", "postgres", *(["citus"] if CITUS_DSN else [])]


@pytest.fixture(params=ENGINES)
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """Open one and the same store, as often as a test asks for it."""
    if request.param == "sqlite":
        return lambda *, writable=True: open_file(tmp_path / "store.sqlite", writable=writable)
    dsn = request.getfixturevalue(f"{request.param}_dsn")
    keeper = root_beside(tmp_path / "store.sqlite")
    if request.param == "citus":
        assert distribute(dsn), "an emptied cluster has no tables of ours"
    return lambda *, writable=True: open_postgres(dsn, writable=writable, sealer=sealer_of(keeper))


@pytest.fixture
def store(reopen: Opener) -> Iterator[Store]:
    """An empty store, open for writing."""
    opened = reopen()
    yield opened
    opened.close()
