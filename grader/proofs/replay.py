"""Does again what was recorded, in one process, through Starlette's TestClient: what `bench` measures the grader against.

It runs under plain pytest, and imports nothing of the grader.
"""

import asyncio
import gc
import importlib
import inspect
import json
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, chdir, closing, suppress
from pathlib import Path
from typing import Any
from unittest import mock

import anyio
from starlette.websockets import WebSocketDisconnect

FRAME = 10.0  # seconds for a frame that was recorded
LEAVING = 5.0  # seconds for the app to notice that its sockets are closed
SERVER_ERROR = 500
NOTHING = object()


class Differs(Exception):  # noqa: N818 -- a verdict, not an error
    """The app failed where it did not when it was recorded."""


def load(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The checks of folder/recording.json, their paths turned to a fresh place. The app is in folder/app."""
    text = (folder / "recording.json").read_text("utf-8")
    run = tempfile.mkdtemp(prefix="run-", dir=folder)
    checks: dict[str, list[dict[str, Any]]] = json.loads(text.replace(json.loads(text)["run"], run))["checks"]
    return checks


def _forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "app"]:
        del sys.modules[name]


class Replay:
    """One check done again: the methods are the events."""

    def __init__(self, app: Path) -> None:
        """`app` is copied where the recording had a copy of its own."""
        self.app = app
        self.lives: dict[int, ExitStack] = {}
        self.clients: dict[int, Any] = {}
        self.sockets: dict[int, Any] = {}
        self.sessions: dict[int, list[Any]] = defaultdict(list)
        self.speaking: Counter[int] = Counter()  # life -> sockets that the app still serves
        self.probes: dict[int, Iterator[Any]] = {}

    def run(self, events: list[dict[str, Any]]) -> None:
        """Do all of it, and leave the process as it was."""
        leave = mock.patch.object(os, "_exit", sys.exit)  # how some probes end
        with mock.patch.dict(os.environ), mock.patch.object(sys, "path", list(sys.path)), chdir(Path.cwd()), leave:
            try:
                for event in events:
                    fields = dict(event)
                    getattr(self, fields.pop("do"))(**fields)
            finally:
                for life in list(self.lives):
                    self.end(life)
                _forget()
                gc.enable()  # some probes turn it off

    def settle(self, asked: Mapping[str, Any]) -> None:
        """Take on the environment and the folder of a life, and forget the app of the one before."""
        root, cwd = Path(asked["app"]), Path(asked["cwd"])
        if not (root / "app").exists():
            shutil.copytree(self.app, root / "app")
        database = Path(asked["env"].get("DATABASE_URL", "").partition("///")[2])
        for folder in (cwd, database.parent):
            folder.mkdir(parents=True, exist_ok=True)
        os.environ.clear()
        os.environ.update(asked["env"])
        os.chdir(cwd)
        _forget()
        sys.path[:] = [str(root), *sys.path]
        importlib.invalidate_caches()

    def start(self, life: int, asked: Mapping[str, Any]) -> None:
        """Start the app."""
        from starlette.testclient import TestClient  # noqa: PLC0415 -- it warns: it would rather have another httpx

        self.settle(asked)
        app = importlib.import_module("app.main").app

        async def counted(scope: Any, receive: Any, send: Any) -> None:
            socket = scope["type"] == "websocket"
            self.speaking[life] += socket
            try:
                await app(scope, receive, send)
            finally:
                self.speaking[life] -= socket

        client = TestClient(counted, "http://127.0.0.1:8000", raise_server_exceptions=False, follow_redirects=False)
        self.lives[life] = ExitStack()
        self.clients[life] = self.lives[life].enter_context(client)

    def end(self, life: int) -> None:
        """End an app or a probe; first let the app part from its sockets: aiosqlite may hang when it is cancelled."""
        for session in self.sessions.pop(life, []):
            with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, RuntimeError):
                session.close()
        deadline = time.monotonic() + LEAVING
        while self.speaking[life] and time.monotonic() < deadline:
            time.sleep(0.002)
        with suppress(Exception, SystemExit):  # of a route or a probe, which said it when it was recorded too
            self.lives.pop(life, ExitStack()).close()

    def request(self, life: int, method: str, url: str, headers: dict[str, str], body: str, status: int | None) -> None:
        """Send a request; a password that the program drew itself is another one now, but no error of the server."""
        content = body.encode("latin-1")
        answer = self.clients[life].request(method, url, headers=headers, content=content)
        if answer.status_code >= SERVER_ERROR > (status or SERVER_ERROR):
            raise Differs(f"{method} {url}: {status} was recorded, {answer.status_code} now: {answer.text[:300]}")

    def connect(self, life: int, socket: int, url: str, opens: bool) -> None:  # noqa: FBT001 -- called by keyword
        """Open a socket."""
        session = self.clients[life].websocket_connect(url)
        try:
            session.__enter__()
        except WebSocketDisconnect:
            if opens:
                raise
            return
        self.sockets[socket] = session
        self.sessions[life].append(session)
        self.lives[life].push(session)

    def send(self, socket: int, text: str, binary: bool) -> None:  # noqa: FBT001 -- called by keyword
        """Send a frame; the app may have ended that socket's task."""
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            if binary:
                self.sockets[socket].send_bytes(text.encode("latin-1"))
            else:
                self.sockets[socket].send_text(text)

    def receive(self, socket: int, **_frame: Any) -> None:
        """Take a frame; TestClient itself would wait for ever."""
        session = self.sockets[socket]

        async def take() -> None:
            with anyio.fail_after(FRAME), suppress(anyio.EndOfStream, anyio.ClosedResourceError):
                await session._send_rx.receive()  # noqa: SLF001 -- what session.receive() does

        session.portal.call(take)

    def close(self, socket: int, **_frame: Any) -> None:
        """Leave politely, or be gone: TestClient knows no difference."""
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, RuntimeError):
            self.sockets[socket].close()

    abort = close

    @staticmethod
    def sql(path: str, statements: list[str]) -> None:
        """Write as another program; what was refused is refused again."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=1)) as connection, connection:
            for statement in statements:
                with suppress(sqlite3.Error):
                    connection.execute(statement)

    def probe(self, life: int, asked: Mapping[str, Any]) -> None:
        """Prepare a probe; it runs when its first value is asked for."""
        self.settle(asked)
        values = _values(asked)
        self.lives[life] = ExitStack()
        self.lives[life].callback(values.close)
        self.probes[life] = values

    def step(self, life: int) -> None:
        """Take the next value of a probe."""
        with suppress(Exception, SystemExit):  # a probe may raise: that is an answer
            next(self.probes[life], NOTHING)


def _values(asked: Mapping[str, Any]) -> Generator[Any, None, None]:
    names: dict[str, Any] = {"__name__": "probe"}
    exec(compile(asked["source"], asked["probe"], "exec"), names)  # noqa: S102 -- as a life does
    if "PATIENCE" in names:
        names["PATIENCE"] = 0.0  # threads of the lives before never go here: waiting for it would flatter the grader
    result = names[asked["function"]](**asked["arguments"])
    if inspect.isgenerator(result):
        yield from result
    else:
        yield asyncio.run(result) if inspect.iscoroutine(result) else result
