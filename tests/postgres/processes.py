"""The processes of a server and the CPU they used, read from the kernel."""

from __future__ import annotations

import collections
import ctypes
import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")
_LINUX = (_PROC / "self" / "stat").exists()
_TICKS = os.sysconf("SC_CLK_TCK")
# A process of PostgreSQL says in its title what it is; a backend says "user database host(port) doing".
_ROLE = re.compile(
    r"postgres: (?P<role>walwriter|checkpointer|background writer|startup|archiver|walreceiver|walsender|autovacuum"
    r"|logical replication|io worker|parallel worker|slotsync worker|walsummarizer|Citus)\b"
)


class Process(NamedTuple):
    """One process of a server."""

    pid: int
    role: str  # "postmaster", "backend", "walwriter", "checkpointer", "background writer", "autovacuum", ...


class _Seen(NamedTuple):
    """A process as the kernel shows it."""

    parent: int
    title: str
    seconds: float  # of CPU, its own
    ended: float  # of CPU, of its children that have ended


def alive(pid: int) -> bool:
    """Tell whether a process still holds anything; one that only waits to be collected does not."""
    if _LINUX:
        try:
            return _stat(pid)[0] not in "ZX"
        except (FileNotFoundError, ProcessLookupError):
            return False
    told = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(told.strip()) and not told.startswith("Z")


def family(root: int) -> list[Process]:
    """Give a postmaster and all that descend from it, the postmaster first."""
    return [Process(pid, _role(pid, root, seen.title)) for pid, seen in _descend(root).items()]


def cpu_seconds(root: int) -> dict[str, float]:
    """Give the CPU seconds of a postmaster and its descendants by role; ended ones count as ``ended`` (Linux)."""
    seconds: dict[str, float] = collections.defaultdict(float)
    for pid, seen in _descend(root).items():
        seconds[_role(pid, root, seen.title)] += seen.seconds
        seconds["ended"] += seen.ended
    return dict(seconds)


def mentioning(text: str) -> list[int]:
    """Give the processes whose command line holds this text."""
    return [pid for pid, seen in _everyone().items() if text in seen.title]


def free_shared_memory(data: Path) -> None:
    """Give back the System V segment of a postmaster that was killed and not started again; it outlives both."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return  # it shut down in good order
    if len(lines) >= 7:
        _, identifier = lines[6].split()  # the key, then the identifier
        ctypes.CDLL(None).shmctl(int(identifier), 0, None)  # 0 is IPC_RMID


def _role(pid: int, root: int, title: str) -> str:
    if pid == root:
        return "postmaster"
    role = _ROLE.match(title)
    return role["role"] if role else "backend"


def _descend(root: int) -> dict[int, _Seen]:
    """Give a process and its descendants in the order of generations."""
    everyone = _everyone()
    children: dict[int, list[int]] = collections.defaultdict(list)
    for pid, seen in everyone.items():
        children[seen.parent].append(pid)
    line = [root] if root in everyone else []
    for pid in line:  # grows while we walk it
        line += children[pid]
    return {pid: everyone[pid] for pid in line}


def _everyone() -> dict[int, _Seen]:
    if not _LINUX:
        told = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,time=,args="], capture_output=True, text=True, check=True)
        rows = [line.split(None, 3) for line in told.stdout.splitlines()]
        return {int(row[0]): _Seen(int(row[1]), row[3], _clock(row[2]), 0.0) for row in rows if len(row) == 4}
    seen: dict[int, _Seen] = {}
    for entry in _PROC.iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            words = _stat(int(entry.name))
            title = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
        own, ended = (int(words[11]) + int(words[12])) / _TICKS, (int(words[13]) + int(words[14])) / _TICKS
        seen[int(entry.name)] = _Seen(int(words[1]), title, own, ended)
    return seen


def _stat(pid: int) -> list[str]:
    """Give /proc/PID/stat from its third field on: the second is a name that may hold blanks and brackets."""
    return (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()


def _clock(text: str) -> float:
    """Give the seconds of ``ps``'s [[days-]hours:]minutes:seconds."""
    days, dash, rest = text.rpartition("-")
    seconds = 0.0
    for part in rest.split(":"):
        seconds = seconds * 60 + float(part)
    return seconds + (int(days) * 86_400 if dash else 0)
