"""The Store on SQLite: WAL, ``synchronous=FULL``, one writing connection, a reader per thread.

The driver is ``sqlcipher3`` without a key; a later release turns the key. Statements stand in ``queries.sql``.
"""

from __future__ import annotations

import contextlib
import json
import re
from importlib import resources
from typing import TYPE_CHECKING, Any

import msgspec
import zstandard
from sqlcipher3 import dbapi2

from rxtrail.core.epcis.event import KINDS
from rxtrail.core.rules.steps import Step
from rxtrail.errors import StoreFailed, StoreFull
from rxtrail.store.rows import (
    ContainerRow,
    DocumentRow,
    EventBody,
    EventBrief,
    EventRow,
    FindingRow,
    JobRow,
    Making,
    NamedEvent,
    PackFacts,
    Record,
    UnitRow,
)
from rxtrail.store.sqlite.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

Value = str | int | float | bytes | None  # what SQLite takes
ACTIONS = ("", "ADD", "OBSERVE", "DELETE")
BLOCKS_CACHED_MAX = 64
MAKINGS_CACHED_MAX = 500_000
CHECKPOINT_PAGES = 4000  # 16 MiB of WAL between checkpoints: fewer second writes of the same page
CACHE_KIB_WRITER = 160 << 10
CACHE_KIB_READER = 65_536


def _queries() -> dict[str, str]:
    text = (resources.files("rxtrail.store.sqlite") / "queries.sql").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for part in re.split(r"^-- name: ", text, flags=re.MULTILINE)[1:]:
        name, _, rest = part.partition("\n")
        lines = [line for line in rest.splitlines() if not line.startswith("--")]
        found[name.strip()] = " ".join("\n".join(lines).split()).rstrip(";")
    return found


Q = _queries()
_to_json = msgspec.json.encode


_UUID = "urn:uuid:"
_HASH, _HASH_END = "ni:///sha-256;", "?ver=CBV2.0"


def _short(event_id: str) -> str | bytes:
    """Give the stored form of an event's name: 16 bytes for a UUID, 32 for an event hash, else the text."""
    if event_id.startswith(_UUID) and len(event_id) == len(_UUID) + 36:
        with contextlib.suppress(ValueError):
            digits = bytes.fromhex(event_id[len(_UUID) :].replace("-", ""))
            if _long(digits) == event_id:
                return digits
    elif (
        event_id.startswith(_HASH)
        and event_id.endswith(_HASH_END)
        and len(event_id) == len(_HASH) + 64 + len(_HASH_END)
    ):
        with contextlib.suppress(ValueError):
            digits = bytes.fromhex(event_id[len(_HASH) : -len(_HASH_END)])
            if _long(digits) == event_id:
                return digits
    return event_id


def _long(stored: str | bytes) -> str:
    """Give an event's name from its stored form."""
    if isinstance(stored, str):
        return stored
    digits = stored.hex()
    if len(stored) == 16:
        return f"{_UUID}{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
    return f"{_HASH}{digits}{_HASH_END}"


class Names:
    """Texts, products, lots and makings by number, shared by the writer and all readers.

    Texts, GTINs and lots are only ever added, so what is cached of them stays true. Whether a product's packages hold
    others, and what a making's event means, can change: what a reader read before such a change was committed must
    not be cached after it, so readers compare ``generation`` before and after they read.
    """

    def __init__(self) -> None:
        """Start empty; readers and the writer fill it as they go."""
        self.text: dict[int, str] = {}
        self.number: dict[str, int] = {}
        self.gtin: dict[int, str] = {}
        self.product: dict[str, tuple[int, bool]] = {}
        self.lot: dict[tuple[int, str, str], int] = {}
        self.making: dict[int, Making] = {}
        self.three: dict[int, tuple[str, str, str]] = {}
        self.generation = 0
        self.changed = False  # something was changed that is not committed yet

    def forget(self) -> None:
        """Forget everything, since a rolled back transaction may have numbered things."""
        self.generation += 1
        for cache in (self.text, self.number, self.gtin, self.product, self.lot, self.making, self.three):
            cache.clear()

    def forget_changed(self) -> None:
        """Forget what can change; called when it changes and again when that is committed."""
        self.generation += 1
        self.making.clear()
        self.product.clear()


