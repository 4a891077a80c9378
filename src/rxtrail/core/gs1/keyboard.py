"""Scanner text typed on another keyboard layout than the scanner's own, read back without being told which.

Every layout is tried at once: for each character, a set of bits tells which layouts print it and what was sent
then. What is left must fit an anchor: a symbology identifier, Format 06, a web address, or GS1 data with a right
check digit. Sources: GS1 General Specifications, sections 3, 5.4.3 and 7.8; ISO/IEC 15424 (symbology
identifiers); ISO/IEC 15434 (Format 06).
"""

from __future__ import annotations

import itertools
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from rxtrail.core.gs1 import keyboard_anchors as anchors
from rxtrail.core.gs1 import keyboard_tables as tables
from rxtrail.core.gs1.charsets import ALL_82, CSET_82
from rxtrail.core.gs1.keyboard_tables import Caps

if TYPE_CHECKING:
    from collections.abc import Iterator

READINGS_MAX = 64
# Bounds on time: decodings tried for one text, at about four microseconds each; of these, mixtures of one layout,
# where one printed character has several origins. A long text has fewer.
ATTEMPTS_MAX, MIXED_MAX = 56, 16
ATTEMPT_LENGTH = 64
GROUPS_MAX = 48  # layouts told apart by one text
PAIR_ATTEMPTS, LOOSE_MAX = 24, 24  # of these, for scanners that are not set to the US layout; for a mere text
TEXT_LENGTH_MAX = 144  # the code of a pack with a crypto tail has about 130 characters
GTIN_ELEMENT_LENGTH = 16
PAIR_RANK = 10_000  # a US scanner explains a text better than another one does
LAYOUT_REPAIR = "keyboard-layout"
CAPS_REPAIR = "caps-lock"
SEPARATOR_REPAIR = "group-separator-restored"


class LayoutReading(msgspec.Struct, frozen=True, gc=False):
    """What was scanned, if the host had this layout."""

    text: str  # ASCII, with GS as U+001D where the layout tells it
    layout: str  # name in xkeyboard-config, or "windows:" and a name; "A>B" is a scanner set to A at a host with B
    repairs: list[str]


def layout_readings(text: str) -> list[LayoutReading]:
    """Give what was scanned, for every layout that explains the text; the likeliest first, at most 64.

    A text that reads plainly gives none: see ``swapped_readings``; nor does one without any anchor: see
    ``loose_readings``. Never raises.
    """
    if len(text) > TEXT_LENGTH_MAX or anchors.reads_plainly(text):
        return []
    return _search(text)


def loose_readings(text: str) -> list[LayoutReading]:
    """Give everything that some layout makes GS1 characters of, for a text without any anchor."""
    if len(text) > TEXT_LENGTH_MAX or anchors.reads_plainly(text):
        return []
    found = Found()
    found.attempts_left = LOOSE_MAX
    _read_part(_index(), "", _clean(text), text, -1, found, plain=True, anchored=False)
    return _ranked(found)


def swapped_readings(text: str) -> list[LayoutReading]:
    """Give other texts that would have arrived as this one, although it reads plainly (Y for Z, say)."""
    if len(text) > TEXT_LENGTH_MAX:
        return []
    return [reading for reading in _search(text) if reading.text != text]


def explains(sent: str, arrived: str) -> bool:
    """Tell whether some host makes ``arrived`` of ``sent``, character by character; keys that print nothing count."""
    index = _index()
    if len(sent) == len(arrived):
        return _hosts_that_print(index, sent, arrived) != 0
    if len(sent) < len(arrived):
        return False
    return any(tables.typed_with(effect.table, sent) == arrived for effect in index.effects if effect.loses)


def _hosts_that_print(index: Index, sent: str, arrived: str) -> int:
    """Give, as bits, the effects that print each character of ``arrived`` for its like in ``sent``."""
    bits = -1
    for one, other in set(zip(sent, arrived, strict=True)):
        bits &= sum(effects for origins, effects in index.splits.get(other, ()) if one in origins)
        if not bits:
            break
    return bits


def every_effect() -> list[Effect]:
    """Give what every host does to a US scanner, the settings of most desks first."""
    return _index().effects


