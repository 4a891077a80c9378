"""The simulated chain as files: the partners' documents, the partner table, the scans and the truth."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import TYPE_CHECKING

import msgspec

from rxtrail.simulate.epcis_text import render
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
    """Give every document as (file name, XML bytes), in the order in which they were sent."""
    for number, file in enumerate(world.files, start=1):
        day = dt.datetime.fromtimestamp(file.created, dt.UTC).strftime("%Y%m%d")
        yield f"{number:05d}-{day}-{file.speaker.role}-{file.speaker.gln}-{file.kind}.xml", render(file)


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

    ``played`` are the scans of a market with their truth. Without them each pack on a shelf is scanned once, honestly:
    ``attack`` is empty and ``cloned`` false on each line of the truth. ``told`` hears (documents written, in all).
    """
    folder = out / "documents"
    folder.mkdir(parents=True, exist_ok=True)
    stream = played if played is not None else ((scan, Truth(scan.id)) for scan in scans(world))  # type: ignore[arg-type]
    lines = list(stream)  # the attacks add files of their own
    world.files.sort(key=lambda file: file.created)
    for number, (name, data) in enumerate(documents(world), start=1):
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
