"""Transaction information, events and packs out, streamed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from rxtrail.answers import ExportFilters
from rxtrail.errors import BadRequest
from rxtrail.web import refusals
from rxtrail.web.context import Endpoint, Web, path_part, query_of
from rxtrail.web.streaming import streamed

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class ExportQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The format and the filters; no filter means all. ``since`` is inclusive, ``until`` exclusive."""

    format: Literal["csv", "json", "epcis", "epcis-xml-1.2", "epcis-xml-2.0", "pdf", "parquet"] = "csv"
    gtin: str = ""
    ndc: str = ""
    lot: str = ""
    serial: str = ""
    sscc: str = ""
    po: str = ""
    partner: str = ""
    since: str = ""
    until: str = ""


# JSON is one object a line, so that a reader needs no more memory than one; transaction information is one list.
_MEDIA: Final = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/x-ndjson",
    "epcis": "application/ld+json",
    "epcis-xml-1.2": "application/xml",
    "epcis-xml-2.0": "application/xml",
    "pdf": "application/pdf",
    "parquet": "application/vnd.apache.parquet",
}
_SUFFIX: Final = {
    "csv": "csv",
    "json": "jsonl",
    "epcis": "jsonld",
    "epcis-xml-1.2": "xml",
    "epcis-xml-2.0": "xml",
    "pdf": "pdf",
    "parquet": "parquet",
}
_KINDS: Final = ("ti", "events", "packs")


async def export(web: Web, request: Request) -> Response:
    """Stream an export."""
    what = path_part(request, "what")
    if what not in _KINDS:
        raise BadRequest(f"{what[:40]!r} cannot be exported.", place="what", advice=f"One of {', '.join(_KINDS)}.")
    asked = query_of(request, ExportQuery)
    filters = ExportFilters(**{name: getattr(asked, name) for name in ExportFilters.__struct_fields__})
    is_list = what == "ti" and asked.format == "json"
    return await streamed(
        web,
        partial(web.node.export, what, asked.format, filters=filters),
        media_type="application/json" if is_list else _MEDIA[asked.format],
        file_name=f"rxtrail-{what}.{'json' if is_list else _SUFFIX[asked.format]}",
    )


ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/api/v1/export/{what}",
        "Transaction information, events or packs as a stream; what is ti, events or packs.",
        export,
        (*dict.fromkeys(_MEDIA.values()), "application/json"),
        query=ExportQuery,
        refusals=(BadRequest, refusals.Overloaded),
    ),
)
