"""A move that is killed at any of its steps: nothing is lost, nobody is let in half-way, and it goes on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from rxtrail.bootstrap import open_node
from rxtrail.bootstrap.auditing import audit_store
from rxtrail.bootstrap.moving import move_store
from rxtrail.errors import StoreClosed
from tests.sealing.test_keyring import capture, everything

if TYPE_CHECKING:
    from pathlib import Path

    from rxtrail.answers import AuditReport

pytestmark = [pytest.mark.sqlite_only, pytest.mark.slow]  # it names its stores itself

KILLED = """
import os, signal, sys
from rxtrail import moving
from rxtrail.bootstrap import moving as wired
from rxtrail.sealing import Keeper
from rxtrail.store.{module} import {kind}
from rxtrail.store.sqlite.copying import SqliteCopying

name, number, when = sys.argv.pop(1).split()
left = [int(number)]

def step(owner, verb, label):
    real = getattr(owner, verb)
    def done(*arguments, **more):
        called = label(*arguments)
        if called == name:
            left[0] -= 1
        if called == name and not left[0] and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        told = real(*arguments, **more)
        if called == name and not left[0] and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return told
    setattr(owner, verb, done)

for owner in {{{kind}, SqliteCopying}}:
    step(owner, "fill", lambda *_: "fill")
    step(owner, "mark", lambda _, marks: "open" if None in marks.values() else "mark")
step(Keeper, "adopt", lambda *_: "key")
step(Keeper, "root", lambda *_: "key")
step(wired, "_note_root", lambda *_: "told")
step(wired, "_admit_unsealed", lambda *_: "told")
from rxtrail.cli import main
raise SystemExit(main())
"""
STEPS = [
    "key 1 after",
    "fill 9 after",
    "mark 1 after",
    "mark 2 after",
    "told 1 before",
    "told 1 after",
    "open 1 before",
]
"""In this order: each goes on where the one before was killed."""


def killed(step: str, words: list[str], *, server: bool) -> int:
    """Run a command that is killed at a step; give its exit code."""
    module, kind = ("postgres.copying", "PostgresCopying") if server else ("sqlite.copying", "SqliteCopying")
    code = KILLED.format(module=module, kind=kind)
    ended = subprocess.run(
        [sys.executable, "-c", code, step, *words, "--json"], capture_output=True, check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert ended.returncode in (0, -signal.SIGKILL), (step, ended.stdout, ended.stderr)
    return ended.returncode


def a_record(folder: Path, *, how: str) -> dict[str, object]:
    """Make a record to be moved; ``unsealed`` has keys, and was not encrypted for a while. Give all that it says."""
    url = f"sqlite:///{folder}/rxtrail.sqlite"
    if how == "unsealed":
        first = folder.parent / "first"
        with open_node(first) as node:
            capture(node, "A")
        open_node(folder, encrypt=False).close()
        move_store(f"sqlite:///{first}/rxtrail.sqlite", url, progress=lambda *_: None)
    with open_node(folder) as node:
        capture(node, "B")
        return everything(node)


@pytest.mark.parametrize(
    ("how", "server"),
    [("sealed", False), ("new-root", False), ("unsealed", False), ("new-root", True), ("unsealed", True)],
)
def test_a_move_that_is_killed_at_any_step_loses_nothing_and_ends_when_it_is_called_again(
    tmp_path: Path, request: pytest.FixtureRequest, how: str, server: bool
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    told = a_record(old, how=how)
    there = request.getfixturevalue("postgres_dsn") if server else f"sqlite:///{new}/rxtrail.sqlite"
    words = ["move-store", f"sqlite:///{old}/rxtrail.sqlite", there, "--data", str(new)]
    words += ["--new-root-key"] * (how == "new-root")
    if server and how != "new-root":
        shutil.copytree(old / "keys", new / "keys", dirs_exist_ok=True)
    kills = 0
    for step in STEPS:
        if not killed(step, words, server=server):
            break
        kills += 1
        open_here = [each for each in ((old, None), (new, there)) if can_be_written(*each)]
        assert open_here in ([], [(old, None)]), step
        with open_node(old, write=False) as node:
            assert everything(node) == told, step
    else:
        assert killed("none 1 after", words, server=server) == 0
    assert kills >= 4
    whole(new, there, told)
    with pytest.raises(StoreClosed, match="moved away"):
        open_node(old)


def can_be_written(folder: Path, url: str | None) -> bool:
    if url is not None and url.startswith("sqlite") and not (folder / "rxtrail.sqlite").exists():
        return False
    probe = folder.parent / "probe"
    shutil.rmtree(probe, ignore_errors=True)
    if folder.exists():
        shutil.copytree(folder, probe)  # what is looked at is a copy: an empty target would be begun
    try:
        with open_node(probe, store_url=url if url and url.startswith("postgresql") else None, create=False) as node:
            return bool(node.status().log_size)
    except StoreClosed as error:
        return not ("moved away" in error.message or "has not ended" in error.message)


def whole(folder: Path, url: str | None, told: dict[str, object]) -> None:
    with open_node(folder, store_url=url) as node:
        assert everything(node) == told
        capture(node, "C")
    report: AuditReport = audit_store(folder, url, incremental=False, progress=lambda *_: None)
    assert (report.faults, report.whole) == ([], True)
