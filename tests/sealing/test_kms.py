"""A key management service guards the root key, through a plug-in that is a package of its own."""

from __future__ import annotations

import base64
import importlib
import sys
from typing import TYPE_CHECKING

import pytest

from rxtrail.bootstrap import open_node
from rxtrail.bootstrap.engines import keeper_in
from rxtrail.sealing import CannotDecrypt, kms, root_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLUGIN = '''
"""A key management service that keeps its key in memory, as a real one keeps it in its hardware."""

from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap

CALLS = []
DOWN = False
LIES = False


class Service:
    KEY = b"k" * 32

    def wrap(self, key):
        CALLS.append("wrap")
        return aes_key_wrap(self.KEY, key)

    def unwrap(self, wrapped):
        CALLS.append("unwrap")
        if DOWN:
            raise ConnectionError("the service does not answer")
        return bytes(32) if LIES else aes_key_unwrap(self.KEY, wrapped)
'''


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Install the plug-in as pip would: a module, and its entry point among the metadata."""
    site = tmp_path / "site"
    (site / "acme_kms-1.0.dist-info").mkdir(parents=True)
    (site / "acme_kms.py").write_text(PLUGIN)
    (site / "acme_kms-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-kms\nVersion: 1.0\n")
    (site / "acme_kms-1.0.dist-info" / "entry_points.txt").write_text("[rxtrail.kms]\nacme = acme_kms:Service\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setattr(root_file, "_opened", {})
    importlib.invalidate_caches()
    yield importlib.import_module("acme_kms")
    sys.modules.pop("acme_kms", None)


def give_to_service(data: Path) -> None:
    keeper = keeper_in(data)
    keeper.write(root_file.kept_by(keeper.root(), "acme"))


@pytest.mark.sqlite_only
def test_the_service_opens_the_record_and_the_key_lies_nowhere_else(tmp_path: Path, plugin: object) -> None:
    data = tmp_path / "data"
    open_node(data).close()
    secret = keeper_in(data).root().secret()
    give_to_service(data)
    content = (data / "keys" / "root.key").read_bytes()
    assert base64.b64encode(secret) not in content
    assert secret not in content
    with open_node(data) as node:
        assert node.keyring.status().kept == "kms"
    assert plugin.CALLS == ["wrap", "unwrap", "unwrap"], "proven when it is wrapped, then asked once"  # type: ignore[attr-defined]
    open_node(data).close()
    assert len(plugin.CALLS) == 3  # type: ignore[attr-defined]


@pytest.mark.sqlite_only
def test_a_service_that_does_not_answer_is_told_by_its_name(
    tmp_path: Path, plugin: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    open_node(data).close()
    give_to_service(data)
    monkeypatch.setattr(plugin, "DOWN", True)
    with pytest.raises(CannotDecrypt, match="acme does not open the root key: the service does not answer"):
        open_node(data)
    monkeypatch.setattr(plugin, "DOWN", False)
    open_node(data).close()


def test_a_service_that_gives_another_key_back_is_not_trusted(
    tmp_path: Path, plugin: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = keeper_in(tmp_path / "data")
    root = keeper.root(create=True)
    monkeypatch.setattr(plugin, "LIES", True)
    with pytest.raises(CannotDecrypt, match="does not give back what it wrapped"):
        root_file.kept_by(root, "acme")
    assert keeper_in(tmp_path / "data").root().id == root.id


def test_a_service_that_is_not_installed_is_told_with_those_that_are(plugin: object) -> None:
    assert plugin is not None
    assert "acme" in kms.names()
    with pytest.raises(CannotDecrypt, match="vault is not installed") as told:
        kms.load("vault")
    assert "acme" in told.value.advice
