"""Six codes to try, chosen from what a node holds and confirmed by what it answers.

No table of the simulation is read here: the candidates come out of the node's own export of packs, and a code
is given only when the node's verdict on it is the one its label promises.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Protocol

import msgspec

from rxtrail.answers import ExportFilters
from rxtrail.core.gs1.epc import gln_of
from rxtrail.core.rules.answer import Answer
from rxtrail.errors import NotFound
from rxtrail.simulate.scans import scan_text

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from rxtrail.answers import Partner
    from rxtrail.core.rules.answer import Verdict

CANDIDATES_PER_LABEL_MAX = 24
_SERIAL_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
# The reason that must stand first for a code to deserve its label; a fine pack has the verdict alone.
_PROMISED = {
    "recalled": ("recalled",),
    "already-dispensed": ("already-dispensed-here", "already-dispensed-elsewhere"),
    "unknown": ("unknown-serial",),
    "off-route": ("off-route", "not-shipped-to-you"),
    "expired": ("expired",),
}


class DemoCode(msgspec.Struct, frozen=True, gc=False):
    """One code to try, and the GLN of the site where it is scanned."""

    label: str
    code: str
    site: str


class Record(Protocol):
    """What is asked of a node: its packs, its partners and its verdict on a scan."""

    def export(self, what: str, fmt: str, *, filters: ExportFilters) -> Iterator[bytes]:
        """Stream the packs on record as JSON lines."""
        ...

    def partners(self) -> list[Partner]:
        """Give the partner table."""
        ...

    def verify(self, scan: str, *, site: str, purpose: str) -> Verdict:
        """Judge one scan."""
        ...


class _Pack(msgspec.Struct, gc=False):
    """The columns of an exported pack that matter here; all others are ignored."""

    gtin: str
    serial: str
    lot: str = ""
    expiry: str = ""
    disposition: str = ""
    custodian: str = ""
    in_transit_to: str = ""
    holds: list[str] = []
    recalled: bool = False


def demo_codes(node: Record, *, site: str, seed: int, today: dt.date, barred: str = "") -> list[DemoCode]:
    """Choose a code per label for the counter ``site``; raises NotFound when a label finds none.

    ``barred`` is the product that by its approved route may not be there.
    """
    rng = random.Random(f"rxtrail:demo:{seed}")  # noqa: S311 - the same seed shows the same codes
    pharmacies = {gln for partner in node.partners() if partner.role == "pharmacy" for gln in partner.glns}
    elsewhere = pharmacies - {site}
    samples = _samples(_packs(node), rng, site=site, elsewhere=elsewhere, today=today.isoformat(), barred=barred)
    samples["unknown"] = [_never_made(pack, rng) for pack in samples["fine"]]
    codes = []
    for label in ("fine", "recalled", "already-dispensed", "unknown", "off-route", "expired"):
        for pack in samples[label]:
            code = scan_text(pack.gtin, pack.serial, pack.lot, pack.expiry)
            if _deserves(label, node.verify(code, site=site, purpose="dispense")):
                codes.append(DemoCode(label, code, site))
                break
        else:
            raise NotFound(
                f"none of {len(samples[label])} packs tried at site {site} is {label!r} by the verdict",
                advice="Simulate more packs, and let the node capture every document and the partner table.",
            )
    return codes


def _packs(node: Record) -> Iterator[_Pack]:
    decoder = msgspec.json.Decoder(_Pack)
    rest = b""
    for chunk in node.export("packs", "json", filters=ExportFilters()):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (decoder.decode(line) for line in lines if line)
    if rest:
        yield decoder.decode(rest)


def _samples(
    packs: Iterable[_Pack], rng: random.Random, *, site: str, elsewhere: set[str], today: str, barred: str
) -> dict[str, list[_Pack]]:
    """Keep a fair sample per label in one pass, however many packs there are (reservoir sampling)."""
    samples: dict[str, list[_Pack]] = {label: [] for label in ("fine", *_PROMISED)}
    seen = dict.fromkeys(samples, 0)
    for pack in packs:
        label = _label(pack, site=site, elsewhere=elsewhere, today=today, barred=barred)
        if not label:
            continue
        seen[label] += 1
        sample = samples[label]
        if len(sample) < CANDIDATES_PER_LABEL_MAX:
            sample.append(pack)
        elif (place := rng.randrange(seen[label])) < CANDIDATES_PER_LABEL_MAX:
            sample[place] = pack
    for sample in samples.values():
        rng.shuffle(sample)
    return samples


def _label(pack: _Pack, *, site: str, elsewhere: set[str], today: str, barred: str) -> str:
    """Guess which label a pack may deserve; only the node's verdict settles it."""
    if pack.gtin[0] != "0" or not (pack.lot and pack.expiry):
        return ""  # a case is no pack to hand over, and a code to try has all four elements
    expired = pack.expiry < today
    if gln_of(pack.custodian) == site:
        if pack.disposition == "dispensed":
            return "already-dispensed"
        if pack.recalled:
            return "recalled"
        if expired:
            return "expired"
        return "off-route" if pack.gtin == barred else "fine"
    sent_to = gln_of(pack.in_transit_to) or gln_of(pack.custodian)
    if barred:
        return ""  # where a route is approved, off-route means off that route
    sound = not (expired or pack.recalled or pack.holds or pack.disposition == "dispensed")
    return "off-route" if sound and sent_to in elsewhere else ""


def _never_made(pack: _Pack, rng: random.Random) -> _Pack:
    """Give a real product and lot a serial of the right length that was drawn, not issued."""
    serial = "".join(rng.choices(_SERIAL_LETTERS, k=len(pack.serial)))
    return msgspec.structs.replace(pack, serial=serial)


def _deserves(label: str, verdict: Verdict) -> bool:
    if label == "fine":
        return verdict.verdict is Answer.OK
    return bool(verdict.reasons) and verdict.reasons[0].code in _PROMISED[label]