class SqliteReader:
    """Reads on one connection; used by one thread at a time."""

    def __init__(self, connection: dbapi2.Connection, names: Names, path: Path) -> None:
        """Wrap an open connection."""
        self._connection = connection
        self._names = names
        self._path = path
        self._blocks: dict[int, bytes] = {}
        self._version = -1
        self._pack_facts = Q["pack_facts"]
        self._add_units = Q["add_units"]
        self._execute = connection.execute

    def _one(self, name: str, *parameters: Value) -> Any:  # noqa: ANN401 (a row is what its query says)
        return self._connection.execute(Q[name], parameters).fetchone()

    def _all(self, name: str, *parameters: Value) -> list[Any]:
        rows: list[Any] = self._connection.execute(Q[name], parameters).fetchall()
        return rows

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def hold_still(self) -> None:
        """See the record as it is now until this reader is closed."""
        self._connection.execute("BEGIN")
        self._one("log_size")  # the first read fixes the view

    # -- settings and counts -------------------------------------------------------------------------------------

    def settings(self) -> dict[str, str]:
        """Give all settings."""
        return dict(self._all("settings"))

    def follow(self) -> bool:
        """Tell whether another process has committed since this was last asked; what was cached is then forgotten."""
        version: int = self._execute("PRAGMA data_version").fetchone()[0]
        if version == self._version:
            return False
        self._version = version
        self._names.forget()
        return True

    def log_size(self) -> int:
        """Count the records in the log."""
        size: int = self._one("log_size")[0]
        return size

    def counts(self) -> tuple[int, int, int, int]:
        """Count packages, containers, events and documents."""
        packages, containers, events, documents = self._one("counts")
        return packages, containers, events, documents

    def store_bytes(self) -> int:
        """Count the bytes on disk, the write-ahead log included."""
        files = (self._path, self._path.with_name(self._path.name + "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    # -- texts and classes ---------------------------------------------------------------------------------------

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

    def gtin(self, product: int) -> str:
        """Give a product's GTIN-14."""
        gtin = self._names.gtin.get(product)
        if gtin is None:
            row = self._one("product_gtin", product)
            gtin = self._names.gtin[product] = row[0]
        return gtin

    def making(self, number: int) -> Making:
        """Read a making with its lot and all its speakers."""
        known = self._names.making.get(number)
        if known is None:
            generation = self._names.generation
            event, lot, speaker, flags, voided_by, document, time, hash_ = self._one("making_row", number)
            product, text, expiry = self._one("lot_row", lot)
            speakers = self._speakers(event, speaker, flags)
            voided = voided_by is not None
            known = Making(number, event, product, text, expiry, speakers, flags, voided, document, time, hash_)
            if len(self._names.making) > MAKINGS_CACHED_MAX:
                self._names.making.clear()
            if self._names.generation == generation:
                self._names.making[number] = known
        return known

    def _speakers(self, event: int, speaker: int, flags: int) -> frozenset[str]:
        first = self.name(speaker)
        if not flags & 8:
            return frozenset((first,))
        return frozenset((first, *(self.name(more) for (more,) in self._all("event_speakers", event))))

    # -- steps ---------------------------------------------------------------------------------------------------

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
            parent=parent if role == 2 else 0,
            lot=lot,
            flags=flags,
            voided=voided_by is not None,
            document=document,
        )

    def class_steps(self) -> list[tuple[int, str, Step]]:
        """Read every statement about a whole lot or product: (product, lot or '', step)."""
        rows = self._all("lot_events")
        columns = {row[0]: row for row in self._all("steps", json.dumps([event for _, _, event in rows]))}
        return [(product, lot, self._step(0, None, columns[event])) for product, lot, event in rows]

    def unit_steps(self, product: int, serial: str, row: UnitRow) -> list[Step]:
        """Give all events of one package as steps, in no order."""
        seen: dict[tuple[int, int], int | None] = {}
        for event, role, making in self._all("unit_events", product, serial):
            seen[(event, role)] = making
        if row.made is not None:
            seen[(self.making(row.made).event, 0)] = row.made
        if row.packed is not None:
            seen[(row.packed, 2)] = None
        columns = {column[0]: column for column in self._all("steps", json.dumps(sorted({event for event, _ in seen})))}
        return [self._step(role, making, columns[event]) for (event, role), making in seen.items()]

    def histories(self, ids: Iterable[int]) -> dict[int, list[Step]]:
        """Give all events of many containers as steps, and of every container these were ever in."""
        found: dict[int, list[Step]] = {}
        wanted = {number for number in ids if number}
        while wanted:
            for number in wanted:
                found[number] = []
            for container, role, making, *columns in self._all("container_histories", json.dumps(sorted(wanted))):
                found[container].append(self._step(role, making, tuple(columns)))
            wanted = {step.parent for number in wanted for step in found[number] if step.parent} - found.keys()
        return found

    # -- packages and containers ---------------------------------------------------------------------------------

    def pack_facts(self, product: int, serial: str) -> PackFacts | None:
        """Read one package, its packing and up to three containers around it, in one statement."""
        row = self._execute(self._pack_facts, (product, serial)).fetchone()
        return None if row is None else PackFacts._make(row)

    def units_of(self, product: int, serials: Iterable[str]) -> dict[str, UnitRow]:
        """Read many packages of one product in key order."""
        wanted = json.dumps(sorted(serials))
        return {row[0]: UnitRow(*row) for row in self._all("units_of", wanted, product)}

    def container(self, key: str) -> ContainerRow | None:
        """Find one container by its exact identifier."""
        row = self._one("container_by_key", key)
        return None if row is None else ContainerRow(*row)

    def containers(self, ids: Iterable[int]) -> dict[int, ContainerRow]:
        """Read many containers by number."""
        return {row[0]: ContainerRow(*row) for row in self._all("containers_by_id", json.dumps(list(ids)))}

    def packings_of(self, container: int) -> list[tuple[int, str, int, bytes, bool, int]]:
        """Read (event, action, time, hash, voided, flags) of what went in and out of a container, in order."""
        return [
            (position, ACTIONS[action], time, hash_, voided_by is not None, flags)
            for position, action, time, hash_, voided_by, flags in self._all("packings_of", container)
        ]

    def units_from(self, after: tuple[int, str], limit: int) -> list[tuple[int, UnitRow]]:
        """Read packages in key order after a key."""
        return [(row[0], UnitRow(*row[1:])) for row in self._all("units_from", after[0], after[1], limit)]

    def containers_from(self, after: int, limit: int, *, packages_only: bool) -> list[ContainerRow]:
        """Read containers in order of their numbers; ``packages_only`` leaves out what is no trade item."""
        name = "containers_from" if packages_only else "all_containers"
        return [ContainerRow(*row) for row in self._all(name, after, limit)]

    # -- events and records --------------------------------------------------------------------------------------

    def _block(self, number: int) -> bytes:
        data = self._blocks.get(number)
        if data is None:
            row = self._one("block_data", number)
            data = zstandard.ZstdDecompressor().decompress(row[0])
            if len(self._blocks) >= BLOCKS_CACHED_MAX:
                self._blocks.pop(next(iter(self._blocks)))
            self._blocks[number] = data
        return data

    def _body(self, block: int, start: int, length: int, envelope: int) -> tuple[bytes, bytes]:
        data = self._block(block)
        return data[start : start + length], data[start + length : start + length + envelope]

    def event_bodies(self, positions: Iterable[int]) -> Iterator[EventBody]:
        """Give events with their bytes, in order of position."""
        for position in sorted(positions):
            row = self._one("record_row", position)
            canonical, envelope = self._body(row[7], row[8], row[9], row[10])
            columns = self._all("steps", json.dumps([position]))[0]
            event_id = _long(self._all("event_ids", json.dumps([position]))[0][1])
            yield EventBody(
                position,
                canonical,
                envelope,
                row[4],
                event_id,
                columns[1],
                self.name(columns[7]),
                columns[13],
            )

    def events_from(self, after: int, limit: int) -> list[EventBody]:
        """Give events in log order after a position."""
        found = []
        for (
            position,
            block,
            start,
            length,
            extra,
            recorded_at,
            event_id,
            time,
            speaker,
            document,
        ) in self._all("events_from", after, limit):
            canonical, envelope = self._body(block, start, length, extra)
            found.append(
                EventBody(
                    position,
                    canonical,
                    envelope,
                    recorded_at,
                    _long(event_id),
                    time,
                    self.name(speaker),
                    document,
                )
            )
        return found

    def event_particulars(self, positions: Iterable[int]) -> dict[int, tuple[str, int, int]]:
        """Give (event identifier, document, recorded at) of many events."""
        return {row[0]: (_long(row[1]), row[2], row[3]) for row in self._all("event_ids", json.dumps(list(positions)))}

    def records_from(self, position: int, limit: int) -> list[tuple[Record, bytes]]:
        """Give records with their canonical bytes in log order."""
        rows = [Record(*row) for row in self._all("records_from", position, limit)]
        return [(row, self._body(row.block, row.start, row.length, row.envelope)[0]) for row in rows]

    def findings_of_events(self, positions: Iterable[int]) -> list[tuple[int, FindingRow]]:
        """Give the findings that name one of these events."""
        rows = self._all("findings_of_events", json.dumps(list(positions)))
        return [(row[0], FindingRow(0, 0, *row)) for row in rows]

    # -- documents, jobs, master data, partners ------------------------------------------------------------------

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
        for (data,) in self._connection.execute(Q["chunks"], (document,)):
            piece = expander.decompress(data)
            if piece:
                yield piece

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

    def jobs_before(self, created_at: int, limit: int) -> list[JobRow]:
        """Read jobs, newest first, that were created before a time."""
        return [self._job(row) for row in self._all("jobs_after", created_at, limit)]

    def master(self, thing: str) -> list[tuple[str, str, dict[str, str]]]:
        """Give (speaker, said at, attributes) of a product or location, newest first."""
        return [
            (speaker, said_at, msgspec.msgpack.decode(attributes, type=dict[str, str]))
            for speaker, said_at, attributes in self._all("master_of", thing)
        ]

    def partners(self) -> list[bytes]:
        """Give the rows of the partner table."""
        return [row for _, row in self._all("partners")]

    def answered(self, key: str) -> tuple[int, bytes] | None:
        """Give an earlier answer to the same key."""
        row = self._one("answered", key)
        return None if row is None else (row[0], row[1])


class SqliteTransaction(SqliteReader):
    """The one writing connection; its reads see its own writes."""

    def _many(self, name: str, rows: Iterable[Sequence[Any]]) -> int:
        cursor = self._connection.executemany(Q[name], rows)
        count: int = cursor.rowcount
        return count

    def _run(self, name: str, *parameters: Value) -> dbapi2.Cursor:
        return self._connection.execute(Q[name], parameters)

    def _change(self) -> None:
        """Forget what changed; readers do so again when it is committed."""
        self._names.changed = True
        self._names.forget_changed()

    def set_settings(self, settings: Mapping[str, str]) -> None:
        """Write settings."""
        self._many("set_setting", list(settings.items()))

    def name_id(self, text: str) -> int:
        """Number a recurring text; the empty text is 0."""
        number = self.name_known(text)
        if number is None:
            number = self._run("add_name", text).lastrowid
            assert number is not None, "an insert gives its row number"
            self._names.number[text] = number
            self._names.text[number] = text
        return number

    def product_id(self, gtin: str) -> int:
        """Number a product."""
        known = self.product(gtin)
        if known is None:
            number = self._run("add_product", gtin).lastrowid
            assert number is not None, "an insert gives its row number"
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
            number = row[0] if row is not None else self._run("add_lot", *key).lastrowid
            assert number is not None, "an insert gives its row number"
            if len(self._names.lot) > 500_000:
                self._names.lot.clear()
            self._names.lot[key] = number
        return number

    def next_making(self) -> int:
        """Give the next free making number."""
        last: int = self._one("making_last")[0]
        return last + 1

    def next_container(self) -> int:
        """Give the next free container number."""
        last: int = self._one("container_last")[0]
        return last + 1

    def next_block(self) -> int:
        """Give the next free block number."""
        last: int = self._one("block_last")[0]
        return last + 1

    # -- the log -------------------------------------------------------------------------------------------------

    def add_block(self, number: int, data: bytes) -> None:
        """Compress and add a block of canonical bytes."""
        self._run("add_block", number, zstandard.ZstdCompressor(level=3).compress(data))

    def add_records(self, rows: Sequence[Record]) -> None:
        """Append records; their positions follow the last one."""
        self._many("add_record", rows)

    def add_events(self, rows: Sequence[EventRow]) -> None:
        """Add the typed columns of events."""
        self._many("add_event", [(*row[:-1], _short(row.event_id)) for row in rows])

    def add_identities(self, rows: Sequence[tuple[bytes, int]]) -> None:
        """Note which events identities belong to."""
        self._many("add_identity", rows)

    def events_by_identity(self, identities: Iterable[bytes]) -> dict[bytes, list[NamedEvent]]:
        """Find the events and declarations of many names, in log order."""
        wanted = json.dumps([identity.hex() for identity in identities])
        found: dict[bytes, list[NamedEvent]] = {}
        for identity, event, speaker, hash_, flags in self._all("events_by_identity", wanted):
            found.setdefault(bytes.fromhex(identity), []).append(NamedEvent(event, self.name(speaker), hash_, flags))
        return found

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

    def touched_by(self, event: int) -> tuple[list[tuple[int, str]], list[int]]:
        """Find the packages and containers that an event is indexed under."""
        units = [(product, serial) for product, serial in self._all("units_touched", event)]
        return units, [container for (container,) in self._all("containers_of_event", event)]

    # -- packages and containers ---------------------------------------------------------------------------------

    def add_makings(self, rows: Sequence[tuple[int, int, int]]) -> None:
        """Add (number, event, lot) of makings."""
        self._many("add_making", rows)

    def add_units(
        self, product: int, serials: Sequence[str], made: int | None, packed: int | None, own: int | None
    ) -> int:
        """Add packages of one product that are not there yet and share all else; give how many were new."""
        count: int = self._execute(self._add_units, (product, made, packed, own, _to_json(serials))).rowcount
        return count

    def change_units(self, rows: Sequence[tuple[int | None, int | None, int | None, int, str]]) -> None:
        """Set (made, packed, own) of (product, serial)."""
        self._many("change_unit", rows)

    def add_unit_events(self, rows: Sequence[tuple[int, str, int, int, int | None]]) -> None:
        """Index (product, serial, event, role, making)."""
        self._many("add_unit_event", rows)

    def take_unit(self, product: int, serial: str) -> list[tuple[int, int, int | None]]:
        """Take a package's events (event, role, making) away, since it turned out to be a container."""
        row = self.units_of(product, [serial]).get(serial)
        if row is None:
            return []
        events = [(event, role, making) for event, role, making in self._all("unit_events", product, serial)]
        if row.made is not None:
            events.append((self.making(row.made).event, 0, row.made))
        if row.packed is not None:
            events.append((row.packed, 2, None))
        self._run("drop_unit_events", product, serial)
        self._run("drop_unit", product, serial)
        return events

    def container_ids(self, keys: Iterable[str]) -> dict[str, int]:
        """Find the numbers of many containers."""
        return {key: number for key, number in self._all("containers_by_key", json.dumps(list(keys)))}  # noqa: C416

    def add_containers(self, rows: Sequence[ContainerRow]) -> None:
        """Add containers with the fold of their events."""
        self._many("add_container", rows)

    def set_containers(self, rows: Sequence[ContainerRow]) -> None:
        """Write the folds of containers anew."""
        self._many(
            "set_container",
            [(row.made, row.parent, row.since, row.emptied, row.speaker, row.state, row.id) for row in rows],
        )

    def add_container_events(self, rows: Sequence[tuple[int, int, int, int | None]]) -> None:
        """Index (container, event, role, making)."""
        self._many("add_container_event", rows)

    def folded_containers(self, after: int, limit: int) -> list[int]:
        """Give the numbers of containers whose rows cache a fold, after a number."""
        return [number for (number,) in self._all("folded_containers", after, limit)]

    def dependants(self, ids: Iterable[int]) -> dict[int, bool]:
        """Find containers that were ever in one of these; tell of each whether its row caches a fold."""
        return {container: bool(folded) for container, folded in self._all("dependants", json.dumps(list(ids)))}

    def add_lot_events(self, rows: Sequence[tuple[int, str, int]]) -> None:
        """Index (product, lot, event)."""
        self._many("add_lot_event", rows)

    # -- documents, jobs, master data, partners ------------------------------------------------------------------

    def add_document(self, row: DocumentRow, chunks: Iterable[bytes]) -> int:
        """Keep a raw document; give its number."""
        number: int | None = self._run(
            "add_document", row.sha256, row.name, row.size, row.received_at, row.sender, row.receiver, row.instance_id,
            row.events, row.header,
        ).lastrowid  # fmt: skip
        assert number is not None, "an insert gives its row number"
        self._many("add_chunk", ((number, seq, chunk) for seq, chunk in enumerate(chunks)))
        return number

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

    def add_findings(self, rows: Sequence[FindingRow]) -> None:
        """Keep findings."""
        self._many("add_finding", rows)

    def add_master(self, rows: Sequence[tuple[str, str, str, int, dict[str, str]]]) -> None:
        """Keep (thing, speaker, said at, document, attributes); the latest word of each speaker stands."""
        encode = msgspec.msgpack.Encoder(order="deterministic").encode
        self._many("add_master", [(*row[:4], encode(row[4])) for row in rows])

    def set_partners(self, rows: Sequence[tuple[str, bytes, Sequence[str]]]) -> None:
        """Replace the partner table by (name, row, GLNs)."""
        self._run("drop_partners")
        self._run("drop_partner_glns")
        self._many("add_partner", [(name, row) for name, row, _ in rows])
        self._many("add_partner_gln", [(gln, name) for name, _, glns in rows for gln in glns])

    def add_answered(self, key: str, recorded_at: int, answer: bytes) -> None:
        """Keep an answer under its key."""
        self._run("add_answered", key, recorded_at, answer)


class SqliteStore:
    """One opened SQLite file."""

    def __init__(self, path: Path, *, writable: bool) -> None:
        """Open the file; use :func:`open_store`."""
        self._path = path
        self._names = Names()
        self._writer: SqliteTransaction | None = None
        if writable:
            self._writer = SqliteTransaction(_connect(path, cache_kib=CACHE_KIB_WRITER), self._names, path)
            migrate(self._writer._connection)  # noqa: SLF001 (the store owns its connections)

    def reader(self) -> SqliteReader:
        """Open a reader for the calling thread."""
        with _as_store_failed():
            connection = _connect(self._path, cache_kib=CACHE_KIB_READER, read_only=True)
        return SqliteReader(connection, self._names, self._path)

    def begin(self) -> SqliteTransaction:
        """Start the one write transaction."""
        assert self._writer is not None, "a store opened for reading does not write"
        with _as_store_failed():
            self._writer._connection.execute("BEGIN IMMEDIATE")  # noqa: SLF001
        return self._writer

    def savepoint(self) -> None:
        """Mark where :meth:`undo_to_savepoint` goes back to."""
        self._execute("SAVEPOINT work")

    def undo_to_savepoint(self) -> None:
        """Undo what was written since the savepoint; the transaction goes on."""
        self._execute("ROLLBACK TO work")
        self._execute("RELEASE work")
        self._names.forget()

    def release(self) -> None:
        """Keep what was written since the savepoint."""
        self._execute("RELEASE work")

    def commit(self) -> None:
        """Make the transaction durable (WAL synced, since synchronous is FULL)."""
        self._execute("COMMIT")
        if self._names.changed:
            self._names.changed = False
            self._names.forget_changed()

    @staticmethod
    def failure(error: BaseException) -> StoreFailed | None:
        """Tell whether an error is the store's own failure; a full disk is one that can be cured."""
        if isinstance(error, dbapi2.OperationalError) and "full" in str(error):
            return StoreFull(
                f"no room left: {error}", advice="Free space on the disk of the data folder, then try again."
            )
        if isinstance(error, dbapi2.IntegrityError | dbapi2.DataError | dbapi2.ProgrammingError):
            return None  # somebody asked for what cannot be: that work is undone, the store is well
        if isinstance(error, dbapi2.Error):
            return StoreFailed(f"the store failed: {error}", advice="Check the disk's health, then start again.")
        return None

    def rollback(self) -> None:
        """Undo the whole transaction."""
        with contextlib.suppress(StoreFailed):  # a failed or full disk leaves no transaction to undo
            self._execute("ROLLBACK")
        self._names.changed = False
        self._names.forget()

    def _execute(self, statement: str) -> None:
        assert self._writer is not None, "a store opened for reading does not write"
        with _as_store_failed():
            self._writer._connection.execute(statement)  # noqa: SLF001

    def close(self) -> None:
        """Close the writing connection; SQLite folds the write-ahead log into the file when it is the last."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


@contextlib.contextmanager
def _as_store_failed() -> Iterator[None]:
    try:
        yield
    except dbapi2.Error as error:
        raise SqliteStore.failure(error) or StoreFailed(f"the store failed: {error}") from error


def _connect(path: Path, *, cache_kib: int, read_only: bool = False) -> dbapi2.Connection:
    mode = "ro" if read_only else "rwc"
    quoted = str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    connection: dbapi2.Connection = dbapi2.connect(
        f"file:{quoted}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        timeout=10,
    )
    run: Callable[[str], Any] = connection.execute
    if not read_only:
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    run(f"PRAGMA cache_size = -{cache_kib}")
    run("PRAGMA trusted_schema = OFF")
    run("PRAGMA foreign_keys = OFF")
    return connection


def open_store(path: Path, *, writable: bool = True) -> SqliteStore:
    """Open the store in one file, made when it is not there and ``writable``.

    :raises StoreFailed: the file cannot be opened or is not an rxtrail store this program knows.
    """
    if writable:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
    elif not path.exists():
        raise StoreFailed(
            f"there is no store at {path.name}",
            advice="Run a command that writes first, for example: rxtrail init",
        )
    with _as_store_failed():
        return SqliteStore(path, writable=writable)