class Effect(NamedTuple):
    """What one setting of the host does to what a US scanner sends; settings that do the same are one."""

    layout: str
    caps: Caps
    table: dict[str, str]  # see ``keyboard_tables.printed``
    origins: dict[str, tuple[str, ...]]
    first: dict[int, str]  # for str.translate: the likeliest origin of each character
    ambiguous: frozenset[str]  # the characters that have several
    loses: bool  # letters and digits among what prints nothing

    def likeliest(self, arrived: str) -> str:
        """Give what was sent, where each character has its likeliest origin."""
        return arrived.translate(self.first)


class Index(NamedTuple):
    """All effects, and for each character which of them (as bits) make it of what."""

    effects: list[Effect]
    every: dict[str, int]  # character: effects that print it
    every_82: dict[str, int]  # character: effects that print it for characters of set 82
    splits: dict[str, list[tuple[tuple[str, ...], int]]]  # character: its origins, and the effects that agree on them
    digits: dict[str, int]  # character: effects in which it comes of a digit
    zeros: dict[str, int]  # character: effects in which it comes of 0
    heads: dict[str, dict[str, int]]  # how a text may start: the anchors that become that, and in which effects
    head_lengths: tuple[int, ...]


# What scanners can be set to other than the US layout, and the hosts that they are looked for at.
_SCANNERS = (
    "de fr(azerty) gb es it ch ch(fr) be pt dk se no nl cz cz(qwerty) sk hu hr pl(qwertz) tr tr(f) br ca jp"
    " us(dvorak) us(intl) ro(winkeys) latam"
)
_HOSTS = (
    "us gb de fr(azerty) es it ch ch(fr) be pt dk se no is ee nl cz cz(qwerty) sk sk(qwerty) hu hu(qwerty) hr ro(std)"
    " ro(winkeys) pl(qwertz) tr tr(f) br ca latam jp gr windows:gr windows:lv windows:lt bg bg(phonetic) ru ua rs il"
    " ara th us(dvorak) us(colemak) us(intl) fr(bepo) fr"
)


@lru_cache(maxsize=1)
def _index() -> Index:
    """Build the index of a US scanner at every host; some tenths of a second, once, at the first garbled scan."""
    return _indexed([("us", host, caps) for caps in Caps for host in tables.layouts()])


@lru_cache(maxsize=1)
def _pair_index() -> Index:
    """Build the index of scanners that are not set to the US layout, at the hosts of most desks."""
    known = tables.layouts()
    pairs = [(scanner, host) for host in _HOSTS.split() for scanner in _SCANNERS.split() if scanner != host]
    return _indexed([(scanner, host, Caps.OFF) for scanner, host in pairs if scanner in known and host in known])


def _indexed(settings: list[tuple[str, str, Caps]]) -> Index:
    effects: list[Effect] = []
    seen: set[tuple[tuple[str, str], ...]] = set()
    splits: dict[str, dict[tuple[str, ...], int]] = {}
    heads: dict[str, dict[str, int]] = {}
    for scanner, host, caps in settings:
        table = tables.printed(scanner, host, caps)
        key = tuple(table.items())
        if key in seen:
            continue
        seen.add(key)
        bit = 1 << len(effects)
        effect = _effect(host if scanner == "us" else f"{scanner}>{host}", caps, scanner, table)
        effects.append(effect)
        for character, sents in effect.origins.items():
            parts = splits.setdefault(character, {})
            parts[sents] = parts.get(sents, 0) | bit
        for head in anchors.HEADS:
            for arrived in _arrivals(head, scanner, table):
                of_head = heads.setdefault(arrived, {})
                of_head[head] = of_head.get(head, 0) | bit
    every, every_82, digits, zeros = {}, {}, {}, {}
    for character, parts in splits.items():
        every[character] = sum(parts.values())  # the parts share no bit
        every_82[character] = sum(bits for sents, bits in parts.items() if any(map(ALL_82.fullmatch, sents)))
        digits[character] = sum(bits for sents, bits in parts.items() if any(sent.isdigit() for sent in sents))
        zeros[character] = sum(bits for sents, bits in parts.items() if "0" in sents)
    lengths = tuple(sorted({len(head) for head in heads}))
    listed = {character: list(parts.items()) for character, parts in splits.items()}
    return Index(effects, every, every_82, listed, digits, zeros, heads, lengths)


