"""A document validated, and not captured: its findings with lines, clauses and advice."""

from __future__ import annotations

import io
import shutil
from typing import TYPE_CHECKING, Final, Literal, cast

import msgspec

from rxtrail import clock
from rxtrail.core import validation
from rxtrail.core.validation import ValidationReport
from rxtrail.errors import BadRequest
from rxtrail.sealing import Spill
from rxtrail.web import limits, refusals
from rxtrail.web.body import DOCUMENT_TYPES, BodyStream, expect_media_type
from rxtrail.web.context import Endpoint, Web, json_response, query_of

if TYPE_CHECKING:
    from typing import BinaryIO

    from starlette.requests import Request
    from starlette.responses import Response

_MEMORY_BYTES_MAX: Final = 8 * limits.MIB


class ValidateQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``profile=dscsa`` adds the DSCSA catalogue; ``mode=lenient`` judges as capture does."""

    profile: Literal["epcis", "dscsa"] = "epcis"
    mode: Literal["strict", "lenient"] = "strict"


async def validate(web: Web, request: Request) -> Response:
    """Answer 200 with the report, whatever the document is."""
    asked = query_of(request, ValidateQuery)
    expect_media_type(request, DOCUMENT_TYPES)
    raw = BodyStream.of(request, limit="VALIDATE_BYTES_MAX", bytes_max=limits.VALIDATE_BYTES_MAX)
    stream = cast("BinaryIO", io.BufferedReader(raw, limits.MIB))

    def work() -> ValidationReport:
        with Spill(None, memory_bytes_max=_MEMORY_BYTES_MAX) as kept:
            shutil.copyfileobj(stream, kept, limits.MIB)
            again = validation.Again(cast("BinaryIO", kept))
            return validation.validate(again, now_us=clock.now_us(), profile=asked.profile, mode=asked.mode)

    return json_response(await web.uploads.call(work, seconds=limits.UPLOAD_SECONDS_MAX))


ENDPOINTS: Final = (
    Endpoint(
        "POST",
        "/api/v1/validate",
        "Validate an EPCIS document without capturing it: the schemas' verdict, and findings with clause and advice.",
        validate,
        ValidationReport,
        query=ValidateQuery,
        body=DOCUMENT_TYPES,
        refusals=(
            BadRequest,
            refusals.TooLarge,
            refusals.WrongMediaType,
            refusals.Overloaded,
            refusals.UploadBroken,
        ),
    ),
)
