"""Create, read, update, delete: users and messages. Functions flush; whoever owns the session commits."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app.crud_posts import create_post, delete_post, get_post, get_posts_with_authors, update_post
from app.models import Message, User

__all__ = [
    "create_message",
    "create_post",
    "create_user",
    "delete_post",
    "delete_user",
    "get_messages",
    "get_post",
    "get_posts_with_authors",
    "get_user_by_id",
    "get_user_by_username",
    "update_post",
    "update_user",
]


async def create_user(
    session: AsyncSession, username: str, email: str, hashed_password: str, full_name: str | None = None
) -> User | None:
    """Store a user; None when the username or the email is taken."""
    # TODO 2.5: add the user and flush: the database refuses what is taken. After a refusal the session goes on
    #   working, and what was done in it before is still there: begin_nested() undoes its own block alone.
    raise NotImplementedError("TODO 2.5")


async def get_user_by_username(session: AsyncSession, username: str) -> User | None:
    """The user of that name, or None."""
    # TODO 2.6: select the user by name.
    raise NotImplementedError("TODO 2.6")


async def get_user_by_id(session: AsyncSession, user_id: int) -> User | None:
    """The user with that id, or None."""
    # TODO 2.6: get the user by primary key.
    raise NotImplementedError("TODO 2.6")


async def update_user(session: AsyncSession, user_id: int, changes: Mapping[str, Any]) -> bool | None:
    """Change email, full_name or both; True, False when there is no such user, None when the email is taken."""
    # TODO 2.7: only what stands in `changes` changes; a full_name of None clears it; other names (role!) change
    #   nothing; without changes the answer still says whether the user is there. Refusals as in create_user.
    raise NotImplementedError("TODO 2.7")


async def delete_user(session: AsyncSession, user_id: int) -> bool:
    """Delete a user with all posts and messages; False when there is no such user."""
    # TODO 2.7: delete the user; the database deletes what hangs on the foreign keys.
    raise NotImplementedError("TODO 2.7")


async def create_message(session: AsyncSession, content: str, owner_id: int) -> Message | None:
    """Store a message and count it; None when the owner is gone."""
    # TODO 2.14: add one to the owner's message_count, in one UPDATE and in the session of the message: a count that
    #   is read, added to and written back loses some. No such user: return None.
    pass
    # TODO 2.12: add the message, flush, and return it.
    raise NotImplementedError("TODO 2.12")


async def get_messages(session: AsyncSession, skip: int = 0, limit: int = 100) -> Sequence[Message]:
    """A page of messages, newest first, each with its owner loaded."""
    # TODO 2.12: the query of chapter 01, awaited.
    raise NotImplementedError("TODO 2.12")
