"""S13: returns laundering. A copy gets papers by being returned; what the seller did not tell says nothing."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rxtrail.alerts import return_alerts, return_rows, returns
from rxtrail.errors import StoreFull
from tests.alerts.test_routes import chain
from tests.story import (
    CASE_GTIN,
    MAKER,
    OTHER_PHARMACY,
    OUTSIDER,
    PHARMACY,
    WHOLESALER,
    Party,
    Scene,
    Told,
    dispensed,
    made,
    made_unit,
    pack,
    packed,
    packs,
    received,
    scene,
    shipped,
    sscc,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.alerts import Alert

__all__ = ["chain"]
PACKS = packs(30)
UNIT = sscc(1)


def sold(*things: str, buyer: Party = PHARMACY, minute: float = 20) -> list[Told]:
    """Made, sold to the wholesaler and by it to a pharmacy; each as its own sender tells it."""
    return [
        made(*things),
        shipped(*things, buyer=WHOLESALER, minute=10),
        shipped(*things, seller=WHOLESALER, buyer=buyer, minute=minute),
    ]


def back(*things: str, by: Party = PHARMACY, minute: float = 100, labelled: bool = False) -> Told:
    told = shipped(*things, seller=by, buyer=WHOLESALER, minute=minute)
    return told if not labelled else Told(**{**vars(told), "disposition": "returned"})


def tell(scene: Scene, *events: Told) -> None:
    for event in events:
        speaker = event.seller or event.at or MAKER
        scene.capture(event, sender=speaker)


def s13(scene: Scene, state: str = "standing") -> Alert | None:
    scene.node.alerts.settle()
    return next((alert for alert in scene.node.alerts.page(state=state) if alert.rule == "S13"), None)


def test_a_return_by_who_bought_it_raises_nothing(chain: Scene) -> None:
    tell(chain, *sold(*PACKS[:3]), received(*PACKS[:3], at=PHARMACY, minute=30), back(PACKS[0], labelled=True))
    tell(chain, back(PACKS[1]))
    assert s13(chain) is None


@pytest.mark.parametrize("labelled", [True, False])
def test_a_return_of_what_was_sold_to_somebody_else_is_told_by_its_returner(chain: Scene, *, labelled: bool) -> None:
    """Also when nobody calls it a return: pharmacies sell to no wholesalers."""
    tell(chain, *sold(*PACKS[:3]), back(*PACKS[:2], by=OTHER_PHARMACY, labelled=labelled))
    found = s13(chain)
    assert found is not None
    assert (found.severity, found.cause, found.sender) == ("stop", "suspect", OTHER_PHARMACY.gln)
    assert found.subjects == PACKS[:2]
    assert set(found.parts) == {"sold-to-another"}
    assert "Main Street Pharmacy" in found.what


def test_packs_in_a_returned_tote_are_looked_at_too(chain: Scene) -> None:
    tell(chain, *sold(*PACKS[:3]))
    tell(
        chain, made_unit(UNIT, at=OTHER_PHARMACY, minute=80), packed(UNIT, *PACKS[:3], at=OTHER_PHARMACY, minute=90),
        back(UNIT, by=OTHER_PHARMACY),
    )  # fmt: skip
    found = s13(chain)
    assert found is not None
    assert found.subjects == PACKS[:3]


def boxed(*things: str, at: Party, minute: float, first: int = 20) -> list[Told]:
    """Two packs to a case, all cases on one pallet, which is the last of these units."""
    cases = [sscc(first + at) for at in range(len(things) // 2)]
    pallet = sscc(first + len(cases))
    return [
        made_unit(*cases, pallet, at=at, minute=minute),
        *(packed(case, *things[2 * n : 2 * n + 2], at=at, minute=minute + 1) for n, case in enumerate(cases)),
        packed(pallet, *cases, at=at, minute=minute + 2),
    ]


def test_packs_in_cases_on_a_returned_pallet_are_looked_at_too(chain: Scene) -> None:
    tell(chain, *sold(*PACKS[:4]), *boxed(*PACKS[:4], at=OTHER_PHARMACY, minute=80))
    tell(chain, back(sscc(22), by=OTHER_PHARMACY))
    found = s13(chain)
    assert found is not None
    assert found.subjects == PACKS[:4]


def test_packs_that_were_bought_on_pallets_are_no_suspicion_when_some_come_back(chain: Scene) -> None:
    chain.time.now = chain.time.now.replace(day=3)
    goods = packs(60)
    tell(chain, made(*goods), *boxed(*goods, at=MAKER, minute=1), shipped(sscc(50), buyer=WHOLESALER, minute=10))
    tell(chain, shipped(sscc(50), seller=WHOLESALER, buyer=PHARMACY, minute=20), back(*goods[:22]))
    assert s13(chain) is None
    tell(chain, back(*goods[22:34], minute=120))
    found = s13(chain)
    assert found is not None
    assert (set(found.parts), "of 60 that" in found.what) == ({"many"}, True)


def test_a_case_with_a_serial_counts_as_the_packs_in_it_and_units_in_a_ring_are_opened_once(chain: Scene) -> None:
    case, empty = pack("C1", CASE_GTIN), pack("C2", CASE_GTIN)
    tell(chain, made(*PACKS[:3], case, empty), packed(case, *PACKS[:3]), made_unit(UNIT), packed(UNIT, case, empty))
    tell(chain, packed(sscc(2), UNIT, minute=6), packed(UNIT, sscc(2), minute=7))
    reader = chain.node._reader()
    assert sorted(return_alerts.packs_of(reader, [["00/", UNIT[3:]]])) == sorted([*PACKS[:3], empty])


def test_each_pack_of_a_return_is_judged_however_many_there_are_a_few_in_one_transaction(
    chain: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(returns, "PACKS_AT_ONCE", 4)
    looks = list[int]()
    real = returns.Returns._new

    def counted(self: returns.Returns, reader: Any) -> Any:
        found = real(self, reader)
        looks.append(len(found.fresh))
        return found

    monkeypatch.setattr(returns.Returns, "_new", counted)
    tell(chain, *sold(*PACKS[:18]))
    tell(chain, back(*PACKS[:3], by=OTHER_PHARMACY), back(*PACKS[3:14], by=OTHER_PHARMACY, minute=110))
    tell(chain, *boxed(*PACKS[14:18], at=OTHER_PHARMACY, minute=80), back(sscc(22), by=OTHER_PHARMACY, minute=120))
    found = s13(chain)
    assert found is not None
    assert (sorted(found.subjects), found.subject_count) == (sorted(PACKS[:18]), 18)
    assert (sum(looks), max(looks)) == (18, 4), "each is looked at once"
    assert chain.node._reader().kept_count(return_rows.TALLY) == 3


def test_a_return_of_which_a_part_was_looked_at_before_a_crash_is_gone_on_with(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(returns, "PACKS_AT_ONCE", 4)
    folder = tmp_path_factory.mktemp("crash") / "data"
    real = returns.Returns.look
    with scene(folder) as told:
        told.partners(
            (MAKER, "maker"), (WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy"), (OTHER_PHARMACY, "pharmacy")
        )
        tell(told, *sold(*PACKS[:10]))
        told.node.alerts.settle()
    looks = itertools.count()
    with monkeypatch.context() as killed:
        killed.setattr(returns.Returns, "look", lambda *more: not next(looks) and real(*more) and False)
        with scene(folder) as told:
            tell(told, back(*PACKS[:10], by=OTHER_PHARMACY))
            found = s13(told)
            assert found is not None
            assert found.subject_count == 4
    with scene(folder) as told:
        found = s13(told)
        assert found is not None
        assert found.subject_count == 10


def test_a_pack_that_was_dispensed_does_not_come_back_as_goods(chain: Scene) -> None:
    tell(chain, *sold(PACKS[0]), dispensed(PACKS[0], minute=60), back(PACKS[0]))
    found = s13(chain)
    assert found is not None
    assert set(found.parts) == {"dispensed"}


def test_a_returned_pack_that_turns_up_where_it_was_never_sent_is_told(chain: Scene) -> None:
    tell(chain, *sold(PACKS[0]), received(PACKS[0], at=PHARMACY, minute=30), back(PACKS[0]))
    assert s13(chain) is None
    tell(chain, shipped(PACKS[0], seller=WHOLESALER, buyer=OTHER_PHARMACY, minute=200))
    chain.verify(PACKS[0], site=OUTSIDER)
    found = s13(chain)
    assert found is not None
    assert (found.severity, set(found.parts)) == ("stop", {"seen-elsewhere"})
    assert OUTSIDER.gln in found.what


def test_one_number_that_is_returned_twice_and_was_sold_once(chain: Scene) -> None:
    tell(chain, *sold(PACKS[0]), received(PACKS[0], at=PHARMACY, minute=30), back(PACKS[0], labelled=True))
    assert s13(chain) is None
    tell(chain, back(PACKS[0], minute=300, labelled=True))
    found = s13(chain)
    assert found is not None
    assert set(found.parts) == {"again"}


def test_what_the_seller_did_not_tell_is_late_data_until_it_does(chain: Scene) -> None:
    sale = sold(PACKS[0])
    tell(chain, *sale[:2], back(PACKS[0]))
    found = s13(chain)
    assert found is not None
    assert (found.severity, found.cause, set(found.parts)) == ("check", "late-data", {"never-sold"})
    tell(chain, sale[2])
    assert s13(chain) is None
    assert s13(chain, "explained") is not None


def test_a_pack_of_which_nothing_is_known_waits_until_something_is(chain: Scene) -> None:
    tell(chain, back(PACKS[0], by=OTHER_PHARMACY))
    assert s13(chain) is None
    tell(chain, *sold(PACKS[0]))
    found = s13(chain)
    assert found is not None
    assert set(found.parts) == {"sold-to-another"}


def test_who_returns_half_of_what_was_shipped_to_it_is_told(chain: Scene) -> None:
    chain.time.now = chain.time.now.replace(day=3)
    tell(chain, *sold(*PACKS), received(*PACKS, at=PHARMACY, minute=30))
    tell(chain, back(*PACKS[:14]))
    assert s13(chain) is None
    tell(chain, back(*PACKS[14:22], minute=120))
    found = s13(chain)
    assert found is not None
    assert set(found.parts) == {"many"}
    assert "22 packs" in found.what
    assert "30 that" in found.what


def test_what_was_found_outlives_a_restart(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("restart") / "data"
    sale = sold(PACKS[0])
    with scene(folder) as told:
        told.partners((MAKER, "maker"), (WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy"))
        tell(told, *sale[:2], back(PACKS[0]))
        assert s13(told) is not None
    with scene(folder) as told:
        tell(told, sale[2])
        assert s13(told) is None


def test_many_returns_of_which_nothing_is_known_hide_none_that_is_odd(
    chain: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(returns, "ROWS_AT_ONCE", 3)
    monkeypatch.setattr(return_rows, "PAGE", 3)
    unknown, odd = PACKS[:10], PACKS[10:18]
    tell(chain, back(*unknown, by=OTHER_PHARMACY, minute=40))
    assert s13(chain) is None
    tell(chain, *sold(*odd), back(*odd, by=OTHER_PHARMACY, minute=200))
    found = s13(chain)
    assert found is not None
    assert found.subjects == odd
    tell(chain, *sold(*unknown))
    for _ in range(6):  # all have their turn
        chain.node.alerts.settle()
    found = s13(chain)
    assert found is not None
    assert (set(found.subjects), found.subject_count) == ({*unknown, *odd}, 18)


def test_what_was_in_order_is_looked_at_each_day_however_many_there_are(
    chain: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(returns, "ROWS_AT_ONCE", 3)
    tell(chain, *sold(*PACKS[:10]), received(*PACKS[:10], at=PHARMACY, minute=30), back(*PACKS[:10]))
    assert s13(chain) is None
    for _ in range(6):
        chain.node.alerts.settle()
    tell(chain, dispensed(*PACKS[:10], minute=60))
    for _ in range(6):
        assert s13(chain) is None
    chain.time.pass_by(hours=25)
    for _ in range(4):
        chain.node.alerts.settle()
    found = s13(chain)
    assert found is not None
    assert found.subject_count == 10


def test_how_many_came_back_is_counted_over_all_returns_and_forgotten_after_a_month(
    chain: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(return_rows, "PAGE", 2)
    chain.time.now = chain.time.now.replace(day=3)
    tell(chain, *sold(*PACKS), received(*PACKS, at=PHARMACY, minute=30))
    for at in range(11):
        tell(chain, back(*PACKS[2 * at : 2 * at + 2], minute=100 + at))
    found = s13(chain)
    assert found is not None
    assert "22 packs" in found.what
    chain.time.pass_by(hours=24 * 40)
    tell(chain, back(PACKS[25], minute=60 * 24 * 40))
    chain.node.alerts.settle()
    assert chain.node._reader().kept_count(return_rows.TALLY) == 1


def test_what_was_ever_sold_is_counted_before_and_not_while_the_record_is_written(
    chain: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain.time.now = chain.time.now.replace(day=3)
    writer = chain.node.alerts._writer()
    real_do, real_shipped = writer.do, return_alerts._shipped
    writing, counted = list[bool](), list[bool]()

    def do(work: Any, **more: Any) -> Any:
        def inside(tx: Any, log: Any) -> Any:
            writing.append(True)
            try:
                return work(tx, log)
            finally:
                writing.clear()

        return real_do(inside, **more)

    def shipped_(*told: Any) -> int:
        counted.append(bool(writing))
        return real_shipped(*told)

    monkeypatch.setattr(writer, "do", do)
    monkeypatch.setattr(return_alerts, "_shipped", shipped_)
    tell(chain, *sold(*PACKS), received(*PACKS, at=PHARMACY, minute=30), back(*PACKS[:22]))
    found = s13(chain)
    assert found is not None
    assert set(counted) == {False}


def test_what_was_shipped_to_any_place_of_a_customer_was_shipped_to_it(hub: Scene) -> None:
    branch = Party(OTHER_PHARMACY.prefix, PHARMACY.name)
    hub.partners((MAKER, "maker"), (WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy"), (branch, "pharmacy"))
    hub.time.now = hub.time.now.replace(day=3)
    tell(hub, *sold(*PACKS, buyer=branch), received(*PACKS, at=branch, minute=30))
    tell(hub, *sold(*packs(60)[30:], buyer=branch), back(*PACKS[:22], by=branch))
    assert s13(hub) is None


@pytest.mark.parametrize("full", [True, False])
def test_a_return_that_could_not_be_written_down_is_looked_at_again(
    chain: Scene, monkeypatch: pytest.MonkeyPatch, *, full: bool
) -> None:
    watching = chain.node.alerts.watching
    monkeypatch.setattr(watching, "_write", _failing(StoreFull("the disk is full") if full else RuntimeError()))
    tell(chain, *sold(PACKS[0]), back(PACKS[0], by=OTHER_PHARMACY))
    with pytest.raises((StoreFull, RuntimeError)):
        watching.settle()
    monkeypatch.undo()
    found = s13(chain)
    assert found is not None
    assert found.subjects == PACKS[:1]


def test_a_scan_elsewhere_of_a_returned_pack_outlives_a_full_disk(
    chain: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(chain, *sold(PACKS[0]), received(PACKS[0], at=PHARMACY, minute=30), back(PACKS[0]))
    tell(chain, shipped(PACKS[0], seller=WHOLESALER, buyer=OTHER_PHARMACY, minute=200))
    assert s13(chain) is None
    chain.verify(PACKS[0], site=OUTSIDER)
    with monkeypatch.context() as while_full:
        while_full.setattr(chain.node.alerts.watching, "_write", _failing(StoreFull("the disk is full")))
        with pytest.raises(StoreFull):
            chain.node.alerts.settle()
    found = s13(chain)
    assert found is not None
    assert set(found.parts) == {"seen-elsewhere"}


@pytest.mark.parametrize("behind", [0, returns.CAUGHT_UP], ids=["kept", "not kept"])
def test_a_return_that_came_right_before_a_crash_is_looked_at_by_the_next_process(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, behind: int
) -> None:
    folder = tmp_path_factory.mktemp("crash") / "data"
    monkeypatch.setattr(returns, "CAUGHT_UP", behind)
    with scene(folder) as told:
        told.partners(
            (MAKER, "maker"), (WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy"), (OTHER_PHARMACY, "pharmacy")
        )
        tell(told, *sold(PACKS[0]))
        assert s13(told) is None
    with monkeypatch.context() as killed:
        killed.setattr(returns.Returns, "look", lambda *_told: False)
        with scene(folder) as told:
            tell(told, back(PACKS[0], by=OTHER_PHARMACY))
    with scene(folder) as told:
        if behind:
            tell(told, made(PACKS[9]))  # it begins with what it commits itself, and looks back from there
        assert s13(told) is not None


def test_what_another_process_tells_of_the_same_party_meanwhile_is_not_overwritten(
    chain: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(chain, *sold(*PACKS[:2]), dispensed(PACKS[1], minute=60), back(*PACKS[:2], by=OTHER_PHARMACY))
    watching, now = chain.node.alerts.watching, chain.time.now_us()
    mine, reader = watching._detection.returns, chain.node.alerts._reader
    other = returns.Returns(reader, chain.node.alerts._writer, today=chain.time.today, seconds=lambda: 0.0)
    other.begin(0)
    real, times = return_alerts.told_of, itertools.count()

    def told_of(*told: Any) -> Any:
        found = real(*told)
        if not next(times):  # the other one has room for both, and is faster
            monkeypatch.setattr(returns, "PACKS_AT_ONCE", 10)
            other.look(now, [], watching._write)
        return found

    monkeypatch.setattr(returns, "told_of", told_of)
    monkeypatch.setattr(returns, "PACKS_AT_ONCE", 1)
    mine.look(now, [], watching._write)
    (found,) = [alert for alert in chain.node.alerts.page(state="standing") if alert.rule == "S13"]
    assert (set(found.parts), found.subjects) == ({"sold-to-another", "dispensed"}, PACKS[:2])


class _Counting:
    """A transaction that notes what it is asked to read."""

    def __init__(self, tx: Any, reads: list[tuple[str, str]]) -> None:
        self._tx, self._reads = tx, reads

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._tx, name)
        if not name.startswith("kept"):
            return found

        def noted(kind: str, *more: Any) -> Any:
            self._reads.append((name, kind))
            return found(kind, *more)

        return noted


def test_what_is_read_while_a_return_is_written_does_not_grow_with_what_came_back_before(
    chain: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(return_rows, "PAGE", 2)
    monkeypatch.setattr(returns, "PACKS_AT_ONCE", 4)
    watching, goods = chain.node.alerts.watching, packs(40)
    real, written, before = watching._write, list[list[tuple[str, str]]](), list[str]()

    def write(work: Any) -> None:
        def inside(filing: Any) -> None:
            reads = list[tuple[str, str]]()
            tx, filing.tx = filing.tx, _Counting(filing.tx, reads)
            work(filing)
            filing.tx = tx
            written.append([read for read in reads if read[1].startswith("return")])

        real(inside)

    real_every = return_rows.every

    def every(reader: Any, kind: str, *more: Any) -> Any:
        before.append(kind)
        return real_every(reader, kind, *more)

    tell(chain, *sold(*goods), back(*goods, by=OTHER_PHARMACY))
    watching._detection.returns.again()
    monkeypatch.setattr(watching, "_write", write)
    monkeypatch.setattr(return_rows, "every", every)
    found = s13(chain)
    assert found is not None
    assert found.subject_count == 40
    assert len(written) >= 10, "one for each four packs"
    assert {*itertools.chain(*written)} == {("kept", return_rows.VERSION)}
    assert max(len(reads) for reads in written) == 1, "one row of the one party"
    whole = [kind for kind in before if kind.startswith((return_rows.BY, return_rows.TALLY))]
    assert whole == [return_rows.TALLY, return_rows.BY + OTHER_PHARMACY.gln], "once, and not again for each four"


def test_how_much_came_back_is_counted_on_where_an_earlier_build_kept_no_versions(
    chain: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(return_rows, "PAGE", 2)
    chain.time.now = chain.time.now.replace(day=3)
    tell(chain, *sold(*PACKS), received(*PACKS, at=PHARMACY, minute=30))
    for at in range(7):
        tell(chain, back(*PACKS[2 * at : 2 * at + 2], minute=100 + at))
    assert s13(chain) is None
    versioned = return_rows.TALLIES + PHARMACY.gln

    def as_before(filing: Any) -> None:
        filing.tx.drop_kept(return_rows.VERSION, PHARMACY.gln)
        for name, _, _ in [*return_rows.every(filing.tx, versioned)]:
            filing.tx.drop_kept(versioned, name)

    chain.node.alerts.watching._write(as_before)
    for at in range(7, 10):
        tell(chain, back(*PACKS[2 * at : 2 * at + 2], minute=100 + at))
    found = s13(chain)
    assert found is not None
    assert "20 packs" in found.what
    tell(chain, back(PACKS[20], minute=130))
    found = s13(chain)
    assert found is not None
    assert "21 packs" in found.what
    reader = chain.node._reader()
    assert reader.kept_count(versioned) == reader.kept_count(return_rows.TALLY) == 11
    chain.time.pass_by(hours=24 * 40)
    tell(chain, back(PACKS[25], minute=60 * 24 * 40))
    chain.node.alerts.settle()
    assert reader.kept_count(versioned) == 1


def test_processes_that_find_the_same_are_in_nobodys_way(chain: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(chain, *sold(*PACKS[:2]), back(*PACKS[:2], by=OTHER_PHARMACY))
    watching, now, reader = chain.node.alerts.watching, chain.time.now_us(), chain.node.alerts._reader
    others = [
        returns.Returns(reader, chain.node.alerts._writer, today=chain.time.today, seconds=lambda: 0.0)
        for _ in range(returns.TRIES + 2)
    ]
    real, idle = return_alerts.told_of, iter(others)

    def told_of(*told: Any) -> Any:
        found = real(*told)
        if (other := next(idle, None)) is not None:  # each is overtaken by all those behind it
            other.begin(0)
            other.look(now, [], watching._write)
        return found

    monkeypatch.setattr(returns, "told_of", told_of)
    watching._detection.returns.look(now, [], watching._write)
    (version, body) = chain.node._reader().kept(return_rows.VERSION, OTHER_PHARMACY.gln) or (0, b"")
    assert (version, body) == (now, return_rows.encode(1)), "the first one raised it, and nobody else"


def test_plain_scans_have_no_return_looked_at(chain: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(chain, *sold(*PACKS[:2]), back(PACKS[20]))
    chain.node.alerts.settle()
    looked = list[object]()

    def judged(*told: object) -> list[object]:
        looked.append(told)
        return []

    monkeypatch.setattr(returns.Returns, "_judged", judged)
    for _ in range(3):
        chain.verify(PACKS[0], site=PHARMACY)
        chain.node.alerts.settle()
    assert looked == []


def test_an_alert_that_nobody_has_answered_is_not_explained_by_its_age(chain: Scene) -> None:
    tell(chain, *sold(*PACKS[:3]), back(PACKS[0], by=OTHER_PHARMACY))
    assert s13(chain) is not None
    chain.time.pass_by(hours=24 * 40)
    tell(chain, received(PACKS[1], at=PHARMACY, minute=30))
    chain.node.alerts.settle()
    tell(chain, back(PACKS[1], by=OTHER_PHARMACY, minute=60 * 24 * 40))
    tell(chain, shipped(PACKS[2], seller=PHARMACY, buyer=OTHER_PHARMACY, minute=60 * 24 * 40))
    tell(chain, back(PACKS[2], by=OTHER_PHARMACY, minute=60 * 24 * 40 + 100))
    found = s13(chain)
    assert found is not None
    assert found.severity == "stop"


def _failing(error: Exception) -> Callable[[object], None]:
    def write(_work: object) -> None:
        raise error

    return write


EVENTS = [
    *sold(*PACKS[:4]), received(*PACKS[:3], at=PHARMACY, minute=30), back(PACKS[0]),
    back(PACKS[1], by=OTHER_PHARMACY, minute=110), dispensed(PACKS[2], minute=60), back(PACKS[2], minute=130),
    back(PACKS[3], minute=140),
]  # fmt: skip


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(len(EVENTS))), cuts=st.sets(st.integers(1, len(EVENTS) - 1), max_size=4))
def test_shuffled_and_late_documents_end_with_the_same_open_alerts(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], cuts: set[int]
) -> None:
    def played(pieces: list[list[int]]) -> dict[str, tuple[object, ...]]:
        with scene(tmp_path_factory.mktemp("order") / "data") as told:
            told.partners(
                (MAKER, "maker"), (WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy"), (OTHER_PHARMACY, "pharmacy")
            )
            for piece in pieces:
                tell(told, *(EVENTS[index] for index in piece))
                told.node.alerts.settle()
            told.time.pass_by(hours=25)  # what was in order is looked at once a day
            told.node.alerts.settle()
            return {
                alert.id: (alert.rule, alert.subjects, alert.what, alert.parts)
                for alert in told.node.alerts.page(state="standing")
            }

    places = [0, *sorted(cuts), len(EVENTS)]
    straight = played([list(range(len(EVENTS)))])
    assert played([order[a:b] for a, b in itertools.pairwise(places)]) == straight
    assert {rule for rule, *_ in straight.values()} == {"S13"}
