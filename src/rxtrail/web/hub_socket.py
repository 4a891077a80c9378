"""Site keys and the link to the hub over the writer's socket: one verb, whose arguments name what is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from rxtrail.access import ListedKey, NewKey
from rxtrail.sites.wire import JoinStatus
from rxtrail.web.part_socket import PartArguments, RemotePart, answer_part
from rxtrail.web.site_door import hub_of

if TYPE_CHECKING:
    from rxtrail.access import SiteKeys
    from rxtrail.joined import Joined
    from rxtrail.web.part_socket import AsksSocket, Talk

VERB: Final = "hub"


class RemoteHub(RemotePart):
    """The keys and the link of a running ``serve``, with the same verbs as ``SiteKeys`` and ``Joined``."""

    part = VERB

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


def keys_of(node: object) -> SiteKeys | RemoteHub:
    """The site keys of a node: its own, or through the socket to the ``serve`` that holds it."""
    access = getattr(node, "access", None)
    return access.keys if access is not None else RemoteHub(cast("AsksSocket", node))


def link_of(node: object) -> Joined | RemoteHub:
    """The link of a node to its hub: its own, or through the socket to the ``serve`` that holds it."""
    hub = getattr(node, "hub", None)
    return hub if hub is not None else RemoteHub(cast("AsksSocket", node))


async def _answer(talk: Talk, asked: PartArguments) -> None:
    node = hub_of(talk.web)
    part = node.access.keys if asked.verb in _KEY_VERBS else node.hub if asked.verb in _LINK_VERBS else None
    await answer_part(talk, part, asked)


_KEY_VERBS: Final = frozenset({"add", "all", "revoke", "rotate", "require"})
_LINK_VERBS: Final = frozenset({"join", "leave", "status"})

VERBS: Final = {VERB: (PartArguments, _answer)}
"""What the socket's server adds to its own verbs."""
