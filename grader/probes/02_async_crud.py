"""Probes of chapter 02, first half: what a short script of the student's own would do with app.database and app.crud.

They run in the student's process, hold no expected values, and are judged by what the file holds afterwards.
What session() yields is opaque. Where a probe needs SQL of its own it writes it to an AsyncSession; a session
of another kind is given to app.crud instead.

Over the budget of 200 lines: a probe is sent as one text, and all of these need steps() and what stands beside it.
"""

import asyncio
import functools
import gc
import inspect
import os
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

HASH = "$2b$04$" + 53 * "."  # looks like one
PATIENCE = 5.0  # seconds a thread or a descriptor may take to go
PATH = Path(os.environ.get("DATABASE_URL", "").partition("///")[2])


def steps(function: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
    """Run a coroutine function, or an asynchronous generator, in a loop of its own; then leave at once.

    A connection that was left open keeps a program from ending. The checks of task 2.1 say so; the others go on.
    """

    @functools.wraps(function)
    def run(**arguments: Any) -> Iterator[Any]:
        try:
            with asyncio.Runner() as runner:
                work = function(**arguments)
                if not inspect.isasyncgen(work):
                    yield runner.run(work)
                else:
                    while (value := runner.run(_next(work))) is not work:
                        yield value
        except Exception:
            alarm = threading.Timer(PATIENCE, os._exit, [1])
            alarm.daemon = True
            alarm.start()
            raise
        os._exit(0)

    return run


async def _next(work: Any) -> Any:
    """The next value of an asynchronous generator; the generator itself at its end."""
    return await anext(work, work)


def _plain(*statements: str) -> None:
    """Run statements with sqlite3 alone, before the student's program opens the file."""
    connection = sqlite3.connect(PATH)
    for sql in statements:
        connection.execute(sql)
    connection.commit()
    connection.close()


def _notes() -> None:
    _plain("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, value TEXT)")


def _sqlalchemy(session: Any) -> bool:
    from sqlalchemy.ext.asyncio import AsyncSession

    return isinstance(session, AsyncSession)


async def _store(session: Any, value: str) -> None:
    """Write a note through a session, without commit; a user of that name where the session is not SQLAlchemy's."""
    from sqlalchemy import text

    if _sqlalchemy(session):
        await session.execute(text("INSERT INTO notes (value) VALUES (:value)"), {"value": value})
    else:
        await _user(session, value)


async def _user(session: Any, username: str, **fields: Any) -> Any:
    from app import crud

    values = {"email": f"{username}@example.com", "hashed_password": HASH} | fields
    return await crud.create_user(session, username, **values)


# Task 2.1


@steps
async def opened(url: str) -> list[str]:
    """Connect and close: the default database, the one at `url`, and once more as a context manager."""
    from app.database import DatabaseManager

    for db in (DatabaseManager(), DatabaseManager(url), DatabaseManager(url=url, echo=False)):
        await db.connect()
        await db.close()
    async with DatabaseManager() as db:
        return [type(db).__name__]


def _descriptors() -> list[str]:
    """The files in the folder of the database that this process has open."""
    found = []
    with suppress(OSError):
        for each in Path("/dev/fd").iterdir():
            with suppress(OSError):
                found.append(each.readlink())
    return [f"a descriptor of {file.name}" for file in found if file.parent == PATH.parent.resolve()]


def _left() -> list[str]:
    """What is open yet, after some patience: descriptors of the database, threads."""
    end = time.monotonic() + PATIENCE
    while True:
        main = threading.main_thread()
        left = _descriptors() + [f"the thread {each.name}" for each in threading.enumerate() if each is not main]
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.01)


async def _connect_and_close(db: Any) -> None:
    await db.connect()
    await db.close()


async def _with(db: Any, fails: bool) -> None:
    with suppress(LookupError):
        async with db:
            if fails:
                raise LookupError("the script failed")


def left_open() -> list[str]:
    """Connect and close in three ways, and say what is still open. The program must then end by itself."""
    from app.database import DatabaseManager

    gc.disable()  # what is dropped without being closed would be closed by chance
    kept = [DatabaseManager() for _ in range(3)]
    asyncio.run(_connect_and_close(kept[0]))
    asyncio.run(_with(kept[1], fails=False))
    asyncio.run(_with(kept[2], fails=True))
    return _left()


async def _refusal(db: Any) -> str:
    try:
        await db.connect()
    except NotImplementedError:
        raise
    except Exception as problem:
        return type(problem).__name__
    return ""


def unopenable(folder: str, file: str) -> Iterator[list[Any]]:
    """Connect to a database in a folder that is none, and to a file that is no database; nobody calls close()."""
    from app.database import DatabaseManager

    gc.disable()
    kept = [DatabaseManager(f"sqlite+aiosqlite:///{path}") for path in (f"{folder}/chat.db", file)]
    yield [asyncio.run(_refusal(db)) for db in kept] + [_left()]
    os._exit(0)


