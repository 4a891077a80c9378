"""What holds for every test: only loopback is reachable, hypothesis profiles, and honest closing words."""

from __future__ import annotations

import collections
import ipaddress
import json
import os
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from tests import engines
from tests.conformance.shared import counted, shared_dir
from tests.engines import _own_places, one_root, open_record, places, rows  # noqa: F401 (pytest finds fixtures by name)
from tests.postgres.fixtures import citus_dsn, postgres_dsn, postgres_server  # noqa: F401 (pytest finds fixtures by name)

if TYPE_CHECKING:
    from collections.abc import Iterator

# dev while writing, ci in `make test` (the same examples every time), night for a long search.
_CALM = (hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large)
hypothesis.settings.register_profile("dev", max_examples=50, deadline=None, suppress_health_check=_CALM)
hypothesis.settings.register_profile(
    "ci", max_examples=150, deadline=None, derandomize=True, suppress_health_check=_CALM
)
hypothesis.settings.register_profile("night", max_examples=20_000, deadline=None, suppress_health_check=_CALM)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


def _refuse_beyond_loopback(address: object) -> None:
    """Let unix sockets and loopback through; a test that needs the network is a broken test."""
    if not isinstance(address, tuple):
        return
    host = str(address[0])
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        message = f"a test tried to reach {host!r}; tests reach only loopback"
        raise PermissionError(message)


@pytest.fixture(scope="session", autouse=True)
def _only_loopback() -> Iterator[None]:
    """Guard Python's own sockets; uvloop's own connects are not seen, and no test makes any."""
    patch = pytest.MonkeyPatch()
    for verb in ("connect", "connect_ex"):
        real = getattr(socket.socket, verb)

        def guarded(self: socket.socket, address: Any, *, real: Any = real) -> Any:
            _refuse_beyond_loopback(address)
            return real(self, address)

        patch.setattr(socket.socket, verb, guarded)
    yield
    patch.undo()


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep a developer's own record out of reach: no setting leaks in, the default data folder is empty."""
    patch = pytest.MonkeyPatch()
    for name in [name for name in os.environ if name.startswith("RXTRAIL_") and name != "RXTRAIL_SHARED"]:
        patch.delenv(name)
    patch.setenv("RXTRAIL_DATA", str(tmp_path_factory.mktemp("default-data")))
    yield
    patch.undo()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Give the path of a Chromium that Playwright can drive, or skip by name."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        path = shutil.which(name)
        if path:
            return path
    on_mac = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
    if not on_mac.exists():
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    return str(on_mac)


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark that only the switch of engines reads."""
    config.addinivalue_line("markers", "sqlite_only: about SQLite's own files; left out on any other engine")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run browser tests last: Playwright keeps an event loop in this thread, and no other may start beside it.

    Those of tests/e2e share one to the end of the session, so whoever opens one for itself comes before them.
    """
    engines.deselect(config, items)
    items.sort(key=lambda item: (item.get_closest_marker("browser") is not None, "tests/e2e/" in item.nodeid))


_outcomes: dict[str, str] = {}  # test -> passed | failed | skipped, the worst of its phases
_skipped: dict[str, str] = {}  # test -> why


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note how each test ended; a failing set-up or tear-down is a failed test."""
    if report.failed:
        _outcomes[report.nodeid] = "failed"
    elif report.skipped:
        _outcomes[report.nodeid] = "skipped"
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        _skipped[report.nodeid] = str(reason).removeprefix("Skipped: ")
    elif report.when == "call":
        _outcomes.setdefault(report.nodeid, "passed")


def _conformance_is_hollow() -> bool:
    """Tell whether conformance tests passed on data that is there, and yet not one case was counted."""
    passed = any(
        nodeid.startswith("tests/conformance/") and outcome == "passed" for nodeid, outcome in _outcomes.items()
    )
    return passed and shared_dir() is not None and not counted()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run whose conformance tests looked at nothing; hand the numbers to `make test`."""
    if _conformance_is_hollow():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    report = os.environ.get("MAKE_TEST_REPORT")
    if report:
        ended = collections.Counter(_outcomes.values())
        told = {
            "shared": shared_dir() is not None,
            "conformance": counted(),
            "records": engines.records_opened(),
            "passed": ended["passed"],
            "failed": ended["failed"],
            "skipped": _skipped,
        }
        Path(report).write_text(json.dumps(told), encoding="utf-8")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many cases of the shared data were run, or loudly that there is none."""
    if shared_dir() is None:
        terminalreporter.write_line("CONFORMANCE NOT RUN: no shared test data on this machine", yellow=True)
    elif _conformance_is_hollow():
        terminalreporter.write_line("conformance tests passed without counting one case", red=True)
    terminalreporter.write_line(f"conformance: {counted()} run")
