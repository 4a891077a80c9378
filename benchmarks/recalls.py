"""A recall of one large lot: how long it takes from its approval until an open counter is red."""

from __future__ import annotations

import statistics
import threading
import time
from typing import TYPE_CHECKING

from rxtrail.core.rules.recall import LotScope
from rxtrail.recalls import AskedRecall, RecallCommand

if TYPE_CHECKING:
    from rxtrail.bootstrap import Node

SECONDS_MAX = 30.0


class NeverRed(Exception):
    """The counter went on saying that nothing stands against the pack."""


def measure(node: Node, gtin: str, lot: str, count: int) -> dict[str, object]:
    """Approve some recalls of the lot while a counter asks about a pack of it all the time; beside them other steps."""
    asked = AskedRecall(title="A measurement", gtins=[gtin], lots=[LotScope(lot)], source="issued")
    live: list[float] = []
    steps: list[float] = []
    for _ in range(count):
        recall = node.recall(RecallCommand("open", "A", asked=asked))
        pack = next(iter(node.recalls.packs(recall.id)))
        text = f"(01){pack.gtin}(21){pack.serial}(17){pack.expiry[2:].replace('-', '')}(10){pack.lot}"
        counter = _Counter(node, text)
        clock = time.perf_counter()
        node.recall(RecallCommand("approve", "B", recall.id))
        live.append(counter.red() - clock)
        clock = time.perf_counter()
        node.recall(RecallCommand("acknowledge", "C", recall.id, gln="0012345678905"))
        steps.append(time.perf_counter() - clock)
        node.recall(RecallCommand("withdraw", "C", recall.id, "Measured."))
    return {
        "live_ms": [each * 1e3 for each in live],
        "step_ms": statistics.median(steps) * 1e3,
    }


class _Counter:
    """A counter that asks about one pack until it is told that it is recalled."""

    def __init__(self, node: Node, text: str) -> None:
        self._node, self._text = node, text
        self._red = 0.0
        self._asked = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()
        self._asked.wait(SECONDS_MAX)

    def _ask(self) -> None:
        until = time.perf_counter() + SECONDS_MAX
        while time.perf_counter() < until:
            verdict = self._node.verify(self._text)
            self._asked.set()
            if any(reason.code == "recalled" for reason in verdict.reasons):
                self._red = time.perf_counter()
                return
            time.sleep(0.001)  # scans of one counter come seconds apart; the writer needs the processor too

    def red(self) -> float:
        """Give the moment when it was told."""
        self._thread.join(SECONDS_MAX)
        if not self._red:
            raise NeverRed
        return self._red
