"""``rxtrail openfda``: the NDC directory, labels and shortages, from files or from openFDA's API; recalls from it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import click
import msgspec

from rxtrail.cli import bars, exits, notices_in, say, show, sources
from rxtrail.cli.call import WORDS, Call, command, group
from rxtrail.cli.node import reader
from rxtrail.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rxtrail.openfda import FdaProduct, LoadReport, OpenFda, PollOrder, PollReport

DATASETS = ("ndc", "label", "shortages")
ENFORCEMENT = "enforcement"
SUFFIXES = (".json", ".jsonl", ".zip", ".gz")
KEY_VARIABLE = "RXTRAIL_OPENFDA_KEY"
URL_VARIABLE = "RXTRAIL_OPENFDA_URL"
KEY_BYTES_MAX = 4096
LIMIT = 20


@contextlib.contextmanager
def opened(call: Call) -> Iterator[OpenFda]:
    """What was loaded from openFDA in this DATA."""
    from rxtrail.bootstrap.reference_files import open_openfda

    room = open_openfda(call.data, store_url=call.store)
    try:
        yield room
    finally:
        room.close()


@command(
    "load",
    "rxtrail openfda load ndc drug-ndc-0001-of-0001.json.zip",
    "rxtrail openfda load label drug-label-*.json.zip --replace",
    "rxtrail openfda load shortages drug-shortages-0001-of-0001.json.zip --replace --json",
)
@click.argument("dataset", type=click.Choice((*DATASETS, ENFORCEMENT)), metavar=f"{{{'|'.join(DATASETS)}}}")
@click.argument("files", metavar="FILE|DIR...", nargs=-1, required=True)
@click.option("--replace", is_flag=True, help="These files are the whole: forget what they do not hold.")
def load(call: Call, dataset: str, files: tuple[str, ...], *, replace: bool) -> int:
    """Load files as openFDA gives them out: JSON, also packed as zip or gzip; no network is needed.

    All files are loaded or none: one that is cut is refused with the place, exit code 1, and nothing of it stays.
    Records that do not fit are left out and told.
    """
    if dataset == ENFORCEMENT:
        raise BadRequest(
            "enforcement reports are opened as recalls, and not kept beside the record",
            place="dataset",
            advice="Open those of a file with: rxtrail recall open --notice FILE --by NAME",
        )
    found = _files(files)
    with opened(call) as room, bars.bar() as told:
        report = room.load(dataset, [(str(path), _opening(path, told)) for path in found], replace=replace)
    if call.as_json:
        say.answer(report)
    else:
        _tell(report)
    return exits.FINE


@command(
    "poll",
    "rxtrail openfda poll shortages",
    "rxtrail openfda poll label --search 'effective_time:[20261101 TO 20261130]' --json",
    "rxtrail openfda poll enforcement --search 'report_date:[20261101 TO 20261130]'",
)
@click.argument("dataset", type=click.Choice((*DATASETS, ENFORCEMENT)))
@click.option("--search", type=WORDS, help="In openFDA's own words; else everything.")
@click.option("--limit", type=click.IntRange(1, 1000), help="Records a page. [default: 1000, of labels 100]")
@click.option("--base-url", type=WORDS, envvar=URL_VARIABLE, help=f"Another server. [${URL_VARIABLE}]")
@click.option(
    "--key-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"A file with the key of openFDA; else ${KEY_VARIABLE}.",
)
@click.option("--restart", is_flag=True, help="From the beginning, where a call before stopped in the middle.")
@click.option("--by", type=WORDS, metavar="NAME", help="Who opens recalls of enforcement reports. [default: openFDA]")
def poll(
    call: Call,
    dataset: str,
    search: str | None,
    limit: int | None,
    base_url: str | None,
    key_file: Path | None,
    by: str | None,
    *,
    restart: bool,
) -> int:
    """Ask openFDA's API for records, page by page; a call that is cut off is gone on with by the next one.

    Enforcement reports are opened as recalls, as `rxtrail recall open --notice` opens those of a file: one that was
    understood holds at once, any other waits to be read by a person, and what was opened before is left alone. Exit
    code 4 when openFDA does not answer, or with fewer reports than it says.
    """
    from rxtrail.openfda import PollOrder
    from rxtrail.openfda.polling import BASE_URL

    order = PollOrder(
        search or "", limit or (100 if dataset == "label" else 1000), base_url or BASE_URL, _key(key_file), restart
    )
    if dataset == ENFORCEMENT:
        return _poll_reports(call, order, by or "openFDA")
    if by:
        raise click.UsageError("--by is for enforcement reports")
    with opened(call) as room, bars.bar() as told:
        report = room.poll(dataset, order, told=lambda records, total: told(f"openFDA {dataset}", records, total))
    if call.as_json:
        say.answer(report)
    else:
        _tell_poll(report)
    return exits.FINE


def _poll_reports(call: Call, order: PollOrder, by: str) -> int:
    from rxtrail.outbound import Unreachable
    from rxtrail.recalls import NoticesReport, asked_of, read_reports

    counts = NoticesReport()

    def take(page: bytes) -> tuple[int, int, int]:
        nonlocal counts
        try:
            reports = read_reports(page)
        except BadRequest as wrong:
            raise Unreachable(f"what came is no page of openFDA: {wrong.message}", sent=True) from wrong
        wanted = [asked_of(report) for report in reports]
        done = notices_in.open_reports(call, wanted, by, lambda _done, _in_all: None)
        counts = counts.and_(done)
        return len(reports), done.opened, sum(bool(report.misfits) for report in reports)

    with reader(call):
        pass  # there is a record to open recalls in; nothing is asked for otherwise
    with opened(call) as room, bars.bar() as told:
        report = room.poll_reports(order, take, told=lambda records, total: told("openFDA enforcement", records, total))
    if call.as_json:
        say.answer({**msgspec.to_builtins(report), **msgspec.to_builtins(counts)})
    else:
        _tell_poll(report)
        notices_in.tell(counts)
    return exits.FINE


def _tell_poll(report: PollReport) -> None:
    before = f", {report.resumed:,} before" if report.resumed else ""
    odd = "that did not fit, for a person to read" if report.dataset == ENFORCEMENT else "left out"
    come = f"{report.records:,} of {report.total:,} records in {report.pages:,} pages"
    say.line(f"{come}{before}; {report.faults:,} {odd}")


@command("status", "rxtrail openfda status --json")
def status(call: Call) -> int:
    """Show what was loaded, and whether it is shown beside verdicts."""
    with opened(call) as room:
        found = room.status()
    if call.as_json:
        say.answer(found)
    elif not found.files:
        say.note("nothing loaded yet: rxtrail openfda load ndc FILE")
    else:
        say.line(f"{found.products:,} packages, {found.labels:,} labels, {found.shortages:,} shortages")
        say.line("shown beside verdicts" if found.shown else "not shown beside verdicts: rxtrail safety on")
        lines = [
            (each.dataset, each.loaded_at[:16], f"{each.records:,}", f"{each.faults:,}", each.name)
            for each in found.files
        ]
        show.rows(["dataset", "loaded", "records", "left out", "file"], lines)
    return exits.FINE


@command("product", "rxtrail openfda product 00368682065107", "rxtrail openfda product 68682-065-10 --json")
@click.argument("code", type=WORDS, metavar="GTIN|NDC")
def product(call: Call, code: str) -> int:
    """Show one package of the NDC directory, by its GTIN or its NDC with hyphens."""
    with opened(call) as room:
        found = room.product(code)
    if call.as_json:
        say.answer(found)
    else:
        _rows([found])
    return exits.FINE


@command("find", "rxtrail openfda find methoxsalen", "rxtrail openfda find 'atorvastatin calcium' --limit 100 --json")
@click.argument("words", type=WORDS)
@click.option("--limit", type=click.IntRange(1, 1000), default=LIMIT, show_default=True, help="At most so many.")
def find(call: Call, words: str, limit: int) -> int:
    """Find packages of the NDC directory by brand or generic name; --json gives one a line."""
    with opened(call) as room:
        found = room.find(words, limit)
    if call.as_json:
        for each in found:
            say.answer(each)
    elif found:
        _rows(found)
    else:
        say.note("no package of that name")
    return exits.FINE


def _rows(products: list[FdaProduct]) -> None:
    lines = [
        (each.gtin, each.ndc, each.brand or each.generic, each.strength, each.form, each.labeler) for each in products
    ]
    show.rows(["gtin", "ndc", "name", "strength", "form", "labeler"], lines)


def _tell(report: LoadReport) -> None:
    words = f"{report.records:,} records of {report.files} file{'' if report.files == 1 else 's'}: {report.kept:,} kept"
    more = [
        f"{count:,} {what}"
        for count, what in (
            (report.unlinked, "without a package"), (report.faults, "left out"), (report.forgotten, "forgotten"),
        )
        if count
    ]  # fmt: skip
    say.line(", ".join([words, *more]))
    for fault in report.faults_told:
        say.note("  left out: ", fault)


def _files(given: tuple[str, ...]) -> list[Path]:
    found: list[Path] = []
    for name in given:
        path = Path(name)
        if path.is_dir():
            inside = sorted(each for each in path.iterdir() if each.suffix.lower() in SUFFIXES)
            if not inside:
                raise BadRequest(
                    "no file of openFDA in this folder", place=name, advice=f"They end in {', '.join(SUFFIXES)}."
                )
            found += inside
        else:
            found.append(path)
    return found


def _opening(path: Path, told: Callable[[str, int, int], None]) -> Callable[[], BinaryIO]:
    def open_file() -> BinaryIO:
        stream = sources.Source(str(path), path, 0).open()
        return cast("BinaryIO", bars.Seen(stream, told, path.name, path.stat().st_size))

    return open_file


def _key(path: Path | None) -> str:
    if path is None:
        return os.environ.get(KEY_VARIABLE, "").strip()
    with sources.Source(str(path), path, 0).open() as stream:
        key = stream.read(KEY_BYTES_MAX).decode("utf-8", "replace").strip()
    if not (key.isascii() and key.isalnum()):
        raise BadRequest(
            "this is no key of openFDA", place=str(path), advice="The file holds the key and nothing else."
        )
    return key


openfda = group(
    "openfda",
    "What openFDA publishes of products: the NDC directory, labels, shortages; and its enforcement reports.",
    [load, poll, status, product, find],
    "rxtrail openfda load ndc drug-ndc-0001-of-0001.json.zip",
)

COMMANDS = {"openfda": openfda}
