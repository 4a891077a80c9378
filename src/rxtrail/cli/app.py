"""The table of commands, loaded one at a time, and the one place where an error becomes words and a code."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import traceback
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

import click

from rxtrail.cli import exits, say
from rxtrail.errors import RxtrailError

if TYPE_CHECKING:
    from types import FrameType

# Section, then (command, module, one line of help): `rxtrail --help` is answered without importing them.
COMMANDS: dict[str, list[tuple[str, str, str]]] = {
    "Begin": [
        ("demo", "demo", "A simulated supply chain on this machine, with six codes to try."),
        ("init", "init", "Say whose record this is: the role and the GLNs of this node."),
        ("serve", "serve", "Serve the pages and the API."),
        ("status", "status", "What this node holds right now."),
        ("join", "join", "Join a hub: the global record."),
        ("leave", "join", "Leave the hub."),
        ("site-key", "site_key", "Keys by which sites prove to this hub who they are."),
        ("store", "store", "The store: create it, or show where it lies."),
        ("keys", "keys", "The keys that what lies at rest is encrypted under."),
        ("backup", "backup", "The whole record into one file, while others go on working."),
        ("restore", "restore", "A backup into an empty store of any engine."),
        ("audit", "audit", "Hold the record against its own log; make its tables anew."),
        ("log", "log", "The published log: how it stands, checking one, copying it, a new key."),
        ("signer", "signer", "The process that alone opens the log's key; serve starts its own."),
        ("witness", "witness", "Cosign the logs of others: a witness."),
        ("move-store", "move_store", "The whole record to another store: SQLite, PostgreSQL or Citus."),
    ],
    "At the counter": [
        ("verify", "verify", "May this pack be dispensed?"),
        ("scan", "scan", "Read scanner text only, without asking the record."),
        ("receipt", "receipt", "Signed receipts of verdicts: give one, check one."),
        ("proof", "proof", "Proofs of the log that outsiders check offline."),
        ("calibrate", "calibrate", "Find out how a scanner is set, and put its scans right."),
        ("safety", "safety", "What labels and shortage lists say of a product."),
        ("trace", "trace", "The journey of a pack or container."),
        ("dispense", "change", "Dispense a pack."),
        ("receive", "change", "Receive a pack or a whole container."),
        ("return", "change", "Send a pack back to a trading partner."),
        ("hold", "change", "Put a pack on hold."),
        ("release", "change", "Lift a hold."),
        ("decommission", "change", "Take a pack's serial out of use."),
        ("reactivate", "change", "Undo a dispensing or decommissioning."),
        ("destroy", "change", "Note that a pack was destroyed."),
        ("sample", "change", "Take a pack as a sample for an authority."),
        ("free-sample", "change", "Give a pack away as a free sample."),
        ("lock", "change", "Lock a pack, for an investigation."),
        ("export-pack", "change", "Take a pack out of the market."),
        ("check-out", "change", "Take a pack out to be repacked."),
        ("stolen", "change", "Report a pack stolen."),
        ("ref", "change", "The prescription references of a pack."),
        ("count-in", "count_in", "Count in opening stock, from before the record began."),
    ],
    "Documents": [
        ("capture", "capture", "Capture EPCIS documents."),
        ("documents", "documents", "The documents that are kept, and their raw bytes."),
        ("jobs", "jobs", "Captures: running and done."),
        ("partner", "partner", "The table of trading partners."),
        ("product", "product", "The table of products: what the law does not track."),
        ("openfda", "openfda", "The NDC directory, labels and shortages of openFDA."),
        ("serials", "serials", "New serial numbers for one's own products."),
        ("vrs", "vrs", "Verification requests between trading partners."),
        ("holders", "holders", "Who holds the packages of a lot."),
        ("recall", "recall", "Recalls: preview, open, approve, status, close."),
        ("alerts", "alerts", "Alerts: what a person should know of; and who is told."),
        ("route", "route", "Approved routes: load, check, suggest, approve."),
        ("board", "board", "Boards: false alarms, supplier data quality, detection."),
        ("temperature", "temperature", "Temperatures: how warm products may be, and how warm a pack was."),
        ("cases", "cases", "What a person must look at: list, show, close."),
        ("site-bundle", "site_bundle", "The signed copy by which a site goes on without this node."),
        ("label", "label", "A label of a pack or a logistic unit, as SVG, PNG, PDF or ZPL."),
        ("export", "export", "Transaction information, events or packs out, in five formats."),
        ("validate", "validate", "Is a document what the standards say it is?"),
        ("convert", "convert", "A document as XML 1.2, XML 2.0 or JSON."),
        ("hash", "hash", "CBV event hashes of a document."),
        ("simulate", "simulate", "Write the documents of a simulated supply chain."),
        ("score", "score", "Play simulated scans against the record, and score the answers."),
    ],
}

_MODULES = {name: module for section in COMMANDS.values() for name, module, _ in section}
_EXAMPLE = "\b\nExamples:\n  rxtrail demo\n  rxtrail capture shipment.xml\n  rxtrail verify '(01)00352601815904(21)A1'"


class LazyGroup(click.Group):
    """A group that imports a command's module when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """All names, in the order of the table."""
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the module of the command; its COMMANDS say which command goes by that name."""
        if cmd_name not in _MODULES:
            return None
        module = import_module(f"rxtrail.cli.commands.{_MODULES[cmd_name]}")
        found: click.Command = module.COMMANDS[cmd_name]
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The sections with one line a command."""
        for section, rows in COMMANDS.items():
            with formatter.section(section):
                formatter.write_dl([(name, summary) for name, _, summary in rows])


