"""How good a record's answers were, scan by scan, against the truth of a simulation.

A fake is *stopped* when its scan was answered ``stop``, and *flagged* when it was answered ``stop`` or ``check``, or
when the record named its serial later. Of an honest pack, ``stop`` is a false stop and ``check`` an amber; a pack whose
code was copied is counted apart, since a fake may have gone first. Shares come with their 95 % interval.
Source of the interval: E. B. Wilson (1927), with continuity left out.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Z_95 = 1.959964


class Answered(msgspec.Struct, frozen=True, gc=False):
    """One scan as it was answered, a line of ``--verdicts``; ``pack`` is GTIN and serial as read, "" when none was."""

    id: int | str
    at: str
    site: str
    verdict: str
    reasons: list[str]
    pack: str = ""
    dispensed: bool = False


class Share(msgspec.Struct, frozen=True, gc=False):
    """``count`` of ``of``, with the interval in which the true share lies at 95 %."""

    count: int
    of: int
    share: float
    low: float
    high: float

    @classmethod
    def of_all(cls, count: int, of: int) -> Share:
        """Give the share and its Wilson interval; of nothing it may be anything."""
        if not of:
            return cls(0, 0, 0.0, 0.0, 1.0)
        share, z2 = count / of, Z_95 * Z_95
        middle = (share + z2 / (2 * of)) / (1 + z2 / of)
        half = Z_95 * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
        return cls(count, of, round(share, 6), round(max(0.0, middle - half), 6), round(min(1.0, middle + half), 6))


class AttackScore(msgspec.Struct, frozen=True, gc=False):
    """One attack: shares of its fakes at their own scan, and hours until the first flag of a code, in the middle."""

    attack: str
    fakes: int
    stopped: Share
    flagged: Share
    hours_to_flag: float | None


class Score(msgspec.Struct, frozen=True, gc=False):
    """The whole score of one run; ``per_million`` figures are of honest scans whose code was not copied."""

    view: str
    scans: int
    attacks: list[AttackScore]
    honest: int
    false_stops: Share
    false_stops_per_million: float
    ambers: Share
    ambers_per_million: float
    cloned: int
    cloned_stopped: Share
    false_stop_reasons: dict[str, int]
    amber_reasons: dict[str, int]


class Truth(msgspec.Struct, frozen=True, gc=False):
    """A line of ``truth.jsonl``."""

    id: int | str
    attack: str = ""
    cloned: bool = False


def score(
    answers: Sequence[Answered], truths: Iterable[Truth], *, view: str = "hub", named: Iterable[str] = ()
) -> Score:
    """Score the answers of one run.

    ``named`` are packs (GTIN and serial) that the record named in an alert or a case afterwards: they count as flagged.
    """
    truth = {each.id: each for each in truths}
    later = set(named)
    fakes: dict[str, list[Answered]] = defaultdict(list)
    honest: list[Answered] = []
    cloned: list[Answered] = []
    for answer in answers:
        told = truth.get(answer.id)
        if told is None:
            continue
        (fakes[told.attack] if told.attack else cloned if told.cloned else honest).append(answer)
    flags = {answer.pack for answer in answers if answer.pack and answer.verdict in ("stop", "check")}
    stops = [answer for answer in honest if answer.verdict == "stop"]
    ambers = [answer for answer in honest if answer.verdict not in ("stop", "ok")]
    return Score(
        view,
        len(answers),
        [_attack(name, some, answers, flags, later) for name, some in sorted(fakes.items())],
        len(honest),
        Share.of_all(len(stops), len(honest)),
        _per_million(len(stops), len(honest)),
        Share.of_all(len(ambers), len(honest)),
        _per_million(len(ambers), len(honest)),
        len(cloned),
        Share.of_all(sum(answer.verdict == "stop" for answer in cloned), len(cloned)),
        _reasons(stops),
        _reasons(ambers),
    )


def _attack(
    name: str, fakes: list[Answered], answers: Sequence[Answered], flags: set[str], later: set[str]
) -> AttackScore:
    stopped = sum(answer.verdict == "stop" for answer in fakes)
    flagged = sum(
        answer.verdict in ("stop", "check") or (bool(answer.pack) and answer.pack in (flags | later))
        for answer in fakes
    )
    return AttackScore(
        name, len(fakes), Share.of_all(stopped, len(fakes)), Share.of_all(flagged, len(fakes)), _hours(fakes, answers)
    )


def _hours(fakes: list[Answered], answers: Sequence[Answered]) -> float | None:
    """Give the median of the hours from a code's first fake scan to the first flag of that code from then on."""
    first: dict[str, str] = {}
    for fake in fakes:
        if fake.pack:
            first.setdefault(fake.pack, fake.at)
    found: dict[str, float] = {}
    for answer in answers:
        begun = first.get(answer.pack)
        if begun is not None and answer.at >= begun and answer.verdict in ("stop", "check"):
            found.setdefault(answer.pack, (_moment(answer.at) - _moment(begun)).total_seconds() / 3600)
    hours = sorted(found.values())
    return round(hours[len(hours) // 2], 2) if hours else None


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def _per_million(count: int, of: int) -> float:
    return round(1_000_000 * count / of, 1) if of else 0.0


def _reasons(answers: Iterable[Answered]) -> dict[str, int]:
    counted: dict[str, int] = defaultdict(int)
    for answer in answers:
        counted[answer.reasons[0] if answer.reasons else ""] += 1
    return dict(sorted(counted.items(), key=lambda one: -one[1]))
