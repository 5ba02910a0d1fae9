"""Probes of chapter 02, task 2.2: sessions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
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
async def apart(value: str, late: str, other: str) -> None:
    """Write in one session; before its commit another one reads and rolls back. Write after close, and to another file."""
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
    make_notes(Path(other))
    async with DatabaseManager() as db:
        await _ready(db)
        await asyncio.gather(first(db), second(db))
    with suppress(Exception):
        async with db.session() as session:
            await store_note(session, late)
            await session.commit()
    async with DatabaseManager(f"sqlite+aiosqlite:///{other}") as db:
        await _ready(db)
        async with db.session() as session:
            await store_note(session, value)
            await session.commit()


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

    Once with an error that nobody expects, once with an answer that is raised; then, where get_session commits, once
    with nothing but a commit that the database refuses.
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
        async with asynccontextmanager(get_session)() as session:
            if ours := is_sqlalchemy(session):
                await store_note(session, f"{value}-kept")
        yield [ours]  # from now on a commit that stores a note fails
        heard = True
        with suppress(Exception):
            async with asynccontextmanager(get_session)() as session:
                if ours:
                    await store_note(session, value)
            heard = False
        yield [ours, heard]
