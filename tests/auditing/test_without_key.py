"""An audit without the root key says what it cannot open, makes no other key, and blames nobody for a passphrase."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rxtrail.bootstrap import open_node
from rxtrail.bootstrap.auditing import audit_store
from rxtrail.cli import exits
from rxtrail.cli.app import run
from rxtrail.log_settings import LogSettings
from rxtrail.sealing import CannotDecrypt
from tests.auditing.records import look
from tests.sealing.test_keyring import capture

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.sqlite_only  # it names its server itself
PASSPHRASE_FILE = "RXTRAIL_PASSPHRASE_FILE"


@pytest.mark.parametrize("incremental", [False, True])
@pytest.mark.parametrize("server", [False, True])
def test_an_audit_makes_no_root_key_in_the_place_of_one_that_is_lost(
    tmp_path: Path, request: pytest.FixtureRequest, server: bool, incremental: bool
) -> None:
    data, away = tmp_path / "data", tmp_path / "root.key"
    url = request.getfixturevalue("postgres_dsn") if server else None
    with open_node(data, store_url=url) as node:
        capture(node, "A")
        node.log.publish_now(LogSettings(origin="audited.test/log"), start_signer=True)
    (data / "keys" / "root.key").rename(away)
    report = audit_store(data, url, incremental=incremental, progress=lambda *_: None)
    assert not report.whole
    assert "is not here" in report.faults[0].message
    if server:  # what needs no key is looked at all the same
        assert report.entries == report.log_size > 0
        assert report.checkpoints == 1, "what was signed still proves which records there were"
        assert {fault.code for fault in report.faults} == {"block-damaged", "row-changed"}
    assert not (data / "keys" / "root.key").exists()
    away.rename(data / "keys" / "root.key")
    assert audit_store(data, url, incremental=incremental, progress=lambda *_: None).whole


def test_an_audit_with_a_wrong_passphrase_or_none_cannot_tell_and_finds_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    with open_node(data) as node:
        capture(node, "A")
    for name, words in (("right", "a long passphrase"), ("wrong", "another passphrase")):
        (tmp_path / name).write_text(words)
        (tmp_path / name).chmod(0o600)
    monkeypatch.setenv("RXTRAIL_NEW_PASSPHRASE_FILE", str(tmp_path / "right"))
    assert run(["keys", "passphrase", "--by", "A. Kim", "--data", str(data)]) == exits.FINE
    monkeypatch.setattr("rxtrail.sealing.root_file._opened", {})
    for file, words in (("wrong", "this passphrase does not open"), ("", "no terminal to ask at")):
        monkeypatch.setenv(PASSPHRASE_FILE, str(tmp_path / file)) if file else monkeypatch.delenv(PASSPHRASE_FILE)
        with pytest.raises(CannotDecrypt, match=words):
            look(data)
        assert run(["audit", "--data", str(data)]) == exits.CANNOT_TELL
        assert "wrong:" not in capsys.readouterr().out
    monkeypatch.setenv(PASSPHRASE_FILE, str(tmp_path / "right"))
    assert look(data).whole
