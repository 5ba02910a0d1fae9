"""Probes of chapter 02, posts: what a short script of the student's own would do with app.crud's functions for posts.

They run in the student's process, hold no expected values, and use nothing but the promised names. Each call has a
session of its own, committed: a function that flushes and one that commits are both right.
"""

from collections.abc import Awaitable, Callable
from typing import Any

HASH = "$2b$04$" + 53 * "."  # looks like one
Call = Callable[[Any], Awaitable[Any]]


async def _done(db: Any, call: Call) -> Any:
    """What a function gives in a session of its own, which is committed."""
    async with db.session() as session:
        found = await call(session)
        await session.commit()
    return found


async def _somebody(db: Any, username: str) -> int:
    """The id of a new user."""
    from app import crud

    async with db.session() as session:
        user = await crud.create_user(session, username, f"{username}@example.com", HASH, "Some Body")
        found = int(user.id)
        await session.commit()
    return found


async def _post(db: Any, *values: Any, **options: Any) -> int:
    """The id of a new post."""
    from app import crud

    async with db.session() as session:
        post = await crud.create_post(session, *values, **options)
        found = int(post.id)
        await session.commit()
    return found


async def _shown(db: Any, post_id: int) -> list[Any] | None:
    """A post as plain values."""
    from app import crud

    async with db.session() as session:
        post = await crud.get_post(session, post_id)
        return None if post is None else [post.title, post.content, list(post.tags), bool(post.published)]


async def by_hand(username: str, title: str) -> dict[str, Any]:
    """Create two posts, change one (an author is not among what may change), delete the other; then do the same to one that is not there."""
    from app import crud
    from app.database import DatabaseManager

    async with DatabaseManager() as db:
        await db.create_tables()
        author, other = await _somebody(db, username), await _somebody(db, f"{username}-other")
        first = await _post(db, author, title, "first")
        second = await _post(db, author, title, "second", tags=("a", "b"), published=True)
        made, second_made = await _shown(db, first), await _shown(db, second)
        answers = {
            "update_post, title": await _done(
                db, lambda session: crud.update_post(session, first, {"title": f"{title} again", "author_id": other})
            ),
            "update_post, tags": await _done(db, lambda session: crud.update_post(session, first, {"tags": ["c"]})),
            "update_post, {}": await _done(db, lambda session: crud.update_post(session, first, {})),
            "delete_post": await _done(db, lambda session: crud.delete_post(session, second)),
        }
        none = second + 7
        nothing = {
            "update_post, title": await _done(db, lambda session: crud.update_post(session, none, {"title": "none"})),
            "update_post, {}": await _done(db, lambda session: crud.update_post(session, none, {})),
            "delete_post": await _done(db, lambda session: crud.delete_post(session, none)),
        }
        return {
            "made": made, "tuple": second_made and second_made[2], "changed": await _shown(db, first),
            "deleted": await _shown(db, second), "answers": {name: bool(each) for name, each in answers.items()},
            "for none": {"get_post": await _shown(db, none)} | {name: bool(each) for name, each in nothing.items()},
        }  # fmt: skip


async def changed_in_place(username: str) -> None:
    """Append a tag to two posts, one with a tag and one without any; remove, extend, replace in others. Each is read before."""
    from app import crud
    from app.database import DatabaseManager

    async with DatabaseManager() as db:
        await db.create_tables()
        author = await _somebody(db, username)
        first = await _post(db, author, "a title", "...", ["old"], True)
        second = await _post(db, author, "another", "...", published=True)
        third = await _post(db, author, "a third", "...", ["old", "out"], True)
        fourth = await _post(db, author, "a fourth", "...", ["old"], True)
        fifth = await _post(db, author, "a fifth", "...", ["out"], True)
        changes: list[tuple[int, Callable[[Any], Any]]] = [
            (first, lambda tags: tags.append("new")),
            (second, lambda tags: tags.append("new")),
            (third, lambda tags: tags.remove("out")),
            (fourth, lambda tags: tags.extend(["new"])),
            (fifth, lambda tags: tags.__setitem__(0, "new")),
        ]
        for post_id, change in changes:
            async with db.session() as session:
                post = await crud.get_post(session, post_id)
                change(post.tags)
                await session.commit()


async def append(post_id: int) -> None:
    """Append a tag to a post that is there."""
    from app import crud
    from app.database import DatabaseManager

    async with DatabaseManager() as db, db.session() as session:
        post = await crud.get_post(session, post_id)
        post.tags.append("new")
        await session.commit()


async def authors_after_closing(username: str, published: bool, draft: bool) -> list[list[list[str]]]:
    """Two posts by two people; the authors of lists are read when their session is closed: all, of a tag, a page."""
    from app import crud
    from app.database import DatabaseManager

    async with DatabaseManager() as db:
        await db.create_tables()
        for number in range(2):
            author = await _somebody(db, f"{username}-{number}")
            await _post(db, author, f"post {number}", "...", ["a"], published)
            await _post(db, author, f"draft {number}", "...", published=draft)
        async with db.session() as session:
            lists = [
                list(await crud.get_posts_with_authors(session, published)),
                list(await crud.get_posts_with_authors(session, published, tag="a")),
                list(await crud.get_posts_with_authors(session, published, skip=1, limit=1)),
            ]
        return [[[post.title, post.author.username, post.author.email] for post in posts] for posts in lists]
