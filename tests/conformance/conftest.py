"""The fixture of the conformance tests: the shared folder, or a loud skip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conformance.shared import shared_dir

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def shared() -> Path:
    """Give the shared folder; its ``conformance`` folder is there."""
    folder = shared_dir()
    if folder is None:
        pytest.skip("no shared test data: set RXTRAIL_SHARED or put a folder 'shared' beside this one")
    return folder