def _effect(layout: str, caps: Caps, scanner: str, table: dict[str, str]) -> Effect:
    # A bracket that the scanner sends with AltGr stands only in heads; there it is looked for as it arrives.
    pressed = tables.keys_pressed(scanner)
    origins = tables.origins({sent: out for sent, out in table.items() if pressed[sent][1] < 2 or sent in CSET_82})
    # Scanners put no letter or digit in the place of a separator.
    origins = {
        character: sents
        for character, sents in origins.items()
        if not character.isalnum() or not character.isascii() or any(map(ALL_82.fullmatch, sents))
    }
    first = {ord(character): sents[0] for character, sents in origins.items()}
    ambiguous = frozenset(character for character, sents in origins.items() if len(sents) > 1)
    loses = any(not out and sent.isalnum() for sent, out in table.items())
    return Effect(layout, caps, table, origins, first, ambiguous, loses)


def _arrivals(head: str, scanner: str, table: dict[str, str]) -> set[str]:
    """Give how a head arrives: on Windows, AltGr and a key without a third level print nothing."""
    arrivals = {_clean(tables.typed_with(table, head))}
    pressed = tables.keys_pressed(scanner)
    if pressed.get(head[0], (0, 0))[1] == 2:
        arrivals.add(_clean(tables.typed_with(table, head[1:])))
    return {arrived for arrived in arrivals if len(arrived) > 1}


def _search(text: str) -> list[LayoutReading]:
    found = Found()
    attempts = ATTEMPTS_MAX * ATTEMPT_LENGTH // max(len(text), ATTEMPT_LENGTH)
    found.attempts_left = attempts - PAIR_ATTEMPTS // 2
    variants = _cleaned(text)
    starts_plainly = anchors.starts_plainly(variants[0])
    # What holds only set 82 comes first; then separators may have become visible characters.
    for plain in (True, False):
        for arrived in variants:
            _read_with(_index(), arrived, text, found, plain=plain)
            if _least_doubt(found) < anchors.UNSURE:
                break
        if _least_doubt(found) < anchors.UNSURE:
            break
    # Without an identifier of the symbol nothing tells a US scanner from another.
    if not starts_plainly and _least_doubt(found) > 0:
        found.attempts_left = PAIR_ATTEMPTS
        for arrived in variants:
            _read_with(_pair_index(), arrived, text, found, plain=True)
    if starts_plainly:
        _keep(found, anchors.UNSURE)
    # A text that says as much as it stands is not explained any better by a layout.
    itself = anchors.anchored(variants[0])
    if itself is not None and itself.doubt > anchors.SURE:
        _keep(found, itself.doubt)
    return _ranked(found)


def _ranked(found: Found) -> list[LayoutReading]:
    ranked = sorted(found.values(), key=lambda placed: placed[0])
    return [reading for _, reading in ranked[:READINGS_MAX]]


def _keep(found: Found, doubt_end: int) -> None:
    for sent in [sent for sent, (placed, _) in found.items() if placed[0] >= doubt_end]:
        del found[sent]


def _least_doubt(found: Found) -> int:
    return min([placed[0] for placed, _ in found.values()], default=anchors.NO_READING)


class Found(dict[str, tuple[tuple[int, int], LayoutReading]]):
    """Readings by their text, each with its doubt and rank; and how many decodings may still be tried."""

    attempts_left = ATTEMPTS_MAX


def _read_with(index: Index, arrived: str, raw: str, found: Found, *, plain: bool) -> None:
    plain_head = next((head for head in anchors.HEADS if arrived.startswith(head)), "")
    for length in index.head_lengths:
        for head, bits in index.heads.get(arrived[:length], {}).items():
            # A head that arrived well is the head that was sent.
            if not plain_head or head == plain_head:
                _read_part(index, head, arrived[length:], raw, bits, found, plain=plain)
    if plain_head and not found:
        for head, bits in index.heads.get(plain_head, {}).items():
            _read_part(index, head, arrived[len(plain_head) :], raw, bits, found, plain=plain)
    digits = index.digits
    bits = digits.get(arrived[:1], 0) & digits.get(arrived[1:2], 0)
    if bits:
        _read_part(index, "", arrived, raw, bits, found, plain=plain)


