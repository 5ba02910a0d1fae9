"""Create and read: every function gets the session it works with, and does one thing."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from app.models import Message, User


def create_user(db: Session, username: str, hashed_password: str) -> User | None:
    """Store a user; None when the name is taken."""
    # TODO 1.8: add the user and commit. The database refuses a taken name: roll back, return None.
    raise NotImplementedError("TODO 1.8")


def get_user_by_username(db: Session, username: str) -> User | None:
    """The user of that name, or None."""
    # TODO 1.8: select the user by name.
    raise NotImplementedError("TODO 1.8")


def create_message(db: Session, content: str, owner_id: int) -> None:
    """Store a message."""
    # TODO 1.11: add the message and commit.
    raise NotImplementedError("TODO 1.11")


def get_messages(db: Session, skip: int = 0, limit: int = 100) -> Sequence[Message]:
    """A page of messages, newest first, each with its owner loaded."""
    # TODO 1.11: newest first, and by id within the same instant, so that pages never overlap;
    #   the owners in the same statement, not one statement a message.
    raise NotImplementedError("TODO 1.11")
