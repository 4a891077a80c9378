"""The PostgreSQL engine, and Citus with the same statements: several processes read and write one record."""

from rxtrail.store.postgres.engine import PostgresStore, distribute, open_store

__all__ = ["PostgresStore", "distribute", "open_store"]
