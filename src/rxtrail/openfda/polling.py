"""openFDA's API, asked page by page; where it stopped is kept with each page, so that the next call goes on there."""

from __future__ import annotations

import io
import itertools
import re
import time
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from rxtrail.errors import BadRequest, Refused
from rxtrail.outbound import HttpReply, Unreachable, request

if TYPE_CHECKING:
    from rxtrail.openfda.loading import Loading, LoadReport

BASE_URL: Final = "https://api.fda.gov"
ENFORCEMENT: Final = "enforcement"
"""The dataset of recalls: asked for as the others are, but opened as recalls, and not kept beside the record."""
BEGUN_ANEW_MAX: Final = 3
LIMIT_MAX: Final = 1_000
SKIP_MAX: Final = 25_000
"""openFDA: "skip" may be this much; beyond it the pages are reached by the address in the header field Link."""
PAGE_BYTES_MAX: Final = 256 << 20
CONNECT_SECONDS: Final = 10.0
PAGE_SECONDS: Final = 120.0
TRIES_MAX: Final = 5
WAIT_SECONDS_MAX: Final = 60.0
_NEXT = re.compile(r'<([^>]*)>\s*;[^,]*\brel\s*=\s*"?next\b', re.IGNORECASE)


class PollOrder(msgspec.Struct, frozen=True, gc=False):
    """What is asked: which records (openFDA's own search syntax, "" for all), how many a page, from whom."""

    search: str = ""
    limit: int = LIMIT_MAX
    base_url: str = BASE_URL
    key: str = ""
    restart: bool = False


class PollReport(msgspec.Struct, frozen=True, gc=False):
    """What a poll did; ``resumed`` records were loaded by calls before that did not come to the end."""

    dataset: str
    search: str
    pages: int
    records: int
    resumed: int
    total: int
    kept: int
    faults: int


class _Results(msgspec.Struct, frozen=True, gc=False):
    total: int = 0


class _Meta(msgspec.Struct, frozen=True, gc=False):
    results: _Results = _Results()


class _Head(msgspec.Struct, frozen=True, gc=False):
    meta: _Meta = _Meta()


class Page(msgspec.Struct, frozen=True, gc=False):
    """One answer: its bytes, how many records there are in all, and the query of the next page ("" at the end)."""

    body: bytes
    total: int
    next: str


def first_query(order: PollOrder) -> str:
    """Give the query of the first page; the key is never a part of what is kept.

    :raises BadRequest: the limit is none that openFDA takes.
    """
    if not 1 <= order.limit <= LIMIT_MAX:
        raise BadRequest(f"a page has 1 to {LIMIT_MAX:,} records", place="limit")
    asked = {"search": order.search, "limit": str(order.limit)}
    return urlencode({name: value for name, value in asked.items() if value})


def fetch(dataset: str, order: PollOrder, query: str) -> Page:
    """Ask for one page; waits and asks again where openFDA asks for that.

    :raises Unreachable: no answer that can be used; the next call goes on with this page.
    :raises Refused: openFDA does not take the question.
    """
    address = f"{order.base_url.rstrip('/')}/drug/{dataset}.json"
    with_key = f"{query}&{urlencode({'api_key': order.key})}" if order.key else query
    for attempt in itertools.count(1):
        reply = request(
            "GET", f"{address}?{with_key}", connect_seconds=CONNECT_SECONDS, seconds=PAGE_SECONDS,
            headers={"Accept": "application/json"}, body_bytes_max=PAGE_BYTES_MAX,
        )  # fmt: skip
        if reply.status == 200:
            return _page(reply, query)
        if reply.status == 404 and b"NOT_FOUND" in reply.body:
            return Page(b'{"results":[]}', 0, "")  # openFDA's way to say that nothing was found
        if reply.status != 429 and reply.status < 500:
            words = reply.body[:200].decode("utf-8", "replace")
            raise Refused(
                f"openFDA answered {reply.status}: {words}", place="search", advice="See the fields of this dataset."
            )
        if attempt == TRIES_MAX:
            raise Unreachable(f"openFDA answered {reply.status} {TRIES_MAX} times", sent=True)
        time.sleep(_wait(reply, attempt))
    raise AssertionError("unreachable: the loop ends by an answer or an error")


def load_page(loading: Loading, page: Page, name: str) -> LoadReport:
    """Load one page."""
    loading.file(io.BytesIO(page.body), name)
    return loading.report()


def has_moved(query: str, before: int, page: Page) -> bool:
    """Tell whether there are other records than before, so that what ``skip`` passes over is not what was read."""
    return bool(before) and page.total != before and "skip=" in query


def _page(reply: HttpReply, query: str) -> Page:
    try:
        total = msgspec.json.decode(reply.body, type=_Head).meta.results.total
    except (msgspec.DecodeError, RecursionError) as wrong:
        raise Unreachable(f"what came is no page of openFDA: {wrong}", sent=True) from wrong
    return Page(reply.body, total, _next_query(reply, query, total))


def _next_query(reply: HttpReply, query: str, total: int) -> str:
    """Give the query of the next page: what Link says, else a greater ``skip``. Another host is never asked."""
    link = _NEXT.search(reply.headers.get("link", ""))
    if link is not None:
        given = parse_qsl(urlsplit(link[1]).query, keep_blank_values=True)
        return urlencode([(name, value) for name, value in given if name != "api_key"])
    asked = dict(parse_qsl(query, keep_blank_values=True))
    skip = int(asked.get("skip", "0")) + int(asked.get("limit", "1"))
    if skip >= total or "search_after" in asked:
        return ""
    if skip > SKIP_MAX:
        raise Refused(
            f"openFDA gives the first {SKIP_MAX:,} of {total:,} records by its API, and no way to the rest",
            place="search",
            advice="Narrow --search, or load the downloaded files: rxtrail openfda load.",
        )
    return urlencode({**asked, "skip": str(skip)})


def _wait(reply: HttpReply, attempt: int) -> float:
    told = reply.headers.get("retry-after", "")
    seconds = float(told) if told.isascii() and told.isdecimal() else 2.0**attempt
    return min(seconds, WAIT_SECONDS_MAX)
