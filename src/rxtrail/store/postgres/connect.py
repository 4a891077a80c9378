"""Connecting to PostgreSQL: session settings, what must be on, and what an error of the server means."""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import conninfo, errors
from psycopg.adapt import AdaptersMap
from psycopg.types.array import ListBinaryDumper
from psycopg.types.numeric import Int8BinaryDumper, Int8Dumper
from psycopg.waiting import Ready

from rxtrail.errors import BadRequest, StoreFailed, StoreFull, StoreLost

if TYPE_CHECKING:
    from psycopg.abc import RV, PQGen

CONNECT_SECONDS = 5
STATEMENT_SECONDS_READER = 30
LOCK_SECONDS_WRITER = 30
WRITER_PATIENCE = 60.0  # longer than LOCK_SECONDS_WRITER
# A holder of the log that has frozen, or whose machine is gone, loses it after this long.
IDLE_IN_TRANSACTION_SECONDS = 30
# Five seconds of silence, then three probes: a peer that was cut off is noticed within about ten seconds.
_KEEPALIVE = {
    "keepalives": 1, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000,
}  # fmt: skip
# One width for all whole numbers, alone and in lists, so that one prepared statement serves all values.
_ADAPTERS = AdaptersMap(psycopg.adapters)
for _dumper in (Int8Dumper, Int8BinaryDumper):
    _ADAPTERS.register_dumper(int, _dumper)
_ADAPTERS.register_dumper(list, ListBinaryDumper)

Connection = psycopg.Connection[tuple[Any, ...]]


class NoAnswer(psycopg.OperationalError):
    """The server kept silent for too long."""


class PatientConnection(psycopg.Connection[tuple[Any, ...]]):
    """A connection that gives up, and closes, when the server keeps silent for ``patience`` seconds.

    The server's own time limits do not help against one that has frozen: it still holds the line.
    """

    patience: float = STATEMENT_SECONDS_READER + 5.0

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Wait for the server's answer; one who gives a ``timeout`` knows what to do when it passes."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        deadline = time.monotonic() + self.patience
        try:
            want = next(gen)
            while True:
                ready = self.ready(want, deadline)
                if not ready:
                    self.close()
                    raise NoAnswer("no answer in time")
                want = gen.send(ready)
        except StopIteration as done:
            value: RV = done.value
            return value

    def ready(self, want: int, deadline: float) -> Ready:
        """Wait until the line can be read or written, whichever is wanted; nothing when it is not in time."""
        poller = select.poll()
        poller.register(self.pgconn.socket, (select.POLLIN * (want & 1)) | (select.POLLOUT * (want >> 1 & 1)))
        found = poller.poll(max(0.0, deadline - time.monotonic()) * 1000)
        events = found[0][1] if found else 0
        # A line that was hung up can be read: what comes then says so.
        return Ready(((events & ~select.POLLOUT != 0) & want) | (want & 2 if events & select.POLLOUT else 0))


def check_url(url: str) -> None:
    """Refuse a URL that libpq cannot read; its words never reach a message, since it may hold a password.

    :raises BadRequest: it cannot be read.
    """
    try:
        given = conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        given = {"port": "unreadable"}
    # A password with / ? or @ that was not escaped ends here, and libpq would repeat it.
    misread = any(not (port or "0").isdecimal() for port in str(given.get("port") or "").split(","))
    if misread or "@" in str(given.get("host") or "")[1:]:
        raise BadRequest(
            "the store's URL cannot be read",
            place="store",
            advice="Give postgresql://USER@HOST:PORT/DATABASE; keep the password in a password file or PGPASSWORD.",
        )


def place_of(url: str) -> str:
    """Name a database for people and files: where it is and what it is called, never who logs in or how.

    :raises BadRequest: the URL cannot be read.
    """
    check_url(url)
    given = conninfo.conninfo_to_dict(url)
    hosts = str(given.get("host") or given.get("hostaddr") or "").split(",")
    ports = str(given.get("port") or "").split(",")
    ports = ports * len(hosts) if len(ports) == 1 else ports
    where = ",".join(f"{host}:{port or 5432}" for host, port in zip(hosts, ports, strict=False))
    # A database may hold several records, each in a schema that the options name.
    options = f"?options={given['options']}" if given.get("options") else ""
    return f"postgresql://{where}/{given.get('dbname') or ''}{options}"


