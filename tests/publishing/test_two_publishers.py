"""Several ``rxtrail serve`` on one PostgreSQL record: one log, which one of them publishes."""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING

import pytest

from rxtrail.core.merkle import note
from rxtrail.core.merkle.note import VerifierKey
from tests.publishing.test_served import Server, checked, covers_all, run, wait_for
from tests.web import scene

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def test_one_publishes_for_all_and_another_that_has_the_key_takes_over(tmp_path: Path, postgres_dsn: str) -> None:
    at = ("--store", postgres_dsn)
    run(tmp_path / "a", "init", "--role", "hub", *at)
    run(tmp_path / "a", "capture", "-", *at, stdin=scene.shipment("A1", "B2"))
    first = Server(tmp_path / "a", *at)
    second: Server | None = None
    try:
        wait_for(partial(covers_all, first))
        key = VerifierKey.parse(first.http.get("/log/vkey").text.strip())
        (tmp_path / "b" / "keys").mkdir(mode=0o700, parents=True)
        shutil.copy(tmp_path / "a" / "keys" / "root.key", tmp_path / "b" / "keys" / "root.key")
        second = Server(tmp_path / "b", *at)
        size = second.scan_and_wait("A1")
        wait_for(lambda: first.covers(size))
        assert second.covers(size), "both serve the one log"
        assert second.http.get("/log/vkey").text.strip() == str(key)
        assert checked(second).size >= size
        first.stop(9)
        second.stop()
        for name in ("log.key", "log.head"):
            shutil.copy(tmp_path / "a" / "keys" / name, tmp_path / "b" / "keys" / name)
        second = Server(tmp_path / "b", *at)
        size = second.scan_and_wait("B2")
        wait_for(partial(second.covers, size), 40.0)
        assert note.verify(note.parse(second.http.get("/log/checkpoint").content), [key])
        assert checked(second).size >= size
    finally:
        first.stop(9)
        if second is not None:
            second.stop()
