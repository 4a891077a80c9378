"""Who only has a key sends nothing inside: judged by the address that is connected to, whatever its name says."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.errors import BadRequest
from rxtrail.outbound import ANYWHERE, Reach, Unreachable, request
from tests.outbound.test_http import OK, says, server

if TYPE_CHECKING:
    from collections.abc import Callable

OUTSIDE = Reach(everything=False)

INSIDE = (
    "127.0.0.1", "127.255.0.1", "0.0.0.0", "10.0.0.1", "172.16.5.4", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "not an address", "",
)  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_not_for_who_has_a_key(address: str) -> None:
    assert not OUTSIDE.admits(address)
    assert ANYWHERE.admits(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_a_public_address_is_for_everybody(address: str) -> None:
    assert OUTSIDE.admits(address)


def test_a_network_that_is_allowed_is_reached_and_no_other() -> None:
    reach = Reach(everything=False, networks=["10.20.0.0/16", "fd00:1::/32"])
    assert reach.admits("10.20.3.4")
    assert reach.admits("::ffff:10.20.3.4")
    assert reach.admits("fd00:1::5")
    assert not reach.admits("10.21.0.1")
    assert not reach.admits("127.0.0.1")


@pytest.mark.parametrize("network", ["10.20.0.1/16", "nowhere", ""])
def test_a_network_that_is_none_is_refused(network: str) -> None:
    with pytest.raises(BadRequest):
        Reach(everything=False, networks=[network])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST.", "[::1]", "::1", "10.0.0.1"])
def test_an_address_that_stands_in_the_url_is_refused_at_once(host: str) -> None:
    with pytest.raises(BadRequest, match="inside"):
        OUTSIDE.refuse_literal(host)


def test_a_name_is_not_judged_before_it_is_looked_up() -> None:
    OUTSIDE.refuse_literal("hooks.example.org")


def _answers(monkeypatch: pytest.MonkeyPatch, *lists: list[str]) -> list[str]:
    """Have the resolver give one list of addresses after the other; the last one stays."""
    asked: list[str] = []
    real: Callable[..., Any] = socket.getaddrinfo

    def look_up(host: str, port: int, *args: Any, **more: Any) -> Any:
        found = lists[min(len(asked), len(lists) - 1)]
        asked.append(host)
        return [each for address in found for each in real(address, port, *args, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def _post(url: str, reach: Reach) -> int:
    return request("POST", url, connect_seconds=2, seconds=5, body=b"{}", reach=reach).status


def test_a_name_that_leads_inside_is_not_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[bytes] = []

    def talk(wire: socket.socket) -> None:
        heard.append(wire.recv(65536))
        wire.sendall(OK)

    with server(talk) as url:
        port = url.rpartition(":")[2]
        _answers(monkeypatch, ["127.0.0.1"])
        with pytest.raises(Unreachable, match="inside of a network") as failed:
            _post(f"https://hooks.example.org:{port}/x", OUTSIDE)
        assert not failed.value.sent
    assert heard == []


def test_a_name_is_looked_up_once_for_a_connection_so_it_cannot_change_its_mind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = _answers(monkeypatch, ["169.254.169.254", "127.0.0.1"], ["127.0.0.1"])
    reached: list[Any] = []
    real = socket.socket.connect

    def connect(wire: socket.socket, to: Any) -> None:
        reached.append(to)
        real(wire, to)

    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(Unreachable, match="inside of a network"):
        _post("https://rebinds.example.org/x", OUTSIDE)
    assert asked == ["rebinds.example.org"]
    assert reached == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "0177.0.0.1", "127.1"])
def test_an_address_in_another_spelling_is_judged_by_what_it_is(host: str) -> None:
    with pytest.raises(Unreachable):
        _post(f"https://{host}/x", OUTSIDE)


def test_a_redirect_is_not_followed() -> None:
    heard: list[str] = []
    with server(says(OK)) as inside:

        def talk(wire: socket.socket) -> None:
            heard.append(wire.recv(65536).split(b"\r\n")[0].decode())
            wire.sendall(f"HTTP/1.1 302 Found\r\nLocation: {inside}/x\r\nContent-Length: 0\r\n\r\n".encode())

        with server(talk) as url:
            assert _post(url + "/first", ANYWHERE) == 302
    assert heard == ["POST /first HTTP/1.1"]