def connect(url: str, *, statement_seconds: int, writer: bool = False) -> Connection:
    """Open one connection in autocommit mode with our session settings.

    :raises psycopg.OperationalError: the server cannot be reached, or refuses us.
    """
    words = _words_for(url, statement_seconds=statement_seconds, writer=writer)
    connection = PatientConnection.connect(words, autocommit=True, context=_Context(), prepare_threshold=0)
    connection.patience = WRITER_PATIENCE if writer else statement_seconds + 5.0
    return connection


def connect_reader(url: str) -> PatientConnection:
    """Open a connection that waits for no answer longer than it is told to.

    :raises psycopg.OperationalError: the server cannot be reached, or refuses us.
    """
    words = _words_for(url, statement_seconds=STATEMENT_SECONDS_READER, writer=False)
    return PatientConnection.connect(words, autocommit=True, context=_Context(), prepare_threshold=0)


def _words_for(url: str, *, statement_seconds: int, writer: bool) -> str:
    given = conninfo.conninfo_to_dict(url)
    settings = {
        "statement_timeout": f"{statement_seconds}s",
        "lock_timeout": f"{LOCK_SECONDS_WRITER}s",
        "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_SECONDS}s" if writer else "0",
        "timezone": "UTC",
        "client_encoding": "UTF8",
        "jit": "off",
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
    }
    options = " ".join(f"-c {key}={value}" for key, value in settings.items())
    words = {
        "connect_timeout": CONNECT_SECONDS,
        "application_name": "rxtrail writer" if writer else "rxtrail",
        **_KEEPALIVE,
        **given,
        "options": f"{given.get('options', '')} {options}".strip(),
    }
    return conninfo.make_conninfo("", **words)


class _Context:
    adapters = _ADAPTERS
    connection = None


def check_durable(connection: Connection) -> None:
    """Refuse a server whose commit is no promise.

    :raises StoreFailed: fsync, full_page_writes or synchronous_commit is off, or the encoding is not UTF-8.
    """
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        row = connection.execute(f"SHOW {setting}".encode()).fetchone()
        if row is None or row[0] in ("off", "local"):
            raise StoreFailed(
                f"{setting} is off on this server: what it calls written can be lost",
                advice=f"Set {setting} = on in postgresql.conf, reload, and start again.",
            )
    row = connection.execute(b"SHOW server_encoding").fetchone()
    if row is None or row[0] != "UTF8":
        raise StoreFailed(
            "the database is not encoded in UTF-8", advice="Make it with: createdb -E UTF8 -T template0 NAME"
        )


def failure(error: BaseException) -> StoreFailed | None:
    """Tell whether an error is the server's own failure, and which; None when somebody asked for what cannot be."""
    if isinstance(error, StoreFailed):
        return error
    if isinstance(error, errors.DiskFull | errors.OutOfMemory | errors.ConfigurationLimitExceeded):
        return StoreFull(f"no room left on the database server: {_words(error)}", advice="Make room, then try again.")
    if isinstance(error, errors.DataCorrupted | errors.IndexCorrupted):
        return StoreFailed(f"the database is damaged: {_words(error)}", advice="Restore it from a backup.")
    if isinstance(
        error, errors.IntegrityError | errors.DataError | errors.ProgrammingError | errors.ProgramLimitExceeded
    ) or is_duplicate(error):
        return None
    if isinstance(error, psycopg.Error):
        return StoreLost(
            f"the database does not answer: {_words(error)}",
            advice="It is tried again by itself. If it stays so, look at the database server.",
        )
    return None


def is_duplicate(error: BaseException) -> bool:
    """Tell whether a unique key refused a row; a COPY on Citus says so without the error's class."""
    if isinstance(error, errors.UniqueViolation):
        return True
    return isinstance(error, psycopg.InternalError) and "duplicate key value" in (error.diag.message_primary or "")


# What a server says to one whom it lets not in; its own words would repeat user and host.
_REFUSALS = {
    "password authentication failed": "user or password is refused",
    "no password supplied": "a password is asked for, and none was given",
    "no pg_hba.conf entry": "this user may not connect from here",
    "does not exist": "there is no such database or user",
    "too many clients": "it has no connection left to give",
    "starting up": "it is starting up",
}


def _words(error: psycopg.Error) -> str:
    """Give the first line of what the server said, without the connection's particulars."""
    primary = error.diag.message_primary
    if primary:
        return primary
    for said, words in _REFUSALS.items():
        if said in str(error):
            return words
    return "no connection" if isinstance(error, psycopg.OperationalError) else type(error).__name__
