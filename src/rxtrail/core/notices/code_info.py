"""Reading a recall's ``code_info``: which lots, with which expiry, of which presentation; and what was not understood.

Firms write this field as they like (openFDA drug enforcement, fields ``code_info`` and ``more_code_info``). The reader
is confident only when it understood every number in the text. What it did not understand is a *doubt*, and a notice
with a doubt goes to a person: it is never read as "no lots".
"""

from __future__ import annotations

import enum
import itertools
import re
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.notices.dates import MONTHS, of_element
from rxtrail.core.notices.words import IS_PACK_WORD, Piece, Sort, pieces, with_plain_hyphens

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXT_CHARS_MAX = 200_000
LOT_CHARS_MAX = 20  # GS1 General Specifications 3.4.1: AI (10) has at most 20 characters
DOUBTS_MAX = 20


_ELEMENTS = re.compile(r"\((\d{2,4})\)\s?([^\s()]+)", re.ASCII)
_GLUED = re.compile(r"(?<![\w/-])(\d{1,2}/(?:\d{1,2}/)?\d{2,4})-(?=\d{1,2}/\d)", re.ASCII)  # two dates, from and to
_LETTERS = re.compile(r"\d[A-Za-z]-[A-Za-z]$|-(?:on|up|onwards?)$", re.ASCII)  # 123A-F, A123-on
_WILD = re.compile(r"x{2,}$|x{3,}", re.IGNORECASE)
_ANY = re.compile(r"\d([a-z])\1+|\d[nx](?![a-z])|\d[a-z]{2,}")  # small letters in a code of capitals: A1nn, A12x
_TWICE = re.compile(r"\d([a-z])\1+")
_APART = re.compile(r"[\s'\"\u201c\u201d\u2018\u2019\u2022\xb7*#!]+")  # what parts the lots of a list
# What may stand right behind a lot; any other mark there may stand for more of them, as in A12%, A12_ and A12-.
_PARTS = re.compile(
    r"-+\s*(?=[^\s,;)-])|\.(?!\.)|[\[({](?!\s*[\])}])|[\s,;:)\]}<>'\"\u201d\u2019/|&=*#?!\u2012-\u2015\u2026\u2192\u21d2~]|\Z"
)
_INSIDE = re.compile(r"[-/_.+*]")
_HANGS = re.compile(r"\s*[-~_\u2012-\u2015\u2212]+\s*(?:[,;)]|\Z)|\s*!!")  # a dash that leads nowhere
_SEVERAL = re.compile(
    r"[a-z/]{0,8}[\s-]{0,3}(?:lots|batches|batch\(es\)|codes|units|lot\s?\(s\)|batch\s?\(s\)|"
    r"(?:lot|batch|control|ctrl|code|unit)s?\s*(?:(?:numbers|nos|codes|ids|id's)\b|#\s?'?s\b|"
    r"(?:number|no\.?|code|id)?\s?\(s\)))",
    re.IGNORECASE,
)
_SHORT = re.compile(r"(.*\d)([A-Z]*)([-/_@:.+*])(\d+)\2", re.ASCII)  # 12345-50, 12345A-50A
_DAY = re.compile(r"(?:0[1-9]|1[0-2])-?(?:[0-2]\d|3[01])-?20\d\d(?::\d+)?", re.ASCII)  # compounders: 05032022:35@1
_RUN = re.compile(r"\d+")
_MORE = frozenset(
    ("more", "other", "others", "on", "up", "over", "many", "plus", "further", "additional", "various", "several",
     "multiple", "following", "next", "rest", "remaining", "upward", "upwards", "downward", "downwards", "ff", "f",
     "continued", "cont", "contd", "continues")
)  # fmt: skip
_ENDS = re.compile(r"\(\s?[A-Za-z]\s?[-,;/&\u2010-\u2015)]")  # A123(A-F), A123(B): what a lot ends with, in short
_MARKS = re.compile(r"(?<![A-Za-z0-9(])(?:[A-Za-z]|\d{1,2})\)")  # a) or 1), which open nothing


