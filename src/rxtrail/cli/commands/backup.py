"""``rxtrail backup``: the whole record into one file, while others go on working."""

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from rxtrail.cli import exits, say
from rxtrail.cli.bars import bar
from rxtrail.cli.call import Call, command
from rxtrail.cli.node import reader
from rxtrail.durable import sync_folder
from rxtrail.errors import BadRequest, Busy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rxtrail.moving import Manifest

STDOUT = "-"


class BackedUp(msgspec.Struct, frozen=True, gc=False):
    """A backup that was written and read back."""

    file: str
    bytes: int
    role: str
    glns: list[str]
    events: int
    documents: int
    log_size: int
    last_record: str


@command(
    "backup",
    "rxtrail backup /media/safe/rxtrail.backup",
    "rxtrail backup - | ssh safe 'cat > rxtrail.backup'",
)
@click.argument("file", metavar="FILE|-")
def backup(call: Call, file: str) -> int:
    """Write a backup of the whole record, raw documents included.

    It is the record as it was at the moment the backup began; whoever serves or captures need not stop. It can be
    restored to any engine. A file is readable by its owner only, is read back before it gets its name, and replaces
    an older one of that name only then. It holds all that the record holds, so keep it as safe.
    """
    if file == STDOUT:
        if call.as_json or sys.stdout.isatty():
            raise click.UsageError("a backup on stdout leaves no room for words: name a file, or pipe it on")
        with reader(call) as node, bar() as progress:
            say.stream(node.backup(progress=progress))
        return exits.FINE
    from rxtrail.bootstrap.moving import check_backup

    path = Path(file)
    with reader(call) as node, bar() as progress:
        pieces = node.backup(progress=progress)
        count, manifest = to_private_file(
            pieces, path, lambda written: check_backup(call.data, call.store, written, progress=progress)
        )
    if call.as_json:
        told = BackedUp(
            file=say.printable(str(path)),
            bytes=count,
            role=manifest.role,
            glns=manifest.glns,
            events=manifest.tables["event"].rows,
            documents=manifest.tables["document"].rows,
            log_size=manifest.log_size,
            last_record=manifest.last_record,
        )
        say.answer(told)
    else:
        say.line(("backed up: ", "ok"), f"{path}, {count:,} bytes, {manifest.log_size:,} records, read back and whole")
    return exits.FINE


def to_private_file(pieces: Iterable[bytes], path: Path, check: Callable[[Path], Manifest]) -> tuple[int, Manifest]:
    """Write beside the target for the owner only, sync, read back, rename: the name never stands for half a backup.

    :raises BadRequest: it cannot be written; what stood under the name is still there.
    :raises Busy: another process writes the same backup.
    """
    beside = path.with_name(path.name + ".partial")
    count = 0
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with open(handle, "wb") as out:  # noqa: PTH123 (an open handle)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Busy("another process writes this backup", place=str(beside)) from error
            os.ftruncate(handle, 0)  # what a backup that was cut off has left
            os.fchmod(handle, 0o600)
            try:
                for piece in pieces:
                    out.write(piece)
                    count += len(piece)
                out.flush()
                os.fsync(handle)
                manifest = check(beside)
                beside.replace(path)
            except BaseException:
                beside.unlink(missing_ok=True)
                raise
        sync_folder(path.parent)
    except OSError as error:
        raise BadRequest(
            f"cannot be written: {error.strerror}",
            place=str(path),
            advice="Check the folder, its rights and the space on the disk; an older backup of that name is untouched.",
        ) from error
    return count, manifest


COMMANDS = {"backup": backup}
