"""What all SQL engines write alike: verbs of the domain in, named statements out."""

from __future__ import annotations

import abc
import hashlib
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import msgspec
import zstandard

from rxtrail.sealing import key_of
from rxtrail.store.rows import EventBrief, NamedEvent
from rxtrail.store.sql_reader import SqlReader, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from rxtrail.sealing import KeyRow
    from rxtrail.store.rows import (
        CheckpointRow,
        ContainerRow,
        DocumentRow,
        EventRow,
        FindingRow,
        JobRow,
        Record,
        UnitRow,
    )

LOTS_CACHED_MAX = 500_000
NEVER_PACKED = -1  # in the table of holdings, where a key may not be null; 0 is the first position of a log


class SqlTransaction(SqlReader, abc.ABC):
    """The writing connection; its reads see its own writes."""

    # -- what an engine gives --------------------------------------------------------------------------------------

    @abc.abstractmethod
    def _run(self, name: str, *parameters: Value) -> None:
        """Run a named statement that gives nothing."""

    @abc.abstractmethod
    def _many(self, name: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run a named statement for each of many rows, in the engine's fastest way."""

    @abc.abstractmethod
    def _next(self, what: str) -> int:
        """Give the next free number of a name, product, lot, document, making, container or block."""

    @abc.abstractmethod
    def _stored_name(self, event_id: str) -> Value:
        """Give an event's name as it is kept."""

    @abc.abstractmethod
    def _insert_units(
        self, product: int, groups: Sequence[tuple[Sequence[str], int | None, int | None, int | None]]
    ) -> dict[str, UnitRow]: ...

    @abc.abstractmethod
    def _tally(self, what: str, more: int) -> None:
        """Count more packages or events, or fewer."""

    # -- the clock and what others must know -----------------------------------------------------------------------

    def _change(self) -> None:
        """Forget what changed; readers do so again when it is committed."""
        self._names.changed = True
        self._names.forget_changed()

    def _tell(self) -> None:
        """Note that what other processes keep in mind has changed; they are told at the commit."""

    @abc.abstractmethod
    def clock(self, now: int) -> int:
        """Give the time (microseconds) of this transaction, never earlier than what is on record.

        ``now`` is what the caller's clock says; where several machines write, the store's own clock is asked instead.
        """

    def claim(self, job: str) -> bool:  # noqa: ARG002 (one writer has every job to itself)
        """Take a job for this process; False when another living process works on it."""
        return True

    def set_settings(self, settings: Mapping[str, str]) -> None:
        """Write settings."""
        self._many("set_setting", list(settings.items()))
        self._tell()

    # -- texts and classes -----------------------------------------------------------------------------------------

    _number_as: Callable[[str, object], int] | None = None

    def number_as(self, number: Callable[[str, object], int]) -> None:
        """Take the numbers of new names, products and lots from elsewhere: a copy calls them as its source does."""
        self._number_as = number

    def _number(self, what: str, key: object) -> int:
        return self._next(what) if self._number_as is None else self._number_as(what, key)

    def name_id(self, text: str) -> int:
        """Number a recurring text; the empty text is 0."""
        number = self.name_known(text)
        if number is None:
            number = self._number("name", text)
            self._run("add_name", number, text)
            self._names.number[text] = number
            self._names.text[number] = text
        return number

    def product_id(self, gtin: str) -> int:
        """Number a product."""
        known = self.product(gtin)
        if known is None:
            number = self._number("product", gtin)
            self._run("add_product", number, gtin)
            known = self._names.product[gtin] = (number, False)
            self._names.gtin[number] = gtin
        return known[0]

    def product_holds(self, product: int) -> bool:
        """Tell whether packages of this product are containers of others."""
        known = self.product(self.gtin(product))
        return known is not None and known[1]

    def mark_holding(self, product: int) -> None:
        """Note that packages of this product are containers of others."""
        self._run("mark_holding", product)
        self._change()

    def lot_id(self, product: int, lot: str, expiry: str) -> int:
        """Number a lot."""
        key = (product, lot, expiry)
        number = self._names.lot.get(key)
        if number is None:
            row = self._one("lot_id", *key)
            if row is not None:
                number = row[0]
            else:
                number = self._number("lot", key)
                self._run("add_lot", number, *key)
            if len(self._names.lot) > LOTS_CACHED_MAX:
                self._names.lot.clear()
            self._names.lot[key] = number
        return number

    def next_making(self) -> int:
        """Give the next free making number."""
        return self._next("making")

    def next_container(self) -> int:
        """Give the next free container number."""
        return self._next("container")

    def next_block(self) -> int:
        """Give the next free block number."""
        return self._next("block")

    # -- the log ---------------------------------------------------------------------------------------------------

    def add_block(self, number: int, data: bytes) -> bytes:
        """Compress, seal and add a block of canonical bytes; give the SHA-256 of what lies in the store."""
        packed = zstandard.ZstdCompressor(level=3).compress(data)
        stored = self._sealer.seal(self, "block", (number,), packed)
        self._many("add_block", [(number, stored)])
        return hashlib.sha256(stored).digest()

    def add_records(self, rows: Sequence[Record]) -> None:
        """Append records; their positions follow the last one."""
        self._many("add_record", rows)

    def set_commitments(self, rows: Sequence[tuple[bytes, int]]) -> None:
        """Fill in (commitment, position) of records that have none yet."""
        self._many("set_commitment", rows)

    def add_events(self, rows: Sequence[EventRow]) -> None:
        """Add the typed columns of events."""
        name = self._stored_name
        self._many("add_event", [(*row[:-1], name(row.event_id)) for row in rows])
        self._tally("events", len(rows))

    def add_identities(self, rows: Sequence[tuple[bytes, int]]) -> None:
        """Note which events identities belong to."""
        self._many("add_identity", rows)

    def events_by_identity(self, identities: Iterable[bytes]) -> dict[bytes, list[NamedEvent]]:
        """Find the events and declarations of many names, in log order."""
        pairs = self._identified(list(identities))
        columns = self._columns(event for _, event in pairs)
        found: dict[bytes, list[NamedEvent]] = {}
        for identity, event in pairs:
            row = columns[event]
            found.setdefault(identity, []).append(NamedEvent(event, self.name(row[7]), row[2], row[14]))
        return found

    def add_postings(self, rows: Sequence[tuple[int, int, int, bytes]]) -> None:
        """File events under terms: (term, last, first, steps) each."""
        self._many("add_posting", rows)

    def drop_posting(self, term: int, last: int) -> None:
        """Take out one row of a term, to be written anew."""
        self._run("drop_posting", term, last)

    def is_filed(self) -> bool:
        """Tell whether the record says from which position on events are filed."""
        self._names.filed = self._names.filed or self.filed_from() is not None
        return self._names.filed

    def file_from(self, position: int) -> None:
        """Note from which position on events are filed."""
        if self.filed_from() is None:
            self.add_postings([(0, 0, position, b"")])
        else:
            self._run("file_from", position, 0)

    def add_used(self, rows: Sequence[tuple[str, str]]) -> None:
        """Note (kind, text) of words and places that were used."""
        new = [row for row in rows if row not in self._names.used]
        if new:
            self._many("add_used", new)
            self._names.used.update(new)

    def add_event_speaker(self, event: int, speaker: str, document: int) -> None:
        """Note that someone else said the very same event."""
        self._run("add_event_speaker", event, self.name_id(speaker), document)
        self._run("flag_more_speakers", event)
        self._change()

    def event_brief(self, event: int) -> EventBrief:
        """Read what decides how an event weighs against another."""
        speaker, flags, voided_by, time, hash_, parent = self._one("event_brief", event)
        return EventBrief(self._speakers(event, speaker, flags), flags, voided_by, time, hash_, parent)

    def parties_of(self, event: int) -> tuple[str, str]:
        """Read the source and destination of an event, each ``owning party;possessing party;location``."""
        source, destination = self._one("parties_of", event)
        return self.name(source), self.name(destination)

    def set_parties(self, event: int, source: str, destination: str) -> None:
        """Write the source and destination of an event that does not name them itself."""
        self._run("set_parties", self.name_id(source), self.name_id(destination), event)

    def void(self, event: int, by: int | None) -> None:
        """Mark an event as declared wrong by a declaration, or as not."""
        self._run("void_event", by, event)
        self._change()

    # -- the keys of what is sealed --------------------------------------------------------------------------------

    def next_data_key(self) -> int:
        """Give the next free number of a key."""
        last: int = self._one("data_key_last")[0]
        return last + 1

    def last_numbers(self) -> tuple[int, int]:
        """Give the numbers of the last block and the last document whose bytes are here."""
        return self._one("block_last")[0], self._one("chunk_last")[0]

    _keys: list[KeyRow] | None = None

    def ready_to_seal(self) -> None:
        """Take a key for what will be sealed next, when there is none yet."""
        self._sealer.ready(self)

    def taken_keys(self) -> list[KeyRow]:
        """Give the keys that were added or changed since this was last asked, for the log to tell of."""
        taken, self._keys = self._keys, None
        return taken or []

    def add_data_keys(self, rows: Sequence[KeyRow]) -> None:
        """Add keys, wrapped."""
        self._many("add_data_key", rows)
        self._keys = [*(self._keys or ()), *rows]

    def set_data_keys(self, rows: Sequence[KeyRow]) -> None:
        """Write anew how keys are wrapped, or that they were destroyed; other processes are told."""
        self._many("set_data_key", [(row.wrapped_by, row.root, row.ended_at, row.wrapped, row.id) for row in rows])
        self._keys = [*(self._keys or ()), *rows]
        self._names.epoch += 1
        self._names.keys_changed = True
        self._tell()

    def blocks_from(self, after: int, limit: int) -> list[tuple[int, bytes]]:
        """Give blocks as they lie in the store, in order of their numbers."""
        return [(number, bytes(data)) for number, data in self._all("blocks_from", after, limit)]

    def block_entries(self, numbers: Iterable[int]) -> dict[int, bytes]:
        """Give of many blocks the newest commitment to their bytes."""
        return {block: bytes(commitment) for block, commitment in self._all("block_entries", self._numbers(numbers))}

    def set_block(self, number: int, packed: bytes) -> bytes:
        """Seal a compressed block anew; give the SHA-256 of what lies in the store."""
        stored = self._sealer.seal(self, "block", (number,), packed)
        self._run("set_block", stored, number)
        return hashlib.sha256(stored).digest()

    def document_keys(self, after: int, limit: int) -> list[tuple[int, int]]:
        """Give (document, key that it is sealed under) in order of their numbers; 0 when it is not sealed."""
        return [(number, key_of(bytes(head))) for number, head in self._all("document_keys", after, limit)]

    def reseal_document(self, document: int) -> None:
        """Seal a raw document anew, all of it or none."""
        self._sealer.ready(self)
        seq = 0
        sealed: bool | None = None
        while (row := self._one("chunk", document, seq)) is not None:
            place, data = (document, seq), bytes(row[0])
            if sealed is None:
                sealed = key_of(data) != 0
                if not sealed:
                    self.refuse_unsealed_document(document, data)
            opened = self.opened_chunk(place, data, self._names.epoch) if sealed else data
            self._run("set_chunk", self._sealer.seal(self, "document_chunk", place, opened), *place)
            seq += 1

    # -- packages --------------------------------------------------------------------------------------------------

    def add_makings(self, rows: Sequence[tuple[int, int, int]]) -> None:
        """Add (number, event, lot) of makings."""
        self._many("add_making", rows)

    def add_units(
        self, product: int, groups: Sequence[tuple[Sequence[str], int | None, int | None, int | None]]
    ) -> dict[str, UnitRow]:
        """Add packages of one product that are not there yet; give the rows of those that were, in key order.

        Each group is (serials, made, packed, own); no serial is in two groups.
        """
        there = self._insert_units(product, groups)
        held: Counter[tuple[int, int]] = Counter()
        for serials, made, packed, own in groups:
            if made is not None and own is None:
                new = sum(serial not in there for serial in serials) if there else len(serials)
                held[made, NEVER_PACKED if packed is None else packed] += new
        self._hold(held)
        self._tally("packages", sum(len(serials) for serials, *_ in groups) - len(there))
        return there

    def change_units(self, rows: Sequence[tuple[int | None, int | None, int | None, int, str]]) -> None:
        """Set (made, packed, own) of (product, serial), each package once; what is not there is not made."""
        if not rows:
            return
        by_product: dict[int, list[str]] = defaultdict(list)
        for _, _, _, product, serial in rows:
            by_product[product].append(serial)
        held: Counter[tuple[int, int]] = Counter()
        there: set[tuple[int, str]] = set()
        for product, serials in by_product.items():
            for row in self.units_of(product, serials).values():
                there.add((product, row.serial))
                self._count(held, row.made, row.packed, row.own, -1)
        known = [row for row in rows if (row[3], row[4]) in there]
        for made, packed, own, _, _ in known:
            self._count(held, made, packed, own, 1)
        key = self._unit_key
        self._many("change_unit", [(*row[:3], *key(row[3], row[4])) for row in known])
        self._hold(held)

    @staticmethod
    def _count(held: Counter[tuple[int, int]], made: int | None, packed: int | None, own: int | None, by: int) -> None:
        if made is not None and own is None:
            held[made, NEVER_PACKED if packed is None else packed] += by

    def _hold(self, held: Counter[tuple[int, int]]) -> None:
        """Count how many plain packages each packing of a making put away."""
        self._many("hold", [(made, packed, count) for (made, packed), count in sorted(held.items()) if count])

    def add_unit_events(self, rows: Sequence[tuple[int, str, int, int, int | None]]) -> None:
        """Index (product, serial, event, role, making)."""
        key = self._unit_key
        self._many("add_unit_event", [(*key(row[0], row[1]), *row[2:]) for row in rows])

    def take_unit(self, product: int, serial: str) -> list[tuple[int, int, int | None]]:
        """Take a package's events (event, role, making) away, since it turned out to be a container."""
        row = self.units_of(product, [serial]).get(serial)
        if row is None:
            return []
        own = self._all("unit_events", *self._unit_key(product, serial))
        events = [(event, role, making) for event, role, making in own]
        if row.made is not None:
            events.append((self.making(row.made).event, 0, row.made))
        if row.packed is not None:
            events.append((row.packed, 2, None))
        held: Counter[tuple[int, int]] = Counter()
        self._count(held, row.made, row.packed, row.own, -1)
        self._hold(held)
        self._run("drop_unit_events", *self._unit_key(product, serial))
        self._run("drop_unit", *self._unit_key(product, serial))
        self._tally("packages", -1)
        return events

    # -- containers ------------------------------------------------------------------------------------------------

    def add_containers(self, rows: Sequence[ContainerRow]) -> None:
        """Add containers with the fold of their events."""
        self._many("add_container", rows)
        self._tally("packages", sum(row.product is not None for row in rows))

    def set_containers(self, rows: Sequence[ContainerRow]) -> None:
        """Write the folds of containers anew."""
        self._many(
            "set_container",
            [(row.made, row.parent, row.since, row.emptied, row.speaker, row.state, row.id) for row in rows],
        )

    def add_container_events(self, rows: Sequence[tuple[int, int, int, int | None]]) -> None:
        """Index (container, event, role, making)."""
        self._many("add_container_event", rows)

    def add_insides(self, rows: Sequence[tuple[int, int]]) -> None:
        """Note (outer, inner) of containers that were ever inside others."""
        self._many("add_inside", rows)

    def folded_containers(self, after: int, limit: int) -> list[int]:
        """Give the numbers of containers whose rows cache a fold, after a number."""
        return [number for (number,) in self._all("folded_containers", after, limit)]

    def dependants(self, ids: Iterable[int]) -> dict[int, bool]:
        """Find containers that were ever in one of these; tell of each whether its row caches a fold."""
        inner = {number for (number,) in self._all("insides", self._numbers(ids))}
        if not inner:
            return {}
        return {number: bool(folded) for number, folded in self._all("are_folded", self._numbers(sorted(inner)))}

    def add_lot_events(self, rows: Sequence[tuple[int, str, int]]) -> None:
        """Index (product, lot, event)."""
        if rows:
            self._many("add_lot_event", rows)
            self._tell()

    # -- documents, jobs, master data, partners --------------------------------------------------------------------

    def add_document(self, row: DocumentRow, chunks: Iterable[bytes]) -> int:
        """Keep a raw document; give its number."""
        number = self._next("document")
        self._run(
            "add_document", number, row.sha256, row.name, row.size, row.received_at, row.sender, row.receiver,
            row.instance_id, row.events, row.header,
        )  # fmt: skip
        self._sealer.ready(self)
        self._many("add_chunk", self._sealed_chunks(number, chunks))
        return number

    def _sealed_chunks(self, document: int, chunks: Iterable[bytes]) -> Iterator[tuple[int, int, bytes]]:
        seal = self._sealer.seal
        for seq, chunk in enumerate(chunks):
            yield document, seq, seal(self, "document_chunk", (document, seq), chunk)

    def add_job(self, row: JobRow) -> None:
        """Note an accepted job."""
        gtins = msgspec.msgpack.encode(sorted(row.gtins))
        self._run(
            "add_job",
            row.id,
            row.document,
            row.name,
            row.proceed,
            row.state,
            row.events,
            row.created_at,
            gtins,
        )
        self._tell()

    def job_progress(
        self,
        job: str,
        *,
        state: str,
        applied: int,
        packages: int,
        new_events: int,
        position: int,
        finished_at: int,
        error: str,
    ) -> None:
        """Note how far a job has come; counts are added, ``applied`` is set."""
        self._run("job_progress", state, applied, packages, new_events, position, finished_at, error, job)
        if state != "running":  # which files are still being written changes at their ends only
            self._tell()

    def add_findings(self, rows: Sequence[FindingRow]) -> None:
        """Keep findings."""
        self._many("add_finding", rows)

    def add_master(self, rows: Sequence[tuple[str, str, str, int, dict[str, str]]]) -> None:
        """Keep (thing, speaker, said at, document, attributes); the latest word of each speaker stands."""
        encode = msgspec.msgpack.Encoder(order="deterministic").encode
        self._many("add_master", [(*row[:4], encode(row[4])) for row in rows])

    def add_vocabulary(self, rows: Sequence[tuple[str, str, str, str, int, dict[str, str]]]) -> None:
        """Keep (vocabulary, thing, speaker, said at, document, attributes); the latest word of each speaker stands."""
        encode = msgspec.msgpack.Encoder(order="deterministic").encode
        self._many("add_vocabulary", [(*row[:5], encode(row[5])) for row in rows])

    def set_partners(self, rows: Sequence[tuple[str, bytes, Sequence[str]]]) -> None:
        """Replace the partner table by (name, row, GLNs)."""
        self._run("drop_partners")
        self._run("drop_partner_glns")
        self._many("add_partner", [(name, row) for name, row, _ in rows])
        self._many("add_partner_gln", [(gln, name) for name, _, glns in rows for gln in glns])
        self._tell()

    def keep(self, kind: str, key: str, at: int, body: bytes, *, tell: bool = False) -> None:
        """Keep a small thing, or write it anew; ``tell`` when other processes keep it in mind."""
        self._run("keep", kind, key, at, body)
        if tell:
            self._tell()

    def drop_kept(self, kind: str, key: str, *, tell: bool = False) -> None:
        """Forget a small thing."""
        self._run("drop_kept", kind, key)
        if tell:
            self._tell()

    def add_issued(self, gtin: str, at: int, serials: Sequence[str]) -> None:
        """Keep serial numbers that are given out; none of them was before."""
        self._many("add_issued", [(gtin, serial, at) for serial in serials])

    def add_answered(self, key: str, recorded_at: int, answer: bytes) -> None:
        """Keep an answer under its key."""
        self._run("add_answered", key, recorded_at, answer)

    # -- the boards ------------------------------------------------------------------------------------------------

    def add_board(self, rows: Sequence[tuple[str, str, str, str, str, int]], at: int, by: str, seal: str) -> None:
        """Count (board, day, site, cause, detail, count); note that the log is counted up to ``at``, in which way."""
        if rows:
            self._many("add_board", rows)
        self._run("drop_board_at")
        self._run("put_board_at", by, seal, at)

    def set_board_doubts(self, put: Sequence[tuple[str, str, str, str, str]], gone: Iterable[str]) -> None:
        """Note packs (pack, day, site, cause, detail) in doubt, and forget those that are not any more."""
        if put:
            self._many("put_board_doubt", put)
        dropped = [(pack,) for pack in gone]
        if dropped:
            self._many("drop_board_doubt", dropped)

    def drop_board(self) -> None:
        """Forget all that was counted."""
        self._run("drop_board")
        self._run("drop_board_doubts")

    # -- the published log -----------------------------------------------------------------------------------------

    def put_tiles(self, rows: Sequence[tuple[int, int, bytes]]) -> None:
        """Write (level, number, hashes) of tiles; the same tile again has what it had, and more."""
        if rows:
            self._many("put_tile", rows)

    def put_checkpoint(self, row: CheckpointRow, *, since: int, keep: int) -> None:
        """Write a signed tree head in the place of the smaller ones since a moment, except the one of size ``keep``."""
        self._run("put_checkpoint", *row)
        self._run("drop_checkpoints", since, row.size, keep)

    def drop_published(self) -> None:
        """Forget tiles and signed tree heads: a new log begins over the records as they are."""
        self._run("drop_tiles")
        self._run("drop_all_checkpoints")
