"""What of the record goes into a site's bundle: its packs, as the node would judge them, and what is stopped anywhere.

There is no index of packs by place, since shipping a pallet writes nothing about its packs. So this reads the rows of
all containers and of all packages with a story of their own; of the others only those inside the site's containers.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from rxtrail.core.rules.answer import Severity
from rxtrail.core.rules.recall import told_abroad
from rxtrail.core.rules.words import END_RANKS
from rxtrail.offline.bundle import SERIAL_BYTES_MAX, Facts, Group, RecalledLot, Said
from rxtrail.record.contents import contents_of
from rxtrail.record.exact import Shelf, container_state, unit_state
from rxtrail.record.facts import Recalls
from rxtrail.record.names import product_view
from rxtrail.record.orders import standing
from rxtrail.record.standing import identity_of, partner_names
from rxtrail.record.times import iso

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.core.rules.answer import Verdict
    from rxtrail.core.rules.authority import Authority
    from rxtrail.record.exact import Exact
    from rxtrail.record.judge import Judge
    from rxtrail.store import Reader
    from rxtrail.store.rows import ContainerRow

PAGE: Final = 10_000
CONTENTS_MAX: Final = 1_000_000
# True of the day, or of the place of the asker; the offline rules say these themselves, or cannot.
_SAID_ANEW: Final = frozenset({"expired", "lot-mismatch", "expiry-mismatch", "lot-unknown", "not-shipped-to-you"})
_OF_ANOTHER_PLACE: Final = frozenset({"already-dispensed-elsewhere", "partially-dispensed"})

Identity = tuple[str, str, str, str]  # GTIN-14, serial, lot, YYMMDD


def gather(reader: Reader, judge: Judge, site: str, *, key: str, as_of: int) -> tuple[Facts, list[list[str]]]:
    """Give the facts of a site's bundle and the serials of each of its groups; the reader holds still meanwhile.

    ``as_of`` is in microseconds, ``key`` the verifier key of who will sign.
    """
    identity = identity_of(reader)
    reasons: dict[Said, int] = {}
    groups: dict[tuple[str, str, str, int, tuple[int, ...], str], list[str]] = defaultdict(list)
    for gtin, serial, lot, yymmdd in dict.fromkeys(_packs(reader, judge.authority, site)):
        # As a scanner sends it: with brackets, a serial that holds one would be read as something else.
        code = f"]d201{gtin}21{serial}\x1d" + (f"17{yymmdd}" if yymmdd else "") + (f"10{lot}" if lot else "")
        # Recalls that are kept here go along as they are, and are judged by whoever has the copy.
        verdict = judge.judge(code, site=site, purpose="dispense", orders=False)
        if verdict.pack.serial != serial or len(serial.encode()) > SERIAL_BYTES_MAX:
            continue  # no scan can name this pack
        here = _is_here(verdict, is_own=site in identity.glns)
        said = [reason for reason in _said(verdict) if here or _is_for_all(reason)]
        # No code tells when a pack was made: a recall that asks for it knows it from here, or not at all.
        made = judge.made if judge.orders.asks_for_making(gtin) else ""
        if here or said or made:
            places = tuple(reasons.setdefault(reason, len(reasons)) for reason in said)
            groups[gtin, lot, verdict.pack.expiry, int(here), places, made].append(serial)
    kept = sorted(groups)
    names = partner_names(reader)
    facts = Facts(
        site=site,
        as_of=iso(as_of)[:19] + "Z",
        log_size=reader.log_size(),
        key=key,
        role=identity.role,
        market=identity.market,
        glns=identity.glns,
        site_name=names.get(site, ""),
        reasons=list(reasons),
        groups=[Group(*group[:5], 0, group[5]) for group in kept],
        recalled=_recalled(reader, judge.authority),
        products={gtin: product_view(reader, gtin) for gtin in sorted({group[0] for group in kept})},
        site_role=judge.role_of(site),
        recalls=[told_abroad(order) for order in standing(reader)],
    )
    return facts, [groups[group] for group in kept]


def _is_here(verdict: Verdict, *, is_own: bool) -> bool:
    """Tell whether the record has the pack at the site or on its way to it."""
    if verdict.record.basis == "none" or any(reason.code == "not-shipped-to-you" for reason in verdict.reasons):
        return False
    return is_own or "custody" not in verdict.record.not_checked


def _said(verdict: Verdict) -> Iterator[Said]:
    for reason in verdict.reasons:
        if reason.code not in _SAID_ANEW:
            # Whether it was taken back since cannot be seen without the record: then dispensed is dispensed.
            is_dispensed = reason.code == "already-dispensed-here"
            severity = Severity.STOP if is_dispensed else reason.severity
            yield Said(reason.code, severity.value, reason.message, reason.next)


def _is_for_all(said: Said) -> bool:
    """Tell whether a stop goes to every site; what others dispensed would be most of a country's packs."""
    return said.severity == Severity.STOP.value and said.code not in _OF_ANOTHER_PLACE


