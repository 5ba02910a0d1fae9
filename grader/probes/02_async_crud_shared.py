"""What the probes of chapter 02 share: it is sent with each of them, before its own text.

They run in the student's process, hold no expected values, and are judged by what the file holds afterwards.
What session() yields is opaque. Where a probe needs SQL of its own it writes it to an AsyncSession; a session
of another kind is given to app.crud instead.
"""

import asyncio
import functools
import inspect
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
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


def run_plainly(*statements: str, path: Path = PATH) -> None:
    """Run statements with sqlite3 alone, while the student's program does not write."""
    connection = sqlite3.connect(path)
    for sql in statements:
        connection.execute(sql)
    connection.commit()
    connection.close()


def make_notes(path: Path = PATH) -> None:
    """A table that belongs to no model."""
    run_plainly("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, value TEXT)", path=path)


def is_sqlalchemy(session: Any) -> bool:
    """Whether what session() yields is SQLAlchemy's."""
    from sqlalchemy.ext.asyncio import AsyncSession

    return isinstance(session, AsyncSession)


async def store_note(session: Any, value: str) -> None:
    """Write a note through a session, without commit; a user of that name where the session is not SQLAlchemy's."""
    from sqlalchemy import text

    if is_sqlalchemy(session):
        await session.execute(text("INSERT INTO notes (value) VALUES (:value)"), {"value": value})
    else:
        await new_user(session, value)


async def new_user(session: Any, username: str, **fields: Any) -> Any:
    """What create_user gives for somebody of that name."""
    from app import crud

    values = {"email": f"{username}@example.com", "hashed_password": HASH} | fields
    return await crud.create_user(session, username, **values)
