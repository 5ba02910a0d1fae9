"""Probes of chapter 02, tasks 2.3 and 2.4: tables and their columns."""

import asyncio
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any


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
            user = {
                "username": name,
                "email": f"{name}@example.com",
                "hashed_password": HASH,
                "role": "reader",
                "is_active": True,
            }
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
