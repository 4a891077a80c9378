"""The simulated chain as files: the partners' documents, the partner table, the scans and the truth."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import TYPE_CHECKING

import msgspec

from rxtrail.simulate.epcis_text import midnight, render
from rxtrail.simulate.scans import Truth, scans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from rxtrail.simulate.market import Market
    from rxtrail.simulate.scans import Scan
    from rxtrail.simulate.supply import World

    Told = Callable[[int, int], None]

_RELATIONS = {"maker": "supplier", "wholesaler": "both", "pharmacy": "customer"}


def _silent(_done: int, _in_all: int) -> None:
    """Tell nobody."""


class Written(msgspec.Struct, frozen=True):
    """What ``write`` left in the folder."""

    documents: int
    events: int
    packages: int
    scans: int


def documents(world: World | Market) -> Iterator[tuple[str, bytes]]:
    """Give every document as (file name, XML bytes), in the order in which they arrive."""
    for number, file in enumerate(world.files, start=1):
        yield (
            f"{number:05d}-{_told(file.arrival)[:8]}-{file.speaker.role}-{file.speaker.gln}-{file.kind}.xml",
            render(file),
        )


def _told(seconds: int) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y%m%dT%H%M%SZ")


def partners_csv(world: World | Market) -> bytes:
    """Give the hub's partner table: every firm of the chain with all its GLNs, authorised for a year."""
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("name", "gln", "role", "relation", "status", "valid_until"))
    valid_until = (world.today + dt.timedelta(days=365)).isoformat()
    for party in (*world.makers, *world.wholesalers, *world.pharmacies):
        glns = "|".join(dict.fromkeys((party.gln, party.site_gln)))
        table.writerow((party.name, glns, party.role, _RELATIONS[party.role], "active", valid_until))
    return text.getvalue().encode()


def write(
    out: Path, world: World | Market, played: Iterable[tuple[Scan, Truth]] | None = None, *, told: Told = _silent
) -> Written:
    """Write ``documents/``, ``partners.csv``, ``scans.jsonl`` and ``truth.jsonl`` into the folder ``out``.

    What arrives only when packs are being scanned goes to ``late/``; these names begin with the moment of arrival.
    ``played`` are the scans of a market with their truth. Without them each pack on a shelf is scanned once, honestly:
    ``attack`` is empty and ``cloned`` false on each line of the truth. ``told`` hears (documents written, in all).
    """
    folder = out / "documents"
    folder.mkdir(parents=True, exist_ok=True)
    stream = played if played is not None else ((scan, Truth(scan.id)) for scan in scans(world))  # type: ignore[arg-type]
    lines = list(stream)  # the attacks add files of their own
    world.files.sort(key=lambda file: file.arrival)
    begin = midnight(world.today)
    late = out / "late"
    for file, (number, (name, data)) in zip(world.files, enumerate(documents(world), start=1), strict=True):
        if file.arrives >= begin:
            late.mkdir(exist_ok=True)
            (late / f"{_told(file.arrives)}-{name}").write_bytes(data)
        else:
            (folder / name).write_bytes(data)
        told(number, len(world.files))
    (out / "partners.csv").write_bytes(partners_csv(world))
    encoder = msgspec.json.Encoder()
    with (out / "scans.jsonl").open("wb") as scan_lines, (out / "truth.jsonl").open("wb") as truth_lines:
        for scan, truth in lines:
            scan_lines.write(encoder.encode(scan) + b"\n")
            truth_lines.write(encoder.encode(truth) + b"\n")
    events = sum(len(file.steps) for file in world.files)
    return Written(len(world.files), events, world.packs, len(lines))
