"""Probes of chapter 02, tasks 2.5 and 2.7: users."""

from collections.abc import AsyncIterator, Sequence
from typing import Any


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
    """What update_user and delete_user say of somebody (who is not active), of nobody, and of a taken email; and get_user_by_id."""
    from app import crud
    from app.database import DatabaseManager

    async with DatabaseManager() as db:
        await db.create_tables()
        async with db.session() as session:
            id_, other = [(await crud.create_user(session, **person)).id for person in people]
            await session.commit()
        run_plainly(f"UPDATE users SET is_active = 0 WHERE id = {id_}")
        async with db.session() as session:
            said: list[Any] = [await crud.get_user_by_id(session, id_) is not None]
        for function, arguments in (
            *[(crud.update_user, (id_, {"full_name": "New"}))] * 2,
            (crud.update_user, (id_, {})),
            (crud.update_user, (nobody, {"full_name": "New"})),
            (crud.update_user, (nobody, {})),
            (crud.update_user, (other, {"full_name": "Half", "email": people[0]["email"]})),
            (crud.delete_user, (nobody,)),
            (crud.delete_user, (id_,)),
            (crud.delete_user, (id_,)),
        ):
            async with db.session() as session:
                said.append(await function(session, *arguments))
                await session.commit()
        return said
