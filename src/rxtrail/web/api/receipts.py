"""Receipts of verdicts: given with a verdict, drawn as a QR code, checked by anybody."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.responses import Response

from rxtrail import clock, receipts
from rxtrail.answers import Verdict
from rxtrail.core.gs1.scan import read_scan
from rxtrail.errors import BadRequest
from rxtrail.keys import BadKey, VerifierKey
from rxtrail.receipts import BadReceipt, ReceiptCheck
from rxtrail.web import refusals
from rxtrail.web.api.sites import node_of
from rxtrail.web.body import read_json
from rxtrail.web.context import Endpoint, Web, json_response, query_of

if TYPE_CHECKING:
    from starlette.requests import Request


class ReceiptedVerdict(Verdict, frozen=True, gc=False, omit_defaults=False):
    """A verdict with its receipt, which is there when it was asked for and the code names a pack."""

    receipt: str = ""


class ReceiptQuestion(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A receipt, the verifier key of the node that it should come from ("" for this one), and a pack ("" for none)."""

    receipt: str
    key: str = ""
    scan: str = ""


class QrQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The receipt to draw."""

    receipt: str


_QUESTION = msgspec.json.Decoder(ReceiptQuestion)


def with_receipt(web: Web, verdict: Verdict, *, site: str, hidden: bool) -> Verdict:
    """The verdict with its receipt; without one when the code names no pack."""
    receipt = ""
    if verdict.pack.gtin and verdict.pack.serial:
        key = node_of(web).key()
        receipt = receipts.issue(verdict, key, site=site, hidden=hidden, random_bytes=clock.random_bytes)
    return ReceiptedVerdict(**msgspec.structs.asdict(verdict), receipt=receipt)


async def check_receipt(web: Web, request: Request) -> Response:
    """Answer with what a receipt says and whether it is genuine."""
    asked = await read_json(request, _QUESTION)
    return json_response(await web.read(partial(_check, web, asked)))


def _check(web: Web, asked: ReceiptQuestion) -> ReceiptCheck:
    key = VerifierKey.parse(asked.key) if asked.key else node_of(web).key().verifier
    scan = read_scan(asked.scan, this_year=clock.today().year) if asked.scan else None
    return receipts.check(asked.receipt, key, scan=scan)


async def draw_receipt(web: Web, request: Request) -> Response:
    """Answer with a receipt as a QR code."""
    from rxtrail.receipts import qr  # noqa: PLC0415 (only who draws needs the library)

    text = "".join(query_of(request, QrQuery).receipt.split()).upper()
    receipts.read(text)  # nothing else is drawn here
    return Response(await web.read(partial(qr.svg, text)), media_type="image/svg+xml")


ENDPOINTS: Final = (
    Endpoint(
        "POST",
        "/api/v1/receipts/check",
        "What a receipt says, and whether the node of that key gave it.",
        check_receipt,
        ReceiptCheck,
        body=ReceiptQuestion,
        refusals=(BadRequest, BadReceipt, BadKey, refusals.TooLarge, refusals.WrongMediaType),
    ),
    Endpoint(
        "GET",
        "/api/v1/receipts/qr",
        "A receipt as a QR code.",
        draw_receipt,
        ("image/svg+xml",),
        query=QrQuery,
        refusals=(BadRequest, BadReceipt),
    ),
)
