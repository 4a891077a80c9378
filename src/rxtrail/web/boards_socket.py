"""The boards of a record over the writer's socket: one verb, whose arguments name what is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from rxtrail.web.part_socket import PartArguments, RemotePart, answer_part

if TYPE_CHECKING:
    from rxtrail.boards import Boards
    from rxtrail.web.part_socket import AsksSocket, Talk

VERB: Final = "boards"


class _HasBoards(Protocol):
    boards: Boards


class RemoteBoards(RemotePart):
    """The boards of a running ``serve``."""

    part = VERB

    def counted(self, name: str, since: str = "", until: str = "") -> dict[str, Any]:
        """Count what has come, and give a board as plain values."""
        return self._ask(dict[str, Any], "counted", name=name, since=since, until=until)


def boards_of(node: object) -> Boards | RemoteBoards:
    """The boards of a node: its own, or through the socket to the ``serve`` that holds it."""
    boards: Boards | None = getattr(node, "boards", None)
    return boards if boards is not None else RemoteBoards(cast("AsksSocket", node))


async def _answer(talk: Talk, asked: PartArguments) -> None:
    boards = cast("_HasBoards", talk.web.node).boards
    await answer_part(talk, boards if asked.verb == "counted" else None, asked)


VERBS: Final = {VERB: (PartArguments, _answer)}
"""What the socket's server adds to its own verbs."""
