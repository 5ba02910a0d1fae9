"""Something to look at in an empty database. Run it with: python -m app.sample_data."""

import asyncio
import os
import secrets

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import crud, hashing
from app.database import DatabaseManager
from app.models import Post, User

# username, email, full name, role
ADMIN = ("admin", "admin@example.com", "Ada Admin", "admin")
AUTHOR = ("author", "author@example.com", "Arthur Author", "author")
# title, content, tags, published
POSTS = [
    ("Welcome", "This is where we write about what we learn.", ["news"], True),
    ("A first look at SQLite", "One file, and nothing to set up.", ["sqlite", "python"], True),
    ("What await waits for", "Not finished yet.", ["python", "async"], False),
]


async def add_user(session: AsyncSession, person: tuple[str, str, str, str], made: dict[str, str]) -> User | None:
    """The user of that name, made if need be; a password we had to invent is noted in `made`."""
    # TODO 2.11: somebody who is there stays as they are. For a new user (with the role) the password stands in the
    #   environment (ADMIN_PASSWORD for admin, AUTHOR_PASSWORD for author); if not, invent a random one and
    #   note it: made[username] = password. None when the email is somebody else's. >>>
    username, email, full_name, role = person
    if user := await crud.get_user_by_username(session, username):
        return user
    chosen = os.environ.get(f"{username.upper()}_PASSWORD")
    password = chosen or secrets.token_urlsafe()
    user = await crud.create_user(session, username, email, await hashing.hash_password(password), full_name)
    if user is not None:
        user.role = role
        if not chosen:
            made[username] = password
    return user
    # <<<


async def seed(session: AsyncSession) -> dict[str, str]:
    """Add the sample users and posts that are missing; the passwords we invented, by username."""
    # TODO 2.11: ADMIN, AUTHOR, and the author's POSTS: twice in a row adds nothing. Others may have been here before:
    #   ids are whatever the database gives, and a stranger who is called "author" (the email tells) wrote none of
    #   these posts. The caller commits. >>>
    made: dict[str, str] = {}
    await add_user(session, ADMIN, made)
    author = await add_user(session, AUTHOR, made)
    if author is not None and author.email == AUTHOR[1]:
        written = set(await session.scalars(select(Post.title).where(Post.author_id == author.id)))
        for title, content, tags, published in POSTS:
            if title not in written:
                await crud.create_post(session, author.id, title, content, tags, published)
    return made
    # <<<


async def main() -> None:
    """Fill the database at DATABASE_URL."""
    # TODO 2.11: a DatabaseManager, its tables, a session: seed and commit. Print each invented password: it can be
    #   read here and nowhere else, ever again. >>>
    async with DatabaseManager() as db:
        await db.create_tables()
        async with db.session() as session, session.begin():
            made = await seed(session)
    for username, password in made.items():
        print(f"{username}: {password}")
    # <<<


if __name__ == "__main__":
    asyncio.run(main())
