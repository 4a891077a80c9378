"""From the place of a finding to the line in the text of a document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.epcis.limits import DEPTH_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable

_SPACE = re.compile(rb"[ \t\r\n]*")
_DEPTH_MAX = 2 * DEPTH_MAX
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[{}\[\],:]', re.DOTALL)


def lines_of(text: bytes, pointers: Iterable[str]) -> dict[str, int]:
    """Give the line on which each JSON pointer (RFC 6901) leads to a value.

    A pointer to nothing gives that of the deepest value on its way. One pass over the text, which has been read as
    JSON before.
    """
    wanted = set(pointers)
    if not wanted:
        return {}
    prefixes = {pointer[: match.start()] for pointer in wanted for match in re.finditer("/", pointer)} | wanted
    found: dict[str, int] = {}
    # For each open object or list: its pointer, its index (-1 in an object), the name at hand.
    stack: list[list[object]] = []
    line, counted_to = 1, 0
    expecting = True  # a value, or the first of a container
    pointer = ""

    def note(at: int) -> None:
        nonlocal line, counted_to
        if pointer in prefixes and pointer not in found:
            line += text.count(b"\n", counted_to, at)
            counted_to = at
            found[pointer] = line

    note(len(text) - len(text.lstrip()))
    for match in _TOKEN.finditer(text):
        token = match[0]
        kind = token[:1]
        if kind in (b"{", b"["):
            if len(stack) > _DEPTH_MAX:
                break  # no value of a document lies so deep, and each level's pointer is longer than the last
            if kind == b"[" or stack:
                note(match.start())
            stack.append([pointer, -1 if kind == b"{" else 0, ""])
            expecting = True
            if kind == b"[":
                pointer = f"{pointer}/0"
                note(_next(text, match.end()))
        elif kind in (b"}", b"]"):
            pointer = str(stack.pop()[0]) if stack else ""
            expecting = False
        elif kind == b",":
            if stack and stack[-1][1] != -1:
                stack[-1][1] = int(str(stack[-1][1])) + 1
                pointer = f"{stack[-1][0]}/{stack[-1][1]}"
                note(_next(text, match.end()))
            expecting = True
        elif kind == b'"' and stack and stack[-1][1] == -1 and expecting:
            name = _name(token).replace("~", "~0").replace("/", "~1")
            pointer = f"{stack[-1][0]}/{name}"
            note(match.start())
            expecting = False
    deepest = {}
    for each in wanted:
        at = each
        while at and at not in found:
            at = at.rpartition("/")[0]
        deepest[each] = found.get(at, 1)
    return deepest


def _name(token: bytes) -> str:
    if b"\\" not in token:
        return token[1:-1].decode("utf-8", "replace")
    try:
        return msgspec.json.decode(token, type=str)
    except ValueError:
        return token[1:-1].decode("utf-8", "replace")


def _next(text: bytes, at: int) -> int:
    """Give where the next value begins."""
    match = _SPACE.match(text, at)
    return match.end() if match is not None else at