def _read_part(
    index: Index, head: str, body: str, raw: str, bits: int, found: Found, *, plain: bool, anchored: bool = True
) -> None:
    characters = "".join(dict.fromkeys(body)).replace("\x1d", "")
    prints = index.every_82 if plain and head not in anchors.OPEN_HEADS else index.every
    for character in characters:
        bits &= prints.get(character, 0)
        if not bits:
            return
    # What starts with 0 in any element string is a key of fourteen digits or more.
    keyed = bits & index.zeros.get(body[:1], 0) if body and head not in anchors.OPEN_HEADS else 0
    if keyed:
        bits &= ~keyed
        for character in set(body[:GTIN_ELEMENT_LENGTH]):
            keyed &= index.digits.get(character, 0)
        bits |= keyed
    # Effects are in order of use, so the first one speaks for its group, and the likeliest groups are tried first.
    numbers = sorted([(group & -group).bit_length() - 1 for group in _groups(index, characters, bits)])
    for number in numbers:
        if found.attempts_left <= 0:
            return
        found.attempts_left -= 1
        _add(found, index.effects[number], number, head, index.effects[number].likeliest(body), raw, anchored=anchored)
    for number in numbers:
        effect = index.effects[number]
        if found.attempts_left > 0 and not effect.ambiguous.isdisjoint(body):
            for sent in itertools.islice(mixtures(effect, body), min(found.attempts_left, MIXED_MAX)):
                _add(found, effect, number, head, sent, raw, anchored=anchored)
                found.attempts_left -= 1


def _groups(index: Index, characters: str, bits: int) -> list[int]:
    """Split the effects into those that make the same of these characters."""
    if not bits:
        return []
    groups = [bits]
    single: list[int] = []
    for character in characters:
        parts = [common for _, part in index.splits[character] if (common := part & bits)]
        if len(parts) > 1:
            halves = [common for group in groups for part in parts if (common := part & group)]
            groups = []
            for group in halves:
                (groups if group & (group - 1) else single).append(group)
            if not groups or len(groups) + len(single) > GROUPS_MAX:
                break
    return groups + single


def _add(found: Found, effect: Effect, rank: int, head: str, sent: str, raw: str, *, anchored: bool) -> None:
    reading = anchors.anchored(head + sent) if anchored else anchors.loose(sent)
    if reading is None or reading.text == raw:
        return
    placed = (reading.doubt, rank if ">" not in effect.layout else rank + PAIR_RANK)
    if reading.text not in found or placed < found[reading.text][0]:
        repairs = [] if effect.layout == "us" else [f"{LAYOUT_REPAIR}:{effect.layout}"]
        if effect.caps is not Caps.OFF:
            repairs.append(CAPS_REPAIR)
        if reading.text.count("\x1d") > raw.count("\x1d"):
            repairs.append(SEPARATOR_REPAIR)
        found[reading.text] = (placed, LayoutReading(reading.text, effect.layout, repairs))


def mixtures(effect: Effect, arrived: str) -> Iterator[str]:
    """Give what else may have been sent where a character has several origins; fewest unlikely places first."""
    choices = [effect.origins.get(character, (character,)) for character in arrived]
    if len(choices) > 1 and "0" in choices[0] and "1" in choices[1]:
        # A GTIN follows, so its digits are digits wherever they can be.
        start = choices[:GTIN_ELEMENT_LENGTH]
        choices[:GTIN_ELEMENT_LENGTH] = [tuple(filter(str.isdigit, choice)) or choice for choice in start]
    parts = [choice[0] for choice in choices]
    yield "".join(parts)
    open_places = [place for place, choice in enumerate(choices) if len(choice) > 1]
    for count in range(1, len(open_places) + 1):
        for places in itertools.combinations(open_places, count):
            for others in itertools.product(*(choices[place][1:] for place in places)):
                for place, other in zip(places, others, strict=True):
                    parts[place] = other
                yield "".join(parts)
            for place in places:
                parts[place] = choices[place][0]


def _clean(text: str) -> str:
    """Give the text with every control character as GS and no trace of dead keys but their accents."""
    if text.isprintable() and not anchors.SHOWN(text):
        return text
    return anchors.DEAD_TRACE.sub(r"\2\1", text).strip(anchors.EDGES).translate(anchors.CONTROLS)


def _cleaned(text: str) -> list[str]:
    """Give the ways in which control characters and dead keys may stand in the text, the likeliest first."""
    arrived = _clean(text)
    variants = [arrived]
    if "\0" in text:
        variants.append(_clean(anchors.COMPOSED_TRACE.sub("", text)))
    if "\x1d" in arrived:
        variants += [anchors.LATE_ACCENT.sub(r"\2\1", variant) for variant in variants]
    if anchors.may_be_polytonic(arrived):
        polytonic = _clean(anchors.POLYTONIC_TRACE.sub("", text))
        variants += [polytonic, anchors.LATE_POLYTONIC.sub(r"\2\1", polytonic)]
    return list(dict.fromkeys(variants))
