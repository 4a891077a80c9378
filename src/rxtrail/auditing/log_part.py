"""The log against itself: every record opened and committed to again, every block, every tile, every signed head.

Records are read in log order in runs that lie in few blocks. What does not fit is looked at once more to say which
field it is: one field is tried after the other, and the one that makes all fit is named with what it should be.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import zstandard

from rxtrail.auditing.faults import FAULTS_TOLD_MAX, Faults, shown
from rxtrail.core.merkle.entry import SALT_BYTES, block_id, commit, opening_bytes, record_id
from rxtrail.core.merkle.event_leaves import leaves_in
from rxtrail.core.merkle.packs import root_of
from rxtrail.core.merkle.tree import HASH_BYTES
from rxtrail.ledger.changes import decode_changes
from rxtrail.sealing import key_of
from rxtrail.store.rows import Record, RecordKind
from rxtrail.store.tables import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rxtrail.store.copying import View

BLOCKS_AT_ONCE = 64
RECORDS_AT_ONCE = 20_000
TABLE, BLOCKS = BY_NAME["record"], BY_NAME["block"]
_TYPES = (int, int, int, int, int, bytes, bytes, int, int, int, int, bytes)
_KINDS = frozenset(RecordKind)
_NUMBERS = range(1 << 63)
_GLN = re.compile(r"(?<!\d)\d{13}(?!\d)", re.ASCII)


class Opened(NamedTuple):
    """A record that fits its commitment, with its bytes."""

    record: Record
    party: str
    canonical: bytes
    envelope: bytes


class Lost(NamedTuple):
    """Records that lie under one key that is not in its table any more."""

    records: int
    first: int
    last: int


class _Stored(NamedTuple):
    """A block that records lie in and that no record of its own has been met for yet."""

    sha256: bytes
    first: int
    last: int


class LogPart:
    """Reads the log once, from a position on."""

    def __init__(self, view: View, faults: Faults, names: dict[int, str], *, progress: Callable[[int], None]) -> None:
        """``names`` gives recurring texts by their numbers; ``progress`` is told how many records were read."""
        self._view = view
        self._faults = faults
        self._names = names
        self._progress = progress
        self._stored: dict[int, _Stored] = {}
        self._refuted: dict[int, int] = {}  # block -> the position of its newest record, when that does not fit
        self._told: set[int] = set()  # blocks with a record of their own
        self._broken: set[int] = set()  # blocks that a fault was told of
        self.unopened = 0  # blocks that cannot be opened: of their records the leaves are known all the same
        self.lost: dict[int, Lost] = {}  # key -> the records under it, when it was destroyed: they cannot be read
        self._ids: deque[tuple[int, bytes, bytes]] = deque(maxlen=FAULTS_TOLD_MAX)  # ids that do not come of their salt
        self._under: dict[int, int] = {}  # block -> the key that was destroyed
        self._moments: set[int] = set()  # when the records of a run were written
        self.position = 0
        self.recorded_at = 0
        self.entries = 0
        self.blocks = 0
        self.last_id = b""

    def read(self, position: int) -> Iterator[tuple[list[Record], list[Opened], bool]]:
        """Check the records from a position on; give each run as it is, what of it fits, and whether that is all."""
        self.position = position
        opened: dict[int, bytes | None] = {}
        for run in _runs(self._rows(position)):
            opened = self._open({row.block for row in run if row.kind != RecordKind.BLOCK}, opened)
            checked = self._check(run, opened)
            self.entries += len(run)
            self.last_id = run[-1].id
            self._progress(self.position)
            yield run, *checked
        self._end()
        if position == 0 and self._view.count(BLOCKS) != self.blocks:
            self._strays()

    def judge_ids(self, taken_over: int) -> None:
        """Tell of the ids that do not come of their salt, behind so many records of an earlier version."""
        for position, right, found in self._ids:
            if position >= taken_over:
                self._find("row-changed", "id of the record was changed", position, "id", expected=right, found=found)

    def _rows(self, position: int) -> Iterator[list[Record]]:
        after = (position - 1,) if position else None
        for page in self._view.pages(TABLE, after):
            types = {tuple(map(type, row)) for row in page}
            records = list(map(Record._make, page))
            if types == {_TYPES} and all(map(_is_possible, records)):
                yield records
            else:
                yield [record for record in records if self._is_well_formed(record)]

    def _is_well_formed(self, record: Record) -> bool:
        """Tell whether the columns of a row hold what they may hold, and tell of those that do not."""
        if tuple(map(type, record)) == _TYPES and _is_possible(record):
            return True
        for name, value, kind in zip(TABLE.columns, record, _TYPES, strict=True):
            good = type(value) is kind and not (kind is int and value not in _NUMBERS)
            if not good or (name == "kind" and value not in _KINDS):
                self._find("row-changed", f"{name} holds what it cannot hold", record[0], name, found=value)
        # What cannot be read is missing: the records behind it are checked all the same.
        if isinstance(record[0], int):
            self.position = record[0] + 1
        return False

    # -- blocks ----------------------------------------------------------------------------------------------------

    def _open(self, wanted: set[int], held: dict[int, bytes | None]) -> dict[int, bytes | None]:
        """Give blocks as they were before they were compressed and sealed; what was held is not read again."""
        found = {number: data for number, data in held.items() if number in wanted}
        missing = sorted(wanted - found.keys())
        stored = self._view.blocks(missing) if missing else {}
        expand = zstandard.ZstdDecompressor().decompress
        for number in missing:
            data = stored.get(number)
            if not isinstance(data, bytes):
                self._block_fault(number, "row-missing", f"block {number} is missing, and with it the bytes of records")
                continue
            self.blocks += 1
            self._stored[number] = _Stored(hashlib.sha256(data).digest(), -1, -1)
            try:
                plain = self._view.unsealed(number, data)
                found[number] = None if plain is None else expand(plain)
                if plain is None:
                    self._under[number] = key_of(data)
            except Exception as error:  # noqa: BLE001 (whatever the bytes make the libraries say, they are damaged)
                self.unopened += number not in self._broken
                self._block_fault(number, "block-damaged", f"block {number} cannot be opened: {error}")
        return found

    def _block_fault(self, number: int, code: str, message: str) -> None:
        if number not in self._broken:
            self._broken.add(number)
            self._faults.find("log", code, message, table="block", key=f"id={number}", field="data")

    def _check_block(self, record: Record) -> None:
        """Hold what lies in a block against what the log says of it."""
        number, commitment = record.block, record.commitment or b""
        if record.id != block_id(commitment, number, record.recorded_at):
            self._block_record_fault(record)
            return
        plain = (record.tenant, record.party, record.start, record.length, record.envelope, record.salt)
        if plain != (0, 0, 0, 0, 0, b""):
            for name, right in (
                ("tenant", 0),
                ("party", 0),
                ("start", 0),
                ("length", 0),
                ("envelope", 0),
                ("salt", b""),
            ):
                if getattr(record, name) != right:
                    self._find("row-changed", "the record of a block says nothing here", record.position, name,
                               expected=right, found=getattr(record, name))  # fmt: skip
        self._told.add(number)
        stored = self._stored.pop(number, None)
        if stored is None:
            data = self._view.blocks([number]).get(number)
            stored = None if not isinstance(data, bytes) else _Stored(hashlib.sha256(data).digest(), -1, -1)
        if stored is None:
            self._block_fault(number, "row-missing", f"block {number} is missing")
            return
        first = int.from_bytes(commitment[HASH_BYTES : HASH_BYTES + 8])
        last = int.from_bytes(commitment[HASH_BYTES + 8 :])
        if stored.first >= 0 and (stored.first, stored.last) != (first, last):
            message = f"block {number} holds the records {first} to {last}, and these say otherwise"
            self._find("row-changed", message, record.position, "block", expected=f"{first} to {last}",
                       found=f"{stored.first} to {stored.last}")  # fmt: skip
        if stored.sha256 == commitment[:HASH_BYTES]:
            self._refuted.pop(number, None)
        else:
            self._refuted[number] = record.position

    def _block_record_fault(self, record: Record) -> None:
        """Say which field of a block's record it is."""
        commitment = record.commitment or b""
        for number in (*self._stored, record.block):
            if record.id == block_id(commitment, number, record.recorded_at):
                self._find("row-changed", "the record of a block names another block", record.position, "block",
                           expected=number, found=record.block)  # fmt: skip
                self._stored.pop(number, None)
                return
        for moment in self._moments:
            if record.id == block_id(commitment, record.block, moment):
                self._find("row-changed", "another time of recording", record.position, "recorded_at",
                           expected=moment, found=record.recorded_at)  # fmt: skip
                self._stored.pop(record.block, None)
                return
        stored = self._stored.pop(record.block, None)
        if stored is not None:
            right = stored.sha256 + stored.first.to_bytes(8) + stored.last.to_bytes(8)
            named, good = ("commitment", right) if right != commitment else ("id", None)
            expected = good if good is not None else block_id(commitment, record.block, record.recorded_at)
            found = commitment if named == "commitment" else record.id
            self._find("row-changed", "the record of a block does not fit it", record.position, named,
                       expected=expected, found=found)  # fmt: skip
            return
        self._find("row-changed", "the record of a block does not fit it", record.position, "id", found=record.id)

    def _end(self) -> None:
        """Tell of blocks that do not fit the newest record of theirs, that have none, and of more than there are."""
        for number, position in self._refuted.items():
            if number not in self._broken:
                self._broken.add(number)
                message = f"block {number} is not what record {position} of the log commits to"
                self._faults.find("log", "block-changed", message, table="block", key=f"id={number}", field="data",
                                  position=position)  # fmt: skip
        for number in self._stored:
            self._block_fault(number, "block-unknown", f"no record of the log commits to block {number}")

    def _strays(self) -> None:
        """Tell of blocks that no record lies in."""
        used = {row[7] for page in self._view.pages(TABLE) for row in page}
        for page in self._view.pages(BLOCKS):
            for number, _ in page:
                if number not in used:
                    self._faults.find("log", "row-added", f"no record lies in block {shown(number)}", table="block",
                                      key=f"id={shown(number)}")  # fmt: skip

    # -- records ---------------------------------------------------------------------------------------------------

    def _check(self, run: list[Record], opened: dict[int, bytes | None]) -> tuple[list[Opened], bool]:
        found: list[Opened] = []
        whole = True
        self._moments = {self.recorded_at, *(record.recorded_at for record in run)}
        blocks: dict[int, list[int]] = {}
        names = self._names
        for record in run:
            position, block = record.position, record.block
            if position != self.position:
                self._gap(position)
                whole = False
            self.position = position + 1
            if record.kind == RecordKind.BLOCK:
                self._note_ends(blocks)
                before = self._faults.count
                self._check_block(record)
                self.recorded_at = record.recorded_at
                whole = whole and self._faults.count == before
                continue
            ends = blocks.get(block)
            if ends is None:
                blocks[block] = [position, position]
            else:
                ends[1] = position
            data = opened.get(block)
            if data is None and block in opened:
                self._lose(position, self._under[block])
                whole = False
                continue
            if data is not None:
                right = _opened_if_right(record, data, names)
                if right is not None:
                    found.append(right)
                    continue
            right = self._say_which(record, opened)
            if right is None:
                whole = False
                continue
            found.append(right)
        self._note_ends(blocks)
        return found, whole

    def _lose(self, position: int, key: int) -> None:
        lost = self.lost.get(key, Lost(0, position, position))
        self.lost[key] = Lost(lost.records + 1, lost.first, position)

    def _note_ends(self, blocks: dict[int, list[int]]) -> None:
        """Note which records lie in which block, for its own record to be held against."""
        for number, (first, last) in blocks.items():
            stored = self._stored.get(number)
            if stored is not None:
                first = first if stored.first < 0 else stored.first  # noqa: PLW2901 (a block that began in another run)
                self._stored[number] = _Stored(stored.sha256, first, last)
        blocks.clear()

    def _gap(self, position: int) -> None:
        missing = f"record {self.position} is missing" if position > self.position else f"record {position} comes twice"
        if position - self.position > 1:
            missing = f"records {self.position} to {position - 1} are missing"
        self._faults.find("log", "row-missing", missing, table="record", key=f"position={self.position}",
                          position=self.position)  # fmt: skip

    def _say_which(self, record: Record, blocks: dict[int, bytes | None]) -> Opened | None:
        """Try one field after the other, name the one that makes the record fit, and give the record as it was."""
        position = record.position
        for name, right in self._guesses(record, blocks):
            tried = record._replace(**{name: right})  # type: ignore[arg-type]  # a guess is of its field's type
            data = blocks.get(tried.block)
            if data is None:
                continue
            opened = self._opened(tried, data)
            if _fits(tried, opened) and name == "id":
                self._ids.append((position, tried.id, record.id))  # an earlier version chose ids freely
                return opened
            if _fits(tried, opened):
                self._find("row-changed", f"{name} of the record was changed", position, name, expected=right,
                           found=getattr(record, name))  # fmt: skip
                return opened
        data = blocks.get(record.block)
        if data is None:
            return None  # told with its block
        for text in self._texts(record, data):
            opened = self._opened(record, data)._replace(party=text)
            if _fits(record, opened):
                there = record.party in self._names
                self._faults.find("table", "row-changed" if there else "row-missing",
                                  f"the text of who captured record {position} was changed", table="name",
                                  key=f"id={record.party}", field="text", expected=text,
                                  found=self._names.get(record.party), position=position)  # fmt: skip
                self._names[record.party] = text
                return opened
        opened = self._opened(record, data)
        if len(record.salt) == SALT_BYTES and record.id == record_id(record.salt) and record.recorded_at >= 0:
            # Nothing else is wrong with it, and its block is told by itself.
            right = commit(record.salt, _opening(opened)) + (record.commitment or b"")[HASH_BYTES:]
            self._find("row-changed", "the record is not what it commits to", position, "commitment", expected=right,
                       found=record.commitment)  # fmt: skip
        else:
            self._find("row-changed", "the record is not what it commits to", position, "salt", found=record.salt)
        return None

    def _opened(self, record: Record, data: bytes) -> Opened:
        end = record.start + record.length
        party = self._names.get(record.party, "") if record.party else ""
        return Opened(record, party, data[record.start : end], data[end : end + record.envelope])

    def _guesses(self, record: Record, blocks: dict[int, bytes | None]) -> Iterator[tuple[str, object]]:
        """Give (field, what it may have been) where one can know; a number may have one bit wrong."""
        yield "id", record_id(record.salt)
        data = blocks.get(record.block)
        if data is not None:
            opened = self._opened(record, data)
            commitment = record.commitment or b""
            yield "commitment", commitment[:HASH_BYTES] + _root(record, opened.canonical)
            yield "commitment", commitment[:HASH_BYTES]
            if record.kind == RecordKind.CHANGE:
                with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                    yield "recorded_at", decode_changes(opened.canonical).recorded_at
        for number in blocks:
            yield "block", number
        yield "tenant", 0
        yield "party", 0
        for moment in self._moments:
            yield "recorded_at", moment
        for kind in RecordKind:
            yield "kind", int(kind)
        for number in self._names:
            yield "party", number
        yield "start", 0
        for length in range(64):
            yield "envelope", length
        for bit in range(63):
            for name in ("start", "length", "envelope", "recorded_at", "party", "tenant"):
                yield name, getattr(record, name) ^ (1 << bit)

    def _texts(self, record: Record, data: bytes) -> Iterator[str]:
        """Give what the text of a party may have been: what the block tells of who spoke, or one bit less wrong."""
        at = data.find(b"\xa5batch")  # MessagePack of the name of a change; behind it stands who spoke
        while at >= 0:
            length = data[at + 6 : at + 7]
            if length and 0xA0 <= length[0] < 0xC0:
                yield data[at + 7 : at + 7 + (length[0] & 0x1F)].decode("utf-8", "replace")
            at = data.find(b"\xa5batch", at + 1)
        told = {text for text in self._names.values() if text}
        yield from sorted({gln for text in (*told, data.decode("latin-1")) for gln in _GLN.findall(text)})
        octets = self._names.get(record.party, "").encode("utf-8", "surrogateescape")
        for at in range(8 * len(octets)):
            flipped = bytearray(octets)
            flipped[at // 8] ^= 1 << at % 8
            with contextlib.suppress(UnicodeDecodeError):
                yield flipped.decode()

    def _find(
        self, code: str, message: str, position: object, field: str, *, expected: object = None, found: object = None
    ) -> None:
        at = position if isinstance(position, int) else -1
        self._faults.find("log", code, message, table="record", key=f"position={shown(position)}", field=field,
                          expected=expected, found=found, position=at)  # fmt: skip


def _opening(opened: Opened) -> bytes:
    record, party, canonical, envelope = opened
    return opening_bytes(record.kind, record.tenant, party, record.recorded_at, canonical, envelope)


def _opened_if_right(record: Record, data: bytes, names: dict[int, str]) -> Opened | None:
    """Open a record, None when it is not what it commits to; each record of a log goes through here."""
    _, kind, tenant, party, recorded_at, id_, salt, _, start, length, envelope, commitment = record
    end = start + length
    stop = end + envelope
    if stop > len(data) or len(salt) != SALT_BYTES or commitment is None:
        return None
    canonical, written = data[start:end], data[end:stop]
    text = names.get(party, "") if party else ""
    opening = opening_bytes(kind, tenant, text, recorded_at, canonical, written)
    if commit(salt, opening) != commitment[:HASH_BYTES] or record_id(salt) != id_:
        return None
    if len(commitment) != HASH_BYTES and not (kind == 1 and _root(record, canonical) == commitment[HASH_BYTES:]):
        return None
    return Opened(record, text, canonical, written)


def _fits(record: Record, opened: Opened) -> bool:
    if len(record.salt) != SALT_BYTES or record.id != record_id(record.salt) or record.recorded_at < 0:
        return False
    if len(opened.canonical) != record.length or len(opened.envelope) != record.envelope:
        return False  # it would reach over the end of its block
    commitment = record.commitment or b""
    try:
        opening = _opening(opened)
    except (OverflowError, UnicodeEncodeError):
        return False
    return commit(record.salt, opening) == commitment[:HASH_BYTES] and _tree_fits(record, opened.canonical)


def _tree_fits(record: Record, canonical: bytes) -> bool:
    """Tell whether the root of the packages that a record names is the one in its commitment, if that has one."""
    commitment = record.commitment or b""
    if len(commitment) == HASH_BYTES:
        return True
    return record.kind == RecordKind.EVENT and commitment[HASH_BYTES:] == _root(record, canonical)


def _root(record: Record, canonical: bytes) -> bytes:
    if record.kind != RecordKind.EVENT:
        return b""
    try:
        leaves = leaves_in(canonical)
        return root_of(record.salt, leaves) if leaves else b""
    except Exception:  # noqa: BLE001 (bytes that are no event have no packages)
        return b""


def _is_possible(record: Record) -> bool:
    return record.kind in _KINDS and record.position >= 0 <= min(record[2:5]) and min(record[7:11]) >= 0


def _runs(pages: Iterator[list[Record]]) -> Iterator[list[Record]]:
    """Cut the log into runs of records that lie in few blocks."""
    run: list[Record] = []
    blocks: set[int] = set()
    for page in pages:
        for record in page:
            if record.kind != RecordKind.BLOCK and record.block not in blocks:
                blocks.add(record.block)
                if len(blocks) > BLOCKS_AT_ONCE or len(run) >= RECORDS_AT_ONCE:
                    yield run
                    run, blocks = [], {record.block}
            run.append(record)
    if run:
        yield run
