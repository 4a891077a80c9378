"""Derive the table of keyboard layouts from xkeyboard-config, as Debian's package ``xkb-data`` installs it.

Usage: ``python scripts/keyboard_layouts.py > src/rxtrail/core/gs1/data/keyboard_layouts.py``

It needs the packages ``xkb-data`` (the layouts) and ``libxkbcommon0`` (which compiles them). What Windows prints
otherwise is written by hand in ``scripts/keyboard_windows.txt``: each entry names the layout it starts from
and the keys that differ.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import re
import sys
import unicodedata
import xml.etree.ElementTree as ET  # the file is part of the operating system
from pathlib import Path

RULES = Path("/usr/share/X11/xkb/rules/evdev.xml")
WINDOWS = Path(__file__).with_name("keyboard_windows.txt")
# The keys that print, by the row and place that every PC keyboard has them in.
ROWS = {
    "TLDE": [49],
    "AE": list(range(10, 22)),
    "AD": list(range(24, 36)),
    "AC": [*range(38, 49), 51],  # with the key that US keyboards have above Enter
    "LSGT": [94],
    "AB": list(range(52, 62)),
}
KEYS = [
    "TLDE",
    *[f"AE{n:02}" for n in range(1, 13)],
    *[f"AD{n:02}" for n in range(1, 13)],
    *[f"AC{n:02}" for n in range(1, 13)],
    "LSGT",
    *[f"AB{n:02}" for n in range(1, 11)],
]
KEYCODES = [code for row in ROWS.values() for code in row]
BARE_KEYS_MAX = 24  # of 96; where more print nothing, no scan can be read back
NOTHING, DEAD = " ", "\N{DOTTED CIRCLE}"

# Dead keys by their names in X; what is missing here composes nothing that a scan could hold.
DEAD_MARKS = {
    "grave": "\u0300",
    "acute": "\u0301",
    "circumflex": "\u0302",
    "tilde": "\u0303",
    "macron": "\u0304",
    "breve": "\u0306",
    "abovedot": "\u0307",
    "diaeresis": "\u0308",
    "hook": "\u0309",
    "abovering": "\u030a",
    "doubleacute": "\u030b",
    "caron": "\u030c",
    "doublegrave": "\u030f",
    "invertedbreve": "\u0311",
    "abovecomma": "\u0313",
    "psili": "\u0313",
    "abovereversedcomma": "\u0314",
    "dasia": "\u0314",
    "horn": "\u031b",
    "belowdot": "\u0323",
    "belowdiaeresis": "\u0324",
    "belowring": "\u0325",
    "belowcomma": "\u0326",
    "cedilla": "\u0327",
    "ogonek": "\u0328",
    "belowmacron": "\u0331",
    "stroke": "\u0335",
    "iota": "\u0345",
    "voiced_sound": "\u3099",
    "semivoiced_sound": "\u309a",
}

# Of layouts that print the same, the one that most desks have gives its name.
FIRST = (
    "us gb de fr fr(azerty) es it pt nl be ch ch(fr) at dk se no fi is ee lv lt lt(us) pl cz cz(qwerty) sk sk(qwerty)"
    " hu ro ro(std) bg bg(phonetic) gr tr tr(f) hr si rs ru ua by il ara ir in th vn kr jp br latam ca us(intl)"
    " us(dvorak) us(colemak) fr(bepo)"
)

_HEAD = '''"""What each key prints on every keyboard layout that a host or a scanner may be set to.

Derived by ``scripts/keyboard_layouts.py``; do not edit by hand. Source: xkeyboard-config (Debian package
xkb-data {version}), under the licences that NOTICE names; changed in form. Entries whose name starts with
``windows:`` hold what Windows prints otherwise, from ``scripts/keyboard_windows.txt``.

