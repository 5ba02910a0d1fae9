"""What a program answers: JSON, HTTP, and frames of a WebSocket. It is judged or it is trouble; nothing else is raised."""

import base64
import contextlib
import functools
import hashlib
import json
import re
import socket
import tempfile
import threading
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

from grader.answers import DEEPEST, strict_json
from grader.app import LONGEST_BODY, App
from grader.box.lives import Exit
from grader.expect import CheckFailed
from grader.fuzz.hostile import NASTY
from grader.fuzz.target import Target, mutated, replaced, seeded
from grader.websocket import connect

PATIENCE = 0.3  # seconds; a stranger here answers at once or never
MOST_SENT = 12 * 1024 * 1024  # bytes of an answer without end
MOST_FRAMES = 50
HANDSHAKE = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n"
)
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
HEADERS = (
    b"content-length: 5", b"content-length: -1", b"content-length: 99999999999999999999", b"content-length: 5, 6",
    b"transfer-encoding: chunked", b"content-encoding: gzip", b"content-type: application/json", b"location: http://x.y/\x1b",
    b"set-cookie: a=b; domain=..; expires=never; max-age=1e999", b"x: " + b"a" * 70_000, b": x", b"\x00: y", b"x\xff: \xff", b"connection: close",
)  # fmt: skip