_JOINS = (Sort.COMMA, Sort.AND, Sort.LOT)
_PARTED = (Sort.COMMA, Sort.CLAUSE, Sort.LOT, Sort.DATE, Sort.EXPIRY, Sort.OPEN, Sort.CLOSE)


class Kind(enum.Enum):
    """What a notice names."""

    LOTS = "lots"
    ALL_LOTS = "all_lots"
    RANGE = "range"
    UNPARSED = "unparsed"


class NamedLot(msgspec.Struct, frozen=True, gc=False):
    """One lot: in capitals, as lots are compared; ``expiry`` is ``YYYY-MM-DD``, ``YYYY-MM`` or None."""

    lot: str
    expiry: str | None = None
    groups: tuple[str, ...] = ()  # the letters or numbers of the presentations it is of; none: of all


class LotRange(msgspec.Struct, frozen=True, gc=False):
    """Lots from one to another, as written; a person says which lots lie between."""

    first: str
    last: str
    expiry: str | None = None
    groups: tuple[str, ...] = ()


class CodeInfo(msgspec.Struct, frozen=True, gc=False):
    """What was read. ``expiries`` are spans of expiry dates, ``made`` of days of making that limit what is meant."""

    kind: Kind
    lots: list[NamedLot]
    ranges: list[LotRange]
    expiries: list[tuple[str, str]]
    made: list[tuple[str, str]]
    ndcs: list[str]
    doubts: list[str]
    gtins: list[str] = []
    serials: list[tuple[str, str]] = []  # from one to another, or twice the same

    @property
    def confident(self) -> bool:
        """Tell whether it may be acted on before a person has read it."""
        return not self.doubts and self.kind in (Kind.LOTS, Kind.ALL_LOTS)

    @property
    def by_group(self) -> dict[str, list[str]]:
        """Give the lots of each presentation, where the text tells them apart."""
        found: dict[str, list[str]] = {}
        for lot in self.lots:
            for group in lot.groups:
                found.setdefault(group, []).append(lot.lot)
        return found


class _Open(msgspec.Struct):
    """A lot that may still get its expiry."""

    lot: str
    groups: tuple[str, ...]
    clause: int
    last: str = ""  # the other end of a range
    expiry: str | None = None
    dated: bool = False


def read_code_info(text: str) -> CodeInfo:
    """Read a ``code_info`` text; never raises."""
    return _Reading(text).read()


