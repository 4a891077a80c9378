"""Host, Origin and the headers of every answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rxtrail.web.app import build
from tests.web.conftest import Api

if TYPE_CHECKING:
    from rxtrail.bootstrap import Node

ADDRESSES = [("POST", "/api/v1/verify"), ("GET", "/api/v1/partners"), ("GET", "/"), ("GET", "/metrics")]


def ask(api: Api, method: str, path: str, **headers: str) -> int:
    content = b'{"scan":"x"}' if method == "POST" else b""
    return api(method, path, content=content, headers={"content-type": "application/json", **headers}).status_code


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8470", "LOCALHOST:1", "[::1]:8470"])
def test_loopback_names_are_answered(api: Api, method: str, path: str, host: str) -> None:
    assert ask(api, method, path, host=host) == 200


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "127.0.0.1@evil", "[::2]"],
)
def test_a_rebound_name_is_not_answered(api: Api, method: str, path: str, host: str) -> None:
    assert ask(api, method, path, host=host) == 421


def test_a_configured_name_is_answered(node: Node) -> None:
    client = Api(build(node, hosts=("rx.example",)))
    assert ask(client, "GET", "/", host="RX.example:443") == 200
    assert ask(client, "GET", "/", host="other.example") == 421
    client.close()


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "https://localhost:8470"])
def test_another_sites_page_changes_nothing(api: Api, origin: str) -> None:
    for method, path in (("POST", "/api/v1/verify"), ("POST", "/api/v1/stock"), ("PUT", "/api/v1/partners")):
        assert ask(api, method, path, origin=origin) == 403


def test_our_own_page_may_write(api: Api) -> None:
    assert ask(api, "POST", "/api/v1/verify", origin="http://127.0.0.1:8470") == 200


def test_no_answer_invites_another_origin(api: Api) -> None:
    for method, path in ADDRESSES:
        headers = {"origin": "http://evil.example", "content-type": "application/json"}
        answer = api(method, path, content=b'{"scan":"x"}', headers=headers)
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_pages_run_nothing_that_is_not_ours(api: Api) -> None:
    for path in ("/", "/about", "/documents", "/nosuch"):
        headers = api.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"


def test_api_answers_are_kept_by_no_cache(api: Api) -> None:
    for method, path in ADDRESSES:
        if path != "/":
            answer = api(method, path, content=b'{"scan":"x"}', headers={"content-type": "application/json"})
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"
