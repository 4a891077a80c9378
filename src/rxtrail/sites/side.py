"""What both sides of a link between a hub and its sites work with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.ledger.batch import Appended
    from rxtrail.ledger.writer import Writer
    from rxtrail.record.judge import Judge
    from rxtrail.store import Reader


class Side:
    """One side of the link: the hub's, or a site's."""

    def __init__(
        self,
        writer: Callable[[], Writer],
        *,
        reader: Callable[[], Reader],
        judge: Callable[[Reader | None], Judge],
        changed: Callable[[Appended | None], None],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        """Take what is needed; ``judge`` and ``changed`` as :class:`rxtrail.states.States` has them."""
        self._writer = writer
        self._reader = reader
        self._judge = judge
        self._changed = changed
        self._random = random_bytes
