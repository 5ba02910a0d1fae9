"""Probes of chapter 02, tasks 2.10 and 2.11: SQL by hand, sample data."""

import os
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any


@steps
async def executed(
    statements: Sequence[list[Any]], failing: Sequence[str] = (), last: str = ""
) -> AsyncIterator[list[Any]]:
    """Call execute with each [sql] or [sql, params]; what it gives, or "raises". Wait, while the manager is still open."""
    from app.database import DatabaseManager

    async with DatabaseManager() as db:
        said = [await db.execute(*statement) for statement in statements]
        for sql in failing:
            try:
                said.append(await db.execute(sql))
            except Exception:
                said.append("raises")
        if last:
            await db.execute(last)
        yield said


@steps
async def transactions(
    prepare: Sequence[str], lists: Sequence[list[dict[str, Any]]], *, again: bool = False
) -> AsyncIterator[list[Any]]:
    """Call safe_transaction with each list of operations, perhaps with the last once more; what it says. Wait, while it is open."""
    from app.database import DatabaseManager

    run_plainly(*prepare)
    said: list[Any] = []
    async with DatabaseManager() as db:
        for operations in (*lists, *lists[-1:] * again):
            try:
                said.append(await db.safe_transaction(operations))
            except NotImplementedError:
                raise
            except Exception as problem:
                said.append(f"raises {type(problem).__name__}")
        yield said


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
async def seeded() -> AsyncIterator[list[str] | None]:
    """Create the tables; wait; then call seed and commit, again and again: whose passwords does it give?"""
    from app.database import DatabaseManager
    from app.sample_data import seed

    async with DatabaseManager() as db:
        await db.create_tables()
        made: list[str] | None = None
        while True:
            yield made
            async with db.session() as session:
                made = sorted(await seed(session))
                await session.commit()
