"""Probes of chapter 02, task 2.1: connect and close, from outside."""

import asyncio
import gc
import os
import threading
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any


@steps
async def opened(url: str) -> list[str]:
    """Connect and close, and close again: the default database, the one at `url`, and once more as a context manager."""
    from app.database import DatabaseManager

    for db in (DatabaseManager(), DatabaseManager(url), DatabaseManager(url=url, echo=False)):
        await db.connect()
        await db.close()
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


async def _refused(db: Any) -> int:
    """How often connecting fails, of two times."""
    failures = 0
    for _ in range(2):
        try:
            await db.connect()
        except NotImplementedError:
            raise
        except Exception:
            failures += 1
    return failures


def unopenable(folder: str, file: str) -> Iterator[list[Any]]:
    """Connect twice to a database in a folder that is none, and to a file that is no database; nobody calls close()."""
    from app.database import DatabaseManager

    gc.disable()
    kept = [DatabaseManager(f"sqlite+aiosqlite:///{path}") for path in (f"{folder}/chat.db", file)]
    yield [asyncio.run(_refused(db)) for db in kept] + [_left()]
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
    if not is_sqlalchemy(session):
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

    run_plainly(
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