class _Reading:
    def __init__(self, text: str) -> None:
        self.text = _GLUED.sub(r"\1 - ", with_plain_hyphens(text[:TEXT_CHARS_MAX]))
        self.pieces = list(pieces(self.text))
        self.at = 0
        self.lots: list[_Open] = []
        self.open: list[_Open] = []
        self.groups: tuple[str, ...] = ()
        self.clause = 0
        self.mode = Sort.LOT
        self.labelled = False  # a word just before says that a lot follows
        self.ahead: str | None = None  # an expiry told before its lots
        self.ahead_used = False
        self.others = 0  # numbers of another sort in a row
        self.every = False
        self.nothing = False
        self.among = False  # the lots that are named are some of all
        self.ndcs: list[str] = []
        self.expiries: list[tuple[str, str]] = []
        self.made: list[tuple[str, str]] = []
        self.sold = False  # days of shipping or selling are told
        self.gtins: list[str] = []
        self.serials: list[tuple[str, str]] = []
        self.doubts: list[str] = []
        if len(text) > TEXT_CHARS_MAX:
            self._doubt(f"longer than {TEXT_CHARS_MAX:,} characters: the rest was not read")

    def read(self) -> CodeInfo:
        while self.at < len(self.pieces):
            self._take(self.pieces[self.at])
        self._compare_shapes()
        self._expect_a_label()
        self._expect_several()
        named = self._named()
        spans = [LotRange(each.lot, each.last, each.expiry, each.groups) for each in self.lots if each.last]
        if self.every:
            kind = Kind.ALL_LOTS
        elif spans or ((self.expiries or self.made or self.sold) and not named):
            kind = Kind.RANGE
            self._doubt("a range: somebody has to say which lots lie in it")
        elif named:
            kind = Kind.LOTS
        else:
            kind = Kind.UNPARSED
            self._doubt("no lot is named" if self.nothing or not self.text.strip() else "no lot was found in this text")
        if named and self.nothing:
            self._doubt("it says that lots are not known, and names some")
        if self.every and named and not self.among:
            self._doubt("all lots, and some of them by name: somebody has to say which are meant")
        if self.every and (self.expiries or self.made or self.sold):
            self._doubt("all lots of a span of time: somebody has to say which lots these are")
        if self.serials:
            self._doubt("serial numbers: somebody has to say whether only these packs are meant")
        return CodeInfo(
            kind, named, spans, self.expiries, self.made, self.ndcs, self.doubts[:DOUBTS_MAX], self.gtins, self.serials
        )

    # -- one piece -------------------------------------------------------------------------------------------------

    def _take(self, piece: Piece) -> None:
        self.at += 1
        labelled, self.labelled = self.labelled, False
        match piece.sort:
            case Sort.LOT:
                self.mode, self.labelled = Sort.LOT, True
            case Sort.EXPIRY if labelled:
                self.mode, self.labelled = Sort.LOT, True  # a heading: "Lot numbers and exp dates:"
            case Sort.EXPIRY | Sort.MADE | Sort.SOLD:
                self.mode = piece.sort
            case Sort.SERIAL:
                self.mode = Sort.SERIAL
            case Sort.GS1:
                self._element_string(piece)
            case Sort.OTHER:
                self.mode, self.others = Sort.OTHER, 0
            case Sort.ALL:
                self.every, self.mode = True, Sort.LOT
            case Sort.GROUP:
                self.groups = tuple(piece.value.split(","))
                self.open, self.ahead, self.mode = [], None, Sort.LOT
                self.clause += 1
            case Sort.DATE if labelled and self._next(Sort.EXPIRY) and " " not in self._written(piece):
                self._add(self._written(piece))  # compounders call a lot by its day: "Lot 10-12-2020, BUD 1/12/2021"
            case Sort.DATE:
                self._date(piece)
            case Sort.NDC:
                ndc = re.search(r"\d[\d-]+", piece.value)
                if ndc is not None and ndc[0] not in self.ndcs:
                    self.ndcs.append(ndc[0])
            case Sort.CODE:
                self._code(piece, labelled=labelled)
            case Sort.WORD:
                self._word(piece, labelled=labelled)
            case Sort.CLAUSE:
                self._end_clause(piece)
            case Sort.LIMIT:
                self._limit(piece)
            case Sort.NOTHING:
                self.nothing = True
            case Sort.COMMA | Sort.AND | Sort.OPEN | Sort.CLOSE | Sort.FROM | Sort.NOISE | Sort.THROUGH:
                if labelled and piece.sort is Sort.NOISE and self._may_be_lot(piece):
                    self._doubt(f"a lot, or a count? {self._around(piece)}")
                if (
                    self._goes_on_unread(piece)
                    or self._parts_a_span(piece)
                    or self._joins_nothing(piece)
                    or (piece.sort is Sort.FROM and piece.value[:4].lower() == "rang")
                ):
                    self._doubt(f"a span of lots that was not understood: {self._around(piece)}")
                self.labelled = labelled and piece.sort is not Sort.NOISE

    def _end_clause(self, piece: Piece) -> None:
        before = self.pieces[self.at - 2] if self.at > 1 else None
        if piece.value == ";" or before is None or before.sort is not Sort.COMMA:
            self.clause += 1
            if self.ahead_used:
                self.ahead, self.ahead_used = None, False
            if self.mode is Sort.OTHER:
                self.mode = Sort.LOT

    def _limit(self, piece: Piece) -> None:
        if piece.value.lower().startswith("not limited"):
            self.among = True
            return  # "including but not limited to lots": all of them, and some are named
        self._doubt(f"a limit that only a person can read: {self._around(piece)}")

    # -- dates -----------------------------------------------------------------------------------------------------

    def _date(self, piece: Piece) -> None:
        through = self._next(Sort.THROUGH) or (self._after_from() and self._next(Sort.AND))
        if through and self.at + 1 < len(self.pieces) and self.pieces[self.at + 1].sort is Sort.DATE:
            last = self.pieces[self.at + 1]
            self.at += 2
            if self.mode is Sort.SOLD:
                self.sold = True
            else:
                (self.made if self.mode is Sort.MADE else self.expiries).append((piece.value, last.value))
            return
        if self._next(Sort.THROUGH) and self._next(Sort.CODE, further=1):
            self._doubt(f"a span of time that is not whole: {self._around(piece)}")
        if self.mode in (Sort.MADE, Sort.SOLD):
            if self.every and self.mode is Sort.MADE:
                self.made.append((piece.value, piece.value))
            self.sold = self.sold or self.mode is Sort.SOLD
            self.mode = Sort.LOT  # when it was made or sold does not change which lot it is
            return
        dates = [piece, *self._further_dates()]
        told = self.mode is Sort.EXPIRY
        self.mode = Sort.LOT
        if not all(date.sure for date in dates):
            self._doubt(f"a date that can be read in two ways: {self._around(piece)}")
        here = [each for each in self.open if each.clause == self.clause] or self.open
        if not here:
            self._date_ahead(dates, told=told)
        elif len(dates) == 1 or len({date.value for date in dates}) == 1:
            self._give(here, [piece.value] * len(here))
        elif len(dates) == len(here):
            self._give(here, [date.value for date in dates])
        else:
            self._give(here, [None] * len(here))
            self._doubt(f"{len(dates)} dates for {len(here)} lots: {self._around(piece)}")
        self.open = [each for each in self.open if not each.dated]

    def _further_dates(self) -> list[Piece]:
        """Take the dates that follow with nothing but marks between: one for each lot before them."""
        found: list[Piece] = []
        look = self.at
        while look < len(self.pieces):
            piece = self.pieces[look]
            if piece.sort is Sort.DATE:
                found.append(piece)
                self.at = look + 1
            elif piece.sort not in (Sort.COMMA, Sort.AND, Sort.EXPIRY):
                break
            look += 1
        return found

    def _date_ahead(self, dates: list[Piece], *, told: bool) -> None:
        if len(dates) == 1 and (told or self._next_is_lot()):
            self.ahead, self.ahead_used = dates[0].value, False
        else:
            self._doubt(f"a date that belongs to no lot: {self._around(dates[0])}")

    def _next_is_lot(self) -> bool:
        return any(piece.sort in (Sort.CODE, Sort.LOT) for piece in self.pieces[self.at : self.at + 3])

    @staticmethod
    def _give(lots: list[_Open], dates: Sequence[str | None]) -> None:
        for each, date in zip(lots, dates, strict=True):
            each.expiry, each.dated = date, True

    # -- codes -----------------------------------------------------------------------------------------------------

    def _code(self, piece: Piece, *, labelled: bool) -> None:
        if self.mode is Sort.OTHER:
            self.others += 1
            if self.others > 1:
                self._doubt(f"numbers of another sort, or lots? {self._around(piece)}")
            return
        if self.mode is Sort.SERIAL:
            through = self._next(Sort.THROUGH) and self._next(Sort.CODE, further=1)
            end = self.pieces[self.at + 1] if through else piece
            self.at += 2 if through else 0
            self.serials.append((piece.value, end.value))
            return
        if self._is_open_ended(piece):
            self._doubt(f"a mark that may stand for more than one lot: {self._around(piece)}")
        if self._closes_alone(piece):
            self._doubt(f"a bracket that belongs to nothing: {self._around(piece)}")
        if self.at > 1 and self.pieces[self.at - 2].sort is Sort.WORD and len(self.pieces[self.at - 2].value) > 1:
            self._doubt(f"a number in a sentence: {self._around(piece)}")
        if self.mode in (Sort.EXPIRY, Sort.MADE, Sort.SOLD):
            if not (self._listed(piece.value) or labelled):
                self._doubt(f"no date where one was announced: {self._around(piece)}")
            self.mode = Sort.LOT
        if self._is_number_in_words(piece, labelled=labelled):
            self._doubt(f"a number that was not understood: {self._around(piece)}")
            return
        if self._next(Sort.THROUGH) and self._range_end() is not None:
            last = self.pieces[self._range_end() or 0]
            self.at = (self._range_end() or 0) + 1
            self._add(piece.value, last=last.value)
            return
        if self._after_from() and self._next(Sort.AND) and self._next(Sort.CODE, further=1):
            self._add(piece.value, last=self.pieces[self.at + 1].value)
            self.at += 2
            return
        if self._has_no_end():
            self._doubt(f"a span of lots that has no end: {self._around(piece)}")
        halves = _halves(piece.value)
        if halves is not None:
            self._add(halves[0], last=halves[1] if "-" in piece.value else "")
            if "/" in piece.value:
                self._add(halves[1])
            return
        if _is_abridged(piece.value) or _is_span(piece.value):
            self._doubt(f"one lot, or several written in short? {self._around(piece)}")
        self._add(piece.value)
        self.labelled = False

    def _range_end(self) -> int | None:
        """Find the code that ends a range which begins before the mark at hand: ``to lot 123``."""
        look = self.at + 1
        while look < len(self.pieces) and self.pieces[look].sort in (Sort.LOT, Sort.COMMA, Sort.THROUGH):
            look += 1
        found = look < len(self.pieces) and self.pieces[look].sort is Sort.CODE
        return look if found else None

    def _is_number_in_words(self, piece: Piece, *, labelled: bool) -> bool:
        """Tell whether a short number stands in a sentence, where it may count anything."""
        text = piece.value
        if labelled or self._listed(text):
            return False
        return len(text) <= 3 and text.isdigit()

    def _listed(self, text: str) -> bool:
        """Tell whether the lot before looks like this one, so that both are of one list."""
        return bool(self.lots) and _shape(self.lots[-1].lot) == _shape(text)

    def _word(self, piece: Piece, *, labelled: bool) -> None:
        """Read a word without a digit: a lot only where a label stands right before and it is written in capitals."""
        follows = self.pieces[self.at].sort if self.at < len(self.pieces) else Sort.CLAUSE
        if self._means_more(piece):
            self._doubt(f"more lots than are named: {self._around(piece)}")
            return
        alone = follows in (Sort.COMMA, Sort.CLAUSE, Sort.EXPIRY, Sort.DATE, Sort.OPEN, Sort.AND)
        if labelled and alone and piece.value.upper() in ("ALL", "EVERY"):
            self.every = True
            return
        if labelled and alone and len(piece.value) >= 3 and piece.value.isupper():
            self._add(piece.value)
        elif self.mode in (Sort.EXPIRY, Sort.MADE, Sort.SOLD):
            if self.mode is Sort.EXPIRY and piece.value.lower() in MONTHS:
                self._doubt(f"a date without a year: {self._around(piece)}")
        else:
            if (alone and self._is_in_list(piece)) or self._is_an_end(piece, alone=alone) or self._adds_unread():
                self._doubt(f"a word, or a lot without a digit? {self._around(piece)}")
            self.labelled = labelled and len(piece.value) == 1 and not piece.value.isalnum()

    def _is_in_list(self, piece: Piece) -> bool:
        """Tell whether a word in capitals stands where the next lot of a list would."""
        shaped = len(piece.value) > 1 and piece.value.isupper() and not IS_PACK_WORD.fullmatch(piece.value)
        return shaped and self.pieces[self.at - 2].sort in _JOINS and self._is_behind_a_lot(_JOINS)

    def _is_an_end(self, piece: Piece, *, alone: bool) -> bool:
        """Tell whether a letter stands where only the end of the next lot is written: 12345A, B, and C."""
        if len(piece.value) != 1 or not piece.value.isalpha():
            return False
        between = (*_PARTED, Sort.AND) if alone else _JOINS  # "exp 01/2025 B. 100 mL" is no end of a lot
        return self._is_behind_a_lot(between, small=piece.value.islower())

    def _adds_unread(self) -> bool:
        """Tell whether a word is joined to a lot by an "and", and does not lead to another lot: A123 & co."""
        leads_on = self._next(Sort.LOT) and self._next(Sort.CODE, further=1)
        joined = self.at > 1 and self.pieces[self.at - 2].sort is Sort.AND
        return joined and not leads_on and self._is_behind_a_lot(_JOINS)

    def _joins_nothing(self, piece: Piece) -> bool:
        """Tell whether an "and" behind a lot is the last that is said: ``Lots A123 and``."""
        if piece.sort is not Sort.AND:
            return False
        look = self.at
        while look < len(self.pieces) and not self.pieces[look].value:  # a line's end
            look += 1
        stops = look == len(self.pieces) or self.pieces[look].value == ";" or self.pieces[look].sort is Sort.CLOSE
        return stops and self._is_behind_a_lot(_JOINS)

    def _is_behind_a_lot(self, between: tuple[Sort, ...], *, small: bool = False) -> bool:
        """Tell whether the last lot stands before this piece, but for such as part or join lots; or one in small."""
        at = self.at - 2
        while at >= 0 and self.pieces[at].sort in between:
            at -= 1
        if at < 0 or not self.lots or self.pieces[at].sort not in (Sort.CODE, Sort.WORD):
            return False
        written = self.pieces[at].value
        ends = (self.lots[-1].lot, self.lots[-1].last or self.lots[-1].lot)
        return written.upper().endswith(ends) and (not small or written[-1].islower())

    def _goes_on_unread(self, piece: Piece) -> bool:
        """Tell whether a mark behind a lot leads on to other lots, and no code that could be read follows."""
        before = self.pieces[self.at - 2] if self.at > 1 else None
        after = self.pieces[self.at] if self.at < len(self.pieces) else None
        if before is None or before.sort is not Sort.CODE or after is None:
            return False
        if piece.sort is Sort.THROUGH:
            return after.sort is Sort.WORD and len(after.value) <= len(before.value)
        if piece.sort is not Sort.OPEN or before.end != piece.at:
            return False
        ends = after.sort is Sort.WORD and _ENDS.match(self.text, piece.at) is not None
        return ends or (after.sort is Sort.CODE and len(after.value) < len(before.value))

    def _parts_a_span(self, piece: Piece) -> bool:
        """Tell whether a mark that leads from one lot to another was parted from them: ``A123; to; A130``."""
        if piece.sort is not Sort.THROUGH:
            return False
        between = _PARTED if piece.value[:1].isalpha() else (Sort.COMMA,)  # a dash also begins a line of a list
        ahead = itertools.dropwhile(lambda each: each.sort in between, self.pieces[self.at :])
        behind = itertools.dropwhile(lambda each: each.sort in between, reversed(self.pieces[: self.at - 1]))
        return all((each := next(side, None)) is not None and each.sort is Sort.CODE for side in (ahead, behind))

    def _has_no_end(self) -> bool:
        """Tell whether a code is the first of a span of which no last one is told: ``from lot A123 on``."""
        before = itertools.dropwhile(
            lambda each: each.sort in (Sort.LOT, Sort.COMMA, Sort.OPEN), reversed(self.pieces[: self.at - 1])
        )
        first = next(before, None)
        return first is not None and first.sort is Sort.FROM

    def _means_more(self, piece: Piece) -> bool:
        """Tell whether a word behind lots says that there are more of them than are named: ``A1, A2, more``."""
        if piece.value.lower() not in _MORE or not self.lots or self.at < 2:
            return False
        follows = self.pieces[self.at].sort if self.at < len(self.pieces) else Sort.CLAUSE
        return follows in (Sort.COMMA, Sort.CLAUSE, Sort.CLOSE) and self.pieces[self.at - 2].sort in (
            Sort.CODE, Sort.COMMA, Sort.AND, Sort.OPEN, Sort.CLAUSE, Sort.DATE, Sort.WORD,
        )  # fmt: skip

    def _may_be_lot(self, piece: Piece) -> bool:
        """Tell whether what was taken for a strength or a count stands where a lot would, and heads nothing."""
        return piece.value[:1].isdigit() and not self.text[piece.end :].lstrip().startswith(":")

    def _is_open_ended(self, piece: Piece) -> bool:
        """Tell whether a code is one for many: 12A34+, 12A*, 12AXXX; a star with its footnote is none."""
        mark = self.text[piece.end : piece.end + 1]
        if mark == "+" or (mark == "*" and self.text.count("*") == 1) or not _PARTS.match(self.text, piece.end):
            return True
        if _HANGS.match(self.text, piece.end):
            return True
        stands_for_any = _ANY if piece.value.lower() != piece.value else _TWICE
        return bool(_WILD.search(piece.value) or stands_for_any.search(piece.value))

    def _closes_alone(self, piece: Piece) -> bool:
        """Tell whether a bracket closes right behind a code, as of a mark that has grown together with it."""
        if self.text[piece.end : piece.end + 1] != ")":
            return False
        line = self.text[self.text.rfind("\n", 0, piece.at) + 1 : piece.at]
        return line.count("(") <= line.count(")") - len(_MARKS.findall(line))

    def _element_string(self, piece: Piece) -> None:
        """Read an element string: product, lot, expiry and serial number of one pack, each told by its number."""
        told = dict(_ELEMENTS.findall(piece.value))
        if told["01"] not in self.gtins:
            self.gtins.append(told["01"])
        if "21" in told:
            self.serials.append((told["21"], told["21"]))
        expiry = of_element(told["17"]) if "17" in told else None
        if expiry == "" or any(number not in ("01", "10", "17", "21", "11") for number in told):
            self._doubt(f"an element string that is not understood: {piece.value[:60]!r}")
        elif "10" in told:
            self._add(told["10"])
            self._give(self.lots[-1:], [expiry])
            self.open = [each for each in self.open if not each.dated]

    def _add(self, lot: str, *, last: str = "") -> None:
        if len(lot) > LOT_CHARS_MAX:
            self._doubt(f"longer than a lot can be on a pack: {lot[:40]!r}")
        opened = _Open(lot.upper(), self.groups, self.clause, last.upper(), self.ahead, self.ahead is not None)
        self.lots.append(opened)
        if self.ahead is None:
            self.open.append(opened)
        self.ahead_used = self.ahead is not None

    # -- at the end ------------------------------------------------------------------------------------------------

    def _compare_shapes(self) -> None:
        """Doubt codes that stand side by side with only a space between, unless all look alike."""
        codes = [
            each for each in self.pieces if not (each.value == "|" or (each.sort is Sort.WORD and len(each.value) == 1))
        ]
        for left, right in itertools.pairwise(codes):
            both = left.sort is right.sort is Sort.CODE
            if both and _APART.sub("", self.text[left.end : right.at]) not in ("", "."):
                self._doubt(f"from one lot to another? {self.text[left.at : right.end][:80]!r}")
        for left, right in itertools.pairwise(self.pieces):
            beside = left.sort is Sort.CODE and right.sort is Sort.CODE
            if beside and self.text[left.end : right.at].strip(" ") == "" and _shape(left.value) != _shape(right.value):
                self._doubt(f"two codes with nothing between them: {self.text[left.at : right.end]!r}")
                return

    def _expect_a_label(self) -> None:
        """Doubt numbers in a text of words of which none says that a lot or an expiry follows."""
        sorts = {piece.sort for piece in self.pieces}
        if self.lots and not sorts & {Sort.LOT, Sort.ALL, Sort.EXPIRY, Sort.DATE, Sort.GS1}:
            words = [piece.value for piece in self.pieces if piece.sort is Sort.WORD and len(piece.value) > 2]
            if words:
                self._doubt(f"no word says that these are lots, and {words[0]!r} stands among them")

    def _expect_several(self) -> None:
        """Doubt a lot among several whose end may be that of another one: Lots 12345-50, or Lot 12345/50, 12361.

        439605-05 and 439605-06 are two: what stands before the mark is one for both.
        """
        lots = {(each.lot, each.groups) for each in self.lots if not each.last}
        if len({lot for lot, _ in lots}) < 2 and not any(
            piece.sort is Sort.LOT and _SEVERAL.match(self.text, piece.at) for piece in self.pieces
        ):
            return
        cut = {key: found for key in lots if (found := _SHORT.fullmatch(key[0])) is not None}
        heads = Counter((found[1], found[3], groups) for (_, groups), found in cut.items())
        for (lot, groups), found in sorted(cut.items()):
            first, _, mark, last = found.groups()
            tail = first[-len(last) :]
            if heads[first, mark, groups] > 1 or (mark in ":@" and _DAY.fullmatch(first)):
                continue
            if len(tail) == len(last) and tail.isdigit() and tail < last:
                self._doubt(f"one lot, or several written in short? {lot!r}")

    def _named(self) -> list[NamedLot]:
        """Give each lot once: of two mentions that differ only in the presentation, one with both."""
        found: dict[tuple[str, str | None], NamedLot] = {}
        for each in self.lots:
            if each.last:
                continue
            key = (each.lot, each.expiry)
            before = found.get(key)
            groups = each.groups if before is None else (*before.groups, *each.groups)
            found[key] = NamedLot(each.lot, each.expiry, tuple(dict.fromkeys(groups)))
        dated = {lot for lot, expiry in found if expiry is not None}
        if any(expiry is None and lot in dated for lot, expiry in found):
            self._doubt("one lot is named with and without an expiry")
        with_expiry = {lot.groups for lot in found.values() if lot.expiry}
        if with_expiry & {lot.groups for lot in found.values() if not lot.expiry}:
            self._doubt("some lots have an expiry and some have none")
        return list(found.values())

    # -- looking around --------------------------------------------------------------------------------------------

    def _next(self, sort: Sort, *, further: int = 0) -> bool:
        at = self.at + further
        return at < len(self.pieces) and self.pieces[at].sort is sort

    def _after_from(self) -> bool:
        return any(piece.sort is Sort.FROM for piece in self.pieces[max(0, self.at - 3) : self.at])

    def _written(self, piece: Piece) -> str:
        return self.text[piece.at : piece.end]

    def _around(self, piece: Piece) -> str:
        return repr(" ".join(self.text[max(0, piece.at - 20) : piece.end + 20].split()))

    def _doubt(self, why: str) -> None:
        if why not in self.doubts:
            self.doubts.append(why)


