"""Lanes as people write them: a TOML file with one ``[[lane]]`` a route, or a CSV table with one a row."""

from __future__ import annotations

import csv
import io
import tomllib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from rxtrail.core.rules.route import Lane
from rxtrail.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

LANES_MAX: Final = 10_000
BYTES_MAX: Final = 8 * 1024 * 1024
_LISTS: Final = frozenset({"products", "destinations", "via", "countries", "states", "carriers"})
_NUMBERS: Final = frozenset({"leg_hours_max", "dwell_hours_max", "corridor_km", "corridor_minutes"})
COLUMNS: Final = (
    "id", "title", "products", "origin", "via", "destinations", "edges", "countries", "states", "carriers",
    "leg_hours_max", "dwell_hours_max", "corridor", "corridor_km", "corridor_minutes", "temperature", "since", "until",
    "version",
)  # fmt: skip
_TOLD = {"products", "origin", "destinations"}


def read_lanes(data: bytes) -> list[Lane]:
    """Read the lanes of a file; TOML when it has a ``[[lane]]``, else CSV.

    :raises BadRequest: it is neither, or a lane of it cannot be read; the place tells which.
    """
    if len(data) > BYTES_MAX:
        raise BadRequest(f"the file has more than {BYTES_MAX:,} bytes", place="file", advice="Load it in parts.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise BadRequest(f"byte {wrong.start} is not UTF-8", place="file", advice="Save the file as UTF-8.") from wrong
    if not text.strip():
        raise BadRequest(
            "the file is empty", place="file", advice="Write one [[lane]] (TOML), or a header and a row (CSV)."
        )
    is_toml = "[[lane]]" in text.replace(" ", "")
    lanes = [_lane(row, place) for row, place in (_toml(text) if is_toml else _csv(text))]
    if not lanes:
        raise BadRequest(
            "the file has no lane", place="file", advice="Write one [[lane]] (TOML), or a header and a row (CSV)."
        )
    if len(lanes) > LANES_MAX:
        raise BadRequest(f"the file has more than {LANES_MAX:,} lanes", place="file", advice="Load it in parts.")
    return lanes


def _toml(text: str) -> Iterable[tuple[dict[str, Any], str]]:
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise BadRequest(f"not TOML: {wrong}", place="file") from wrong
    unknown = sorted(read.keys() - {"lane"})
    if unknown or not isinstance(read.get("lane"), list):
        raise BadRequest(f"{(unknown or ['lane'])[0][:40]!r} is no [[lane]]", place="file")
    return [(row, f"lane {number}") for number, row in enumerate(read["lane"], 1)]


def _csv(text: str) -> Iterable[tuple[dict[str, Any], str]]:
    table = csv.DictReader(io.StringIO(text), restkey="", strict=True)
    try:
        names = [name.strip() for name in table.fieldnames or []]
        table.fieldnames = names
        missing = sorted({"id", *_TOLD} - set(names))
        unknown = sorted(set(names) - set(COLUMNS))
        if missing or unknown:
            words = f"no column {missing[0]!r}" if missing else f"an unknown column {unknown[0][:40]!r}"
            raise BadRequest(f"the table has {words}", place="line 1", advice=f"The columns are: {', '.join(COLUMNS)}.")
        found: list[tuple[dict[str, Any], str]] = []
        for row in table:
            place = f"line {table.line_num}"
            if "" in row:
                raise BadRequest("more fields than columns", place=place)
            filled = {name: value.strip() for name, value in row.items() if value and value.strip()}
            if filled:
                found.append(({name: _cell(name, value, place) for name, value in filled.items()}, place))
    except csv.Error as wrong:
        raise BadRequest(f"not CSV: {wrong}", place=f"line {table.line_num}") from wrong
    return found


def _cell(name: str, value: str, place: str) -> Any:  # noqa: ANN401 (what a lane's field is)
    if name in _LISTS:
        return value.replace(";", " ").replace(",", " ").split()
    if name == "edges":
        return [edge.split(">") for edge in value.replace(";", " ").replace(",", " ").split()]
    if name == "corridor":
        return [[_number(name, each, place) for each in point.split("/")] for point in value.replace(";", " ").split()]
    if name in _NUMBERS or name == "version":
        return _number(name, value, place)
    return value


def _number(name: str, value: str, place: str) -> float:
    try:
        return int(value) if name == "version" else float(value)
    except ValueError as wrong:
        raise BadRequest(f"{name} {value[:20]!r} is not a number", place=place) from wrong


def _lane(row: dict[str, Any], place: str) -> Lane:
    if not isinstance(row, dict):
        raise BadRequest("a lane is a table of its fields", place=place)
    unknown = sorted(row.keys() - set(COLUMNS))
    if unknown:
        raise BadRequest(
            f"{unknown[0][:40]!r} is no field of a lane", place=place, advice=f"The fields are: {', '.join(COLUMNS)}."
        )
    # TOML has dates of its own.
    given = {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}
    try:
        lane = msgspec.convert(given, Lane)
    except msgspec.ValidationError as wrong:
        raise BadRequest(f"not a lane: {wrong}", place=f"{place}, {row.get('id', 'without id')}") from wrong
    return msgspec.structs.replace(
        lane,
        products=[each.zfill(14) if each.isdigit() and len(each) in (8, 12, 13) else each for each in lane.products],
        countries=[code.upper() for code in lane.countries],
        states=[code.upper() for code in lane.states],
    )  # fmt: skip
