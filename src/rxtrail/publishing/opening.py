"""What is opened before a log can be published: the signer's key, the policy of its witnesses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rxtrail.core.merkle.errors import BadPolicy
from rxtrail.core.merkle.policy import parse as parse_policy
from rxtrail.errors import BadRequest
from rxtrail.keys import open_key
from rxtrail.log_keys import NoteKey, open_log_keys
from rxtrail.publishing import elsewhere
from rxtrail.publishing.signing import Signer

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.core.merkle.policy import Policy
    from rxtrail.log_settings import LogSettings


def next_name(name: str) -> str:
    """Give the name of the log after one: ``x/log`` is followed by ``x/log/2``."""
    stem, _, number = name.rpartition("/")
    return f"{stem}/{int(number) + 1}" if stem and number.isdigit() else f"{name}/2"


def signer_of(
    folder: Path,
    settings: LogSettings,
    *,
    now_us: Callable[[], int],
    random_bytes: Callable[[int], bytes],
) -> Signer:
    """Open the log's key and what it signed last; a new log is named by the settings, or after the node's own key.

    :raises Busy: another signer works in this folder.
    :raises KeyFailed: a key file, or what was signed last, is not whole.
    :raises BadRequest: the policy of the witnesses cannot be read.
    """

    def keys() -> list[NoteKey]:
        origin = settings.origin or f"{open_key(folder, random_bytes=random_bytes).verifier.name}/log"
        return open_log_keys(folder, origin, random_bytes=random_bytes, plug_in=settings.key, ml_dsa=settings.ml_dsa)

    witnesses = read_policy(settings.witness_policy).witnesses if settings.witness_policy else ()
    return Signer(
        folder, keys, now_s=lambda: now_us() // 1_000_000, elsewhere=lambda origin: elsewhere.ask(witnesses, origin)
    )


def read_policy(path: str) -> Policy:
    """Read the file with the witnesses that are asked; raises ``BadRequest`` with the line that does not fit."""
    try:
        content = Path(path).expanduser().read_bytes()
    except OSError as error:
        raise BadRequest(f"the witness policy cannot be read: {error.strerror}", place=path) from error
    try:
        return parse_policy(content)
    except BadPolicy as wrong:
        raise BadRequest(wrong.message, place=f"{path}, {wrong.place}", advice=wrong.advice) from wrong


def child_arguments(settings: LogSettings) -> list[str]:
    """Give what a signer is told when it is started as a child."""
    found = []
    if settings.key:
        found += ["--key", settings.key]
    if settings.origin:
        found += ["--origin", settings.origin]
    if settings.ml_dsa:
        found += ["--ml-dsa"]
    if settings.witness_policy:
        found += ["--witness-policy", settings.witness_policy]
    return found
