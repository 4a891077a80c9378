"""Reports of a file or of an authority's API, sorted before they are opened: what is new here, what was known.

Such files come again and again, whole. A report that was opened before and says nothing more is left alone, also when
its recall was lifted here since: who lifted it had read it. One that says more than before (another class, other lots,
further products) is opened beside what there is, so that what it adds holds too.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.rules.recall import COUNTERFEIT, DEPTHS
from rxtrail.errors import BadRequest, Refused
from rxtrail.recalls.notice import CUT_CHARACTERS, Report, asked_of
from rxtrail.recalls.values import GTINS_MAX, NOTICE_CHARACTERS_MAX, AskedRecall, RecallCommand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rxtrail.core.rules.recall import Recall, Scope

AT_ONCE: Final = 100  # reports in one transaction
TRIES_MAX: Final = 5


class Incoming(msgspec.Struct, frozen=True, gc=False):
    """Reports sorted: ``fresh`` are to be opened, ``changed`` of them say more than when they were opened before.

    ``lifted`` are known too, and were withdrawn here; a report of more products than a recall can name is several of
    ``fresh``. ``reports`` counts all of them, ``of_products_on_record`` those of ``fresh`` that name such a product;
    ``standing`` are the recalls of those that are known and not lifted.
    """

    fresh: list[AskedRecall]
    reports: int
    known: int
    lifted: int
    changed: int
    of_products_on_record: int
    standing: list[str] = []


class NoticesReport(msgspec.Struct, frozen=True, gc=False):
    """What became of reports: ``known`` were opened before, ``lifted`` of these were withdrawn here since.

    ``changed`` of those that were ``opened`` say more than before; ``review`` wait to be read by a person.
    """

    reports: int = 0
    known: int = 0
    lifted: int = 0
    opened: int = 0
    changed: int = 0
    review: int = 0
    of_products_on_record: int = 0

    def and_(self, more: NoticesReport) -> NoticesReport:
        """Add those of another page."""
        both = zip(msgspec.structs.astuple(self), msgspec.structs.astuple(more), strict=True)
        return NoticesReport(*(one + other for one, other in both))


def open_fresh(
    found: Incoming,
    by: str,
    act: Callable[[RecallCommand], Recall],
    again: Callable[[list[AskedRecall]], Incoming],
    told: Callable[[int, int], None] = lambda _done, _in_all: None,
) -> NoticesReport:
    """Open what is fresh in groups, each whole or not at all; ``told`` is told how many were opened, of how many.

    A group of which somebody else has opened some meanwhile is sorted ``again``: those are known now.
    """
    asked = found.fresh
    opened = review = done = 0
    for group in _groups(asked):
        done += len(group)
        for attempt in range(TRIES_MAX):
            try:
                if group:
                    act(RecallCommand("open", by, asked=group[0], more=group[1:]))
            except Refused as same:
                if same.place != "number" or attempt + 1 == TRIES_MAX:
                    raise
                group = again(group).fresh  # noqa: PLW2901 (what is left of it)
            else:
                break
        opened += len(group)
        review += sum(bool(each.doubts) for each in group)
        told(done, len(asked))
    known = found.known + len(asked) - opened
    return NoticesReport(
        found.reports, known, found.lifted, opened, min(opened, found.changed), review,
        min(opened, found.of_products_on_record),
    )  # fmt: skip


def _groups(asked: list[AskedRecall]) -> Iterator[list[AskedRecall]]:
    """Give groups for one transaction each; the parts of one report are opened together, or none of them is."""
    group: list[AskedRecall] = []
    for each in asked:
        if len(group) >= AT_ONCE and group[-1].number != each.number:
            yield group
            group = []
        group.append(each)
    if group:
        yield group


def sort_out(
    wanted: Iterable[AskedRecall],
    known: Callable[[str], list[Recall]],
    scope_of: Callable[[AskedRecall], Scope],
    is_on_record: Callable[[list[str]], bool],
) -> Incoming:
    """Sort reports; ``known`` gives the recalls of an authority's number, ``scope_of`` refuses what is not whole."""
    fresh: dict[tuple[str, ...], AskedRecall] = {}
    standing: list[str] = []
    reports = before = lifted = changed = 0
    for told in wanted:
        reports += 1
        asked = told if told.number else msgspec.structs.replace(told, number=_numbered(told))
        asked = _read_by_a_person(asked, scope_of)
        there = known(asked.number)
        same = told_before(asked, asked.gtins, there)
        key = _key(asked)
        if same or key in fresh:
            before += 1
            lifted += bool(same) and all(each.state == "withdrawn" for each in same)
            standing += [each.id for each in same if each.state != "withdrawn"]
            continue
        changed += bool(there)
        fresh[key] = asked
    parts = [part for asked in fresh.values() for part in _parts(asked)]
    mine = sum(is_on_record(part.gtins) for part in parts)
    return Incoming(parts, reports, before, lifted, changed, mine, standing)


def _numbered(asked: AskedRecall) -> str:
    """Give a number to a report that has none, the same each time that it comes."""
    return f"no number {hashlib.sha256(asked.notice.encode()).hexdigest()[:16]}"


