"""What many scans say together: lot bursts, serials that were never issued, sites unlike the others. Pure.

Rules S8, S9 and S12 of docs/alerts.md. Each tells its probable cause, and why: a file that did not come and a wave of
counterfeits look alike at one counter, and differ when all counters are looked at.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

BURST_MIN: Final = 10
"""So many different unknown serials of one lot within a day."""
NEVER_ISSUED_MIN: Final = 3
PROFILE_MIN: Final = 20
"""So many issued serials must be known before one that looks different means anything."""
SITES_MIN: Final = 5
SCANS_MIN: Final = 50
ODD_MIN: Final = 10
Z_MIN: Final = 6.0
SCANNER_MIN: Final = 5
UNKNOWN: Final = frozenset({"unknown-serial", "no-transaction-data"})


class Suspicion(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One scan that was not ok."""

    at: int  # microseconds
    site: str
    gtin: str
    serial: str
    lot: str
    expiry: str
    code: str  # of its first reason


class Profile(msgspec.Struct, frozen=True, gc=False):
    """What the issued serials of a product look like: their lengths, letters and common beginning."""

    count: int
    lengths: frozenset[int] = frozenset()
    kinds: frozenset[str] = frozenset()
    start: str = ""

    def misfit(self, serial: str) -> str:
        """Tell in words why a serial cannot be one of these; "" when it may be."""
        if self.count < PROFILE_MIN:
            return ""
        if len(serial) not in self.lengths:
            lengths = ", ".join(map(str, sorted(self.lengths)))
            return f"it has {len(serial)} characters, and those that were issued have {lengths}"
        odd = {_kind(letter) for letter in serial} - self.kinds
        if odd:
            return f"it has {min(odd)}, and none that was issued has"
        if len(self.start) >= 2 and not serial.startswith(self.start):
            return f"it does not begin with {self.start}, as all that were issued do"
        return ""


def profile_of(serials: Sequence[str]) -> Profile:
    """Describe issued serials."""
    if not serials:
        return Profile(0)
    first, last = min(serials), max(serials)
    same = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    kinds = frozenset(_kind(letter) for serial in serials for letter in serial)
    # Digits count on: those of the next file may begin otherwise. Letters are a maker's own mark.
    start = first[:same].rstrip("0123456789")
    return Profile(len(serials), frozenset(map(len, serials)), kinds, start)


def _kind(letter: str) -> str:
    if letter.isdigit():
        return "digits"
    if letter.isalpha():
        return "capital letters" if letter.isupper() else "small letters"
    return f"the sign {letter}"


class Finding(msgspec.Struct, frozen=True, gc=False):
    """What was seen, and what it probably is."""

    what: str
    cause: str
    why: str
    severity: str
    next: str


def burst(scans: Sequence[Suspicion], profile: Profile, *, lot_known: bool) -> Finding | None:
    """S8: many unknown serials of one lot. A gap: they look issued. A wave: they do not, or one is on many packs."""
    serials = {scan.serial for scan in scans}
    if len(serials) < BURST_MIN:
        return None
    sites = {scan.site for scan in scans}
    places: dict[str, set[str]] = {}
    for scan in scans:
        places.setdefault(scan.serial, set()).add(scan.site)
    twice = sorted(serial for serial, where in places.items() if len(where) > 1)
    odd = sorted(serial for serial in serials if profile.misfit(serial))
    what = f"{len(serials):,} serials of lot {scans[0].lot or '(none)'} that nobody made, at {len(sites):,} places."
    if len(twice) >= 2 or 2 * len(odd) > len(serials):
        why = (
            f"{len(twice):,} of them were scanned at several places, such as {twice[0]}: one code on several packs."
            if len(twice) >= 2
            else f"{len(odd):,} of them cannot have been issued: of {odd[0]}, {profile.misfit(odd[0])}."
        )
        return Finding(
            what, "suspect", why, "stop",
            "Treat it as a counterfeit wave: hold the lot, tell the maker and the authority, open an investigation.",
        )  # fmt: skip
    if not lot_known or len(sites) <= 2:
        why = (
            "Nothing of this lot is on record: its maker has most likely not sent the file."
            if not lot_known
            else "The lot is on record, and these serials look like its others: part of a file is most likely missing."
        )
        return Finding(what, "late-data", why, "check", "Ask the maker, or the supplier, for the file of this lot.")
    return Finding(
        what, "suspect", "The lot is on record, these serials are not, and they turn up at many places.", "check",
        "Ask the maker today whether it issued them. Until it answers, treat them as counterfeit.",
    )  # fmt: skip


