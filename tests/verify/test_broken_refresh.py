"""What a judge keeps in mind is read anew when the record changes; a reading that breaks off is still to be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rxtrail import clock
from rxtrail.errors import StoreLost
from rxtrail.record.facts import Recalls
from rxtrail.record.judge import Judge
from tests import story
from tests.story import LOT, PHARMACY, delivery, element_string, packs, reasons

if TYPE_CHECKING:
    from tests.story import Scene

PACK = packs(1)[0]
CODE = element_string(PACK)


def lose(monkeypatch: pytest.MonkeyPatch, times: int) -> list[bool]:
    """Have the next readings of the recalls break off, as when a database is lost in the middle of one."""
    broken: list[bool] = []
    load = Recalls.load

    def loses(self: Recalls, *words: Any) -> None:
        if len(broken) < times:
            broken.append(True)
            raise StoreLost("the database is away")
        load(self, *words)

    monkeypatch.setattr(Recalls, "load", loses)
    return broken


@pytest.mark.parametrize("at", ["a change of the record", "midnight"])
def test_a_recall_is_not_missed_when_the_reading_of_it_broke_off(
    at: str, hub: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.capture(*delivery(PACK))
    assert hub.verify(PACK, site=PHARMACY).verdict.value == "ok"
    if at == "midnight":
        hub.time.pass_by(days=1)
    hub.capture(story.recalled_lot(LOT))
    broken = lose(monkeypatch, 1)
    try:
        first = hub.verify(PACK, site=PHARMACY)
    except StoreLost:
        pass  # told as 503: neither yes nor no
    else:
        assert first.verdict.value == "unconfirmed"
    for _ in range(2):
        told = hub.verify(PACK, site=PHARMACY)
        assert (told.verdict.value, next(iter(reasons(told)))) == ("stop", "recalled")
    assert broken


def test_a_judge_whose_refresh_broke_off_says_nothing_before_it_has_read_all(
    hub: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.capture(*delivery(PACK))
    reader = hub.node._store.reader()
    try:
        judge = Judge(reader, now_us=clock.now_us, today=clock.today, log_size=lambda: 0)
        assert judge.judge(CODE, site=PHARMACY.gln).verdict.value == "ok"
        hub.capture(story.recalled_lot(LOT))
        broken = lose(monkeypatch, 2)
        with pytest.raises(StoreLost):
            judge.refresh()
        with pytest.raises(StoreLost):
            judge.judge(CODE, site=PHARMACY.gln)
        assert len(broken) == 2
        assert "recalled" in reasons(judge.judge(CODE, site=PHARMACY.gln))
    finally:
        reader.close()
