"""What reading scans costs: a clean code, the codes that the field damages, and the slowest texts that are known.

Run by ``benchmarks.run`` in a process of its own. The floor of a clean code is one look at its four elements; the floor
of a repaired one is a clean code read once for each reading that the record may be asked for.
"""

from __future__ import annotations

import random
import re
import time
from typing import TYPE_CHECKING, Any

from rxtrail.core.gs1 import keyboard, keyboard_anchors, lattice, scan_elements
from rxtrail.core.gs1 import keyboard_tables as tables
from rxtrail.core.gs1.readings import READINGS_MAX, readings
from rxtrail.core.gs1.scan import read_scan

if TYPE_CHECKING:
    from collections.abc import Callable

YEAR = 2026
CODES = 5_000
ROUNDS = 7  # of each text that was made to be slow: what else runs on the machine is left out
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
GTIN = "00352601815904"
_FOUR = re.compile(r"\]d201([0-9]{14})21([^\x1d]{1,20})\x1d17([0-9]{6})10([^\x1d]{1,20})").fullmatch
# Found by search: mutations of codes, of their pieces and of keyboards, the slowest kept.
HOSTILE = (
    "91h211021tt\x00\xdd21ps711:021tt\x00\xb4ps711://id.gs1.org/9N1112345678\xb44201dg1ps711:021tt\x00\xb4ps711://id.gs1.org/9N1112345678\xb44201dgD270930as1.\x00\xb4p711://id.gs1\xe9org/01dgs1.org/01/(",
    "91https270930711://id.gs.o17270930/id_.gs.o1-Z7270901003526018159043101210r2110\x000930711://id.gs.o17270930/id_.gs.o1-7270901003526018159043101210r2110\x00\u011c1g/01_17d.gs.17270930os711://dgs727F8093101210r21",
    "703010290030290035100101260103526352\xf66172709300103105260https://d.gs1.710org/01/181590104(0",
    "1121(1)\x1e06\x1d(01):DYYLO-sZZCVIO1V(21)RSPZ01ZF(21)92u8/)v1\xe90DYYLsZ((01)(2http:/17/1)\xf6",
    "\u099e\u0985))))))\u0993\u09ce\u0996\u09ac\u09cc(\u09b6\\)))\u09ac\u09ae\u0983",
    "(D2010301234567890221zY\x00\xb4-\xa7\xfd%=\u0165\u01481727010110l\xed1\xe9",
    ")!))#%@^)!*!%()$@!\u05e6\u05e4#@1)!))#%@^)!*!%()$@!\u05e6\u05e4#@\u05d0)!)%()$@!\u05e6\u05e4#@\u05d0)!))#%@^)!*!%()$@!\u05e6\u05e4#@\u05d0\u05e4\u05d1#\u05d3\u05e5!&@&)(#)!)\u05e7\u05d3!\u05d3=",
    "92102110210T7100ht70(htI240:/S/d(21).s11211.91org/01/2709D27093030ps17270930:/0100352601811250101",
)


def measure() -> dict[str, Any]:
    """Give microseconds of CPU for each kind of text, and for the slowest text."""
    rng = random.Random(7)
    clean = [
        f"]d201{GTIN}21{''.join(rng.choices(ALPHABET, k=12))}\x1d1729093010L{number:05d}" for number in range(CODES)
    ]
    keyboard.explains("0", "0")  # the index is built once
    few = clean[: CODES // 10]
    lost = [text.replace("\x1d", "") for text in few]
    german = [tables.typed(text, host="de") for text in few]
    for text, arrived in zip(few, lost, strict=True):
        wanted, found = read_scan(text, this_year=YEAR), readings(arrived, this_year=YEAR)
        if wanted.serial not in {one.serial for one in found.candidates}:
            raise ValueError(f"{arrived!r} is not read: {found}")
    return {
        "floor": _each(clean, _FOUR),
        "clean": _each(clean, lambda text: read_scan(text, this_year=YEAR)),
        "lost": _each(lost, lambda text: readings(text, this_year=YEAR)),
        "german": _each(german, lambda text: readings(text, this_year=YEAR)),
        "worst": max(_alone(text) for text in HOSTILE),
        "readings": READINGS_MAX,
    }


def _each(texts: list[str], work: Callable[[str], object]) -> float:
    began = time.process_time()
    for text in texts:
        work(text)
    return (time.process_time() - began) / len(texts) * 1e6


def _alone(text: str) -> float:
    """Read one text as if for the first time, and give the least that it cost."""
    least = float("inf")
    for _ in range(ROUNDS):
        for module in (lattice, scan_elements, keyboard_anchors):
            for kept in vars(module).values():
                if hasattr(kept, "cache_clear"):
                    kept.cache_clear()
        began = time.process_time()
        readings(text, this_year=YEAR)
        least = min(least, time.process_time() - began)
    return least * 1e6
