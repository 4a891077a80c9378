"""What one scan of a known symbol tells of a scanner and its host: a profile that puts later scans right.

The symbol carries every character that GS1 data may have and a separator (GS1 General Specifications, sections
7.8 and 7.11), so whatever a layout, Caps Lock or the scanner's own settings do shows in what arrives.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.gs1 import keyboard_tables as tables
from rxtrail.core.gs1.charsets import CSET_82
from rxtrail.core.gs1.keyboard import Effect, every_effect, mixtures
from rxtrail.core.gs1.keyboard_tables import Caps

if TYPE_CHECKING:
    from collections.abc import Iterator

GS = "\x1d"
SYMBOLOGY = "]d2"
# The symbol to print: an internal element with all 82 characters, a separator, and an element behind it.
CALIBRATION_TEXT = f"91{CSET_82}{GS}98A"
KEPT, LOST = "kept", "lost"
SEPARATOR_LENGTH_MAX = 8
MIXTURES_MAX = 64
LOST_MAX = 12  # of the characters of the symbol
_ENDINGS = ("", "\r", "\n", "\r\n", "\t")


class Profile(msgspec.Struct, frozen=True):
    """How texts of one scanner reach one host; plain data, to be stored with the station."""

    layout: str = ""  # the host's layout where it differs from the scanner's; "" when none does
    caps: str = ""  # "" or what Caps Lock did, see ``keyboard_tables.Caps``
    gs: str = KEPT  # "kept", "lost", or the text that arrives in its place
    case: str = "normal"  # normal, inverted, upper, lower
    prefix: str = ""
    suffix: str = ""
    symbology: bool = False  # the symbology identifier arrives
    known: bool = True  # false when neither a layout nor single characters explain what arrived
    characters: dict[str, str] = {}  # what arrives: what was sent, where no layout explains it
    lost: str = ""  # characters that leave no trace
    alike: list[str] = []  # characters that arrive as one and the same
    advice: list[str] = []  # one sentence for each fault, for the person at the desk


class Undo(msgspec.Struct, frozen=True):
    """What turns texts of one station back, for a reader that has no layouts: a browser without its node."""

    prefix: str = ""
    suffix: str = ""
    gs: str = KEPT
    characters: dict[str, str] = {}
    origins: dict[str, list[str]] = {}  # what arrives: what may have been sent, the likeliest first
    typed: dict[str, str] = {}  # what is sent: what arrives; a dead key is the dotted circle and its mark
    accents: dict[str, str] = {}  # mark: what its dead key prints when it does not compose
    pairs: dict[str, str] = {}  # mark and character: what they make together


def profile_of(printed: str, reached: str) -> Profile:
    """Find out how ``printed``, the known data of a symbol with GS in it, became ``reached``; never raises."""
    fits = []
    for case, sent in (("normal", printed), ("upper", printed.upper()), ("lower", printed.lower())):
        for effect in every_effect():
            if sum(not out for out in effect.table.values()) > LOST_MAX:
                continue  # what has lost so much would be found in any text
            for nul in (True, False):
                found = _fit(tables.typed_with(effect.table, sent, nul=nul), reached)
                if found is None:
                    continue
                profile = _profile(effect, case, sent, found)
                if profile.symbology or not found[0]:
                    return profile
                fits.append(profile)
    # Some layouts differ in brackets only, so the one that explains the symbology identifier came first.
    return min(fits, key=lambda profile: len(profile.prefix)) if fits else _by_character(printed, reached)


def apply_profile(profile: Profile, reached: str) -> str:
    """Give what was scanned, with GS as U+001D; a case that the scanner changed stays changed."""
    body = reached.removeprefix(profile.prefix)
    if profile.suffix and body.endswith(profile.suffix):
        body = body[: len(body) - len(profile.suffix)]
    if profile.gs not in {KEPT, LOST}:
        body = body.replace(profile.gs, GS)
    if profile.characters:
        return "".join([profile.characters.get(character, character) for character in body])
    effect = _effect_of(profile)
    if effect is None:
        return body
    effect = effect._replace(origins=tables.origins(effect.table))  # the symbology identifier is read by it, too
    cleaned = body.replace("\0", "")
    # Of all that may have been sent, the first that would have arrived like this.
    for sent in itertools.islice(mixtures(effect, cleaned), MIXTURES_MAX):
        if tables.typed_with(effect.table, sent) == cleaned:
            return sent
    return next(mixtures(effect, cleaned))


def undo_of(profile: Profile) -> Undo:
    """Give what ``apply_profile`` does with texts of one profile, as plain data of a few kilobytes."""
    effect = _effect_of(profile) if not profile.characters else None
    if effect is None:
        return Undo(profile.prefix, profile.suffix, profile.gs, profile.characters)
    typed = effect.table
    marks = sorted({out[1] for out in typed.values() if out[:1] == tables.DEAD})
    printed = sorted({out for out in typed.values() if len(out) == 1})
    pairs = {mark + character: one for mark in marks for character in printed
             if len(one := tables.composed(mark, character)) == 1}  # fmt: skip
    return Undo(
        profile.prefix,
        profile.suffix,
        profile.gs,
        origins={arrived: list(sents) for arrived, sents in tables.origins(typed).items()},
        typed=typed,
        accents={mark: tables.composed(mark, " ")[:-1] for mark in marks},
        pairs=pairs,
    )


def _effect_of(profile: Profile) -> Effect | None:
    """Give what the host does; None when it does nothing, or the profile was made with a table that had more."""
    if not profile.layout and not profile.caps:
        return None
    wanted = (profile.layout or "us", profile.caps)
    return next((one for one in every_effect() if (one.layout, one.caps.value) == wanted), None)


def _fit(expected: str, reached: str) -> tuple[str, str, str] | None:
    """Find the expected text in what arrived: what stands before it, in place of GS, and behind it."""
    first, *others = expected.split(GS)
    start = reached.find(first)
    if start < 0:
        return None
    end = start + len(first)
    separator: str | None = None
    for other in others:
        if separator is None:
            place = reached.find(other, end, end + SEPARATOR_LENGTH_MAX + len(other))
            if place < 0:
                return None
            separator = reached[end:place]
        elif not reached.startswith(separator + other, end):
            return None
        end += len(separator) + len(other)
    return reached[:start], separator or "", reached[end:]


def _profile(effect: Effect, case: str, sent: str, found: tuple[str, str, str]) -> Profile:
    prefix, separator, suffix = found
    symbology = next((head for head in _heads(effect) if prefix.endswith(head)), "")
    prefix = prefix[: len(prefix) - len(symbology)]
    profile = Profile(
        layout="" if effect.layout == "us" else effect.layout,
        caps=effect.caps.value,
        gs=KEPT if separator == GS else separator or LOST,
        case=case if effect.caps is Caps.OFF else "inverted",
        prefix=prefix,
        suffix=suffix,
        symbology=bool(symbology),
        lost="".join(sorted({character for character in sent if effect.table.get(character, character) == ""})),
        alike=_alike(effect),
    )
    return msgspec.structs.replace(profile, advice=list(_advice(profile)))


def _alike(effect: Effect) -> list[str]:
    sources: dict[str, str] = {}
    for character in CSET_82:
        out = effect.table.get(character, character)
        if out:
            sources[out] = sources.get(out, "") + character
    return [characters for characters in sources.values() if len(characters) > 1]


def _heads(effect: Effect) -> Iterator[str]:
    for nul in (True, False):
        yield tables.typed_with(effect.table, SYMBOLOGY, nul=nul)


def _by_character(printed: str, reached: str) -> Profile:
    """Match character by character what no layout explains."""
    body = reached.rstrip("\r\n\t")
    suffix = reached[len(body) :]
    for transport, sent in ((KEPT, printed), (LOST, printed.replace(GS, ""))):
        pairs = dict(zip(body, sent, strict=False))
        known = len(body) == len(sent) and all(pairs[arrived] == was for arrived, was in zip(body, sent, strict=True))
        if known:
            arrived_gs = next((arrived for arrived, was in pairs.items() if was == GS), "")
            characters = {arrived: was for arrived, was in pairs.items() if was != GS}
            gs = arrived_gs if transport == KEPT and arrived_gs != GS else transport
            profile = Profile(gs=gs, suffix=suffix, characters=characters, layout="?")
            return msgspec.structs.replace(profile, advice=list(_advice(profile)))
    profile = Profile(known=False)
    return msgspec.structs.replace(profile, advice=list(_advice(profile)))


def _advice(profile: Profile) -> Iterator[str]:
    """Say in plain words what is wrong, and what to set; faults of the data first, habits last."""
    if not profile.known:
        yield (
            "What arrived is not the calibration symbol. Scan the symbol again; if it stays so, set the scanner to its"
            " factory settings."
        )
        return
    if profile.layout == "?":
        yield "The computer types other characters than the scanner sends. Set both to the same keyboard country."
    elif profile.layout:
        title = tables.layouts()[profile.layout].title
        yield (
            f"The scanner is set to a US keyboard and the computer to {title}. Set the scanner's keyboard country to"
            f" {title}, or use direct mode."
        )
    if profile.caps:
        yield "Caps Lock is on. Switch it off."
    if profile.case in {"upper", "lower"}:
        yield f"The scanner turns letters into {profile.case} case. Switch its case conversion off."
    if profile.gs == LOST:
        yield "The scanner does not send the separator (GS, FNC1). Switch on its sending of ASCII 29."
    elif profile.gs != KEPT:
        yield (
            f"The separator (GS, FNC1) arrives as {profile.gs!r}. It is put right here; other programs may need"
            " ASCII 29."
        )
        if all(character in CSET_82 for character in profile.gs) and len(profile.gs) == 1:
            yield "That character can also stand in a serial or lot. Choose another one."
    if profile.lost:
        yield f"These characters leave no trace: {' '.join(profile.lost)}. Choose another keyboard on the computer."
    if profile.alike:
        yield f"These characters arrive alike: {', '.join(profile.alike)}. Choose another keyboard on the computer."
    if profile.prefix:
        yield f"The scanner puts {profile.prefix!r} before each scan. Switch the prefix off."
    if profile.suffix not in _ENDINGS:
        yield f"The scanner puts {profile.suffix!r} behind each scan. Let it end with Enter or Tab."
    elif not profile.suffix:
        yield "The scanner ends a scan with no key. Let it end with Enter or Tab."
    if not profile.symbology:
        yield "The scanner does not tell the kind of symbol. Switch on symbology identifiers (AIM)."
