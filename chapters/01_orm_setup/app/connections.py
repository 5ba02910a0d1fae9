"""The open sockets of the chat. Given, complete: read it before you write the chat."""

import asyncio
import logging

from fastapi import WebSocket

logger = logging.getLogger(__name__)


class ConnectionManager:
    """Knows who is connected, and tells everybody what happens."""

    def __init__(self, patience: float = 1.0) -> None:
        """Wait `patience` seconds at most for a client that does not take its message."""
        self.patience = patience
        self.active: list[WebSocket] = []

    async def connect(self, websocket: WebSocket) -> None:
        """Accept the socket and remember it."""
        await websocket.accept()
        self.active.append(websocket)

    def disconnect(self, websocket: WebSocket) -> None:
        """Forget the socket; forgetting it twice is fine."""
        if websocket in self.active:
            self.active.remove(websocket)

    async def broadcast(self, text: str) -> None:
        """Send the text to everybody, side by side: nobody waits for the slowest."""
        # A copy: people come and go while we send.
        await asyncio.gather(*(self._send(websocket, text) for websocket in list(self.active)))

    async def _send(self, websocket: WebSocket, text: str) -> None:
        try:
            await asyncio.wait_for(websocket.send_text(text), self.patience)
        except Exception as problem:  # noqa: BLE001 -- whatever is wrong with one client is not the others' trouble
            logger.info("dropped a client: %r", problem)
            self.disconnect(websocket)
