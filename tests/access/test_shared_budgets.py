"""A budget is one budget: for all processes of a record, and over a restart, without a write for each scan."""

from __future__ import annotations

import contextlib
import json
import time
from typing import TYPE_CHECKING, Any, cast

import pytest

from rxtrail.access import BudgetSpent, Tally
from rxtrail.access.budgets import TOLD_US, UNKNOWN_MAX, UNTOLD_MAX, Budgets
from rxtrail.bootstrap import STORE_FILE, open_node
from rxtrail.errors import StoreFailed
from tests.access.test_access import SITE, Moment, verdict
from tests.faults.fleet import Serve
from tests.faults.test_several_serves import Asked
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rxtrail.bootstrap import Node


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with open_node(tmp_path) as opened:
        yield opened


def tally_of(node: Node) -> Tally:
    return Tally(lambda: node._writing()[0], node._reader)


def settle(node: Node) -> None:
    node._writing()[0].do(lambda _tx, _log: None)


def ask(budgets: Budgets, count: int, *, start: int = 0) -> int:
    """Ask for codes that nobody made until that is refused; give how many were answered."""
    for number in range(start, start + count):
        try:
            budgets.admit(SITE)
        except BudgetSpent:
            return number - start
        budgets.count(SITE, verdict(f"X{number * 7919 % 100_000}", "unknown-serial"))
    return count


def test_what_was_spent_is_spent_after_a_restart(node: Node) -> None:
    moment = Moment()
    assert ask(Budgets(now_us=moment, tally=tally_of(node)), UNKNOWN_MAX) == UNKNOWN_MAX
    settle(node)
    again = ask(Budgets(now_us=moment, tally=tally_of(node)), UNKNOWN_MAX)
    assert again < 2 * UNTOLD_MAX, "what was not told before the end is all that is given again"


def test_two_processes_share_one_budget(node: Node) -> None:
    moment = Moment()
    both = [Budgets(now_us=moment, tally=tally_of(node)) for _ in range(2)]
    answered = 0
    for turn in range(2 * UNKNOWN_MAX):
        answered += ask(both[turn % 2], 1, start=turn)
        moment.now += TOLD_US // 20
        settle(node)
    seconds = 2 * UNKNOWN_MAX * TOLD_US / 20 / 1e6
    assert UNKNOWN_MAX <= answered <= UNKNOWN_MAX + seconds / 12 + 2 * UNTOLD_MAX


def test_a_scan_writes_nothing_of_the_budget_of_its_own(node: Node) -> None:
    budgets = Budgets(now_us=Moment(), tally=tally_of(node))
    settle(node)
    before = node._reader().log_size()
    ask(budgets, UNKNOWN_MAX)
    settle(node)
    assert node._reader().log_size() - before <= UNKNOWN_MAX // UNTOLD_MAX + 1


def test_a_record_that_is_away_refuses_nobody_for_it_and_counts_on(node: Node) -> None:
    tally = tally_of(node)

    def lost() -> Any:
        raise StoreFailed("the database is away")

    tally._writer = tally._reader = lost
    assert ask(Budgets(now_us=Moment(), tally=tally), 2 * UNKNOWN_MAX) == UNKNOWN_MAX


class SlowTally:
    """A record that has what it was told before it says so."""

    def __init__(self) -> None:
        self.left: tuple[float, int] | None = None
        self.said: list[Callable[[bool], None]] = []

    def read(self, _asker: str) -> tuple[float, int] | None:
        return self.left

    def spend(
        self,
        _asker: str,
        spent: Callable[[tuple[float, int] | None], tuple[float, int]],
        done: Callable[[bool], None],
    ) -> None:
        self.left = spent(self.left)
        self.said.append(done)


@pytest.mark.parametrize("told_between", [False, True], ids=["said after the next look", "said before the next look"])
def test_what_is_being_told_is_spent_once(*, told_between: bool) -> None:
    moment, tally = Moment(), SlowTally()
    budgets = Budgets(now_us=moment, tally=cast("Tally", tally))
    answered = 0
    while answered < UNKNOWN_MAX + 10:
        moment.now += TOLD_US // 100
        try:
            budgets.admit(SITE)
        except BudgetSpent:
            break
        answered += 1
        budgets.count(SITE, verdict(f"X{answered * 7919 % 100_000}", "unknown-serial"))
        if told_between or answered % 30 == 29:
            for done in tally.said[:]:
                tally.said.remove(done)
                done(True)
    assert UNKNOWN_MAX <= answered <= UNKNOWN_MAX + 10


# -- over HTTP -----------------------------------------------------------------------------------------------------


def asked_over_http(asked: Asked, secret: str, serial: str) -> int:
    body = json.dumps({"scan": scene.scan(serial)}).encode()
    headers = {"Content_Type": "application/json", "Authorization": f"Bearer {secret}"}
    return asked("POST", "/api/v1/verify", body, **headers)[0]


def spent(asked: Asked, secret: str, letter: str) -> int:
    """Ask for codes that nobody made until that is refused; give how many were answered."""
    for number in range(UNKNOWN_MAX + 50):
        status = asked_over_http(asked, secret, f"{letter}{number * 7919 % 100_000}")
        if status == 429:
            return number
        assert status == 200
    raise AssertionError("nothing was refused")


@pytest.mark.slow
@pytest.mark.sqlite_only
@pytest.mark.usefixtures("one_root")
@pytest.mark.parametrize("how", ["restarted", "another process"])
def test_a_site_that_has_spent_its_budget_is_refused_by_the_next_server_too(
    how: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    dsn: Callable[[str], str] = request.getfixturevalue
    url = f"sqlite:///{folder / STORE_FILE}" if how == "restarted" else dsn("postgres_dsn")
    with open_node(folder, store_url=url) as node:
        secret = node.access.keys.add(SITE).secret
    first, second = Serve(folder, url), Serve(folder if how == "restarted" else tmp_path / "two", url)
    try:
        first.start()
        if how != "restarted":
            second.start()
        with contextlib.closing(Asked(first)) as one:
            assert UNKNOWN_MAX <= spent(one, secret, "A") <= UNKNOWN_MAX + 10
        if how == "restarted":
            first.kill()
            second.start()
        time.sleep(0.5)
        with contextlib.closing(Asked(second)) as two:
            assert spent(two, secret, "B") < 2 * UNTOLD_MAX
    finally:
        for serve in (first, second):
            serve.kill()
