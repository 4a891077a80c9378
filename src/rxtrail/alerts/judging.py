"""From new events to what is off its route: which things they moved, those things' whole ways, judged.

Everything is read many at once, and a thing is always judged by all of its events: so it does not matter in which order
they came, and what a late event explains is found by judging again.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from rxtrail.alerts.on_the_way import OnTheWay, Strays, tells_of_it
from rxtrail.alerts.together import Together, Way, merged
from rxtrail.core.epcis.canonical import LISTS, parts
from rxtrail.core.epcis.event import AGGREGATION
from rxtrail.core.rules import contents
from rxtrail.core.rules.authority import issued_as
from rxtrail.core.rules.route import Judged, moves_of
from rxtrail.core.rules.steps import Role
from rxtrail.core.rules.strangers import MOVING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rxtrail.core.rules.authority import Authority
    from rxtrail.core.rules.route import Move, Routes
    from rxtrail.core.rules.steps import Step
    from rxtrail.store import Reader

SERIALS_AT_ONCE: Final = 5_000
REMEMBERED_MAX: Final = 100_000
_EPCS, _CHILDREN = LISTS.index("epcs"), LISTS.index("children")


class RouteJudge:
    """Judges things on one reader, for one thread, by the lanes that it is given."""

    def __init__(self, reader: Reader, authority: Authority, routes: Routes, strays: Strays | None = None) -> None:
        """Take what is known of lanes and parties now; ``strays`` outlive one judge."""
        self._reader = reader
        self._strays = Strays() if strays is None else strays
        self._authority = authority
        self.routes = routes
        self._contents = Contents(reader)

    def things_of(self, positions: Iterable[int]) -> set[str]:
        """Give what these events move, and every container whose contents they tell."""
        heads = self._reader.event_heads(positions)
        beside = {p for p, head in heads.items() if tells_of_it(head, self.routes)}
        wanted = {p for p, head in heads.items() if head.biz_step in MOVING or head.kind == AGGREGATION} | beside
        things: set[str] = set()
        for body in self._reader.event_bodies(wanted):
            head = heads[body.position]
            fields, lists = parts(body.canonical)
            if head.kind == AGGREGATION and (parent := fields.get("parent")):
                things.add(parent)
            if head.biz_step in MOVING or body.position in beside:
                found = self._known_things(lists[_EPCS])
                things.update(found)
                if body.position in beside and head.biz_step not in MOVING:
                    self._strays.note(key for key in found if is_package(key))
            if self._strays:
                things.update(self._strays.among(lists[_CHILDREN]))
        return things

    def _known_things(self, runs: list[list[str]]) -> list[str]:
        """Give the identifiers of runs; loose packs of products that no lane is about are not looked at."""
        found: list[str] = []
        for key, serials in runs:
            if is_package_run(key) and not self._matters(key[3:17]):
                continue
            found.extend(key + serial for serial in serials.split("\n"))
        return found

    def _matters(self, gtin: str) -> bool:
        known = self._reader.product(gtin)
        return self.routes.speaks_of(gtin) or (known is not None and known[1])  # a case holds what lanes are about

    def judge(self, things: Iterable[str], now: int, fresh: Iterable[int] = ()) -> dict[str, Judged]:
        """Judge these things, and the containers around them, which their contents tell something about.

        What was sent or received together is judged together: ``fresh`` are the events that are new, and what they
        say of one thing may tell something of another.
        """
        keys = set(things)
        ways = self._ways(keys, changed=True)
        # Packs that a stranger told of hang on the moves of what they were in.
        if strays := self._strays.around({way.number for way in ways.values() if way.number}) - keys:
            ways.update(self._ways(strays, changed=True))
        together = Together(self._reader, self.routes.parties, self._known_things, self._ways)
        ways.update(together.companions(ways, frozenset(fresh)))
        beside = OnTheWay(self._reader, self.routes)
        known: dict[int, Judged] = {}  # a thousand packs of one despatch share one way
        judged: dict[str, Judged] = {}
        for key, way in ways.items():
            alone = known.get(id(way))
            if alone is None:
                moved = self.routes.judge(way.moves, way.gtins, now) if way.gtins else Judged()
                alone = known[id(way)] = merged(moved, beside.judge(way, now))
            judged[key] = merged(alone, together.judge(key, way, self.routes, now))
            if way.around and key in self._strays:
                self._strays.put(key, way.around)
        return judged

    def moves_of_pack(self, key: str) -> list[Move]:
        """Give the moves of a pack, and of all that it was ever in."""
        way = self._ways({key}, changed=False).get(key)
        return self.moves_of_way(way) if way is not None else []

    def moves_of_way(self, way: Way) -> list[Move]:
        """Give the moves of a thing, and of all that it was ever in."""
        return [*way.moves, *OnTheWay(self._reader, self.routes).moves_around(way)]

    def ways_of_packs(self, gtin: str, serials: Sequence[str]) -> dict[str, Way]:
        """Give the ways of packs of any product, by their canonical identifiers."""
        known = self._reader.product(gtin)
        ways: dict[str, Way] = {}
        for at in range(0, len(serials) if known is not None else 0, SERIALS_AT_ONCE):
            assert known is not None, "there is a product"
            ways.update(self._read_packs(known[0], gtin, serials[at : at + SERIALS_AT_ONCE]))
        return ways

    def _ways(self, keys: set[str], *, changed: bool) -> dict[str, Way]:
        """Give the ways of these things and of the containers around them; ``changed``: they have new events."""
        containers: dict[int, str] = {}
        loose: dict[str, list[str]] = defaultdict(list)
        numbers = self._reader.container_ids(keys)
        for key in keys:
            if key in numbers:
                containers[numbers[key]] = key
            elif is_package(key):
                loose[key[3:17]].append(key[21:])
        ways = self._containers(containers, changed=changed)
        for gtin, serials in loose.items():
            for at in range(0, len(serials), SERIALS_AT_ONCE):
                ways.update(self._packs(gtin, serials[at : at + SERIALS_AT_ONCE]))
        return ways

    # -- containers ------------------------------------------------------------------------------------------------

    def _containers(self, keys: dict[int, str], *, changed: bool) -> dict[str, Way]:
        if not keys:
            return {}
        histories = self._reader.histories(keys)  # of all that they were ever in, too
        if changed:
            for number in keys:
                self._contents.forget(number, histories)
        rows = self._reader.containers(histories)
        moves = {
            number: moves_of(steps, self._authority, issued_as(rows[number].key)) for number, steps in histories.items()
        }
        told = {
            number
            for number, steps in histories.items()
            if moves[number] or any(contents.says_contents(step) for step in steps)
        }
        products = self._contents.of(told, histories)
        return {
            rows[number].key: Way(
                issued_as(rows[number].key), steps, moves[number], products.get(number, frozenset()), self._authority,
                number, histories, moves,
            )
            for number, steps in histories.items()
        }  # fmt: skip

    # -- loose packs -----------------------------------------------------------------------------------------------

    def _packs(self, gtin: str, serials: Sequence[str]) -> dict[str, Way]:
        known = self._reader.product(gtin)
        if known is None or not self.routes.speaks_of(gtin):
            return {}
        return self._read_packs(known[0], gtin, serials)

    def _read_packs(self, product: int, gtin: str, serials: Sequence[str]) -> dict[str, Way]:
        units = self._reader.units_of(product, serials)
        found = self._reader.unit_parts(product, units.values())
        groups: dict[Any, list[str]] = defaultdict(list)
        for serial, part in found.items():
            groups[part].append(serial)
        every = list({each for part in groups for each in part})
        steps = dict(zip(every, self._reader.steps(every), strict=True))
        ways: dict[str, Way] = {}
        for part, members in groups.items():
            own = [steps[each] for each in part]
            way = Way(gtin, own, moves_of(own, self._authority, gtin), frozenset((gtin,)), self._authority)
            ways.update(dict.fromkeys((f"01/{gtin}/21/{serial}" for serial in members), way))
        return ways


class Contents:
    """What was ever put into containers, by product; remembered while nobody says more of them."""

    def __init__(self, reader: Reader) -> None:
        """Ask one reader."""
        self._reader = reader
        self._products: dict[int, frozenset[str]] = {}

    def forget(self, number: int, histories: dict[int, list[Step]]) -> None:
        """Forget what is known of the contents of a container and of all around it."""
        waiting = [number]
        seen: set[int] = set()
        while waiting:
            inner = waiting.pop()
            if inner not in seen:
                seen.add(inner)
                self._products.pop(inner, None)
                waiting.extend(step.parent for step in histories.get(inner, ()) if step.role == Role.CHILD)

    def of(self, wanted: set[int], histories: dict[int, list[Step]]) -> dict[int, frozenset[str]]:
        """Give the products of all that was ever put into these, directly or not; level by level, many at once."""
        if len(self._products) > REMEMBERED_MAX:
            self._products.clear()
        found: dict[int, set[str]] = {}
        inner: dict[int, set[int]] = {}
        known = dict(histories)
        level = {number for number in wanted if number not in self._products}
        while level:
            missing = level - known.keys()
            if missing:
                known.update(self._reader.histories(missing))
            packings = {step.event: number for number in level for step in known[number] if _packs(step)}
            insides: dict[int, set[str]] = defaultdict(set)
            for number in level:
                found[number], inner[number] = set(), set()
            for body in self._reader.event_bodies(packings):
                number = packings[body.position]
                for key, serials in parts(body.canonical)[1][_CHILDREN]:
                    if is_package_run(key):
                        found[number].add(key[3:17])
                        product = self._reader.product(key[3:17])
                        if product is None or not product[1]:
                            continue
                    insides[number].update(key + serial for serial in serials.split("\n"))
            ids = self._reader.container_ids({key for keys in insides.values() for key in keys})
            for number, keys in insides.items():
                inner[number] = {ids[key] for key in keys if key in ids}
            level = {n for numbers in inner.values() for n in numbers if n not in found and n not in self._products}
        return {number: self._gathered(number, found, inner) for number in wanted}

    def _gathered(self, number: int, found: dict[int, set[str]], inner: dict[int, set[int]]) -> frozenset[str]:
        whole: set[str] = set()
        waiting, seen = [number], set[int]()
        while waiting:
            here = waiting.pop()
            if here in seen:
                continue
            seen.add(here)
            if here in found:
                whole |= found[here]
                waiting.extend(inner[here])
            else:
                whole |= self._products.get(here, frozenset())
        answer = self._products[number] = frozenset(whole)
        return answer


def products_inside(reader: Reader, keys: Iterable[str]) -> set[str]:
    """Give the products of all that was ever put into these containers."""
    ids = reader.container_ids(keys)
    histories = reader.histories(ids.values())
    found = Contents(reader).of(set(ids.values()), histories)
    return {gtin for gtins in found.values() for gtin in gtins}


def is_package(key: str) -> bool:
    """Tell whether a canonical identifier is a trade item with a serial."""
    return len(key) > 21 and is_package_run(key[:21])


def is_package_run(key: str) -> bool:
    """Tell whether a run's shared start is that of a trade item with serials."""
    return len(key) == 21 and key.startswith("01/") and key.endswith("/21/")


def runs_of(canonical: bytes, *, children: bool = False) -> list[list[str]]:
    """Give the identifiers of an event, or its children, as runs."""
    return parts(canonical)[1][_CHILDREN if children else _EPCS]


def lists_of(canonical: bytes) -> tuple[str, list[list[str]], list[list[str]]]:
    """Give what an event is about, as runs: its parent, its identifiers (taken in and given out too), its children."""
    fields, lists = parts(canonical)
    runs = [run for at, some in enumerate(lists) if at != _CHILDREN for run in some]
    return fields.get("parent", ""), runs, lists[_CHILDREN]


def _packs(step: Step) -> bool:
    return step.role == Role.PARENT and step.kind == AGGREGATION and step.action == "ADD" and not step.voided
