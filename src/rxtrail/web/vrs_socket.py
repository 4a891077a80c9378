"""The verification service over the writer's socket: one verb of the socket, whose arguments name what is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from rxtrail.answers import Verdict
from rxtrail.vrs import (
    Connectivity,
    DirectoryReport,
    DirectoryRow,
    Exchange,
    Transfer,
    Vrs,
    VrsAlert,
    VrsSettings,
)
from rxtrail.web.api.vrs import vrs_of
from rxtrail.web.part_socket import PartArguments, RemotePart, answer_part

if TYPE_CHECKING:
    from rxtrail.web.part_socket import Talk

VERB: Final = "vrs"


class RemoteVrs(RemotePart):
    """The verification service of a running ``serve``, with the same verbs as :class:`rxtrail.vrs.Vrs`."""

    part = VERB

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

    def alerts(self, after: str = "", limit: int = 100) -> list[VrsAlert]:
        """List alerts, newest first."""
        return self._ask(list[VrsAlert], "alerts", after=after, limit=limit)

    def settings(self) -> VrsSettings:
        """Give how the node asks and answers."""
        return self._ask(VrsSettings, "settings")

    def change_settings(self, changes: dict[str, Any]) -> VrsSettings:
        """Change some settings."""
        return self._ask(VrsSettings, "change_settings", changes=changes)


def service_of(node: object) -> Vrs | RemoteVrs:
    """The verification service of a node: its own, or through the socket to the ``serve`` that holds it."""
    return vrs_of(node) if hasattr(node, "vrs") else RemoteVrs(node)  # type: ignore[arg-type]  # a node without one is remote


async def _answer(talk: Talk, asked: PartArguments) -> None:
    if asked.verb == "transfer":
        order = msgspec.convert(asked.arguments["order"], Transfer)
        asked = msgspec.structs.replace(asked, arguments={**asked.arguments, "order": order})
    await answer_part(talk, vrs_of(talk.web.node) if asked.verb in _VERBS else None, asked)


_VERBS: Final = frozenset(name for name in vars(RemoteVrs) if not name.startswith("_")) - {"part"}

VERBS: Final = {VERB: (PartArguments, _answer)}
"""What the socket's server adds to its own verbs."""
