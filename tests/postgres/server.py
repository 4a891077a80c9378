"""Our own supervisor of real PostgreSQL servers: started, killed and recovered as a test asks for it."""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Literal, Self

import psycopg
from psycopg import sql

from tests.postgres.binaries import give, new_folder, popen_words, programs
from tests.postgres.databases import HOST, Existing, uri
from tests.postgres.processes import Process, alive, cpu_seconds, family, free_shared_memory
from tests.postgres.watch import Watch

if TYPE_CHECKING:
    from pathlib import Path

USER = "rxtrail"
SECONDS_MAX = 600  # a recovery may take long; giving up early is what makes other supervisors unsafe
REPORT_SECONDS = 10
# What an acknowledgement stands on; a test that turned one off would prove nothing.
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")

Mode = Literal["smart", "fast", "immediate"]
_SIGNALS: dict[Mode, signal.Signals] = {
    "smart": signal.SIGTERM,  # when the last client has left
    "fast": signal.SIGINT,
    "immediate": signal.SIGQUIT,  # without a checkpoint: the next start recovers
}


class Server:
    """One cluster in a temporary folder: loopback and a unix socket, a password of its own, everything synced.

    It is restarted on the same port and data until ``close``, which removes the folder. Should our own process
    be killed, the server is stopped and its folder removed nevertheless.
    """

    def __init__(self, *, settings: dict[str, str] | None = None) -> None:
        self._programs = programs()
        self._settings = settings or {}
        assert not set(self._settings) & set(DURABLE), "a server that does not sync proves nothing"
        self.version = self._programs.version
        self.password = secrets.token_urlsafe(24)
        self.folder: Path = new_folder("pg")
        self.data = self.folder / "data"
        self.port = free_port()
        self._log = self.folder / "server.log"
        self._postmaster: subprocess.Popen[bytes] | None = None
        self._watch = Watch(self.folder)
        self._databases = Existing(self.dsn())
        try:
            self._initialise()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- where it is --------------------------------------------------------------------------------------

    def dsn(self, dbname: str = "postgres", *, host: str = HOST) -> str:
        """Give the URI of one database, the password included; it stays the same over restarts."""
        return uri({"user": USER, "password": self.password, "host": host, "port": self.port, "dbname": dbname})

    def socket_dsn(self, dbname: str = "postgres") -> str:
        """Give the URI by way of the unix socket."""
        return self.dsn(dbname, host=str(self.folder))

    def create_database(self) -> str:
        """Create an empty database, UTF-8 and sorted by bytes, and give its URI."""
        return self._databases.create_database()

    def drop_database(self, dsn: str) -> None:
        """Drop a database whoever is still connected to it."""
        self._databases.drop_database(dsn)

    # --- life and death -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Start, and wait until it takes commands, through a recovery of whatever length up to ten minutes."""
        assert self._postmaster is None, "it runs already"
        with self._log.open("ab") as log:
            give(self._log)
            self._postmaster = subprocess.Popen(
                [self._programs.folder / "postgres", "-D", self.data],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C is for the tests, which then stop their servers
                **popen_words(),
            )
        self._watch.end_with_us([self._postmaster.pid])
        try:
            self._until_ready(self._postmaster)
            self._assert_durable()
        except BaseException:
            self.kill()
            raise

    def stop(self, mode: Mode = "fast") -> None:
        """Shut down as ``pg_ctl stop`` does; nothing is to be done when it does not run."""
        if self._postmaster is None:
            return
        self._databases.close()
        self._postmaster.send_signal(_SIGNALS[mode])
        try:
            self._postmaster.wait(SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self._gone()

    def kill(self) -> None:
        """SIGKILL the postmaster and every process it started, as a power cut would end them."""
        if self._postmaster is None:
            return
        # Frozen first: a postmaster that sees one child die would end the others in good order and start anew.
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._postmaster.pid, signal.SIGSTOP)
        doomed = self.pids()
        for pid in doomed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._postmaster.wait(SECONDS_MAX)
        deadline = time.monotonic() + SECONDS_MAX
        while any(alive(pid) for pid in doomed):  # children go to init, and hold shared memory until then
            assert time.monotonic() < deadline, f"the kernel does not let go of {doomed}"
            time.sleep(0.002)
        self._databases.close()
        self._gone()

    def restart(self, mode: Mode = "fast") -> None:
        """Stop and start."""
        self.stop(mode)
        self.start()

    def close(self) -> None:
        """Stop for good and remove every file."""
        self.stop("immediate")
        self._watch.close()
        free_shared_memory(self.data)
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- what it does -------------------------------------------------------------------------------------

    def processes(self) -> list[Process]:
        """Give the postmaster and everything below it, each with its role."""
        return family(self._postmaster.pid) if self._postmaster is not None else []

    def pids(self, *roles: str) -> list[int]:
        """Give the process ids, of all or of some roles: backend, walwriter, checkpointer, background writer, ..."""
        return [process.pid for process in self.processes() if not roles or process.role in roles]

    def cpu_seconds(self) -> dict[str, float]:
        """Give the CPU seconds used since the start, by role; children that have ended count as ``ended``."""
        return cpu_seconds(self._postmaster.pid) if self._postmaster is not None else {}

    def log_tail(self, lines: int = 40) -> str:
        """Give the last lines of the server's log."""
        if not self._log.exists():
            return ""
        return "\n".join(self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    # --- below --------------------------------------------------------------------------------------------

    def _initialise(self) -> None:
        """Make the cluster; passwords everywhere, trust nowhere."""
        secret = self.folder / "password"
        secret.touch(0o600)
        secret.write_text(self.password, encoding="ascii")
        give(secret)
        subprocess.run(
            [
                *(self._programs.folder / "initdb", "--pgdata", self.data, "--username", USER),
                *("--pwfile", secret, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"),
                # What initdb itself writes need not be on disk yet: we kill processes, not the machine.
                *("--data-checksums", "--no-sync", "--no-instructions"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
            **popen_words(),
        )
        secret.unlink()
        ours = {
            "listen_addresses": HOST,
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            "unix_socket_permissions": "0700",
            "logging_collector": "off",
            "dynamic_shared_memory_type": "mmap",  # in the data folder, so a killed server leaves none elsewhere
            "log_line_prefix": "%m [%p] %q%d %a ",
            "timezone": "UTC",
            **dict.fromkeys(DURABLE, "on"),
            **self._settings,
        }
        with (self.data / "postgresql.auto.conf").open("a", encoding="utf-8") as out:
            for name, value in ours.items():
                quoted = value.replace("'", "''")
                out.write(f"{name} = '{quoted}'\n")

    def _until_ready(self, postmaster: subprocess.Popen[bytes]) -> None:
        """Wait as ``pg_ctl`` does, by what the postmaster writes in its own file, but ten minutes long."""
        started = time.monotonic()
        report = started + REPORT_SECONDS
        while not self._says_ready(postmaster.pid):
            if postmaster.poll() is not None:
                raise AssertionError(f"PostgreSQL {self.version} did not start:\n{self.log_tail()}")
            now = time.monotonic()
            if now > started + SECONDS_MAX:
                raise AssertionError(f"PostgreSQL is not ready after {SECONDS_MAX} s:\n{self.log_tail()}")
            if now > report:
                report += REPORT_SECONDS
                print(f"PostgreSQL: {now - started:.0f} s: {self.log_tail(1)}", file=sys.stderr, flush=True)
            time.sleep(0.01)

    def _says_ready(self, pid: int) -> bool:
        """Tell whether postmaster.pid is of this postmaster (a killed one left its own) and says so."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() in {"ready", "standby"}

    def _assert_durable(self) -> None:
        """Ask the server itself whether what it acknowledges is on disk."""
        with psycopg.connect(self.dsn()) as connection:
            for name in DURABLE:
                row = connection.execute(sql.SQL("show {}").format(sql.Identifier(name))).fetchone()
                assert row == ("on",), f"{name} is {row}"

    def _gone(self) -> None:
        """Note that the server runs no more."""
        self._postmaster = None
        self._watch.end_with_us()


def free_port() -> int:
    """Give a free port below those that the kernel hands out, so that nobody gets it while the server is down."""
    for port in random.sample(range(15_000, 32_000), 100):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port on loopback")
