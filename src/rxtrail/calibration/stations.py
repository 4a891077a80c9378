"""The scanning stations of a node: each has a name and the profile that one calibration scan gave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.calibration.finding import NOT_FOUND, Calibration, calibrate
from rxtrail.core.gs1.keyboard_profile import undo_of
from rxtrail.core.gs1.station_text import Turned, turned
from rxtrail.errors import BadRequest, NotFound
from rxtrail.record.times import iso
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.core.gs1.keyboard_profile import Profile, Undo
    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader, Transaction

KIND = "station"
NAME_LENGTH_MAX = 60
STATIONS_MAX = 1000
SCAN_LENGTH_MAX = 4096
_PROFILES_MAX = 256
_VERSION = 1


class Station(msgspec.Struct, frozen=True, gc=False):
    """One station as it was last calibrated."""

    name: str
    calibrated_at: str
    calibration: Calibration


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """The body of a kept station."""

    version: int
    scan: str  # as it arrived: the evidence
    calibration: Calibration


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Kept).decode


def try_scan(scan: str, *, took_ms: float | None = None) -> Calibration:
    """Tell what a scan of the symbol shows, and keep nothing; for ``took_ms`` see ``calibrate``.

    :raises BadRequest: the scan is empty or longer than any symbol.
    """
    if not scan.strip(" \t\r\n"):
        raise BadRequest("The scan is empty.", place="scan", advice="Scan the calibration symbol.")
    if len(scan) > SCAN_LENGTH_MAX:
        raise BadRequest(f"The scan is longer than {SCAN_LENGTH_MAX} characters.", place="scan")
    return calibrate(_utf8(scan), took_ms=took_ms)


class Stations:
    """The use case; every verb may be called from any thread."""

    def __init__(
        self, reader: Callable[[], Reader], writer: Callable[[], Writer], *, this_year: Callable[[], int]
    ) -> None:
        """``reader`` gives the calling thread's reader; ``writer`` raises ``Busy`` on a node opened for reading."""
        self._reader = reader
        self._writer = writer
        self._this_year = this_year
        self._profiles: dict[bytes, Profile] = {}

    def save(self, name: str, scan: str, *, took_ms: float | None = None) -> Station:
        """Calibrate a station by a scan of the symbol, and keep its profile; the log has that it was done.

        :raises BadRequest: the name is none, there are too many, or the scan is not the symbol.
        """
        name = _name(name)
        scan = _utf8(scan)
        calibration = try_scan(scan, took_ms=took_ms)
        if calibration.outcome == NOT_FOUND:
            told = calibration.advice[0]
            raise BadRequest(told.found, place="scan", advice=told.do)
        body = _encode(_Kept(_VERSION, scan, calibration))

        def write(tx: Transaction, log: Log) -> int:
            if tx.kept(KIND, name) is None and len(tx.kept_from(KIND, (0, ""), STATIONS_MAX)) >= STATIONS_MAX:
                raise BadRequest(f"There are {STATIONS_MAX} stations.", place="name", advice="Remove one that is gone.")
            tx.keep(KIND, name, log.now, body)
            log.append(RecordKind.DECISION, b"\x01" + _encode([log.now, KIND, name, body]))
            return log.now

        return Station(name, iso(self._writer().do(write)), calibration)

    def remove(self, name: str) -> None:
        """Forget a station; its scans are then read as those of any other.

        :raises NotFound: there is none of this name.
        """
        name = _name(name)

        def write(tx: Transaction, log: Log) -> None:
            if tx.kept(KIND, name) is None:
                raise NotFound(f"There is no station {name!r}.", advice="List them with: rxtrail calibrate --list")
            tx.drop_kept(KIND, name)
            log.append(RecordKind.DECISION, b"\x01" + _encode([log.now, KIND, name, b""]))

        self._writer().do(write)

    def all(self) -> list[Station]:
        """List the stations by name."""
        rows = self._reader().kept_from(KIND, (0, ""), STATIONS_MAX)
        return sorted(
            [Station(name, iso(at), _decode(body).calibration) for name, at, body in rows],
            key=lambda station: (station.name.casefold(), station.name),
        )

    def undo(self, name: str) -> Undo:
        """Give what turns the scans of a station back, for a browser that goes on without this node.

        :raises NotFound: there is none of this name.
        """
        kept = self._reader().kept(KIND, _name(name))
        if kept is None:
            raise NotFound(f"There is no station {name!r}.", advice="List them with: rxtrail calibrate --list")
        return undo_of(_decode(kept[1]).calibration.profile)

    def turned(self, name: str, text: str) -> Turned | None:
        """Turn a scan back through the profile of a station; None when it is to be read as it arrived.

        So is the scan of a station that is not known: a counter never waits for a name, and a profile only helps.
        """
        if not _is_name(name):
            return None
        kept = self._reader().kept(KIND, name)
        if kept is None:
            return None
        profile = self._profiles.get(kept[1])
        if profile is None:
            if len(self._profiles) >= _PROFILES_MAX:
                self._profiles.clear()
            profile = self._profiles[kept[1]] = _decode(kept[1]).calibration.profile
        return turned(profile, name, text, this_year=self._this_year())


def _name(text: str) -> str:
    name = text.strip()
    if not _is_name(name):
        raise BadRequest(
            f"{text[:NAME_LENGTH_MAX]!r} is no name of a station.",
            place="name",
            advice=f"A name has 1 to {NAME_LENGTH_MAX} printable characters, for example: Counter 1",
        )
    return name


def _is_name(text: str) -> bool:
    return 0 < len(text) <= NAME_LENGTH_MAX and text.isprintable() and text == _utf8(text)


def _utf8(text: str) -> str:
    """Give a text without half characters, which can be neither kept nor sent."""
    return text.encode(errors="replace").decode()
