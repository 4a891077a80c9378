"""RFC 9457 problems: every refusal has a stable code, what was wrong and what to do."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import msgspec
from starlette.responses import Response

from rxtrail import errors
from rxtrail.access import BudgetSpent, KeyNeeded, WrongKey, WrongSite
from rxtrail.answers import StateView, Verdict
from rxtrail.client.refusals import Refusal
from rxtrail.core.epcis.query.refusals import BadQuery, QueryTooComplex, QueryTooLarge
from rxtrail.core.merkle import errors as merkle
from rxtrail.epcis_query.named import NameTaken
from rxtrail.epcis_query.refusals import BadSubscription, NotPermitted, SubscriptionExists
from rxtrail.keys import BadKey, KeyFailed
from rxtrail.offline.bundle import BadBundle
from rxtrail.offline.queue import BadQueue
from rxtrail.outbound import Unreachable
from rxtrail.proofs import NotPublished, RecordAltered
from rxtrail.publishing.checking import LogWrong
from rxtrail.publishing.signer_client import SignerAway
from rxtrail.publishing.signing import LogRefused, MemoryBehind
from rxtrail.publishing.witnesses import WitnessRefused
from rxtrail.receipts import BadReceipt
from rxtrail.sealing import CannotDecrypt, NotEncrypted, Shredded
from rxtrail.vrs.refusals import NotNow, RequesterNotAuthorised, TooManyUnknown, UnknownRequester
from rxtrail.web import limits
from rxtrail.web.refusals import (
    DeadlinePassed,
    ExistsAlready,
    NotAcceptable,
    Overloaded,
    TooLarge,
    UploadBroken,
    UriTooLong,
    WrongHost,
    WrongMediaType,
    WrongMethod,
    WrongOrigin,
)


class Problem(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The body of every refusal (RFC 9457 section 3.1), with ``code``, ``advice`` and ``place`` added."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    advice: str = ""
    place: str = ""
    state: StateView | None = None
    verdict: Verdict | None = None
    case: str = ""  # what was told too late became this case
    retry_after: int = 0  # seconds


STATUSES: Final[dict[type[errors.RxtrailError], HTTPStatus]] = {
    errors.BadIdentifier: HTTPStatus.BAD_REQUEST,
    errors.BadScan: HTTPStatus.BAD_REQUEST,
    errors.BadRequest: HTTPStatus.BAD_REQUEST,
    errors.BadDocument: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Refused: HTTPStatus.CONFLICT,
    errors.Busy: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StoreFailed: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StoreFull: HTTPStatus.INSUFFICIENT_STORAGE,
    errors.CopyDiffers: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StoreDamaged: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.BadBackup: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    WrongMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    WrongHost: HTTPStatus.MISDIRECTED_REQUEST,
    WrongOrigin: HTTPStatus.FORBIDDEN,
    WrongMethod: HTTPStatus.METHOD_NOT_ALLOWED,
    Overloaded: HTTPStatus.SERVICE_UNAVAILABLE,
    DeadlinePassed: HTTPStatus.SERVICE_UNAVAILABLE,
    UploadBroken: HTTPStatus.BAD_REQUEST,
    BadKey: HTTPStatus.BAD_REQUEST,
    KeyFailed: HTTPStatus.SERVICE_UNAVAILABLE,
    CannotDecrypt: HTTPStatus.SERVICE_UNAVAILABLE,
    Shredded: HTTPStatus.GONE,
    NotEncrypted: HTTPStatus.SERVICE_UNAVAILABLE,
    BadReceipt: HTTPStatus.BAD_REQUEST,
    BadBundle: HTTPStatus.UNPROCESSABLE_ENTITY,
    BadQueue: HTTPStatus.UNPROCESSABLE_ENTITY,
    KeyNeeded: HTTPStatus.UNAUTHORIZED,
    WrongKey: HTTPStatus.UNAUTHORIZED,
    WrongSite: HTTPStatus.FORBIDDEN,
    BudgetSpent: HTTPStatus.TOO_MANY_REQUESTS,
    Unreachable: HTTPStatus.BAD_GATEWAY,
    BadQuery: HTTPStatus.BAD_REQUEST,
    BadSubscription: HTTPStatus.BAD_REQUEST,
    SubscriptionExists: HTTPStatus.CONFLICT,
    NotPermitted: HTTPStatus.BAD_REQUEST,
    QueryTooComplex: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    QueryTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    NameTaken: HTTPStatus.CONFLICT,
    Refusal: HTTPStatus.BAD_GATEWAY,
    ExistsAlready: HTTPStatus.CONFLICT,
    NotAcceptable: HTTPStatus.NOT_ACCEPTABLE,
    UriTooLong: HTTPStatus.REQUEST_URI_TOO_LONG,
    UnknownRequester: HTTPStatus.UNAUTHORIZED,
    RequesterNotAuthorised: HTTPStatus.FORBIDDEN,
    TooManyUnknown: HTTPStatus.TOO_MANY_REQUESTS,
    NotPublished: HTTPStatus.SERVICE_UNAVAILABLE,
    RecordAltered: HTTPStatus.INTERNAL_SERVER_ERROR,
    NotNow: HTTPStatus.SERVICE_UNAVAILABLE,
    merkle.BadProof: HTTPStatus.BAD_REQUEST,
    merkle.BadTile: HTTPStatus.BAD_REQUEST,
    merkle.BadNote: HTTPStatus.BAD_REQUEST,
    merkle.BadKey: HTTPStatus.BAD_REQUEST,
    merkle.BadPolicy: HTTPStatus.BAD_REQUEST,
    merkle.BadEntry: HTTPStatus.BAD_REQUEST,
    LogWrong: HTTPStatus.BAD_REQUEST,
    LogRefused: HTTPStatus.SERVICE_UNAVAILABLE,
    MemoryBehind: HTTPStatus.SERVICE_UNAVAILABLE,
    SignerAway: HTTPStatus.SERVICE_UNAVAILABLE,
    WitnessRefused: HTTPStatus.BAD_GATEWAY,
}
INTERNAL: Final = "internal-error"
MEDIA_TYPE: Final = "application/problem+json"
_ENCODER: Final = msgspec.json.Encoder()


def status_of(kind: type[errors.RxtrailError]) -> HTTPStatus:
    """The HTTP status of a named error."""
    for ancestor in kind.__mro__:
        if ancestor in STATUSES:
            return STATUSES[ancestor]
    return HTTPStatus.BAD_REQUEST


def of(error: errors.RxtrailError, *, state: StateView | None = None, verdict: Verdict | None = None) -> Problem:
    """Turn a named error into the words of a problem."""
    status = status_of(type(error))
    return Problem(
        type=f"urn:rxtrail:problem:{error.code}",
        title=status.phrase,
        status=status.value,
        detail=error.message,
        code=error.code,
        advice=error.advice,
        place=error.place,
        state=state,
        verdict=verdict,
        case=getattr(error, "case", ""),
        retry_after=getattr(error, "retry_after", 0),
    )


def internal() -> Problem:
    """Our own fault: nothing of the inside leaves, the log has it."""
    return Problem(
        type=f"urn:rxtrail:problem:{INTERNAL}",
        title=HTTPStatus.INTERNAL_SERVER_ERROR.phrase,
        status=HTTPStatus.INTERNAL_SERVER_ERROR.value,
        detail="The server made a mistake. Treat the answer as not known.",
        code=INTERNAL,
        advice="Try again. If it happens again, send the server's log to whoever keeps it.",
    )


def headers_of(problem: Problem) -> dict[str, str]:
    """Header fields that go with a problem."""
    if problem.retry_after:
        return {"retry-after": str(problem.retry_after)}
    if problem.status == HTTPStatus.UNAUTHORIZED:
        return {"www-authenticate": "Bearer"}
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        return {"retry-after": str(limits.RETRY_SECONDS)}
    if problem.status in (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.BAD_REQUEST):
        # What is left of the body is not waited for.
        return {"connection": "close"} if problem.code in (TooLarge.code, UploadBroken.code) else {}
    return {}


def encode(problem: Problem) -> bytes:
    """The problem as JSON."""
    return _ENCODER.encode(problem)


def respond(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """The problem as an answer."""
    return Response(
        encode(problem),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers={**headers_of(problem), **(headers or {})},
    )