def _shape(code: str) -> str:
    """Give the shape of a code: each digit as 9, each run of letters as A, with their marks."""
    return re.sub(r"[A-Z]+", "A", re.sub(r"\d", "9", code.upper()))


def _is_abridged(text: str) -> bool:
    """Tell whether marks part the ends of several lots: 21A001/002, 12345A/B/C, 123A-F; BC-1234/22, 05012/A are one."""
    if _LETTERS.search(text):
        return True
    first, *more = text.split("/")
    if not more or len(first) < 4 or not all(0 < len(each) < len(first) for each in more):
        return False
    ends, year = first[-1].isdigit(), 2
    return len(more) > 1 or (more[0].isdigit() is ends and not (ends and len(more[0]) == year))


def _is_span(text: str) -> bool:
    """Tell whether a mark stands between codes that look alike, or a code and its end: 12345:12360, A9-A12, A001-010.

    05032022:35, S21-0045, 2025-0012 and 439605-01 are one: nothing runs from the one half to the other.
    """
    first, _, last = text.partition(":")
    if len(first) >= 3 and _shape(first) == _shape(last):
        return True
    parts = _INSIDE.split(text.upper())
    return len(parts) > 1 and all(_runs_to(one, other) for one, other in itertools.pairwise(parts))


def _runs_to(first: str, last: str) -> bool:
    """Tell whether lots may run from one code to another: alike but for their numbers, which grow."""
    if _shape(first) == _shape(last):
        return first < last
    ours, others = _RUN.findall(first), _RUN.findall(last)
    if _RUN.sub("9", first) == _RUN.sub("9", last):  # A9-A12
        grows = [*map(int, ours)] < [*map(int, others)] and not any(each.startswith("0") for each in others)
        return grows and len(last) - len(first) == 1
    # A001-010: only the number is said again
    return (
        bool(ours) and others == [last] and first.endswith(ours[-1]) and len(last) == len(ours[-1]) and last > ours[-1]
    )


def _halves(code: str) -> tuple[str, str] | None:
    """Cut ``07110002-07110009`` or ``10098129/10099649`` into two lots; None when it is one."""
    for mark in "-/":
        first, found, last = code.partition(mark)
        least = 2 if mark == "-" else 5
        if (
            found
            and mark not in last
            and len(first) == len(last) >= least
            and _shape(first) == _shape(last)
            and first < last
        ):
            return first, last
    return None
