"""The product table."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, cast

import msgspec

from rxtrail.core.rules.coverage import Product
from rxtrail.errors import BadRequest, NotFound
from rxtrail.products import Products, ProductsReport
from rxtrail.web import limits, refusals
from rxtrail.web.body import CSV_TYPES, JSON_TYPES, expect_media_type, read_whole
from rxtrail.web.context import Endpoint, Web, json_response, path_part, query_of
from rxtrail.web.paging import PageQuery, next_page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

TABLE_TYPES: Final = (*CSV_TYPES, *JSON_TYPES)


class _HasProducts(Protocol):
    products: Products


class ProductPage(msgspec.Struct, frozen=True, gc=False):
    """Products by GTIN; ``next`` is the address of the following page, "" at the end."""

    products: list[Product]
    next: str


def _products_of(web: Web) -> Products:
    return cast("_HasProducts", web.node).products


async def list_products(web: Web, request: Request) -> Response:
    """Answer with one page of the product table."""
    asked = query_of(request, PageQuery)
    found = await web.read(partial(_products_of(web).page, asked.after, asked.limit + 1))
    return json_response(ProductPage(*next_page(request, found, asked.limit, lambda product: product.gtin)))


async def get_product(web: Web, request: Request) -> Response:
    """Answer with one product."""
    return json_response(await web.read(partial(_products_of(web).get, path_part(request, "gtin").zfill(14))))


async def add_products(web: Web, request: Request) -> Response:
    """Add products or change them; with one row wrong nothing changes."""
    return await _load(web, request, replace=False)


async def put_products(web: Web, request: Request) -> Response:
    """Replace the product table; with one row wrong nothing changes."""
    return await _load(web, request, replace=True)


async def _load(web: Web, request: Request, *, replace: bool) -> Response:
    expect_media_type(request, TABLE_TYPES)
    table = await read_whole(request, "TABLE_BYTES_MAX", limits.TABLE_BYTES_MAX)
    return json_response(await web.write(partial(web.node.load_products, table, replace=replace)))


async def remove_product(web: Web, request: Request) -> Response:
    """Remove one product from the table."""
    return json_response(await web.write(partial(web.node.remove_product, path_part(request, "gtin").zfill(14))))


_PRODUCTS: Final = "/api/v1/products"
_REFUSALS: Final = (BadRequest, refusals.TooLarge, refusals.WrongMediaType, refusals.Overloaded)
ENDPOINTS: Final = (
    Endpoint(
        "GET",
        _PRODUCTS,
        "The product table, by GTIN.",
        list_products,
        ProductPage,
        query=PageQuery,
        refusals=(BadRequest,),
    ),
    Endpoint(
        "POST",
        _PRODUCTS,
        "Add products of a CSV or JSON table, or change them.",
        add_products,
        ProductsReport,
        body=TABLE_TYPES,
        refusals=_REFUSALS,
    ),
    Endpoint(
        "PUT",
        _PRODUCTS,
        "Replace the product table by a CSV or JSON one.",
        put_products,
        ProductsReport,
        body=TABLE_TYPES,
        refusals=_REFUSALS,
    ),
    Endpoint("GET", _PRODUCTS + "/{gtin}", "One product.", get_product, Product, refusals=(NotFound,)),
    Endpoint(
        "DELETE",
        _PRODUCTS + "/{gtin}",
        "Remove a product from the table.",
        remove_product,
        Product,
        refusals=(NotFound, refusals.Overloaded),
    ),
)
