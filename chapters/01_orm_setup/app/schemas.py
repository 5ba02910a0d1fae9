"""What comes in and what goes out. A password comes in; it never goes out, nor does its hash."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

LONGEST_NAME = 50  # characters


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


class UserCreate(BaseModel):
    """The body of POST /register."""

    # TODO 1.7: username (not blank, at most LONGEST_NAME) and password (not empty; fits_bcrypt says what
    #   else).
    pass


class UserOut(BaseModel):
    """A user as everybody may see it."""

    model_config = ConfigDict(from_attributes=True)

    # TODO 1.7: id and username, and nothing secret.
    pass


class MessageOut(BaseModel):
    """A message with its owner."""

    model_config = ConfigDict(from_attributes=True)

    # TODO 1.11: id, content, timestamp (with its zone: with_zone), owner_id, and owner as a UserOut.
    pass


class Token(BaseModel):
    """The answer of POST /token."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 -- the name of a scheme, no secret
