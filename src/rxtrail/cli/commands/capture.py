"""``rxtrail capture``: EPCIS documents into the record."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

import click
import msgspec

from rxtrail.cli import exits, say, show, sources
from rxtrail.cli.app import error_object, tell
from rxtrail.cli.call import Call, command
from rxtrail.cli.node import writer
from rxtrail.errors import BadDocument, BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from rxtrail.answers import CaptureReceipt
    from rxtrail.web.port import NodePort, Progress

PROGRESS_BYTES_MIN = 2_000_000  # below this a capture is over before a bar could be read


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """A document that was refused, in the place of its receipt."""

    name: str
    state: str
    error: dict[str, str]


@command(
    "capture",
    "rxtrail capture shipment.xml",
    "rxtrail capture --json inbox/ > receipts.jsonl",
    "curl -s https://example.com/asn.json | rxtrail capture -",
)
@click.argument("documents", nargs=-1, required=True, metavar="FILE|DIR|- ...")
@click.option("--proceed", is_flag=True, help="Keep the good events of a document that has unreadable ones.")
def capture(call: Call, documents: tuple[str, ...], proceed: bool) -> int:
    r"""Capture EPCIS documents: XML 1.0 to 2.0 and JSON(-LD) 2.0.

    A document is kept, with findings if there are any, or refused whole. A folder is walked for .xml, .json
    and .jsonld files in the order of their names. The same document again changes nothing.

    \b
    Exit code: 0 all kept, 1 at least one refused.
    """
    found = sources.documents(documents)
    kept: list[CaptureReceipt] = []
    code = exits.FINE
    with writer(call, finish=True) as node:
        for source in found:
            try:
                receipt = _one(node, source, proceed=proceed)
            except KeyboardInterrupt:
                say.note(
                    f"{source.name}: once accepted (see rxtrail jobs), the next rxtrail capture or serve finishes it"
                )
                raise
            except BadDocument as error:
                code = exits.NO
                _tell_refusal(source, error, as_json=call.as_json)
            except BadRequest as error:
                # One file that cannot be opened must not keep the rest of a folder out.
                if len(found) == 1:
                    raise
                code = exits.NO
                _tell_refusal(source, error, as_json=call.as_json)
            else:
                if call.as_json:
                    say.answer(receipt)
                kept.append(receipt)
    if kept and not call.as_json:
        show.receipts(kept)
    return code


def _one(node: NodePort, source: sources.Source, *, proceed: bool) -> CaptureReceipt:
    name = say.printable(source.name)
    with source.open() as stream, _watched(stream, name, source.bytes) as (watched, progress):
        return node.capture(watched, name=name, proceed=proceed, progress=progress)


def _tell_refusal(source: sources.Source, error: BadDocument | BadRequest, *, as_json: bool) -> None:
    if as_json:
        say.answer(Refusal(say.printable(source.name), "refused", error_object(error)))
    say.note((source.name, "strong"))
    tell(error, as_json=False)


@contextlib.contextmanager
def _watched(stream: BinaryIO, name: str, size: int) -> Iterator[tuple[BinaryIO, Progress | None]]:
    """Two bars on stderr while a large document is read and then applied; none when nobody could watch them."""
    if not sys.stderr.isatty() or 0 < size < PROGRESS_BYTES_MIN:
        yield stream, None
        return
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.TextColumn("{task.description}", markup=False),
        rich.BarColumn(),
        rich.TaskProgressColumn(),
        rich.TimeRemainingColumn(),
    )
    with rich.Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        if size:
            stream = bars.wrap_file(stream, total=size, description=f"reading {name}")
        writing = bars.add_task(f"writing {name}", total=None)

        def progress(done: int, total: int) -> None:
            bars.update(writing, completed=done, total=total or None)

        yield stream, progress


COMMANDS = {"capture": capture}
