"""Probes of chapter 01: what a short script of the student's own would do with app.database.

They run in the student's process, hold no expected values, and are judged by what the file holds afterwards.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from queue import SimpleQueue
from typing import Any


def engine_row(table: str, value: str) -> None:
    """Create a table through the engine, and write a row into it."""
    from app.database import engine

    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE {table} (value TEXT)")
        connection.exec_driver_sql(f"INSERT INTO {table} VALUES (?)", (value,))


def orphans(connections: int) -> None:
    """Try to write a row that refers to nothing, on several connections that are open at the same time."""
    from app.database import engine
    from sqlalchemy.exc import IntegrityError

    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE parents (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql("CREATE TABLE children (number INTEGER, parent INTEGER REFERENCES parents (id))")
        connection.exec_driver_sql("INSERT INTO parents VALUES (1)")
        connection.exec_driver_sql("INSERT INTO children VALUES (0, 1)")
    opened = [engine.connect() for _ in range(connections)]
    for number, connection in enumerate(opened, 1):
        with suppress(IntegrityError):
            connection.exec_driver_sql("INSERT INTO children VALUES (?, 99)", (number,))
        connection.commit()
    for connection in opened:
        connection.close()


def session_row(table: str, value: str) -> None:
    """Write a row through a session of the factory."""
    from app.database import SessionLocal
    from sqlalchemy import text

    with SessionLocal() as db:
        db.execute(text(f"CREATE TABLE {table} (value TEXT)"))
        db.execute(text(f"INSERT INTO {table} VALUES (:value)"), {"value": value})
        db.commit()


def get_db_row(table: str, value: str) -> None:
    """Write a row through the session that get_db yields."""
    from app.database import get_db
    from sqlalchemy import text

    generator = get_db()
    db = next(generator)
    db.execute(text(f"CREATE TABLE {table} (value TEXT)"))
    db.execute(text(f"INSERT INTO {table} VALUES (:value)"), {"value": value})
    db.commit()
    with suppress(StopIteration):
        next(generator)


def abandoned_session(how: str) -> Iterator[str]:
    """Leave a write unfinished in get_db's session, end the request, and wait: is the lock still held?"""
    from app.database import engine, get_db
    from sqlalchemy import text

    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE notes (value TEXT)")
    generator = get_db()
    db = next(generator)  # kept, as a request's own variables keep it
    db.execute(text("INSERT INTO notes VALUES ('unfinished')"))
    heard = False
    if how == "error":
        try:
            generator.throw(RuntimeError("the route failed"))
        except StopIteration:
            pass
        except Exception:
            heard = True
    else:
        with suppress(StopIteration):
            next(generator)
    yield "the error came out" if heard else f"ended, {type(db).__name__}"


def _app() -> Any:
    """The student's app, for what it does around each request; one without that where it cannot be imported yet."""
    from fastapi import FastAPI

    with suppress(Exception):
        from app.main import app

        if isinstance(app, FastAPI):
            return app
    return FastAPI()


async def _get(app: Any, path: str, endpoint: Callable[..., Awaitable[None]]) -> None:
    """GET a route of our own, which goes before all others."""
    app.add_api_route(path, endpoint)
    app.router.routes.insert(0, app.router.routes.pop())
    waiting = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        return waiting.pop() if waiting else await asyncio.Event().wait()  # type: ignore[return-value] # never comes

    async def send(_message: dict[str, Any]) -> None:
        pass

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http", "path": path,
        "raw_path": path.encode(), "root_path": "", "query_string": b"", "headers": [(b"host", b"127.0.0.1")],
        "client": ("127.0.0.1", 50000), "server": ("127.0.0.1", 8000),
    }  # fmt: skip
    with suppress(Exception):
        await app(scope, receive, send)


async def _two_requests(step: Callable[[], Awaitable[Any]]) -> None:
    """One writes and does not end; another reads and commits. Both sessions are used by threads, as routes use them."""
    from app.database import get_db
    from fastapi import Depends
    from fastapi.concurrency import run_in_threadpool
    from sqlalchemy import text

    app, wrote, end = _app(), asyncio.Event(), asyncio.Event()

    async def writes(db: Any = Depends(get_db)) -> None:  # noqa: B008 -- FastAPI's own convention
        await run_in_threadpool(db.execute, text("INSERT INTO drafts VALUES ('unfinished')"))
        wrote.set()
        await end.wait()

    async def commits(db: Any = Depends(get_db)) -> None:  # noqa: B008 -- the same
        await run_in_threadpool(db.execute, text("SELECT 1"))
        await run_in_threadpool(db.commit)

    first = asyncio.create_task(_get(app, "/side-by-side/writes", writes))
    await asyncio.wait([first, asyncio.create_task(wrote.wait())], return_when=asyncio.FIRST_COMPLETED)
    await step()
    second = asyncio.create_task(_get(app, "/side-by-side/commits", commits))
    await asyncio.wait([second], timeout=1)  # where each transaction takes the lock at once, it waits for the first
    await step()
    end.set()
    await asyncio.wait([first, second])


def side_by_side() -> Iterator[None]:
    """Two requests at a time: stop when the first has written, and when the second has committed."""
    from app.database import engine

    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE drafts (value TEXT)")
    said: SimpleQueue[None] = SimpleQueue()
    heard: SimpleQueue[None] = SimpleQueue()

    async def step() -> None:
        said.put(None)
        await asyncio.get_running_loop().run_in_executor(None, heard.get)

    def scene() -> None:
        try:
            asyncio.run(_two_requests(step))
        finally:
            said.put(None)
            said.put(None)

    thread = threading.Thread(target=scene, daemon=True)
    thread.start()
    try:
        for _ in range(2):
            said.get()
            yield
            heard.put(None)
    finally:  # nobody has to ask for every step
        heard.put(None)
        heard.put(None)
        thread.join()
