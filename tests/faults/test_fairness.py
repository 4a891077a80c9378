"""Eight clients that capture at once are served alike, on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults import fairness
from tests.faults.processes import served

if TYPE_CHECKING:
    from pathlib import Path

# Timed, so not of the ordinary run: on a busy machine nobody is served well.
pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.usefixtures("one_root")]

TRIES = 3


def check(where: str) -> None:
    """See that it is fair; a machine that was busy with others is asked again."""
    found = []
    for _ in range(TRIES):
        found.append(fairness.measure(where))
        print(found[-1].words())
        if found[-1].fair:
            return
    pytest.fail("; ".join(one.words() for one in found))


def test_processes_that_write_one_postgres_get_alike(postgres_dsn: str) -> None:
    check(postgres_dsn)


def test_clients_of_one_serve_on_sqlite_get_alike(tmp_path: Path) -> None:
    with served(tmp_path / "data") as server:
        check(server.authority)
