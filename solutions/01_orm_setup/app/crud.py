"""Create and read: every function gets the session it works with, and does one thing."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from app.models import Message, User


def create_user(db: Session, username: str, hashed_password: str) -> User | None:
    """Store a user; None when the name is taken."""
    # TODO 1.8: add the user and commit. The database refuses a taken name: roll back, return None. >>>
    user = User(username=username, hashed_password=hashed_password)
    db.add(user)
    try:
        db.commit()
    except IntegrityError:
        # Asking first whether the name is free would not help: another request can come between.
        db.rollback()
        return None
    return user
    # <<<


def get_user_by_username(db: Session, username: str) -> User | None:
    """The user of that name, or None."""
    # TODO 1.8: select the user by name. >>>
    return db.scalars(select(User).where(User.username == username)).one_or_none()
    # <<<


def create_message(db: Session, content: str, owner_id: int) -> None:
    """Store a message."""
    # TODO 1.11: add the message and commit. >>>
    db.add(Message(content=content, owner_id=owner_id))
    db.commit()
    # <<<


def get_messages(db: Session, skip: int = 0, limit: int = 100) -> Sequence[Message]:
    """A page of messages, newest first, each with its owner loaded."""
    # TODO 1.11: newest first, and by id within the same instant, so that pages never overlap;
    #   the owners in the same statement, not one statement a message. >>>
    query = (
        select(Message)
        .options(joinedload(Message.owner))
        .order_by(Message.timestamp.desc(), Message.id.desc())
        .offset(skip)
        .limit(limit)
    )
    return db.scalars(query).all()
    # <<<
