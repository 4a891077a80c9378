"""What a keyboard layout does to the keys that a scanner presses: typing, and what each typed character may be.

A scanner set up as a keyboard presses the keys that carry the characters of the symbol on the layout that *it*
is set to; the host prints what those keys carry on *its* layout. Source of the layouts: see
``data.keyboard_layouts``. Dead keys: ISO/IEC 9995-3; the accents that stand alone are those of ISO/IEC 8859.
"""

from __future__ import annotations

import enum
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from rxtrail.core.gs1.charsets import CSET_82
from rxtrail.core.gs1.data.keyboard_layouts import LAYOUTS

DEAD = "\N{DOTTED CIRCLE}"
KEY_COUNT, EXTRA_KEY = 48, 37
LEVEL_COUNT = 3  # without a modifier, with Shift, with AltGr
# What a symbol may hold (set 82), and what scanners send around it: symbology identifiers, Format 06, and
# visible characters in place of the separator.
SENT = CSET_82 + "[]" + "^{}|~@#$\\`"
# What a dead key prints when it does not compose; Windows takes the first, others take the others.
ACCENTS = {
    "\u0300": "`",
    "\u0301": "\u00b4'\u0384",
    "\u0302": "^\u02c6",
    "\u0303": "~\u02dc",
    "\u0304": "\u00af",
    "\u0306": "\u02d8",
    "\u0307": "\u02d9",
    "\u0308": '\u00a8"',
    "\u030a": "\u00b0\u02da",
    "\u030b": "\u02dd",
    "\u030c": "\u02c7",
    "\u0313": "\u1fbd",
    "\u0315": "'",
    "\u0314": "\u1ffe",
    "\u0327": "\u00b8",
    "\u0328": "\u02db",
    "\u0335": "-",
    "\u0344": "\u0385",
    "\u0345": "\u037a",
    "\u3099": "\u309b",
    "\u309a": "\u309c",
}
# The dead keys of polytonic Greek, by the character that each prints when it does not compose.
POLYTONIC = {
    ";": "\u0301",
    "]": "\u0300",
    "[": "\u0342",
    "'": "\u0313",
    '"': "\u0314",
    "{": "\u0345",
    ":": "\u0308",
    "-": "\u0304",
    "_": "\u0306",
    "/": "\u0313\u0301",
    "\\": "\u0313\u0300",
    "=": "\u0313\u0342",
    "?": "\u0314\u0301",
    "|": "\u0314\u0300",
    "+": "\u0314\u0342",
    "`": "\u0308\u0300",
    "~": "\u0308\u0342",
    "}": "",
}
ALL_ACCENTS = frozenset("".join(ACCENTS.values()))


class Caps(enum.Enum):
    """What the Caps Lock key of the host does."""

    OFF = ""
    LETTERS = "Caps Lock"  # turns the case of letters
    KEYS = "Shift Lock"  # acts as Shift on every key, as on French and German keyboards


class Layout(NamedTuple):
    """One keyboard layout; its levels go by key, "" where a key prints nothing."""

    name: str
    title: str
    levels: tuple[tuple[str, ...], ...]


@lru_cache(maxsize=1)
def layouts() -> dict[str, Layout]:
    """Give every layout by its name, those first that most desks have."""
    lines = LAYOUTS[1:-1].split("\n")
    found = {}
    for index in range(0, len(lines), 1 + LEVEL_COUNT):
        name, _, title = lines[index].partition("\t")
        found[name] = Layout(name, title, tuple(_keys(line) for line in lines[index + 1 : index + 1 + LEVEL_COUNT]))
    return found


def _keys(line: str) -> tuple[str, ...]:
    keys: list[str] = []
    for part in line:
        if keys and keys[-1] == DEAD:
            keys[-1] += part
        else:
            keys.append("" if part == " " else part)
    return tuple(keys + [""] * (KEY_COUNT - len(keys)))


@lru_cache(maxsize=4096)
def keys_pressed(scanner: str) -> dict[str, tuple[int, int]]:
    """Give the key and the level by which a scanner of this layout sends each character of ``SENT``."""
    levels = layouts()[scanner].levels
    pressed: dict[str, tuple[int, int]] = {}
    # The key between Shift and Z comes last: not every keyboard has it, and its characters stand elsewhere too.
    for key in [key for key in range(KEY_COUNT) if key != EXTRA_KEY] + [EXTRA_KEY]:
        for level in range(LEVEL_COUNT):
            known = pressed.get(levels[level][key])
            if known is None or (known[1] > level and key != EXTRA_KEY):
                pressed[levels[level][key]] = (key, level)
    return {character: pressed[character] for character in SENT if character in pressed}