async def _hand(db: Any, stack: AsyncExitStack) -> Any:
    """A session with a connection of its own; before task 2.2 is done, a connection of the engine that connect() keeps."""
    from sqlalchemy.ext.asyncio import AsyncEngine

    try:
        session = await stack.enter_async_context(db.session())
    except NotImplementedError:
        engines = [value for value in vars(db).values() if isinstance(value, AsyncEngine)]
        if not engines:
            raise
        return await stack.enter_async_context(engines[0].connect())
    if not _sqlalchemy(session):
        return None
    await session.connection()
    return session


async def _insert(hand: Any, sql: str) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import IntegrityError

    try:
        await hand.execute(text(sql))
    except IntegrityError:
        await hand.rollback()
    else:
        await hand.commit()


async def _orphan(db: Any, sql: str, others: asyncio.Barrier) -> None:
    """Write on a connection that is open while others are, where a program lets several be open."""
    async with AsyncExitStack() as stack:
        hand = await _hand(db, stack)
        with suppress(TimeoutError, asyncio.BrokenBarrierError):  # a pool of one, or BEGIN IMMEDIATE: one at a time
            await asyncio.wait_for(others.wait(), 0.5)
        await _insert(hand, sql)


@steps
async def orphans(connections: int) -> None:
    """Try to write rows that refer to nothing, on several connections that are open at the same time."""
    from app.database import DatabaseManager

    _plain(
        "CREATE TABLE parents (id INTEGER PRIMARY KEY)",
        "CREATE TABLE children (number INTEGER, parent INTEGER REFERENCES parents (id))",
        "INSERT INTO parents VALUES (1)",
    )
    bad = [f"INSERT INTO children VALUES ({number}, 99)" for number in range(connections)]
    good = "INSERT INTO children VALUES (0, 1)"
    async with DatabaseManager() as db:
        async with AsyncExitStack() as stack:
            hand = await _hand(db, stack)
            if hand is not None:
                await _insert(hand, good)
        if hand is not None:
            others = asyncio.Barrier(connections)
            await asyncio.gather(*(_orphan(db, sql, others) for sql in bad))
            return
        await db.execute(good)
        await asyncio.gather(*(db.execute(sql) for sql in bad), return_exceptions=True)


# Task 2.2


async def _ready(db: Any) -> None:
    """Tables to write to: notes, and users where sessions are not SQLAlchemy's."""
    async with db.session() as session:
        other = not _sqlalchemy(session)
    if other:
        await db.create_tables()


@steps
async def committed(value: str, undone: str) -> None:
    """Write in a session and commit; write in another and roll back."""
    from app.database import DatabaseManager

    _notes()
    async with DatabaseManager() as db:
        await _ready(db)
        async with db.session() as session:
            await _store(session, value)
            await session.commit()
        async with db.session() as session:
            if _sqlalchemy(session):
                await _store(session, undone)
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

    _notes()
    async with DatabaseManager() as db:
        await _ready(db)
        async with db.session() as session:
            if _sqlalchemy(session):
                thing, name = Note(value=value), "value"
                session.add(thing)
            else:
                thing, name = await _user(session, value), "username"
            await session.commit()
            await _store(session, f"{getattr(thing, name)}-{again}")
            await session.commit()
        async with db.session() as session:
            await _store(session, f"{getattr(thing, name)}-{again}-{again}")
            await session.commit()


@steps
async def apart(value: str) -> None:
    """Write in one session; before its commit another one rolls back."""
    from app.database import DatabaseManager

    written, over = asyncio.Event(), asyncio.Event()

    async def first(db: Any) -> None:
        async with db.session() as session:
            await _store(session, value)
            written.set()
            with suppress(TimeoutError):  # a manager may let the second wait for the first
                await asyncio.wait_for(over.wait(), 1)
            await session.commit()

    async def second(db: Any) -> None:
        await written.wait()
        async with db.session() as session:
            await session.rollback()
        over.set()

    _notes()
    async with DatabaseManager() as db:
        await _ready(db)
        await asyncio.gather(first(db), second(db))


@steps
async def requested(value: str, by_crud: bool) -> None:
    """Write in the session of a request that goes well, as FastAPI would: without a commit of our own."""
    from app.database import get_session
    from app.main import app

    _notes()
    async with app.router.lifespan_context(app), asynccontextmanager(get_session)() as session:
        await (_user if by_crud else _store)(session, value)


@steps
async def request_failed(value: str) -> AsyncIterator[bool]:
    """Write in the session of a request that fails, and wait: is the lock still held?"""
    from app.database import get_session
    from app.main import app

    _notes()
    async with app.router.lifespan_context(app):
        with suppress(LookupError):
            async with asynccontextmanager(get_session)() as session:
                await _store(session, value)
                raise LookupError("the route failed")
        yield _sqlalchemy(session)


