"""The second worker of a run: a grader process that claims checks from the first one, over a socket.

What it says is one JSON line each: {"claim": true} -> {"id": "1.8/taken-name"} or {"id": null}; {"result": {...}}.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from grader.box.control import Launcher
from grader.box.sandbox import Practice
from grader.check import Check
from grader.course import Chapter
from grader.report import CheckResult
from grader.schedule import Schedule
from grader.work import work

FAREWELL = 15.0  # seconds for a grader that was hung up on to clean up


def see_off(process: subprocess.Popen[Any]) -> None:
    """Wait until a grader that was hung up on has cleaned up; one that does not end is killed."""
    try:
        process.wait(FAREWELL)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Colleague:
    """The first worker's view of the second."""

    def __init__(self, chapter: Chapter, folder: Path, run: Path, tasks: tuple[str, ...]) -> None:
        """Start it. It imports while our launcher warms up, whose `twin` becomes its own; `run` is for what it writes."""
        self.ours, theirs = socket.socketpair()
        self.twin, control = socket.socketpair()
        order = json.dumps({
            "slug": chapter.slug, "root": str(chapter.root), "folder": str(folder.absolute()), "run": str(run),
            "tasks": tasks,
        })  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-m", "grader.worker", str(theirs.fileno()), str(control.fileno()), order],
            pass_fds=[theirs.fileno(), control.fileno()], cwd=Path(__file__).parent.parent, stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us; it is told by our hanging up, once
        )  # fmt: skip
        theirs.close()
        control.close()

    def serve(self, schedule: Schedule) -> None:
        """Answer its claims and take its results, until it hangs up; what it left undone waits again."""
        claimed: list[str] = []
        # KeyboardInterrupt: whoever hears the results wants no more of them.
        with contextlib.suppress(OSError, ValueError, KeyboardInterrupt), self.ours.makefile("rwb") as channel:
            for line in channel:
                message = json.loads(line)
                if "result" in message:
                    schedule.done(CheckResult.model_validate(message["result"]))
                else:
                    id_ = schedule.claim()
                    claimed += [id_] if id_ else []
                    channel.write(json.dumps({"id": id_}).encode() + b"\n")
                    channel.flush()
        schedule.give_back(schedule.checks[id_] for id_ in claimed)

    def close(self) -> None:
        """Wait until it has cleaned up; it ends by itself when we hang up."""
        with contextlib.suppress(OSError):
            self.ours.shutdown(socket.SHUT_RDWR)
        see_off(self.process)
        self.ours.close()


class Remote:
    """The second worker's view of the first: the schedule, at the other end of a socket."""

    def __init__(self, channel: socket.socket) -> None:
        """Talk over this socket."""
        self.socket = channel
        self.reader = channel.makefile("rb")
        self.over = False

    def claim(self) -> str | None:
        """The next check; None at the end, or when the first worker is gone."""
        answer = self._say({"claim": True}, listen=True)
        self.over = answer is None
        return answer

    def done(self, found: CheckResult) -> None:
        """Pass a result on."""
        self._say({"result": found.model_dump(mode="json")})

    def _say(self, message: dict[str, Any], *, listen: bool = False) -> str | None:
        with contextlib.suppress(OSError, ValueError, KeyError):
            self.socket.sendall(json.dumps(message).encode() + b"\n")
            if listen:
                return str(id_) if (id_ := json.loads(self.reader.readline())["id"]) else None
        return None

    def watch(self) -> None:
        """Stop at once when the first worker is gone: nobody wants the rest."""
        while not self.over:
            with contextlib.suppress(OSError):
                if self.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"":
                    os.kill(os.getpid(), signal.SIGINT)
                    threading.Event().wait(FAREWELL)
                    os.kill(os.getpid(), signal.SIGKILL)  # it was heard where Python ignores what is raised
            threading.Event().wait(0.1)


def main(descriptor: int, control: int, order: str) -> None:
    """Work until there is nothing more to claim."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in a shell's background job it is ignored at first
    told = json.loads(order)
    remote = Remote(socket.socket(fileno=descriptor))

    def begin(_checks: list[Check], _taken_in: Path, _untouched: set[str]) -> Remote:
        return remote

    with contextlib.suppress(KeyboardInterrupt, OSError):  # a full disk is told by the first worker
        threading.Thread(target=remote.watch, daemon=True).start()
        launcher = Launcher(Practice(), control=socket.socket(fileno=control))
        try:
            chapter, folder, run = Chapter(told["slug"], Path(told["root"])), Path(told["folder"]), Path(told["run"])
            work(chapter, folder, run, tuple(told["tasks"]), begin, launcher)
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # we are leaving already, and no traceback says so better
            launcher.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
