"""The verification service over the writer's socket: one verb of the socket, whose arguments name what is asked."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import msgspec

from rxtrail import errors
from rxtrail.answers import Verdict
from rxtrail.vrs import (
    Alert,
    Connectivity,
    DirectoryReport,
    DirectoryRow,
    Exchange,
    Transfer,
    Vrs,
    VrsSettings,
)
from rxtrail.web.api.vrs import vrs_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.web.context import Web

T = TypeVar("T")

VERB: Final = "vrs"


class VrsArguments(msgspec.Struct, frozen=True, gc=False):
    """Which verb of the service, and its arguments by name."""

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


class RemoteVrs:
    """The verification service of a running ``serve``, with the same verbs as :class:`rxtrail.vrs.Vrs`."""

    def __init__(self, node: AsksSocket) -> None:
        self._node = node

    def verify(
        self,
        scan: str,
        *,
        site: str = "",
        purpose: str = "dispense",
        key: str = "",
        station: str = "",
        customer: str = "",
        attest: bool = False,
    ) -> Verdict:
        """Judge one scanned code and ask its maker too."""
        return self._ask(
            Verdict,
            "verify",
            scan=scan,
            site=site,
            purpose=purpose,
            key=key,
            station=station,
            customer=customer,
            attest=attest,
        )

    def check(self, url: str, *, gtin: str, requester_gln: str = "") -> Connectivity:
        """Ask a responder whether it is there."""
        return self._ask(Connectivity, "check", url=url, gtin=gtin, requester_gln=requester_gln)

    def load_directory(self, content: bytes, *, fmt: str = "csv", delta: bool = False) -> DirectoryReport:
        """Load a lookup directory."""
        return self._ask(DirectoryReport, "load_directory", content=content, fmt=fmt, delta=delta)

    def transfer(self, order: Transfer) -> DirectoryReport:
        """Hand a GTIN or a company prefix over."""
        return self._ask(DirectoryReport, "transfer", order=order)

    def directory(self, after: str = "", limit: int = 100) -> list[DirectoryRow]:
        """List the directory."""
        return self._ask(list[DirectoryRow], "directory", after=after, limit=limit)

    def export_directory(self, fmt: str = "csv") -> bytes:
        """Give the whole directory as a table."""
        return self._ask(bytes, "export_directory", fmt=fmt)

    def exchanges(self, after: str = "", limit: int = 100) -> list[Exchange]:
        """List exchanges, newest first."""
        return self._ask(list[Exchange], "exchanges", after=after, limit=limit)

    def alerts(self, after: str = "", limit: int = 100) -> list[Alert]:
        """List alerts, newest first."""
        return self._ask(list[Alert], "alerts", after=after, limit=limit)

    def settings(self) -> VrsSettings:
        """Give how the node asks and answers."""
        return self._ask(VrsSettings, "settings")

    def change_settings(self, changes: dict[str, Any]) -> VrsSettings:
        """Change some settings."""
        return self._ask(VrsSettings, "change_settings", changes=changes)

    def _ask(self, kind: type[T], verb: str, **arguments: object) -> T:
        return self._node._ask(VERB, VrsArguments(verb, arguments), kind)  # noqa: SLF001 - one client in two files


def service_of(node: object) -> Vrs | RemoteVrs:
    """The verification service of a node: its own, or through the socket to the ``serve`` that holds it."""
    return vrs_of(node) if hasattr(node, "vrs") else RemoteVrs(node)  # type: ignore[arg-type]  # a node without one is remote


async def _answer(talk: Talk, asked: VrsArguments) -> None:
    if asked.verb not in _VERBS:
        raise errors.BadRequest(f"This server does not know {asked.verb!r} of the verification service.")
    arguments = dict(asked.arguments)
    if asked.verb == "transfer":
        arguments["order"] = msgspec.convert(arguments["order"], Transfer)
    work: Callable[[], object] = partial(getattr(vrs_of(talk.web.node), asked.verb), **arguments)
    await talk.answer(await talk.web.write(work))


_VERBS: Final = frozenset(name for name in vars(RemoteVrs) if not name.startswith("_"))

VERBS: Final = {VERB: (VrsArguments, _answer)}
"""What the socket's server adds to its own verbs."""
