"""Proofs of packs, events and records, as ``.tlog-proof`` files."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, cast

import msgspec
from starlette.responses import Response

from rxtrail import clock
from rxtrail.errors import BadRequest, NotFound
from rxtrail.proofs import NotPublished, RecordAltered
from rxtrail.record.identify import identify
from rxtrail.web import refusals
from rxtrail.web.codes import pack_code
from rxtrail.web.context import Endpoint, Web, path_part, query_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from rxtrail.proofs import Proof, Proofs

MEDIA_TYPE: Final = "text/plain"


class EventQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The event to prove a pack in; the one that made it when none is named."""

    event: str = ""


class PackQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The only pack of the event that is to be shown; the whole record when none is named."""

    pack: str = ""


class _Proving(Protocol):
    proofs: Proofs


def proofs_of(web: Web) -> Proofs:
    """What makes the proofs of a node."""
    return cast("_Proving", web.node).proofs


async def get_pack_proof(web: Web, request: Request) -> Response:
    """Answer with the proof of a pack."""
    key = _key(pack_code(path_part(request, "gtin"), path_part(request, "serial")))
    event = query_of(request, EventQuery).event
    proofs = proofs_of(web)
    return await _answer(web, partial(proofs.of_event, event, key=key) if event else partial(proofs.of_pack, key))


async def get_event_proof(web: Web, request: Request) -> Response:
    """Answer with the proof of an event."""
    pack = query_of(request, PackQuery).pack
    event = path_part(request, "event_id")
    return await _answer(web, partial(proofs_of(web).of_event, event, key=_key(pack) if pack else ""))


async def get_record_proof(web: Web, request: Request) -> Response:
    """Answer with the proof of a record."""
    text = path_part(request, "index")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise NotFound("a record has a number", place="index")
    pack = query_of(request, PackQuery).pack
    proofs, index = proofs_of(web), int(text)
    return await _answer(
        web, partial(proofs.of_pack, _key(pack), index=index) if pack else partial(proofs.of_record, index)
    )


def _key(code: str) -> str:
    return identify(code, this_year=clock.today().year)


async def _answer(web: Web, make: Callable[[], Proof]) -> Response:
    proof = await web.read(make)
    headers = {"content-disposition": f'attachment; filename="{proof.name}"', "cache-control": "no-store"}
    return Response(proof.octets, media_type=f"{MEDIA_TYPE}; charset=utf-8", headers=headers)


_REFUSALS: Final = (BadRequest, NotFound, NotPublished, RecordAltered, refusals.Overloaded, refusals.DeadlinePassed)
ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/api/v1/packs/{gtin}/{serial}/proof",
        "A proof that the pack is in its event, and that in the published log (C2SP tlog-proof).",
        get_pack_proof,
        (MEDIA_TYPE,),
        query=EventQuery,
        refusals=_REFUSALS,
    ),
    Endpoint(
        "GET",
        "/api/v1/events/{event_id}/proof",
        "A proof that an event is in the published log; of one pack of it, without the others.",
        get_event_proof,
        (MEDIA_TYPE,),
        query=PackQuery,
        refusals=_REFUSALS,
    ),
    Endpoint(
        "GET",
        "/api/v1/records/{index}/proof",
        "A proof that a record of any kind is in the published log.",
        get_record_proof,
        (MEDIA_TYPE,),
        query=PackQuery,
        refusals=_REFUSALS,
    ),
)
