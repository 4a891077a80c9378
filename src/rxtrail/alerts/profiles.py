"""Temperature profiles: loaded from a TOML file and in force at once, retired; the usual ones need no loading."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from rxtrail.core.rules.cold import BUILT_IN, IN_FORCE, RETIRED, ProfileFlaw, TemperatureProfile, flaws_of
from rxtrail.errors import BadRequest, NotFound, Refused
from rxtrail.record import cold as kept
from rxtrail.record.lanes import lanes_of
from rxtrail.record.times import iso
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.alerts.values import ProfileCommand
    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader, Transaction

PROFILES_MAX: Final = 10_000
BYTES_MAX: Final = 8 * 1024 * 1024
FIELDS: Final = (
    "id", "title", "products", "min", "max", "band", "freeze", "mkt_max", "gap_minutes_max", "version",
)  # fmt: skip
STATES: Final = (IN_FORCE, RETIRED, BUILT_IN)
_BAND_FIELDS: Final = {"to", "minutes"}
_encode = msgspec.msgpack.Encoder().encode


class ProfilesReport(msgspec.Struct, frozen=True, gc=False):
    """What became of profiles, what is wrong with them, and names that lanes give and no profile has."""

    profiles: list[TemperatureProfile]
    flaws: list[ProfileFlaw]
    unknown: list[str] = []


class ProfileDesk:
    """The use case."""

    def __init__(
        self, writer: Callable[[], Writer], reader: Callable[[], Reader], *, changed: Callable[[], None]
    ) -> None:
        """``changed`` is told after each change: everything is then judged again."""
        self._writer, self._reader, self._changed = writer, reader, changed

    def all(self, *, state: str = "") -> list[TemperatureProfile]:
        """List all profiles that can be named, by name; raises ``BadRequest`` for a state that is none."""
        if state not in ("", *STATES):
            raise BadRequest(f"state {state[:40]!r} is none of {', '.join(STATES)}", place="state")
        return [profile for profile in kept.every(self._reader()) if state in ("", profile.state)]

    def get(self, number: str) -> TemperatureProfile:
        """Give one profile; raises ``NotFound``."""
        return _named(kept.every(self._reader()), number)

    def check(self, table: bytes | None = None) -> ProfilesReport:
        """Tell what is wrong with the profiles of a file, or with those on record, and which names lanes lack.

        :raises BadRequest: the file cannot be read.
        """
        reader = self._reader()
        on_record = kept.every(reader)
        found = read_profiles(table) if table is not None else on_record
        known = {profile.id for profile in (*on_record, *found) if profile.state != RETIRED}
        named = {lane.temperature for lane in lanes_of(reader) if lane.temperature and lane.state != RETIRED}
        return ProfilesReport(found, _flaws(found), sorted(named - known))

    def act(self, command: ProfileCommand) -> ProfilesReport:
        """Load or retire profiles, durably; all of them or none.

        :raises BadRequest: nobody is named, or the file cannot be read.
        :raises NotFound: there is no such profile.
        :raises Refused: a profile is wrong.
        """
        if not command.by.strip():
            raise BadRequest("say who does it", place="by")
        if command.what == "load":
            given = read_profiles(command.table)
            flaws = _flaws(given)
            if flaws:
                more = f" ({len(flaws) - 1} more)" if len(flaws) > 1 else ""
                raise Refused(
                    f"profile {flaws[0].profile}: {flaws[0].message}{more}",
                    place=flaws[0].place,
                    advice="See all of it with: rxtrail temperature check FILE",
                )
        elif command.what == "retire":
            given = []
            if not command.ids:
                raise BadRequest("name a profile", place="ids")
        else:
            raise BadRequest(f"{command.what[:40]!r} is none of load, retire", place="what")

        def write(tx: Transaction, log: Log) -> ProfilesReport:
            known = {profile.id: profile for profile in kept.loaded(tx)}
            made: list[TemperatureProfile] = []
            for profile in given:
                old = known.get(profile.id)
                if old is not None and _same(old, profile) and old.state == IN_FORCE:
                    made.append(old)  # said again
                    continue
                fresh = msgspec.structs.replace(profile, state=IN_FORCE, loaded_at=iso(log.now), loaded_by=command.by)
                made.append(_keep(tx, log, fresh, "temperature-profile-loaded", command))
            if len(known.keys() | {profile.id for profile in given}) > PROFILES_MAX:
                raise Refused(f"there would be more than {PROFILES_MAX:,} profiles", place="file")
            for number in command.ids if command.what == "retire" else ():
                old = _named([*known.values()], number)
                fresh = msgspec.structs.replace(old, state=RETIRED)
                made.append(_keep(tx, log, fresh, "temperature-profile-retired", command))
            return ProfilesReport(made, [])

        report = self._writer().do(write)
        self._changed()
        return report


def read_profiles(data: bytes) -> list[TemperatureProfile]:
    """Read the profiles of a TOML file, one ``[[profile]]`` each.

    :raises BadRequest: it is no such file, or a profile of it cannot be read; the place tells which.
    """
    if len(data) > BYTES_MAX:
        raise BadRequest(f"the file has more than {BYTES_MAX:,} bytes", place="file", advice="Load it in parts.")
    try:
        read = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as wrong:
        raise BadRequest(f"byte {wrong.start} is not UTF-8", place="file", advice="Save the file as UTF-8.") from wrong
    except tomllib.TOMLDecodeError as wrong:
        raise BadRequest(f"not TOML: {wrong}", place="file") from wrong
    unknown = sorted(read.keys() - {"profile"})
    rows = read.get("profile")
    if unknown or not isinstance(rows, list) or not rows:
        raise BadRequest(
            f"{(unknown or ['profile'])[0][:40]!r} is no [[profile]]",
            place="file",
            advice="Write one [[profile]] each.",
        )
    if len(rows) > PROFILES_MAX:
        raise BadRequest(f"the file has more than {PROFILES_MAX:,} profiles", place="file", advice="Load it in parts.")
    found = [_profile(row, f"profile {number}") for number, row in enumerate(rows, 1)]
    names = [profile.id for profile in found]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise BadRequest(f"profile {twice[0][:40]!r} stands twice in the file", place="id")
    return found


def _profile(row: Any, place: str) -> TemperatureProfile:  # noqa: ANN401 (what TOML gives)
    if not isinstance(row, dict):
        raise BadRequest("a profile is a table of its fields", place=place)
    bands = row.get("band", [])
    unknown = sorted(row.keys() - set(FIELDS))
    unknown += sorted({name for band in bands if isinstance(band, dict) for name in band.keys() - _BAND_FIELDS})
    if unknown:
        advice = f"The fields are: {', '.join(FIELDS)}; of a band: to, minutes."
        raise BadRequest(f"{unknown[0][:40]!r} is no field of a profile", place=place, advice=advice)
    try:
        profile = msgspec.convert(row, TemperatureProfile)
    except msgspec.ValidationError as wrong:
        raise BadRequest(f"not a profile: {wrong}", place=f"{place}, {row.get('id', 'without id')}") from wrong
    products = [each.zfill(14) if each.isdigit() and len(each) in (8, 12, 13) else each for each in profile.products]
    return msgspec.structs.replace(profile, products=products)


def _flaws(profiles: list[TemperatureProfile]) -> list[ProfileFlaw]:
    return [flaw for profile in profiles for flaw in flaws_of(profile)]


def _same(one: TemperatureProfile, other: TemperatureProfile) -> bool:
    blank = {"state": "", "loaded_at": "", "loaded_by": ""}
    return msgspec.structs.replace(one, **blank) == msgspec.structs.replace(other, **blank)


def _keep(
    tx: Transaction, log: Log, profile: TemperatureProfile, what: str, command: ProfileCommand
) -> TemperatureProfile:
    log.append(RecordKind.DECISION, b"\x01" + _encode([log.now, what, profile, command.by, command.reason]))
    tx.keep(kept.KIND, profile.id, log.now, kept.encode(profile), tell=True)
    return profile


def _named(profiles: list[TemperatureProfile], number: str) -> TemperatureProfile:
    for profile in profiles:
        if profile.id == number:
            return profile
    raise NotFound(
        f"no temperature profile {number[:60]!r}", place="id", advice="List them with: rxtrail temperature list"
    )
