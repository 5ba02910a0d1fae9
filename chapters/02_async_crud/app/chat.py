"""The chat: a WebSocket for each open page (a user may have several), one short session for each message."""

import logging

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from sqlalchemy.exc import SQLAlchemyError

from app import crud
from app.connections import ConnectionManager
from app.database import db

logger = logging.getLogger("uvicorn.error")
router = APIRouter()
manager = ConnectionManager()


async def find_user_id(username: str) -> int | None:
    """The id of a registered user."""
    # TODO 2.12: open a session of db, for as long as this takes.
    raise NotImplementedError("TODO 2.12")


async def save_message(content: str, owner_id: int) -> bool:
    """Store one message; False when its owner is gone."""
    # TODO 2.12: one short session for each message. You open it, so you commit.
    raise NotImplementedError("TODO 2.12")


async def store_and_tell(websocket: WebSocket, username: str, owner_id: int, text: str) -> None:
    """Store a message, then tell everybody; a message that is not stored is the sender's affair alone."""
    # TODO 2.12: save_message, then manager.broadcast "Client #x says: ...". What was not stored, or raised a
    #   SQLAlchemyError, is not broadcast; the sender is told, and may go on.
    raise NotImplementedError("TODO 2.12")


@router.websocket("/ws/{client_id}")
async def chat(websocket: WebSocket, client_id: str) -> None:
    """Take one user's messages: store each, then tell everybody."""
    # TODO 2.12: as in chapter 01, but awaited, where chapter 01 sent the work to a thread. Refuse an unknown
    #   client_id (close before accept). manager.connect, then broadcast "Client #x joined the chat."; for each
    #   text store_and_tell. Whatever ends the loop (a disconnect, a binary frame): manager.disconnect, broadcast
    #   "Client #x left the chat."
    raise NotImplementedError("TODO 2.12")
