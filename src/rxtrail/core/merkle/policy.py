"""Whom one believes: which logs, which witnesses, and how many of them must have cosigned. Source: C2SP tlog-policy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.merkle import note, signed_checkpoint
from rxtrail.core.merkle.errors import BadKey, BadNote, BadPolicy
from rxtrail.core.merkle.lines import decode_size
from rxtrail.core.merkle.note import VerifierKey
from rxtrail.core.merkle.signed_checkpoint import SignedCheckpoint

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

NONE: Final = "none"
POLICY_BYTES_MAX: Final = 1_000_000
_BLANKS = re.compile(r"[ \t]+")
_LOG_KINDS: Final = (note.ED25519, note.COSIGNATURE_ML_DSA_44)
_WITNESS_KINDS: Final = (note.COSIGNATURE_ED25519, note.COSIGNATURE_ML_DSA_44)


class Log(msgspec.Struct, frozen=True):
    """A log whose checkpoints are taken; the name of its key is its origin."""

    key: VerifierKey
    url: str = ""


class Witness(msgspec.Struct, frozen=True):
    """A witness, by the name that this policy gives it."""

    name: str
    key: VerifierKey
    url: str = ""


class Group(msgspec.Struct, frozen=True):
    """Witnesses or groups of which ``threshold`` must have cosigned."""

    name: str
    threshold: int
    members: tuple[str, ...]


class Believed(msgspec.Struct, frozen=True):
    """A checkpoint that the policy accepts: the log's key, and when (POSIX time) each known witness cosigned."""

    signed: SignedCheckpoint
    log: VerifierKey
    witnesses: dict[str, int]


