"""What a lost database undid is done again from its beginning, and leaves what it would have left the first time."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from rxtrail import capture
from rxtrail.bootstrap import open_node
from rxtrail.errors import StoreLost
from rxtrail.ledger import writer
from rxtrail.store.sqlite.engine import SqliteStore
from tests import story
from tests.story import MAKER, OUTSIDER, WHOLESALER

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

REUSED = "urn:uuid:0b4cf7a4-4c6b-4d0e-9c57-5f4a1d0c2a11"


def documents() -> list[tuple[str, bytes]]:
    """Give documents that contradict, repeat and take back: what they leave depends on what was there before."""
    packs, box = story.packs(6), story.sscc(1)
    made = story.made(*packs, event_id=REUSED)
    other = story.made(*story.packs(3, start="T"), event_id=REUSED)
    third = story.made(*story.packs(2, start="U"), event_id=REUSED)
    on_the_way = story.shipped(box, seller=MAKER, buyer=WHOLESALER)
    return [
        ("made", story.xml([made, story.made_unit(box), story.packed(box, *packs), on_the_way], sender=MAKER)),
        ("reused", story.xml([other], sender=MAKER)),
        ("reused twice", story.xml([other, third], sender=MAKER)),
        ("said by another", story.xml([made, story.packed(box, *packs)], sender=WHOLESALER)),
        ("declared by a stranger", story.xml([made.declared_wrong(70)], sender=OUTSIDER)),
        ("received", story.xml([story.received(box, at=WHOLESALER)], sender=WHOLESALER)),
        ("another lot", story.xml([story.made(*packs[:2], lot="L8", minute=3)], sender=MAKER)),
        ("declared wrong", story.xml([on_the_way.declared_wrong(80)], sender=MAKER)),
    ]


def left_by(data: Path) -> dict[str, Any]:
    """Capture all documents; give all that the record then says."""
    with open_node(data) as node:
        receipts = {name: node.capture(io.BytesIO(document), name=name) for name, document in documents()}
        return {
            "counts": (node.status().packages, node.status().events, node.status().log_size),
            "packs": b"".join(node.export("packs", "json")),
            "found": {
                name: [(finding.code, finding.message, finding.epcs) for finding in receipt.findings]
                for name, receipt in receipts.items()
            },
            "jobs": {name: (receipt.new_events, receipt.packages) for name, receipt in receipts.items()},
        }


def test_every_transaction_that_was_lost_and_done_again_leaves_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "BATCH_EVENTS_MAX", 2)
    monkeypatch.setattr(writer, "LOST_PAUSE_SECONDS", 0)
    undisturbed = left_by(tmp_path / "undisturbed")
    assert any(code == "EVENT_ID_REUSED" for found in undisturbed["found"].values() for code, *_ in found)
    commit = SqliteStore.commit
    lost = 0

    def commit_at_the_third_try(self: SqliteStore) -> None:
        nonlocal lost
        lost += 1
        if lost % 3:
            raise StoreLost("no connection")
        commit(self)

    monkeypatch.setattr(SqliteStore, "commit", commit_at_the_third_try)
    again = left_by(tmp_path / "again")
    assert lost > 3 * len(documents())
    for what, expected in undisturbed.items():
        assert again[what] == expected, what
