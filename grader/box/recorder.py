"""Testimony: what only the student's process can say. Errors, SQL statements, warnings.

It explains verdicts, it does not make them. Everything is one JSON line on a pipe that the grader drains to a cap.
"""

import contextlib
import json
import linecache
import logging
import os
import signal
import sqlite3
import sys
import threading
import traceback
import warnings
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from pathlib import Path
from types import FrameType
from typing import Any

Scope = MutableMapping[str, Any]
ASGIApp = Callable[[Scope, Callable[..., Any], Callable[..., Any]], Awaitable[None]]

LONGEST_TEXT = 1500
MOST_FRAMES = 40
MOST_CAUGHT = 100  # errors from the log: a program may go on logging for ever


class Recorder:
    """Writes what it sees to a descriptor."""

    def __init__(self, descriptor: int, root: Path) -> None:
        """Write to `descriptor`; files below `root`/app are the student's."""
        self.descriptor = descriptor
        self.root = str(root / "app") + os.sep
        self.caught = 0

    def say(self, kind: str, **fields: object) -> None:
        """Write one record; a grader that no longer listens is not the app's trouble."""
        line = json.dumps({"kind": kind, **fields}, default=str)
        with contextlib.suppress(OSError):
            os.write(self.descriptor, line.encode(errors="replace") + b"\n")

    def install(self) -> None:
        """Watch every SQLite connection, every warning, and where each coroutine is made."""
        original = sqlite3.connect

        def connect(*args: Any, **options: Any) -> Any:
            connection = original(*args, **options)
            connection.set_trace_callback(self.statement)
            return connection

        for module in (sqlite3, sqlite3.dbapi2):  # aiosqlite looks it up in the one, SQLAlchemy in the other
            setattr(module, "connect", connect)  # noqa: B010 -- put in the place of a function, on purpose
        sys.set_coroutine_origin_tracking_depth(1)
        signal.signal(signal.SIGUSR1, self.stuck)
        warnings.simplefilter("always", RuntimeWarning)
        setattr(warnings, "showwarning", self.warning)  # noqa: B010 -- the same
        logging.setLogRecordFactory(self.logged)

    def statement(self, sql: str) -> None:
        """Record one SQL statement."""
        self.say("sql", text=sql[:LONGEST_TEXT])

    def stuck(self, _number: int, frame: FrameType | None) -> None:
        """Record where a thread is that works in the student's own code, when the grader asks by a signal."""
        others = sys._current_frames()  # noqa: SLF001 -- the one way to see where the other threads are
        for each in (frame, *(other for ident, other in others.items() if ident != threading.get_ident())):
            if each is not None and each.f_code.co_filename.startswith(self.root):
                place = (self.relative(each.f_code.co_filename), each.f_lineno, each.f_code.co_name, "")
                self.say("stuck", frames=[place])
                return

    def warning(self, message: Warning | str, category: type[Warning], *place: object) -> None:
        """Record a warning (in place of printing it)."""
        self.say("warning", type=category.__name__, message=str(message)[:LONGEST_TEXT], place=place[:2])

    def logged(self, *args: Any, **options: Any) -> logging.LogRecord:
        """Make a record for the program's log; the exception that goes into it was caught, and is recorded, too."""
        made = logging.LogRecord(*args, **options)
        if made.exc_info and isinstance(made.exc_info[1], BaseException) and self.caught < MOST_CAUGHT:
            self.caught += 1
            self.error(made.exc_info[1], "log", kind="logged")
        return made

    def error(self, problem: BaseException, phase: str, path: str = "", kind: str = "error") -> None:
        """Record an exception with the student's own frames, the innermost last."""
        while isinstance(problem, BaseExceptionGroup) and len(problem.exceptions) == 1:
            problem = problem.exceptions[0]
        frames = traceback.extract_tb(problem.__traceback__)
        if isinstance(problem, SyntaxError) and (problem.filename or "").startswith(self.root):
            mine = [(self.relative(str(problem.filename)), problem.lineno or 0, "", problem.text or "")]
        else:
            mine = [
                (self.relative(frame.filename), frame.lineno or 0, frame.name, frame.line or "")
                for frame in frames
                if frame.filename.startswith(self.root)
            ]
        of = type(problem)
        self.say(
            kind, phase=phase, path=path, type=f"{of.__module__}.{of.__qualname__}",
            message=str(problem)[:LONGEST_TEXT], frames=mine[-8:], via=[frame.name for frame in frames[-MOST_FRAMES:]],
            missing=getattr(problem, "name", None) if isinstance(problem, ImportError) else None,
            offset=problem.offset if isinstance(problem, SyntaxError) else None,
        )  # fmt: skip
        linecache.checkcache()

    def relative(self, filename: str) -> str:
        """The path below app/, as the student knows it."""
        return "app/" + filename.removeprefix(self.root)

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Record what goes wrong in a phase of the life, then let it end the process."""
        try:
            yield
        except BaseException as problem:
            if name != "start" or not isinstance(problem, SystemExit):  # which is uvicorn's: why it leaves was told
                self.error(problem, name)
            raise

    def watch(self, app: ASGIApp) -> ASGIApp:
        """The same app, its unhandled errors recorded; over a Unix socket it sees the address it would see over TCP."""

        def noting(send: Callable[..., Any]) -> Callable[..., Any]:
            async def noted(message: Scope) -> None:
                if message["type"] == "lifespan.startup.complete":
                    self.say("started")
                await send(message)

            return noted

        async def watched(scope: Scope, receive: Callable[..., Any], send: Callable[..., Any]) -> None:
            if scope["type"] != "lifespan":
                scope["client"] = scope.get("client") or ("127.0.0.1", 50_000)
                scope["server"] = ("127.0.0.1", 8000)
            try:
                await app(scope, receive, noting(send) if scope["type"] == "lifespan" else send)
            except (Exception, SystemExit) as problem:  # of the second uvicorn makes a 500, too
                self.error(problem, scope["type"], str(scope.get("path", "")))
                raise

        return watched
