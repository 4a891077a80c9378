"""What all SQL engines read alike: named statements in, the rows of the domain out.

An engine gives three ways to run a named statement and says how it takes many keys at once; the statements stand in
the engine's own ``queries.sql``, in its own best words.
"""

from __future__ import annotations

import abc
import contextlib
import hashlib
from time import monotonic
from typing import TYPE_CHECKING, Any

import msgspec
import zstandard

from rxtrail.core.epcis.event import KINDS
from rxtrail.core.merkle.tree import HASH_BYTES
from rxtrail.core.rules.steps import Flag, Step
from rxtrail.sealing import REREAD_SECONDS, KeyRow, Shredded, key_of, not_sealed
from rxtrail.store.names import Names
from rxtrail.store.rows import (
    CheckpointRow,
    ContainerRow,
    DocumentRow,
    EventBody,
    EventHead,
    FindingRow,
    HoldingRow,
    JobRow,
    Making,
    PackFacts,
    ParentRow,
    Record,
    UnitRow,
    VocabularyRow,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rxtrail.sealing import Sealer

Value = object  # what an engine takes as one parameter
Part = tuple[int, int, int | None]  # event, role, making
ACTIONS = ("", "ADD", "OBSERVE", "DELETE")
BLOCKS_CACHED_MAX = 64
BLOCKS_AT_ONCE = 32  # fewer than are cached: none is dropped before it is read
MAKINGS_CACHED_MAX = 500_000
_CHILD, _EPC = 2, 0  # roles, see core.rules.steps.Role


class SqlReader(abc.ABC):
    """Reads on one connection; used by one thread at a time."""

    def __init__(self, names: Names, sealer: Sealer) -> None:
        """``names`` and ``sealer`` are shared by all readers and the writer of one opened store."""
        self._names = self._shared_names = names
        self._sealer = sealer
        self._epoch = 0
        self._blocks_at = 0.0
        self._blocks: dict[int, bytes] = {}
        self._expander = zstandard.ZstdDecompressor()
        self._followed = names.followed

    # -- what an engine gives --------------------------------------------------------------------------------------

    @abc.abstractmethod
    def _one(self, name: str, *parameters: Value) -> Any:  # noqa: ANN401 (a row is what its query says)
        """Run a named statement; give its first row or None."""

    @abc.abstractmethod
    def _all(self, name: str, *parameters: Value) -> list[Any]:
        """Run a named statement; give all its rows."""

    @abc.abstractmethod
    def _each(self, name: str, *parameters: Value) -> Iterator[Any]:
        """Run a named statement; give its rows one by one, so that large ones need not be held together."""

    @abc.abstractmethod
    def _numbers(self, values: Iterable[int]) -> Value:
        """Give many whole numbers as one parameter."""

    @abc.abstractmethod
    def _texts(self, values: Iterable[str]) -> Value:
        """Give many texts as one parameter."""

    @abc.abstractmethod
    def _event_name(self, stored: Any) -> str:  # noqa: ANN401 (each engine keeps names its own way)
        """Give an event's name from how it is kept."""

    @abc.abstractmethod
    def _unit_key(self, product: int, serial: str) -> tuple[Value, ...]:
        """Give a package's key as parameters."""

    @abc.abstractmethod
    def _unit_rows(self, name: str, *parameters: Value) -> list[tuple[int, UnitRow]]:
        """Run a named statement that gives packages: (product, row) of each."""

    @abc.abstractmethod
    def _unit_events_of(self, product: int, serials: list[str]) -> list[tuple[str, int, int, int | None]]:
        """Give (serial, event, role, making) of all own events of many packages of one product."""

    @abc.abstractmethod
    def units_of(self, product: int, serials: Iterable[str]) -> dict[str, UnitRow]:
        """Read many packages of one product in key order."""

    @abc.abstractmethod
    def pack_facts(self, product: int, serial: str) -> PackFacts | None:
        """Read one package, its packing and up to three containers around it."""

    def _look_back(self) -> None:
        """Keep apart what is read from here on: it may be older than what the others know by now."""
        self._names = Names()

    def _look_on(self) -> None:
        """Share again what is read."""
        self._names = self._shared_names

    # -- settings and counts ---------------------------------------------------------------------------------------

    def settings(self) -> dict[str, str]:
        """Give all settings."""
        return dict(self._all("settings"))

    def follow(self) -> bool:
        """Tell whether another process has changed, since this was last asked, something that readers keep in mind."""
        if self._followed == self._names.followed:
            return False
        self._followed = self._names.followed
        return True

    def mark(self) -> None:  # noqa: B027 (only an engine that several processes write has something to do)
        """Note that what is read from here on is kept in mind."""

    def moved_on(self) -> bool:
        """Tell whether the last read saw a record in which what was kept in mind since the mark is changed.

        ``follow`` tells what was heard before a question; this one, what happened until its answer was read.
        """
        return False

    def as_of(self) -> int | None:
        """Tell up to when (microseconds) this copy of the record is known to be whole; None when it is the record."""
        return None

    def log_size(self) -> int:
        """Count the records in the log."""
        size: int = self._one("log_size")[0]
        return size

    def counts(self) -> tuple[int, int, int, int]:
        """Count packages, containers, events and documents."""
        packages, containers, events, documents = self._one("counts")
        return packages, containers, events, documents

    # -- texts and classes -----------------------------------------------------------------------------------------

    def name(self, number: int) -> str:
        """Give a recurring text by its number; 0 is the empty text."""
        if number == 0:
            return ""
        text = self._names.text.get(number)
        if text is None:
            text = self._names.text[number] = self._one("name_text", number)[0]
        return text

    def name_known(self, text: str) -> int | None:
        """Find a recurring text's number without adding it."""
        if not text:
            return 0
        number = self._names.number.get(text)
        if number is None:
            row = self._one("name_id", text)
            if row is None:
                return None
            number = self._names.number[text] = row[0]
        return number

    def _three(self, number: int) -> tuple[str, str, str]:
        if number == 0:
            return ("", "", "")
        three = self._names.three.get(number)
        if three is None:
            owner, possessor, location = self.name(number).split(";", 2)
            three = self._names.three[number] = (owner, possessor, location)
        return three

    def product(self, gtin: str) -> tuple[int, bool] | None:
        """Find a product's number and whether its packages hold others."""
        known = self._names.product.get(gtin)
        if known is None:
            generation = self._names.generation
            row = self._one("product_id", gtin)
            if row is None:
                return None
            known = (row[0], bool(row[1]))
            if self._names.generation == generation:
                self._names.product[gtin] = known
            self._names.gtin[row[0]] = gtin
        return known

    def products_known(self, gtins: Iterable[str]) -> set[str]:
        """Give those of many products that are on record."""
        return {gtin for (gtin,) in self._all("products_known", self._texts(gtins))}

    def gtin(self, product: int) -> str:
        """Give a product's GTIN-14."""
        gtin = self._names.gtin.get(product)
        if gtin is None:
            row = self._one("product_gtin", product)
            gtin = self._names.gtin[product] = row[0]
        return gtin

    def _making_row(self, number: int) -> tuple[Any, ...]:
        """Read a making, what it takes from its event, and its lot."""
        event, lot = self._one("making_row", number)
        return (event, *self._one("making_event", event), *self._one("lot_row", lot))

    def making(self, number: int) -> Making:
        """Read a making with its lot and all its speakers."""
        known = self._names.making.get(number)
        if known is None:
            generation = self._names.generation
            event, speaker, flags, voided_by, document, time, hash_, product, text, expiry = self._making_row(number)
            speakers = self._speakers(event, speaker, flags)
            voided = voided_by is not None
            known = Making(number, event, product, text, expiry, speakers, flags, voided, document, time, hash_)
            if len(self._names.making) > MAKINGS_CACHED_MAX:
                self._names.making.clear()
            if self._names.generation == generation:
                self._names.making[number] = known
        return known

    def makings(self, numbers: Iterable[int]) -> dict[int, Making]:
        """Read many makings with their lots and all their speakers."""
        wanted = set(numbers)
        missing = sorted(wanted - self._names.making.keys())
        read: dict[int, Making] = {}
        if missing:
            generation = self._names.generation
            rows = self._all("makings_by_id", self._numbers(missing))
            columns = self._columns(event for _, event, _ in rows)
            lots: dict[int, tuple[int, str, str]] = {lot: self._one("lot_row", lot) for lot in {row[2] for row in rows}}
            for number, event, lot in rows:
                _, time, hash_, _, _, _, _, speaker, *_, document, flags, voided_by = columns[event]
                speakers = self._speakers(event, speaker, flags)
                voided = voided_by is not None
                read[number] = Making(number, event, *lots[lot], speakers, flags, voided, document, time, hash_)
            if self._names.generation == generation and len(self._names.making) <= MAKINGS_CACHED_MAX:
                self._names.making.update(read)
        return {number: read.get(number) or self.making(number) for number in wanted}

    def lots_of(self, product: int, lot: str) -> list[tuple[int, str]]:
        """Give (number, expiry) of every lot of a product that bears this text."""
        return [(number, expiry) for number, expiry in self._all("lots_of", product, lot)]

    def lots_of_product(self, product: int) -> list[tuple[str, str]]:
        """Give (lot, expiry) of every lot of a product."""
        return [(lot, expiry) for lot, expiry in self._all("lots_of_product", product)]

    def _speakers(self, event: int, speaker: int, flags: int) -> frozenset[str]:
        first = self.name(speaker)
        if not flags & Flag.MORE_SPEAKERS:
            return frozenset((first,))
        return frozenset((first, *(self.name(more) for (more,) in self._all("event_speakers", event))))

    # -- steps -----------------------------------------------------------------------------------------------------

    def _step(self, role: int, making: int | None, row: tuple[Any, ...]) -> Step:
        (
            position, time, hash_, kind, action, step, disposition, speaker, read_point, location, source, destination,
            parent, document, flags, voided_by,
        ) = row  # fmt: skip
        lot = None
        if making is not None:
            made = self.making(making)
            lot = (made.lot, made.expiry)
        return Step(
            event=position,
            time=time,
            hash=hash_,
            role=role,
            kind=KINDS[kind] if kind >= 0 else self.name(-kind),
            action=ACTIONS[action],
            biz_step=self.name(step),
            disposition=self.name(disposition),
            speakers=self._speakers(position, speaker, flags),
            read_point=self.name(read_point),
            biz_location=self.name(location),
            source=self._three(source),
            destination=self._three(destination),
            parent=parent if role == _CHILD else 0,
            lot=lot,
            flags=flags,
            voided=voided_by is not None,
            document=document,
        )

    def _columns(self, positions: Iterable[int]) -> dict[int, Any]:
        """Read the typed columns of many events at once."""
        wanted = sorted(set(positions))
        return {row[0]: row for row in self._all("steps", self._numbers(wanted))} if wanted else {}

    def class_steps(self) -> list[tuple[int, str, Step]]:
        """Read every statement about a whole lot or product: (product, lot or '', step)."""
        rows = self._all("lot_events")
        columns = self._columns(event for _, _, event in rows)
        return [(product, lot, self._step(_EPC, None, columns[event])) for product, lot, event in rows]

    def unit_steps(self, product: int, serial: str, row: UnitRow) -> list[Step]:
        """Give all events of one package as steps, in no order."""
        parts: dict[tuple[int, int], int | None] = {}
        for event, role, making in self._all("unit_events", *self._unit_key(product, serial)):
            parts[(event, role)] = making
        if row.made is not None:
            parts[(self.making(row.made).event, _EPC)] = row.made
        if row.packed is not None:
            parts[(row.packed, _CHILD)] = None
        return self.steps((event, role, making) for (event, role), making in parts.items())

    def unit_parts(self, product: int, rows: Iterable[UnitRow]) -> dict[str, frozenset[Part]]:
        """Give (event, role, making) of every part that many packages of one product take in events."""
        held = list(rows)
        found: dict[str, dict[tuple[int, int], int | None]] = {row.serial: {} for row in held}
        for serial, event, role, making in self._unit_events_of(product, list(found)):
            found[serial][(event, role)] = making
        makings = self.makings({row.made for row in held if row.made is not None})
        for row in held:
            parts = found[row.serial]
            if row.made is not None:
                parts[(makings[row.made].event, _EPC)] = row.made
            if row.packed is not None:
                parts[(row.packed, _CHILD)] = None
        return {
            serial: frozenset((event, role, making) for (event, role), making in parts.items())
            for serial, parts in found.items()
        }

    def steps(self, parts: Iterable[Part]) -> list[Step]:
        """Give the steps of (event, role, making), in the same order."""
        held = list(parts)
        columns = self._columns(event for event, _, _ in held)
        self.makings({making for _, _, making in held if making is not None} - self._names.making.keys())
        return [self._step(role, making, columns[event]) for event, role, making in held]

    def histories(self, ids: Iterable[int]) -> dict[int, list[Step]]:
        """Give all events of many containers as steps, and of every container these were ever in."""
        found: dict[int, list[Step]] = {}
        wanted = {number for number in ids if number}
        while wanted:
            for number in wanted:
                found[number] = []
            rows = self._all("container_events", self._numbers(sorted(wanted)))
            columns = self._columns(event for _, event, _, _ in rows)
            for container, event, role, making in rows:
                found[container].append(self._step(role, making, columns[event]))
            wanted = {step.parent for number in wanted for step in found[number] if step.parent} - found.keys()
        return found

    # -- packages and containers -----------------------------------------------------------------------------------

    def container(self, key: str) -> ContainerRow | None:
        """Find one container by its exact identifier."""
        row = self._one("container_by_key", key)
        return None if row is None else ContainerRow(*row)

    def containers(self, ids: Iterable[int]) -> dict[int, ContainerRow]:
        """Read many containers by number."""
        wanted = list(ids)
        return {row[0]: ContainerRow(*row) for row in self._all("containers_by_id", self._numbers(wanted))}

    def container_ids(self, keys: Iterable[str]) -> dict[str, int]:
        """Find the numbers of many containers."""
        return {key: number for key, number in self._all("containers_by_key", self._texts(keys))}  # noqa: C416

    def packings_of(self, container: int) -> list[tuple[int, str, int, bytes, bool, int]]:
        """Read (event, action, time, hash, voided, flags) of what went in and out of a container, in order."""
        events = [event for (event,) in self._all("packings_of", container)]
        rows = sorted(self._columns(events).values(), key=lambda row: (row[1], row[2]))
        return [(row[0], ACTIONS[row[4]], row[1], row[2], row[15] is not None, row[14]) for row in rows]

    def units_from(self, after: tuple[int, str], limit: int) -> list[tuple[int, UnitRow]]:
        """Read packages in key order after a key."""
        return self._unit_rows("units_from", *self._unit_key(*after), limit)

    def containers_from(self, after: int, limit: int, *, packages_only: bool) -> list[ContainerRow]:
        """Read containers in order of their numbers; ``packages_only`` leaves out what is no trade item."""
        name = "containers_from" if packages_only else "all_containers"
        return [ContainerRow(*row) for row in self._all(name, after, limit)]

    @abc.abstractmethod
    def known_packs(self, packs: Iterable[tuple[int, str, str]]) -> dict[tuple[int, str], int | None]:
        """Find which of many (product, serial, canonical identifier) are on record, and the making of each.

        Any container is found by its canonical identifier too, a logistic unit with product 0; an empty identifier is
        of no container.
        """

    # -- who holds a lot -------------------------------------------------------------------------------------------

    def makings_of(self, lot: int) -> list[int]:
        """Give the numbers of the makings of a lot."""
        return [making for (making,) in self._all("makings_of", lot)]

    def holdings_of(self, lot: int) -> list[HoldingRow]:
        """Read how many plain packages of each making of a lot each packing put away; packed None: never packed."""
        rows = self._all("holdings_of", lot)
        return [HoldingRow(making, None if packed < 0 else packed, packs) for making, packed, packs in rows]

    def odd_units_of(self, makings: Iterable[int]) -> list[tuple[int, UnitRow]]:
        """Read the packages of many makings that have a story of their own: (product, row) of each, in no order."""
        found = self._unit_rows("odd_units_of", self._numbers(sorted(makings)))
        return list({(product, row.serial): (product, row) for product, row in found}.values())

    def makings_retold(self, makings: Iterable[int]) -> bool:
        """Tell whether any of these is stated of a package beside the making that its row names."""
        return self._one("makings_retold", self._numbers(sorted(makings))) is not None

    def parents_of_events(self, positions: Iterable[int]) -> dict[int, ParentRow]:
        """Read what many packing events packed into."""
        wanted = sorted(set(positions))
        rows = self._all("parents_of_events", self._numbers(wanted)) if wanted else []
        return {row[0]: ParentRow(*row[1:]) for row in rows}

    # -- events and records ----------------------------------------------------------------------------------------

    def _block(self, number: int) -> bytes:
        epoch = self._shared_names.epoch
        if epoch != self._epoch or (self._sealer.shared and monotonic() - self._blocks_at > REREAD_SECONDS):
            self._epoch = epoch
            self._blocks.clear()  # a key may have been destroyed: what it sealed is not given any more
            self._blocks_at = monotonic()
        data = self._blocks.get(number)
        if data is None:
            data = self._take_block(number, self._one("block_data", number)[0], epoch)
        return data

    def _take_block(self, number: int, stored: bytes, epoch: int) -> bytes:
        opened = self._sealer.open(self, "block", (number,), stored, epoch=epoch)
        data = self._expander.decompress(opened)
        if len(self._blocks) >= BLOCKS_CACHED_MAX:
            self._blocks.pop(next(iter(self._blocks)))
        self._blocks[number] = data
        return data

    def _fetch_blocks(self, numbers: Iterable[int]) -> None:
        """Read many blocks in one statement, for those who are about to read from each of them."""
        epoch = self._shared_names.epoch
        if epoch != self._epoch:
            return  # the next look at one of them forgets the others first
        missing = [number for number in numbers if number not in self._blocks]
        if len(missing) > 1:
            for number, stored in self._all("blocks_data", self._numbers(missing)):
                self._take_block(number, stored, epoch)

    def unsealed_block(self, number: int, data: bytes) -> bytes | None:
        """Give a block as it was before it was sealed; None when its key was destroyed."""
        try:
            return self._sealer.open(self, "block", (number,), data, epoch=self._shared_names.epoch)
        except Shredded:
            return None

    def unsealed_chunk(self, document: int, seq: int, data: bytes) -> bytes | None:
        """Give a chunk of a document as it was before it was sealed; None when its key was destroyed."""
        try:
            return self._sealer.open(self, "document_chunk", (document, seq), data, epoch=self._shared_names.epoch)
        except Shredded:
            return None

    def is_committed_to(self, table: str, row: tuple[int, ...], data: bytes) -> bool:
        """Tell whether the log commits to these bytes as what lies there; it commits to blocks."""
        if table != "block":
            return True
        entries = self._all("block_entries", self._numbers(row))
        if entries:
            return bytes(entries[-1][1])[:HASH_BYTES] == hashlib.sha256(data).digest()
        # Nothing is committed to in a record of an earlier version, up to where it was taken over.
        return self._one("data_key_last")[0] == 0 or self._one("uncommitted", 0, 1) is not None

    def _body(self, block: int, start: int, length: int, envelope: int) -> tuple[bytes, bytes]:
        data = self._block(block)
        return data[start : start + length], data[start + length : start + length + envelope]

    def _bodies(self, rows: Iterable[Any]) -> Iterator[EventBody]:
        for position, block, start, length, extra, recorded_at, event_id, time, speaker, document in rows:
            canonical, envelope = self._body(block, start, length, extra)
            yield EventBody(
                position,
                canonical,
                envelope,
                recorded_at,
                self._event_name(event_id),
                time,
                self.name(speaker),
                document,
            )

    def event_bodies(self, positions: Iterable[int]) -> Iterator[EventBody]:
        """Give events with their bytes, in order of position."""
        rows = self._all("event_bodies", self._numbers(sorted(positions)))
        part: list[Any] = []
        blocks: dict[int, None] = {}
        for row in rows:
            if row[1] not in blocks and len(blocks) == BLOCKS_AT_ONCE:
                self._fetch_blocks(blocks)
                yield from self._bodies(part)
                part, blocks = [], {}
            part.append(row)
            blocks[row[1]] = None
        self._fetch_blocks(blocks)
        yield from self._bodies(part)

    def events_from(self, after: int, limit: int) -> list[EventBody]:
        """Give events in log order after a position."""
        return list(self._bodies(self._all("events_from", after, limit)))

    def event_particulars(self, positions: Iterable[int]) -> dict[int, tuple[str, int, int]]:
        """Give (event identifier, document, recorded at) of many events."""
        rows = self._all("event_ids", self._numbers(positions))
        return {row[0]: (self._event_name(row[1]), row[2], row[3]) for row in rows}

    def records_from(self, position: int, limit: int) -> list[tuple[Record, bytes]]:
        """Give records with their canonical bytes in log order."""
        rows = [Record(*row) for row in self._all("records_from", position, limit)]
        return [(row, self._body(row.block, row.start, row.length, row.envelope)[0]) for row in rows]

    def record_rows_from(self, position: int, limit: int) -> list[Record]:
        """Give records without what they say, in log order: nothing is opened, so a destroyed key is no hindrance."""
        return [Record(*row) for row in self._all("records_from", position, limit)]

    def whole_records_from(self, position: int, limit: int) -> list[tuple[Record, bytes, bytes]]:
        """Give records with their canonical bytes and envelopes in log order."""
        rows = [Record(*row) for row in self._all("records_from", position, limit)]
        return [(row, *self._body(row.block, row.start, row.length, row.envelope)) for row in rows]

    def entries_from(self, position: int, limit: int) -> list[tuple[int, int, bytes, bytes]]:
        """Give (position, kind, id, commitment) of records in log order: what the log's entries are made of."""
        return self._all("entries_from", position, limit)

    def uncommitted(self, position: int, limit: int) -> list[tuple[Record, bytes, bytes]]:
        """Give records of before there were commitments with their canonical bytes and envelopes, in log order."""
        rows = [Record(*row) for row in self._all("uncommitted", position, limit)]
        return [(row, *self._body(row.block, row.start, row.length, row.envelope)) for row in rows]

    def body_of(self, position: int) -> tuple[bytes, bytes]:
        """Give the canonical bytes and the envelope of one record."""
        [row] = self._all("records_from", position, 1)
        record = Record(*row)
        return self._body(record.block, record.start, record.length, record.envelope)

    def blocks_stored(self, numbers: Iterable[int]) -> dict[int, bytes]:
        """Give many blocks as they lie in the store."""
        return {number: bytes(data) for number, data in self._all("blocks_stored", self._numbers(numbers))}

    def findings_of_events(self, positions: Iterable[int]) -> list[tuple[int, FindingRow]]:
        """Give the findings that name one of these events."""
        columns = self._columns(positions)
        documents = {row[13] for row in columns.values()}
        rows = self._all("findings_of_events", self._numbers(sorted(documents)), self._numbers(sorted(columns)))
        return [(row[0], FindingRow(0, 0, *row)) for row in rows]

    # -- documents, jobs, master data, partners --------------------------------------------------------------------

    def document(self, number: int) -> DocumentRow | None:
        """Read a document's particulars."""
        row = self._one("document_row", number)
        return None if row is None else DocumentRow(*row)

    def document_by_sha(self, sha256: bytes) -> DocumentRow | None:
        """Find a document by the SHA-256 of its bytes."""
        row = self._one("document_by_sha", sha256)
        return None if row is None else DocumentRow(*row)

    def document_by_instance(self, instance_id: str, sender: str) -> DocumentRow | None:
        """Find the first document of a sender under an instance identifier."""
        row = self._one("find_instance", instance_id, sender)
        return None if row is None else self.document(row[0])

    def documents_after(self, number: int, limit: int) -> list[DocumentRow]:
        """Read documents in order of arrival."""
        return [DocumentRow(*row) for row in self._all("documents_after", number, limit)]

    def raw(self, document: int) -> Iterator[bytes]:
        """Give a raw document's bytes, piece by piece."""
        expander = zstandard.ZstdDecompressor(max_window_size=1 << 28).decompressobj()
        epoch = self._shared_names.epoch
        first = self._one("chunk", document, 0)
        sealed = first is not None and key_of(bytes(first[0])) != 0  # one that is not sealed begins as zstd does
        if first is not None and not sealed and self._sealer.seals:
            self.refuse_unsealed_document(document, bytes(first[0]))
        for seq, (data,) in enumerate(self._each("chunks", document)):
            opened = self.opened_chunk((document, seq), data, epoch) if sealed else data
            piece = expander.decompress(opened)
            if piece:
                yield piece

    def opened_chunk(self, place: tuple[int, int], data: bytes, epoch: int) -> bytes:
        """Open a chunk of a document whose first one is sealed: then all of them are.

        :raises NotSealed: this one is not.
        """
        if key_of(data) == 0 and self._sealer.seals and not self._sealer.admits_unsealed:
            raise not_sealed(f"document_chunk {place[0]}, {place[1]}", "the others of this document are")
        return self._sealer.open(self, "document_chunk", place, data, epoch=epoch)

    def refuse_unsealed_document(self, document: int, first: bytes) -> None:
        """See that a document that nobody sealed is what was kept before there was sealing, all of it.

        :raises NotSealed: it is not.
        """
        self._sealer.open(self, "document_chunk", (document, 0), first, epoch=self._shared_names.epoch)
        row = self.document(document)
        expander = zstandard.ZstdDecompressor(max_window_size=1 << 28).decompressobj()
        found = hashlib.sha256()
        try:
            for (data,) in self._each("chunks", document):
                found.update(expander.decompress(data))
        except zstandard.ZstdError:
            found.update(b"damaged")
        if row is None or found.digest() != row.sha256:
            raise not_sealed(f"document_chunk {document}", "it has not the SHA-256 of its document")

    def findings_of_document(self, document: int) -> list[FindingRow]:
        """Read a document's findings in order."""
        rows = self._all("findings_of_document", document)
        return [FindingRow(document, seq, *row) for seq, row in enumerate(rows)]

    @staticmethod
    def _job(row: tuple[Any, ...]) -> JobRow:
        return JobRow(
            id=row[0],
            document=row[1],
            name=row[2],
            proceed=bool(row[3]),
            state=row[4],
            events=row[5],
            applied=row[6],
            packages=row[7],
            new_events=row[8],
            first_position=row[9],
            created_at=row[10],
            finished_at=row[11],
            error=row[12],
            gtins=frozenset(msgspec.msgpack.decode(row[13], type=list[str])),
        )

    def job(self, job: str) -> JobRow | None:
        """Read one job."""
        row = self._one("job_row", job)
        return None if row is None else self._job(row)

    def job_of_document(self, document: int) -> JobRow | None:
        """Find the first job of a document."""
        row = self._one("job_of_document", document)
        return None if row is None else self._job(row)

    def jobs_unfinished(self) -> list[JobRow]:
        """Read the jobs whose facts are not all in the record (failed ones too), oldest first."""
        return [self._job(row) for row in self._all("jobs_unfinished")]

    def jobs_before(self, created_at: int, limit: int, *, after: str = "") -> list[JobRow]:
        """Read jobs, newest first, that were created before a time; of those at that time what follows ``after``."""
        last = after or "\U0010ffff"
        return [self._job(row) for row in self._all("jobs_after", created_at, created_at, last, limit)]

    def master(self, thing: str) -> list[tuple[str, str, dict[str, str]]]:
        """Give (speaker, said at, attributes) of a product or location, newest first."""
        return [
            (speaker, said_at, msgspec.msgpack.decode(attributes, type=dict[str, str]))
            for speaker, said_at, attributes in self._all("master_of", thing)
        ]

    def partners(self) -> list[bytes]:
        """Give the rows of the partner table."""
        return [row for _, row in self._all("partners")]

    # -- the index of the query ------------------------------------------------------------------------------------

    def postings(self, term: int, after: int, limit: int) -> list[tuple[int, int, bytes]]:
        """Give (first, last, steps) of the rows of a term that reach behind a position, in log order."""
        return [(first, last, steps) for first, last, steps in self._all("postings", term, after, limit)]

    def filed_from(self) -> int | None:
        """Give the position from which on events are filed under terms; None when none is."""
        rows = self.postings(0, -1, 1)
        return rows[0][0] if rows else None

    def postings_before(self, term: int, before: int, limit: int) -> list[tuple[int, int, bytes]]:
        """Give (first, last, steps) of the rows of a term that begin before a position, the latest first."""
        around = [row for row in self.postings(term, before - 1, 1) if row[0] < before]
        rows = self._all("postings_before", term, before, limit)
        return around + [(first, last, steps) for first, last, steps in rows]

    @abc.abstractmethod
    def terms_since(self, terms: Sequence[int], low: int) -> dict[int, int]:
        """Give the last position of each of these terms that was used at or after a position."""

    def event_times(self, after: tuple[int, int], until: int, limit: int) -> list[tuple[int, int]]:
        """Give (time, position) of events in that order, after one of them and before a time."""
        return [(time, position) for time, position in self._all("event_times", *after, until, limit)]

    def event_times_before(self, before: tuple[int, int], since: int, limit: int) -> list[tuple[int, int]]:
        """Give (time, position) of events, the latest first, before one of them and not before a time."""
        return [(time, position) for time, position in self._all("event_times_before", *before, since, limit)]

    def event_positions(self, after: int, limit: int) -> list[int]:
        """Give positions of events in log order."""
        return [position for (position,) in self._all("event_positions", after, limit)]

    def event_positions_before(self, before: int, limit: int) -> list[int]:
        """Give positions of events, the latest first."""
        return [position for (position,) in self._all("event_positions_before", before, limit)]

    def event_heads(self, positions: Iterable[int]) -> dict[int, EventHead]:
        """Give the typed columns of many events with their texts."""
        name, three = self.name, self._three
        columns = self._columns(positions)
        more: dict[int, list[str]] = {}
        shared = [position for position, row in columns.items() if row[14] & Flag.MORE_SPEAKERS]
        for position, speaker in self._all("speakers_of_events", self._numbers(shared)) if shared else ():
            more.setdefault(position, []).append(name(speaker))
        return {
            position: EventHead(
                row[1], KINDS[row[3]] if row[3] >= 0 else name(-row[3]), ACTIONS[row[4]], name(row[5]), name(row[6]),
                frozenset((name(row[7]), *more.get(position, ()))), name(row[8]), name(row[9]), three(row[10]),
                three(row[11]), row[14],
            )
            for position, row in columns.items()
        }  # fmt: skip

    def recorded_from(self, at: int) -> int:
        """Give the first position that was recorded at or after a time; the size of the log when none was."""
        low, high = 0, self.log_size()
        while low < high:
            middle = (low + high) // 2
            if self._one("recorded_at", middle)[0] < at:
                low = middle + 1
            else:
                high = middle
        return low

    @abc.abstractmethod
    def _identified(self, identities: Sequence[bytes]) -> list[tuple[bytes, int]]:
        """Give (identity, event) of all these identities, in log order."""

    def events_named(self, identities: Iterable[bytes]) -> list[int]:
        """Give the positions of the events and declarations of many names, in log order."""
        return [event for _, event in self._identified(list(identities))]

    def events_of_containers(self, ids: Iterable[int]) -> dict[int, set[int]]:
        """Give the positions of all events of each of many containers."""
        wanted = list(ids)
        found: dict[int, set[int]] = {}
        for number, event, *_ in self._all("container_events", self._numbers(wanted)) if wanted else ():
            found.setdefault(number, set()).add(event)
        return found

    def used_from(self, kind: str, after: str, limit: int) -> list[str]:
        """Give the words or places of one kind that were ever used, in order."""
        return [text for (text,) in self._all("used_from", kind, after, limit)]

    def is_used(self, kind: str, text: str) -> bool:
        """Tell whether a word or place was ever used."""
        return self._one("is_used", kind, text) is not None

    def vocabulary_types(self) -> list[str]:
        """Give the names of all vocabularies that there is master data of."""
        return [name for (name,) in self._all("vocabulary_types")]

    def vocabulary_from(self, kind: str, after: tuple[str, str], limit: int) -> list[VocabularyRow]:
        """Give the master data of one vocabulary in the order of (thing, speaker)."""
        return [self._vocabulary(row) for row in self._all("vocabulary_from", kind, *after, limit)]

    def vocabulary_of(self, thing: str) -> list[VocabularyRow]:
        """Give what everyone says of a thing, the latest word first."""
        return [self._vocabulary(row) for row in self._all("vocabulary_of", thing)]

    @staticmethod
    def _vocabulary(row: Any) -> VocabularyRow:  # noqa: ANN401 (a row is what its query says)
        kind, thing, speaker, said_at, attributes = row
        return VocabularyRow(kind, thing, speaker, said_at, msgspec.msgpack.decode(attributes, type=dict[str, str]))

    # -- the keys of what is sealed --------------------------------------------------------------------------------

    def data_key(self, number: int) -> KeyRow | None:
        """Read one key, wrapped as it is kept."""
        row = self._one("data_key", number)
        return None if row is None else KeyRow(*row)

    def tenant_keys(self, tenant: int) -> list[KeyRow]:
        """Read the keys of one tenant itself, in the order of their versions."""
        return [KeyRow(*row) for row in self._all("tenant_keys", tenant)]

    def data_keys(self) -> list[KeyRow]:
        """Read all keys."""
        return [KeyRow(*row) for row in self._all("data_keys")]

    def sealed_blocks(self) -> dict[int, int]:
        """Count the blocks under each key; 0 stands for those that are not sealed."""
        return self._counted("sealed_blocks")

    def sealed_documents(self) -> dict[int, int]:
        """Count the raw documents under each key; 0 stands for those that are not sealed."""
        return self._counted("sealed_documents")

    def _counted(self, name: str) -> dict[int, int]:
        return {0 if key is None else int.from_bytes(key, "big"): count for key, count in self._all(name)}

    # -- small things beside the record ----------------------------------------------------------------------------

    def kept(self, kind: str, key: str) -> tuple[int, bytes] | None:
        """Give (time, body) of a small thing."""
        row = self._one("kept", kind, key)
        return None if row is None else (row[0], row[1])

    def kept_from(self, kind: str, after: tuple[int, str], limit: int) -> list[tuple[str, int, bytes]]:
        """Give (key, time, body) of one kind in the order of (time, key), after one of them."""
        return [(key, at, body) for key, at, body in self._all("kept_from", kind, *after, limit)]

    def kept_count(self, kind: str) -> int:
        """Count the small things of one kind."""
        row = self._one("kept_count", kind)
        assert row is not None, "a count is always given"
        return int(row[0])

    def kept_before(self, kind: str, before: tuple[int, str], limit: int) -> list[tuple[str, int, bytes]]:
        """Give (key, time, body) of one kind, the latest first, before one of them."""
        return [(key, at, body) for key, at, body in self._all("kept_before", kind, *before, limit)]

    def issued_among(self, gtin: str, serials: Iterable[str]) -> set[str]:
        """Give those of many serial numbers of a product that were given out."""
        return {serial for (serial,) in self._all("issued_among", gtin, self._texts(serials))}

    def issued_from(self, gtin: str, after: str, limit: int) -> list[tuple[str, int]]:
        """Give (serial number, when it was given out) of a product in order, those after one."""
        return [(serial, at) for serial, at in self._all("issued_from", gtin, after, limit)]

    def answered(self, key: str) -> tuple[int, bytes] | None:
        """Give an earlier answer to the same key."""
        row = self._one("answered", key)
        return None if row is None else (row[0], row[1])

    # -- the boards ------------------------------------------------------------------------------------------------

    def records_of_kinds(self, first: int, behind: int) -> list[tuple[Record, bytes]]:
        """Give the scans and decisions of a stretch of the log with their canonical bytes.

        Those whose key was destroyed on purpose are left out: nobody can read them any more.
        """
        found = []
        for row in self._all("records_of_kinds", first, behind):
            record = Record(*row)
            with contextlib.suppress(Shredded):
                found.append((record, self._body(record.block, record.start, record.length, record.envelope)[0]))
        return found

    def board_at(self, by: str) -> int:
        """Tell how far the log is counted in one way; 0 when it was counted in another."""
        row = self._one("board_at", by)
        return 0 if row is None else row[0]

    def board(self, boards: Iterable[str], since: str, until: str) -> list[tuple[str, str, str, str, int]]:
        """Give (board, site, cause, detail, count) of what was counted from one day to another."""
        return self._all("board", self._texts(boards), since, until)

    def board_causes(self) -> list[tuple[str, str, str, int]]:
        """Give (board, cause, detail, count) of all that was counted."""
        return self._all("board_causes")

    def board_doubts(self, packs: Iterable[str]) -> dict[str, tuple[str, str, str, str]]:
        """Give (day, site, cause, detail) of those of these packs that were answered amber or red."""
        return {row[0]: tuple(row[1:]) for row in self._all("board_doubts", self._texts(packs))}

    def documents_of_senders(self, since: int, until: int) -> list[tuple[int, str, int]]:
        """Give (number, sender, events) of the documents that were received in a time."""
        return self._all("documents_of_senders", since, until)

    def finding_counts(self, first: int, last: int) -> list[tuple[int, str, str, int]]:
        """Count findings by (document, severity, code)."""
        return self._all("finding_counts", first, last)

    def severity_counts(self) -> list[tuple[str, int]]:
        """Count all findings by their severity."""
        return self._all("severity_counts")

    # -- the published log -----------------------------------------------------------------------------------------

    def tile(self, level: int, number: int) -> bytes | None:
        """Give the hashes of a tile, as many as it has by now."""
        row = self._one("tile", level, number)
        return None if row is None else bytes(row[0])

    def checkpoints(self) -> list[CheckpointRow]:
        """Give all signed tree heads that are kept, the smallest first."""
        rows = self._all("checkpoints")
        return [
            CheckpointRow(size, at, publisher, cosigned, bytes(note)) for size, at, publisher, cosigned, note in rows
        ]

    def checkpoint(self, *, cosigned: bool = False) -> CheckpointRow | None:
        """Give the newest signed tree head, or the newest that has its quorum of witnesses."""
        row = self._one("checkpoint_cosigned" if cosigned else "checkpoint_last")
        if row is None:
            return None
        size, at, publisher, cosigned, note = row
        return CheckpointRow(size, at, publisher, cosigned, bytes(note))
