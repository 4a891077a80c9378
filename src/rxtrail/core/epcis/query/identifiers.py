"""What MATCH parameters take: identifiers and patterns, held against canonical identifiers by their meaning.

Source: EPCIS 2.0, clause 8.2.7.1.1; EPC Tag Data Standard 2.0, section 8 (pure identity patterns). A URN, a Digital
Link of any domain and our canonical path of one thing are one. A product without a serial stands for all its items,
as ``urn:epc:idpat:sgtin:0614141.107346.*`` does and ``https://id.gs1.org/01/00614141073467``, which is the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.gs1 import epc, epc_urn
from rxtrail.core.gs1.identifier import KEYS, split

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rxtrail.core.gs1.runs import EpcRun

VALUE_CHARACTERS_MAX: Final = 2048
_PATTERN: Final = re.compile(r"urn:epc:(?:idpat|class):([a-z]+):([^*]*(?:\*\.)*\*?)", re.IGNORECASE)
_URI: Final = re.compile(r"[A-Za-z][-+.A-Za-z0-9]*:[^\s*?\[\]{}|\\^]+(?:\?[^\s*{}|\\^]*)?")
# What stands behind a class and before the part that tells one item from the next.
_INSTANCES: Final = {"01": "21", "8006": "21", "8010": "8011"}


class NoPattern(ValueError):
    """A text that is neither an identifier nor a pattern."""


class Wanted(msgspec.Struct, frozen=True):
    """What one parameter asks for, ready to be held against events."""

    exact: frozenset[str]  # canonical
    starts: frozenset[str]  # of canonical identifiers
    patterns: dict[str, list[re.Pattern[str]]]  # by how what they fit begins
    serials: dict[str, frozenset[str]]  # the exact ones again: key of a run -> serials
    # The lengths of starts, and of those of patterns: ten thousand of them are found by a handful of looks.
    start_lengths: tuple[int, ...] = ()
    pattern_lengths: tuple[int, ...] = ()

    def fits(self, canonical: str) -> bool:
        """Tell whether an identifier is asked for."""
        if canonical in self.exact or self._has_start(canonical):
            return True
        for length in self.pattern_lengths:
            for pattern in self.patterns.get(canonical[:length], ()):
                if pattern.fullmatch(canonical):
                    return True
        return False

    def _has_start(self, text: str) -> bool:
        return any(text[:length] in self.starts for length in self.start_lengths)

    def in_runs(self, runs: Iterable[EpcRun]) -> bool:
        """Tell whether one of many identifiers is asked for."""
        for run in runs:
            serials = self.serials.get(run.key)
            if serials is not None and not serials.isdisjoint(run.serials):
                return True
            if (self.starts or self.patterns) and self._start_in(run):
                return True
        return False

    def _start_in(self, run: EpcRun) -> bool:
        if self._has_start(run.key):
            return True
        # Behind "/21/" and the like any serial will do, so the first tells of all. A key without such a part (GRAI,
        # SSCC) shows whose it is in its serials only.
        serials = run.serials[:1] if run.key.count("/") > 2 else run.serials
        return any(self.fits(run.key + serial) for serial in serials)


def wanted(texts: Iterable[str]) -> Wanted:
    """Read the values of one parameter.

    :raises NoPattern: one of them is neither an identifier nor a pattern.
    """
    exact: set[str] = set()
    starts: set[str] = set()
    patterns: dict[str, list[re.Pattern[str]]] = {}
    for text in texts:
        _read(text.strip(), exact, starts, patterns)
    serials: dict[str, set[str]] = {}
    for canonical in exact:
        key, serial = key_and_serial(canonical)
        serials.setdefault(key, set()).add(serial)
    return Wanted(
        frozenset(exact),
        frozenset(starts),
        patterns,
        {key: frozenset(each) for key, each in serials.items()},
        tuple({len(start) for start in starts}),
        tuple({len(start) for start in patterns}),
    )


def key_and_serial(canonical: str) -> tuple[str, str]:
    """Part a canonical identifier as runs do; what is no GS1 key has an empty key."""
    found = split(canonical) if canonical[:1].isdigit() else None
    if found is None:
        return "", canonical
    ai, value, qualifier, part = found
    return (f"{ai}/{value}/{qualifier}/", part) if qualifier else (f"{ai}/", value)


def _read(text: str, exact: set[str], starts: set[str], patterns: dict[str, list[re.Pattern[str]]]) -> None:
    if not text or len(text) > VALUE_CHARACTERS_MAX:
        raise NoPattern("an empty or overlong identifier")
    match = _PATTERN.fullmatch(text)
    if match is not None and ("*" in text or text[:14].lower() == "urn:epc:idpat:"):
        _read_pattern(text, match[1].lower(), match[2], exact, starts, patterns)
        return
    if text.endswith("/*") and text[:4].lower() == "http":
        # A Digital Link with a star for its last part, as others' systems write them.
        stem, _, qualifier = text[:-2].rpartition("/")
        canonical = epc.canonical(stem)
        if split(canonical) is None:
            raise NoPattern(f"{text[:100]!r} is no pattern of a GS1 key")
        starts.add(f"{canonical}/{qualifier}/")
        return
    canonical = epc.canonical(text)
    found = split(canonical)
    if found is None:
        if not _URI.fullmatch(text):
            raise NoPattern(f"{text[:100]!r} is neither an identifier nor a pattern")
        exact.add(canonical)
        return
    exact.add(canonical)
    _of_class(canonical, found[0], found[2], starts)


def _of_class(canonical: str, ai: str, qualifier: str, starts: set[str]) -> None:
    """Have a class stand for its items."""
    if qualifier:
        return
    if ai in _INSTANCES:
        starts.add(f"{canonical}/{_INSTANCES[ai]}/")
    elif KEYS[ai].tail is not None and not KEYS[ai].tail_needed and len(canonical) == len(ai) + 1 + KEYS[ai].digits:
        starts.add(canonical)


def _read_pattern(
    text: str,
    name: str,
    body: str,
    exact: set[str],
    starts: set[str],
    patterns: dict[str, list[re.Pattern[str]]],
) -> None:
    parts = body.split(".")
    stars = [part == "*" for part in parts]
    if any("*" in part and part != "*" for part in parts) or stars != sorted(stars):
        raise NoPattern(f"{text[:100]!r}: a star stands for whole parts at the end of a pattern")
    scheme = epc_urn.scheme_of(name)
    if scheme is None:
        # A scheme of the Tag Data Standard that is no GS1 key is kept as written, so its text is the pattern.
        if name not in epc_urn.FOREIGN:
            raise NoPattern(f"no GS1 key has patterns such as {text[:100]!r}")
        start = f"urn:epc:id:{name}:" + "".join(f"{part}." for part in parts if part != "*")
        start = start if any(stars) else start[:-1]
        _add(patterns, start, re.compile(re.escape(start) + r"\.".join(["[^.]+"] * sum(stars))))
        return
    if len(parts) != scheme.parts + 1:
        raise NoPattern(f"{text[:100]!r} does not have {scheme.parts + 1} parts between its dots")
    if not any(stars):
        kind = "class" if name == "lgtin" else "id"
        exact.add(epc.canonical(f"urn:epc:{kind}:{name}:{body}"))
    elif sum(stars) == 1 and scheme.parts > 1:
        kind = "sgtin" if name == "lgtin" else name
        identifier, problem = epc.examine(f"urn:epc:idpat:{kind}:{body}")
        if problem is not None or not identifier.key:
            raise NoPattern(f"{text[:100]!r} does not hold the digits of its key")
        canonical = identifier.canonical
        if name != "lgtin":
            exact.add(canonical)
        starts.add(f"{canonical}/{scheme.qualifier}/" if scheme.qualifier else canonical)
    else:
        _by_prefix(text, scheme, "" if stars[0] else parts[0], patterns)


def _by_prefix(text: str, scheme: epc_urn.Scheme, prefix: str, patterns: dict[str, list[re.Pattern[str]]]) -> None:
    """All keys of one company, or of all of them."""
    if prefix and not (prefix.isascii() and prefix.isdecimal()):
        raise NoPattern(f"{text[:100]!r} does not begin with a company prefix")
    lead = r"\d" if scheme.leads else "0" if scheme.ai == "8003" else ""
    tail = ".*"
    if scheme.body:
        rest = scheme.body + 1 - len(prefix) - (1 if scheme.leads else 0)
        if rest < 1:
            raise NoPattern(f"{text[:100]!r} has too long a company prefix")
        tail = rf"\d{{{rest}}}" + (
            rf"(?:\d{{4}})?/{scheme.qualifier}/.+" if scheme.qualifier in ("10", "235")
            # A product without a serial is one of the company's classes.
            else rf"(?:\d{{4}})?(?:/{scheme.qualifier}/.+)?" if scheme.qualifier == "21" else ".*"
        )  # fmt: skip
    pattern = re.compile(f"{scheme.ai}/{lead}{prefix}{tail}")
    for digit in "0123456789" if scheme.leads else (lead,):
        _add(patterns, f"{scheme.ai}/{digit}{prefix}", pattern)


def _add(patterns: dict[str, list[re.Pattern[str]]], start: str, pattern: re.Pattern[str]) -> None:
    """Keep a pattern under what all that it fits begin with; the same one twice is one."""
    held = patterns.setdefault(start, [])
    if all(each.pattern != pattern.pattern for each in held):
        held.append(pattern)
