"""Giving out serial numbers over the writer's socket: one verb, whose arguments name what is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import msgspec

from rxtrail.serials import Serials, SerialsIssued, SerialsOrder
from rxtrail.web.part_socket import PartArguments, RemotePart, answer_part

if TYPE_CHECKING:
    from rxtrail.web.part_socket import AsksSocket, Talk

VERB: Final = "serials"


class _HasSerials(Protocol):
    serials: Serials


class _Orders:
    """The use case with an order as it comes over the socket."""

    def __init__(self, serials: Serials) -> None:
        self._serials = serials

    def issue(self, order: dict[str, Any]) -> SerialsIssued:
        return self._serials.issue(msgspec.convert(order, SerialsOrder))


class RemoteSerials(RemotePart):
    """Serial numbers of a running ``serve``."""

    part = VERB

    def issue(self, order: SerialsOrder) -> SerialsIssued:
        """Give out new serial numbers, durably."""
        return self._ask(SerialsIssued, "issue", order=msgspec.to_builtins(order))


def serials_of(node: object) -> Serials | RemoteSerials:
    """Who gives out serial numbers: the node itself, or through the socket the ``serve`` that holds it."""
    serials: Serials | None = getattr(node, "serials", None)
    return serials if serials is not None else RemoteSerials(cast("AsksSocket", node))


async def _answer(talk: Talk, asked: PartArguments) -> None:
    serials = cast("_HasSerials", talk.web.node).serials
    await answer_part(talk, _Orders(serials) if asked.verb == "issue" else None, asked)


VERBS: Final = {VERB: (PartArguments, _answer)}
"""What the socket's server adds to its own verbs."""
