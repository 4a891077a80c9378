"""Subscriptions by webhook: made, listed, ended. What is sent is signed with the client's own token."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from rxtrail.core.epcis.times import instant
from rxtrail.epcis_query.refusals import BadSubscription
from rxtrail.epcis_query.subscriptions import Subscription, Wish
from rxtrail.record.times import iso
from rxtrail.web.context import path_part
from rxtrail.web.epcis import writing
from rxtrail.web.epcis.lists import list_headers, list_query
from rxtrail.web.epcis.queries import read_body
from rxtrail.web.epcis.speaking import check_taken
from rxtrail.web.epcis.visitor import node_of, visitor_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from rxtrail.web.context import Web
    from rxtrail.web.epcis.speaking import Speaks


class SubscriptionRequest(msgspec.Struct, frozen=True):
    """What is sent to subscribe; members that we do not know are left alone."""

    dest: str
    signatureToken: str = ""  # noqa: N815 (the standard's own name)
    secret: str = ""
    stream: bool = False
    schedule: dict[str, str] = {}
    initialRecordTime: str = ""  # noqa: N815
    reportIfEmpty: bool = False  # noqa: N815


class Shown(msgspec.Struct, frozen=True):
    """A subscription with the one time that OPTIONS tells."""

    subscription: Subscription

    @property
    def min_record_time(self) -> str:
        """Since when events are told next."""
        return iso(self.subscription.min_record_time)


_decoder = msgspec.json.Decoder(SubscriptionRequest)


def told(each: Subscription) -> dict[str, Any]:
    """Give a subscription as EPCIS 2.0 tells it, without its secret."""
    found: dict[str, Any] = {
        "subscriptionID": each.shown,
        "queryName": each.query_name,
        "dest": each.dest,
        "createdAt": iso(each.created_at),
        "initialRecordTime": iso(each.initial_record_time),
        "minRecordTime": iso(each.min_record_time),
        "epcFormat": each.epc_format,
        "reportIfEmpty": each.report_if_empty,
    }
    if each.last_notified:
        found["lastNotifiedAt"] = iso(each.last_notified)
    if each.last_error:
        found["lastError"] = each.last_error
    found.update({"stream": True} if each.stream else {"schedule": each.schedule})
    return found


def moment_of(text: str) -> int:
    """Read an initialRecordTime; raises BadSubscription."""
    if not text:
        return 0
    found = instant(text)
    if found is None:
        raise BadSubscription(f"initialRecordTime {text[:80]!r} is no time", place="initialRecordTime")
    return found[0]


async def post_subscription(web: Web, request: Request, speaks: Speaks) -> Response:
    """Subscribe to a query: 201 with the subscription."""
    check_taken(request)
    visitor = visitor_of(web, request)
    name = path_part(request, "queryName")
    asked: SubscriptionRequest = await read_body(request, _decoder)
    wish = Wish(
        dest=asked.dest,
        token=asked.signatureToken or asked.secret,
        stream=asked.stream,
        schedule=asked.schedule,
        report_if_empty=asked.reportIfEmpty,
        initial_record_time=moment_of(asked.initialRecordTime),
        epc_format=speaks.epc_format,
        cbv_format=speaks.cbv_format,
    )
    epcis = node_of(web).epcis

    def create() -> Subscription:
        return epcis.subscriptions.create(epcis.named.find(name, owner=visitor.sees), wish, owner=visitor.sees)

    made = await web.write(create)
    headers = {"location": f"/epcis/queries/{quote(name, safe='')}/subscriptions/{quote(made.shown, safe='')}"}
    return writing.json_or_xml(told(made), speaks, root="Subscription", status=201, headers=headers)


async def list_subscriptions(web: Web, request: Request, speaks: Speaks) -> Response:
    """Answer with a page of the subscriptions of a query."""
    visitor = visitor_of(web, request)
    name = path_part(request, "queryName")
    scope = f"subscriptions\n{visitor.sees}\n{name}"
    asked = list_query(web, request, scope)
    epcis = node_of(web).epcis

    def read() -> list[Subscription]:
        epcis.named.find(name, owner=visitor.sees)
        rows = sorted(epcis.subscriptions.of_query(name, owner=visitor.sees), key=lambda each: each.id)
        return [each for each in rows if each.id > asked.after][: asked.count + 1]

    rows = await web.read(read)
    last = rows[asked.count - 1].id if len(rows) > asked.count else ""
    headers = list_headers(web, request, asked, scope, last)
    shown = [told(each) for each in rows[: asked.count]]
    body = {"subscription": shown} if speaks.xml else shown
    return writing.json_or_xml(body, speaks, root="Subscriptions", headers=headers)


def find(web: Web, request: Request, viewer: str) -> Shown:
    """Give the subscription that an address names; raises NotFound."""
    found = node_of(web).epcis.subscriptions.find(
        path_part(request, "subscriptionID"), query=path_part(request, "queryName"), owner=viewer
    )
    return Shown(found)


async def get_subscription(web: Web, request: Request, speaks: Speaks) -> Response:
    """Answer with one subscription."""
    visitor = visitor_of(web, request)
    found = await web.read(partial(find, web, request, visitor.sees))
    headers = {"gs1-query-min-record-time": found.min_record_time}
    return writing.json_or_xml(told(found.subscription), speaks, root="Subscription", headers=headers)


async def delete_subscription(web: Web, request: Request, speaks: Speaks) -> Response:
    """Unsubscribe."""
    visitor = visitor_of(web, request)
    drop = partial(
        node_of(web).epcis.subscriptions.drop,
        path_part(request, "subscriptionID"),
        query=path_part(request, "queryName"),
        owner=visitor.sees,
    )
    await web.write(drop)
    return writing.answer(b"", speaks, status=204)
