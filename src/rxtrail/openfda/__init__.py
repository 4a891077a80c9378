"""What openFDA publishes of products, read from its files or its API: the NDC directory, labels, shortages.

Enforcement reports are only asked for here: whoever asks opens them as recalls.

A table of products, and what is shown beside a verdict: boxed warnings, what is new in a label, what one pack's label
says of another pack in the same basket, shortages. Nothing of it ever changes a verdict or a reason.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

import msgspec

from rxtrail.core.gs1.digital_link import GTIN_LENGTHS
from rxtrail.core.gs1.scan import read_scan
from rxtrail.core.rules.safety import LABEL_ADVICE, SafetyNote
from rxtrail.errors import BadRequest, BadScan, NotFound
from rxtrail.openfda import polling
from rxtrail.openfda.baskets import NotLookedAt, interactions, member_of
from rxtrail.openfda.beside import SHOWN, Beside
from rxtrail.openfda.loading import Loading, LoadReport, dataset_of
from rxtrail.openfda.polling import PollOrder, PollReport
from rxtrail.openfda.reading import FileCut
from rxtrail.openfda.rows import gtin_of, key_of
from rxtrail.openfda.shelf import FILE, Shelf, writing
from rxtrail.openfda.values import Dataset, FdaProduct, Label, Shortage
from rxtrail.outbound import Unreachable
from rxtrail.record.times import iso

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from typing import BinaryIO

    from rxtrail.core.rules.answer import Verdict
    from rxtrail.openfda.polling import Page

__all__ = [
    "FILE",
    "Basket",
    "Dataset",
    "FdaProduct",
    "FileCut",
    "LoadReport",
    "LoadedFile",
    "NotLookedAt",
    "OpenFda",
    "OpenFdaStatus",
    "PollOrder",
    "PollReport",
    "ProductSafety",
    "SafetyNote",
]

Counts = tuple[int, int, int]  # of a page: its records, how many of them were kept, and how many did not fit
BASKET_MAX: Final = 50
FIND_MAX: Final = 1_000


class LoadedFile(msgspec.Struct, frozen=True, gc=False):
    """A file, or a page of the API, that was loaded."""

    dataset: str
    name: str
    loaded_at: str
    records: int
    faults: int


class OpenFdaStatus(msgspec.Struct, frozen=True, gc=False):
    """What was loaded of openFDA, and whether it is shown beside verdicts."""

    shown: bool
    products: int = 0
    labels: int = 0
    shortages: int = 0
    files: list[LoadedFile] = []


class ProductSafety(msgspec.Struct, frozen=True, gc=False):
    """What public files say of one product; ``labels`` with their whole text, the newest, without ``labels_older``."""

    gtin: str
    product: FdaProduct | None
    notes: list[SafetyNote]
    labels: list[Label]
    shortages: list[Shortage]
    labels_older: int = 0
    advice: str = LABEL_ADVICE


class Basket(msgspec.Struct, frozen=True, gc=False):
    """What the labels of some packs say of each other; ``without_label`` are those of whom no label is here.

    ``not_looked_at`` tells what else was not looked at: that no interaction is listed says nothing of it.
    """

    interactions: list[SafetyNote]
    without_label: list[str]
    not_looked_at: list[NotLookedAt] = []
    advice: str = LABEL_ADVICE


class OpenFda:
    """The use case; safe to use from several threads."""

    def __init__(
        self,
        folder: Path,
        *,
        now_us: Callable[[], int],
        today: Callable[[], datetime.date],
        seconds: Callable[[], float],
    ) -> None:
        """Take DATA and the clocks."""
        self._folder, self._now_us, self._today, self._seconds = folder, now_us, today, seconds
        self._here = threading.local()
        self._opened: list[Beside] = []
        self._opening = threading.Lock()

    def close(self) -> None:
        """Let the file go."""
        with self._opening:
            for beside in self._opened:
                beside.close()

    # -- beside a verdict ------------------------------------------------------------------------------------------

    def beside(self, verdict: Verdict) -> Verdict:
        """Put beside a verdict what is known of its product; the verdict itself and its reasons stay as they are.

        A product that the record has no name for gets that of the NDC directory.
        """
        beside = self._beside()
        if not beside.shown:
            return verdict
        pack = verdict.pack
        if not pack.gtin:
            return msgspec.structs.replace(verdict, safety=[])
        known = beside.of(pack.gtin)
        if not pack.product and known.product is not None:
            pack = msgspec.structs.replace(pack, product=known.product.name)
        return msgspec.structs.replace(verdict, pack=pack, safety=known.notes)

    def notes(self, gtin: str) -> list[SafetyNote]:
        """Give the notes of a product, none when they are not to be shown."""
        beside = self._beside()
        return beside.of(gtin).notes if beside.shown else []

    def safety(self, gtin: str) -> ProductSafety:
        """Give everything that is known of a product.

        :raises NotFound: nothing is.
        """
        gtin, beside = gtin.zfill(14), self._beside()
        found, notes = beside.whole(gtin), beside.of(gtin).notes
        if found.product is None and not found.labels and not found.shortages:
            raise _missing(gtin)
        return ProductSafety(gtin, found.product, notes, found.labels, found.shortages, found.older)

    def basket(self, gtins: Iterable[str]) -> Basket:
        """Tell where the label of one pack names an active ingredient of another.

        :raises BadRequest: there are too many.
        """
        wanted = list(dict.fromkeys(gtin.zfill(14) for gtin in gtins))
        if len(wanted) > BASKET_MAX:
            raise BadRequest(f"a basket has at most {BASKET_MAX} products", place="gtins")
        beside = self._beside()
        members = [member_of(gtin, beside.whole(gtin)) for gtin in wanted]
        notes, gaps = interactions(members)
        return Basket(notes, [member.gtin for member in members if not member.has_label], gaps)

    def named(self, code: str) -> str:
        """Give the GTIN-14 that a scan, a GTIN or an NDC with hyphens names.

        :raises BadScan: it names none.
        """
        text = code.strip()
        known = gtin_of(key_of(text))
        if known or (text.isascii() and text.isdecimal() and len(text) in GTIN_LENGTHS):
            return known or text.zfill(14)
        gtin = read_scan(code, this_year=self._today().year).gtin
        if not gtin:
            raise BadScan(
                f"{code[:80]!r} names no product", place="code", advice="Scan the pack, or give its GTIN or NDC."
            )
        return gtin

    # -- products --------------------------------------------------------------------------------------------------

    def product(self, code: str) -> FdaProduct:
        """Give the package of a GTIN or an NDC with hyphens; raises ``NotFound``."""
        gtin = gtin_of(key_of(code)) or code.zfill(14)
        found = self._beside().of(gtin).product
        if found is None:
            raise _missing(code)
        return found

    def find(self, words: str, limit: int = 20) -> list[FdaProduct]:
        """Give packages whose brand or generic name holds these words."""
        shelf = self._beside().shelf
        return [] if shelf is None else shelf.find(words, min(limit, FIND_MAX))

    def status(self) -> OpenFdaStatus:
        """Tell what was loaded."""
        beside = self._beside()
        shelf = beside.shelf
        if shelf is None:
            return OpenFdaStatus(shown=False)
        files = [
            LoadedFile(dataset, name, iso(at), records, faults) for dataset, name, at, records, faults in shelf.loaded()
        ]
        return OpenFdaStatus(beside.shown, *shelf.counts(), files)

    # -- changes ---------------------------------------------------------------------------------------------------

    def load(
        self, dataset: str, files: Iterable[tuple[str, Callable[[], BinaryIO]]], *, replace: bool = False
    ) -> LoadReport:
        """Load files of one dataset, all or none; with ``replace`` what they do not hold is forgotten.

        :raises FileCut: a file is cut, damaged or another one; with the place.
        :raises Busy: somebody else is loading.
        """
        kind = dataset_of(dataset)
        with writing(self._folder) as shelf:
            loading = Loading(shelf, kind, self._now_us())
            for name, open_file in files:
                with open_file() as stream:
                    counts = loading.file(stream, name)
                shelf.run("put_loaded", kind.value, name, self._now_us(), *counts)
            forgotten = loading.forget_others() if replace else 0
            report = loading.report(forgotten)
        self._changed()
        return report

    def poll(
        self, dataset: str, order: PollOrder, *, told: Callable[[int, int], None] = lambda _records, _total: None
    ) -> PollReport:
        """Ask openFDA's API for all records of a search, from where a call before stopped; each page is kept whole.

        ``told`` is told how many records came, of how many.

        :raises Unreachable: openFDA does not answer; the next call goes on.
        :raises Refused: openFDA does not take the question.
        """
        kind = dataset_of(dataset)

        def take(page: Page) -> Callable[[Shelf], Counts]:
            def keep(shelf: Shelf) -> Counts:
                loading = Loading(shelf, kind, self._now_us())
                report = polling.load_page(loading, page, _name_of(order))
                return report.records, report.kept, report.faults

            return keep

        return self._asked(kind.value, order, take, told)

    def poll_reports(
        self,
        order: PollOrder,
        take: Callable[[bytes], Counts],
        *,
        told: Callable[[int, int], None] = lambda _records, _total: None,
    ) -> PollReport:
        """Ask openFDA's API for enforcement reports, from where a call before stopped.

        ``take`` is given each page, keeps its reports durably and counts them: all, those that were new, and those
        that did not fit. Only then is it noted that the page came: a page may come twice, and never not at all. When
        there are other reports than when the call before stopped, it is begun anew.

        :raises Unreachable: openFDA does not answer, or with fewer reports than it says; the next call goes on.
        :raises Refused: openFDA does not take the question.
        """

        def take_page(page: Page) -> Callable[[Shelf], Counts]:
            counts = take(page.body)
            return lambda _shelf: counts

        return self._asked(polling.ENFORCEMENT, order, take_page, told, is_whole=True)

    def _asked(
        self,
        dataset: str,
        order: PollOrder,
        take: Callable[[Page], Callable[[Shelf], Counts]],
        told: Callable[[int, int], None],
        *,
        is_whole: bool = False,
    ) -> PollReport:
        """Ask for page after page, each kept with where it goes on; with ``is_whole`` nothing may be missing."""
        query, resumed, total = self._where(dataset, order)
        pages = records = kept = faults = anew = 0
        while query:
            page = polling.fetch(dataset, order, query)
            if is_whole and polling.has_moved(query, total, page):
                if anew == polling.BEGUN_ANEW_MAX:
                    raise Unreachable("openFDA's list of reports is changing while it is read", sent=True)
                query, resumed, records, anew = polling.first_query(order), 0, 0, anew + 1
                total = 0
                continue
            total = page.total
            keep = take(page)
            with writing(self._folder) as shelf:
                counts = keep(shelf)
                noted = "add_loaded" if resumed + records else "put_loaded"  # what came of one asking is one file
                shelf.run(noted, dataset, _name_of(order), self._now_us(), counts[0], counts[2])
                pages, records, kept, faults = pages + 1, records + counts[0], kept + counts[1], faults + counts[2]
                come = resumed + records
                shelf.run("put_cursor", dataset, order.search, page.next, come, total, self._now_us())
            self._changed()
            query = page.next
            if is_whole and not query and come < total:
                raise Unreachable(f"openFDA gave {come:,} of {total:,} reports", sent=True)
            told(come, total)
        return PollReport(dataset, order.search, pages, records, resumed, total, kept, faults)

    def show(self, *, shown: bool) -> OpenFdaStatus:
        """Say whether anything is shown beside verdicts."""
        with writing(self._folder) as shelf:
            shelf.run("put_setting", SHOWN, "on" if shown else "off")
        self._changed()
        return self.status()

    def _where(self, dataset: str, order: PollOrder) -> tuple[str, int, int]:
        """Tell what is asked next, how many records came before it, and of how many."""
        first = polling.first_query(order)
        self._changed()
        shelf = self._beside().shelf
        cursor = shelf.cursor(dataset, order.search) if shelf is not None and not order.restart else None
        return cursor[:3] if cursor is not None and cursor[0] else (first, 0, 0)

    def _beside(self) -> Beside:
        beside: Beside | None = getattr(self._here, "beside", None)
        if beside is None:
            beside = self._here.beside = Beside(self._folder, seconds=self._seconds, today=self._today)
            with self._opening:
                self._opened.append(beside)
        return beside

    def _changed(self) -> None:
        with self._opening:
            for beside in self._opened:
                beside.look_again()


def _name_of(order: PollOrder) -> str:
    return f"api: {order.search or 'all'}"


def _missing(code: Any) -> NotFound:  # noqa: ANN401 (whatever was asked for)
    return NotFound(
        f"openFDA's files say nothing of {str(code)[:40]!r}",
        place="gtin",
        advice="See what was loaded: rxtrail openfda status.",
    )
