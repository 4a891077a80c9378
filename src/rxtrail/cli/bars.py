"""A bar on stderr for work that takes long; none when nobody could watch it."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import BinaryIO


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


class Counted:
    """A file that tells a bar how much of it was read."""

    def __init__(self, file: BinaryIO, told: Callable[[str, int, int], None], what: str, size: int) -> None:
        """Take the file, what ``bar`` gave, the words for it, and its bytes (0 when unknown)."""
        self._file = file
        self._told = told
        self._what = what
        self._size = size
        self._done = 0

    def read(self, count: int = -1) -> bytes:
        """Give the next bytes."""
        piece = self._file.read(count)
        self._done += len(piece)
        self._told(self._what, self._done, self._size)
        return piece

    def __enter__(self) -> Self:
        """Read on."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Leave the file as its own ``with`` would."""
        self._file.__exit__(kind, error, where)


class Seen:
    """A file in which one may go back and forth, as unpacking does, that tells a bar how far it is read."""

    def __init__(self, file: BinaryIO, told: Callable[[str, int, int], None], what: str, size: int) -> None:
        """Take the file, what ``bar`` gave, the words for it, and its bytes."""
        self._file = file
        self._told = told
        self._what = what
        self._size = size
        self.seekable = file.seekable
        self.seek = file.seek
        self.tell = file.tell
        self.close = file.close

    def read(self, count: int = -1) -> bytes:
        """Give the next bytes."""
        piece = self._file.read(count)
        self._told(self._what, self._file.tell(), self._size)
        return piece

    def __enter__(self) -> Self:
        """Read on."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Leave the file as its own ``with`` would."""
        self._file.__exit__(kind, error, where)