def printed_by(host: Layout, key: int, level: int, caps: Caps) -> str:
    """Give what one press prints: a character, a dead key (``DEAD`` and its mark), or nothing."""
    plain, shifted, third = (keys[key] for keys in host.levels)
    if level == 2:
        return third or plain  # a host without a third level there prints the first
    if caps is Caps.KEYS:
        # On German keyboards the key of "-" and "_" is left out.
        return (plain, shifted)[level] if (plain, key) == ("-", KEY_COUNT - 1) else (shifted, plain)[level]
    if caps is Caps.LETTERS:
        # The second form is for the dotted capital of Turkish.
        if plain != shifted and len(plain) == 1 and (plain.upper() == shifted or shifted.lower()[:1] == plain):
            return (shifted, plain)[level]
        upper = (plain, shifted)[level].upper()
        return upper if len(upper) == 1 and upper != "\u1e9e" else (plain, shifted)[level]
    return (plain, shifted)[level]


@lru_cache(maxsize=4096)
def printed(scanner: str, host: str, caps: Caps) -> dict[str, str]:
    """Give what each character that the scanner can send prints at the host; see ``printed_by``."""
    layout = layouts()[host]
    return {
        character: printed_by(layout, key, level, caps) for character, (key, level) in keys_pressed(scanner).items()
    }


def typed(text: str, *, scanner: str = "us", host: str, caps: Caps = Caps.OFF, nul: bool = False) -> str:
    """Type a text as a scanner does; what has no key is sent as it is (control characters).

    With ``nul`` a dead key also leaves a NUL at its place, as programs show that read key by key.
    """
    return typed_with(printed(scanner, host, caps), text, nul=nul)


def typed_with(table: dict[str, str], text: str, *, nul: bool = False) -> str:
    """Type a text by a table of ``printed``; see ``typed``."""
    parts: list[str] = []
    waiting = ""
    for character in text:
        out = table.get(character, character)
        if not out:
            continue  # the key carries nothing: the press is lost
        if out[0] == DEAD:
            parts.append(_accents(waiting)[0] if waiting else "")
            waiting = out[1]
            parts.append("\0" if nul else "")
        elif waiting and out < " ":
            parts.append(out)  # a control character leaves the dead key waiting
        elif waiting:
            parts.append(composed(waiting, out))
            waiting = ""
        else:
            parts.append(out)
    parts.append(_accents(waiting)[0] if waiting else "")
    return "".join(parts)


# The apostrophe of the Latvian standard keyboard makes each letter its Latvian one.
_LATVIAN = dict(zip("acegiklnorsuzACEGIKLNORSUZ", "āčēģīķļņōŗšūžĀČĒĢĪĶĻŅŌŖŠŪŽ", strict=True))


def composed(mark: str, character: str) -> str:
    """Give what a dead key and a character make together: one character, or the accent before the character."""
    if mark == "\u0315":
        return _LATVIAN.get(character, "'" + character)
    one = unicodedata.normalize("NFC", character + POLYTONIC.get(mark, mark))
    return one if len(one) == 1 and one != character else _accents(mark)[0] + character


def _accents(mark: str) -> str:
    return mark if mark in POLYTONIC else ACCENTS.get(mark, " ")


def origins(table: dict[str, str]) -> dict[str, tuple[str, ...]]:
    """Turn a table of ``printed`` round: for each character at the host, what the scanner may have sent."""
    found: dict[str, list[str]] = {}
    dead = []
    for sent, out in table.items():
        if out and out[0] != DEAD:
            found.setdefault(out, []).append(sent)
        elif out:
            dead.append((sent, out[1]))
    for sent, mark in dead:
        for rank, accent in enumerate(_accents(mark).strip()):
            if rank == 0 or accent not in found:  # a key of its own explains the rarer forms better
                found.setdefault(accent, []).append(sent)
        for letter, out in table.items():
            if len(out) == 1:
                one = composed(mark, out)
                if len(one) == 1:
                    found.setdefault(one, []).append(sent + letter)
    return {character: tuple(dict.fromkeys(sents)) for character, sents in found.items()}
