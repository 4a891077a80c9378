"""A backup as a download. Restoring and moving are for the command line: they need the record closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rxtrail.errors import CopyDiffers
from rxtrail.web import refusals
from rxtrail.web.context import Endpoint, Web
from rxtrail.web.streaming import streamed

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

MEDIA_TYPE: Final = "application/octet-stream"


async def backup(web: Web, request: Request) -> Response:  # noqa: ARG001 - every handler has one shape
    """Stream a backup of the record as it is now."""
    return await streamed(web, web.node.backup, media_type=MEDIA_TYPE, file_name="rxtrail.backup")


ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/api/v1/backup",
        "A backup of the whole record, as a stream; check the file with rxtrail restore --check.",
        backup,
        (MEDIA_TYPE,),
        refusals=(CopyDiffers, refusals.Overloaded),
    ),
)
