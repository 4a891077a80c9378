"""Where long output goes: stdout, or a file that appears whole or not at all."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import msgspec

from rxtrail.cli import say
from rxtrail.durable import sync_folder
from rxtrail.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from rxtrail.core.epcis.event import Finding


def to_file(chunks: Iterable[bytes], path: Path) -> int:
    """Write beside the target, sync, rename over it: readers see the old file or the new one, never half."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    count = 0
    try:
        # Exclusive: a leftover of another process with our number is not ours to overwrite.
        with beside.open("xb") as file:
            try:
                for chunk in chunks:
                    file.write(chunk)
                    count += len(chunk)
                file.flush()
                os.fsync(file.fileno())
                beside.replace(path)
            except BaseException:
                with contextlib.suppress(FileNotFoundError):
                    beside.unlink()
                raise
        sync_folder(path.parent)
    except OSError as error:
        raise BadRequest(
            f"cannot be written: {error.strerror}",
            place=str(path),
            advice="Check the folder, its rights and the space on the disk; nothing was left there.",
        ) from error
    return count


def deliver(
    chunks: Iterable[bytes], path: Path | None, *, as_json: bool, findings: list[Finding] | None = None
) -> None:
    """To the file when one is named, told on stderr or as JSON; otherwise to stdout as it comes.

    ``findings``, which fill while the chunks are written, are told on stderr, or in the JSON about the file.
    """
    if path is None:
        say.stream(chunks)
        tell(findings or [])
        return
    count = to_file(chunks, path)
    if as_json:
        told = {} if findings is None else {"findings": [msgspec.to_builtins(each) for each in findings]}
        say.answer({"file": say.printable(str(path)), "bytes": count, **told})
    else:
        say.note(f"{path}: {count:,} bytes")
        tell(findings or [])


def tell(findings: list[Finding]) -> None:
    """Findings on stderr, one a line."""
    for finding in findings:
        place = f"{say.printable(finding.place)}: " if finding.place else ""
        say.note(f"{finding.severity} {finding.code}: {place}{say.printable(finding.message)}")
