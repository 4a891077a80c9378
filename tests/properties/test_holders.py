"""Whatever happened to a lot, who holds it is what the counter would say of each of its packages, one by one."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.properties.test_order import FOLDER, MODEST, fill
from tests.properties.worlds import documents, worlds
from tests.query.one_by_one import one_by_one, only_packs, told
from tests.story import (
    BLISTER_GTIN,
    CASE_GTIN,
    EXPIRY,
    GTIN,
    LOT,
    OTHER_PHARMACY,
    PHARMACY,
    WHOLESALER,
    scene,
)

ASKED = [
    (GTIN, LOT, ""),
    (GTIN, LOT, EXPIRY),
    (GTIN, "L8", ""),
    (GTIN, "L8", "2029-01-31"),
    (BLISTER_GTIN, LOT, ""),
    (CASE_GTIN, LOT, ""),
]


@MODEST
@given(st.data())
def test_counted_by_containers_is_counted_one_by_one(data: st.DataObject) -> None:
    given_ = data.draw(documents(data.draw(worlds())))
    ours = data.draw(st.sampled_from([(), (PHARMACY,), (WHOLESALER,)]))
    role = {(): "", (PHARMACY,): "pharmacy", (WHOLESALER,): "wholesaler"}[ours]
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder, scene(Path(folder), role, *ours) as node:
        if data.draw(st.booleans()):
            node.partners((WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy"), (OTHER_PHARMACY, "pharmacy"))
        fill(node, given_)
        for gtin, lot, expiry in ASKED:
            answer = node.node.holders(gtin, lot, expiry=expiry)
            assert told(answer) == one_by_one(node, gtin, lot, expiry)
            assert only_packs(node, gtin, lot, expiry) == (answer.found, answer.packs)
            assert answer.packs == sum(answer.by_state.values())
