"""``POST /api/v1/verify`` as bare ASGI: the counter waits for this one, so nothing stands around it."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.errors import BadRequest, RxtrailError
from rxtrail.web import limits, problems
from rxtrail.web.api.receipts import with_receipt
from rxtrail.web.api.vrs import vrs_of
from rxtrail.web.body import JSON_TYPES, decode_json, media_type_of
from rxtrail.web.doors import API_HEADERS
from rxtrail.web.refusals import TooLarge, UploadBroken, WrongMediaType, WrongMethod
from rxtrail.web.site_door import access_of, grant_by, hub_of, is_joined, two_keys
from rxtrail.web.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Receive, Scope, Send

    from rxtrail.answers import Verdict
    from rxtrail.web.context import Web
    from rxtrail.web.problems import Problem
    from rxtrail.web.protocol import Field, Reply

_LOG = logging.getLogger("rxtrail.web")
PATH: Final = "/api/v1/verify"
ASK_MAKER: Final = "maker"
ASKING_MAX: Final = 8  # makers asked at the same time; each takes a thread until it answers
HUB_WAITING_MAX: Final = 16  # scans about which the hub is asked at the same time
HUB_SECONDS_MAX: Final = 5.0  # longer than the hub is waited for, and the record
ASK_SECONDS_MAX: Final = 90.0  # longer than any setting of the verification service, and its record
PUBLIC_BYTES: Final = 2048
"""A public answer is as long as this, or a multiple of it: about the pack it is always shorter."""

PURPOSES: Final = ("dispense", "receive", "return", "investigate", "public")


class VerifyRequest(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What was scanned, where and what for; a misspelt ``site`` would switch the place rules off."""

    scan: str
    site: str = ""
    purpose: str = "dispense"
    key: str = ""
    station: str = ""  # a calibrated station: its profile is applied
    ask: str = ""  # "maker": ask the maker too, and wait for its answer
    customer: str = ""  # who returns it, for the purpose return
    attest: bool = False  # to the maker: the pack is in our hands
    receipt: bool = False  # a signed receipt of the verdict
    hidden: bool = False  # whose pack is named by a salted hash only


