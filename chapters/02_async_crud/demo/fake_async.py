"""Fake async against real async: who is answered while another program holds the database?

Run it in chapters/02_async_crud with: ../../.nox/workbook/bin/python demo/fake_async.py (about five seconds).
"""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from pathlib import Path

import aiosqlite

HOLD = 2.0  # seconds; SQLite itself waits up to 5
EVERY = 0.4  # seconds from one ping to the next
INSERT = "INSERT INTO loans VALUES ('Emma')"

Writer = Callable[[Path], Awaitable[None]]
Event = tuple[float, str]


def hold_the_lock(path: Path, pipe: Connection) -> None:
    """The other program: it takes the write lock, keeps it for HOLD seconds, and says when it gave it back."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("BEGIN IMMEDIATE")
        pipe.send(time.time())
        time.sleep(HOLD)
        database.rollback()
        pipe.send(time.time())


async def fake(path: Path) -> None:
    """Look asynchronous: one turn for the others, and then nobody has a turn until sqlite3 is done."""
    await asyncio.sleep(0)
    with closing(sqlite3.connect(path)) as database:
        database.execute(INSERT)
        database.commit()


async def real(path: Path) -> None:
    """Be asynchronous: a thread of aiosqlite waits, and the event loop goes on."""
    async with aiosqlite.connect(path) as database:
        await database.execute(INSERT)
        await database.commit()


async def answer_pings(events: list[Event], start: float) -> None:
    """The other route, which needs no database: a ping comes every EVERY seconds, four in all."""
    for number in range(1, 5):
        came = start + number * EVERY
        await asyncio.sleep(max(0.0, came - time.time()))
        now = time.time()
        events.append((now, f"ping    answered, waited {now - came:.1f} s"))


async def write(writer: Writer, path: Path, events: list[Event]) -> None:
    """The route that needs the database."""
    events.append((time.time(), "writer  wants to store"))
    await writer(path)
    events.append((time.time(), "writer  stored"))


async def day(writer: Writer, path: Path, events: list[Event], start: float) -> None:
    """Both routes at once."""
    await asyncio.gather(answer_pings(events, start), write(writer, path, events))


def show(writer: Writer, path: Path) -> None:
    """Run one day while the other program holds the lock, and print what happened in which order."""
    here, there = Pipe()
    other = Process(target=hold_the_lock, args=(path, there))
    other.start()
    start = here.recv()
    events: list[Event] = [(start, "other   takes the write lock")]
    asyncio.run(day(writer, path, events, start))
    released = here.recv()
    other.join()
    events.append((released, "other   gives it back"))
    for moment, what in sorted(events):
        print(f"  {moment - start:.1f} s  {what}")
    pings = [moment for moment, what in events if what.startswith("ping")]
    print(f"  {sum(moment < released for moment in pings)} of {len(pings)} pings answered while the lock was held\n")


def main() -> None:
    """First the fake, then the real thing."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "library.db"
        with closing(sqlite3.connect(path)) as database:
            database.execute("CREATE TABLE loans (book TEXT)")
        for title, writer in (("FAKE: await asyncio.sleep(0), then sqlite3", fake), ("REAL: aiosqlite", real)):
            print(title)
            show(writer, path)


if __name__ == "__main__":
    main()
