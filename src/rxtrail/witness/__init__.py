"""A witness: it cosigns the heads of logs that it knows, each only when it grows out of the last one.

Source: C2SP tlog-witness. What it cosigned is on its disk before it answers, and comparing and keeping are one step.
It needs no store, no account and little of a machine: a trading partner, a wholesalers' association or a regulator
can run one.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.merkle import note, signed_checkpoint, witness_request, witness_rules
from rxtrail.core.merkle.errors import BadKey, BadNote
from rxtrail.core.merkle.witness_rules import Latest, Refusal
from rxtrail.durable import NoRoom, hold_file, replace_file
from rxtrail.errors import BadRequest, NotFound, StoreFailed, StoreFull
from rxtrail.keys import KeyFailed
from rxtrail.log_keys import NoteKey, open_witness_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rxtrail.core.merkle.signed_checkpoint import SignedCheckpoint

__all__ = ["Answer", "KnownLog", "NoteKey", "Witness", "WitnessSettings", "open_witness_keys"]

LOGS_FOLDER: Final = "logs"
LOCK_FILE: Final = "witness.lock"
PLAIN: Final = "text/plain; charset=utf-8"
_ORIGIN_HASH: Final = re.compile(r"[0-9a-f]{64}")


class KnownLog(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A log that is witnessed: its keys, and its origin where that is not the name of its keys."""

    keys: list[str]
    origin: str = ""


class WitnessSettings(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The settings file of ``rxtrail witness``."""

    name: str = ""
    host: str = "127.0.0.1"
    port: int = 8480
    ml_dsa: bool = True
    key: str = ""  # plug-in:argument
    logs: list[KnownLog] = []


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What is answered over HTTP."""

    status: int
    body: bytes
    media_type: str = PLAIN


class Witness:
    """Known logs and what was cosigned of each, in one folder. Safe to use from several threads."""

    def __init__(
        self,
        folder: Path,
        logs: Sequence[KnownLog],
        open_keys: Callable[[], Sequence[NoteKey]],
        *,
        now_s: Callable[[], int],
    ) -> None:
        """Take the folder's lock, open the keys, read what was cosigned.

        :raises Busy: another witness works in this folder.
        :raises BadRequest: a key of a log is none, or two logs have one origin.
        :raises KeyFailed: a key, or what was cosigned of a log, is not whole.
        """
        self._folder = folder / LOGS_FOLDER
        self._now_s = now_s
        self._logs = _known(logs)
        self._lock = threading.Lock()
        self._time = 0
        self.failed: StoreFailed | None = None
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._held = hold_file(folder / LOCK_FILE, "another witness works in this folder")
        try:
            self.keys = tuple(open_keys())
            self._cosigned = {origin: found for origin in self._logs if (found := self._read(origin)) is not None}
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the folder."""
        if self._held >= 0:
            os.close(self._held)
            self._held = -1

    def sizes(self) -> dict[str, int]:
        """Tell up to where each known log was cosigned."""
        return {origin: self._latest(origin).size for origin in self._logs}

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer an ``add-checkpoint``.

        :raises StoreFailed: what would be cosigned cannot be kept; nothing more is cosigned until a new start.
        """
        request = witness_rules.read(body, self._logs)
        if isinstance(request, Refusal):
            return _refused(request)
        with self._lock:
            if self.failed is not None:
                raise self.failed
            refusal = witness_rules.judge(request, self._latest(request.origin))
            if refusal is not None:
                return _refused(refusal)
            signed = request.signed
            self._time = max(self._time, self._now_s())  # the clock may be set back, what was said may not
            cosignatures = [key.sign(signed.note.text, self._time) for key in self.keys]
            # Only the log's own signatures are kept: what else stood under the checkpoint nobody has looked at.
            by_log = note.verify(signed.note, self._logs[request.origin]).values()
            kept = signed_checkpoint.sign(signed.checkpoint, by_log).signed_also(cosignatures)
            self._keep(request.origin, kept)
        return Answer(200, witness_request.format_answer(cosignatures))

    def checkpoint(self, origin_hash: str) -> bytes:
        """Give the newest head that was cosigned of the log whose origin has this SHA-256 in hex.

        :raises NotFound: there is none.
        """
        if _ORIGIN_HASH.fullmatch(origin_hash):
            for origin in self._logs:
                if _hash(origin) == origin_hash and (found := self._cosigned.get(origin)) is not None:
                    return found.format()
        raise NotFound("nothing was cosigned of such a log", advice="The name is the SHA-256 of the origin, in hex.")

    def _latest(self, origin: str) -> Latest:
        found = self._cosigned.get(origin)
        return Latest() if found is None else Latest(found.checkpoint.size, found.checkpoint.root)

    def _keep(self, origin: str, kept: SignedCheckpoint) -> None:
        try:
            replace_file(self._path(origin), kept.format())
        except NoRoom as full:
            raise StoreFull(
                f"what was cosigned could not be kept: {full.strerror}",
                place=str(self._path(origin)),
                advice="Make room; then it is cosigned when it is asked for again.",
            ) from full
        except OSError as error:
            # What a failed sync has left on the disk is not known: nothing more is cosigned until it was read anew.
            self.failed = StoreFailed(
                f"what was cosigned could not be kept: {error.strerror}",
                place=str(self._path(origin)),
                advice="Check the disk, then start the witness again.",
            )
            raise self.failed from error
        self._cosigned[origin] = kept

    def _path(self, origin: str) -> Path:
        return self._folder / f"{_hash(origin)}.checkpoint"

    def _read(self, origin: str) -> SignedCheckpoint | None:
        path = self._path(origin)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            found = signed_checkpoint.parse(content)
            ours = note.verify(found.note, [key.verifier for key in self.keys])
        except BadNote as wrong:
            raise KeyFailed(
                f"what was cosigned of a log cannot be read: {wrong.message}",
                place=str(path),
                advice="Restore the file: without it this witness could cosign another history of the log.",
            ) from wrong
        if found.checkpoint.origin != origin:
            raise KeyFailed(f"what was cosigned is of {found.checkpoint.origin!r}", place=str(path))
        self._time = max(self._time, *(one.time for one in ours.values()))
        return found


def _known(logs: Sequence[KnownLog]) -> dict[str, list[note.VerifierKey]]:
    """Read which logs are witnessed; the origin of a log is mostly, but not always, the name of its keys."""
    found: dict[str, list[note.VerifierKey]] = {}
    for log in logs:
        if not log.keys:
            raise BadRequest("a log without a key cannot be witnessed", place="logs")
        try:
            keys = [note.VerifierKey.parse(key) for key in log.keys]
        except BadKey as wrong:
            raise BadRequest(wrong.message, place="logs", advice=wrong.advice) from wrong
        origin = log.origin or keys[0].name
        if origin in found:
            raise BadRequest(f"the log {origin!r} stands there twice", place="logs")
        found[origin] = keys
    return found


def _hash(origin: str) -> str:
    return hashlib.sha256(origin.encode()).hexdigest()


def _refused(refusal: Refusal) -> Answer:
    if refusal.size is not None:
        return Answer(refusal.status, f"{refusal.size}\n".encode(), witness_request.SIZE_CONTENT_TYPE)
    return Answer(refusal.status, f"{refusal.message}\n".encode())
