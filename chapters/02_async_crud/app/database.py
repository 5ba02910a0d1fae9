"""The database: one manager that owns the engine, and a session for each piece of work."""

import os
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from app.sqlite import enforce_foreign_keys

DEFAULT_FILE = Path(__file__).resolve().parent.parent / "chat.db"
DATABASE_URL = os.environ.get("DATABASE_URL") or f"sqlite+aiosqlite:///{DEFAULT_FILE}"


class Base(DeclarativeBase):
    """What every mapped class inherits from; it knows all tables."""


class DatabaseManager:
    """Opens and closes the database, and gives sessions."""

    def __init__(self, url: str = DATABASE_URL, echo: bool = False) -> None:  # noqa: FBT001, FBT002 -- as create_engine
        """Remember where the data are; echo=True shows every statement. Nothing is opened yet."""
        self.url = url
        self.echo = echo
        self._engine: AsyncEngine | None = None

    @property
    def engine(self) -> AsyncEngine:
        """The engine, which is there between connect() and close()."""
        if self._engine is None:
            raise RuntimeError("The database is not connected: await connect() first.")
        return self._engine

    async def connect(self) -> None:
        """Open the database, or raise what is wrong with it."""
        # TODO 2.1: keep an asynchronous engine for self.url and self.echo, with foreign keys, in self._engine. It opens
        #   no file until it is used: read something. When that fails, dispose of it and let the error out.
        raise NotImplementedError("TODO 2.1")

    async def close(self) -> None:
        """Close every connection; closing twice is fine."""
        # TODO 2.1: dispose of the engine, if there is one, and forget it.
        raise NotImplementedError("TODO 2.1")

    async def __aenter__(self) -> Self:
        """Connect."""
        await self.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close, whatever happened in between."""
        await self.close()

    def session(self) -> AsyncSession:
        """A new session, for `async with`: it is closed at the end, and what was not committed is gone."""
        # TODO 2.2: return an asynchronous session on self.engine, whose objects stay readable after a commit.
        raise NotImplementedError("TODO 2.2")

    async def create_tables(self) -> None:
        """Create the tables that are missing; tables that exist keep their data."""
        # TODO 2.4: create every table that Base knows about, once app.models is imported. create_all cannot await.
        raise NotImplementedError("TODO 2.4")

    async def execute(self, sql: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Run one statement with :name parameters, and commit; the rows, or [] when there are none."""
        # TODO 2.10: the values travel as parameters, never inside the text. A dict for each row.
        raise NotImplementedError("TODO 2.10")

    async def safe_transaction(self, operations: Iterable[Mapping[str, Any]]) -> bool:
        """Run each {"sql": ..., "params": {...}}: all of them, or none."""
        # TODO 2.10: one commit for all: True. An integrity error is a refusal: nothing stays, False. Whatever
        #   else goes wrong is a bug: nothing stays, and the error is raised. "params" may be missing.
        raise NotImplementedError("TODO 2.10")


db = DatabaseManager()


async def get_session() -> AsyncIterator[AsyncSession]:
    """A session for one request."""
    # TODO 2.2: yield a session of db; commit when the request went well, roll back when anything went wrong.
    raise NotImplementedError("TODO 2.2")
