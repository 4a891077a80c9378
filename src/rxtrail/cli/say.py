"""What leaves the process: answers on stdout, words about the work on stderr, nothing that drives a terminal.

Every text that came from outside (a scan, a file name, a partner's document) passes ``printable`` before it
is shown, so a code with escape sequences in it cannot repaint the screen of the one who checks it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, TextIO

import click
import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

# A part of a line: plain text, or (text, style).
Part = str | tuple[str, str]

_STYLES: dict[str, dict[str, str | bool]] = {
    "ok": {"fg": "green", "bold": True},
    "stop": {"fg": "red", "bold": True},
    "check": {"fg": "yellow", "bold": True},
    "unconfirmed": {"fg": "bright_black", "bold": True},
    "not-covered": {"bold": True},
    "strong": {"bold": True},
    "dim": {"dim": True},
}

_GROUP_SEPARATOR = 0x1D
# Control characters (C0, DEL, C1) act on a terminal; bidirectional overrides make a serial read backwards.
_ACTING = [*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x2028, 0x2029]
_SHOWN = {code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" for code in _ACTING}
_SHOWN[_GROUP_SEPARATOR] = "<GS>"


class OutputClosed(Exception):
    """Whoever read our output went away (``rxtrail export packs | head``); not an error of anyone."""


def printable(text: str) -> str:
    """The text with everything spelled out that would act on a terminal."""
    return text.translate(_SHOWN).encode("utf-8", "backslashreplace").decode("utf-8")


def clean(text: str) -> str:
    """Text from the command line as valid Unicode: bytes that were not UTF-8 become U+FFFD."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def answer(value: object) -> None:
    """One JSON object on a line of stdout, written through at once so that a reader can act on it."""
    write(msgspec.json.encode(value) + b"\n")


def write(chunk: bytes) -> None:
    """Bytes to stdout, in full."""
    try:
        stdout = sys.stdout.buffer
        stdout.write(chunk)
        stdout.flush()
    except BrokenPipeError as error:
        raise OutputClosed from error


def stream(chunks: Iterable[bytes]) -> int:
    """Chunks to stdout as they come, flushed at the end; returns the number of bytes."""
    stdout = sys.stdout.buffer
    count = 0
    for chunk in chunks:
        try:
            stdout.write(chunk)
        except BrokenPipeError as error:
            raise OutputClosed from error
        count += len(chunk)
    write(b"")
    return count


def line(*parts: Part) -> None:
    """One line of words on stdout."""
    _line(sys.stdout, parts)


def note(*parts: Part) -> None:
    """One line of words on stderr: progress, advice, errors. With stderr gone nobody is left to tell."""
    with contextlib.suppress(OutputClosed):
        _line(sys.stderr, parts)


def colour(to: TextIO) -> bool:
    """Whether to colour: only on a terminal, and never against NO_COLOR (https://no-color.org)."""
    return to.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def draws(to: TextIO) -> bool:
    """Whether the stream can carry shapes beyond ASCII."""
    return (to.encoding or "").lower().replace("-", "") in {"utf8", "utf16", "utf32"}


def _line(to: TextIO, parts: tuple[Part, ...]) -> None:
    coloured = colour(to)
    shown = []
    for part in parts:
        text, style = (part, "") if isinstance(part, str) else part
        text = printable(text)
        shown.append(click.style(text, **_STYLES[style]) if coloured and style else text)  # type: ignore[arg-type]
    try:
        to.write("".join(shown) + "\n")
        to.flush()
    except BrokenPipeError as error:
        raise OutputClosed from error
