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
    # TODO 1.12: open a session with SessionLocal, for as long as this takes. >>>
    with SessionLocal() as db:
        user = crud.get_user_by_username(db, username)
        return user.id if user else None
    # <<<


def save_message(content: str, owner_id: int) -> None:
    """Store one message; runs in a thread, with a session of its own."""
    # TODO 1.12: one short session for each message. >>>
    with SessionLocal() as db:
        crud.create_message(db, content, owner_id)
    # <<<


@router.websocket("/ws/{client_id}")
async def chat(websocket: WebSocket, client_id: str) -> None:
    """Take one user's messages: store each, then tell everybody."""
    # TODO 1.12: refuse an unknown client_id (close before accept). manager.connect, then broadcast
    #   "Client #x joined the chat."; for each text: store, then broadcast "Client #x says: ...";
    #   a message that cannot be stored is not broadcast. Whatever ends the loop (a disconnect, a binary
    #   frame): manager.disconnect, broadcast "Client #x left the chat." A plain database call would stop
    #   every other client while it waits: run_in_threadpool(function, arguments). >>>
    owner_id = await run_in_threadpool(find_user_id, client_id)
    if owner_id is None:
        await websocket.close()
        return
    await manager.connect(websocket)
    try:
        await manager.broadcast(f"Client #{client_id} joined the chat.")
        while True:
            text = await websocket.receive_text()
            try:
                await run_in_threadpool(save_message, text, owner_id)
            except SQLAlchemyError:
                logger.exception("a message was not stored")
                await websocket.send_text("Your message could not be stored.")
            else:
                await manager.broadcast(f"Client #{client_id} says: {text}")
    except (WebSocketDisconnect, KeyError):
        pass  # gone, or a binary frame, in which receive_text finds no text
    finally:
        manager.disconnect(websocket)
        await manager.broadcast(f"Client #{client_id} left the chat.")
    # <<<