def never_issued(scans: Sequence[Suspicion], profile: Profile) -> Finding | None:
    """S12: serials outside of what was ever issued for a product."""
    odd = sorted({scan.serial for scan in scans if profile.misfit(scan.serial)})
    if len(odd) < NEVER_ISSUED_MIN:
        return None
    return Finding(
        f"{len(odd):,} serials of product {scans[0].gtin} that were never issued, such as {odd[0]}.", "suspect",
        f"Of {odd[0]}, {profile.misfit(odd[0])}.", "stop",
        "Set these packs aside. Send pictures to the maker, and open an investigation.",
    )  # fmt: skip


def unlike_others(
    site: str, scans: Mapping[str, int], odd: Mapping[str, int], codes: Mapping[str, int]
) -> Finding | None:
    """S9: the scans of a site fail far more often than those of all others; ``codes`` says why at this site."""
    here, failed = scans.get(site, 0), odd.get(site, 0)
    others = sum(scans.values()) - here
    peers = sum(1 for name, count in scans.items() if name != site and count >= SCANS_MIN)
    if here < SCANS_MIN or failed < ODD_MIN or peers < SITES_MIN - 1:
        return None
    usual = max((sum(odd.values()) - failed) / others, 1e-3)
    z = (failed - here * usual) / math.sqrt(here * usual * (1 - min(usual, 0.999)))
    if z < Z_MIN:
        return None
    code, times = max(codes.items(), key=lambda each: (each[1], each[0]))
    share = times / failed
    what = f"{failed:,} of {here:,} scans at {site} failed ({failed / here:.1%}; {usual:.2%} elsewhere), mostly {code}."
    if share > 0.5 and code in _SCANNER:
        return Finding(
            what,
            "scanner",
            "One kind of unreadable code, at one place: the scanner.",
            "check",
            "Calibrate the scanner.",
        )
    if share > 0.5 and code in ("already-dispensed-here", "partially-dispensed"):
        return Finding(
            what, "process", "Packs are scanned again after they were handed over: a habit, or two programs that both "
            "report.", "check", "Ask how packs are scanned there.",
        )  # fmt: skip
    if share > 0.5 and code in ("no-transaction-data", "not-shipped-to-you", "custody-open"):
        return Finding(
            what, "late-data", "The files of one supplier do not come, or come late.", "check",
            "Ask the supplier of these packs for its files.",
        )  # fmt: skip
    return Finding(
        what, "suspect", "Neither the scanner nor late files explain it.", "check",
        "Look at the packs there: who supplied them, and do they look genuine?",
    )  # fmt: skip


_SCANNER = frozenset({"scanner-fault", "ambiguous-scan", "bad-check-digit", "wrong-barcode"})


def spoiled(count: int, repair: str) -> Finding | None:
    """Many scans of one place with one fault: the scanner, told once."""
    if count < SCANNER_MIN:
        return None
    fault, advice = _FAULTS.get(repair, (repair.replace("-", " "), "Calibrate the scanner at this place."))
    return Finding(
        f"{count:,} scans, one place, {fault}.", "scanner", "The same fault each time: a setting, not the packs.",
        "check", advice,
    )  # fmt: skip


_FAULTS: Final = {
    "caps-lock": ("Caps Lock", "Switch Caps Lock off at this counter, or have the scanner ignore it."),
    "case-inverted": ("Caps Lock", "Switch Caps Lock off at this counter, or have the scanner ignore it."),
    "group-separator-restored": ("separators lost", "Set the scanner to send the group separator (GS)."),
    "keyboard-layout": ("a foreign keyboard layout", "Set the scanner to this computer's keyboard layout."),
}


def grouped(scans: Iterable[Suspicion], codes: frozenset[str]) -> dict[tuple[str, str], list[Suspicion]]:
    """Give the scans with one of these codes by product and lot."""
    found: dict[tuple[str, str], list[Suspicion]] = {}
    for scan in scans:
        if scan.code in codes and scan.serial:
            found.setdefault((scan.gtin, scan.lot), []).append(scan)
    return found
