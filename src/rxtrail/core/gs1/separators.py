r"""The group separator (GS, FNC1) in its disguises: what keyboards, terminals and middleware make of it.

A scanner that imitates a keyboard has no key for GS. It sends a control sequence, a word such as ``<GS>``, or a
character that somebody configured; a text box may keep it, drop it, or show it as a glyph. Source: GS1 General
Specifications, section 7.8.3 (GS is what FNC1 is sent as), and scanner manuals (substitutes).
"""

from __future__ import annotations

import re

from rxtrail.core.gs1 import charsets

GS = "\x1d"
_CHARACTERS_MAX = 4  # different strange characters that are tried one after another

# Words that stand for the separator. Only those in angle brackets could be GS1 data, and no one was ever seen.
_OPEN, _CLOSE = r"[<{\[(\xab\u2039]", r"[>}\])\xbb\u203a]"
_NAMED = re.compile(
    rf"{_OPEN}(?:GS|FNC-?1|F8|\^\]|(?:0x)?1D|GROUP.?SEPARATOR|(?:ASCII|ALT|CHR)?[ +]?0{{0,2}}29|CTRL\+\]){_CLOSE}"
    r"|\^\]|\\x\{?1d\}?|\\u001d|\\u\{1d\}|\\035|\\29|\\GS|\\FNC1|\\[FG]|\\e\\F|~d029|~029|&#0*29;|&#x0*1d;"
    r"|0x1d|\$GS\$|#GS#|\|GS\||_x001d_|\u241d|\u2194",
    re.IGNORECASE,
)
# The same from characters of GS1 data: at a border both readings are possible, so both are kept.
IN_DATA = ("ALT029", "029", "%1D", "=1D", "FNC1", "F8", "GS", "%1d", "fnc1", "f8", "gs")
_STRANGE = re.compile(f"([^{re.escape(charsets.CSET_82)}{GS}])\\1*")
_REPEATED = re.compile(f"[ \t]*{GS}[ \t{GS}]*")


def restore_named(text: str) -> str:
    """Put GS where a word stands for it; a text that already has a GS is left alone."""
    if GS in text:
        return text
    found = _NAMED.search(text)
    if found is None:
        return text
    # One device sends one word; another word in the same text is then data.
    word = found[0]
    return re.sub(re.escape(word), GS, text, flags=re.IGNORECASE)


def strange_characters(text: str) -> list[str]:
    """Give the characters that GS1 data never holds, in order of first sight; each may stand for GS.

    One that stands only at the ends is none: it may be the last character of a serial, come out wrong.
    """
    places = [(found[1], found.start() > 0 and found.end() < len(text)) for found in _STRANGE.finditer(text)]
    return list(dict.fromkeys(character for character, is_inside in places if is_inside))[:_CHARACTERS_MAX]


def restore_character(text: str, character: str) -> str:
    """Put GS for every run of one character."""
    return re.sub(f"{re.escape(character)}+", GS, text)


def tidy(text: str) -> str:
    """Take repeated separators for one, and drop those at the ends."""
    if GS not in text:
        return text
    return _REPEATED.sub(GS, text).strip(GS)
