"""Scanning stations: the calibration symbol, what one scan of it shows, and the stations that are kept."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final, cast

import msgspec
from starlette.responses import Response

from rxtrail import labels
from rxtrail.calibration import Calibration, Station, try_scan
from rxtrail.core.gs1.keyboard_profile import Undo
from rxtrail.errors import BadRequest, NotFound
from rxtrail.web import refusals
from rxtrail.web.body import read_json
from rxtrail.web.context import Endpoint, Web, json_response, path_part

if TYPE_CHECKING:
    from starlette.requests import Request

    from rxtrail.calibration import Stations

SVG_TYPE: Final = "image/svg+xml"
SYMBOL_PATH: Final = "/api/v1/calibration/symbol.svg"


class CalibrationScan(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One scan of the calibration symbol, with the end of line that followed it."""

    scan: str
    took_ms: float | None = None  # from the first key to the last one, where the page saw the keys


class StationList(msgspec.Struct, frozen=True, gc=False):
    """All stations, by name."""

    stations: list[Station]


class StationRemoved(msgspec.Struct, frozen=True, gc=False):
    """A station that is forgotten."""

    removed: str


_SCAN = msgspec.json.Decoder(CalibrationScan)


@lru_cache(maxsize=1)
def _symbol() -> bytes:
    return labels.write(labels.calibration_label(), "svg")


async def get_symbol(web: Web, request: Request) -> Response:  # noqa: ARG001 - every handler has one shape
    """Answer with the symbol to print or to scan off the screen."""
    return Response(await web.read(_symbol), media_type=SVG_TYPE, headers={"cache-control": "max-age=3600"})


async def try_calibration(web: Web, request: Request) -> Response:
    """Answer with what a scan of the symbol shows; nothing is kept."""
    asked = await read_json(request, _SCAN)
    return json_response(await web.read(partial(try_scan, asked.scan, took_ms=asked.took_ms)))


async def list_stations(web: Web, request: Request) -> Response:  # noqa: ARG001
    """Answer with all stations."""
    return json_response(StationList(await web.read(web.node.stations.all)))


async def get_undo(web: Web, request: Request) -> Response:
    """Answer with what turns the scans of a station back."""
    stations = cast("Stations", web.node.stations)
    return json_response(await web.read(partial(stations.undo, path_part(request, "name"))))


async def save_station(web: Web, request: Request) -> Response:
    """Keep the profile that a scan of the symbol gives."""
    name = path_part(request, "name")
    asked = await read_json(request, _SCAN)
    work = partial(web.node.stations.save, name, asked.scan, took_ms=asked.took_ms)
    return json_response(await web.write(work))


async def remove_station(web: Web, request: Request) -> Response:
    """Forget a station."""
    name = path_part(request, "name")
    await web.write(partial(web.node.stations.remove, name))
    return json_response(StationRemoved(name))


_BODY: Final = (BadRequest, refusals.TooLarge, refusals.WrongMediaType, refusals.Overloaded)
_STATION: Final = "/api/v1/stations/{name}"
ENDPOINTS: Final = (
    Endpoint("GET", SYMBOL_PATH, "The symbol by which a station is calibrated.", get_symbol, (SVG_TYPE,)),
    Endpoint(
        "POST",
        "/api/v1/calibration",
        "What one scan of the calibration symbol shows; nothing is kept.",
        try_calibration,
        Calibration,
        body=CalibrationScan,
        refusals=_BODY,
    ),
    Endpoint("GET", "/api/v1/stations", "The calibrated stations.", list_stations, StationList),
    Endpoint(
        "POST",
        _STATION,
        "Calibrate a station by one scan of the symbol.",
        save_station,
        Station,
        body=CalibrationScan,
        refusals=_BODY,
    ),
    Endpoint(
        "GET",
        _STATION + "/undo",
        "What turns the scans of a station back, for a browser without this node.",
        get_undo,
        Undo,
        refusals=(BadRequest, NotFound),
    ),
    Endpoint("DELETE", _STATION, "Forget a station.", remove_station, StationRemoved, refusals=(BadRequest, NotFound)),
)
