"""Which addresses somebody may have this machine connect to: asked of the address itself, never of its name.

Whoever runs the node may name any. A site that only has a key may name what the whole internet reaches: else its
webhook would be a way to the servers inside (server-side request forgery, OWASP API7:2023). A name is looked up once
for each connection, and each address of it is judged before it is used, so a name that changes its mind (rebinding)
gains nothing.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

from rxtrail.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address
    Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Public by their number, and yet only a cloud's own machines are behind them, or nothing is.
_NOT_OUTSIDE: Final = tuple(
    ipaddress.ip_network(text)
    for text in ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "fec0::/10")
)
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_V4_COMPATIBLE: Final = ipaddress.ip_network("::/96")


class NotOutside(OSError):
    """An address that lies inside, for somebody who may only reach what lies outside."""


class Reach:
    """What may be connected to: everything, or what is public and some networks beside it."""

    def __init__(self, *, everything: bool, networks: Iterable[str] = ()) -> None:
        """Take the networks, such as 10.20.0.0/16; raises ``BadRequest`` for one that is none."""
        self._everything = everything
        self._networks = [_network(text) for text in networks]

    def admits(self, text: str) -> bool:
        """Tell whether this address, as a socket names it, may be connected to."""
        if self._everything:
            return True
        try:
            address = ipaddress.ip_address(text.partition("%")[0])
        except ValueError:
            return False
        # Both must do: what is written, and what a translator on the way makes of it.
        return all(_is_public(each) or any(each in network for network in self._networks) for each in _meant(address))

    def refuse_literal(self, host: str) -> None:
        """Refuse an address that stands in a URL itself; a name is looked up when it is connected to.

        :raises BadRequest: it may not be reached.
        """
        text = "127.0.0.1" if host.lower().rstrip(".") == "localhost" else host.strip("[]")
        try:
            ipaddress.ip_address(text.partition("%")[0])
        except ValueError:
            return
        if not self.admits(text):
            raise BadRequest(
                f"{host[:80]} is an address inside of a network, which a site key may not name",
                place="dest",
                advice="Give a public https:// address, or ask whoever runs this node to allow its network.",
            )


ANYWHERE: Final = Reach(everything=True)


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as wrong:
        raise BadRequest(
            f"{text[:60]!r} is not a network", place="webhook_networks", advice="Write it as 10.20.0.0/16."
        ) from wrong


def _meant(address: Address) -> list[Address]:
    """Give an address, and the IPv4 address that it stands for in one of the ways from the one to the other."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]  # the system connects to the IPv4 address
    found: list[Address] = [address]
    if address.sixtofour is not None:
        found.append(address.sixtofour)
    if address.teredo is not None:
        found += address.teredo
    if address in _NAT64 or (address in _V4_COMPATIBLE and int(address) > 1):
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return found


def _is_public(address: Address) -> bool:
    if any(address in network for network in _NOT_OUTSIDE):
        return False
    if isinstance(address, ipaddress.IPv6Address) and address in _NAT64:
        return True  # what is behind it is judged by itself
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)
