"""The app, and what belongs to no other module. Given. Start it with: uvicorn app.main:app --reload."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from fastapi import Depends, FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse
from sqlalchemy.exc import OperationalError

from app import accounts, chat, crud, posts
from app.database import db
from app.deps import DB, Limit, Skip, get_current_user
from app.models import Message
from app.schemas import MessageOut

logger = logging.getLogger("uvicorn.error")


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Run once: before the first request, and after the last."""
    try:
        await db.connect()
        await db.create_tables()
    except NotImplementedError as todo:
        if not str(todo).startswith("TODO"):
            raise  # SQLAlchemy has such errors of its own
        logger.warning("started without tables: %s", todo)
    yield
    with suppress(NotImplementedError):
        await db.close()


app = FastAPI(title="A chat and a small publication", lifespan=lifespan)
app.include_router(accounts.router)
app.include_router(posts.router)
app.include_router(chat.router)


@app.exception_handler(NotImplementedError)
async def not_written_yet(_request: Request, todo: Exception) -> JSONResponse:
    """Say which task a route waits for."""
    if not str(todo).startswith("TODO"):
        raise todo
    return JSONResponse({"detail": str(todo)}, status_code=501)


@app.exception_handler(OperationalError)
async def busy(_request: Request, problem: OperationalError) -> JSONResponse:
    """Say that another program kept the database locked for too long; anything else is our mistake."""
    if "database is locked" not in str(problem.orig):
        raise problem
    detail = "The database is busy. Please try again."
    return JSONResponse({"detail": detail}, status_code=503, headers={"Retry-After": "1"})


@app.get("/", include_in_schema=False)
async def page() -> FileResponse:
    """The chat page."""
    return FileResponse(Path(__file__).parent / "static" / "client.html")


@app.get("/messages", response_model=list[MessageOut], dependencies=[Depends(get_current_user)])
async def read_messages(session: DB, skip: Skip = 0, limit: Limit = 100) -> Sequence[Message]:
    """The history, newest first."""
    return await crud.get_messages(session, skip, limit)
