"""Who asks through the EPCIS binding, and what that one may see and say: decided in ``access``, carried out here."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

import msgspec

from rxtrail.web.site_door import access_of, grant_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from rxtrail.answers import CaptureJob, CaptureReceipt
    from rxtrail.epcis_query.room import Epcis
    from rxtrail.web.context import Web


class EpcisNode(Protocol):
    """What the binding asks of a node."""

    epcis: Epcis

    def capture_first(self, stream: BinaryIO, *, name: str, speaker: str = "") -> CaptureReceipt | None:
        """Capture a document and wait for it; None for all but the first of those who send it."""

    def submit(self, stream: BinaryIO, *, name: str, proceed: bool = False, speaker: str = "") -> CaptureJob:
        """Capture a document in the background."""

    def job(self, job_id: str) -> CaptureJob:
        """Tell how far a capture is."""

    def jobs(self, after: str = "", limit: int = 100) -> list[CaptureJob]:
        """List captures."""


class Visitor(msgspec.Struct, frozen=True):
    """``sees``: "" everything, a GLN what concerns it; it speaks for that GLN and for no other."""

    sees: str = ""


def node_of(web: Web) -> EpcisNode:
    """Give the node of this process."""
    return cast("EpcisNode", web.node)


def visitor_of(web: Web, request: Request) -> Visitor:
    """Tell who asks.

    :raises KeyNeeded: the public sees no events.
    """
    access = access_of(web)
    return Visitor(access.view(grant_of(request)) if access is not None else "")
