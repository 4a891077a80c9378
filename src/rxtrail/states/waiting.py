"""Orders that wait for the writer are gathered, so that all that came meanwhile go into its next transaction."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from rxtrail.errors import RxtrailError, StoreFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from rxtrail.answers import ChangeReceipt
    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.states.orders import Order
    from rxtrail.store import Transaction

    Answer = ChangeReceipt | RxtrailError | Exception
    CarryOut = Callable[[Transaction, Log, Sequence[Order]], Sequence[Answer]]

ORDERS_TOGETHER_MAX = 256  # each is some hundred microseconds, and nobody at a counter waits for long


class _Ordered:
    """One order, and how to tell who waits for it."""

    __slots__ = ("order", "tell")

    def __init__(self, order: Order, tell: Callable[[Answer], None]) -> None:
        self.order = order
        self.tell = tell


class Waiting:
    """Gathers orders of many threads into works of the one writer."""

    def __init__(self, writer: Writer, carry_out: CarryOut) -> None:
        """``carry_out`` runs in the writer's transaction and answers every order it is given."""
        self._writer = writer
        self._carry_out = carry_out
        self._lock = threading.Lock()
        self._ordered: deque[_Ordered] = deque()
        self._works = 0  # submitted and not yet begun

    def carry_out(self, order: Order) -> ChangeReceipt:
        """Have an order carried out and wait until it is durable.

        :raises Exception: what the order was answered instead of a receipt.
        """
        done = threading.Lock()  # released once: cheaper to wait on than a future
        done.acquire()
        answers: list[Answer] = []

        def tell(answer: Answer) -> None:
            answers.append(answer)
            done.release()

        self.submit(order, tell)
        done.acquire()
        answer = answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def submit(self, order: Order, tell: Callable[[Answer], None]) -> None:
        """Have an order carried out; ``tell`` is called once, when it is durable or refused, and must not wait."""
        ordered = _Ordered(order, tell)
        with self._lock:
            self._ordered.append(ordered)
            is_first = self._works == 0
            self._works += is_first
        if is_first:
            self._submit(_Group(self, None))

    def _submit(self, group: _Group) -> None:
        try:
            future = self._writer.submit(group.run)
        except StoreFailed as failed:
            group.close()
            group.fail(failed)
            return
        future.add_done_callback(group.tell)

    def _take(self) -> list[_Ordered]:
        """Take the orders that a work begins with; what is left over has a work of its own."""
        with self._lock:
            count = min(len(self._ordered), ORDERS_TOGETHER_MAX)
            taken = [self._ordered.popleft() for _ in range(count)]
            more = bool(self._ordered)
            self._works += more - 1
        if more:
            self._submit(_Group(self, None))
        return taken

    def alone(self, ordered: _Ordered) -> None:
        """Have one order of a group that failed carried out by itself."""
        self._submit(_Group(self, [ordered]))


class _Group:
    """The orders of one work; run again from its beginning, it is of the same orders."""

    def __init__(self, waiting: Waiting, ordered: list[_Ordered] | None) -> None:
        self._waiting = waiting
        self._ordered = ordered

    def close(self) -> list[_Ordered]:
        """Give the orders; those that come later go into another work."""
        if self._ordered is None:
            self._ordered = self._waiting._take()  # noqa: SLF001 (one class in two parts)
        return self._ordered

    def run(self, tx: Transaction, log: Log) -> Sequence[Answer]:
        """Carry out, in the writer's transaction."""
        return self._waiting._carry_out(tx, log, [ordered.order for ordered in self.close()])  # noqa: SLF001

    def tell(self, future: Future[Sequence[Answer]]) -> None:
        """Tell everybody, when it is durable or has failed."""
        error = future.exception()
        if error is None:
            for ordered, answer in zip(self.close(), future.result(), strict=True):
                ordered.tell(answer)
        else:
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """Tell a failure; a mistake of our own fails the order that met it, not those beside it."""
        orders = self.close()
        known = error if isinstance(error, Exception) else RuntimeError(repr(error))
        if isinstance(error, StoreFailed) or len(orders) == 1:
            for ordered in orders:
                ordered.tell(known)
        else:
            for ordered in orders:
                self._waiting.alone(ordered)
