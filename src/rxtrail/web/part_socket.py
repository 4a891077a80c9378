"""A part of a node over the writer's socket: one verb of the socket, whose arguments name what is asked of the part."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

import msgspec

from rxtrail import errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.web.context import Web

T = TypeVar("T")


class PartArguments(msgspec.Struct, frozen=True, gc=False):
    """Which verb of the part, and its arguments by name."""

    verb: str
    arguments: dict[str, Any]


class AsksSocket(Protocol):
    """The client's side of the socket: ``RemoteNode``."""

    def _ask(self, verb: str, arguments: msgspec.Struct, kind: type[T]) -> T: ...


class Talk(Protocol):
    """The server's side of one connection."""

    @property
    def web(self) -> Web:
        """The node that is served, and its bounds."""

    async def answer(self, value: object) -> None:
        """Send the result."""


class RemotePart:
    """A part of a running ``serve``; a subclass has the verbs of the part, each in one line."""

    part: ClassVar[str]  # the verb of the socket

    def __init__(self, node: AsksSocket) -> None:
        """Take the client of the socket."""
        self._node = node

    def _ask(self, kind: type[T], verb: str, **arguments: object) -> T:
        return self._node._ask(self.part, PartArguments(verb, arguments), kind)  # noqa: SLF001 - one client in two files


async def answer_part(talk: Talk, part: object | None, asked: PartArguments) -> None:
    """Do what is asked of a part in a thread, and send the result; raises ``BadRequest`` when there is no such verb."""
    if part is None:
        raise errors.BadRequest(f"This server does not know {asked.verb[:40]!r}.")
    work: Callable[[], object] = partial(getattr(part, asked.verb), **asked.arguments)
    await talk.answer(await talk.web.write(work))
