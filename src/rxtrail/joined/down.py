"""What comes down: events that every counter must know, with their own speakers, recalls, and this site's cases.

Each page of the hub's log is applied in one transaction with the cursor behind it, so after any break it goes on where
it was, and nothing is applied twice. What came down is marked, and never goes up again.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import msgspec

from rxtrail.cases import open_case
from rxtrail.core.epcis.reader import open_document
from rxtrail.core.rules.recall import Step, stands, told_abroad
from rxtrail.errors import BadDocument
from rxtrail.ledger.batch import append_events
from rxtrail.ledger.prepare import Prepared, prepare
from rxtrail.record.orders import KIND, STANDING, decode, encode
from rxtrail.record.times import iso
from rxtrail.sites.side import Side
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from rxtrail.cases import Case
    from rxtrail.core.rules.authority import Authority
    from rxtrail.core.rules.recall import Recall
    from rxtrail.ledger.log import Log
    from rxtrail.sites.wire import Item, Page
    from rxtrail.store import Reader, Transaction

CURSOR: Final = "hub-down"  # what the store keeps: by hub, up to where its log has been read
RANGES: Final = "from-hub"  # positions of this log that the hub sent down: the first, and the last of each range
CASES: Final = "hub-case"  # the hub's cases that were opened here too
RANGE_MAX: Final = 1_000  # positions in one range; a page of the hub has fewer
EMPTY_MAX: Final = 500  # positions of the hub without anything for us before the cursor is kept
_encode = msgspec.msgpack.Encoder().encode
_decode_number = msgspec.msgpack.Decoder(int).decode


class Down(Side):
    """Applies pages of the hub's log."""

    def cursor(self, reader: Reader, hub_key: str) -> int:
        """Tell up to where the hub's log has been read; -1 for nothing."""
        row = reader.kept(CURSOR, hub_key)
        return _decode_number(row[1]) if row is not None else -1

    def apply(self, page: Page, hub_key: str, url: str) -> None:
        """Apply one page and wait until it is durable; one that was applied before changes nothing."""
        prepared = [(item, ready) for item in page.items if (ready := _read(item)) is not None]
        cases = [item.case for item in page.items if item.case is not None]
        recalls = [item.recall for item in page.items if item.recall is not None]
        if not prepared and not cases and not recalls and page.next < self.cursor(self._reader(), hub_key) + EMPTY_MAX:
            return  # a commit is not worth it: after a restart these few are read once more

        def write(tx: Transaction, log: Log) -> None:
            if page.next <= self.cursor(tx, hub_key):
                return
            first = log.position
            authority = self._judge(tx).authority
            for speaker, events in _by_speaker(prepared, authority):
                self._changed(append_events(tx, log, authority, events, speaker=speaker))
            if log.position > first:
                tx.keep(RANGES, f"{first:016d}", first, _encode(log.position - 1))
            for case in cases:
                self._open(tx, log, case)
            for recall in recalls:
                _keep(tx, log, msgspec.structs.replace(recall, hub=recall.hub or url))
            if prepared or cases or recalls:
                carried = [log.now, "from-hub", url, page.next, first, log.position - 1]
                log.append(RecordKind.DECISION, b"\x01" + _encode(carried))
            tx.keep(CURSOR, hub_key, log.now, _encode(page.next))

        self._writer().do(write, alone=True)
        if prepared or recalls:
            self._changed(None)

    def _open(self, tx: Transaction, log: Log, case: Case) -> None:
        if tx.kept(CASES, case.id) is not None:
            return
        evidence: dict[str, Any] = {**case.evidence, "hub_case": case.id, "hub_opened_at": case.opened_at}
        here = open_case(
            tx, log, kind=case.kind, what=case.what, random_bytes=self._random, pack=case.pack, site=case.site,
            evidence=evidence,
        )  # fmt: skip
        tx.keep(CASES, case.id, log.now, _encode(here.id))


def _keep(tx: Transaction, log: Log, recall: Recall) -> None:
    """Keep a recall of the hub as one of ours, in the state that it has there: scans here are judged by it too."""
    row = tx.kept(KIND, recall.id)
    before = decode(row[1]) if row is not None else None
    if before is not None and not before.hub:
        return  # what this node opened itself is its own
    steps = before.history if before is not None else []
    if before is not None and told_abroad(before) == told_abroad(msgspec.structs.replace(recall, source="received")):
        return  # what changed there is who answered, which is the hub's business
    if before is None or before.state != recall.state:
        steps = [*steps, Step(iso(log.now), f"{recall.state} at the hub", recall.hub)]
    kept = msgspec.structs.replace(
        recall, source="received", history=steps, responses=before.responses if before is not None else []
    )
    log.append(RecordKind.DECISION, b"\x01" + _encode([log.now, "recall-from-hub", kept]))
    at = row[0] if row is not None else log.now
    tx.keep(KIND, recall.id, at, encode(kept))
    if stands(kept):
        tx.keep(STANDING, recall.id, at, encode(told_abroad(kept)), tell=True)
    else:
        tx.drop_kept(STANDING, recall.id, tell=True)


def _read(item: Item) -> Prepared | None:
    """Read an event that came down; one that cannot be read is left to the hub, which answers for it live."""
    if item.event is None:
        return None
    document = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "epcisBody": {"eventList": [item.event]},
    }
    try:
        for event, findings, place in open_document(io.BytesIO(msgspec.json.encode(document)), proceed=True):
            return prepare(event, speaker=item.speaker, place=place, findings=findings)
    except BadDocument:
        return None
    return None


def _by_speaker(prepared: list[tuple[Item, Prepared]], authority: Authority) -> list[tuple[str, list[Prepared]]]:
    """Group events by who said them, in their order; the word of the hub that we joined is as good as our own."""
    groups: list[tuple[str, list[Prepared]]] = []
    for item, each in prepared:
        speaker = "" if item.hub and not authority.is_partner(item.speaker) else item.speaker
        each.speaker = speaker
        if groups and groups[-1][0] == speaker:
            groups[-1][1].append(each)
        else:
            groups.append((speaker, [each]))
    return groups
