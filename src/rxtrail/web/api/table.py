"""Every address of the API, and how a handler's answer or refusal becomes a response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from starlette.routing import Route

from rxtrail.errors import BadRequest, RxtrailError
from rxtrail.web import problems, refusals
from rxtrail.web.api import (
    alerts,
    approved_routes,
    audits,
    backup,
    boards,
    captures,
    cases,
    containers,
    dead_letters,
    documents,
    encryption,
    export,
    hub,
    log,
    lots,
    master_data,
    openfda,
    operations,
    packs,
    partners,
    products,
    proofs,
    recalls,
    receipts,
    serials,
    sites,
    stations,
    stock,
    stream,
    temperatures,
    validation,
    verify,
    vrs,
)
from rxtrail.web.context import Endpoint, NoQuery, Web, query_of, refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response


async def _verify_stands_before_the_router(web: Web, request: Request) -> Response:
    raise AssertionError((web, request))  # the app sends this address to VerifyEndpoint


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint(
        "POST",
        verify.PATH,
        "Judge one scanned or typed code; the scan is recorded.",
        _verify_stands_before_the_router,
        receipts.ReceiptedVerdict,
        body=verify.VerifyRequest,
        refusals=(BadRequest, refusals.TooLarge, refusals.WrongMediaType),
    ),
    *packs.ENDPOINTS,
    *proofs.ENDPOINTS,
    *containers.ENDPOINTS,
    *lots.ENDPOINTS,
    *master_data.ENDPOINTS,
    *captures.ENDPOINTS,
    *documents.ENDPOINTS,
    *validation.ENDPOINTS,
    *stock.ENDPOINTS,
    *partners.ENDPOINTS,
    *products.ENDPOINTS,
    *openfda.ENDPOINTS,
    *serials.ENDPOINTS,
    *stations.ENDPOINTS,
    *sites.ENDPOINTS,
    *hub.ENDPOINTS,
    *cases.ENDPOINTS,
    *dead_letters.ENDPOINTS,
    *recalls.ENDPOINTS,
    *alerts.ENDPOINTS,
    *approved_routes.ENDPOINTS,
    *boards.ENDPOINTS,
    *temperatures.ENDPOINTS,
    *stream.ENDPOINTS,
    *receipts.ENDPOINTS,
    *export.ENDPOINTS,
    *audits.ENDPOINTS,
    *backup.ENDPOINTS,
    *encryption.ENDPOINTS,
    *vrs.ENDPOINTS,
    *log.ENDPOINTS,
    *operations.ENDPOINTS,
)


def routes(web: Web, endpoints: tuple[Endpoint, ...] = ENDPOINTS) -> list[Route]:
    """One route per address; its methods are told apart inside, so that a 405 can name them all."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for endpoint in endpoints:
        if endpoint.path != verify.PATH:
            by_path.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    return [
        Route(path, _answering(web, methods), methods=[*METHODS], include_in_schema=False)
        for path, methods in by_path.items()
    ]


METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def _answering(web: Web, methods: dict[str, Endpoint]) -> Callable[[Request], Awaitable[Response]]:
    allowed = ", ".join(sorted({*methods, *({"HEAD"} if "GET" in methods else set())}))

    async def answer(request: Request) -> Response:
        endpoint = methods.get("GET" if request.method == "HEAD" else request.method)
        if endpoint is None:
            wrong = refusals.WrongMethod(f"{request.method} is not for this address.", advice=f"It has {allowed}.")
            return problems.respond(problems.of(wrong), {"allow": allowed})
        try:
            if endpoint.query is NoQuery:
                query_of(request, NoQuery)
            return await endpoint.handler(web, request)
        except RxtrailError as error:
            return problems.respond(refusal(web, error))

    return answer


# msgspec reads the annotations of every answer here, so a type that cannot be described fails at start.
TYPES: Final[tuple[type, ...]] = tuple(
    {
        kind
        for endpoint in ENDPOINTS
        for kind in (endpoint.answer, endpoint.body, *(other for _, other in endpoint.others))
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    }
)
