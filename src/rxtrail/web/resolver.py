"""The GS1 Digital Link resolver: what there is about a product, lot, package, container or place, by link type.

Source: GS1-Conformant Resolver Standard 1.1; RFC 9264 (link sets). A link is told from the identifier alone, so that
following one says nothing about whether the identifier is on record; what it leads to does, to those who may know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

import msgspec
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from rxtrail.core.gs1 import digital_link, epc
from rxtrail.core.gs1.identifier import split
from rxtrail.errors import BadIdentifier, BadRequest, NotFound, RxtrailError
from rxtrail.web import problems
from rxtrail.web.codes import pack_path
from rxtrail.web.context import refusal
from rxtrail.web.pages import patient

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from rxtrail.core.gs1.digital_link import DigitalLink
    from rxtrail.web.context import Web

GS1: Final = "https://gs1.org/voc/"
LINKSET: Final = "application/linkset+json"
KEYS: Final = ("00", "01", "253", "255", "401", "402", "414", "417", "8003", "8004", "8006", "8010", "8017", "8018")
DEFAULT: Final = "defaultLink"
_TITLES: Final = {
    DEFAULT: "What is on record",
    "pip": "Product information",
    "traceability": "Its journey",
    "epcis": "Its events",
    "masterData": "Its master data",
    "verificationService": "Verification",
}


class Link(msgspec.Struct, frozen=True):
    """One thing that there is about an identifier."""

    type: str  # a word of the GS1 Web Vocabulary
    href: str
    media_type: str


def links_of(canonical: str, link: DigitalLink) -> list[Link]:
    """Give the links of an identifier; the first is the default. ``link`` is what was asked for, with lot and expiry.

    A product, a lot of it and a package lead to what the public is told, which anybody's telephone may ask for.
    """
    found = split(canonical)
    assert found is not None, "asked only of GS1 keys"
    ai, value, qualifier, part = found
    uri = epc.to_digital_link(canonical)
    events = f"/epcis/epcs/{quote(uri, safe='')}/events"
    staff, journey = "", ""
    if (ai, qualifier) == ("01", "21"):
        staff = pack_path(value, part)
        journey = f"/api/v1/packs/{value}/{quote(part, safe='')}/journey"
    elif ai == "00":
        staff = f"/containers/{value}"
    elif ai in ("01", "414") and qualifier in ("", "10", "254"):
        # A class or a place: its events are found by the parameters that are about those.
        name = "EQ_bizLocation" if ai == "414" else "MATCH_anyEPCClass" if qualifier == "10" else "MATCH_anyEPC"
        events = f"/epcis/events?{name}={quote(uri, safe='')}"
    about = f"/api/v1/master-data?id={quote(uri, safe='')}"
    everybody = patient.address_of(link) if ai == "01" else ""
    if page := everybody or staff:
        links = [Link(DEFAULT, page, "text/html")]
    else:
        links = [Link(DEFAULT, about, "application/json")]
    if staff:
        links.append(Link("traceability", staff, "text/html"))
    if journey:
        links.append(Link("traceability", journey, "application/json"))
    links += [Link("epcis", events, "application/json"), Link("masterData", about, "application/json")]
    if everybody:
        links.append(Link("pip", everybody, "text/html"))
    if (ai, qualifier) == ("01", "21"):
        links.append(Link("verificationService", everybody, "text/html"))
    return links


def routes(web: Web) -> list[Route]:
    """The addresses of all keys, and what this resolver is."""
    made = [Route("/.well-known/gs1resolver", _described, methods=["GET"], include_in_schema=False)]
    answer = _answering(web)
    made += [Route(f"/{ai}/{{rest:path}}", answer, methods=["GET", "HEAD"], include_in_schema=False) for ai in KEYS]
    return made


def _answering(web: Web) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        if request.url.path.startswith("/01/") and _is_read_by_a_person(request):
            return await patient.patient_page(web, request)
        try:
            return resolve(request)
        except RxtrailError as error:
            return problems.respond(refusal(web, error))

    return answer


def _is_read_by_a_person(request: Request) -> bool:
    """Tell whether a browser asks for no link in particular: what it is led to by default is shown at once."""
    asked = "linkType" in request.query_params
    return request.method == "GET" and not asked and "text/html" in request.headers.get("accept", "")


def resolve(request: Request) -> Response:
    """Lead to what a Digital Link asks for.

    :raises BadRequest: it is none.
    :raises NotFound: there is nothing of the link type that it asks for.
    """
    path, query = request.url.path, request.url.query
    try:
        link = digital_link.parse(f"{digital_link.STEM}{path}" + (f"?{query}" if query else ""), lenient=True)
    except BadIdentifier as wrong:
        raise BadRequest(wrong.message, place="path", advice=wrong.advice) from wrong
    identifier, problem = epc.examine(f"{digital_link.STEM}{path}")
    if problem is not None or not identifier.key:
        message = problem.message if problem is not None else f"{unquote(path)[:100]!r} is no GS1 key"
        raise BadRequest(message, place="path", advice="Compare it with the label.")
    links = links_of(identifier.canonical, link)
    asked = request.query_params.get("linkType", "").removeprefix("gs1:").removeprefix(GS1)
    headers = {"link": f'<{path}?linkType=linkset>; rel="linkset"; type="{LINKSET}"', "vary": "Accept"}
    accept = request.headers.get("accept", "")
    if asked in ("all", "linkset") or (not asked and LINKSET in accept):
        body = linkset(str(request.base_url).rstrip("/"), path, links, link.query)
        return Response(msgspec.json.encode(body), media_type=LINKSET, headers=headers)
    fitting = [each for each in links if each.type == (asked or DEFAULT)]
    if not fitting:
        raise NotFound(
            f"there is nothing of link type {asked[:40]!r} here",
            place="linkType",
            advice=f"There are {', '.join(dict.fromkeys(f'gs1:{each.type}' for each in links))}.",
        )
    chosen = next((each for each in fitting if each.media_type in accept), fitting[0])
    return RedirectResponse(chosen.href, 307, headers=headers)


def linkset(base: str, path: str, links: list[Link], attributes: list[tuple[str, str]]) -> dict[str, Any]:
    """Give all links of an identifier as RFC 9264 has them."""
    told: dict[str, list[dict[str, Any]]] = {}
    for each in links:
        target = {"href": base + each.href, "title": _TITLES[each.type], "type": each.media_type}
        told.setdefault(GS1 + each.type, []).append(target)
    anchor = base + path + ("?" + "&".join(f"{ai}={quote(text)}" for ai, text in attributes) if attributes else "")
    return {"linkset": [{"anchor": anchor, **told}]}


async def _described(request: Request) -> Response:
    """What this resolver does (GS1-Conformant Resolver Standard, clause 6)."""
    body = {
        "name": "rxtrail",
        "resolverRoot": str(request.base_url).rstrip("/"),
        "supportedPrimaryKeys": list(KEYS),
        "supportedLinkType": [
            {"namespace": GS1, "prefix": "gs1:", "profile": "https://www.gs1.org/voc/?show=linktypes"}
        ],
        "linkTypeDefaultCanBeLinkset": False,
    }
    return Response(msgspec.json.encode(body), media_type="application/json")
