"""What is shown beside a verdict and never changes it: what public files say of a product."""

from __future__ import annotations

from typing import Final

import msgspec

LABEL_ADVICE: Final = "Label text, not clinical advice: a pharmacist decides."
SHORTAGE_ADVICE: Final = "As the authority published it; ask your supplier."


class SafetyNote(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One thing that a public file says of a scanned product, word for word.

    ``source`` names the file's own record, ``since`` is an ISO date, ``more`` tells that ``text`` was shortened.
    """

    kind: str  # boxed-warning | new-warning | interaction | shortage
    title: str
    text: str
    source: str
    advice: str
    since: str = ""
    more: bool = False
    section: str = ""  # of the label
    gtin: str = ""  # of an interaction: whose label it is
    other: str = ""  # of an interaction: the GTIN of the pack that it names