class Stranger:
    """A server on a Unix socket that answers each connection with what it is given, and hangs up."""

    def __init__(self) -> None:
        """Begin to listen."""
        self.folder = tempfile.TemporaryDirectory(prefix="wb-")
        self.path = Path(self.folder.name, "s")
        self.says, self.again = b"", b""
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen(8)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        """Answer, one after the other."""
        while True:
            connection, _ = self.listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.settimeout(2)
                self.answer(connection, connection.recv(65536))

    def answer(self, connection: socket.socket, request: bytes) -> None:
        """Say what there is to say, the second part again and again."""
        key = re.search(rb"(?i)sec-websocket-key: *(\S+)", request)
        if key:
            digest = hashlib.sha1(key[1] + MAGIC).digest()  # noqa: S324 -- as the protocol has it
            connection.sendall(HANDSHAKE % base64.b64encode(digest) if not self.says.startswith(b"HTTP") else b"")
        connection.sendall(self.says)
        for _ in range(MOST_SENT // len(self.again) if self.again else 0):
            connection.sendall(self.again)


@functools.cache
def stranger() -> tuple[Stranger, App]:
    """The server, and the grader's view of it as an app."""
    life = SimpleNamespace(over=threading.Event(), exit=None, asked=False, reason="", records=lambda _kind: [{}])
    life.over.set()
    server = Stranger()
    app = App(cast("Any", life), server.path, lambda *_: Exit())
    app.client.timeout = PATIENCE
    return server, app


def json_text(random: Random) -> bytes:
    """JSON, or nearly."""

    def value(depth: int) -> str:
        kind = random.randrange(9)
        if kind < 2 and depth < 4:
            return "[" + ",".join(value(depth + 1) for _ in range(random.randrange(4))) + "]"
        if kind < 4 and depth < 4:
            keys = (json.dumps(random.choice(("a", "b", random.choice(NASTY)))) for _ in range(random.randrange(4)))
            return "{" + ",".join(f"{key}:{value(depth + 1)}" for key in keys) + "}"
        return random.choice(
            ("1", "1.0", "1e999", "-0", "NaN", "-Infinity", "true", "null", '"\\ud800"', '"x"', "9" * 5000)
        )

    depth = random.choice((0, 0, 0, 30, 50, 100_000))
    return mutated(random, ("[" * depth + value(0) + "]" * depth).encode())


def json_holds(body: bytes) -> None:
    """It is refused, or bounded and plain."""
    try:
        value = strict_json(body)
    except ValueError:
        return
    depth = 0
    while isinstance(value, list) and value:
        value, depth = value[0], depth + 1
    assert depth <= DEEPEST
    assert value == value, "NaN"  # noqa: PLR0124 -- only NaN differs from itself


def http_answer(random: Random) -> tuple[bytes, bytes]:
    """An answer, and what is said again and again after it."""
    if random.random() < 0.03:
        return b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536
    status = random.choice(
        (b"200 OK", b"200 OK", b"204 No", b"500 \xff", b"100 Continue", b"301 Moved", b"999 x", b"-1 x", b"20")
    )
    headers = random.sample(HEADERS, random.randrange(5))
    head = b"\r\n".join(
        [random.choice((b"HTTP/1.1 ", b"HTTP/1.1 ", b"HTTP/1.0 ", b"HTTP/9 ", b"")) + status, *headers, b"", b""]
    )
    chunked = b"5\r\nhello\r\n" + random.choice(
        (b"0\r\n\r\n", b"-1\r\n", b"ffffffffffffffff\r\n", b"5;" + b"x" * 5000 + b"\r\n")
    )
    body = random.choice((b"hello", b'{"a": 1}', chunked, b"", json_text(random)))
    again = random.choice((b"x" * 65536, b"x: y\r\n" * 1000, b"1\r\nx\r\n" * 1000)) if random.random() < 0.05 else b""
    return mutated(random, head + body), again


def http_holds(case: tuple[bytes, bytes]) -> None:
    """The answer is bounded, or it is trouble."""
    server, app = stranger()
    server.says, server.again = case
    with contextlib.suppress(CheckFailed):
        answer = app.get("/x")
        assert len(answer.body) <= LONGEST_BODY
        answer.json()


def frames(random: Random) -> bytes:
    """Frames, honest and otherwise; now and then no handshake before them."""
    if random.random() < 0.1:
        return b"HTTP/1.1 " + mutated(random, b"403 Forbidden\r\ncontent-length: 0\r\n\r\n")
    sent = b""
    for _ in range(random.choice((1, 3, 10, 60))):
        payload = random.choice(
            (b"hello", b"\xff\xfe", b"", b"x" * 126, b"y" * 70_000, random.choice(NASTY).encode(errors="replace"))
        )
        first = random.choice((0x81, 0x81, 0x82, 0x80, 0x01, 0x00, 0x88, 0x89, 0x8A, 0x83, 0xC1, 0x91, 0xFF))
        size = len(payload)
        length = (
            bytes([size])
            if size < 126
            else b"\x7e" + size.to_bytes(2, "big")
            if size < 2**16
            else b"\x7f" + size.to_bytes(8, "big")
        )
        if random.random() < 0.1:
            length = random.choice(
                (b"\x7f" + b"\xff" * 8, b"\x7e\x00\x01", b"\x85", b"\x7f\x00\x00\x00\x00\x7f\xff\xff\xff")
            )
        sent += bytes([first]) + length + payload
    return mutated(random, sent)


def frames_hold(says: bytes) -> None:
    """Each frame is a text of reasonable size, or the socket is closed, or it is trouble."""
    server, app = stranger()
    server.says, server.again = says, b""
    app.timeline.clear()
    with contextlib.suppress(CheckFailed, TimeoutError), connect(app, "/ws/x", "x") as client:
        for _ in range(MOST_FRAMES):
            frame = client.receive(PATIENCE)
            if frame is None:
                break
            assert isinstance(frame, str)
            assert len(frame) <= 1_000_000


TARGETS = (
    Target("answers", seeded(json_text), json_holds, replaced("grader.answers.DEEPEST", 10**9), "JSON of any depth is parsed"),
    Target("http", seeded(http_answer), http_holds, replaced("grader.app.LONGEST_BODY", 10**9), "an answer has no bound"),
    Target("websocket", seeded(frames), frames_hold, replaced("grader.websocket.ConnectionClosed", ZeroDivisionError), "a closed socket is an error"),
)  # fmt: skip
