"""What to set on a scanner or a computer, in plain words and in the terms that the manuals of all makers use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.gs1.charsets import CSET_82
from rxtrail.core.gs1.keyboard_profile import KEPT, LOST
from rxtrail.core.gs1.keyboard_tables import layouts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.core.gs1.keyboard_profile import Profile

SLOW_MS = 20.0  # a character; a pack's eighty then take longer than a second and a half
_ENDINGS = frozenset({"\r", "\n", "\r\n", "\t"})
UNKNOWN_LAYOUT = "?"


class Advice(msgspec.Struct, frozen=True, gc=False):
    """One fault of a station: a stable code, what was found, what to set, and whether scans are put right meanwhile."""

    code: str
    found: str
    do: str
    cured: bool  # the profile undoes it; else it stays a fault until it is set right


def advice_of(profile: Profile, ms_per_character: float | None) -> list[Advice]:
    """Give one advice for each fault that a calibration scan showed; what cannot be put right here comes first."""
    return sorted(_advice(profile, ms_per_character), key=lambda advice: advice.cured)


def _advice(profile: Profile, ms_per_character: float | None) -> Iterator[Advice]:
    if not profile.known:
        yield Advice(
            "not-the-symbol",
            "What arrived is not the calibration symbol.",
            "Scan the symbol on this page again. If it stays so, set the scanner to its factory settings, then scan.",
            cured=False,
        )
        return
    yield from _of_keyboard(profile)
    yield from _of_separator(profile)
    yield from _of_frame(profile)
    if ms_per_character is not None and ms_per_character > SLOW_MS:
        yield Advice(
            "slow-keyboard",
            f"The scanner types slowly: {ms_per_character:.0f} ms a character.",
            "Set the inter-character delay to none, and the keyboard speed to the fastest.",
            cured=False,
        )


def _of_keyboard(profile: Profile) -> Iterator[Advice]:
    if profile.layout == UNKNOWN_LAYOUT:
        yield Advice(
            "layouts-differ",
            "The computer types other characters than the scanner sends.",
            "Set the keyboard country of the scanner to the keyboard of this computer.",
            cured=True,
        )
    elif profile.layout:
        title = layouts()[profile.layout].title
        yield Advice(
            "layouts-differ",
            f"The scanner is set to a US keyboard, this computer to {title}.",
            f"Set the keyboard country of the scanner to {title}, or choose a US keyboard on this computer.",
            cured=True,
        )
    if profile.caps:
        yield Advice("caps-lock", f"{profile.caps} is on.", "Press the Caps Lock key, so that its light is off.", True)  # noqa: FBT003
    elif profile.case in {"upper", "lower"}:
        yield Advice(
            "case-changed",
            f"The scanner turns all letters into {profile.case} case.",
            "Set the case conversion of the scanner to none.",
            cured=False,
        )
    if profile.lost:
        yield Advice(
            "characters-lost",
            f"These characters leave no trace: {' '.join(profile.lost)}",
            "Set the scanner and the computer to one and the same keyboard, US for one.",
            cured=False,
        )
    if profile.alike:
        yield Advice(
            "characters-alike",
            f"These characters arrive as one and the same: {', '.join(profile.alike)}",
            "Set the scanner and the computer to one and the same keyboard, US for one.",
            cured=False,
        )


def _of_separator(profile: Profile) -> Iterator[Advice]:
    if profile.gs == LOST:
        yield Advice(
            "separator-lost",
            "The separator between the fields of a code (GS, FNC1) does not arrive.",
            "Send GS as character 29: set the scanner to send control characters, or to send Ctrl+] for ASCII 29.",
            cured=False,
        )
    elif profile.gs != KEPT:
        is_data = all(character in CSET_82 for character in profile.gs)
        yield Advice(
            "separator-replaced",
            f"The separator (GS, FNC1) arrives as {_shown(profile.gs)}"
            + (", which a serial or a lot may hold too." if is_data else "."),
            "Send GS as character 29, and replace it by nothing else.",
            cured=True,
        )


def _of_frame(profile: Profile) -> Iterator[Advice]:
    # Where no layout is known, a garbled symbology identifier is taken off as a prefix is.
    if profile.prefix and not (profile.symbology and profile.layout == UNKNOWN_LAYOUT):
        yield Advice(
            "prefix",
            f"The scanner puts {_shown(profile.prefix)} before each scan.",
            "Remove the prefix from the settings of the scanner.",
            cured=True,
        )
    ending = next((end for end in ("\r\n", "\r", "\n", "\t") if profile.suffix.endswith(end)), "")
    if profile.suffix not in _ENDINGS and profile.suffix:
        yield Advice(
            "suffix",
            f"The scanner puts {_shown(profile.suffix.removesuffix(ending))} behind each scan.",
            "Set the suffix of the scanner to Enter (CR), and to nothing else.",
            cured=True,
        )
    if not ending:
        yield Advice(
            "no-ending-key",
            "The scanner ends a scan with no key, so a program must guess when a scan is complete.",
            "Set the suffix of the scanner to Enter (CR).",
            cured=False,
        )
    if not profile.symbology:
        yield Advice(
            "no-symbology-identifier",
            "The scanner does not tell which kind of code it read.",
            "Send the AIM symbology identifier with every scan (often named Code ID: AIM).",
            cured=False,
        )


def _shown(text: str) -> str:
    """Write characters so that a person can name them."""
    return " ".join([character if "!" <= character <= "~" else f"U+{ord(character):04X}" for character in text])
