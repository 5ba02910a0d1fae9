"""What every app of the course does at import and at its first request, done once in the launcher.

The libraries load much of themselves at first use. What is loaded here is shared by every life. No thread is
started: the launcher forks.
"""

import asyncio
import contextlib
import importlib
from typing import Annotated, Any

# What a chapter's app imports anyway, and what uvicorn chooses by name.
STACK = (
    "aiosqlite", "anyio._core._fileio", "anyio._backends._asyncio", "bcrypt", "concurrent.futures.thread", "email_validator",
    "fastapi.concurrency", "fastapi.openapi.utils", "fastapi.security", "fastapi.staticfiles", "fastapi.telemetry._runtime", "jose.jwt", "passlib.context",
    "passlib.handlers.bcrypt", "pydantic.v1", "python_multipart.multipart", "sqlalchemy.dialects.sqlite.aiosqlite",
    "sqlalchemy.ext.asyncio", "sqlalchemy.ext.mutable", "sqlalchemy.orm", "uvicorn", "uvicorn.lifespan.on",
    "uvicorn.loops.asyncio", "uvicorn.protocols.http.h11_impl", "uvicorn.protocols.websockets.websockets_sansio_impl",
)  # fmt: skip


def rehearse() -> None:
    """Import the stack and use it once; what is missing or fails is the app's own trouble later."""
    for name in STACK:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for act in (passwords, tables, routes):
        with contextlib.suppress(Exception):
            act()


def passwords() -> None:
    """Choose bcrypt's back end, make a token."""
    from jose import jwt
    from passlib.context import CryptContext

    context = CryptContext(schemes=["bcrypt"], bcrypt__rounds=4)
    context.verify("x", context.hash("x"))
    jwt.decode(jwt.encode({"sub": "1"}, "k" * 32, algorithm="HS256"), "k" * 32, algorithms=["HS256"])


def tables() -> None:
    """Map a class, create its table, write and read a row."""
    from sqlalchemy import DateTime, create_engine, select
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

    class Base(DeclarativeBase):
        pass

    class Row(Base):
        __tablename__ = "rows"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(DateTime)

    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as db:
        db.scalars(select(Row).order_by(Row.id.desc()).limit(1)).all()
    engine.dispose()


def routes() -> None:
    """Declare routes, describe them, answer one request."""
    from fastapi import Depends, FastAPI, WebSocket
    from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
    from pydantic import BaseModel

    class Body(BaseModel):
        name: str

    app = FastAPI()

    @app.post("/", dependencies=[Depends(OAuth2PasswordBearer("token"))])
    async def post(body: Body) -> list[Body]:
        return [body]

    @app.post("/token")
    async def form(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> str:
        return form.username

    @app.websocket("/ws")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()

    app.openapi()
    headers = [(b"content-type", b"application/json"), (b"authorization", b"Bearer x")]
    scope = {
        "type": "http", "method": "POST", "path": "/", "raw_path": b"/", "query_string": b"", "headers": headers,
        "http_version": "1.1", "scheme": "http", "client": None, "server": None, "root_path": "",
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b'{"name": "x"}', "more_body": False}

    async def send(_message: dict[str, Any]) -> None:
        pass

    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type] # starlette's narrower messages
