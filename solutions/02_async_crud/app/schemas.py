"""What comes in and what goes out. A password comes in; it never goes out, nor does its hash. Given."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, EmailStr, Field, StringConstraints


def fits_bcrypt(password: str) -> str:
    """Refuse what bcrypt cannot hash: it reads 72 bytes (not characters) and no NUL."""
    if len(password.encode()) > 72:
        raise ValueError("at most 72 bytes")
    if "\0" in password:
        raise ValueError("no NUL character")
    return password


def with_zone(time: datetime) -> datetime:
    """Say that a time is UTC: SQLite keeps no zone, so it comes back without one."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time


Time = Annotated[datetime, AfterValidator(with_zone)]
FullName = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Content = Annotated[str, StringConstraints(max_length=100_000)]
Tags = Annotated[list[Annotated[str, StringConstraints(max_length=100)]], Field(max_length=200)]


class UserCreate(BaseModel):
    """The body of POST /register."""

    username: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
    email: EmailStr
    password: Annotated[str, StringConstraints(min_length=1), AfterValidator(fits_bcrypt)]
    full_name: FullName | None = None


class UserChanges(BaseModel):
    """The body of PATCH /users/me: what is not sent is not changed, whatever the default says here."""

    email: EmailStr = ""
    full_name: FullName | None = None


class PostCreate(BaseModel):
    """The body of POST /posts."""

    title: Title
    content: Content
    tags: Tags = []
    published: bool = False


class PostChanges(PostCreate):
    """The body of PATCH /posts/{id}: what is not sent is not changed, whatever the default says here."""

    title: Title = ""
    content: Content = ""


class OwnerOut(BaseModel):
    """The owner of a message."""

    id: int
    username: str


class PublicUser(OwnerOut):
    """A user as everybody may see it."""

    full_name: str | None


class UserOut(PublicUser):
    """A user as the user may see it."""

    email: str
    role: str
    is_active: bool
    created_at: Time


class AuthorOut(BaseModel):
    """The author of a post."""

    username: str
    full_name: str | None


class PostOut(BaseModel):
    """A post with its author."""

    id: int
    title: str
    content: str
    tags: list[str]
    published: bool
    created_at: Time
    updated_at: Time
    author: AuthorOut


class MessageOut(BaseModel):
    """A message with its owner."""

    id: int
    content: str
    timestamp: Time
    owner_id: int
    owner: OwnerOut


class Token(BaseModel):
    """The answer of POST /token."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 -- the name of a scheme, no secret
