"""Threads with a bound and a deadline, so that no slow read can hold up the counter."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from rxtrail.web import limits
from rxtrail.web.refusals import DeadlinePassed, Overloaded

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

T = TypeVar("T")

_TRY_AGAIN = f"Try again in {limits.RETRY_SECONDS} seconds; with a write, send the same Idempotency-Key."


class Workers:
    """A pool of threads that refuses work rather than let it pile up."""

    def __init__(self, name: str, *, threads: int, waiting_max: int, each_max: int = 0) -> None:
        """``each_max`` is how many threads work at most for one owner; 0 for any number."""
        self._each_max = each_max
        self._running: Counter[str] = Counter()
        self._turns: dict[str, deque[asyncio.Future[None]]] = {}
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=f"rxtrail-{name}")
        self._open = 0
        self._open_max = threads + waiting_max

    @property
    def open(self) -> int:
        """How much work is running or waiting."""
        return self._open

    async def call(self, work: Callable[[], T], *, seconds: float, owner: str = "") -> T:
        """Do ``work`` in a thread; raises ``Overloaded`` or ``DeadlinePassed``, or what the work raises.

        A thread cannot be stopped: past the deadline it goes on, and keeps its place until it is done.
        What an owner asks beyond its share waits for its own earlier work, and takes no place in the others' line.
        """
        if owner and self._each_max:
            until = asyncio.get_running_loop().time() + seconds
            await self._turn(owner, seconds)
            seconds = max(0.0, until - asyncio.get_running_loop().time())
            try:
                future = self._begin(work)
            except BaseException:
                self._give_turn(owner)
                raise
            future.add_done_callback(lambda _: self._give_turn(owner))
        else:
            future = self._begin(work)
        done, _ = await asyncio.wait({future}, timeout=seconds)
        if not done:
            raise _too_late(seconds)
        return future.result()

    async def _turn(self, owner: str, seconds: float) -> None:
        if self._running[owner] < self._each_max:
            self._running[owner] += 1
            return
        waiting = self._turns.setdefault(owner, deque())
        if len(waiting) >= limits.WAITING_EACH_MAX:
            raise Overloaded("Too much of yours is waiting already.", advice=_TRY_AGAIN)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append(turn)
        try:
            await asyncio.wait_for(turn, seconds)
        except BaseException as gone:
            with contextlib.suppress(ValueError):
                waiting.remove(turn)
            if turn.done() and not turn.cancelled():
                self._give_turn(owner)  # it came in the moment in which nobody waited for it any more
            if isinstance(gone, TimeoutError):
                raise _too_late(seconds) from gone
            raise

    def _give_turn(self, owner: str) -> None:
        """Hand the place of an owner on to what that owner waits for, or give it back."""
        waiting = self._turns.get(owner)
        while waiting:
            turn = waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._turns.pop(owner, None)
        self._running[owner] -= 1
        if not self._running[owner]:
            del self._running[owner]

    async def stream(self, pieces: Callable[[], Iterator[bytes]]) -> AsyncGenerator[bytes, None]:
        """Run an iterator in one thread and hand its bytes on; what it raises is raised here.

        One thread from start to end, since a database cursor may be bound to the thread that opened it.
        """
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=4)
        gone = False

        def hand_on(piece: bytes | None) -> None:
            putting = queue.put(piece)
            try:
                done = asyncio.run_coroutine_threadsafe(putting, loop)
            except RuntimeError:
                putting.close()  # the loop is closed, so nobody else will
                raise
            try:
                done.result(limits.STALL_SECONDS_MAX)
            except TimeoutError:
                done.cancel()
                raise

        def pump() -> None:
            with contextlib.ExitStack() as at_the_end:
                at_the_end.callback(end)
                iterator = pieces()
                close = getattr(iterator, "close", None)
                if close is not None:
                    at_the_end.callback(close)
                for piece in in_chunks(iterator):
                    if gone:
                        return
                    hand_on(piece)

        def end() -> None:
            # The reader is gone or the loop is closing: then nobody waits for the end.
            with contextlib.suppress(TimeoutError, CancelledError, RuntimeError):
                hand_on(None)

        future = self._begin(pump)
        try:
            while (piece := await queue.get()) is not None:
                yield piece
            await future
        finally:
            gone = True
            while not queue.empty():
                queue.get_nowait()

    def close(self) -> None:
        """Take no more work and wait for none."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _begin(self, work: Callable[[], T]) -> asyncio.Future[T]:
        if self._open >= self._open_max:
            raise Overloaded("Too much is waiting already.", advice=_TRY_AGAIN)
        self._open += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, work)
        future.add_done_callback(self._end)
        return future

    def _end(self, future: asyncio.Future[T]) -> None:
        self._open -= 1
        if not future.cancelled():
            future.exception()  # seen, so that work nobody waits for any more does not warn


def _too_late(seconds: float) -> DeadlinePassed:
    return DeadlinePassed(f"No answer within {seconds:g} seconds.", advice=_TRY_AGAIN)


def in_chunks(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Join small pieces into chunks of at least ``CHUNK_BYTES``; the first piece goes out at once."""
    for first in pieces:
        yield first
        break
    held: list[bytes] = []
    held_bytes = 0
    for piece in pieces:
        held.append(piece)
        held_bytes += len(piece)
        if held_bytes >= limits.CHUNK_BYTES:
            yield b"".join(held)
            held, held_bytes = [], 0
    if held:
        yield b"".join(held)
