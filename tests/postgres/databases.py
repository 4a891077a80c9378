"""Databases for tests on whatever server there is, and the URIs that name them."""

from __future__ import annotations

import secrets
import threading
import urllib.parse
from typing import Any, Protocol

import psycopg
from psycopg import conninfo, sql

HOST = "127.0.0.1"


class Databases(Protocol):
    """A server that gives every test a fresh database of its own."""

    def dsn(self, dbname: str = "postgres") -> str:
        """Give the URI of one database, the password included."""
        ...

    def create_database(self) -> str:
        """Create an empty database, UTF-8 and sorted by bytes, and give its URI."""
        ...

    def drop_database(self, dsn: str) -> None:
        """Drop a database whoever is still connected to it."""
        ...


def uri(params: dict[str, Any]) -> str:
    """Give connection parameters as the one URI that every client understands."""
    words = {name: str(value) for name, value in params.items() if value is not None}
    hosts = words.pop("host", HOST).split(",")
    ports = words.pop("port", "5432").split(",")
    ports = ports * len(hosts) if len(ports) == 1 else ports
    # A host that is a path is the folder of a unix socket.
    where = ",".join(f"{urllib.parse.quote(host, safe='')}:{port}" for host, port in zip(hosts, ports, strict=True))
    who = urllib.parse.quote(words.pop("user", ""), safe="")
    password = words.pop("password", "")
    who += f":{urllib.parse.quote(password, safe='')}" if password else ""
    dbname = urllib.parse.quote(words.pop("dbname", "postgres"), safe="")
    more = f"?{urllib.parse.urlencode(words, quote_via=urllib.parse.quote)}" if words else ""
    return f"postgresql://{who}@{where}/{dbname}{more}"


class Existing:
    """A server that somebody else runs, with databases of our own on it."""

    def __init__(self, dsn: str) -> None:
        self._params = conninfo.conninfo_to_dict(dsn)
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None

    def dsn(self, dbname: str = "") -> str:
        """Give the URI of one database; without a name the one that we came by."""
        return uri({**self._params, "dbname": dbname} if dbname else self._params)

    def create_database(self) -> str:
        """Create an empty database, UTF-8 and sorted by bytes, and give its URI."""
        name = f"rxtrail_test_{secrets.token_hex(8)}"
        self._run(
            sql.SQL("create database {} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'").format(
                sql.Identifier(name)
            )
        )
        return self.dsn(name)

    def drop_database(self, dsn: str) -> None:
        """Drop a database whoever is still connected to it."""
        name = conninfo.conninfo_to_dict(dsn)["dbname"]
        self._run(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(str(name))))

    def close(self) -> None:
        """Let go of the server."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _run(self, statement: sql.Composed) -> None:
        """Run one statement on a connection that is kept, since a log-in costs more than most statements."""
        with self._lock:
            for _ in range(2):
                if self._connection is None or self._connection.closed:
                    self._connection = psycopg.connect(self.dsn(), autocommit=True)
                try:
                    self._connection.execute(statement)
                except psycopg.OperationalError:
                    if not self._connection.closed:
                        raise
                else:
                    return  # else the server was restarted since; both statements name their database, so try again
        raise AssertionError("the server hangs up on us")
