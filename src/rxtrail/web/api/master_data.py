"""Master data: what all speakers say of a thing, and the things of one vocabulary."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from rxtrail.core.gs1 import epc
from rxtrail.epcis_query.master import MasterQuery
from rxtrail.errors import BadRequest, NotFound
from rxtrail.web import limits
from rxtrail.web.context import Endpoint, Web, json_response, query_of
from rxtrail.web.epcis.visitor import node_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class MasterDataQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing by any name of it, or the things of one vocabulary, or all."""

    id: str = ""
    vocabulary: str = ""
    after: str = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=limits.PAGE_ROWS_MAX)] = limits.PAGE_ROWS_DEFAULT


class Thing(msgspec.Struct, frozen=True, gc=False):
    """A thing of a vocabulary with its effective attributes: of each the newest word."""

    vocabulary: str
    id: str
    attributes: dict[str, str]
    children: list[str]


class MasterData(msgspec.Struct, frozen=True, gc=False):
    """Things in order of vocabulary and identifier; ``next`` is what to give as ``after``, "" at the end."""

    things: list[Thing]
    next: str = ""


async def get_master_data(web: Web, request: Request) -> Response:
    """Answer with master data."""
    asked = query_of(request, MasterDataQuery)
    if asked.id and asked.after:
        raise BadRequest("One thing has no pages.", place="after")
    query = MasterQuery(
        vocabularies=frozenset((asked.vocabulary,)) if asked.vocabulary else None,
        names=frozenset((epc.canonical(asked.id),)) if asked.id else None,
    )
    found = await web.read(partial(node_of(web).epcis.queries.master_data, query))
    if asked.id and not found:
        raise NotFound(f"there is no master data of {asked.id[:200]!r}", place="id")
    things = [Thing(each.type, _spelt(each.id), each.attributes, [_spelt(c) for c in each.children]) for each in found]
    things.sort(key=_place)
    rest = [each for each in things if _place(each) > asked.after]
    page = rest[: asked.limit]
    return json_response(MasterData(page, _place(page[-1]) if len(rest) > len(page) else ""))


def _place(thing: Thing) -> str:
    return f"{thing.vocabulary} {thing.id}"


def _spelt(canonical: str) -> str:
    return epc.to_digital_link(canonical) if canonical[:1].isdigit() else canonical


ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/api/v1/master-data",
        "Master data with its effective attributes: of one thing, of one vocabulary, or all.",
        get_master_data,
        MasterData,
        query=MasterDataQuery,
        refusals=(BadRequest, NotFound),
    ),
)
