"""The chat: a WebSocket for each open page (a user may have several), one short session for each message."""

import logging

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import SQLAlchemyError

from app import crud
from app.connections import ConnectionManager
from app.database import SessionLocal

logger = logging.getLogger("uvicorn.error")
router = APIRouter()
manager = ConnectionManager()


def find_user_id(username: str) -> int | None:
    """The id of a registered user; runs in a thread, with a session of its own."""
    # TODO 1.12: open a session with SessionLocal, for as long as this takes.
    raise NotImplementedError("TODO 1.12")


def save_message(content: str, owner_id: int) -> None:
    """Store one message; runs in a thread, with a session of its own."""
    # TODO 1.12: one short session for each message.
    raise NotImplementedError("TODO 1.12")


@router.websocket("/ws/{client_id}")
async def chat(websocket: WebSocket, client_id: str) -> None:
    """Take one user's messages: store each, then tell everybody."""
    # TODO 1.12: refuse an unknown client_id (close before accept). manager.connect, then broadcast
    #   "Client #x joined the chat."; for each text: store, then broadcast "Client #x says: ...";
    #   a message that cannot be stored is not broadcast. Whatever ends the loop (a disconnect, a binary
    #   frame): manager.disconnect, broadcast "Client #x left the chat." A plain database call would stop
    #   every other client while it waits: run_in_threadpool(function, arguments).
    raise NotImplementedError("TODO 1.12")
