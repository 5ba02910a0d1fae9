"""Two habits of SQLite and its Python driver that an engine has to be told about."""

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry


def enforce_foreign_keys(engine: AsyncEngine) -> None:
    """SQLite checks foreign keys only where a connection asks for it: ask on every one."""
    # TODO 2.1: run PRAGMA foreign_keys=ON on every connection that this engine opens. Events are heard
    #   on engine.sync_engine, the ordinary engine inside the asynchronous one.
    pass


@event.listens_for(Engine, "savepoint")
def begin_before_savepoint(connection: Connection, _name: str) -> None:
    """Begin the transaction that begin_nested() is to be nested in. Given, for every engine."""
    # The driver begins one before INSERT, UPDATE and DELETE, but not before SAVEPOINT. A savepoint outside
    # a transaction is a transaction itself: its end would be a commit that nobody asked for.
    driver: Any = connection.connection.driver_connection
    if not driver.in_transaction:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
