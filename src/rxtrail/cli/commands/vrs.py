"""``rxtrail vrs``: verification between trading partners, and the directory of who answers for what."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from rxtrail.cli import exits, say, show, sinks, sources
from rxtrail.cli.call import GLN, WORDS, Call, command, group
from rxtrail.cli.node import writer
from rxtrail.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.vrs import Connectivity, DirectoryReport, DirectoryRow, Exchange, Vrs
    from rxtrail.web.vrs_socket import RemoteVrs

FORMATS = ("csv", "json")
LIMIT = click.IntRange(1, 500)


@contextlib.contextmanager
def service(call: Call) -> Iterator[Vrs | RemoteVrs]:
    """The verification service of DATA's node: here, or through the ``serve`` that holds it."""
    from rxtrail.web.vrs_socket import service_of

    with writer(call) as node:
        yield service_of(node)


# --- the lookup directory -----------------------------------------------------------------------------------------


@command("import", "rxtrail vrs directory import directory.csv", "rxtrail vrs directory import --delta changes.json")
@click.argument("file", metavar="FILE|-")
@click.option("--delta", is_flag=True, help="Load into the directory; rows with the status `removed` go.")
@click.option(
    "--format", "fmt", type=click.Choice(FORMATS), help="The form of FILE. [default: by its name, otherwise csv]"
)
def import_(call: Call, file: str, *, delta: bool, fmt: str | None) -> int:
    """Load a lookup directory from FILE; it replaces the one before. With one wrong row nothing is loaded.

    Columns: gtin or prefix, url, owner_gln, valid_from, and if wanted valid_until, status, provider, contact.
    Exit code 1 when the directory is refused.
    """
    from rxtrail.vrs.table import TABLE_BYTES_MAX

    source = sources.Source("stdin", None, 0) if file == sources.STDIN else sources.Source(file, Path(file), 0)
    with source.open() as stream:
        content = stream.read(TABLE_BYTES_MAX + 1)
    chosen = fmt or ("json" if file.lower().endswith(".json") else "csv")
    with service(call) as vrs, sources.content_refused():
        report = vrs.load_directory(content, fmt=chosen, delta=delta)
    _tell(call, report)
    return exits.FINE


