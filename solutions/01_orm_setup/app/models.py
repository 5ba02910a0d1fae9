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
    #   The id of a deleted user must never be given to another one: sqlite_autoincrement. >>>
    #: pass
    username: Mapped[str] = mapped_column(unique=True, index=True)
    hashed_password: Mapped[str]

    # Without it SQLite gives a freed id to the next user, whom an old token would then let in.
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 -- SQLAlchemy's own convention
    # <<<

    # TODO 1.5: the messages of this user, the other side of Message.owner. >>>
    #: pass
    messages: Mapped[list["Message"]] = relationship(back_populates="owner")
    # <<<


class Message(Base):
    """One line of the chat."""

    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    # TODO 1.5: content (text), timestamp (UTC, taken when the row is inserted), owner_id (a foreign key
    #   to users.id), none of them NULL; and owner, the User who wrote it. >>>
    #: pass
    content: Mapped[str]
    # The function itself, not its result: utc_now() would be called once, when this module is imported.
    timestamp: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=utc_now)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)

    owner: Mapped[User] = relationship(back_populates="messages")
    # <<<
