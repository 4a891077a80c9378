"""What every handler is given, and the form in which an address is declared."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from rxtrail import errors
from rxtrail.web import limits, problems
from rxtrail.web.body import misfit
from rxtrail.web.metrics import Meter
from rxtrail.web.workers import Workers

if TYPE_CHECKING:
    from rxtrail.web.doors import Doors
    from rxtrail.web.port import ServedNode

T = TypeVar("T")

_LOG = logging.getLogger("rxtrail.web")


class Web:
    """The node and the bounds within which this server works for it."""

    def __init__(self, node: ServedNode, doors: Doors) -> None:
        self.node = node
        self.doors = doors
        self.meter = Meter()
        self.workers = Workers("web", threads=limits.WORKERS_MAX, waiting_max=limits.WAITING_MAX)
        self.queries = Workers(
            "query", threads=limits.QUERIES_MAX, waiting_max=limits.WAITING_MAX, each_max=limits.QUERIES_EACH_MAX
        )
        self.log_reads = Workers("log", threads=limits.LOG_READS_MAX, waiting_max=limits.LOG_WAITING_MAX)
        self.public = Workers("public", threads=limits.PUBLIC_MAX, waiting_max=limits.PUBLIC_WAITING_MAX)
        self.uploads = Workers("upload", threads=limits.UPLOADS_MAX, waiting_max=0)
        self.streams = Workers("stream", threads=limits.STREAMS_MAX, waiting_max=0)
        self.log_adding = 0  # entries of a load test that are being made durable
        self.openapi = b""
        self.version = ""
        self.stopping = False  # streams that never end by themselves look at it
        self.store_failure: errors.RxtrailError | None = None
        self.on_store_failed: Callable[[], None] | None = None

    async def read(self, work: Callable[[], T]) -> T:
        """A read of the record, in a thread, within ``ANSWER_SECONDS_MAX``."""
        return await self.workers.call(work, seconds=limits.ANSWER_SECONDS_MAX)

    async def ask(self, work: Callable[[], T], owner: str = "") -> T:
        """A query that may take seconds, like ``read``; in threads of its own, so that reads don't wait behind it.

        ``owner`` is the company that asks, "" for who needs no key; none may take all threads.
        """
        return await self.queries.call(work, seconds=limits.ANSWER_SECONDS_MAX, owner=owner)

    async def write(self, work: Callable[[], T]) -> T:
        """A durable change, in a thread, within ``CHANGE_SECONDS_MAX``."""
        return await self.workers.call(work, seconds=limits.CHANGE_SECONDS_MAX)

    def failed(self, error: errors.RxtrailError) -> None:
        """After a failed store the server stops, rather than answer from a doubtful record."""
        stopped = isinstance(error, errors.StoreFailed) and not error.curable
        if stopped and self.store_failure is None:
            _LOG.critical("the store failed: %s", error.message)
            self.store_failure = error
            if self.on_store_failed is not None:
                self.on_store_failed()

    def close(self) -> None:
        """Let the threads go."""
        for workers in (self.workers, self.queries, self.log_reads, self.public, self.uploads, self.streams):
            workers.close()


Handler = Callable[[Web, Request], Awaitable[Response]]


class NoQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An address without parameters."""


class Endpoint(msgspec.Struct, frozen=True):
    """One method of one address, for the router and for ``/openapi.json``.

    ``body`` and ``answer`` are the type of a JSON body, or the media types of any other;
    ``others`` are answers with another status.
    """

    method: str
    path: str
    summary: str
    handler: Handler
    answer: type | tuple[str, ...]
    status: int = 200
    others: tuple[tuple[int, type], ...] = ()
    query: type | None = NoQuery  # None: whatever is given is not looked at
    body: type | tuple[str, ...] = ()
    refusals: tuple[type[errors.RxtrailError], ...] = ()
    key: bool = False  # takes an Idempotency-Key


def query_of(request: Request, kind: type[T]) -> T:
    """The query as a value; raises ``BadRequest`` for an unknown, repeated or misfit parameter.

    Unknown ones are refused because ``?gitn=`` would otherwise export everything.
    """
    given: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in given:
            raise errors.BadRequest(f"The parameter {name!r} is given twice.", place=name)
        given[name] = value
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as wrong:
        raise misfit(str(wrong)) from wrong


def path_part(request: Request, name: str) -> str:
    """One part of the path, decoded once; addresses are matched as sent, so ``%2F`` stays in its part."""
    try:
        return unquote(str(request.path_params[name]), errors="strict")
    except UnicodeDecodeError as wrong:
        raise errors.BadRequest(
            f"The {name} in the path is not UTF-8.", place=name, advice="Percent-encode it as UTF-8."
        ) from wrong


def idempotency_key(request: Request) -> str:
    """The Idempotency-Key, or "" when there is none; raises ``BadRequest`` when it is unfit."""
    key = request.headers.get("idempotency-key", "")
    if len(key) > limits.KEY_CHARACTERS_MAX or not (key.isascii() and (key == "" or key.isprintable())):
        raise errors.BadRequest(
            f"An Idempotency-Key has at most {limits.KEY_CHARACTERS_MAX} printable ASCII characters.",
            place="Idempotency-Key",
            advice="Send a new random UUID per intended change.",
        )
    return key


_ENCODER = msgspec.json.Encoder()


def json_response(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A value as JSON."""
    return Response(_ENCODER.encode(value), status_code=status, media_type="application/json", headers=headers)


def refusal(web: Web, error: errors.RxtrailError) -> problems.Problem:
    """The problem for an error, after the server has drawn its own conclusion from it."""
    web.failed(error)
    return problems.of(error)
