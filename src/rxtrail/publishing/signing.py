"""Signing a log's heads: only what grows out of the last one that was signed, and that one kept on disk first.

Before its first signature a signer holds what it remembers against what others know: the store's newest head, and those
that witnesses show. One that remembers less than its key has signed signs nothing: the key was copied, or its memory
was lost or is old.

The signer is the log's own witness. Whoever has the API process may ask for any signature, and gets none for a tree
that is smaller, or of the same size and different, or does not begin with the tree signed before.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING, Final

from rxtrail.core.merkle import checkpoint, note
from rxtrail.core.merkle.errors import BadNote, BadProof
from rxtrail.core.merkle.tree import verify_consistency
from rxtrail.durable import NoRoom, hold_file, replace_file, sync_folder
from rxtrail.errors import RxtrailError, StoreFailed, StoreFull
from rxtrail.keys import FOLDER as KEYS_FOLDER
from rxtrail.keys import KeyFailed
from rxtrail.publishing.elsewhere import Elsewhere

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rxtrail.core.merkle.checkpoint import Checkpoint
    from rxtrail.log_keys import NoteKey

_LOG = logging.getLogger("rxtrail.signer")
HEAD_FILE: Final = "log.head"
RETIRED_FOLDER: Final = "retired"  # in the folder of keys: those of logs that were given up
LOCK_FILE: Final = "signer.lock"
NOTHING_YET: Final = b"rxtrail signer v1: nothing is signed yet\n"
PROOF_HASHES_MAX: Final = 63


class LogRefused(RxtrailError):
    """The signer does not sign: the tree does not grow out of the last one that was signed, or is another log's."""

    code = "log-refused"


class MemoryBehind(RxtrailError):
    """The signer remembers less than its key has signed: it signs nothing until somebody has looked."""

    code = "signer-memory"


def _nobody(_origin: str) -> Elsewhere:
    return Elsewhere()