# Tasks 2.3 and 2.4


@steps
async def create_tables(times: int) -> None:
    """Create the tables from a script."""
    from app.database import DatabaseManager

    async with DatabaseManager() as db:
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


# Tasks 2.5 and 2.7


@steps
async def create_users(people: Sequence[dict[str, Any]]) -> AsyncIterator[list[bool]]:
    """Call create_user for each, committing after each, all in one session; then close it, and wait."""
    from app import crud
    from app.database import DatabaseManager

    async with DatabaseManager() as db:
        await db.create_tables()
        said = []
        async with db.session() as session:
            for person in people:
                said.append(await crud.create_user(session, **person) is not None)
                await session.commit()
        yield said


@steps
async def refused(person: dict[str, Any]) -> AsyncIterator[None]:
    """Create the same user in two sessions, the second without a commit; it is closed. Wait: is the lock still held?"""
    from app import crud
    from app.database import DatabaseManager

    async with DatabaseManager() as db:
        await db.create_tables()
        async with db.session() as session:
            await crud.create_user(session, **person)
            await session.commit()
        async with db.session() as session:
            await crud.create_user(session, **person)
        yield None


@steps
async def changed(people: Sequence[dict[str, Any]], changes: Sequence[dict[str, Any]]) -> list[Any]:
    """Create people, then call update_user with the changes, one for each as far as they go; what it says."""
    from app import crud
    from app.database import DatabaseManager

    async with DatabaseManager() as db:
        await db.create_tables()
        async with db.session() as session:
            ids = [(await crud.create_user(session, **person)).id for person in people]
            await session.commit()
        said = []
        for id_, change in zip(ids, changes, strict=False):
            async with db.session() as session:
                said.append(await crud.update_user(session, id_, change))
                await session.commit()
        return said


@steps
async def deleted(people: Sequence[dict[str, Any]]) -> AsyncIterator[list[int]]:
    """Create people; wait; delete the first of them."""
    from app import crud
    from app.database import DatabaseManager

    async with DatabaseManager() as db:
        await db.create_tables()
        async with db.session() as session:
            ids = [(await crud.create_user(session, **person)).id for person in people]
            await session.commit()
        yield ids
        async with db.session() as session:
            await crud.delete_user(session, ids[0])
            await session.commit()


@steps
async def said_of_changes(people: Sequence[dict[str, Any]], nobody: int) -> list[Any]:
    """What update_user and delete_user say: of somebody, without changes, of nobody; of a taken email."""
    from app import crud
    from app.database import DatabaseManager

    async with DatabaseManager() as db:
        await db.create_tables()
        async with db.session() as session:
            id_, _ = [(await crud.create_user(session, **person)).id for person in people]
            await session.commit()
        said = []
        for function, arguments in (
            (crud.update_user, (id_, {"full_name": "New"})),
            (crud.update_user, (id_, {})),
            (crud.update_user, (nobody, {"full_name": "New"})),
            (crud.update_user, (nobody, {})),
            (crud.update_user, (id_, {"email": people[1]["email"]})),
            (crud.delete_user, (nobody,)),
            (crud.delete_user, (id_,)),
            (crud.delete_user, (id_,)),
        ):
            async with db.session() as session:
                said.append(await function(session, *arguments))
                await session.commit()
        return said


# Task 2.10


@steps
async def executed(statements: Sequence[list[Any]]) -> AsyncIterator[list[Any]]:
    """Call execute with each [sql] or [sql, params]; what it gives. Wait, while the manager is still open."""
    from app.database import DatabaseManager

    async with DatabaseManager() as db:
        yield [await db.execute(*statement) for statement in statements]


@steps
async def transactions(prepare: Sequence[str], lists: Sequence[list[dict[str, Any]]]) -> AsyncIterator[list[Any]]:
    """Call safe_transaction with each list of operations; what it says. Wait, while the manager is still open."""
    from app.database import DatabaseManager

    _plain(*prepare)
    said: list[Any] = []
    async with DatabaseManager() as db:
        for operations in lists:
            try:
                said.append(await db.safe_transaction(operations))
            except NotImplementedError:
                raise
            except Exception as problem:
                said.append(f"raises {type(problem).__name__}")
        yield said


# Task 2.11


def sample_data() -> Iterator[None]:
    """What `python -m app.sample_data` does."""
    import runpy
    import sys

    sys.argv = ["app/sample_data.py"]
    try:
        runpy.run_module("app.sample_data", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code not in (0, None):
            raise
    yield None
    os._exit(0)


@steps
async def seeded() -> AsyncIterator[None]:
    """Create the tables; wait; then call seed and commit, again and again."""
    from app.database import DatabaseManager
    from app.sample_data import seed

    async with DatabaseManager() as db:
        await db.create_tables()
        while True:
            yield None
            async with db.session() as session:
                await seed(session)
                await session.commit()
