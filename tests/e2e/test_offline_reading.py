"""The browser without its node reads what the node would read: the same texts, in both, against the same packs."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest

from rxtrail.core.gs1 import keyboard_tables as tables
from rxtrail.core.gs1.choice import choose
from rxtrail.core.gs1.keyboard_profile import CALIBRATION_TEXT, SYMBOLOGY, Profile, apply_profile, profile_of, undo_of
from rxtrail.core.gs1.keyboard_tables import Caps
from rxtrail.core.gs1.readings import readings
from rxtrail.web.pages.render import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import OpenPage

pytestmark = pytest.mark.browser

YEAR = 2030
GS = "\x1d"
Known = dict[str, tuple[str, str]]  # serial: lot and expiry


class Pack(NamedTuple):
    gtin: str
    serial: str
    lot: str
    yymmdd: str

    @property
    def expiry(self) -> str:
        year, month, day = self.yymmdd[:2], self.yymmdd[2:4], self.yymmdd[4:]
        return f"20{year}-{month}-{'31' if day == '00' else day}"


PACKS = (
    Pack("00352601815904", "CF32ERFb3Dvc", "QD1DQ", "310930"),
    Pack("05412345000013", "aZ4kYzQ19m", "b7C-22", "321200"),
    Pack("04150123456782", "100000000031", "0042", "320229"),
    Pack("00352601815904", "A10B2117x", "L17", "311031"),
)
HOSTS = ("us", "de", "fr", "es", "it", "cz", "gb", "ch", "pl(qwertz)", "hu", "be", "gr", "ru", "dk", "fr(bepo)")
READ = """async ([version, cases]) => {
    const { readScan } = await import(`/static/${version}/offline-scan.js`);
    return cases.map(({ text, known, undo }) => {
        const find = (gtin, serial) => known[`${gtin} ${serial}`];
        const { gtin, serial, lot, expiry, fault } = readScan(text, 2030, find, undo);
        return { gtin, serial, lot, expiry, fault };
    });
}"""


class Case(NamedTuple):
    text: str
    known: dict[str, dict[str, str]]
    profile: Profile | None = None


def held(*packs: Pack) -> dict[str, dict[str, str]]:
    return {f"{pack.gtin} {pack.serial}": {"lot": pack.lot, "expiry": pack.expiry} for pack in packs}


def codes(pack: Pack) -> Iterator[str]:
    """The code of a pack as the field sends it."""
    for separator, start in itertools.product((GS, "", "|", "<GS>", "^]", "~", "\u2194"), ("", "]d2", GS)):
        for parts in ((f"21{pack.serial}", f"17{pack.yymmdd}", f"10{pack.lot}"),
                      (f"17{pack.yymmdd}", f"10{pack.lot}", f"21{pack.serial}")):  # fmt: skip
            text = f"{start}01{pack.gtin}" + "".join(
                part + (separator if part[:2] != "17" and part is not parts[-1] else "") for part in parts
            )
            yield from (text, f"{text}\r{text}", f"{text}{text}")
            yield start + text.removeprefix(start).swapcase()
    yield f"(01){pack.gtin}(21){pack.serial}(17){pack.yymmdd}(10){pack.lot}"


def cases() -> Iterator[Case]:
    for pack in PACKS:
        other = pack._replace(serial=pack.serial.swapcase())
        for text, known in itertools.product(codes(pack), (held(), held(pack), held(pack, other), held(other))):
            yield Case(text, known)


def of_stations() -> Iterator[tuple[Case, Pack]]:
    """Scans of stations that were calibrated, at hosts that turn characters into others."""
    for host, caps, separator in itertools.product(HOSTS, Caps, (GS, "", "|")):
        printed = CALIBRATION_TEXT.replace(GS, separator)
        reached = tables.typed(SYMBOLOGY + printed, host=host, caps=caps)
        profile = profile_of(CALIBRATION_TEXT, reached)
        if not profile.known or profile.lost or profile.alike:
            continue
        for pack in PACKS:
            text = f"]d201{pack.gtin}21{pack.serial}{separator}17{pack.yymmdd}10{pack.lot}"
            yield Case(tables.typed(text, host=host, caps=caps), held(pack), profile), pack


def by_the_node(case: Case) -> dict[str, str]:
    found = readings(case.text, this_year=YEAR)
    known = {tuple(key.split(" ")): (one["lot"], one["expiry"]) for key, one in case.known.items()}
    scan = choose(found, {(key[0], key[1]): stated for key, stated in known.items()}).scan
    if scan is found.plain and scan.fault and found.only is not None:
        scan = found.only
    return {"gtin": scan.gtin, "serial": scan.serial, "lot": scan.lot, "expiry": scan.expiry, "fault": scan.fault}


def by_the_browser(open_page: OpenPage, asked: list[Case]) -> list[dict[str, Any]]:
    page = open_page("/about")
    undo = [None if case.profile is None else msgspec.to_builtins(undo_of(case.profile)) for case in asked]
    rows = [{"text": case.text, "known": case.known, "undo": one} for case, one in zip(asked, undo, strict=True)]
    said: list[dict[str, Any]] = page.evaluate(READ, [VERSION, rows])
    return said


def test_the_browser_reads_what_the_node_reads(open_page: OpenPage) -> None:
    asked = list(cases())
    differs = []
    for case, mine in zip(asked, by_the_browser(open_page, asked), strict=True):
        theirs = by_the_node(case)
        if theirs["fault"] and mine["fault"]:
            continue  # neither takes it for a pack; their words may differ
        if mine != theirs:
            differs.append((case.text, sorted(case.known), mine, theirs))
    assert differs == []


def test_the_browser_never_takes_one_held_pack_for_another(open_page: OpenPage) -> None:
    pack, other = PACKS[0], PACKS[0]._replace(serial=PACKS[0].serial.swapcase())
    asked = [Case(text, held(pack, other)) for text in codes(pack)]
    for case, mine in zip(asked, by_the_browser(open_page, asked), strict=True):
        assert mine["fault"] or mine["serial"] in (pack.serial, other.serial)
        if mine["serial"] == other.serial and not mine["fault"]:
            assert other.serial in case.text


def test_a_calibrated_station_is_read_without_the_node(open_page: OpenPage) -> None:
    asked = list(of_stations())
    assert len({case.profile.layout for case, _ in asked if case.profile is not None}) > 8
    said = by_the_browser(open_page, [case for case, _ in asked])
    for (case, pack), mine in zip(asked, said, strict=True):
        assert case.profile is not None
        wanted = {"gtin": pack.gtin, "serial": pack.serial, "lot": pack.lot, "expiry": pack.expiry, "fault": ""}
        assert mine == wanted, (case.text, case.profile)
        assert len(msgspec.json.encode(undo_of(case.profile))) < 32_000


def test_what_turns_a_station_back_is_what_the_profile_does(open_page: OpenPage) -> None:
    page = open_page("/about")
    asked = list(of_stations())
    rows = [[case.text, msgspec.to_builtins(undo_of(case.profile))] for case, _ in asked if case.profile is not None]
    said = page.evaluate(
        """async ([version, rows]) => {
            const { turnedBack } = await import(`/static/${version}/offline-station.js`);
            return rows.map(([text, undo]) => turnedBack(undo, text));
        }""",
        [VERSION, rows],
    )
    for (case, _), mine in zip(asked, said, strict=True):
        assert case.profile is not None
        assert mine == apply_profile(case.profile, case.text)
