"""Grades the student's version again and again, in a process that stays warm; whoever watches only talks to it.

One JSON line each, over a socket: {"number": 3, "tasks": ["1.8"]} -> {"number": 3, "heard": {...}} with the result of each
check, then {"number": 3, "report": {...}} or {"number": 3, "problem": "..."}. A new request stops the one before.
Where everything that a task needs passed before, its own checks come first: {"number": 3, "quick": {...}}.
"""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from grader.box.control import Launcher
from grader.box.sandbox import Practice
from grader.course import ROOT, Chapter
from grader.report import CheckResult, Outcome, Report
from grader.worker import see_off

MANY = 20  # checks for which a second worker is worth its start, which takes as long as six of them
LAST_WORDS = 400  # characters of what the process wrote before it died


class Warm:
    """The watcher's view: ask, and hear. Select on it to wait."""

    def __init__(self, chapter: Chapter) -> None:
        """Start the process; it warms up meanwhile."""
        self.chapter = chapter
        self.number = 0
        self.start()

    def start(self) -> None:
        """Start the process, the first or one after another died."""
        self.socket, theirs = socket.socketpair()
        self.received = b""
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 -- closed with the process
        self.process = subprocess.Popen(
            [sys.executable, "-m", "grader.day.warm", str(theirs.fileno()), self.chapter.slug, str(self.chapter.root)],
            pass_fds=[theirs.fileno()], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors,
            start_new_session=True,  # Ctrl-C is for the watcher, which tells it by hanging up
        )  # fmt: skip
        theirs.close()

    def fileno(self) -> int:
        """For select."""
        return self.socket.fileno()

    def ask(self, tasks: tuple[str, ...]) -> None:
        """Grade these tasks and what they need (all when empty); what is being graded is stopped."""
        self.number += 1
        message = json.dumps({"number": self.number, "tasks": tasks}).encode() + b"\n"
        try:
            self.socket.sendall(message)
        except OSError:
            self.end()
            self.start()
            self.socket.sendall(message)

    def hear(self) -> list[dict[str, Any]]:
        """What it said about the last request, since we last heard; call it when select says so."""
        with contextlib.suppress(OSError):
            data = self.socket.recv(1 << 20)
            if not data:
                return [{"number": self.number, "problem": self.died()}]
            self.received += data
        *lines, self.received = self.received.split(b"\n")
        messages = [json.loads(line) for line in lines]
        for message in messages:
            for kind, type_ in (("quick", Report), ("report", Report), ("heard", CheckResult)):
                if kind in message:
                    message[kind] = type_.model_validate(message[kind])
        return [message for message in messages if message["number"] == self.number]

    def died(self) -> str:
        """What it wrote before it ended by itself; another one is started."""
        self.errors.seek(0)
        words = self.errors.read().decode(errors="replace").strip()[-LAST_WORDS:]
        self.end()
        self.start()
        return f"The grader ended in the middle of its work. {words}"

    def end(self) -> None:
        """Hang up, and wait until it has cleaned up."""
        self.socket.close()
        see_off(self.process)
        self.errors.close()


class Desk:
    """The process's view: the latest request, and whether the current one is still wanted."""

    def __init__(self, channel: socket.socket, launcher: Launcher) -> None:
        """Listen on a thread of its own; `launcher` runs the programs."""
        self.channel = channel
        self.launcher = launcher
        self.busy = False
        self.changed = threading.Condition()
        self.latest: dict[str, Any] | None = {"number": 0}
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self) -> None:
        """Remember the latest request; None when the watcher is gone. What is running for the one before is ended."""
        with contextlib.suppress(OSError, ValueError), self.channel.makefile("rb") as lines:
            for line in lines:
                self.put(json.loads(line))
        self.put(None)

    def put(self, request: dict[str, Any] | None) -> None:
        """A new request."""
        with self.changed:
            self.latest = request
            for life in list(self.launcher.lives.values()) if self.busy else ():
                life.signal(signal.SIGKILL)  # it may hang, and nobody wants to know any more
            self.changed.notify_all()

    def next(self, after: int) -> dict[str, Any] | None:
        """Wait for a request that is newer."""
        with self.changed:
            self.busy = False
            self.changed.wait_for(lambda: self.latest is None or self.latest["number"] > after)
            self.busy = True
            return self.latest

    def say(self, number: int, **more: Any) -> None:
        """Answer; a watcher that is gone needs none."""
        with contextlib.suppress(OSError):
            self.channel.sendall(json.dumps({"number": number} | more).encode() + b"\n")


class Grader:
    """Answers one request after the other."""

    def __init__(self, chapter: Chapter, desk: Desk, launcher: Launcher) -> None:
        """`launcher` stays warm between them."""
        self.chapter = chapter
        self.desk = desk
        self.launcher = launcher
        self.sound: tuple[str, ...] = ()  # the tasks for which all that they need passed, last time
        self.many: tuple[str, ...] = ()  # the tasks which with all that they need had many checks, last time

    def answer(self, request: dict[str, Any]) -> None:
        """Answer a request, unless it is overtaken."""
        number = int(request["number"])
        try:
            for kind, report in self.reports(request, tuple(request["tasks"])):
                computed = set(Report.model_computed_fields)
                self.desk.say(number, **{kind: report.model_dump(mode="json", exclude=computed)})
        except KeyboardInterrupt:
            return
        except Exception as problem:  # noqa: BLE001 -- whatever it is, the watcher goes on
            self.desk.say(number, problem=f"The grader could not do its work: {problem}.")

    def reports(self, request: dict[str, Any], tasks: tuple[str, ...]) -> Iterator[tuple[str, Report]]:
        """The quick report where there can be one, and the whole one."""
        from grader import run  # noqa: PLC0415 -- the launcher warms up while we import
        from grader.day.progress import graded  # noqa: PLC0415 -- as above

        def heard(result: CheckResult) -> None:
            if self.desk.latest != request:
                raise KeyboardInterrupt  # the one thing at which pytest lets go, and tears down
            self.desk.say(int(request["number"]), heard=result.model_dump(mode="json"))

        chapter, options = self.chapter, {"tasks": tasks, "heard": heard, "warm": self.launcher}
        grade = partial(run.grade, chapter, chapter.starter, "student", **options)  # type: ignore[arg-type] # mixed options
        if tasks and self.sound == tasks:
            yield "quick", grade(alone=True)
        report = graded(chapter, tasks, partial(grade, workers=1 if tasks and tasks != self.many else None))
        self.many = tasks if len(report.checks) > MANY else ()
        others = {check.outcome for check in report.checks if check.task not in tasks}
        self.sound = tasks if others <= {Outcome.PASSED} else ()
        yield "report", report


def main(descriptor: int, slug: str, root: str) -> None:
    """Answer requests until the watcher hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    chapter = Chapter(slug, Path(root))
    launcher = Launcher(Practice())
    desk = Desk(socket.socket(fileno=descriptor), launcher)
    try:
        grader = Grader(chapter, desk, launcher)
        number = 0
        while (request := desk.next(number)) is not None:
            number = request["number"]
            grader.answer(request)
    finally:
        launcher.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
