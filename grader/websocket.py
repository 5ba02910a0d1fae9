"""A WebSocket into a running app. Every frame, and every frame that did not come, is kept for the timeline."""

import contextlib
import logging
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus
from websockets.sync.client import ClientConnection, unix_connect

from grader.expect import CheckFailed, Trouble
from grader.report import Outcome

if TYPE_CHECKING:
    from grader.app import App

PATIENCE = 15.0  # seconds for a frame that must come
LONGEST = 200_000  # bytes of a frame
MOST = 1000  # frames that wait to be taken; a flood waits at its source
SILENT = logging.getLogger("grader.websocket")  # what the library has to say about hostile frames is nobody's business
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False


def connect(app: "App", path: str, name: str, *, reads: bool = True, headers: dict[str, str] | None = None) -> "Socket":
    """Open a WebSocket.

    Args:
        app: the running app.
        path: where to.
        name: who, for the timeline.
        reads: False for a client that never takes its frames.
        headers: further headers of the handshake.

    Raises:
        Trouble: there was no answer to the handshake, or none that is one.
    """
    did = f"connect a WebSocket to {path}"
    socket = Socket(app, name, did)
    try:
        socket.connection = unix_connect(
            str(app.path), uri=f"ws://127.0.0.1:8000{path}", open_timeout=PATIENCE, close_timeout=2 if reads else 0.1, compression=None,
            max_size=LONGEST, max_queue=MOST if reads else 1, additional_headers=headers, ping_interval=None,
            proxy=None, logger=SILENT, legacy=True,  # closed by `Socket`, not by a `with` here
        )  # fmt: skip
    except InvalidStatus as answer:
        socket.status = answer.response.status_code
        socket.note("<-", f"HTTP {socket.status}")
    except TimeoutError as problem:
        raise app.trouble(did, path, late=True, expected="an answer to the handshake") from problem
    except (InvalidHandshake, InvalidMessage, ConnectionError, EOFError, OSError) as problem:
        raise app.trouble(did, path, expected="an answer to the handshake") from problem
    else:
        socket.note("--", "connected")
    return socket


class Socket:
    """One client of the chat; use it in a `with`, which closes it at the end."""

    def __init__(self, app: "App", name: str, did: str) -> None:
        """Not connected yet: `connect` does that."""
        self.app = app
        self.name = name
        self.did = did
        self.path = f"/ws/{name}"
        self.connection: ClientConnection | None = None
        self.status = 101

    def note(self, direction: str, text: str) -> None:
        """Add a line to the timeline."""
        self.app.timeline.append(f"{self.name:<12} {direction} {text}")

    def failed(self, did: str, expected: str, got: str, why: str = "", look: str = "") -> CheckFailed:
        """The failure to raise."""
        return CheckFailed(did, expected, got, why=why, look=look, life=self.app.life, path=self.path)

    def trouble(self, did: str, expected: str, why: str, look: str, *, late: bool = False) -> Trouble:
        """Why there was no frame, to raise."""
        found = self.app.trouble(did, self.path, late=late, expected=expected)
        found.why, found.look = why or found.why, look
        return found

    def open(self, why: str = "", look: str = "") -> Self:
        """Fail the check unless the handshake was accepted."""
        if self.connection is None:
            raise self.failed(self.did, "an open socket", f"HTTP {self.status} in answer to the handshake", why, look)
        return self

    def send(self, message: str | bytes) -> None:
        """Send one frame."""
        self.note("->", message if isinstance(message, str) else f"{len(message)} bytes, binary")
        with contextlib.suppress(ConnectionClosed):  # what it means is seen when we wait for the answer
            self.open().connection.send(message)  # type: ignore[union-attr] # open() makes sure

    def receive(self, patience: float = PATIENCE) -> str | None:
        """The next frame; None when the socket was closed.

        Raises:
            TimeoutError: neither came.
        """
        try:
            frame = self.open().connection.recv(timeout=patience)  # type: ignore[union-attr] # open() makes sure
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
            self.status = code
            self.note("<-", f"closed, code {code}")
            return None
        text = frame if isinstance(frame, str) else f"{len(frame)} bytes, binary"
        self.note("<-", text)
        return text

    def expect(self, expected: str, *, did: str = "", why: str = "", look: str = "") -> None:
        """Fail the check unless the next frame is this text."""
        did = did or f"wait for the next frame of {self.name}"
        try:
            got = self.receive()
        except TimeoutError:
            self.note("<-", f"… nothing; missing: {expected}")
            raise self.trouble(did, expected, why, look, late=True) from None
        if got is None and self.app.life.over.wait(0.2) and not self.app.life.asked:
            raise self.trouble(did, expected, why, look)
        if got != expected:
            heard = f"the socket was closed (code {self.status})" if got is None else got
            raise self.failed(did, expected, heard, why, look)

    def until(self, expected: str, *, did: str = "", why: str = "", look: str = "", most: int = 500) -> list[str]:
        """Take frames until this one comes; those before it. Fails the check when it does not come."""
        before: list[str] = []
        did = did or f"wait until {self.name} gets a frame"
        end = time.monotonic() + PATIENCE
        while len(before) < most and time.monotonic() < end:
            try:
                got = self.receive(max(0.01, end - time.monotonic()))
            except TimeoutError:
                break
            if got == expected:
                return before
            if got is None:
                raise self.failed(did, expected, f"the socket was closed (code {self.status})", why, look)
            before.append(got)
        self.note("<-", f"… nothing more; missing: {expected}")
        trouble = self.trouble(did, expected, why, look, late=True)
        if trouble.outcome is Outcome.TIMEOUT and before:
            trouble.got = f"{len(before)} other frames, the last: {before[-1]}"
        raise trouble

    def refused(self) -> bool:
        """Whether the handshake was answered with 4xx, or the socket closed with 1008 or 4xxx before any frame."""
        if self.connection is None:
            return 400 <= self.status < 500
        try:
            return self.receive() is None and (self.status == 1008 or 4000 <= self.status < 5000)
        except TimeoutError:
            return False

    def abort(self) -> None:
        """Be gone without a word, as when a laptop is closed."""
        self.note("->", "gone, without a goodbye")
        if self.connection is not None:
            self.connection.socket.shutdown(2)
            self.connection.socket.close()

    def close(self) -> None:
        """Close politely; closing twice is fine."""
        if self.connection is not None:
            self.connection.close()

    def __enter__(self) -> Self:
        """The socket itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        """Close it; in a check that failed the program's end does, or what it says of our going would explain the failure."""
        if kind is None:
            with contextlib.suppress(OSError):
                self.close()