def _recalled(reader: Reader, authority: Authority) -> list[RecalledLot]:
    recalls = Recalls()
    recalls.load(reader, authority)
    lots = [RecalledLot(reader.gtin(product), lot) for product, lot in recalls.lots]
    lots += [RecalledLot(reader.gtin(product), "") for product in recalls.products]
    return sorted(set(lots), key=lambda one: (one.gtin, one.lot))


# -- which packs to look at -----------------------------------------------------------------------------------------


def _packs(reader: Reader, authority: Authority, site: str) -> Iterator[Identity]:
    """Give every pack that may be at the site or must be stopped; the same one may come twice."""
    shelf = Shelf(reader, authority)
    after = 0
    while rows := reader.containers_from(after, PAGE, packages_only=False):
        for row in rows:
            yield from _of_container(reader, authority, shelf, row, site)
        after = rows[-1].id
    place = (0, "")
    while page := reader.units_from(place, PAGE):
        for product, unit in page:
            if unit.own is not None or (unit.packed is None and _is_made_by(reader, unit.made, site)):
                exact = unit_state(reader, authority, product, unit.serial, unit, shelf=shelf)
                yield reader.gtin(product), unit.serial, exact.state.lot, _yymmdd(exact.state.expiry)
        place = (page[-1][0], page[-1][1].serial)


def _of_container(
    reader: Reader, authority: Authority, shelf: Shelf, row: ContainerRow, site: str
) -> Iterator[Identity]:
    if row.parent is not None and row.state is None:
        return  # inside another and with no story of its own: what is inside it comes with the outermost
    exact = container_state(reader, authority, row, shelf=shelf)
    if row.key.startswith("01/") and exact.state.made >= 0 and (_is_bad(exact) or _concerns(exact, authority, site)):
        yield row.key[3:17], row.key[21:], exact.state.lot, _yymmdd(exact.state.expiry)
    if (not exact.containers and _concerns(exact, authority, site)) or _is_bad(exact):
        yield from contents_of(reader, authority, row, limit=CONTENTS_MAX)


def _concerns(exact: Exact, authority: Authority, site: str) -> bool:
    """Tell whether the site has it, or is sent it."""
    custody = exact.custody
    glns = {custody.custodian, custody.owner, *custody.to, *custody.holders} - {""}
    at_site = custody.location.partition("414/")[2][:13] == site
    return site in glns or at_site or any(authority.same_party(site, gln) for gln in glns)


def _is_bad(exact: Exact) -> bool:
    state = exact.state
    return bool(state.holds or state.doubts or state.recalled or END_RANKS.get(state.disposition, 0))


def _is_made_by(reader: Reader, made: int | None, site: str) -> bool:
    return made is not None and site in reader.making(made).speakers


def _yymmdd(expiry: str) -> str:
    return expiry[2:].replace("-", "")
