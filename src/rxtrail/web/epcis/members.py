"""Whether what an address names is there at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rxtrail.core.epcis.event import KINDS
from rxtrail.errors import BadRequest, NotFound
from rxtrail.web.context import path_part
from rxtrail.web.epcis.visitor import Visitor, node_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from rxtrail.web.context import Web

_PART_OF: Final = {
    "eventType": "eventTypes",
    "epc": "epcs",
    "bizStep": "bizSteps",
    "bizLocation": "bizLocations",
    "readPoint": "readPoints",
    "disposition": "dispositions",
}


def check_member(web: Web, request: Request, visitor: Visitor) -> None:
    """See to it that what the address names is there.

    :raises NotFound: it is not.
    """
    for part, kind in _PART_OF.items():
        if part not in request.path_params:
            continue
        text = path_part(request, part)
        if not text.strip() or len(text) > 2048 or "\0" in text:
            raise BadRequest(f"This is no {part}.", place=part)
        if kind == "epcs" and not re.fullmatch(r"[A-Za-z][-+.A-Za-z0-9]*:\S+|[0-9]{2,4}/\S+", text):
            raise BadRequest(f"{text[:100]!r} is no URI.", place=part, advice="Give an EPC URN or a GS1 Digital Link.")
        if (kind == "eventTypes" and text in KINDS) or (kind == "epcs" and "*" in text):
            return
        if not node_of(web).epcis.queries.is_member(kind, text, viewer=visitor.sees):
            raise NotFound(f"no event has the {part} {text[:200]!r}", place=part)
