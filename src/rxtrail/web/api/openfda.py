"""What openFDA's files say of products: beside the verdict, and never a part of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final, Protocol, cast

import msgspec

from rxtrail.errors import BadRequest, BadScan, NotFound
from rxtrail.openfda import Basket, FdaProduct, OpenFda, OpenFdaStatus, ProductSafety
from rxtrail.web import limits, refusals
from rxtrail.web.body import read_json
from rxtrail.web.context import Endpoint, Web, json_response, path_part, query_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class _HasOpenFda(Protocol):
    openfda: OpenFda


class AskedBasket(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The packs of one basket: scans, GTINs or NDCs with hyphens."""

    codes: list[str]


class FindQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words of a brand or generic name, and how many packages at most."""

    name: str
    limit: Annotated[int, msgspec.Meta(ge=1, le=limits.PAGE_ROWS_MAX)] = limits.PAGE_ROWS_DEFAULT


class FdaProducts(msgspec.Struct, frozen=True, gc=False):
    """Packages of the NDC directory, by name."""

    products: list[FdaProduct]


_BASKET = msgspec.json.Decoder(AskedBasket)


def openfda_of(web: Web) -> OpenFda:
    """What was loaded from openFDA at the node of this process."""
    return cast("_HasOpenFda", web.node).openfda


async def status(web: Web, _request: Request) -> Response:
    """Answer with what was loaded."""
    return json_response(await web.read(openfda_of(web).status))


async def find(web: Web, request: Request) -> Response:
    """Answer with packages of a name."""
    asked = query_of(request, FindQuery)
    return json_response(FdaProducts(await web.read(partial(openfda_of(web).find, asked.name, asked.limit))))


async def safety(web: Web, request: Request) -> Response:
    """Answer with all that is known of one product."""
    return json_response(await web.read(partial(openfda_of(web).safety, path_part(request, "gtin"))))


async def basket(web: Web, request: Request) -> Response:
    """Answer with where the label of one pack names an active ingredient of another."""
    asked = await read_json(request, _BASKET)
    room = openfda_of(web)
    return json_response(await web.read(lambda: room.basket([room.named(code) for code in asked.codes])))


ENDPOINTS: Final = (
    Endpoint("GET", "/api/v1/openfda", "What was loaded of openFDA's files.", status, OpenFdaStatus),
    Endpoint(
        "GET",
        "/api/v1/openfda/products",
        "Packages of the NDC directory by brand or generic name.",
        find,
        FdaProducts,
        query=FindQuery,
        refusals=(BadRequest,),
    ),
    # Before the address with a GTIN in its place.
    Endpoint(
        "POST",
        "/api/v1/safety/basket",
        "Where the label of one pack names an active ingredient of another: label text, not clinical advice.",
        basket,
        Basket,
        body=AskedBasket,
        refusals=(BadRequest, BadScan, refusals.TooLarge, refusals.WrongMediaType),
    ),
    Endpoint(
        "GET",
        "/api/v1/safety/{gtin}",
        "What labels and shortage lists say of a product, with the labels' whole text.",
        safety,
        ProductSafety,
        refusals=(NotFound,),
    ),
)
