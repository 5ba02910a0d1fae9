"""The grader's record of one life: its process, what it wrote, how it ended."""

import contextlib
import json
import os
import signal
import socket
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from grader.box import disk, kernel
from grader.box.recorder import LONGEST_TEXT
from grader.box.sandbox import DISK, MEMORY, OUTPUT, PROCESSES
from grader.box.tap import Tap

Reason = Literal["", "memory", "output", "deadline", "launcher", "processes", "disk"]
STOPPED = {
    "memory": "it took more memory than it may (2 GB), and was stopped",
    "output": "it printed more than it may (16 MB), and was stopped",
    "deadline": "it took longer than it may, and was stopped",
    "processes": "it started more processes than it may (150), and was stopped",
    "disk": "it wrote more files than it may (256 MB), and was stopped",
    "launcher": "the process that starts your program was killed",
}


MOST_LINES = 1_000_000  # of a file: what names a later one was not written by the recorder


def well_formed(record: Any) -> bool:
    """Whether a record has the types that recorder.py gives it: the program may have written it itself."""
    if not isinstance(record, dict):
        return False
    frames, via = record.get("frames", []), record.get("via", [])
    texts = [record.get(name, "") for name in ("type", "message", "text")]
    return (
        isinstance(frames, list)
        and isinstance(via, list)
        and all(isinstance(name, str) for name in via)
        and all(isinstance(text, str) and len(text) <= LONGEST_TEXT for text in texts)
        and all(_is_frame(each) for each in frames)
    )


def _is_frame(frame: Any) -> bool:
    if not isinstance(frame, list) or len(frame) != len(("path", "line", "function", "text")):
        return False
    path, number, *names = frame
    return (
        isinstance(number, int) and 0 <= number < MOST_LINES and all(isinstance(each, str) for each in (path, *names))
    )


@dataclass(frozen=True)
class Exit:
    """How a life ended: the status `waitpid` gave, and why, where the grader ended it."""

    status: int = 0
    reason: Reason = ""

    def __str__(self) -> str:
        """In words a student knows."""
        if self.reason:
            return STOPPED[self.reason]
        if os.WIFSIGNALED(self.status) and os.WTERMSIG(self.status) == signal.SIGXCPU:
            return "it used more processor time than it may (60 seconds), and was stopped"
        if os.WIFSIGNALED(self.status):
            return f"it was ended by the signal {signal.Signals(os.WTERMSIG(self.status)).name}"
        return f"it ended by itself, with exit status {os.waitstatus_to_exitcode(self.status)}"


class Life:
    """One process of the student's app, from its birth on."""

    def __init__(self, number: int, nonce: str, folder: str = "") -> None:
        """Make the pipes and the channel it will write to; what it writes to `folder` is watched."""
        self.number = number
        self.folder = folder
        self.nonce = nonce
        self.pid = 0
        self.signal: Callable[[int], None] = lambda _number: None
        self.exit: Exit | None = None
        self.reason: Reason = ""
        self.asked = False
        self.over = threading.Event()
        self.stdout, self.stderr, self.testimony = self.taps = (Tap(), Tap(), Tap())
        self.talk, self._theirs = socket.socketpair()
        kernel.ask_for_credentials(self.talk)
        weakref.finalize(self, self.talk.close)  # a probe is listened to for as long as anybody holds its life

    def hand_over(self) -> list[int]:
        """The descriptors for the life, in the order life.py takes them; the caller closes them."""
        return [*(tap.writer for tap in self.taps), self._theirs.detach()]

    def meet(self, deadline: float) -> None:
        """Wait for the first bytes, and learn from the kernel which process sent it."""
        self.talk.settimeout(deadline)
        self.pid = kernel.receive_pid(self.talk)
        with contextlib.suppress(ProcessLookupError):  # over already; the launcher says how
            self.signal = kernel.open_process(self.pid)

    def signal_works(self) -> bool:
        """Whether the process is known and not yet reported dead."""
        return bool(self.pid) and self.exit is None

    def stop_for(self, reason: Reason) -> None:
        """Kill it, and remember why."""
        self.reason = self.reason or reason
        self.signal(signal.SIGKILL)

    def excess(self, table: kernel.Processes) -> Reason:
        """What it takes more of than it may, by this look at the processes; "" when nothing."""
        memory, processes = kernel.usage(self.pid, table)
        if memory > MEMORY:
            return "memory"
        if processes > PROCESSES:
            return "processes"
        if self.folder and disk.taken(self.folder, self.pid, table) > DISK:
            return "disk"
        return "output" if sum(tap.total for tap in self.taps) > OUTPUT else ""

    def finish(self, exit_: Exit) -> None:
        """It is over."""
        if self.exit is None:
            self.exit = Exit(exit_.status, self.reason or exit_.reason)
            self.over.set()

    def records(self, kind: str | None = None) -> Iterator[dict[str, Any]]:
        """The testimony so far, of one kind; what is not a record is passed over."""
        self.testimony.drain()
        for line in bytes(self.testimony.kept).split(b"\n"):
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if well_formed(record) and kind in (None, record.get("kind")):
                yield record
