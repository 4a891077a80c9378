"""What client and server agree on before a request is answered: form, versions, spelling of identifiers and words.

Source: EPCIS 2.0, clause 12.5 and the GS1-* headers of its OpenAPI document.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from rxtrail.errors import BadRequest
from rxtrail.web.refusals import NotAcceptable

if TYPE_CHECKING:
    from starlette.requests import Request

VENDOR_VERSION: Final = "rxtrail-1"
EPCIS_MIN, EPCIS_MAX = "1.2", "2.0"
CBV_MIN, CBV_MAX = "1.2", "2.0"
JSON_TYPES: Final = ("application/json", "application/ld+json")
XML_TYPES: Final = ("application/xml", "text/xml")
# Versions of documents that are taken in; what is given out is 2.0, or XML 1.2 for those who ask for no more.
EPCIS_TAKEN: Final = frozenset({"1.0", "1.1", "1.2", "2.0", "2.0.0", "2"})
CBV_TAKEN: Final = frozenset({"1.0", "1.1", "1.2", "1.2.2", "2.0", "2.0.0", "2"})
EPC_FORMATS: Final = ("No_Preference", "Always_GS1_Digital_Link", "Always_EPC_URN", "Never_Translates")
CBV_FORMATS: Final = ("No_Preference", "Always_Web_URI", "Always_URN", "Never_Translates")
_VERSION: Final = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){0,3}")
_EXTENSION: Final = re.compile(r"\s*([A-Za-z_][-.\w]*)\s*=\s*([^\s,;]+)\s*", re.ASCII)
EXTENSIONS_MAX: Final = 50
SHARED: Final = {
    "gs1-vendor-version": VENDOR_VERSION,
    "gs1-epcis-min": EPCIS_MIN,
    "gs1-epcis-max": EPCIS_MAX,
    "gs1-cbv-min": CBV_MIN,
    "gs1-cbv-max": CBV_MAX,
}


class Speaks(msgspec.Struct, frozen=True):
    """What was agreed on."""

    form: Literal["json", "xml"] = "json"
    media_type: str = "application/json"
    version: Literal["1.2", "2.0"] = "2.0"
    epc_format: str = "Always_GS1_Digital_Link"
    cbv_format: str = "No_Preference"
    extensions: dict[str, str] = {}

    @property
    def xml(self) -> bool:
        """Tell whether XML is spoken."""
        return self.form == "xml"

    def headers(self) -> dict[str, str]:
        """Give the headers that tell what the answer is written in."""
        told = {
            "gs1-epcis-version": self.version,
            "gs1-cbv-version": self.version,
            "gs1-vendor-version": VENDOR_VERSION,
            "vary": "Accept, GS1-EPC-Format, GS1-CBV-XML-Format, GS1-EPCIS-Max",
        }
        if self.extensions:
            told["gs1-extensions"] = ",".join(f"{prefix}={iri}" for prefix, iri in self.extensions.items())
        return told


def agreed(request: Request) -> Speaks:
    """Find what client and server both speak.

    :raises NotAcceptable: there is nothing that both do.
    :raises BadRequest: a GS1 header whose value is none.
    """
    media_type = _media_type(request.headers.get("accept", ""))
    form: Literal["json", "xml"] = "xml" if media_type in XML_TYPES else "json"
    version = _version(request, form)
    _range(request, "gs1-cbv", CBV_MIN, CBV_MAX)
    epc_format = _one_of(request, "gs1-epc-format", EPC_FORMATS, "Always_GS1_Digital_Link")
    cbv_format = _one_of(request, "gs1-cbv-xml-format", CBV_FORMATS, "No_Preference")
    return Speaks(form, media_type, version, epc_format, cbv_format, _extensions(request))


def prefers_xml(accept: str) -> bool:
    """Tell whether a refusal is told in XML; never raises, since it is asked when things went wrong."""
    ranked = _ranked(accept)
    for media_type, _ in ranked:
        if media_type in (*XML_TYPES, "application/problem+xml"):
            return True
        if media_type in (*JSON_TYPES, "application/problem+json", "*/*", "application/*"):
            return False
    return False


def check_taken(request: Request) -> None:
    """Refuse a body in a version that is not read; raises NotAcceptable."""
    for name, taken in (("gs1-epcis-version", EPCIS_TAKEN), ("gs1-cbv-version", CBV_TAKEN)):
        told = request.headers.get(name, "").strip()
        if told and told not in taken:
            raise NotAcceptable(f"{name.upper()} {told[:40]!r} is not read here.", place=name, advice=_VERSIONS)


_VERSIONS: Final = f"EPCIS {EPCIS_MIN} to {EPCIS_MAX} and CBV {CBV_MIN} to {CBV_MAX} are spoken here."


def _ranked(accept: str) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for part in accept.split(",")[:50]:
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = float(parameter[2:])
                except ValueError:
                    quality = 0.0
        if media_type and quality > 0:
            found.append((media_type, quality))
    found.sort(key=lambda each: -each[1])
    return found


def _media_type(accept: str) -> str:
    ranked = _ranked(accept)
    if not accept.strip():
        return JSON_TYPES[0]
    for media_type, _ in ranked:
        if media_type in (*JSON_TYPES, *XML_TYPES):
            return media_type
        if media_type in ("*/*", "application/*"):
            return JSON_TYPES[0]
        if media_type == "text/*":
            return "text/xml"
        if media_type == "application/problem+json":
            return JSON_TYPES[0]
    raise NotAcceptable(
        f"Nothing of {accept[:100]!r} is spoken here.",
        place="Accept",
        advice=f"Accept {' or '.join((*JSON_TYPES, *XML_TYPES))}.",
    )


def _version(request: Request, form: str) -> Literal["1.2", "2.0"]:
    highest = _range(request, "gs1-epcis", EPCIS_MIN, EPCIS_MAX)
    if highest >= (2, 0):
        return "2.0"
    if form == "json":
        raise NotAcceptable("JSON is EPCIS 2.0 only.", place="GS1-EPCIS-Max", advice="Accept application/xml for 1.2.")
    return "1.2"


def _range(request: Request, name: str, own_min: str, own_max: str) -> tuple[int, ...]:
    """Give the highest version that both speak."""
    low = _number(request, f"{name}-min", own_min)
    high = _number(request, f"{name}-max", own_max)
    low, high = max(low, _parsed(own_min)), min(high, _parsed(own_max))
    if low > high:
        raise NotAcceptable(f"No version of {name[4:].upper()} is spoken by both.", place=name, advice=_VERSIONS)
    return high


def _number(request: Request, name: str, default: str) -> tuple[int, ...]:
    told = request.headers.get(name, "").strip() or default
    if not _VERSION.fullmatch(told):
        raise BadRequest(f"{name} {told[:40]!r} is no version.", place=name)
    return _parsed(told)


def _parsed(version: str) -> tuple[int, ...]:
    parts = tuple(int(part) for part in version.split("."))
    return (*parts, 0)[:2] if len(parts) < 2 else parts[:2]


def _one_of(request: Request, name: str, known: tuple[str, ...], default: str) -> str:
    told = request.headers.get(name, "").strip() or default
    if told not in known:
        raise BadRequest(f"{name} is one of {', '.join(known)}, not {told[:40]!r}.", place=name)
    return told


def _extensions(request: Request) -> dict[str, str]:
    """Read ``GS1-Extensions: prefix=namespace, ...``; what is not of this form is left alone."""
    found: dict[str, str] = {}
    for part in request.headers.get("gs1-extensions", "").split(",")[:EXTENSIONS_MAX]:
        match = _EXTENSION.fullmatch(part)
        if match is not None:
            found[match[1]] = match[2]
    return found