class Policy(msgspec.Struct, frozen=True):
    """A trust policy. Names in it are opaque: bytes that are no UTF-8 are kept as surrogates."""

    logs: tuple[Log, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    groups: tuple[Group, ...] = ()
    """Each after those that it names."""
    quorum: str = NONE

    def satisfied(self, cosigners: Collection[str]) -> bool:
        """Tell whether these witnesses, by their names here, are enough."""
        if self.quorum == NONE:
            return True
        witnessed = {one.name for one in self.witnesses if one.name in cosigners}
        for group in self.groups:
            if sum(member in witnessed for member in group.members) >= group.threshold:
                witnessed.add(group.name)
        return self.quorum in witnessed

    def believe(self, signed: SignedCheckpoint, *, more_logs: Iterable[VerifierKey] = ()) -> Believed:
        """Accept a checkpoint that a known log signed and enough witnesses cosigned.

        :raises BadNote: it is not to be believed, and why.
        """
        by_log = signed_checkpoint.verify(signed, [*(log.key for log in self.logs), *more_logs])
        found = note.verify_any(signed.note, [one.key for one in self.witnesses])
        times = {one.name: found[one.key].time for one in self.witnesses if one.key in found}
        if not self.satisfied(times):
            names = ", ".join(sorted(times)) or "none"
            raise BadNote(
                f"too few of the witnesses that are asked for have cosigned: {names}",
                advice="Take a later checkpoint, or ask the log which witnesses it has.",
            )
        return Believed(signed, next(iter(by_log)), times)

    def format(self) -> bytes:
        """Write the policy."""
        lines = [_line("log", str(one.key), one.url) for one in self.logs]
        lines += [_line("witness", one.name, str(one.key), one.url) for one in self.witnesses]
        lines += [_line("group", one.name, str(one.threshold), *one.members) for one in self.groups]
        return "".join([*lines, _line("quorum", self.quorum)]).encode(errors="surrogateescape")


def parse(octets: bytes) -> Policy:
    """Read a trust policy.

    :raises BadPolicy: it is none; the line is named.
    """
    if len(octets) > POLICY_BYTES_MAX:
        raise BadPolicy(f"a policy of more than {POLICY_BYTES_MAX} bytes")
    if octets and not octets.endswith(b"\n"):
        # A file that broke off could ask for less than it did when it was whole.
        raise BadPolicy("the last line has no newline: the file may have broken off")
    reader = _Reader()
    for number, line in enumerate(octets.split(b"\n")[:-1], 1):
        try:
            reader.read(line)
        except (BadPolicy, BadKey) as wrong:
            raise BadPolicy(wrong.message, place=f"line {number}", advice=wrong.advice) from wrong
    if reader.quorum is None:
        raise BadPolicy("a policy has one quorum line", advice="Write 'quorum none' to ask for no witness.")
    return Policy(tuple(reader.logs), tuple(reader.witnesses), tuple(reader.groups), reader.quorum)


class _Reader:
    """Reads line by line: each name must be defined before it is used."""

    def __init__(self) -> None:
        self.logs: list[Log] = []
        self.witnesses: list[Witness] = []
        self.groups: list[Group] = []
        self.quorum: str | None = None
        self._names: set[str] = set()
        self._members: set[str] = set()

    def read(self, line: bytes) -> None:
        if any((one < 0x20 and one != 0x09) or one == 0x7F for one in line):
            raise BadPolicy("a control character")
        # Blanks are those of ASCII only; what else there is belongs to names, comments and addresses.
        words = [word for word in _BLANKS.split(line.decode(errors="surrogateescape")) if word]
        if not words or words[0].startswith("#"):
            return
        keyword, rest = words[0], words[1:]
        if keyword == "log" and len(rest) in {1, 2}:
            self._log(*rest)
        elif keyword == "witness" and len(rest) in {2, 3}:
            self._witness(*rest)
        elif keyword == "group" and len(rest) >= 3:
            self._group(rest[0], rest[1], rest[2:])
        elif keyword == "quorum" and len(rest) == 1:
            self._quorum(rest[0])
        else:
            raise BadPolicy(f"not a line of a policy: {' '.join(words)[:80]!r}")

    def _log(self, vkey: str, url: str = "") -> None:
        key = _key(vkey, _LOG_KINDS, "log")
        if any(key.public == one.key.public for one in self.logs):
            raise BadPolicy("this log's key stands there twice")
        self.logs.append(Log(key, url))

    def _witness(self, name: str, vkey: str, url: str = "") -> None:
        key = _key(vkey, _WITNESS_KINDS, "witness")
        if any(key.public == one.key.public for one in self.witnesses):
            raise BadPolicy("this witness's key stands there twice")
        self._define(name)
        self.witnesses.append(Witness(name, key, url))

    def _group(self, name: str, threshold: str, members: list[str]) -> None:
        count = {"any": 1, "all": len(members)}.get(threshold) or decode_size(threshold)
        if count is None or not 1 <= count <= len(members):
            raise BadPolicy(f"a group asks for any, all, or 1 to {len(members)} of its members, not {threshold[:20]!r}")
        for member in members:
            if member not in self._names:
                raise BadPolicy(f"no witness or group {member[:60]!r} before this line")
            if member in self._members:
                raise BadPolicy(f"{member[:60]!r} is a member already; each counts once")
            self._members.add(member)
        self._define(name)
        self.groups.append(Group(name, count, tuple(members)))

    def _quorum(self, name: str) -> None:
        if self.quorum is not None:
            raise BadPolicy("a second quorum line")
        if name != NONE and name not in self._names:
            raise BadPolicy(f"no witness or group {name[:60]!r} before this line")
        self.quorum = name

    def _define(self, name: str) -> None:
        if name == NONE or name in self._names:
            raise BadPolicy(f"the name {name[:60]!r} is taken")
        self._names.add(name)


def _key(vkey: str, kinds: Collection[int], what: str) -> VerifierKey:
    key = VerifierKey.parse(vkey)
    if key.kind not in kinds:
        raise BadPolicy(f"a key of type {key.kind:#04x} is none of a {what}")
    return key


def _line(*words: str) -> str:
    return " ".join(word for word in words if word) + "\n"
