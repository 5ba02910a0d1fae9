"""What is stored: users and their messages."""

from datetime import UTC, datetime

from sqlalchemy import DateTime, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.database import Base


def utc_now() -> datetime:
    """The time of the call, in UTC."""
    return datetime.now(UTC)


class User(Base):
    """Somebody who can log in."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    # TODO 1.4: username and hashed_password, both text and never NULL; username unique and indexed.
    #   The id of a deleted user must never be given to another one: sqlite_autoincrement.
    pass

    # TODO 1.5: the messages of this user, the other side of Message.owner.
    pass


class Message(Base):
    """One line of the chat."""

    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    # TODO 1.5: content (text), timestamp (UTC, taken when the row is inserted), owner_id (a foreign key
    #   to users.id), none of them NULL; and owner, the User who wrote it.
    pass
