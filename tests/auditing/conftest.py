from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.auditing.records import fill


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record in which every table has rows; nobody changes it."""
    folder = tmp_path_factory.mktemp("audited") / "data"
    fill(folder)
    return folder


@pytest.fixture
def record(filled: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(filled, tmp_path / "data"))
