"""What the text of a label says: which sentences are new in it, and which substances it names.

A label is prose. Nothing is concluded from it here: sentences are compared and words are found, and what is found is
given back as it stands. Whoever shows it says that it is label text and no clinical advice.
"""

from __future__ import annotations

import re
from typing import Final

SENTENCE_CHARACTERS_MAX: Final = 400
_NAME_CHARACTERS_MIN: Final = 4
"""Shorter names ("ZINC" has four) are words of ordinary prose too often."""

# Letters beyond ASCII that count as one of ASCII where case does not count.
_TWINS: Final = str.maketrans({"\u0130": "i", "\u0131": "i", "\u017f": "s", "\u212a": "k"})
# A sentence ends at ". ", at a bullet and at a break of the line; "5.2 " and "e.g." end none.
_END = re.compile(r"(?<=[.!?])(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)\s+(?=[A-Z(\[•0-9])|\s*[•▪■]\s*|\s*\n+\s*")
_PLAIN = re.compile(r"[^a-z0-9]+")
# Salts and forms that stand behind the name of a substance, and are left out where a label speaks of it.
_FORMS: Final = frozenset({
    "acetate", "anhydrous", "benzoate", "besylate", "bitartrate", "bromide", "calcium", "carbonate", "chloride",
    "citrate", "dihydrate", "diphosphate", "disodium", "edisylate", "estolate", "fumarate", "gluconate", "hcl",
    "hemihydrate", "hydrobromide", "hydrochloride", "hyclate", "lactate", "magnesium", "malate", "maleate",
    "medoxomil", "mesylate", "monohydrate", "mononitrate", "monosodium", "napsylate", "nitrate", "oxalate",
    "pamoate", "phosphate", "potassium", "sodium", "succinate", "sulfate", "tartrate", "tosylate", "trihydrate",
})  # fmt: skip
_NOT_NAMES: Final = frozenset({
    "alcohol", "water", "oxygen", "nitrogen", "sodium", "potassium", "calcium", "magnesium", "chloride", "zinc",
    "iron", "glucose", "protein", "air", "carbon", "acid", "kit", "solution", "medical",
})  # fmt: skip


class Prose:
    """One text in which many names are looked for."""

    def __init__(self, text: str) -> None:
        """Take the text."""
        self.text = text
        self._plain = text.translate(_TWINS).lower()

    def naming(self, name: str) -> str:
        """Give what :func:`naming` gives of this text; a name that stands nowhere costs a fortieth of that."""
        return "" if name.isascii() and name.lower() not in self._plain else naming(self.text, name)


def sentences(text: str) -> list[str]:
    """Cut a text into its sentences, blanks made one."""
    return [whole for piece in _END.split(text) if piece and (whole := " ".join(piece.split()))]


def added(before: str, after: str) -> list[str]:
    """Give the sentences of ``after`` that do not stand in ``before``, in their order; case and marks do not count."""
    known = {_key(sentence) for sentence in sentences(before)}
    return [sentence for sentence in sentences(after) if (key := _key(sentence)) and key not in known]


def substance(name: str) -> str:
    """Give a substance's name without its salt, in lower case: ``WARFARIN SODIUM`` is spoken of as warfarin.

    "" where nothing is left that a text could be searched for.
    """
    words = [word for word in re.split(r"[\s,]+", name.lower().strip()) if word]
    while len(words) > 1 and words[-1].strip(".()") in _FORMS:
        words.pop()
    found = " ".join(words)
    return "" if len(found) < _NAME_CHARACTERS_MIN or found in _NOT_NAMES else found


def naming(text: str, name: str) -> str:
    """Give the first sentence that has this name as a whole word, and what follows it as far as there is room.

    "" when none has.
    """
    pattern = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])", re.IGNORECASE)
    match = pattern.search(text)
    if match is None:
        return ""
    start = max(0, match.start() - 2 * SENTENCE_CHARACTERS_MAX)
    around = text[start : match.end() + 2 * SENTENCE_CHARACTERS_MAX]
    following = sentences(around)
    while following and not pattern.search(following[0]):
        following.pop(0)
    told = shortened(following[0], name) if following else ""
    for sentence in following[1:]:
        if len(told) + 1 + len(sentence) > SENTENCE_CHARACTERS_MAX:
            break
        told += " " + sentence
    return told


def shortened(sentence: str, name: str = "") -> str:
    """Cut a long sentence at words, around ``name`` where one is given."""
    if len(sentence) <= SENTENCE_CHARACTERS_MAX:
        return sentence
    middle = sentence.lower().find(name.lower()) if name else 0
    start = max(0, middle - SENTENCE_CHARACTERS_MAX // 2)
    piece = sentence[start : start + SENTENCE_CHARACTERS_MAX]
    if start:
        piece = "… " + piece.partition(" ")[2]
    return piece if start + SENTENCE_CHARACTERS_MAX >= len(sentence) else piece.rpartition(" ")[0] + " …"


def _key(sentence: str) -> str:
    return _PLAIN.sub(" ", sentence.lower()).strip()
