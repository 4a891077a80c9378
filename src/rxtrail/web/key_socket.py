"""The keys of a record over the writer's socket: one verb, whose arguments name what is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import msgspec

from rxtrail.keyring import KeyOrder, Keyring, KeysChanged
from rxtrail.web.part_socket import PartArguments, RemotePart, answer_part

if TYPE_CHECKING:
    from rxtrail.web.part_socket import AsksSocket, Talk

VERB: Final = "keys"


class _HasKeyring(Protocol):
    keyring: Keyring


class _Orders:
    """The keyring with an order as it comes over the socket."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def change(self, order: dict[str, Any]) -> KeysChanged:
        return self._keyring.change(msgspec.convert(order, KeyOrder))


class RemoteKeyring(RemotePart):
    """The keys of a running ``serve``."""

    part = VERB

    def change(self, order: KeyOrder) -> KeysChanged:
        """Carry out an order, durably."""
        return self._ask(KeysChanged, "change", order=msgspec.to_builtins(order))


def keyring_of(node: object) -> Keyring | RemoteKeyring:
    """The keys of a node: its own, or through the socket to the ``serve`` that holds it."""
    keyring: Keyring | None = getattr(node, "keyring", None)
    return keyring if keyring is not None else RemoteKeyring(cast("AsksSocket", node))


async def _answer(talk: Talk, asked: PartArguments) -> None:
    keyring = cast("_HasKeyring", talk.web.node).keyring
    await answer_part(talk, _Orders(keyring) if asked.verb == "change" else None, asked)


VERBS: Final = {VERB: (PartArguments, _answer)}
"""What the socket's server adds to its own verbs."""
