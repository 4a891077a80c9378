"""A bar on stderr for work that takes long; none when nobody could watch it."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def bar() -> Iterator[Callable[[str, int, int], None]]:
    """Give what is told (what is done now, how much of it is done, how much there is) while a bar shows it."""
    if not sys.stderr.isatty():
        yield lambda _what, _done, _in_all: None
        return
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.TextColumn("{task.description}", markup=False),
        rich.BarColumn(),
        rich.TaskProgressColumn(),
        rich.TimeRemainingColumn(),
    )
    with rich.Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, rich.TaskID] = {}

        def told(what: str, done: int, in_all: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=in_all or None)
            bars.update(tasks[what], completed=done, total=in_all or None)

        yield told
