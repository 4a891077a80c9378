"""What the scripts that take pictures share: rxtrail running beside them, and a page of it in a real browser."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

from playwright.sync_api import Page, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).resolve().parent.parent / "docs"
TRANSITION_MS = 500  # the page paints it


def chromium() -> str:
    """Give the browser of this machine; ends the script when there is none."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("no Chromium on this machine")
    return browser


@contextlib.contextmanager
def folder() -> Iterator[str]:
    """A folder for a record, gone afterwards."""
    with tempfile.TemporaryDirectory() as data:
        yield data


def run(*words: str, data: str) -> None:
    """Run one command of rxtrail to its end."""
    command = [sys.executable, "-m", "rxtrail", *words, "--data", data]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def running(*words: str, data: str) -> Iterator[IO[str]]:
    """A command that serves: what it says, until Ctrl-C is sent to it."""
    command = [sys.executable, "-m", "rxtrail", *words, "--json", "--data", data]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None, "it was started with a pipe"
        yield process.stdout
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


@contextlib.contextmanager
def pictured(name: str, *, width: int, height: int) -> Iterator[Page]:
    """A page of that size, whose picture is kept in docs at the end."""
    browser = chromium()
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = opened.new_page(viewport={"width": width, "height": height})
        yield page
        page.wait_for_timeout(TRANSITION_MS)
        page.screenshot(path=DOCS / name)
        opened.close()
