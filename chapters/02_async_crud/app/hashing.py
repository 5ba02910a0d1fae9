"""Hashing takes a quarter of a second by design: here, without keeping the event loop from everybody else."""

from fastapi.concurrency import run_in_threadpool

from app import auth


async def hash_password(password: str) -> str:
    """The hash to store."""
    # TODO 2.13: auth.hash_password keeps its thread busy. Let it not be the thread of the event loop.
    return auth.hash_password(password)


async def verify_password(password: str, hashed_password: str | None) -> bool:
    """Whether the password belongs to the hash (None: there is no such user)."""
    # TODO 2.13: the same for auth.verify_password.
    return auth.verify_password(password, hashed_password)
