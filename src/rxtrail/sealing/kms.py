"""Root keys that a key management service wraps, through a plug-in.

A plug-in is a package with an entry point in the group ``rxtrail.kms``: a callable without arguments that gives an
object with ``wrap(key: bytes) -> bytes`` and ``unwrap(wrapped: bytes) -> bytes``. It reads its own settings (address,
credentials, name of the key) from where that service's programs read them. It is asked once when a store is opened.
"""

from __future__ import annotations

from importlib import metadata
from typing import Final, Protocol

from rxtrail.sealing.refusals import CannotDecrypt

GROUP: Final = "rxtrail.kms"


class Kms(Protocol):
    """What wraps and unwraps a root key."""

    def wrap(self, key: bytes) -> bytes:
        """Wrap 32 bytes."""
        ...

    def unwrap(self, wrapped: bytes) -> bytes:
        """Give back the 32 bytes."""
        ...


def names() -> list[str]:
    """List the plug-ins that are installed."""
    return sorted({point.name for point in metadata.entry_points(group=GROUP)})


def load(name: str) -> Kms:
    """Load a plug-in.

    :raises CannotDecrypt: there is none of that name, or it cannot be loaded.
    """
    for point in metadata.entry_points(group=GROUP):
        if point.name == name:
            try:
                kms: Kms = point.load()()
            except Exception as error:
                raise CannotDecrypt(f"the key management plug-in {name} failed: {error}", place=name) from error
            return kms
    raise CannotDecrypt(
        f"the key management plug-in {name} is not installed",
        place=name,
        advice=f"Install the package that has it (entry points {GROUP}). Installed: {', '.join(names()) or 'none'}.",
    )


def wrap(name: str, key: bytes) -> bytes:
    """Have a service wrap a root key, and prove that it gives it back.

    :raises CannotDecrypt: it failed, or gave another key back.
    """
    kms = load(name)
    try:
        wrapped = bytes(kms.wrap(key))
        back = bytes(kms.unwrap(wrapped))
    except Exception as error:
        raise CannotDecrypt(f"the key management service {name} failed: {error}", place=name) from error
    if back != key or key in wrapped:
        raise CannotDecrypt(f"the key management service {name} does not give back what it wrapped", place=name)
    return wrapped


def unwrap(name: str, wrapped: bytes) -> bytes:
    """Have a service open a root key.

    :raises CannotDecrypt: it did not.
    """
    kms = load(name)
    try:
        return bytes(kms.unwrap(wrapped))
    except Exception as error:
        raise CannotDecrypt(
            f"the key management service {name} does not open the root key: {error}",
            place=name,
            advice="See that the service can be reached and that its key was not disabled.",
        ) from error
