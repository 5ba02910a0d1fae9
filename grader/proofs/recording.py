"""What one grading does to the student's program: every start, request, frame, statement and probe, in order."""

import contextlib
import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from grader import app, database, probing, student, websocket
from grader.box import control

Event = dict[str, Any]


class Recording:
    """The events of one grading by one worker, check by check."""

    def __init__(self) -> None:
        """Nothing is heard yet."""
        self.checks: dict[str, list[Event]] = {}
        self.events: list[Event] = []
        self.asked: dict[int, Event] = {}  # life -> what the launcher was asked for
        self.sockets: list[Any] = []
        self.run = self.url = ""
        self.held = False  # whether the grader holds the lock of the file

    def note(self, do: str, **fields: Any) -> None:
        """Add an event."""
        self.events.append({"do": do, **fields})

    def born(self, life: Any, _launcher: Any, request: Event, *_rest: Any) -> None:
        """A life has begun, perhaps a spare that nobody will take."""
        self.asked[life.number] = request

    def taken(self, do: str, handle: Any, owner: Any, *_rest: Any, **_options: Any) -> None:
        """A check has got an app, or a probe."""
        self.run, self.url = str(owner.submission.run), owner.submission.database_url
        self.note(do, life=handle.life.number, asked=self.asked[handle.life.number])

    def request(self, answer: Any, handle: Any, request: Any, *_rest: Any) -> None:
        """A request was answered; the status counts where nothing else happened at the same time."""
        sure = threading.current_thread() is threading.main_thread() and not self.held
        headers = {name: value for name, value in request.headers.items() if name in {"authorization", "content-type"}}
        self.note(
            "request", life=handle.life.number, method=request.method, url=request.url.raw_path.decode(), headers=headers,
            body=request.content.decode("latin-1"), status=answer.status if sure else None,
        )  # fmt: skip

    def connected(self, socket: Any, handle: Any, path: str, *_rest: Any, **_options: Any) -> None:
        """A handshake was answered."""
        self.sockets.append(socket)
        self.note(
            "connect", life=handle.life.number, socket=len(self.sockets) - 1, url=path, opens=bool(socket.connection)
        )

    def frame(self, do: str, _result: Any, socket: Any, message: Any = "", *_rest: Any, **_options: Any) -> None:
        """A frame was sent or received, or a socket left."""
        binary = isinstance(message, bytes)
        text = message.decode("latin-1") if binary else str(message)
        if socket.connection is not None:
            self.note(do, socket=self.sockets.index(socket), text=text, binary=binary)

    def written(self, path: str, sql: str) -> None:
        """The grader's own statement; neighbours are one transaction. What triggers do shows as comments."""
        verb = sql.split(None, 1)[0].upper()
        if verb in {"BEGIN", "COMMIT", "ROLLBACK"}:
            self.held = "IMMEDIATE" in sql
        elif verb not in {"PRAGMA", "SELECT"} and not verb.startswith("--"):
            if not self.events or self.events[-1].get("path") != path:
                self.note("sql", path=path, statements=[])
            self.events[-1]["statements"].append(sql)

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Hear of all that checks do."""

        def over(do: str, _result: Any, handle: Any, *_rest: Any) -> None:
            self.note(do, life=handle.life.number)

        wrapped: list[tuple[Any, str, Callable[..., None]]] = [
            (control.Launcher, "begin", self.born), (app.App, "_send", self.request),
            (app.App, "kill", partial(over, "end")), (app.App, "stop", partial(over, "end")),
            (student.Student, "start", partial(self.taken, "start")),
            (student.Student, "probing", partial(self.taken, "probe")), (probing.Probe, "next", partial(over, "step")),
            (probing.Probe, "__exit__", partial(over, "end")), (websocket, "connect", self.connected),
            *((websocket.Socket, name, partial(self.frame, name)) for name in ("send", "receive", "close", "abort")),
        ]  # fmt: skip
        with ExitStack() as stack:
            for owner, name, then in wrapped:
                replace(stack, owner, name, followed(getattr(owner, name), then))
            replace(stack, database.Database, "open", traced(database.Database.open, self.written))
            yield

    def heard(self, result: Any) -> None:
        """A check is over, and has a result; those that are blocked did nothing."""
        if self.events:
            self.checks[result.id], self.events = self.events, []

    def counts(self) -> str:
        """How much there is of what."""
        done = Counter(event["do"] for events in self.checks.values() for event in events)
        lives = f"{done['start']} apps and {done['probe']} probes in {len(self.checks)} checks"
        return f"{lives}, {done['request']} requests, {done['connect']} sockets, {done['receive']} frames"

    def save(self, folder: Path) -> None:
        """Write it for the replay."""
        document = {"run": self.run, "checks": self.checks}
        (folder / "recording.json").write_text(json.dumps(document), "utf-8")


def replace(stack: ExitStack, owner: Any, name: str, value: Any) -> None:
    """Set an attribute until the stack is left."""
    stack.callback(setattr, owner, name, getattr(owner, name))
    setattr(owner, name, value)


def followed(function: Callable[..., Any], then: Callable[..., None]) -> Callable[..., Any]:
    """The same function; when it has a result, `then` is told, with the arguments."""

    def wrapper(*arguments: Any, **options: Any) -> Any:
        result = function(*arguments, **options)
        then(result, *arguments, **options)
        return result

    return wrapper


def traced(function: Callable[..., Any], then: Callable[[str, str], None]) -> Callable[..., Any]:
    """The same context manager; `then` is told each statement of its connection, and of which file."""

    @contextlib.contextmanager
    def opened(file: Any, **options: Any) -> Iterator[sqlite3.Connection]:
        with function(file, **options) as connection:
            connection.set_trace_callback(partial(then, str(file.path)))
            yield connection

    return opened
