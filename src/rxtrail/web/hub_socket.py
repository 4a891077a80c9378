"""Site keys and the link to the hub over the writer's socket: one verb, whose arguments name what is asked."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast

import msgspec

from rxtrail import errors
from rxtrail.access import ListedKey, NewKey
from rxtrail.sites.wire import JoinStatus
from rxtrail.web.site_door import hub_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.access import SiteKeys
    from rxtrail.joined import Joined
    from rxtrail.web.context import Web

T = TypeVar("T")
VERB: Final = "hub"


class HubArguments(msgspec.Struct, frozen=True, gc=False):
    """Which verb, and its arguments by name."""

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


class RemoteHub:
    """The keys and the link of a running ``serve``, with the same verbs as ``SiteKeys`` and ``Joined``."""

    def __init__(self, node: AsksSocket) -> None:
        self._node = node

    def add(self, gln: str, *, name: str = "") -> NewKey:
        """Make a key for a site."""
        return self._ask(NewKey, "add", gln=gln, name=name)

    def all(self) -> list[ListedKey]:
        """List all keys."""
        return self._ask(list[ListedKey], "all")

    def revoke(self, key: str) -> ListedKey:
        """Take a key back."""
        return self._ask(ListedKey, "revoke", key=key)

    def rotate(self, key: str) -> NewKey:
        """Replace a key."""
        return self._ask(NewKey, "rotate", key=key)

    def require(self, *, on: bool) -> None:
        """Say whether keys are required."""
        self._ask(type(None), "require", on=on)

    def join(self, url: str, secret: str) -> JoinStatus:
        """Join a hub."""
        return self._ask(JoinStatus, "join", url=url, secret=secret)

    def leave(self) -> bool:
        """Leave the hub."""
        return self._ask(bool, "leave")

    def status(self) -> JoinStatus:
        """Tell how the node stands with its hub."""
        return self._ask(JoinStatus, "status")

    def _ask(self, kind: type[T], verb: str, **arguments: object) -> T:
        return self._node._ask(VERB, HubArguments(verb, arguments), kind)  # noqa: SLF001 - one client in two files


def keys_of(node: object) -> SiteKeys | RemoteHub:
    """The site keys of a node: its own, or through the socket to the ``serve`` that holds it."""
    access = getattr(node, "access", None)
    return access.keys if access is not None else RemoteHub(cast("AsksSocket", node))


def link_of(node: object) -> Joined | RemoteHub:
    """The link of a node to its hub: its own, or through the socket to the ``serve`` that holds it."""
    hub = getattr(node, "hub", None)
    return hub if hub is not None else RemoteHub(cast("AsksSocket", node))


async def _answer(talk: Talk, asked: HubArguments) -> None:
    node = hub_of(talk.web)
    if asked.verb in _KEY_VERBS:
        part: object = node.access.keys
    elif asked.verb in _LINK_VERBS:
        part = node.hub
    else:
        raise errors.BadRequest(f"This server does not know {asked.verb!r} of the hub.")
    work: Callable[[], object] = partial(getattr(part, asked.verb), **asked.arguments)
    await talk.answer(await talk.web.write(work))


_KEY_VERBS: Final = frozenset({"add", "all", "revoke", "rotate", "require"})
_LINK_VERBS: Final = frozenset({"join", "leave", "status"})

VERBS: Final = {VERB: (HubArguments, _answer)}
"""What the socket's server adds to its own verbs."""
