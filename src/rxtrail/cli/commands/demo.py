"""``rxtrail demo``: a hub with a simulated supply chain, six codes to try, and the pages to try them on."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
import threading
import time
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from rxtrail import clock
from rxtrail.cli import exits, say
from rxtrail.cli.call import Call, command
from rxtrail.cli.commands.serve import log_to_stderr
from rxtrail.cli.node import own, reader
from rxtrail.config import DEFAULT_HOST, DEFAULT_PORT, chosen_folder
from rxtrail.errors import BadRequest, Busy
from rxtrail.log_settings import LogSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rxtrail.bootstrap import Node
    from rxtrail.simulate import DemoCode, World

PACKS = 10_000
SEED = 1
MARK = "demo.json"  # written into a folder whose record a demo began
DEMO_NAME = "the demo"  # who approves the routes of the simulated chain


class Mark(msgspec.Struct, frozen=True, gc=False):
    """The hub's GLN and the number of documents of the demo that began the record in a folder."""

    gln: str
    documents: int


@command("demo", "rxtrail demo", "rxtrail demo --packs 100000 --seed 7 --no-browser")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="Where to serve; 0 takes any free port.",
)
@click.option("--packs", type=click.IntRange(1), default=PACKS, show_default=True, help="How many packs.")
@click.option("--seed", type=int, default=SEED, show_default=True, help="Another seed gives other codes.")
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
def demo(call: Call, port: int, packs: int, seed: int, no_browser: bool) -> int:
    """A simulated supply chain on this machine, with six codes to try.

    The node is a hub in a temporary folder, or in DATA when one is given; the documents are captured like a
    partner's. Ctrl-C ends it. --json gives one line {label, code, site} a code when the server answers.
    """
    from rxtrail.bootstrap import SOCKET_FILE
    from rxtrail.simulate import demo_codes, kept_away, world
    from rxtrail.web import serve as web

    if call.store is not None:
        raise click.UsageError("a demo keeps its store inside DATA: leave --store out")
    try:
        web.listen(DEFAULT_HOST, port).close()  # told before the work, not after it
    except BadRequest as error:
        raise BadRequest(
            error.message,
            place=f"port {port}",
            advice="Another demo may be running: stop it, or give --port another number (0 takes any free one).",
        ) from error
    log_to_stderr()
    today = clock.today()
    chain = world(seed, packs, today)
    with _folder(call, chain) as folder, own(Call(call.as_json, str(folder))) as node:
        begun = time.monotonic()
        node.init("hub", [chain.hub.gln], default_site=chain.default_site)
        _fill(node, chain)
        away = kept_away(chain)
        barred = away.gtin if away is not None else ""
        codes = demo_codes(node, site=chain.default_site, seed=seed, today=today, barred=barred)
        seconds = time.monotonic() - begun

        def ready(url: str) -> None:
            if call.as_json:
                for code in codes:
                    say.answer(code)
            else:
                _in_words(url, folder, chain, codes, seconds)
            if not no_browser and _has_a_screen():
                # In a thread, since some browsers keep the caller until they are closed.
                threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

        node.resume_in_background()
        node.log.start(LogSettings())
        web.run(node, DEFAULT_HOST, port, node.data / SOCKET_FILE, ready)
    say.note("stopped")
    return exits.FINE


def _fill(node: Node, chain: World) -> None:
    """Load the partner table and capture every document through the front door that partners use."""
    from rxtrail.alerts import RouteCommand
    from rxtrail.simulate import documents, kept_away, lanes_toml, partners_csv

    node.load_partners(partners_csv(chain))
    if kept_away(chain) is not None:
        node.route(RouteCommand("load", DEMO_NAME, table=lanes_toml(chain)))
        node.route(RouteCommand("approve", DEMO_NAME))
    count = len(chain.files)
    say.note(f"capturing {count:,} documents of {chain.packs:,} simulated packs")
    for name, content in _watched(documents(chain), count):
        node.capture(io.BytesIO(content), name=name)
    node.alerts.settle()


def _watched(files: Iterable[tuple[str, bytes]], count: int) -> Iterator[tuple[str, bytes]]:
    if not sys.stderr.isatty():
        yield from files
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(files, "capturing", total=count, console=Console(stderr=True), transient=True)


@contextlib.contextmanager
def _folder(call: Call, chain: World) -> Iterator[Path]:
    """A temporary folder, or the DATA that was asked for; a demo that lies there is begun anew."""
    chosen = chosen_folder(call.given_data)
    if chosen is None:
        with tempfile.TemporaryDirectory(prefix="rxtrail-demo-") as name:
            yield Path(name)
        return
    _make_room(Call(call.as_json, str(chosen)), chosen, chain)
    yield chosen


def _make_room(call: Call, folder: Path, chain: World) -> None:
    """Begin an untouched demo anew; a record that may hold more than a demo is kept, and added to only when asked.

    Raises Busy when another process works on it, BadRequest when the answer is no.
    """
    from rxtrail.bootstrap import LOG_POSITION_FILE, STORE_FILE, holder_socket

    mark = folder / MARK
    if holder_socket(folder) is not None:
        raise Busy(
            "another process holds this record",
            place=str(folder),
            advice="Stop the demo or serve that runs on it, or give --data another folder.",
        )
    if (folder / STORE_FILE).exists():
        if _only_a_demo(call, mark):
            for left in (*folder.glob(f"{STORE_FILE}*"), *folder.glob(LOG_POSITION_FILE)):
                left.unlink()
        elif call.as_json or not sys.stdin.isatty() or not _agreed(folder):
            raise BadRequest(
                "the folder holds a record that is not only a demo's",
                place=str(folder),
                advice="Give --data another folder, or leave it out for a temporary one.",
            )
        else:
            mark.unlink(missing_ok=True)
            return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    mark.write_bytes(msgspec.json.encode(Mark(chain.hub.gln, len(chain.files))))


def _only_a_demo(call: Call, mark: Path) -> bool:
    """Tell whether nothing but a demo was ever done here: its mark, its identity, no document beyond its own."""
    try:
        made = msgspec.json.decode(mark.read_bytes(), type=Mark)
    except (OSError, msgspec.DecodeError):
        return False
    with reader(call) as node:
        identity, documents = node.identity(), node.status().documents
    return identity.role == "hub" and identity.glns in ([made.gln], []) and documents <= made.documents


def _agreed(folder: Path) -> bool:
    return click.confirm(f"{say.printable(str(folder))} holds a record. Add simulated packs to it for good?", err=True)


def _has_a_screen() -> bool:
    """Tell whether a browser would open in a window, rather than in the terminal that shows the codes."""
    if not sys.stdout.isatty():
        return False
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _in_words(url: str, folder: Path, chain: World, codes: list[DemoCode], seconds: float) -> None:
    from rxtrail.core.gs1.scan import read_scan

    names = {party.gln: party.name for party in chain.pharmacies}
    year = clock.today().year
    say.line("Open ", (url, "strong"), f" ({chain.packs:,} packs, ready in {seconds:.1f} s; Ctrl-C ends the demo)")
    say.line()
    say.line("Six codes to try; type or paste them on the check page:")
    for code in codes:
        say.line(f"  {code.label:<18}", (read_scan(code.code, this_year=year).reading, "strong"))
    for site in dict.fromkeys(code.site for code in codes):
        say.line(f"scanned at {names.get(site, 'site')}, GLN {site}")
    say.line()
    fine = read_scan(codes[0].code, this_year=year).reading
    say.line("Or in another terminal:")
    say.line(f"  rxtrail verify '{fine}' --site {codes[0].site} --data {folder}")


COMMANDS = {"demo": demo}
