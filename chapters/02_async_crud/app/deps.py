"""What routes ask for: a session, and the user. Given."""

from typing import Annotated

from fastapi import Depends, Query
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy.ext.asyncio import AsyncSession

from app import auth, crud
from app.database import get_session
from app.models import User

# scope="function": what follows the yield in get_session runs before the answer leaves. Without it the
# client would hear "201 Created" first, and the commit could still fail.
DB = Annotated[AsyncSession, Depends(get_session, scope="function")]

# SQLite counts up to 2**63 - 1; a greater number would be an error in the driver.
Skip = Annotated[int, Query(ge=0, lt=2**63)]
Limit = Annotated[int, Query(ge=1, le=100)]

optional_token = OAuth2PasswordBearer(tokenUrl="token", auto_error=False)


async def find_user(session: DB, token: Annotated[str | None, Depends(optional_token)]) -> User | None:
    """The user whose token came with the request; None for nobody, or an inactive user."""
    user_id = auth.decode_access_token(token) if token else None
    user = None if user_id is None else await crud.get_user_by_id(session, user_id)
    return user if user and user.is_active else None


async def get_current_user(
    _token: Annotated[str, Depends(auth.oauth2_scheme)], user: Annotated[User | None, Depends(find_user)]
) -> User:
    """The user whose token came with the request; 401 for nobody."""
    if user is None:
        raise auth.unauthorized("Please log in again.")
    return user


Visitor = Annotated[User | None, Depends(find_user)]
CurrentUser = Annotated[User, Depends(get_current_user)]
