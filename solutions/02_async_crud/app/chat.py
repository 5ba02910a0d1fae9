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
    # TODO 2.12: open a session of db, for as long as this takes. >>>
    async with db.session() as session:
        user = await crud.get_user_by_username(session, username)
        return user.id if user else None
    # <<<


async def save_message(content: str, owner_id: int) -> bool:
    """Store one message; False when its owner is gone."""
    # TODO 2.12: one short session for each message. You open it, so you commit. >>>
    # begin() commits at the end. When the commit itself fails it rolls back; closing alone would keep the lock.
    async with db.session() as session, session.begin():
        return await crud.create_message(session, content, owner_id) is not None
    # <<<


async def store_and_tell(websocket: WebSocket, username: str, owner_id: int, text: str) -> None:
    """Store a message, then tell everybody; a message that is not stored is the sender's affair alone."""
    # TODO 2.12: save_message, then manager.broadcast "Client #x says: ...". What was not stored, or raised a
    #   SQLAlchemyError, is not broadcast; the sender is told, and may go on. >>>
    try:
        stored = await save_message(text, owner_id)
    except SQLAlchemyError:
        logger.exception("a message was not stored")
        stored = False
    if stored:
        await manager.broadcast(f"Client #{username} says: {text}")
    else:
        await websocket.send_text("Your message could not be stored.")
    # <<<


@router.websocket("/ws/{client_id}")
async def chat(websocket: WebSocket, client_id: str) -> None:
    """Take one user's messages: store each, then tell everybody."""
    # TODO 2.12: as in chapter 01, but awaited, where chapter 01 sent the work to a thread. Refuse an unknown
    #   client_id (close before accept). manager.connect, then broadcast "Client #x joined the chat."; for each
    #   text store_and_tell. Whatever ends the loop (a disconnect, a binary frame): manager.disconnect, broadcast
    #   "Client #x left the chat." >>>
    owner_id = await find_user_id(client_id)
    if owner_id is None:
        await websocket.close()
        return
    await manager.connect(websocket)
    try:
        await manager.broadcast(f"Client #{client_id} joined the chat.")
        while True:
            await store_and_tell(websocket, client_id, owner_id, await websocket.receive_text())
    except (WebSocketDisconnect, KeyError):
        pass  # gone, or a binary frame, in which receive_text finds no text
    finally:
        manager.disconnect(websocket)
        await manager.broadcast(f"Client #{client_id} left the chat.")
    # <<<
