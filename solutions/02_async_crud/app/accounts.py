"""The routes about users. Given."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from fastapi.security import OAuth2PasswordRequestForm

from app import auth, crud, hashing
from app.deps import DB, CurrentUser
from app.models import User
from app.schemas import PublicUser, Token, UserChanges, UserCreate, UserOut

router = APIRouter()


@router.post("/register", status_code=201, response_model=UserOut)
async def register(new: UserCreate, session: DB) -> User:
    """Make a user; 409 when the username or the email is taken."""
    # Hashed first: a session that waits for the hash would keep a connection from the others.
    hashed_password = await hashing.hash_password(new.password)
    user = await crud.create_user(session, new.username, new.email, hashed_password, new.full_name)
    if user is None:
        taken = "username" if await crud.get_user_by_username(session, new.username) else "email"
        raise HTTPException(409, f"This {taken} is taken.")
    return user


@router.post("/token")
async def login(form: Annotated[OAuth2PasswordRequestForm, Depends()], session: DB) -> Token:
    """Give a token for a name and its password."""
    user = await crud.get_user_by_username(session, form.username)
    # Verified even when there is no user, so that the time of the answer does not tell who exists.
    matches = await hashing.verify_password(form.password, user.hashed_password if user else None)
    if user is None or not matches or not user.is_active:
        raise auth.unauthorized("Wrong username or password.")
    return Token(access_token=auth.create_access_token(user.id))


@router.get("/users/me", response_model=UserOut)
async def read_me(me: CurrentUser) -> User:
    """Who am I?"""
    return me


@router.patch("/users/me", response_model=UserOut)
async def change_me(changes: UserChanges, me: CurrentUser, session: DB) -> User | None:
    """Change what is sent; 409 when the email is taken."""
    user_id = me.id
    if await crud.update_user(session, user_id, changes.model_dump(exclude_unset=True)) is None:
        raise HTTPException(409, "This email is taken.")
    return await crud.get_user_by_id(session, user_id)


@router.delete("/users/me", status_code=204)
async def delete_me(me: CurrentUser, session: DB) -> None:
    """Delete me, my posts and my messages."""
    await crud.delete_user(session, me.id)


@router.get("/users/{username}", response_model=PublicUser)
async def read_user(username: str, session: DB) -> User:
    """Somebody, as everybody may see them."""
    user = await crud.get_user_by_username(session, username)
    if user is None:
        raise HTTPException(404, "There is no such user.")
    return user
