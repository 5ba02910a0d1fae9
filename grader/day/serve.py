"""Runs the student's app with uvicorn, for a person with a browser: reload, a database of its own, errors in words."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from grader.course import Chapter, UsageError, shown
from grader.day.backups import KEPT

HOST = "127.0.0.1"
USUAL = 8000  # the port that lessons and tutorials name
FRAME = re.compile(r'^\s*File "(?P<path>[^"]+)", line (?P<line>\d+)')
LAST = re.compile(r"^(?P<type>[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt)): ?(?P<text>.*)|^(?P<bare>\w+Error)$")
MISSING = re.compile(r"no such table: (\w+)")
OLDER = re.compile(r"no such column: ([\w.]+)|table \w+ has no column named (\w+)")
STOPPING = 10.0  # seconds for a polite end


def free(port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def choose(port: int | None) -> int:
    """The port that was asked for, or the usual one, or any that is free.

    Raises:
        UsageError: another program has it.
    """
    if port is not None:
        if not free(port):
            raise UsageError(f"Port {port} is taken by another program. Leave --port out, and a free one is found.")
        return port
    if free(USUAL):
        return USUAL
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def database(chapter: Chapter) -> Path:
    """The file of its own: never the one that a lesson's commands write."""
    return chapter.root / KEPT / "serve" / f"{chapter.slug}.db"


def environment(chapter: Chapter) -> dict[str, str]:
    """What the app finds in its environment: the database with the driver of its chapter."""
    sources = (path.read_text("utf-8") for path in (chapter.solution / "app").rglob("*.py"))
    driver = "sqlite+aiosqlite" if any("sqlite+aiosqlite:" in text for text in sources) else "sqlite"
    return {**os.environ, "DATABASE_URL": f"{driver}:///{database(chapter)}", "PYTHONUNBUFFERED": "1"}


class Explainer:
    """Reads what the server prints, and says in words what goes wrong."""

    def __init__(self, chapter: Chapter) -> None:
        """Nothing has been read yet."""
        self.chapter = chapter
        self.place = ""
        self.held: re.Match[str] | None = None
        self.reading = self.said = False

    def line(self, text: str) -> str:
        """What to say after this line of output, "" for nothing."""
        if text.startswith("Traceback (most recent call last)"):
            self.reading, self.place = True, ""
        if "Started server process" in text or "WatchFiles detected" in text or "StatReload detected" in text:
            self.said = False
        frame = FRAME.match(text)
        if frame and str(self.chapter.starter / "app") in frame["path"]:
            self.place = f"{shown(Path(frame['path']))}:{frame['line']}"
        last = LAST.match(text) if self.reading else None
        if last and not self.place:
            self.held = last  # of a chain of errors, the one that went through the student's lines says more
        elif last or (self.held and text.startswith(("INFO", "ERROR", "WARNING"))):
            last, self.held = last or self.held, None
            said, self.reading, self.said = self.said, False, True
            return "" if said or last is None else self.words(last)
        return ""

    def words(self, last: re.Match[str]) -> str:
        """An error in words, with the student's line."""
        at = f" Your line: {self.place}." if self.place else ""
        text = last["text"] or ""
        if missing := MISSING.search(text):
            return (
                f"The table {missing[1]} is not in the database: create_all has not run, or did not know its class.{at} "
                "Mend it and save: the app starts again by itself, and makes what is missing."
            )
        if older := OLDER.search(text):
            return (
                f"The database was made before your class had {older[1] or older[2]}, and create_all changes no table that "
                f"exists.{at} Begin with an empty database: nox -s serve -- {self.chapter.number} --fresh"
            )
        kind = (last["type"] or last["bare"]).rpartition(".")[2]
        return f"{kind}{text and ': '}{text}.{at} Mend it and save: the app starts again by itself."


def lines(process: "subprocess.Popen[str]", done: Callable[[], None]) -> Iterator[str]:
    """What the server prints; `done` is called when it serves."""
    for text in process.stdout or ():
        yield text.rstrip("\n")
        if "Application startup complete" in text:
            done()


def listens(port: int) -> None:
    """Wait until somebody listens there: uvicorn says a moment before that the app has started."""
    end = time.monotonic() + STOPPING
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1):
            return
        time.sleep(0.01)


def serve(chapter: Chapter, port: int | None, say: Callable[[str], None], ready: Callable[[str], None]) -> int:
    """Serve until Ctrl-C.

    Args:
        chapter: whose version of the student's.
        port: where; a free one when None.
        say: prints a line.
        ready: called with the address, each time the app has started.

    Returns:
        The exit status: 0 after Ctrl-C.

    Raises:
        UsageError: the port is taken.
    """
    chosen = choose(port)
    address = f"http://{HOST}:{chosen}/"
    database(chapter).parent.mkdir(parents=True, exist_ok=True)
    say(f"{shown(chapter.starter)} at {address} (the API: {address}docs), data in {shown(database(chapter))}")
    say("Save a file, and it starts again; Ctrl-C ends it.")
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--reload", "--reload-dir", "app", "--host", HOST]
    process = subprocess.Popen(
        [*command, "--port", str(chosen)], cwd=chapter.starter, env=environment(chapter), text=True, errors="replace",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    explainer = Explainer(chapter)

    def started() -> None:
        listens(chosen)
        ready(address)

    try:
        with ending():
            for text in lines(process, started):
                say(text)
                if words := explainer.line(text):
                    say(f"\n  >> {words}\n")
    except KeyboardInterrupt:
        return 0
    finally:
        stop(process)
    return process.returncode


@contextlib.contextmanager
def ending() -> Iterator[None]:
    """A closed terminal is an ordinary end: the server is in a session of its own and would not hear of it."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    old = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def stop(process: "subprocess.Popen[str]") -> None:
    """End the server and what it started: politely, and for sure."""
    for number in (signal.SIGINT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOPPING)
    if process.stdout:
        process.stdout.close()
