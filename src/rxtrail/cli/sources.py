"""What the command line reads: files, folders and stdin for documents; codes a line for verdicts."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from rxtrail.cli.call import CODE_CHARACTERS_MAX
from rxtrail.errors import BadRequest, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

DOCUMENT_SUFFIXES = (".xml", ".json", ".jsonld")
LINE_BYTES_MAX = 4 * CODE_CHARACTERS_MAX  # UTF-8 takes at most four bytes a character
SKIP_BYTES = 1 << 16
STDIN = "-"


class Source(msgspec.Struct, frozen=True, gc=False):
    """One document to read; no path means stdin."""

    name: str
    path: Path | None
    bytes: int  # 0 when unknown

    def open(self) -> BinaryIO:
        """The bytes; raises BadRequest when the file cannot be read."""
        if self.path is None:
            return stdin()
        try:
            return self.path.open("rb")
        except OSError as error:
            raise _unreadable(self.path, error) from error


class Line(msgspec.Struct, frozen=True, gc=False):
    """One line of codes; ``too_long`` when no barcode holds that much, the text is then its beginning."""

    number: int
    text: str
    too_long: bool


def stdin() -> BinaryIO:
    """The bytes of stdin."""
    return sys.stdin.buffer


def content(name: str) -> bytes:
    """The whole of one file, ``-`` for stdin; raises BadRequest when it cannot be read."""
    if name == STDIN:
        return stdin().read()
    path = Path(name)
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise _unreadable(path, error) from error


def documents(given: Sequence[str]) -> list[Source]:
    """Files as named, folders walked in name order for EPCIS documents, ``-`` for stdin, taken once."""
    found: list[Source] = []
    for name in given:
        if not name:
            raise BadRequest("an empty file name", place="FILE", advice="Name a file, a folder, or - for stdin.")
        path = Path(name)
        if name == STDIN:
            if any(source.path is None for source in found):
                raise BadRequest("stdin is named twice", place="-", advice="Name - once.")
            found.append(Source("stdin", None, 0))
            continue
        try:
            status = path.stat()
        except (OSError, ValueError) as error:  # ValueError: a NUL in the name
            raise _unreadable(path, error) from error
        if stat.S_ISDIR(status.st_mode):
            inside = _walk(path)
            if not inside:
                raise BadRequest(
                    "no document in this folder",
                    place=name,
                    advice=f"Documents end in {', '.join(DOCUMENT_SUFFIXES)}; name other files one by one.",
                )
            found.extend(inside)
        else:
            found.append(Source(name, path, status.st_size))
    return found


def lines(stream: BinaryIO) -> Iterator[Line]:
    """The codes of a stream, one a line; blank lines are passed over, an endless line never fills memory."""
    number = 0
    while raw := stream.readline(LINE_BYTES_MAX + 1):
        number += 1
        whole = raw.endswith(b"\n") or len(raw) <= LINE_BYTES_MAX
        if not whole:
            while (rest := stream.readline(SKIP_BYTES)) and not rest.endswith(b"\n"):
                pass
        # Only the line's own end is taken off: GS and other separators inside a code are part of it.
        text = raw.rstrip(b"\r\n").decode("utf-8", "replace")
        if text.strip():
            yield Line(number, text, not whole or len(text) > CODE_CHARACTERS_MAX)


def reopened(source: Source, spool: BinaryIO) -> Callable[[], BinaryIO]:
    """What opens a document anew each time it is called; stdin comes once, so it is kept in ``spool``."""
    if source.path is not None:
        return source.open
    from rxtrail.core.validation import Again

    shutil.copyfileobj(source.open(), spool)
    return Again(spool)


@contextlib.contextmanager
def content_refused() -> Iterator[None]:
    """Within it a wrong row of a table is a refusal of the table (exit 1), not a wrong use of the command."""
    try:
        yield
    except BadRequest as error:
        raise Refused(error.message, place=error.place, advice=error.advice) from error


def _walk(folder: Path) -> list[Source]:
    found = []
    for parent, folders, names in os.walk(folder):
        folders.sort()  # os.walk goes on in this order
        for name in sorted(names):
            if name.lower().endswith(DOCUMENT_SUFFIXES) and not name.startswith("."):
                path = Path(parent, name)
                # A link that leads nowhere is told when it is opened, with the others kept.
                size = path.stat().st_size if path.exists() else 0
                found.append(Source(str(path), path, size))
    return found


def _unreadable(path: Path, error: OSError | ValueError) -> BadRequest:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return BadRequest(f"cannot be read: {reason}", place=str(path), advice="Check the path, and that you may read it.")