rxtrail = LazyGroup(
    "rxtrail",
    params=[
        click.Option(
            ["--version"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=lambda ctx, _, asked: _print_version(ctx) if asked else None,
            help="Show the version and exit.",
        )
    ],
    help="Medicine track and trace: EPCIS files in, a verdict at the counter out.",
    epilog=_EXAMPLE,
    no_args_is_help=True,
)


def run(arguments: list[str]) -> int:
    """Run one command; every way it can end has its exit code (see ``cli.exits``)."""
    _prepare_streams()
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        with rxtrail.make_context("rxtrail", list(arguments)) as context:
            code: int = rxtrail.invoke(context)
        say.write(b"")
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.exceptions.NoArgsIsHelpError as help_wanted:
        help_wanted.show()
        return exits.USAGE
    except click.ClickException as error:
        _tell_usage(error)
        return exits.USAGE
    except RxtrailError as error:
        tell(error, as_json="--json" in arguments)
        return exits.of_error(error)
    except say.OutputClosed:
        _drop_stdout()
        return exits.OUTPUT_CLOSED
    except (KeyboardInterrupt, click.Abort):
        say.note("interrupted")
        return exits.INTERRUPTED
    except Exception as fault:  # noqa: BLE001 - the last door: a fault of ours must not leave as an answer
        _tell_fault(fault)
        return exits.FAULT
    finally:
        signal.signal(signal.SIGTERM, before)
    return code


def tell(error: RxtrailError, *, as_json: bool) -> None:
    """A named error: what, where, and what to do; as JSON also on stdout."""
    if as_json:
        say.answer({"error": error_object(error)})
    say.note(("error: ", "stop"), error.message)
    if error.place:
        say.note("  at: ", error.place)
    if error.advice:
        say.note("  do: ", error.advice)


def error_object(error: RxtrailError) -> dict[str, str]:
    """The error as the JSON of every command shows it."""
    return {
        "code": error.code,
        "message": say.clean(error.message),
        "place": say.clean(error.place),
        "advice": say.clean(error.advice),
    }


def _tell_usage(error: click.ClickException) -> None:
    say.note(("error: ", "stop"), error.format_message())
    context = getattr(error, "ctx", None)
    if context is not None:
        say.note("  do: ", f"see {context.command_path} --help")


def _tell_fault(fault: Exception) -> None:
    text = "".join(traceback.format_exception(fault))
    try:
        # mkstemp makes the file readable by its owner only: a traceback may quote the input.
        handle, path = tempfile.mkstemp(prefix="rxtrail-fault-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        # With no disk to write to, the terminal is the only place left that keeps the evidence.
        sys.stderr.write(text)
        path = "above"
    say.note(("fault: ", "stop"), f"{type(fault).__name__}: {str(fault)[:300]}")
    say.note("  at: ", f"traceback written to {path}" if path != "above" else "the traceback stands above")
    say.note("  do: ", "this is a mistake in rxtrail, not an answer about any pack; please report it")


def _print_version(context: click.Context) -> NoReturn:
    from rxtrail.cli.version import version

    say.write(f"rxtrail {version()}\n".encode())
    context.exit()


def _prepare_streams() -> None:
    # A terminal that is not UTF-8 gets escapes for what it cannot show, never a crash in mid-answer.
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _drop_stdout() -> None:
    # The interpreter flushes stdout once more at exit and would complain about the closed pipe.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _terminate(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
    # SystemExit unwinds, so a half-written export file is removed and the writer's lock is given back.
    sys.exit(exits.TERMINATED)
