"""Keys over HTTP: how what lies at rest is protected, and a new key. Destroying is for the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.bootstrap import open_node
from rxtrail.keyring import KeyOrder
from rxtrail.web.app import build
from tests.web.conftest import Api

if TYPE_CHECKING:
    from pathlib import Path

    from rxtrail.bootstrap import Node


def test_the_state_of_the_keys_is_told_and_never_a_key(api: Api, tmp_path: Path) -> None:
    told = api.get("/api/v1/encryption")
    assert told.status_code == 200
    assert told.json()["encrypted"] is True
    secret = (tmp_path / "data" / "keys" / "root.key").read_text().split('"key": "')[1][:20]
    assert secret not in told.text


def test_a_new_key_is_made_with_a_reason_and_a_name(api: Api) -> None:
    done = api.post("/api/v1/encryption/rotation", json={"reason": "Yearly.", "by": "A. Kim"})
    assert done.status_code == 200
    assert done.json()["version"] == 2
    assert [key["state"] for key in api.get("/api/v1/encryption").json()["tenants"]] == ["retired", "in-use"]
    assert api.post("/api/v1/encryption/rotation", json={"reason": "", "by": "A. Kim"}).status_code == 400
    assert api.post("/api/v1/encryption/rotation", json={"reason": "x"}).status_code == 400
    assert api.post("/api/v1/encryption/shred", json={}).status_code == 404


def test_what_was_destroyed_is_gone_and_not_unknown(api: Api, node: Node) -> None:
    sha256 = node.documents()[0].sha256
    assert api.get(f"/api/v1/documents/{sha256}/raw").status_code == 200
    node.keyring.change(KeyOrder("shred", reason="Closed.", by="A. Kim"))
    told = api.get(f"/api/v1/documents/{sha256}/raw")
    assert (told.status_code, told.json()["code"]) == (410, "shredded")
    assert "still be proven" in told.json()["advice"]


def test_a_record_that_is_not_encrypted_is_told_by_readyz(tmp_path: Path) -> None:
    with open_node(tmp_path / "plain", encrypt=False) as node:
        api = Api(build(node))
        try:
            told = api.get("/readyz")
            assert told.status_code == 200
            assert "not encrypted" in told.json()["warnings"][0]
            assert api.get("/api/v1/status").json()["encryption"] == "off"
        finally:
            api.close()