class Signer:
    """The log's keys and the last head that they signed, in one folder."""

    def __init__(
        self,
        folder: Path,
        open_keys: Callable[[], Sequence[NoteKey]],
        *,
        now_s: Callable[[], int],
        elsewhere: Callable[[str], Elsewhere] = _nobody,
    ) -> None:
        """Take the folder's lock, read the last head, open the keys; ``now_s`` dates cosignatures.

        ``elsewhere`` asks the witnesses what they have cosigned of the log of this origin.

        :raises Busy: another signer works in this folder.
        :raises KeyFailed: there is a key, and what it signed last is not known or is damaged.
        """
        self._now_s = now_s
        self._elsewhere = elsewhere
        self._compared = False
        self._path = folder / KEYS_FOLDER / HEAD_FILE
        self._lock = threading.Lock()
        self.failed: StoreFailed | None = None
        self._held = hold_file(folder / LOCK_FILE, "another signer works in this folder")
        try:
            # A new log: that nothing is signed is on disk before there is a key. So a key without a head has lost it.
            key_is_there = any((folder / KEYS_FOLDER).glob("log*.key"))  # one that is being replaced is a key, too
            if not key_is_there and not self._path.exists():
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                replace_file(self._path, NOTHING_YET)
            self.keys = tuple(open_keys())
            self.origin = self.keys[0].verifier.name
            self._note, self._head = self._read()
        except BaseException:
            self.close()
            raise

    @property
    def note(self) -> bytes:
        """The last head with its signatures; empty when nothing is signed yet."""
        return self._note

    def sign(self, text: str, proof: Sequence[bytes], known: bytes = b"") -> bytes:
        """Sign the text of a checkpoint that grows out of the last one; it is on disk before this returns.

        ``known`` is the newest head that the store has, b"" for none.

        :raises LogRefused: it does not, by this proof.
        :raises MemoryBehind: others have heads that this key has signed and this signer does not remember.
        :raises StoreFailed: it cannot be kept; this signer signs nothing more.
        """
        try:
            head = checkpoint.parse(text)
        except BadNote as wrong:
            raise LogRefused(f"this is no checkpoint: {wrong.message}", place="checkpoint") from wrong
        with self._lock:
            if self.failed is not None:
                raise self.failed
            self._compare(known)
            if (signed := self._refuse(head, proof)) is not None:
                return signed
            time = self._now_s()
            signed = note.Note(text, tuple(key.sign(text, time) for key in self.keys)).format()
            self._keep(signed, head)
            return signed

    def learn(self, signed: bytes, proof: Sequence[bytes]) -> None:
        """Take over a head that this key has signed elsewhere, as on another machine, and that grows out of the last.

        :raises LogRefused: it does not by this proof, or none of these keys has signed it.
        :raises MemoryBehind: nothing is remembered that it could grow out of.
        :raises StoreFailed: it cannot be kept; this signer signs nothing more.
        """
        with self._lock:
            if self.failed is not None:
                raise self.failed
            head = self._signed_here(signed)
            if head is None:
                raise LogRefused("none of the keys here has signed this head", place="checkpoint")
            if self._head is None:
                raise self._behind("the store", head)
            if head.size > self._head.size and self._refuse(head, proof) is None:
                self._keep(signed, head)

    def _keep(self, signed: bytes, head: Checkpoint) -> None:
        """Have it on disk before anybody is told."""
        try:
            replace_file(self._path, signed)
        except NoRoom as full:
            raise StoreFull(
                f"the head that was signed could not be kept: {full.strerror}",
                place=str(self._path),
                advice="Make room; then it is signed when it is asked for again.",
            ) from full
        except OSError as error:
            # What a failed sync has left on the disk is not known: nothing more is signed until it was read anew.
            self.failed = StoreFailed(
                f"the head that was signed could not be kept: {error.strerror}",
                place=str(self._path),
                advice="Check the disk, then start the signer again.",
            )
            raise self.failed from error
        self._note, self._head = signed, head

    def _compare(self, known: bytes) -> None:
        """Hold what is remembered against what others know, once before anything is signed."""
        if self._compared:
            return
        there = self._elsewhere(self.origin)
        for who, content in (("the store", known), *((f"the witness {name}", head) for name, head in there.heads)):
            head = self._signed_here(content) if content else None
            if head is None:
                continue  # nobody's word counts but this key's own
            mine = self._head
            if mine is None or head.size > mine.size or (head.size == mine.size and head.root != mine.root):
                raise self._behind(who, head)
        if there.silent:
            silent = ", ".join(there.silent)
            if self._head is None:
                # Whether this key is new, or has lost what it signed, only they can tell.
                raise MemoryBehind(
                    f"nothing is known of what this key has signed, and a witness does not answer: {silent}",
                    place=str(self._path),
                    advice="It is asked again. Or take it out of the policy that the signer is given.",
                )
            _LOG.warning("what was signed last could not be held against a witness that does not answer: %s", silent)
        self._compared = True

    def _signed_here(self, content: bytes) -> Checkpoint | None:
        """Read a head; None when none of these keys has signed it."""
        try:
            signed = note.parse(content)
            note.verify(signed, [key.verifier for key in self.keys])
            head = checkpoint.parse(signed.text)
        except BadNote:
            return None
        return head if head.origin == self.origin else None

    def _behind(self, who: str, head: Checkpoint) -> MemoryBehind:
        mine = "no head" if self._head is None else f"one of {self._head.size:,}"
        found = MemoryBehind(
            f"{who} has a head of {head.size:,} entries that this key has signed, and this signer remembers {mine}: "
            "the key was copied to another machine, or what was signed last was lost, or is an old copy",
            place=str(self._path),
            advice="Nothing is signed. Find out who signs with this key. Put the newest head there (a witness shows "
            "it), or begin a new log: rxtrail log renew.",
        )
        _LOG.critical("%s", found.message)
        return found

    def close(self) -> None:
        """Let go of the folder."""
        if self._held >= 0:
            os.close(self._held)
            self._held = -1

    def _refuse(self, head: Checkpoint, proof: Sequence[bytes]) -> bytes | None:
        """Raise unless this head may be signed; give the note when it is the last one again."""
        if head.origin != self.origin:
            raise LogRefused(f"this signer signs for {self.origin!r}, not {head.origin!r}", place="origin")
        if not head.is_possible:
            raise LogRefused("an empty log has another root", place="root")
        if head.extensions:
            raise LogRefused("this signer signs no extension lines", place="checkpoint")
        last = self._head
        if last is None:
            if proof:
                raise LogRefused("the first head needs no proof", place="proof")
            return None
        if head.size < last.size:
            raise LogRefused(
                f"a tree of {last.size:,} entries was signed, and this one has {head.size:,}", place="size"
            )
        if head.size == last.size:
            if head.root != last.root:
                raise LogRefused(f"another tree of {last.size:,} entries was signed", place="root")
            return self._note
        if len(proof) > PROOF_HASHES_MAX:
            raise LogRefused("the proof is too long", place="proof")
        try:
            if last.size:
                verify_consistency(last.size, head.size, last.root, head.root, proof)
            elif proof:
                raise LogRefused("nothing is proven of an empty tree", place="proof")
        except BadProof as wrong:
            raise LogRefused(
                f"this tree does not begin with the tree of {last.size:,} entries that was signed: {wrong.message}",
                place="proof",
            ) from wrong
        return None

    def _read(self) -> tuple[bytes, Checkpoint | None]:
        try:
            content = self._path.read_bytes()
        except FileNotFoundError as missing:
            raise KeyFailed(
                "there is a key of the log, and what it signed last is not known",
                place=str(self._path),
                advice="Put the newest checkpoint that it signed there (a witness has it), or begin a new log: "
                "rxtrail log renew.",
            ) from missing
        if content == NOTHING_YET:
            return b"", None
        try:
            signed = note.parse(content)
            note.verify(signed, [key.verifier for key in self.keys])
            head = checkpoint.parse(signed.text)
        except BadNote as wrong:
            raise KeyFailed(
                f"what the log's key signed last cannot be read: {wrong.message}",
                place=str(self._path),
                advice="Put the newest checkpoint that it signed there: a witness has it.",
            ) from wrong
        if head.origin != self.origin:
            raise KeyFailed(f"the last head is of {head.origin!r}, the key of {self.origin!r}", place=str(self._path))
        return content, head


def put_away(folder: Path, name: str) -> None:
    """Move the log's keys and what they signed last into ``keys/retired/NAME``; nobody may be signing.

    :raises Busy: a signer works in this folder.
    """
    keys = folder / KEYS_FOLDER
    held = hold_file(folder / LOCK_FILE, "a signer works in this folder")
    try:
        there = [path for path in sorted(keys.glob("log*")) if path.is_file()]
        if not there:
            return
        target = keys / RETIRED_FOLDER / name
        target.mkdir(mode=0o700, parents=True)
        # The head last: a key without its head signs nothing.
        for path in [*(path for path in there if path.name != HEAD_FILE), *(p for p in there if p.name == HEAD_FILE)]:
            path.rename(target / path.name)
        sync_folder(target)
        sync_folder(keys)
    finally:
        os.close(held)