def _read_by_a_person(asked: AskedRecall, scope_of: Callable[[AskedRecall], Scope]) -> AskedRecall:
    """Have a person read a report that names no packs as a recall must: it refuses none of those beside it."""
    if asked.doubts:
        return asked
    try:
        for part in _parts(asked):
            scope_of(part)
    except BadRequest as wrong:
        return msgspec.structs.replace(asked, doubts=[wrong.message])
    return asked


def told_before(asked: AskedRecall, gtins: list[str], there: Iterable[Recall]) -> list[Recall]:
    """Give the recalls of its number to which a report of these products adds nothing.

    What a person made of the same words stands. Of what nobody has read, the same words say more than before when they
    are read otherwise now, or of further products; and other words that leave a doubt say more, though the lots that
    were read are the same. A recall that reaches less far, or is of a weaker kind, does not say it all.
    """
    found: list[Recall] = []
    unread: list[Recall] = []
    for recall in there:
        if asked.classification != recall.classification or _holds_nothing(asked, recall):
            continue
        is_text = _is_same_text(asked, recall)
        if is_text and _was_read(recall):
            found.append(recall)
        elif _reaches_as_far(asked, recall):
            if is_text and (recall.doubts or (_reads_alike(asked, recall.scope) and not asked.doubts)):
                unread.append(recall)
            elif not is_text and gtins == recall.scope.gtins and _says_the_same(asked, recall):
                found.append(recall)
    # A report of very many products is several recalls of one text.
    if unread and {*gtins}.issubset(gtin for recall in unread for gtin in recall.scope.gtins):
        found += unread
    return found


def _says_the_same(asked: AskedRecall, recall: Recall) -> bool:
    """Tell whether other words leave nothing to be read beyond a recall of the same products."""
    waits = recall.state == "review"
    # Of what a hub sent its words are not here; they are read there, as long as they wait.
    is_clear = waits if recall.hub and asked.doubts else not (asked.doubts or waits)
    return is_clear and _reads_alike(asked, recall.scope)


def _reads_alike(asked: AskedRecall, scope: Scope) -> bool:
    return (asked.lots, asked.serials, asked.all_lots, asked.expires, asked.made) == (
        scope.lots, scope.serials, scope.all_lots, scope.expires, scope.made
    )  # fmt: skip


def _holds_nothing(asked: AskedRecall, recall: Recall) -> bool:
    """Tell whether a recall stops no pack and nobody has read it as a notice: a draft, also one that was withdrawn.

    What would be issued here is only a draft itself, and one that is there already is enough.
    """
    if asked.source == "issued":
        return False
    if recall.state != "withdrawn" or recall.live_since:
        return recall.state == "draft"
    if recall.hub:  # which sends no draft, but tells that one was withdrawn
        return not any(step.what == "review at the hub" for step in recall.history)
    return recall.source == "issued"


def _reaches_as_far(asked: AskedRecall, recall: Recall) -> bool:
    """Tell whether a recall stops packs wherever a report would, and as hard."""
    reached = DEPTHS[: DEPTHS.index(recall.depth) + 1] if recall.depth in DEPTHS else ()
    return asked.depth in reached and recall.kind in (asked.kind, COUNTERFEIT)


def _is_same_text(asked: AskedRecall, recall: Recall) -> bool:
    """Tell whether a report says in the same words what a recall's notice said, of no further product."""
    if not asked.notice or not recall.notice:
        return False
    if asked.notice == recall.notice:
        # One of an earlier version was cut and told nothing of its rest: what is as long may go on otherwise.
        return len(recall.notice) < NOTICE_CHARACTERS_MAX or "SHA-256" in recall.notice[-CUT_CHARACTERS:]
    before = _report_of(recall.notice)
    now = _report_of(asked.notice)
    if before is None or now is None or _plain(before) != _plain(now):
        return False
    return set(asked.gtins) <= set(asked_of(before).gtins)


def _was_read(recall: Recall) -> bool:
    """Tell whether a person has said what the notice means, or lifted it."""
    return any(step.what in ("confirmed", "approved", "withdrawn") for step in recall.history)


def _report_of(notice: str) -> Report | None:
    try:
        return msgspec.json.decode(notice, type=Report)
    except msgspec.DecodeError:
        return None  # it was typed in or cut, or is no JSON


def _plain(report: Report) -> str:
    return " ".join(" ".join((report.product_description, report.code_info, report.more_code_info or "")).split())


def _key(asked: AskedRecall) -> tuple[str, ...]:
    """Give what makes two reports of one file the same: with a doubt also their words, which a person reads."""
    report = _report_of(asked.notice) if asked.doubts else None
    words = "" if not asked.doubts else asked.notice if report is None else _plain(report)
    scope = (asked.gtins, asked.lots, asked.all_lots, asked.serials, asked.expires, asked.made)
    weight = (asked.classification, asked.depth, asked.kind)
    return asked.number, *weight, words, repr(asked.doubts), repr(scope)


def _parts(asked: AskedRecall) -> list[AskedRecall]:
    """Give a report as recalls that name no more products than one can: nothing of it is left out."""
    gtins = asked.gtins
    return [
        msgspec.structs.replace(asked, gtins=gtins[first : first + GTINS_MAX])
        for first in range(0, max(1, len(gtins)), GTINS_MAX)
    ]