@command("export", "rxtrail vrs directory export -o directory.csv")
@click.option("--format", "fmt", type=click.Choice(FORMATS), default="csv", show_default=True, help="CSV or JSON.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
def export(call: Call, fmt: str, output: Path | None) -> int:
    """Write the whole lookup directory, in the form that import reads."""
    if call.as_json and output is None:
        raise click.UsageError("with --json the table needs a file: -o FILE")
    with service(call) as vrs:
        sinks.deliver([vrs.export_directory(fmt)], output, as_json=call.as_json)
    return exits.FINE


@command("list", "rxtrail vrs directory list --limit 20")
@click.option("--after", default="", help="The place of the last row seen, such as p/0312345/2026-01-01.")
@click.option("--limit", type=LIMIT, default=100, show_default=True, help="How many rows.")
def list_(call: Call, after: str, limit: int) -> int:
    """Show the lookup directory; --json gives one row a line."""
    with service(call) as vrs:
        rows = vrs.directory(after, limit)
    if call.as_json:
        for row in rows:
            say.answer(row)
        return exits.FINE
    if not rows:
        say.note("no rows: rxtrail vrs directory import FILE")
        return exits.FINE
    show.rows(("for", "owner", "from", "until", "status", "address"), (_cells(row) for row in rows))
    return exits.FINE


@command(
    "transfer",
    "rxtrail vrs directory transfer --gtin 00352601815904 --to 0300011111246 --url https://vrs.example/ --from "
    "2027-01-01",
)
@click.option("--gtin", default="", help="The GTIN-14 that changes hands.")
@click.option("--prefix", default="", help="Or the whole company prefix.")
@click.option("--to", "owner", type=GLN, required=True, help="GLN of the new owner.")
@click.option("--url", type=WORDS, required=True, help="Where the new owner answers.")
@click.option("--from", "day", type=WORDS, required=True, help="The first day, YYYY-MM-DD.")
def transfer(call: Call, gtin: str, prefix: str, owner: str, url: str, day: str) -> int:
    """Hand a GTIN or a company prefix over; whoever had it answers up to the day before."""
    from rxtrail.vrs import Transfer

    order = Transfer(owner_gln=owner, url=url, day=day, gtin=gtin, prefix=prefix)
    with service(call) as vrs:
        report = vrs.transfer(order)
    _tell(call, report)
    return exits.FINE


def _tell(call: Call, report: DirectoryReport) -> None:
    if call.as_json:
        say.answer(report)
    else:
        say.line(
            f"{report.rows:,} rows: {report.added:,} added, {report.changed:,} changed, {report.removed:,} removed"
        )


def _cells(row: DirectoryRow) -> tuple[str, ...]:
    return (row.gtin or row.prefix, row.owner_gln, row.valid_from, row.valid_until, row.status, row.url)


# --- the service ----------------------------------------------------------------------------------------------------


@command("check", "rxtrail vrs check https://vrs.example/ --gtin 00352601815904")
@click.argument("url", type=WORDS)
@click.option("--gtin", required=True, help="The GTIN-14 to ask for.")
@click.option("--gln", type=GLN, help="Ask under this GLN. [default: the node's own]")
def check(call: Call, url: str, gtin: str, gln: str | None) -> int:
    r"""Ask a responder whether it is there and answers for a GTIN.

    \b
    Exit code: 0 it does, 1 it does not, 4 nobody answered.
    """
    with service(call) as vrs:
        found = vrs.check(url, gtin=gtin, requester_gln=gln or "")
    if call.as_json:
        say.answer(found)
    elif found.fault:
        say.line(f"no: {found.fault}")
        say.note("  do: ", found.advice)
    else:
        say.line(f"yes: {found.responder_gln} answers, in {found.milliseconds} ms")
    return _exit_of(found)


def _exit_of(found: Connectivity) -> int:
    if not found.fault:
        return exits.FINE
    return exits.NO if found.status in (401, 403, 404) else exits.CANNOT_TELL


@command("exchanges", "rxtrail vrs exchanges --limit 20")
@click.option("--after", default="", help="The log index of the last one seen.")
@click.option("--limit", type=LIMIT, default=50, show_default=True, help="How many.")
def exchanges(call: Call, after: str, limit: int) -> int:
    """Show verification requests, asked and answered, newest first; --json gives one a line."""
    with service(call) as vrs:
        rows = vrs.exchanges(after, limit)
    if call.as_json:
        for row in rows:
            say.answer(row)
        return exits.FINE
    show.rows(("at", "", "with", "GTIN", "serial", "HTTP", "answer"), (_exchange_cells(row) for row in rows))
    return exits.FINE


def _exchange_cells(row: Exchange) -> tuple[str, ...]:
    other = row.responder_gln if row.direction == "asked" else row.requester_gln
    answer = {True: "verified", False: row.failure_reason, None: row.fault}[row.verified]
    return (row.at, row.direction, other, row.gtin, row.serial, str(row.status), answer)


@command("alerts", "rxtrail vrs alerts")
@click.option("--after", default="", help="The log index of the last one seen.")
@click.option("--limit", type=LIMIT, default=50, show_default=True, help="How many.")
def alerts(call: Call, after: str, limit: int) -> int:
    """Show who seems to guess serials, and packs that many ask for; --json gives one a line."""
    with service(call) as vrs:
        rows = vrs.alerts(after, limit)
    if call.as_json:
        for row in rows:
            say.answer(row)
        return exits.FINE
    show.rows(("at", "kind", "GTIN", "what"), ((row.at, row.kind, row.gtin, row.message) for row in rows))
    return exits.FINE


@command("settings", "rxtrail vrs settings", "rxtrail vrs settings seconds=3 retries=1 requesters=listed")
@click.argument("changes", nargs=-1, metavar="[NAME=VALUE]...")
def settings(call: Call, changes: tuple[str, ...]) -> int:
    """Show how this node asks and answers verification requests, or change it. A VALUE is JSON or a plain word."""
    given = dict(_change(text) for text in changes)
    with service(call) as vrs:
        found = vrs.change_settings(given) if given else vrs.settings()
    if call.as_json:
        say.answer(found)
        return exits.FINE
    values = msgspec.to_builtins(found)
    show.rows(("setting", "value"), ((name, msgspec.json.encode(value).decode()) for name, value in values.items()))
    return exits.FINE


def _change(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise BadRequest(f"{text[:60]!r} is not NAME=VALUE", place=text[:60], advice="Such as retries=1.")
    try:
        return name, msgspec.json.decode(value)
    except msgspec.DecodeError:
        return name, value  # a word needs no quotes


directory = group(
    "directory",
    "The lookup directory: who answers for which GTIN.",
    [import_, export, list_, transfer],
    "rxtrail vrs directory import directory.csv",
)
vrs = group(
    "vrs",
    "Verification requests between trading partners.",
    [directory, check, exchanges, alerts, settings],
    "rxtrail vrs check https://vrs.example/ --gtin 00352601815904",
)

COMMANDS = {"vrs": vrs}
