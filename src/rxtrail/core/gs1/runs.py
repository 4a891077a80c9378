"""Lists of EPCs as runs: the shared start is read once, so a thousand serials cost one parse."""

from __future__ import annotations

import msgspec


class EpcRun(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Consecutive identifiers of one list that share everything but the last part.

    ``key`` is the canonical start, a GS1 Digital Link path without its domain: ``01/00352601815904/21/``
    for SGTINs, ``00/`` for SSCCs (the serial is then the 18 digits), ``8004/`` for GIAIs and so on. An
    identifier that is not a readable GS1 key is kept as written: ``key`` is empty and the serial is the text.

    ``serials`` are decoded (no percent-encoding), in the order of the document.

    ``form`` is how it was written, so that it can be written back: ``""`` verbatim, a number such as ``"7"``
    for an EPC URN with that company prefix length, otherwise the stem of the Digital Link
    (``https://id.gs1.org``). The form is not part of the identity.
    """

    key: str
    serials: list[str]
    form: str = ""
