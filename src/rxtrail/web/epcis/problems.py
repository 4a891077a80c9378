"""Refusals as EPCIS 2.0 tells them: RFC 9457 bodies, JSON or XML, whose ``type`` is an ``epcisException:*``.

Source: EPCIS 2.0, clause 12.6 (error conditions) and its OpenAPI document. ``code``, ``place`` and ``advice`` are ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from starlette.responses import Response

from rxtrail import errors
from rxtrail.access import KeyNeeded, WrongKey, WrongSite
from rxtrail.core.epcis.query.refusals import BadQuery, QueryTooComplex, QueryTooLarge
from rxtrail.epcis_query.named import NameTaken
from rxtrail.epcis_query.refusals import BadSubscription, SubscriptionExists
from rxtrail.web import problems, refusals
from rxtrail.web.epcis.writing import escaped
from rxtrail.web.refusals import ExistsAlready, NotAcceptable, UriTooLong

if TYPE_CHECKING:
    from rxtrail.errors import RxtrailError

JSON, XML = "application/problem+json", "application/problem+xml"
_EXCEPTION: Final = "epcisException:"
_TYPES: Final[dict[type[RxtrailError], tuple[int, str]]] = {
    BadQuery: (400, "QueryParameterException"),
    BadSubscription: (400, "SubscriptionControlsException"),
    SubscriptionExists: (409, "ResourceAlreadyExistsException"),
    errors.BadRequest: (400, "ValidationException"),
    errors.BadDocument: (400, "ValidationException"),
    errors.BadIdentifier: (400, "ValidationException"),
    refusals.UploadBroken: (400, "ValidationException"),
    KeyNeeded: (401, "SecurityException"),
    WrongKey: (401, "SecurityException"),
    WrongSite: (403, "SecurityException"),
    refusals.WrongOrigin: (403, "SecurityException"),
    errors.NotFound: (404, "NoSuchNameException"),
    NotAcceptable: (406, "NotAcceptableException"),
    NameTaken: (409, "ResourceAlreadyExistsException"),
    ExistsAlready: (409, "ResourceAlreadyExistsException"),
    refusals.TooLarge: (413, "CaptureLimitExceededException"),
    QueryTooLarge: (413, "QueryTooLargeException"),
    QueryTooComplex: (413, "QueryTooComplexException"),
    UriTooLong: (414, "URITooLongException"),
    refusals.WrongMediaType: (415, "UnsupportedMediaTypeException"),
}


class Problem(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The body of a refusal."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    place: str = ""
    advice: str = ""


def of(error: RxtrailError) -> Problem:
    """Give the problem of a named error."""
    status, name = next(
        (_TYPES[kind] for kind in type(error).__mro__ if kind in _TYPES),
        (problems.status_of(type(error)).value, "ImplementationException"),
    )
    if isinstance(error, errors.BadDocument) and error.code == "too-large":
        status, name = 413, "CaptureLimitExceededException"
    return Problem(_EXCEPTION + name, _TITLES.get(name, "Error"), status, error.message, error.code, error.place,
                   error.advice)  # fmt: skip


def respond(error: RxtrailError, *, xml: bool, headers: dict[str, str] | None = None) -> Response:
    """Give the answer of a refusal, with what its status needs."""
    problem = of(error)
    more = problems.headers_of(problems.of(error)) if problem.status in (401, 413, 429, 503, 400) else {}
    body = _xml(problem) if xml else msgspec.json.encode(problem)
    return Response(
        body, status_code=problem.status, media_type=XML if xml else JSON, headers={**more, **(headers or {})}
    )


def _xml(problem: Problem) -> bytes:
    """Write it as the schema of EPCIS 2.0 has it; what is ours stands in a namespace of ours."""
    own = {"code": problem.code, "place": problem.place, "advice": problem.advice}
    fields = "".join(
        f"<{name}>{escaped(getattr(problem, name))}</{name}>" for name in ("type", "title", "status", "detail")
    )
    more = "".join(f"<rxtrail:{name}>{escaped(value)}</rxtrail:{name}>" for name, value in own.items() if value)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<epcis:EPCISException xmlns:epcis="urn:epcglobal:epcis:xsd:2" '
        f'xmlns:rxtrail="urn:rxtrail:ext">{fields}{more}</epcis:EPCISException>'
    ).encode()


_TITLES: Final = {
    "QueryParameterException": "The query has a parameter that is not valid",
    "QueryTooLargeException": "The answer is too large",
    "QueryTooComplexException": "The query is too complex",
    "SubscriptionControlsException": "The subscription is not valid",
    "ValidationException": "What was sent is not valid",
    "SecurityException": "Not allowed",
    "NoSuchNameException": "There is no such thing",
    "NotAcceptableException": "No acceptable form",
    "ResourceAlreadyExistsException": "It exists already",
    "CaptureLimitExceededException": "More than one capture may hold",
    "URITooLongException": "The address is too long",
    "UnsupportedMediaTypeException": "This media type is not taken",
    "ImplementationException": "It could not be done now",
}
