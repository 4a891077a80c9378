"""Ends servers whose tests were killed: no process and no folder outlives them, whatever ends them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.postgres.binaries import give, popen_words

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# Our end of its pipe closes with us, however we die. It runs as the servers do, so it can end nothing else.
_WATCH = """
read -r _
while read -r word; do
  case "$word" in
    /*) doomed="$doomed $(head -n 1 "$word/postmaster.pid" 2>/dev/null)" ;;
    *) doomed="$doomed $word" ;;
  esac
done < "$1/watched"
for signal in QUIT KILL; do kill -s "$signal" $doomed 2>/dev/null; sleep 1; done
rm -rf -- "$1"
"""


class Watch:
    """A shell that waits for our end, and then ends what it was told of and removes the folder."""

    def __init__(self, folder: Path) -> None:
        self._list = folder / "watched"
        self.end_with_us()
        give(self._list)
        words = {**popen_words(), "stdin": subprocess.PIPE}
        command = ["/bin/sh", "-c", _WATCH, "sh", str(folder)]
        self._shell: subprocess.Popen[bytes] = subprocess.Popen(command, cwd="/", start_new_session=True, **words)

    def end_with_us(self, pids: Iterable[int] = (), clusters: Iterable[Path] = ()) -> None:
        """Note what to end: processes, and the postmasters of data folders; it replaces what was noted before."""
        self._list.write_text("".join(f"{word}\n" for word in (*pids, *clusters)), encoding="utf-8")

    def close(self) -> None:
        """Watch no longer."""
        self._shell.kill()
        assert self._shell.stdin is not None
        self._shell.stdin.close()
        self._shell.wait()
