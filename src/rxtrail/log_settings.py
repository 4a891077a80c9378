"""How the log is published: the part ``[log]`` of the settings file."""

from __future__ import annotations

from typing import Final

import msgspec

CHILD: Final = "child"
INLINE: Final = "inline"
CHECKPOINT_SECONDS: Final = 1.0
CHECKPOINT_SECONDS_MIN: Final = 0.05


class LogSettings(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Who signs the log, and who cosigns it.

    ``signer``: ``child`` (``serve`` starts it), ``inline`` (in the process of the API), or the path of the socket of
    one that runs; ``signer_user`` is whose that is. ``key`` is empty for a key file, or ``plug-in:argument``.
    ``origin`` names a new log. ``witness_policy`` is a file (C2SP tlog-policy) with the witnesses that are asked, and
    how many of them must have signed.
    """

    signer: str = CHILD
    signer_user: str = ""
    key: str = ""
    ml_dsa: bool = False
    origin: str = ""
    checkpoint_seconds: float = CHECKPOINT_SECONDS
    witness_policy: str = ""
