"""Facts of the machine that every figure depends on: what it is, how fast its disk keeps a promise."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import os
import platform
import resource
import statistics
import time
from pathlib import Path

import msgspec

SYNC_REPEATS = 200
SYNC_BYTES = 300
WRITE_BYTES = 64 << 20


class Machine(msgspec.Struct, frozen=True):
    """What ran the benchmark, and how busy it was with other things at the start."""

    when: str
    system: str
    processor: str
    cores: int
    python: str
    load_1m: float
    syncs_per_second: float
    sequential_write_mb_per_second: float
    versions: dict[str, str]
    engine: str = "SQLite"


def describe(folder: Path) -> Machine:
    """Look at the machine, and at the disk that ``folder`` lies on."""
    packages = ("lxml", "msgspec", "sqlcipher3", "uvicorn", "uvloop", "httptools", "zstandard", "psycopg")
    return Machine(
        when=dt.datetime.now(dt.UTC).strftime("%Y-%m-%d"),
        system=f"{platform.system()} {platform.machine()}",
        processor=_processor(),
        cores=os.cpu_count() or 1,
        python=platform.python_version(),
        load_1m=round(os.getloadavg()[0], 2),
        syncs_per_second=_syncs_per_second(folder),
        sequential_write_mb_per_second=_write_rate(folder),
        versions={name: importlib.metadata.version(name) for name in packages},
    )


def cpu_seconds() -> float:
    """CPU of this process, all its threads and the children it has waited for, in microsecond steps."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def folder_bytes(folder: Path) -> int:
    """Add up every file under a folder: store, journal, raw documents and all."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _syncs_per_second(folder: Path) -> float:
    """Append a small record and sync it, as a durable commit must: the ceiling of single commits."""
    path = folder / "syncs"
    spent = []
    with path.open("wb", buffering=0) as out:
        for _ in range(SYNC_REPEATS):
            began = time.perf_counter()
            out.write(b"x" * SYNC_BYTES)
            os.fsync(out.fileno())
            spent.append(time.perf_counter() - began)
    path.unlink()
    return round(1 / statistics.median(spent))


def _write_rate(folder: Path) -> float:
    path = folder / "stream"
    block = os.urandom(1 << 20)
    began = time.perf_counter()
    with path.open("wb", buffering=0) as out:
        for _ in range(WRITE_BYTES >> 20):
            out.write(block)
        os.fsync(out.fileno())
    spent = time.perf_counter() - began
    path.unlink()
    return round(WRITE_BYTES / 1e6 / spent)
