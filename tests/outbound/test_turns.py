"""Turns: who says nothing keeps nobody else waiting, within bounds."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

import pytest

from rxtrail.outbound.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 20.0


@pytest.fixture
def turns() -> Iterator[Turns]:
    found = Turns("test-turn", at_once=20, failing_at_once=5, party_at_once=4, target_at_once=2)
    yield found
    found.close(PATIENCE)


@pytest.fixture
def silent() -> Iterator[threading.Event]:
    """What silent receivers wait for."""
    event = threading.Event()
    yield event
    event.set()


class Silent:
    """Counts how many are waiting for a receiver that says nothing."""

    def __init__(self, until: threading.Event) -> None:
        self.until, self.begun = until, threading.Semaphore(0)

    def __call__(self) -> None:
        self.begun.release()
        self.until.wait(PATIENCE)

    def wait_for(self, count: int) -> None:
        for _ in range(count):
            assert self.begun.acquire(timeout=PATIENCE)

    @property
    def more(self) -> bool:
        return self.begun.acquire(timeout=0.2)


def served(turns: Turns, **how: str | bool) -> threading.Event:
    done = threading.Event()
    asked: Callable[..., bool] = turns.take
    assert asked(done.set, **{"target": "good", **how})
    return done


def test_one_receiver_has_a_bounded_number_of_turns_and_others_go_on(turns: Turns, silent: threading.Event) -> None:
    quiet = Silent(silent)
    for _ in range(10):
        turns.take(quiet, target="silent")
    quiet.wait_for(2)
    assert not quiet.more
    assert served(turns).wait(PATIENCE)


def test_one_party_has_a_bounded_number_of_turns_whatever_it_names(turns: Turns, silent: threading.Event) -> None:
    quiet = Silent(silent)
    for number in range(30):
        turns.take(quiet, target=f"{number}.example.org", party="0300011111246")
    quiet.wait_for(4)
    assert not quiet.more
    assert served(turns).wait(PATIENCE)
    assert served(turns, party="0300022222255").wait(PATIENCE)


def test_those_that_failed_before_never_take_all_turns(turns: Turns, silent: threading.Event) -> None:
    quiet = Silent(silent)
    for number in range(30):
        turns.take(quiet, target=f"{number}.example.org", failing=True)
    quiet.wait_for(5)
    assert not quiet.more
    assert served(turns).wait(PATIENCE)


def test_who_waits_is_served_when_a_turn_is_free(turns: Turns, silent: threading.Event) -> None:
    quiet = Silent(silent)
    for _ in range(10):
        turns.take(quiet, target="silent")
    silent.set()
    quiet.wait_for(10)


def test_as_many_as_may_are_served_at_once_however_fast_they_come(turns: Turns, silent: threading.Event) -> None:
    assert served(turns).wait(PATIENCE)  # leaves an idle thread behind
    quiet = Silent(silent)
    for number in range(20):
        turns.take(quiet, target=f"{number}.example.org")
    quiet.wait_for(20)


def test_work_that_breaks_is_told_and_takes_nobody_with_it(turns: Turns, caplog: pytest.LogCaptureFixture) -> None:
    def breaks() -> None:
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR, "rxtrail.outbound"):
        turns.take(breaks, target="good")
        assert served(turns).wait(PATIENCE)
    assert served(turns).wait(PATIENCE)
    until = time.monotonic() + PATIENCE
    while "ZeroDivisionError" not in caplog.text and time.monotonic() < until:
        time.sleep(0.01)  # its thread may come to telling it after others were served
    assert "ZeroDivisionError" in caplog.text


def test_after_closing_nothing_is_taken(turns: Turns) -> None:
    turns.close(PATIENCE)
    assert not turns.take(lambda: None, target="good")
