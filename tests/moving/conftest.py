"""Empty stores of every engine, and a record with everything in it."""

from __future__ import annotations

import itertools
import shutil
from typing import TYPE_CHECKING

import pytest

from rxtrail.moving import LOG_POSITION_FILE
from rxtrail.store.postgres import distribute
from tests.moving.records import tell
from tests.postgres.fixtures import CITUS_DSN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.postgres.databases import Databases

SERVERS = ["postgres", *(["citus"] if CITUS_DSN else [])]


@pytest.fixture
def somewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Give the URL of a new empty store of an engine."""
    numbers = itertools.count()
    made: list[str] = []

    def new(engine: str) -> str:
        if engine == "sqlite":
            return f"sqlite:///{tmp_path}/store-{next(numbers)}/rxtrail.sqlite"
        if engine == "citus":
            dsn: str = request.getfixturevalue("citus_dsn")
            assert distribute(dsn), "an emptied cluster has no tables of ours"
            return dsn
        server: Databases = request.getfixturevalue("postgres_server")
        made.append(server.create_database())
        return made[-1]

    yield new
    for dsn in made:
        request.getfixturevalue("postgres_server").drop_database(dsn)


@pytest.fixture(scope="session")
def told_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tell a record with a bit of everything in it, once."""
    folder = tmp_path_factory.mktemp("told")
    tell(folder)
    return folder


@pytest.fixture
def a_record(told_once: Path, tmp_path: Path) -> str:
    """Give the URL of a SQLite record with a bit of everything in it, free to be spoilt."""
    shutil.copytree(told_once, tmp_path / "told")
    (tmp_path / "told" / LOG_POSITION_FILE).unlink()  # it names the folder that this was copied from
    return f"sqlite:///{tmp_path}/told/rxtrail.sqlite"


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have even a small record take many pages."""
    for name, rows in (("PAGE_ROWS_MAX", 12), ("ROWS_AT_ONCE", 4), ("LONG_ROWS_AT_ONCE", 1), ("SHORT_ROWS_AT_ONCE", 3)):
        monkeypatch.setattr(f"rxtrail.store.copying.{name}", rows)
