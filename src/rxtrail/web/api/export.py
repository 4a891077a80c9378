"""Transaction information, events and packs out, streamed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Literal, Protocol, cast
from urllib.parse import urlencode

import msgspec

from rxtrail.answers import ExportFilters
from rxtrail.core.epcis.notes import Notes
from rxtrail.errors import BadRequest
from rxtrail.web import refusals
from rxtrail.web.context import Endpoint, Web, path_part, query_of
from rxtrail.web.streaming import streamed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.responses import Response


class _Notes(Protocol):
    def export(self, what: str, fmt: str, *, filters: ExportFilters, notes: Notes) -> Iterator[bytes]: ...


class ExportQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The format and the filters; no filter means all. ``since`` is inclusive, ``until`` exclusive.

    ``findings`` asks for what EPCIS cannot say as the record has it, in place of the document.
    """

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
    findings: bool = False


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
    is_epcis = asked.format.startswith("epcis")
    if asked.findings:
        if not is_epcis:
            raise BadRequest("only an export as EPCIS has findings", place="findings", advice="Ask for format=epcis.")
        pieces = partial(_findings, cast("_Notes", web.node), what, asked.format, filters)
        return await streamed(web, pieces, media_type="application/json", file_name=f"rxtrail-{what}-findings.json")
    is_list = what == "ti" and asked.format == "json"
    return await streamed(
        web,
        partial(web.node.export, what, asked.format, filters=filters),
        media_type="application/json" if is_list else _MEDIA[asked.format],
        file_name=f"rxtrail-{what}.{'json' if is_list else _SUFFIX[asked.format]}",
        headers={"link": f'<?{_query_of_findings(request)}>; rel="describedby"'} if is_epcis else {},
    )


def _query_of_findings(request: Request) -> str:
    return urlencode({**request.query_params, "findings": "true"})


def _findings(node: _Notes, what: str, fmt: str, filters: ExportFilters) -> Iterator[bytes]:
    """Tell what a document cannot say as the record has it: known only when all of it was written."""
    notes = Notes()
    for _ in node.export(what, fmt, filters=filters, notes=notes):
        yield b"\n"  # so that who has gone is noticed
    yield msgspec.json.encode({"findings": notes.findings})


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
