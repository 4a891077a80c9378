"""``rxtrail score``: plays the scans of a simulated market against the record, and tells how good the answers were."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rxtrail.cli import exits, say, show
from rxtrail.cli.bars import bar
from rxtrail.cli.call import Call, command
from rxtrail.cli.node import own
from rxtrail.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rxtrail.bootstrap import Node
    from rxtrail.simulate.scans import Scan
    from rxtrail.simulate.score import Answered, Score

Line = TypeVar("Line")
AT_ONCE = 64  # counters that scan in one moment; one serial never twice among them
LATE = "late"  # the folder of files that arrive while packs are scanned
PHARMACIES = 30  # of which the view of a single pharmacy is made


@command("score", "rxtrail score chain", "rxtrail score chain --view pharmacy --json")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True), metavar="DIR")
@click.option(
    "--view",
    type=click.Choice(("hub", "pharmacy")),
    default="hub",
    show_default=True,
    help="Whose record answers: the hub's, or that of single pharmacies with only their own papers.",
)
@click.option("--verdicts", type=click.Path(path_type=Path, dir_okay=False), help="Also write each answer, one a line.")
@click.option(
    "--pharmacies",
    type=click.IntRange(1),
    default=PHARMACIES,
    show_default=True,
    help="With --view pharmacy: how many.",
)
def score(call: Call, folder: Path, view: str, verdicts: Path | None, pharmacies: int) -> int:
    """Play DIR/scans.jsonl against the record that holds DIR/documents, and score the answers by DIR/truth.jsonl.

    Each scan is judged at its site; what is ok is dispensed there. First-scan stop and flag rates for each attack, time
    until a flag, false stops and ambers per million honest scans, each with its 95 % interval. Without truth.jsonl
    only the verdicts are written.
    """
    import msgspec

    from rxtrail.simulate.score import Truth
    from rxtrail.simulate.score import score as score_of

    scans = _scans(folder)
    truth = folder / "truth.jsonl"
    truths = _lines(truth, Truth) if truth.exists() else None  # before the long work
    with bar() as told:
        if view == "hub":
            with own(call) as node:
                played = _play(node, scans, lambda done: told("scanning", done, len(scans)), _late(folder))
                answers = list(played)
        else:
            answers = _as_pharmacies(folder, scans, pharmacies, told)
    if verdicts is not None:
        encode = msgspec.json.Encoder().encode
        verdicts.write_bytes(b"".join(encode(answer) + b"\n" for answer in answers))
    if truths is None:
        say.note(f"{len(answers):,} scans answered; no truth.jsonl, so nothing is scored")
        return exits.FINE
    untold = len({answer.id for answer in answers} - {each.id for each in truths})
    if untold:
        say.note((f"of {untold:,} scans truth.jsonl says nothing: they are not scored", "check"))
    result = score_of(answers, truths, view=view)
    if call.as_json:
        say.answer(result)
    else:
        _show(result)
    return exits.FINE


def _scans(folder: Path) -> list[Scan]:
    from rxtrail.simulate.scans import Scan

    path = folder / "scans.jsonl"
    if not path.exists():
        raise BadRequest(
            "there is no scans.jsonl", place=str(folder), advice="Make it with: rxtrail simulate --out DIR"
        )
    return _lines(path, Scan)


def _lines(path: Path, kind: type[Line]) -> list[Line]:
    """Read a file of one value a line; raises ``BadRequest`` with the line that cannot be read."""
    import msgspec

    decoder = msgspec.json.Decoder(kind)
    data = path.read_bytes()
    try:
        return decoder.decode_lines(data)
    except msgspec.DecodeError:
        found: list[Line] = []
        for number, line in enumerate(data.split(b"\n"), 1):
            try:
                found += [decoder.decode(line)] if line.strip() else []
            except msgspec.DecodeError as wrong:
                raise BadRequest(
                    f"{path.name} is not whole: {wrong}",
                    place=f"{path}, line {number:,}",
                    advice="Make it again with: rxtrail simulate --out DIR",
                ) from wrong
        return found


def _late(folder: Path) -> list[Path]:
    """Give the files that arrive while packs are scanned, the first first."""
    late = folder / LATE
    return sorted(late.iterdir()) if late.is_dir() else []


def _arrival(path: Path) -> str:
    """Give when a late file arrives, as scans have it; raises BadRequest when its name does not tell."""
    import datetime as dt

    moment = path.name.partition("-")[0]
    try:
        return dt.datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError as wrong:
        raise BadRequest(
            "the name of a late file begins with its moment of arrival, such as 20261205T101500Z-", place=str(path)
        ) from wrong


def _play(node: Node, scans: list[Scan], told: Any, late: Sequence[Path] = ()) -> Iterator[Answered]:  # noqa: ANN401 (a bar)
    """Answer scans in their order, as many at once as counters would; two of one code wait for each other.

    Late files are captured between the scans, each when its time has come.
    """
    from concurrent.futures import ThreadPoolExecutor

    coming = [(_arrival(path), path) for path in reversed(late)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        at = 0
        while at < len(scans):
            while coming and coming[-1][0] <= scans[at].at:
                _capture(node, coming.pop()[1])
            until = coming[-1][0] if coming else "9999"
            some: list[Scan] = []
            codes: set[str] = set()
            while (
                at < len(scans)
                and len(some) < AT_ONCE
                and scans[at].at < until
                and scans[at].scan.casefold() not in codes
            ):
                codes.add(scans[at].scan.casefold())
                some.append(scans[at])
                at += 1
            yield from pool.map(lambda scan: _answer(node, scan), some)
            node.settle()
            told(at)


def _capture(node: Node, path: Path) -> None:
    with path.open("rb") as stream:
        node.capture(stream, name=path.name)


def _answer(node: Node, scan: Scan) -> Answered:
    from rxtrail.core.rules.answer import Answer
    from rxtrail.errors import Refused
    from rxtrail.simulate.score import Answered

    verdict = node.verify(scan.scan, site=scan.site, purpose=scan.purpose)
    pack = f"{verdict.pack.gtin}/{verdict.pack.serial}" if verdict.pack.serial else ""
    said, reasons, dispensed = verdict.verdict.value, [reason.code for reason in verdict.reasons], False
    if verdict.verdict is Answer.OK and scan.purpose == "dispense":
        try:
            node.change("dispense", scan.scan, site=scan.site, key=f"score-{scan.id}")
            dispensed = True
        except Refused as refused:
            said, reasons = "stop", [refused.code]
    return Answered(scan.id, scan.at, scan.site, said, reasons, pack, dispensed)


def _as_pharmacies(folder: Path, scans: list[Scan], count: int, told: Any) -> list[Answered]:  # noqa: ANN401 (a bar)
    """Give each of some pharmacies a record of its own, of nothing but the papers that were sent to it."""
    import random
    import tempfile
    from collections import defaultdict

    from rxtrail.bootstrap import open_node

    by_site: dict[str, list[Scan]] = defaultdict(list)
    for scan in scans:
        by_site[scan.site].append(scan)
    busiest = sorted(by_site, key=lambda site: (-len(by_site[site]), site))
    chosen = random.Random("rxtrail:score").sample(busiest, min(count, len(busiest)))  # noqa: S311
    papers = _papers(folder, set(chosen), told)
    answers: list[Answered] = []
    for number, site in enumerate(chosen, start=1):
        with tempfile.TemporaryDirectory(prefix="rxtrail-score-") as data, open_node(Path(data)) as node:
            node.load_partners((folder / "partners.csv").read_bytes())
            node.init("pharmacy", [site])
            late = [path for path in papers[site] if path.parent.name == LATE]
            for path in papers[site]:
                if path not in late:
                    _capture(node, path)
            answers += _play(node, by_site[site], lambda _done: None, late)
        told("pharmacies", number, len(chosen))
    place = {scan.id: number for number, scan in enumerate(scans)}
    return sorted(answers, key=lambda answer: place[answer.id])


def _papers(folder: Path, sites: set[str], told: Any) -> dict[str, list[Path]]:  # noqa: ANN401 (a bar)
    """Find the documents that were sent to each site; those that come late are the last, the first of them first."""
    import re

    receiver = re.compile(rb"<sbdh:Receiver>.*?>(?:urn:epc:id:sgln:)?([0-9.]+)</sbdh:Identifier>")
    found: dict[str, list[Path]] = {site: [] for site in sites}
    # A 12-digit prefix leaves no reference: the SGLN without dots is the GLN without its check digit.
    by_body = {site[:12]: site for site in sites}
    paths = [*sorted((folder / "documents").iterdir()), *_late(folder)]
    for number, path in enumerate(paths, start=1):
        with path.open("rb") as stream:
            told_to = receiver.search(stream.read(4_096))
        if told_to is not None:
            digits = told_to[1].decode().replace(".", "")[:12]
            if digits in by_body:
                found[by_body[digits]].append(path)
        told("sorting papers", number, len(paths))
    return found


def _show(result: Score) -> None:
    say.line((f"{result.scans:,} scans, the view of the {result.view}", "strong"))
    show.rows(
        ["attack", "fakes", "stopped at its scan", "flagged", "hours to a flag"],
        [
            (
                each.attack,
                f"{each.fakes:,}",
                _share(each.stopped),
                _share(each.flagged),
                "" if each.hours_to_flag is None else f"{each.hours_to_flag:,.1f}",
            )
            for each in result.attacks
        ],
    )
    say.line(f"  honest packs: {result.honest:,}")
    say.line(f"  false stops: {result.false_stops_per_million:,.0f} per million  {_share(result.false_stops)}")
    say.line(f"  ambers: {result.ambers_per_million:,.0f} per million  {_share(result.ambers)}")
    for what, reasons in (("stopped for", result.false_stop_reasons), ("amber for", result.amber_reasons)):
        if reasons:
            say.line(f"    {what}: {', '.join(f'{reason} {count:,}' for reason, count in reasons.items())}")
    say.line(f"  packs whose code was copied: {result.cloned:,}, stopped {_share(result.cloned_stopped)}")


def _share(share: Any) -> str:  # noqa: ANN401 (Share, imported where it is used)
    return f"{share.share:.2%} ({share.low:.2%} to {share.high:.2%})" if share.of else "none"


COMMANDS = {"score": score}
