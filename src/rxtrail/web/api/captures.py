"""EPCIS documents in: streamed to the node, accepted or refused whole, applied in the background."""

from __future__ import annotations

import io
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final, cast

import msgspec
from msgspec.structs import replace

from rxtrail import clock
from rxtrail.answers import CaptureJob, CaptureReceipt
from rxtrail.errors import BadDocument, BadRequest, NotFound
from rxtrail.web import limits, refusals
from rxtrail.web.body import DOCUMENT_TYPES, BodyStream, expect_media_type, file_name
from rxtrail.web.context import Endpoint, Web, json_response, path_part, query_of
from rxtrail.web.paging import PageQuery, next_page

if TYPE_CHECKING:
    from typing import BinaryIO

    from starlette.requests import Request
    from starlette.responses import Response


class CaptureQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``proceed`` keeps the good events of a document that is refused; ``wait`` answers with the receipt."""

    name: str = ""
    proceed: bool = False
    wait: bool = False


class JobPage(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Captures, newest first; ``next`` is the address of the page after this one."""

    jobs: list[CaptureJob]
    next: str = ""


async def capture(web: Web, request: Request) -> Response:
    """Take in one document: 202 with its job, or with ``wait`` 200 with its receipt."""
    asked = query_of(request, CaptureQuery)
    expect_media_type(request, DOCUMENT_TYPES)
    raw = BodyStream.of(request, limit="DOCUMENT_BYTES_MAX", bytes_max=limits.DOCUMENT_BYTES_MAX)
    stream = cast("BinaryIO", io.BufferedReader(raw, limits.MIB))
    name = file_name(asked.name) or "upload"
    began_at = clock.now_us()
    if asked.wait:
        work = partial(web.node.capture, stream, name=name, proceed=asked.proceed)
        return json_response(await web.uploads.call(work, seconds=limits.UPLOAD_SECONDS_MAX))
    work_later = partial(web.node.submit, stream, name=name, proceed=asked.proceed)
    job = told_again(await web.uploads.call(work_later, seconds=limits.UPLOAD_SECONDS_MAX), began_at)
    return json_response(job, status=202, headers={"location": f"/api/v1/capture/{job.job}"})


def told_again(job: CaptureJob, began_at: int) -> CaptureJob:
    """The job of a document that was captured before this request began: its receipt says that nothing is new."""
    created_ms = round(datetime.fromisoformat(job.created_at).timestamp() * 1000)
    if job.receipt is None or created_ms >= began_at // 1000:
        return job
    receipt = replace(job.receipt, duplicate=True, new_events=0, packages=0, log_index=-1)
    return replace(job, receipt=receipt)


async def get_job(web: Web, request: Request) -> Response:
    """Answer how far a capture is."""
    return json_response(await web.read(partial(web.node.job, path_part(request, "job"))))


async def list_jobs(web: Web, request: Request) -> Response:
    """Answer with a page of captures."""
    asked = query_of(request, PageQuery)
    jobs = await web.read(partial(web.node.jobs, asked.after, asked.limit + 1))
    page, address = next_page(request, jobs, asked.limit, lambda job: job.job)
    return json_response(JobPage(page, address))


_CAPTURE: Final = "/api/v1/capture"
ENDPOINTS: Final = (
    Endpoint(
        "POST",
        _CAPTURE,
        "Capture an EPCIS document (XML 1.0-2.0, JSON or JSON-LD 2.0); ?wait=1 answers 200 with the receipt.",
        capture,
        CaptureJob,
        status=202,
        others=((200, CaptureReceipt),),
        query=CaptureQuery,
        body=DOCUMENT_TYPES,
        refusals=(
            BadDocument,
            BadRequest,
            refusals.TooLarge,
            refusals.WrongMediaType,
            refusals.Overloaded,
            refusals.UploadBroken,
        ),
    ),
    Endpoint(
        "GET",
        _CAPTURE,
        "Captures, newest first.",
        list_jobs,
        JobPage,
        query=PageQuery,
        refusals=(BadRequest,),
    ),
    Endpoint(
        "GET",
        f"{_CAPTURE}/{{job}}",
        "How far a capture is, with its receipt when it has ended.",
        get_job,
        CaptureJob,
        refusals=(NotFound,),
    ),
)
