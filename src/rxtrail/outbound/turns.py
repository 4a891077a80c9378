"""Turns: many receivers are told at once, and one that says nothing keeps nobody else waiting.

What is sent waits for the other side and needs no CPU, so each piece gets a thread of its own, within bounds: for one
receiver, for all that one party asked for, for all that failed the last time, and for all together. Who waits is taken
in the order of asking, past those whose own bound is reached.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_LOG = logging.getLogger("rxtrail.outbound")
AT_ONCE: Final = 256
FAILING_AT_ONCE: Final = 128
PARTY_AT_ONCE: Final = 64
TARGET_AT_ONCE: Final = 8
IDLE_SECONDS: Final = 10.0


class _Turn(NamedTuple):
    work: Callable[[], None]
    bounds: tuple[tuple[str, int], ...]


class Turns:
    """Threads for what is sent. Safe to use from several threads."""

    def __init__(
        self,
        name: str,
        *,
        at_once: int = AT_ONCE,
        failing_at_once: int = FAILING_AT_ONCE,
        party_at_once: int = PARTY_AT_ONCE,
        target_at_once: int = TARGET_AT_ONCE,
    ) -> None:
        """Take the bounds; threads are begun as they are needed."""
        self._name, self._at_once = name, at_once
        self._failing, self._party, self._target = failing_at_once, party_at_once, target_at_once
        self._changed = threading.Condition()
        self._waiting: deque[_Turn] = deque()
        self._running: Counter[str] = Counter()
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        self._closed = False

    def take(self, work: Callable[[], None], *, target: str, party: str = "", failing: bool = False) -> bool:
        """Have this done when its turn comes; False when all is being closed. Must not wait.

        ``target`` is where it goes, ``party`` who asked for it ("" whoever runs the node), ``failing`` that it was not
        taken the last time.
        """
        bounds = [(f"target {target}", self._target)]
        if party:
            bounds.append((f"party {party}", self._party))
        if failing:
            bounds.append(("failing", self._failing))
        with self._changed:
            if self._closed:
                return False
            self._waiting.append(_Turn(work, tuple(bounds)))
            # One that was woken still counts as idle until it runs, so it is counted who waits.
            if len(self._waiting) > self._idle and len(self._threads) < self._at_once:
                thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._threads.add(thread)
                thread.start()
            self._changed.notify()
        return True

    def close(self, seconds: float) -> None:
        """End: what waits is dropped, what is being sent is waited for, so long at most."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
            threads = list(self._threads)
        until = time.monotonic() + seconds
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _run(self) -> None:
        me = threading.current_thread()
        while (turn := self._next(me)) is not None:
            try:
                turn.work()
            except Exception:  # noqa: BLE001 (told; this thread serves others after it)
                _LOG.exception("what was to be sent could not be")
            finally:
                with self._changed:
                    for name, _ in turn.bounds:
                        self._running[name] -= 1
                        if not self._running[name]:
                            del self._running[name]
                    self._changed.notify()

    def _next(self, me: threading.Thread) -> _Turn | None:
        with self._changed:
            idle_until = time.monotonic() + IDLE_SECONDS
            while True:
                turn = None if self._closed else self._eligible()
                if turn is not None:
                    self._running.update(name for name, _ in turn.bounds)
                    return turn
                left = idle_until - time.monotonic()
                if self._closed or left <= 0:
                    self._threads.discard(me)
                    return None
                self._idle += 1
                try:
                    self._changed.wait(left)
                finally:
                    self._idle -= 1

    def _eligible(self) -> _Turn | None:
        for index, turn in enumerate(self._waiting):
            if all(self._running[name] < most for name, most in turn.bounds):
                del self._waiting[index]
                return turn
        return None