class VerifyEndpoint:
    """The verify address; ``node.verify`` runs on the event loop, since a thread hop costs more than it."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._verify = web.node.verify
        self._check_doors = web.doors.check
        self._verified = web.meter.verified
        self._decoder = msgspec.json.Decoder(VerifyRequest)
        self._encode = msgspec.json.Encoder().encode
        self._access = access_of(web)
        self._hub = Workers("hub", threads=HUB_WAITING_MAX, waiting_max=4 * HUB_WAITING_MAX)
        self._asking = Workers("vrs", threads=ASKING_MAX, waiting_max=4 * ASKING_MAX)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 200 with a verdict whatever it says; a problem when the request cannot be judged."""
        try:
            method = scope["method"]
            authorization = self._look_at(method, scope["headers"])
            if method != "POST":
                raise WrongMethod(f"{method} is not for this address.", advice="POST the scan as JSON.")
            body = await _body_of(receive)
        except RxtrailError as error:
            status, fields, answer = self._refusal(problems.of(error))
        else:
            waits = b'"ask"' in body or is_joined(self._web)
            status, fields, answer = await self._ask(body, authorization) if waits else self._judge(body, authorization)
        headers = [*fields, (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def answer_at_once(self, headers: list[Field], body: bytes) -> Reply | None:
        """The same for a POST whose body is here already, without a task of its own; None when others are asked."""
        try:
            authorization = self._look_at("POST", headers)
        except RxtrailError as error:
            return self._refusal(problems.of(error))
        return None if b'"ask"' in body or is_joined(self._web) else self._judge(body, authorization)

    def _judge(self, body: bytes, authorization: bytes) -> Reply:
        try:
            asked = decode_json(body, self._decoder)
            _expect_purpose(asked.purpose)
            if asked.ask:
                # Only with an escape in the name of the field; all other counters wait on this thread.
                raise BadRequest("The name of this field is written with an escape.", place="ask")
            began = time.perf_counter()
            grant = grant_by(self._access, authorization)
            if grant.open or self._access is None:
                verdict = self._verify(
                    asked.scan, site=asked.site, purpose=asked.purpose, key=asked.key, station=asked.station
                )
            else:
                verdict = self._access.verify(
                    grant,
                    hub_of(self._web).verify,
                    asked.scan,
                    site=asked.site,
                    purpose=asked.purpose,
                    key=asked.key,
                    station=asked.station,
                )
            self._verified(verdict.verdict, time.perf_counter() - began)
            site = asked.site if grant.open or self._access is None else grant.site
            answer = self._encode(self._receipted(verdict, asked, site))
            return 200, _FIELDS, answer if grant.known_site else _of_one_length(answer)
        except RxtrailError as error:
            self._web.failed(error)
            return self._refusal(problems.of(error))
        except Exception:  # noqa: BLE001 - the counter is told that there is no answer, never a wrong one
            _LOG.exception("our own mistake while judging a scan")
            return self._refusal(problems.internal())

    async def _ask(self, body: bytes, authorization: bytes) -> Reply:
        """Judge a scan and ask its maker, or the hub that was joined, in a thread of its own: no other work waits."""
        try:
            asked = decode_json(body, self._decoder)
            _expect_purpose(asked.purpose)
            if asked.ask not in ("", ASK_MAKER):
                raise BadRequest(f"{asked.ask[:40]!r} cannot be asked.", place="ask", advice=f"Only {ASK_MAKER!r} can.")
            if not asked.ask:
                if not is_joined(self._web):
                    return self._judge(body, authorization)
                return await self._hub.call(partial(self._judge, body, authorization), seconds=HUB_SECONDS_MAX)
            if not grant_by(self._access, authorization).open:
                raise BadRequest(
                    "The maker is asked by this node's own people only.", place="ask", advice="Leave it out."
                )
            work = partial(
                vrs_of(self._web.node).verify,
                asked.scan,
                site=asked.site,
                purpose=asked.purpose,
                key=asked.key,
                station=asked.station,
                customer=asked.customer,
                attest=asked.attest,
            )
            began = time.perf_counter()
            verdict = await self._asking.call(work, seconds=ASK_SECONDS_MAX)
            self._verified(verdict.verdict, time.perf_counter() - began)
            return 200, _FIELDS, self._encode(self._receipted(verdict, asked, asked.site))
        except RxtrailError as error:
            self._web.failed(error)
            return self._refusal(problems.of(error))
        except Exception:  # noqa: BLE001 - as above
            _LOG.exception("our own mistake while asking a maker")
            return self._refusal(problems.internal())

    def _receipted(self, verdict: Verdict, asked: VerifyRequest, site: str) -> Verdict:
        """Sign the verdict for a place that the asker has proved to be, or that nobody has to prove here."""
        if not asked.receipt:
            return verdict
        return with_receipt(self._web, verdict, site=site, hidden=asked.hidden)

    def _look_at(self, method: str, headers: Iterable[Field]) -> bytes:
        """Judge the headers in one pass; give the authorization."""
        host = origin = content_type = authorization = b""
        for name, value in headers:
            if name == b"host":
                host = value
            elif name == b"content-type":
                content_type = value
            elif name == b"origin":
                origin = value
            elif name == b"authorization":
                if authorization:
                    raise two_keys()
                authorization = value
        self._check_doors(method, host, origin)
        # A form of another site cannot send this type without asking first, so it also keeps forgeries out.
        if (
            content_type != b"application/json"
            and method == "POST"
            and media_type_of(content_type.decode("latin-1")) not in JSON_TYPES
        ):
            raise WrongMediaType("A scan is sent as JSON.", advice="Send Content-Type: application/json.")
        return authorization

    def _refusal(self, problem: Problem) -> Reply:
        more = [(name.encode(), value.encode()) for name, value in problems.headers_of(problem).items()]
        if problem.code == WrongMethod.code:
            more.append((b"allow", b"POST"))
        self._web.meter.answered("POST", problem.status)
        return problem.status, [_PROBLEM, *API_HEADERS, *more], problems.encode(problem)


def _of_one_length(answer: bytes) -> bytes:
    """Fill up a public answer: who only sees how long it is learns nothing of the pack. JSON may end with blanks."""
    return answer.ljust(-(-len(answer) // PUBLIC_BYTES) * PUBLIC_BYTES)


def _expect_purpose(purpose: str) -> None:
    if purpose not in PURPOSES:
        raise BadRequest(f"{purpose!r} is not a purpose.", place="purpose", advice=f"One of {', '.join(PURPOSES)}.")


_FIELDS: Final = [(b"content-type", b"application/json"), *API_HEADERS]
_PROBLEM: Final = (b"content-type", problems.MEDIA_TYPE.encode())


async def _body_of(receive: Receive) -> bytes:
    """The whole body, mostly one message; raises ``TooLarge`` or ``UploadBroken``."""
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise UploadBroken("The scan broke off.", advice="Send it again.")
        body += message.get("body", b"")
        if len(body) > limits.REQUEST_BYTES_MAX:
            raise TooLarge("REQUEST_BYTES_MAX", limits.REQUEST_BYTES_MAX)
        if not message.get("more_body", False):
            return body
