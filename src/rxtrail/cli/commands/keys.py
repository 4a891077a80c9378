"""``rxtrail keys``: the keys that what lies at rest is encrypted under."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from rxtrail.cli import exits, say, show
from rxtrail.cli.bars import bar
from rxtrail.cli.call import WORDS, Call, command, group
from rxtrail.cli.node import reader, writer
from rxtrail.errors import BadRequest, RxtrailError, StoreDamaged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.keyring import KeyOrder, KeysChanged
    from rxtrail.sealing import Keeper, Root, RootFile

AUDITS_MAX = 3  # before keys are destroyed that others go on writing under
_BY = click.option("--by", type=WORDS, required=True, metavar="NAME", help="Who does it; it stands in the log.")


@command("status", "rxtrail keys status", "rxtrail keys status --json")
def status(call: Call) -> int:
    """Show how what lies at rest is protected: which keys there are, and what lies under which."""
    with reader(call) as node:
        held = node.keyring.status()
    if call.as_json:
        say.answer(held)
        return exits.FINE
    if not held.encrypted:
        say.line(("not encrypted at rest", "stop"))
    else:
        say.line(("encrypted at rest", "ok"), "" if held.file_encrypted else "; the index of a server is not")
    say.line(f"  root key {held.root or 'none'}", f", kept by {held.kept}" if held.kept else ", not here")
    if held.tenants:
        rows = [(str(key.tenant), str(key.version), key.state, key.made_at, key.ended_at) for key in held.tenants]
        show.rows(["tenant", "version", "state", "made", "ended"], rows)
    say.line(f"  data keys {held.data_keys:,}, destroyed {held.data_keys_destroyed:,}")
    blocks = (held.blocks, held.blocks_plain, held.blocks_under_older_keys, held.blocks_destroyed)
    documents = (held.documents, held.documents_plain, held.documents_under_older_keys, held.documents_destroyed)
    for what, counts in (("blocks", blocks), ("documents", documents)):
        say.line("  {} {:,}: plain {:,}, under older keys {:,}, keys destroyed {:,}".format(what, *counts))
    return exits.FINE


@command("rotate", "rxtrail keys rotate --reason 'Yearly.' --by 'A. Kim'")
@click.option("--reason", type=WORDS, required=True, help="Why.")
@_BY
def rotate(call: Call, reason: str, by: str) -> int:
    """Make a new key, and wrap the data keys under it. Nothing is encrypted anew; that is rxtrail keys reseal."""
    from rxtrail.keyring import KeyOrder
    from rxtrail.web.key_socket import keyring_of

    with writer(call) as node:
        changed = keyring_of(node).change(KeyOrder("rotate", reason=reason, by=by))
    if not _told(call, changed):
        say.line(("rotated: ", "ok"), f"key {changed.version} is in use, {changed.data_keys:,} data keys lie under it")
    return exits.FINE


@command("reseal", "rxtrail keys reseal --by 'A. Kim'", "rxtrail keys reseal --everything --by 'A. Kim'")
@click.option("--everything", is_flag=True, help="Also what lies under a key of the newest version.")
@click.option("--reason", type=WORDS, help="Why.")
@_BY
def reseal(call: Call, everything: bool, reason: str | None, by: str) -> int:
    """Encrypt anew what is not encrypted, or lies under an older key. It may be broken off and begun again.

    No leaf of the log changes: each block gets one more record that commits to its bytes as they are now.
    """
    from rxtrail.keyring import KeyOrder, KeysChanged
    from rxtrail.web.key_socket import keyring_of

    blocks = documents = done = 0
    changed = KeysChanged("reseal", more=True)
    with reader(call) as node:
        held = node.keyring.status()
    in_all = held.blocks + held.documents
    with writer(call) as port, bar() as progress:
        while changed.more:
            order = KeyOrder(
                "reseal",
                reason=reason or "",
                by=by,
                everything=everything,
                after_block=changed.after_block,
                after_document=changed.after_document,
            )
            changed = keyring_of(port).change(order)
            blocks, documents = blocks + changed.blocks, documents + changed.documents
            done = min(in_all, changed.after_block + changed.after_document)
            progress("sealing", done, in_all)
    told = KeysChanged("reseal", blocks=blocks, documents=documents, record=changed.record)
    if not _told(call, told):
        say.line(("sealed anew: ", "ok"), f"{blocks:,} blocks, {documents:,} documents")
    return exits.FINE


@command("shred", "rxtrail keys shred --segment 12 --reason 'Contract ended.' --by 'A. Kim' --yes")
@click.option("--segment", type=click.IntRange(1), metavar="KEY", help="This data key; its number is in the errors.")
@click.option("--tenant", type=click.IntRange(0), metavar="N", help="All keys of this tenant: all that it ever wrote.")
@click.option("--reason", type=WORDS, required=True, help="Why.")
@_BY
@click.option("--yes", is_flag=True, help="Do it. There is no way back.")
@click.option("--no-audit", is_flag=True, help="Do not audit the record first: no audit can ever be whole again.")
def shred(call: Call, segment: int | None, tenant: int | None, reason: str, by: str, yes: bool, no_audit: bool) -> int:
    """Destroy a key for good, and with it the meaning of all that it sealed.

    Events and raw documents under that key can never be read again; the index, the log and its proofs stay. The law
    asks for six years of most records: see docs/law.md first. Backups that were made before still hold the key.

    The record is audited first, and a copy of its tables is kept: later audits need it, since the log cannot be done
    again over what was destroyed. When that audit finds anything wrong, nothing is destroyed.
    """
    from rxtrail.keyring import KeyOrder

    if (segment is None) == (tenant is None):
        raise click.UsageError("say which: --segment KEY or --tenant N")
    if not yes:
        raise click.UsageError("this cannot be undone, and the law asks for six years of most records: add --yes")
    order = KeyOrder("shred", reason=reason, by=by, segment=segment or 0, tenant=tenant or 0)
    changed = _shred(call, order, audits=0 if no_audit else AUDITS_MAX)
    if not changed.audited:
        say.note("no audit of this record can be whole any more: the tables were not audited before")
    if not _told(call, changed):
        say.line(
            ("destroyed: ", "stop"),
            f"{changed.data_keys:,} keys; {changed.blocks:,} blocks and {changed.documents:,} documents are gone",
        )
        if not changed.scrubbed:
            say.note("the engine could not take the overwritten rows off the disk: run VACUUM data_key")
    return exits.FINE


@command("passphrase", "rxtrail keys passphrase --by 'A. Kim'", "rxtrail keys passphrase --remove --by 'A. Kim'")
@click.option("--remove", is_flag=True, help="Keep the root key without a passphrase: the rights of the file guard it.")
@_BY
def passphrase(call: Call, remove: bool, by: str) -> int:
    """Lock the root key by a passphrase, or change it. Nothing is encrypted anew.

    It is asked for at the terminal, or read from the file that RXTRAIL_NEW_PASSPHRASE_FILE names; the present one
    likewise from RXTRAIL_PASSPHRASE_FILE. A forgotten passphrase cannot be recovered: make an escrow copy first with
    rxtrail keys export.
    """
    from rxtrail import clock
    from rxtrail.sealing import root_file

    keeper, root = _opened(call)
    file = root_file.plain(root) if remove else root_file.locked(root, _new_passphrase(), clock.random_bytes)
    return _guard(call, keeper, file, by, "passphrase removed" if remove else "passphrase set")


@command("kms", "rxtrail keys kms vault --by 'A. Kim'")
@click.argument("name", type=WORDS)
@_BY
def kms(call: Call, name: str, by: str) -> int:
    """Have a key management service guard the root key; NAME is a plug-in (see docs/encryption.md)."""
    from rxtrail.sealing import root_file

    keeper, root = _opened(call)
    return _guard(call, keeper, root_file.kept_by(root, name), by, f"given to the key management service {name}")


@command("export", "rxtrail keys export /media/safe/rxtrail-root.key --by 'A. Kim'")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--no-passphrase", is_flag=True, help="Write the key as it is: whoever has the file has the record.")
@_BY
def export(call: Call, file: Path, no_passphrase: bool, by: str) -> int:
    """Write a copy of the root key for escrow, under a passphrase of its own. Keep it on another disk."""
    from rxtrail import clock, private_file
    from rxtrail.sealing import root_file

    _, root = _opened(call)
    kept = root_file.plain(root) if no_passphrase else root_file.locked(root, _new_passphrase(), clock.random_bytes)
    if file.exists():
        raise BadRequest("there is such a file already", place=str(file), advice="Name a new one.")
    with _noting(call, by, "copied for escrow"):
        try:
            private_file.write_new(file, root_file.encode(kept), folder_too=False)
        except OSError as error:
            raise BadRequest(f"cannot be written: {error.strerror}", place=str(file)) from error
    _tell(call, kept, "copied", str(file))
    return exits.FINE


@command("import", "rxtrail keys import /media/safe/rxtrail-root.key --by 'A. Kim' --data /srv/rxtrail")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@_BY
def import_(call: Call, file: Path, by: str) -> int:
    """Put a root key back from escrow. One that is here already is never replaced."""
    from rxtrail.bootstrap.engines import keeper_of
    from rxtrail.sealing import passphrase as words
    from rxtrail.sealing import root_file

    try:
        content = file.read_bytes()[: root_file.FILE_BYTES_MAX]
    except OSError as error:
        raise BadRequest(f"cannot be read: {error.strerror}", place=str(file)) from error
    kept = root_file.parse(content, str(file))
    kept.open(words.asked, str(file))
    keeper = keeper_of(call.data, call.store)
    keeper.adopt(kept)
    with _noting(call, by, "put back from escrow"):
        pass  # the record opens only now
    _tell(call, kept, "put back", str(keeper.path))
    return exits.FINE


keys = group(
    "keys",
    "The keys that what lies at rest is encrypted under.",
    [status, rotate, reseal, shred, passphrase, kms, export, import_],
    "rxtrail keys status",
)
COMMANDS = {"keys": keys}


def _shred(call: Call, order: KeyOrder, *, audits: int) -> KeysChanged:
    """Audit, then destroy; again when others wrote under these keys meanwhile."""
    from rxtrail.keyring import Unaudited
    from rxtrail.web.key_socket import keyring_of

    for left in range(max(1, audits))[::-1]:
        audited = _audited(call) if audits else 0
        try:
            with writer(call) as node:
                return keyring_of(node).change(msgspec.structs.replace(order, audited=audited))
        except RxtrailError as error:
            if error.code != Unaudited.code or not left:
                raise
    raise AssertionError


def _audited(call: Call) -> int:
    """Audit the record and keep what that made; give up to where, 0 when something could not be compared.

    :raises StoreDamaged: something is wrong: evidence of it would be destroyed.
    """
    from rxtrail.bootstrap import auditing
    from rxtrail.web.boards_socket import boards_of

    with writer(call) as node:
        # What is counted of these records cannot be counted again: the copy that is kept must have all of it.
        boards_of(node).counted("false-alarms")
    with bar() as progress:
        report = auditing.audit_store(call.data, call.store, incremental=True, progress=progress)
    if report.faults_count:
        raise StoreDamaged(
            f"an audit finds {report.faults_count:,} faults in this record: nothing was destroyed",
            place=report.faults[0].message,
            advice="Look at them: rxtrail audit. Evidence of them would be destroyed; --no-audit does it all the same.",
        )
    if not report.whole:
        return 0
    auditing.keep_base(call.data, call.store)
    return min(report.log_size, report.boards)


def _opened(call: Call) -> tuple[Keeper, Root]:
    from rxtrail.bootstrap.engines import keeper_of

    keeper = keeper_of(call.data, call.store)
    return keeper, keeper.root()


def _guard(call: Call, keeper: Keeper, file: RootFile, by: str, what: str) -> int:
    with _noting(call, by, what):
        keeper.write(file)
    _tell(call, file, what, str(keeper.path))
    return exits.FINE


@contextlib.contextmanager
def _noting(call: Call, by: str, what: str) -> Iterator[None]:
    """Have it stand in the log, where there is a record yet, which is opened before anything is done."""
    from rxtrail.bootstrap.engines import is_server, store_path
    from rxtrail.keyring import KeyOrder
    from rxtrail.web.key_socket import keyring_of

    if not is_server(call.store) and not store_path(call.data, call.store).exists():
        yield
        return
    with writer(call) as node:
        yield
        keyring_of(node).change(KeyOrder("note", reason=what, by=by))


def _tell(call: Call, file: RootFile, what: str, place: str) -> None:
    if call.as_json:
        say.answer({"root": file.id, "kept": file.form, "file": say.printable(place), "done": what})
    else:
        say.line((f"root key {file.id}: ", "strong"), f"{what}; {place}")


def _told(call: Call, changed: KeysChanged) -> bool:
    if call.as_json:
        say.answer(changed)
    return call.as_json


def _new_passphrase() -> str:
    """Give a new passphrase: from the file that the variable names, else typed twice."""
    import getpass
    import sys

    from rxtrail.sealing import passphrase as words

    text = words.given(words.NEW_VARIABLE)
    if text is None:
        if not sys.stdin.isatty():
            raise BadRequest(
                "there is no terminal to ask for a new passphrase",
                advice=f"Put it in a file that only you can read, and its path in {words.NEW_VARIABLE}.",
            )
        prompt = getpass.getpass
        text = prompt("New passphrase: ")
        if prompt("The same again: ") != text:
            raise BadRequest("the two are not the same", advice="Nothing was changed. Try again.")
    if len(text) < words.PASSPHRASE_CHARACTERS_MIN:
        raise BadRequest(
            f"a passphrase has at least {words.PASSPHRASE_CHARACTERS_MIN} characters",
            advice="Take four or more words that nobody would put together.",
        )
    return text
