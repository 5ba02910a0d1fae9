"""Passwords and tokens. Given, complete: read it, everything about passwords and tokens is here."""

import os
import secrets
from datetime import UTC, datetime, timedelta

from fastapi import HTTPException
from fastapi.security import OAuth2PasswordBearer
from jose import JWTError, jwt
from passlib.context import CryptContext

ALGORITHM = "HS256"
ACCESS_TOKEN_EXPIRE_MINUTES = 30
# Without SECRET_KEY a new one is made at every start, and everybody has to log in again.
SECRET_KEY = os.environ.get("SECRET_KEY") or secrets.token_hex(32)

# Each round more doubles the work of hashing, and of guessing.
passwords = CryptContext(
    schemes=["bcrypt"],
    bcrypt__rounds=int(os.environ.get("BCRYPT_ROUNDS") or 12),
    bcrypt__truncate_error=True,
)
DUMMY_HASH = passwords.hash("nobody's password")

# This is what puts the Authorize button on /docs.
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="token")


def unauthorized(detail: str) -> HTTPException:
    """The 401 to raise. HTTP wants it to say how to log in, and that is what the header does."""
    return HTTPException(401, detail, headers={"WWW-Authenticate": "Bearer"})


def hash_password(password: str) -> str:
    """The hash to store. Two equal passwords have two different hashes."""
    return passwords.hash(password)


def verify_password(password: str, hashed_password: str | None) -> bool:
    """Whether the password belongs to the hash; takes as long when there is no hash (no such user)."""
    try:
        return passwords.verify(password, hashed_password or DUMMY_HASH) and hashed_password is not None
    except ValueError:  # over 72 bytes, or a NUL: no stored hash was made from that
        return False


def create_access_token(user_id: int) -> str:
    """A signed token that says who, and until when. Anybody can read it; nobody can change it."""
    expires = datetime.now(UTC) + timedelta(minutes=ACCESS_TOKEN_EXPIRE_MINUTES)
    return jwt.encode({"sub": str(user_id), "exp": expires}, SECRET_KEY, algorithm=ALGORITHM)


def decode_access_token(token: str) -> int | None:
    """The user id in a token; None when it is forged, expired or has no expiry."""
    try:
        # The algorithm is ours to say, never the token's: a token may claim "none".
        claims = jwt.decode(token, SECRET_KEY, algorithms=[ALGORITHM], options={"require_exp": True})
        return int(claims["sub"])
    except (JWTError, KeyError, ValueError):
        return None
