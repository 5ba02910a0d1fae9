"""Probes of chapter 02, tasks 2.2 to 2.4: sessions and tables."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any


async def _ready(db: Any) -> None:
    """Tables to write to: notes, and users where sessions are not SQLAlchemy's."""
    async with db.session() as session:
        other = not is_sqlalchemy(session)
    if other:
        await db.create_tables()


@steps
async def committed(value: str, undone: str) -> None:
    """Write in a session and commit; write in another and roll back."""
    from app.database import DatabaseManager

    make_notes()
    async with DatabaseManager() as db:
        await _ready(db)
        async with db.session() as session:
            await store_note(session, value)
            await session.commit()
        async with db.session() as session:
            if is_sqlalchemy(session):
                await store_note(session, undone)
            await session.rollback()


@steps
async def read_after_commit(value: str, again: str) -> None:
    """Commit, then read the object: in the session, and when it is closed. What was read is written as other rows."""
    from app.database import DatabaseManager
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

    class Base(DeclarativeBase):
        pass

    class Note(Base):
        __tablename__ = "notes"
        id: Mapped[int] = mapped_column(primary_key=True)
        value: Mapped[str]

    make_notes()
    async with DatabaseManager() as db:
        await _ready(db)
        async with db.session() as session:
            if is_sqlalchemy(session):
                thing, name = Note(value=value), "value"
                session.add(thing)
            else:
                thing, name = await new_user(session, value), "username"
            await session.commit()
            await store_note(session, f"{getattr(thing, name)}-{again}")
            await session.commit()
        async with db.session() as session:
            await store_note(session, f"{getattr(thing, name)}-{again}-{again}")
            await session.commit()


@steps
async def apart(value: str) -> None:
    """Write in one session; before its commit another one reads and rolls back."""
    from app.database import DatabaseManager
    from sqlalchemy import text

    written, over = asyncio.Event(), asyncio.Event()

    async def first(db: Any) -> None:
        async with db.session() as session:
            await store_note(session, value)
            written.set()
            with suppress(TimeoutError):  # a manager may let the second wait for the first
                await asyncio.wait_for(over.wait(), 1)
            await session.commit()

    async def second(db: Any) -> None:
        await written.wait()
        with suppress(Exception):  # where each transaction takes the lock at once it may be refused
            async with db.session() as session:
                if is_sqlalchemy(session):
                    await session.execute(text("SELECT 1"))
                await session.rollback()
        over.set()

    make_notes()
    async with DatabaseManager() as db:
        await _ready(db)
        await asyncio.gather(first(db), second(db))


@steps
async def requested(value: str, by_crud: bool) -> None:
    """Write in the session of a request that goes well, as FastAPI would: without a commit of our own."""
    from app.database import get_session
    from app.main import app

    make_notes()
    async with app.router.lifespan_context(app), asynccontextmanager(get_session)() as session:
        await (new_user if by_crud else store_note)(session, value)


@steps
async def request_failed(value: str) -> AsyncIterator[list[bool]]:
    """Write in the session of a request that fails, and wait: is the lock still held, and did the error come out?

    Once with an error that nobody expects, once with an answer that is raised.
    """
    from app.database import get_session
    from app.main import app
    from fastapi import HTTPException

    make_notes()
    async with app.router.lifespan_context(app):
        for error in (LookupError("the route failed"), HTTPException(409, "refused")):
            heard = True
            with suppress(Exception):
                async with asynccontextmanager(get_session)() as session:
                    await store_note(session, value)
                    raise error
                heard = False
            yield [is_sqlalchemy(session), heard]


@steps
async def create_tables(times: int, url: str = "") -> None:
    """Create the tables from a script: in the default database, or in the one at `url`."""
    from app.database import DatabaseManager

    async with DatabaseManager(url) if url else DatabaseManager() as db:
        for _ in range(times):
            await db.create_tables()


@steps
async def tables_of_models() -> None:
    """Create the tables; where create_tables does not, from what the models know of themselves."""
    from app import models
    from app.database import DatabaseManager
    from sqlalchemy import create_engine, inspect

    with suppress(Exception):
        async with DatabaseManager() as db:
            await db.create_tables()
    engine = create_engine(f"sqlite:///{PATH}")
    if not inspect(engine).has_table("users") and (metadata := getattr(models.User, "metadata", None)) is not None:
        metadata.create_all(engine)
    engine.dispose()


def _read(connection: Any, how: str, tables: Sequence[Any]) -> list[list[Any]]:
    """The times of the last rows, as their columns read them: how, table, column, what went wrong, the time."""
    from sqlalchemy import select

    found = []
    for table, name in ((tables[0], "created_at"), (tables[1], "created_at"), (tables[1], "updated_at")):
        value, error = None, ""
        try:
            value = connection.scalar(select(table.c[name]).order_by(table.c.id.desc()).limit(1))
        except Exception as problem:
            error = f"{type(problem).__name__}: {problem}"
        found.append([how, table.name, name, error, value if isinstance(value, int | float) else str(value)])
    return found


@steps
async def times(by_hand: Sequence[str]) -> list[list[Any]]:
    """The times of rows stored by hand, and by the models' tables: each as read at first, and as read of a later row."""
    from app import models
    from sqlalchemy import create_engine

    tables = [getattr(model, "__table__", None) for model in (models.User, models.Post)]
    if any(table is None for table in tables):
        return []
    engine = create_engine(f"sqlite:///{PATH}")

    def once() -> list[list[Any]]:
        run_plainly(*by_hand)
        name = os.urandom(8).hex()
        with engine.begin() as connection:
            found = _read(connection, "sqlite3: INSERT", tables)
            user = {"username": name, "email": name, "hashed_password": HASH, "role": "reader", "is_active": True}
            id_ = connection.execute(tables[0].insert().values(message_count=0, **user)).inserted_primary_key[0]
            post = {"title": "a", "content": "b", "author_id": id_, "published": True}
            connection.execute(tables[1].insert().values(post))
            return found + _read(connection, "SQLAlchemy: INSERT", tables)

    first = last = once()
    end = time.monotonic() + PATIENCE
    while any(then[4] == now[4] for then, now in zip(first, last, strict=True)) and time.monotonic() < end:
        await asyncio.sleep(0.1)  # the clock of a column may count whole seconds
        later = once()
        last = [now if then[4] == known[4] else known for then, known, now in zip(first, last, later, strict=True)]
    engine.dispose()
    return [[*then, now[4]] for then, now in zip(first, last, strict=True)]
