"""A client of an EPCIS 2.0 repository: capture, query page by page, tables, subscriptions.

Made for rxtrail, and usable with any repository that speaks the REST binding of EPCIS 2.0. Safe to use from one thread;
make one client a thread.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from rxtrail.client.events import EpcisEvent, Events
from rxtrail.client.refusals import Refusal, problem_of
from rxtrail.outbound.lasting import Lasting

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from rxtrail.outbound import HttpReply

__all__ = ["CaptureJob", "Client", "EpcisEvent", "Events", "Refusal", "Subscription", "verify_signature"]

ANSWER_BYTES_MAX: Final = 1 << 30
ADDRESS_CHARACTERS_MAX: Final = 6_000
PAGE: Final = 1_000
_JSON: Final = {"Content-Type": "application/json", "Accept": "application/json"}
_MEDIA: Final = {b"<": "application/xml", b"{": "application/json", b"[": "application/json"}


class CaptureJob(msgspec.Struct, frozen=True, rename="camel"):
    """How far a capture is, and what went wrong with which event."""

    capture_id: str = msgspec.field(name="captureID")
    running: bool
    success: bool
    capture_error_behaviour: str = "rollback"
    created_at: str = ""
    finished_at: str = ""
    errors: list[dict[str, Any]] = []


class Subscription(msgspec.Struct, frozen=True, rename="camel"):
    """A standing query and to whom its events are sent."""

    subscription_id: str = msgspec.field(name="subscriptionID")
    dest: str
    created_at: str = ""
    query_name: str = ""
    stream: bool = False
    schedule: dict[str, str] = {}
    report_if_empty: bool = False
    initial_record_time: str = ""
    min_record_time: str = ""
    last_notified_at: str = ""


class Client:
    """One repository; ``base`` is the address under which its ``/events`` and ``/capture`` are."""

    def __init__(
        self,
        base: str = "http://127.0.0.1:8470/epcis",
        *,
        key: str = "",
        seconds: float = 60.0,
        epc_format: str = "Always_GS1_Digital_Link",
        prefixes: Mapping[str, str] | None = None,
    ) -> None:
        """``key`` is a site key; ``prefixes`` name the namespaces of extension fields in parameters.

        :raises BadRequest: the address is none that may be asked.
        """
        self._base = base.rstrip("/")
        self._seconds = seconds
        self._server = Lasting(self._base)
        self._root = urlsplit(self._base).path
        self._headers = {"Accept": "application/json", "GS1-EPC-Format": epc_format}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        if prefixes:
            self._headers["GS1-Extensions"] = ",".join(f"{prefix}={iri}" for prefix, iri in prefixes.items())

    def __enter__(self) -> Self:
        """Use the client as a context manager."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Let the connections go."""
        self._server.close()

    # -- capture ---------------------------------------------------------------------------------------------------

    def capture(self, document: bytes, *, proceed: bool = False, wait_seconds: float = 300.0) -> CaptureJob:
        """Send a document, XML or JSON, and wait until it is captured; with ``wait_seconds`` 0 do not wait.

        :raises Refusal: the repository does not take it.
        :raises TimeoutError: it was not captured in time; its job goes on.
        """
        media_type = _MEDIA.get(document.lstrip()[:1], "application/xml")
        behaviour = "proceed" if proceed else "rollback"
        headers = {"Content-Type": media_type, "GS1-Capture-Error-Behaviour": behaviour}
        reply = self._ask("POST", "/capture", headers=headers, body=document, seconds=max(self._seconds, wait_seconds))
        name = reply.headers["location"].rpartition("/")[2]
        until, pause = time.monotonic() + wait_seconds, 0.01
        while True:
            job = self.job(name)
            if not job.running or not wait_seconds:
                return job
            if time.monotonic() > until:
                raise TimeoutError(f"capture {name} is not done after {wait_seconds:g} seconds")
            time.sleep(pause)
            pause = min(1.0, pause * 1.5)

    def job(self, capture_id: str) -> CaptureJob:
        """Tell how far a capture is; raises Refusal."""
        return msgspec.json.decode(self._ask("GET", f"/capture/{quote(capture_id, safe='')}").body, type=CaptureJob)

    def add_event(self, event: Mapping[str, Any]) -> EpcisEvent:
        """Capture one event at once and give it as it was captured.

        :raises Refusal: it is not taken; its ``status`` is 409 when one of its name is on record.
        """
        reply = self._ask("POST", "/events", headers=_JSON, body=msgspec.json.encode(event))
        return EpcisEvent.of(msgspec.json.decode(reply.body))

    # -- events ----------------------------------------------------------------------------------------------------

    def events(self, *, query: str = "", per_page: int = PAGE, **parameters: Any) -> Events:  # noqa: ANN401
        """Give the events that fit all parameters, read page by page as they are asked for.

        Parameters are those of the standard: ``EQ_bizStep=["shipping"]``, ``GE_eventTime=datetime(...)``. Those whose
        names Python cannot spell go in ``**{"EQ_ILMD_cbvmda:lotNumber": ["L7"]}``. ``query`` names a kept query.
        """
        asked = {name: _written(value) for name, value in parameters.items()}
        return Events(lambda: self._pages(query, per_page, asked))

    def event(self, event_id: str) -> list[EpcisEvent]:
        """Give the event of a name, and the declarations that repeat it; raises Refusal (404)."""
        reply = self._ask("GET", f"/events/{quote(event_id, safe='')}")
        return [EpcisEvent.of(each) for each in _event_list(reply.body)]

    def _pages(self, query: str, per_page: int, asked: dict[str, list[str]]) -> Iterator[list[dict[str, Any]]]:
        path = f"/queries/{quote(query, safe='')}/events" if query else "/events"
        pairs = [(name, "|".join(values)) for name, values in asked.items()]
        address = f"{path}?{urlencode([*pairs, ('perPage', str(per_page))])}"
        kept = ""
        try:
            if len(address) > ADDRESS_CHARACTERS_MAX and not query:
                # Too long for an address: the query is kept under a name as long as its pages are read.
                kept = f"client-{hashlib.sha256(address.encode()).hexdigest()[:16]}-{time.monotonic_ns()}"
                self.create_query(kept, asked)
                address = f"/queries/{kept}/events?perPage={per_page}"
            while address:
                reply = self._ask("GET", address)
                yield _event_list(reply.body)
                address = self._next(reply)
        finally:
            if kept:
                self.delete_query(kept)

    def _next(self, reply: HttpReply) -> str:
        link = reply.headers.get("link", "")
        if 'rel="next"' not in link:
            return ""
        target = link[link.index("<") + 1 : link.index(">")]
        parts = urlsplit(target)
        return f"{parts.path.removeprefix(self._root)}?{parts.query}"

    # -- named queries and subscriptions -----------------------------------------------------------------------------

    def create_query(self, name: str, parameters: Mapping[str, Any]) -> None:
        """Keep a query under a name; raises Refusal (409 when the name is taken)."""
        query = {parameter: _listed(value) for parameter, value in parameters.items()}
        body = msgspec.json.encode({"name": name, "query": query})
        self._ask("POST", "/queries", headers=_JSON, body=body)

    def delete_query(self, name: str) -> None:
        """Delete a query and end its subscriptions; raises Refusal."""
        self._ask("DELETE", f"/queries/{quote(name, safe='')}")

    def subscribe(
        self,
        query: str,
        dest: str,
        *,
        token: str = "",
        schedule: Mapping[str, str] | None = None,
        initial_record_time: datetime.datetime | None = None,
        report_if_empty: bool = False,
    ) -> Subscription:
        """Have the events of a query sent to an address, as they come, or by a schedule when one is given.

        What is sent is signed with ``token``: see :func:`verify_signature`.

        :raises Refusal: the subscription makes no sense.
        """
        body: dict[str, Any] = {"dest": dest, "signatureToken": token, "reportIfEmpty": report_if_empty}
        body |= {"schedule": dict(schedule)} if schedule else {"stream": True}
        if initial_record_time is not None:
            body["initialRecordTime"] = initial_record_time.isoformat()
        path = f"/queries/{quote(query, safe='')}/subscriptions"
        reply = self._ask("POST", path, headers=_JSON, body=msgspec.json.encode(body))
        return msgspec.json.decode(reply.body, type=Subscription)

    def subscriptions(self, query: str) -> list[Subscription]:
        """Give all subscriptions of a query; raises Refusal."""
        found: list[Subscription] = []
        address = f"/queries/{quote(query, safe='')}/subscriptions"
        while address:
            reply = self._ask("GET", address)
            found += msgspec.json.decode(reply.body, type=list[Subscription])
            address = self._next(reply)
        return found

    def unsubscribe(self, query: str, subscription_id: str) -> None:
        """End a subscription; raises Refusal."""
        self._ask("DELETE", f"/queries/{quote(query, safe='')}/subscriptions/{quote(subscription_id, safe='')}")

    def _ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        seconds: float = 0.0,
    ) -> HttpReply:
        reply = self._server.request(
            method,
            path,
            seconds=seconds or self._seconds,
            headers={**self._headers, **(headers or {})},
            body=body,
            body_bytes_max=ANSWER_BYTES_MAX,
        )
        if reply.status >= 400:
            raise problem_of(reply)
        return reply


def verify_signature(token: str, body: bytes, signature: str) -> bool:
    """Tell whether a webhook's body was signed with one's own token; ``signature`` is its GS1-Signature."""
    wanted = "sha256=" + hmac.new(token.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, signature)


def _event_list(body: bytes) -> list[dict[str, Any]]:
    document = msgspec.json.decode(body)
    found: list[dict[str, Any]] = document["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return found


def _listed(value: Any) -> Any:  # noqa: ANN401 (what a parameter takes)
    return value if isinstance(value, list | tuple | bool | int | float) else _written(value)[0]


def _written(value: Any) -> list[str]:  # noqa: ANN401
    """Write a value as a query string has it."""
    if value is None or value is True:
        return ["true"]
    if value is False:
        return ["false"]
    if isinstance(value, list | tuple | set | frozenset):
        return [text for each in value for text in _written(each)]
    if hasattr(value, "isoformat"):
        return [value.isoformat() if value.tzinfo is not None else f"{value.isoformat()}Z"]
    return [str(value)]
