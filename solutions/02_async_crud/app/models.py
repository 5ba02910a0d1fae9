"""What is stored: users, their posts and their messages."""

from datetime import UTC, datetime

from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, TypeDecorator, false, func, text, true
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import TypeEngine

from app.database import Base


def utc_now() -> datetime:
    """The time of the call, in UTC."""
    return datetime.now(UTC)


class TagList(TypeDecorator[list[str]]):
    """A list of strings, kept as JSON text."""

    impl = JSON
    cache_ok = True

    def process_result_value(self, value: list[str] | None, _dialect: Dialect) -> list[str]:
        """What the program sees of a stored value."""
        # TODO 2.8: NULL and JSON null both arrive here as None; the program sees an empty list. >>>
        #: return value
        return value or []
        # <<<


def make_tag_type() -> TypeEngine[list[str]]:
    """The type of Post.tags."""
    # TODO 2.8: a TagList that notices when a list is changed in place (post.tags.append). >>>
    #: return TagList()
    return MutableList.as_mutable(TagList())
    # <<<


class User(Base):
    """Somebody who can log in."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True, index=True)
    hashed_password: Mapped[str]
    # TODO 2.3: email (unique, never NULL), full_name (may be NULL), role ("reader"), is_active (true), created_at
    #   (now), message_count (0). Where a value stands in brackets it is the default, and the database knows it
    #   too: a row inserted without SQLAlchemy gets it. >>>
    #: pass
    email: Mapped[str] = mapped_column(unique=True)
    full_name: Mapped[str | None]
    role: Mapped[str] = mapped_column(server_default="reader")
    is_active: Mapped[bool] = mapped_column(server_default=true())
    # Two defaults: ours counts microseconds, SQLite's CURRENT_TIMESTAMP whole seconds.
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=utc_now, server_default=func.now())
    message_count: Mapped[int] = mapped_column(server_default=text("0"))
    # <<<

    # passive_deletes: the database deletes the messages (ON DELETE CASCADE); do not load them first.
    messages: Mapped[list["Message"]] = relationship(back_populates="owner", cascade="all", passive_deletes=True)

    # Without it SQLite gives a freed id to the next user, whom an old token would then let in.
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 -- SQLAlchemy's own convention


class Post(Base):
    """Something an author wrote; a draft until it is published."""

    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    # TODO 2.3: title, content, author_id (a foreign key; the database deletes a post with its author), tags (of
    #   make_tag_type(), may be NULL), published (false), created_at and updated_at (now; updated_at is taken again
    #   at every update), defaults as in User; and author, the User who wrote it. >>>
    #: pass
    title: Mapped[str]
    content: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    tags: Mapped[list[str]] = mapped_column(make_tag_type(), nullable=True)
    published: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=utc_now, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), default=utc_now, onupdate=utc_now, server_default=func.now()
    )

    author: Mapped[User] = relationship()
    # <<<


class Message(Base):
    """One line of the chat."""

    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[str]
    # The function itself, not its result: utc_now() would be called once, when this module is imported.
    timestamp: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=utc_now, server_default=func.now())
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)

    owner: Mapped[User] = relationship(back_populates="messages")
