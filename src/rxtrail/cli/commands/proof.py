"""``rxtrail proof``: proofs of the log that anybody can check offline, made and checked."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rxtrail.cli import exits, say
from rxtrail.cli.call import CODE, WORDS, Call, command
from rxtrail.cli.defaults import DefaultGroup
from rxtrail.cli.node import own, reader
from rxtrail.errors import BadRequest, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.answers import ProofCheck
    from rxtrail.bootstrap import Node
    from rxtrail.core.merkle.note import VerifierKey
    from rxtrail.core.merkle.policy import Policy
    from rxtrail.proofs import Proof

PUBLISH_SECONDS_MAX = 5.0  # for a server that writes this record to sign its next head
PUBLISH_ASK_SECONDS = 0.2
FILE_BYTES_MAX = 5_000_000  # more than a proof or a policy may have: what is longer is told so by its reader


@command(
    "of",
    "rxtrail proof of '(01)00352601815904(21)A1(17)270930(10)QD1DQ' -o A1.tlog-proof",
    "rxtrail proof of urn:uuid:2d0e1a52-5f2e-4c2b-8f39-0c2a1b9f6a10 --pack '(01)00352601815904(21)A1'",
    "rxtrail proof of --index 4711",
)
@click.argument("code", metavar="[CODE|EVENT_ID]", type=CODE, required=False)
@click.option(
    "--event", metavar="EVENT_ID", type=WORDS, help="The event to prove it in. [default: the one that made it]"
)
@click.option("--pack", metavar="CODE", type=CODE, help="Of an event, show only that it names this pack.")
@click.option("--index", type=click.IntRange(min=0), help="Prove the whole record at this position of the log.")
@click.option(
    "-o", "output", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write the proof here."
)
def of(
    call: Call, code: str | None, event: str | None, pack: str | None, index: int | None, output: Path | None
) -> int:
    """A proof that a pack is in the event that made it, and that event in the published log.

    CODE is scanned text, an EPC URN, a Digital Link or an SSCC. The proof shows that pack and what the event says of
    itself, and nothing of the others. Of an EVENT_ID, or with --index, the whole record is shown. Give the file to a
    partner or an authority, with the key that rxtrail log status shows: it is checked offline, also with other
    software (C2SP tlog-proof). Exit code 1 when there is none.
    """
    if (code is None) == (index is None):
        raise click.UsageError("give either a CODE or EVENT_ID, or --index")
    proof = _published(call, lambda node: _made(node, code or "", event or "", pack or "", index))
    from rxtrail.cli import sinks

    if output is not None:
        sinks.to_file([proof.octets], output)
    if call.as_json:
        file = {"file": say.printable(str(output))} if output is not None else {"proof": proof.octets.decode()}
        say.answer({**file, "name": proof.name, "index": proof.index, "size": proof.size})
    elif output is None:
        say.write(proof.octets)
    else:
        say.note(f"{output}: record {proof.index:,} of {proof.size:,} in the log")
        say.note("check it with: rxtrail proof check FILE --vkey KEY")
    return exits.FINE


@command(
    "check",
    "rxtrail proof check A1.tlog-proof --vkey 'node.example/log+0c1d2e3f+AZ...'",
    "rxtrail proof check A1.tlog-proof --policy partners.policy",
)
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option(
    "--policy", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Whom to believe (C2SP tlog-policy)."
)
@click.option(
    "--vkey",
    "vkeys",
    multiple=True,
    metavar="KEY",
    help="A log's verifier key, or a witness's that must have cosigned.",
)
def check(call: Call, file: Path, policy: Path | None, vkeys: tuple[str, ...]) -> int:
    """Check a proof, offline and without any record: who signed what it is from, and what it shows.

    Without --policy and --vkey the key of this node's own log is taken, if there is one. Exit code 0 when the proof
    holds, 1 when it does not.
    """
    from rxtrail.proofs.checking import check as judge

    believes = _believed(call, policy, vkeys)
    found = judge(_content(file), believes)
    if call.as_json:
        say.answer(found)
    else:
        _show(found)
    return exits.FINE if found.holds else exits.NO


def _published(call: Call, make: Callable[[Node], Proof]) -> Proof:
    """Make a proof; of what is not in the published log yet, after having that published."""
    from rxtrail.bootstrap import holder_socket
    from rxtrail.errors import Busy
    from rxtrail.proofs import NotPublished
    from rxtrail.publishing import SignerAway

    with reader(call) as node, contextlib.suppress(NotPublished):
        return make(node)
    if holder_socket(call.data, store_url=call.store) is None:
        # Nobody serves: the log's key is opened here for a moment, as by `rxtrail log publish`.
        with contextlib.suppress(Busy, SignerAway), own(call) as writing:
            say.note("publishing the log first")
            writing.log.publish_now(start_signer=True)
    until = time.monotonic() + PUBLISH_SECONDS_MAX
    while True:
        try:
            with reader(call) as node:
                return make(node)
        except NotPublished:
            if time.monotonic() > until:
                raise
            time.sleep(PUBLISH_ASK_SECONDS)


def _made(node: Node, code: str, event: str, pack: str, index: int | None) -> Proof:
    from rxtrail import clock
    from rxtrail.record.identify import identify

    year = clock.today().year
    if index is not None:
        return (
            node.proofs.of_pack(identify(pack, this_year=year), index=index) if pack else node.proofs.of_record(index)
        )
    try:
        key = identify(code, this_year=year)
    except BadRequest:
        # No identifier of a thing: the name of an event, then.
        return node.proofs.of_event(code, key=identify(pack, this_year=year) if pack else "")
    if pack:
        raise BadRequest(
            "--pack goes with an EVENT_ID or --index", place="--pack", advice="Use --event to name the event."
        )
    try:
        return node.proofs.of_event(event, key=key) if event else node.proofs.of_pack(key)
    except NotFound:
        # An eventID may have the form of an identifier, too.
        if event or not node.proofs.has_event(code):
            raise
        return node.proofs.of_event(code)


def _believed(call: Call, policy: Path | None, vkeys: tuple[str, ...]) -> Policy | list[VerifierKey]:
    from rxtrail.core.merkle.errors import BadKey, BadPolicy
    from rxtrail.core.merkle.note import VerifierKey
    from rxtrail.core.merkle.policy import parse

    if policy is not None and vkeys:
        raise click.UsageError("give either --policy or --vkey")
    try:
        if policy is not None:
            return parse(_content(policy))
        if vkeys:
            return [VerifierKey.parse(text.strip()) for text in vkeys]
    except BadPolicy as wrong:
        where = ", ".join(part for part in (str(policy), wrong.place) if part)
        raise BadRequest(wrong.message, place=where, advice=wrong.advice) from wrong
    except BadKey as wrong:
        raise BadRequest(wrong.message, place="--vkey", advice=wrong.advice) from wrong
    own = _own_keys(call)
    if not own:
        raise click.UsageError("say whom to believe: --vkey KEY (the log shows it at /log/vkey), or --policy FILE")
    say.note("believing the key of this node's own log")
    return [VerifierKey.parse(text) for text in own]


def _own_keys(call: Call) -> list[str]:
    from rxtrail.bootstrap import is_server, store_path
    from rxtrail.errors import RxtrailError

    if not is_server(call.store) and not store_path(call.data, call.store).exists():
        return []
    try:
        with reader(call) as node:
            return node.proofs.keys()[:1]
    except RxtrailError:
        return []


def _content(path: Path) -> bytes:
    try:
        if str(path) == "-":
            return sys.stdin.buffer.read(FILE_BYTES_MAX)
        with path.open("rb") as file:
            return file.read(FILE_BYTES_MAX)
    except OSError as error:
        raise BadRequest(f"cannot be read: {error.strerror}", place=say.printable(str(path))) from error


def _show(found: ProofCheck) -> None:
    if not found.holds:
        say.line(("Does not hold", "stop"), f": {found.why}")
        if found.advice:
            say.line(f"  {found.advice}")
        return
    log, record = found.log, found.record
    assert log is not None, "what holds says of which log"
    assert record is not None, "and of which record"
    say.line(("Holds", "ok"), f": {record.kind} {log.index:,} of the {log.size:,} records of {log.origin}")
    hidden = record.package_count - len(record.packages)
    for name, value in (
        *((name, value) for name, value in record.event.items()),
        *(("names", text) for text in record.packages[:20]),
        ("names", f"{len(record.packages) - 20:,} more" if len(record.packages) > 20 else ""),
        ("names", f"{hidden:,} others, which are not shown" if hidden else ""),
        ("captured by", record.party),
        ("recorded at", record.recorded_at),
        ("says", str(record.content)[:400] if record.content is not None else ""),
        ("record", record.id),
        ("signed by", log.key if len(log.key) < 200 else f"{log.key[:80]}..."),
        *(("witness", f"{name}, {at}") for name, at in log.witnesses.items()),
    ):
        if value:
            say.line(f"  {name}: {say.printable(value)}")


proof = DefaultGroup(
    "proof",
    default="of",
    alone=False,
    commands=[of, check],
    summary="Proofs of the log, which anybody can check offline.",
    epilog="\b\nExamples:\n  rxtrail proof CODE -o pack.tlog-proof\n  rxtrail proof check pack.tlog-proof --vkey KEY",
)
COMMANDS = {"proof": proof}
