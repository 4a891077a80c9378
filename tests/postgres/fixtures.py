"""What a test asks for to get a database: ``postgres_server``, ``postgres_dsn`` and ``citus_dsn``.

``RXTRAIL_TEST_PG_DSN`` names a server that is there already; without it one is started, once and when first asked
for. ``RXTRAIL_TEST_CITUS_DSN`` names a database of a Citus coordinator that may be emptied before every test.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from tests.postgres.databases import Databases, Existing
from tests.postgres.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

# Read when pytest collects: later the suite hides all settings from the tests.
POSTGRES_DSN = os.environ.get("RXTRAIL_TEST_PG_DSN", "")
CITUS_DSN = os.environ.get("RXTRAIL_TEST_CITUS_DSN", "")
NO_CITUS = "no Citus server (RXTRAIL_TEST_CITUS_DSN)"

# Every schema beside "public", and what lies in "public", unless an extension owns it; as words after DROP.
_OURS = """
with ours as (
  select 'schema' as kind, quote_ident(nspname) as name, 'pg_namespace'::regclass as class, oid from pg_namespace
   where nspname !~ '^(pg_|information_schema$|public$)'
  union all
  select case relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' else 'table' end,
         oid::regclass::text, 'pg_class'::regclass, oid from pg_class
   where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'S')
  union all
  select 'routine', oid::regprocedure::text, 'pg_proc'::regclass, oid from pg_proc
   where pronamespace = 'public'::regnamespace
  union all
  select 'type', oid::regtype::text, 'pg_type'::regclass, oid from pg_type
   where typnamespace = 'public'::regnamespace and typtype in ('e', 'd', 'r')
)
select kind, string_agg(name, ', ') from ours
 where not exists (select from pg_depend where classid = class and objid = oid and deptype = 'e')
 group by kind order by kind = 'type', kind = 'sequence'
"""


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Databases]:
    """Give a real PostgreSQL server; only a ``Server``, one of our own, can also be killed."""
    if POSTGRES_DSN:
        existing = Existing(POSTGRES_DSN)
        yield existing
        existing.close()
        return
    with Server() as server:
        yield server


@pytest.fixture
def postgres_dsn(postgres_server: Databases) -> Iterator[str]:
    """Give the URI of a fresh database, which is dropped after the test."""
    dsn = postgres_server.create_database()
    yield dsn
    postgres_server.drop_database(dsn)


@pytest.fixture
def citus_dsn() -> str:
    """Give the URI of an emptied database on a Citus coordinator, or skip by name."""
    if not CITUS_DSN:
        pytest.skip(NO_CITUS)
    empty_citus(CITUS_DSN)
    return CITUS_DSN


def empty_citus(dsn: str) -> None:
    """Drop every table, function and schema of a database on all nodes; the nodes and the extensions stay."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        version = connection.execute("select citus_version()").fetchone()
        assert version is not None
        # A process that an earlier test killed may still hold locks here.
        connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()"
        )
        # Citus keeps views of its own in "public", so that schema stays and only what is ours in it goes.
        for kind, names in connection.execute(_OURS).fetchall():
            connection.execute(sql.SQL("drop {} if exists {} cascade").format(sql.SQL(kind), sql.SQL(names)))
