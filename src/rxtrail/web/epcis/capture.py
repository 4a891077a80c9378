"""Capture of documents: accepted whole with a job, applied in the background, told event by event what went wrong.

Source: EPCIS 2.0, clause 12.4. A document of which nothing can be read is refused at once; with ``proceed`` an event
without a readable time is left out and told in the job, and the others are kept.
"""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from rxtrail.capture import EVENTS_MAX
from rxtrail.core.epcis.limits import JSON_BYTES_MAX
from rxtrail.errors import BadRequest
from rxtrail.web import limits
from rxtrail.web.body import BodyStream, expect_media_type
from rxtrail.web.context import path_part
from rxtrail.web.epcis import writing
from rxtrail.web.epcis.lists import list_headers, list_query
from rxtrail.web.epcis.speaking import JSON_TYPES, XML_TYPES, Speaks, check_taken
from rxtrail.web.epcis.visitor import node_of, visitor_of

if TYPE_CHECKING:
    from typing import BinaryIO

    from starlette.requests import Request
    from starlette.responses import Response

    from rxtrail.answers import CaptureJob
    from rxtrail.web.context import Web

BEHAVIOURS: Final = ("rollback", "proceed")
LIMIT_HEADERS: Final = {
    "gs1-epcis-capture-limit": str(EVENTS_MAX),
    "gs1-epcis-capture-file-size-limit": str(JSON_BYTES_MAX),
    "gs1-capture-error-behaviour": "all",
}
_LEFT_OUT: Final = "NO_EVENT_TIME"


async def post_capture(web: Web, request: Request, speaks: Speaks) -> Response:
    """Take in one document: 202 with the address of its job."""
    check_taken(request)
    behaviour = request.headers.get("gs1-capture-error-behaviour", "").strip() or BEHAVIOURS[0]
    if behaviour not in BEHAVIOURS:
        raise BadRequest(
            f"GS1-Capture-Error-Behaviour is rollback or proceed, not {behaviour[:40]!r}.",
            place="GS1-Capture-Error-Behaviour",
        )
    media_type = expect_media_type(request, (*JSON_TYPES, *XML_TYPES))
    bytes_max = JSON_BYTES_MAX if media_type in JSON_TYPES else limits.DOCUMENT_BYTES_MAX
    raw = BodyStream.of(request, limit="GS1-EPCIS-Capture-File-Size-Limit", bytes_max=bytes_max)
    stream = cast("BinaryIO", io.BufferedReader(raw, limits.MIB))
    visitor = visitor_of(web, request)
    work = partial(
        node_of(web).submit, stream, name="epcis-capture", proceed=behaviour == "proceed", speaker=visitor.sees
    )
    job = await web.uploads.call(work, seconds=limits.UPLOAD_SECONDS_MAX)
    headers = {"location": f"/epcis/capture/{job.job}", "gs1-capture-error-behaviour": behaviour}
    return writing.answer(b"", speaks, status=202, headers=headers)


async def get_job(web: Web, request: Request, speaks: Speaks) -> Response:
    """Answer how far a capture is."""
    visitor = visitor_of(web, request)
    name = path_part(request, "captureID")
    job = await web.read(partial(node_of(web).epcis.job, node_of(web).job, name, viewer=visitor.sees))
    if speaks.xml:
        return writing.answer(_xml(job).encode(), speaks)
    return writing.json_or_xml(told(job), speaks, root="EPCISCaptureJob")


async def list_jobs(web: Web, request: Request, speaks: Speaks) -> Response:
    """Answer with a page of captures, newest first."""
    visitor = visitor_of(web, request)
    scope = f"capture\n{visitor.sees}"
    asked = list_query(web, request, scope)
    read = partial(node_of(web).epcis.jobs, node_of(web).jobs, asked.after, asked.count, viewer=visitor.sees)
    jobs, last = await web.ask(read, visitor.sees)
    headers = list_headers(web, request, asked, scope, last)
    if speaks.xml:
        inside = "".join(_xml(job) for job in jobs)
        return writing.answer(f"<captureJobs>{inside}</captureJobs>".encode(), speaks, headers=headers)
    return writing.json_or_xml([told(job) for job in jobs], speaks, root="CaptureJobs", headers=headers)


def told(job: CaptureJob) -> dict[str, Any]:
    """Give a job as EPCIS 2.0 tells it."""
    errors = [
        {
            "type": "epcisException:ValidationException",
            "title": "An event was left out",
            "status": 400,
            "detail": finding.message,
            "instance": f"urn:rxtrail:place:{finding.place.replace(' ', '-')}",
        }
        for finding in (job.receipt.findings if job.receipt is not None else [])
        if finding.code == _LEFT_OUT
    ]
    if job.error:
        errors.append(
            {
                "type": "epcisException:ImplementationException",
                "title": "It could not be captured",
                "status": 500,
                "detail": "The server made a mistake; nothing more of this document was captured.",
            }
        )
    found: dict[str, Any] = {
        "captureID": job.job,
        "createdAt": job.created_at,
        "running": job.state in ("accepted", "running"),
        "success": not errors,
        "captureErrorBehaviour": "proceed" if job.proceed else "rollback",
        "errors": errors,
    }
    if job.finished_at:
        found["finishedAt"] = job.finished_at
    return found


def _xml(job: CaptureJob) -> str:
    """Give a job as the XML schema of EPCIS 2.0 has it."""
    value = told(job)
    flags = "".join(f' {name}="{str(value[name]).lower()}"' for name in ("running", "success"))
    finished = f"<finishedAt>{value['finishedAt']}</finishedAt>" if "finishedAt" in value else ""
    errors = "".join(
        "<error>" + "".join(f"<{name}>{writing.escaped(each)}</{name}>" for name, each in error.items()) + "</error>"
        for error in value["errors"]
    )
    return (
        f'<epcis:EPCISCaptureJob xmlns:epcis="urn:epcglobal:epcis:xsd:2"{flags} captureID="{job.job}">'
        f"<captureErrorBehaviour>{value['captureErrorBehaviour']}</captureErrorBehaviour>"
        f"<createdAt>{value['createdAt']}</createdAt>{finished}"
        + (f"<errors>{errors}</errors>" if errors else "")
        + "</epcis:EPCISCaptureJob>"
    )