An entry is four lines: its name, a tab and its title; then what its keys print without a modifier, with Shift, and
with AltGr. The keys go by row as on the desk: TLDE AE01-12, AD01-12, AC01-12, LSGT AB01-10 (names of ISO/IEC 9995
as X writes them). A blank is a key that prints nothing; a dotted circle with the mark behind it is a dead key.
"""
# ruff: noqa: RUF001

from __future__ import annotations

LAYOUTS = r"""
'''


class _RuleNames(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_char_p) for name in ("rules", "model", "layout", "variant", "options"))


class Compiler:
    """Asks libxkbcommon what a layout prints."""

    def __init__(self) -> None:
        found = ctypes.util.find_library("xkbcommon")
        if found is None:
            sys.exit("libxkbcommon is not installed")
        self.library = ctypes.CDLL(found)
        for name in ("xkb_context_new", "xkb_keymap_new_from_names"):
            getattr(self.library, name).restype = ctypes.c_void_p
        self.context = ctypes.c_void_p(self.library.xkb_context_new(0))

    def levels(self, layout: str, variant: str) -> list[list[str]] | None:
        """Give what each key prints on the first three levels; None when the layout cannot be compiled."""
        names = _RuleNames(b"evdev", b"pc105", layout.encode(), variant.encode(), b"")
        keymap = ctypes.c_void_p(self.library.xkb_keymap_new_from_names(self.context, ctypes.byref(names), 0))
        if not keymap.value:
            return None
        levels = [[self._printed(keymap, code, level) for code in KEYCODES] for level in range(3)]
        self.library.xkb_keymap_unref(keymap)
        return levels

    def _printed(self, keymap: ctypes.c_void_p, code: int, level: int) -> str:
        symbols = ctypes.POINTER(ctypes.c_uint32)()
        count = self.library.xkb_keymap_key_get_syms_by_level(keymap, code, 0, level, ctypes.byref(symbols))
        if count != 1:
            return NOTHING
        buffer = ctypes.create_string_buffer(64)
        self.library.xkb_keysym_get_name(symbols[0], buffer, 64)
        name = buffer.value.decode()
        if name.startswith("dead_"):
            mark = DEAD_MARKS.get(name.removeprefix("dead_"))
            return DEAD + mark if mark else NOTHING
        point = self.library.xkb_keysym_to_utf32(symbols[0])
        text = chr(point) if point > 0x20 else NOTHING
        return (
            NOTHING
            if unicodedata.category(text) in {"Cc", "Cf", "Cn", "Co", "Zl", "Zp", "Zs"} or text == DEAD
            else text
        )


def entries(compiler: Compiler) -> dict[str, tuple[str, list[list[str]]]]:
    """Give every layout and variant that X knows, by its name there: its title and what its keys print."""
    found = {}
    for layout in ET.parse(RULES).getroot().iter("layout"):  # noqa: S314 - a file of the operating system
        name = layout.findtext("configItem/name") or ""
        title = layout.findtext("configItem/description") or ""
        variants = [("", title)]
        for variant in layout.iter("variant"):
            item = variant.find("configItem")
            assert item is not None, f"a variant of {name} without a name"
            variants.append((item.findtext("name") or "", item.findtext("description") or ""))
        for of_layout, described in variants:
            levels = compiler.levels(name, of_layout)
            if levels is not None:
                found[f"{name}({of_layout})" if of_layout else name] = (described, levels)
    return found


def windows(text: str, found: dict[str, tuple[str, list[list[str]]]]) -> dict[str, tuple[str, list[list[str]]]]:
    """Read what Windows prints otherwise: ``name = base: title`` and lines ``KEY base shift [altgr]``."""
    made: dict[str, tuple[str, list[list[str]]]] = {}
    levels: list[list[str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        head = re.fullmatch(r"(\S+) = (\S+): (.+)", line)
        if head is not None:
            base = made[head[2].removeprefix("windows:")] if head[2].startswith("windows:") else found[head[2]]
            levels = [list(level) for level in base[1]]
            made[head[1]] = (head[3], levels)
        elif line.strip() and not line.startswith("#"):
            key, *printed = line.split()
            if key not in KEYS or not 1 <= len(printed) <= 3:
                sys.exit(f"line {number} names no key: {line!r}")
            if any(len(part.removeprefix(DEAD)) != 1 for part in printed if part != DEAD):
                sys.exit(f"line {number}: a key prints one character: {line!r}")
            for level, part in enumerate(printed):
                levels[level][KEYS.index(key)] = NOTHING if part == "\N{OPEN BOX}" else part
    return made


def main() -> None:
    """Write the table to standard output."""
    found = entries(Compiler())
    made = windows(WINDOWS.read_text(encoding="utf-8"), found)
    every = (
        {name: found[name] for name in FIRST.split()}
        | {f"windows:{name}": entry for name, entry in made.items()}
        | found
    )
    lines: list[str] = []
    seen = set()
    for name, (title, levels) in every.items():
        rows = ["".join(level) for level in levels]
        printed = tuple(rows[:2])  # AltGr matters only to a scanner, and a scanner has the main layout of its country
        bare = sum(key == NOTHING for level in levels[:2] for key in level)
        if printed not in seen and bare <= BARE_KEYS_MAX:
            seen.add(printed)
            lines += [f"{name}\t{title}", *[row.rstrip() for row in rows]]
    text = "\n".join(lines)
    assert '"""' not in text, "the table would end its own string"
    sys.stdout.write(_HEAD.format(version=_version()) + text + '\n"""\n')


def _version() -> str:
    for block in Path("/var/lib/dpkg/status").read_text(encoding="utf-8").split("\n\n"):
        if block.startswith("Package: xkb-data\n"):
            return str(re.findall(r"^Version: (\S+)", block, re.MULTILINE)[0])
    return "of unknown version"


if __name__ == "__main__":
    main()
