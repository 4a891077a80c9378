"""The raw documents that are kept."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.answers import CaptureReceipt, Document
from rxtrail.errors import BadRequest, NotFound
from rxtrail.web.context import Endpoint, Web, json_response, path_part, query_of
from rxtrail.web.paging import PageQuery, next_page
from rxtrail.web.streaming import streamed

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class DocumentPage(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Documents; ``next`` is the address of the page after this one."""

    documents: list[Document]
    next: str = ""


async def list_documents(web: Web, request: Request) -> Response:
    """Answer with a page of documents."""
    asked = query_of(request, PageQuery)
    rows = await web.read(partial(web.node.documents, asked.after, asked.limit + 1))
    page, address = next_page(request, rows, asked.limit, lambda document: document.sha256)
    return json_response(DocumentPage(page, address))


def digest_of(request: Request) -> str:
    """The SHA-256 in the path; raises ``BadRequest``."""
    sha256 = path_part(request, "sha256").removeprefix("sha256:").lower()
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise BadRequest("A document is named by 64 hexadecimal digits.", place="sha256")
    return sha256


async def get_receipt(web: Web, request: Request) -> Response:
    """Answer with a document's receipt and findings."""
    return json_response(await web.read(partial(web.node.document_receipt, digest_of(request))))


async def get_raw(web: Web, request: Request) -> Response:
    """Stream a document as it came: a download, since a partner's file must never run as a page of ours."""
    sha256 = digest_of(request)
    return await streamed(
        web,
        partial(web.node.document_raw, sha256),
        media_type="application/octet-stream",
        file_name=f"{sha256}.epcis",
    )


_DOCUMENTS: Final = "/api/v1/documents"
ENDPOINTS: Final = (
    Endpoint(
        "GET",
        _DOCUMENTS,
        "Documents that are kept.",
        list_documents,
        DocumentPage,
        query=PageQuery,
        refusals=(BadRequest,),
    ),
    Endpoint(
        "GET",
        f"{_DOCUMENTS}/{{sha256}}",
        "The receipt of a document, with its findings.",
        get_receipt,
        CaptureReceipt,
        refusals=(BadRequest, NotFound),
    ),
    Endpoint(
        "GET",
        f"{_DOCUMENTS}/{{sha256}}/raw",
        "The bytes of a document as they came.",
        get_raw,
        ("application/octet-stream",),
        refusals=(BadRequest, NotFound),
    ),
)
