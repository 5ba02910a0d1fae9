"""The student's side: imports the libraries once, then forks one life of the app for each request.

It never imports student code itself: only the forked child does. Runs as a fresh interpreter, and uses the
standard library and its neighbours in this folder alone.

Requests come as one JSON line with descriptors attached, answers go back as JSON lines:
    <- {"id": 3, "do": "serve", "app": "/path", "cwd": "/path", "env": {...}, ...} + [stdout, stderr, testimony, talk, ...]
    -> {"ready": true}    -> {"forked": 3}    -> {"exit": 3, "status": 256}    -> {"twin": 4711}
"""

import contextlib
import gc
import json
import os
import select
import signal
import socket
from typing import Any, NoReturn

from grader.box import kernel, life, rehearsal

MAX_REQUEST = 262_144
MAX_DESCRIPTORS = 8


def warm_up() -> None:
    """Load the libraries; the children share the pages as long as the collector does not touch them."""
    gc.disable()  # each life enables it
    rehearsal.rehearse()
    gc.collect()
    gc.freeze()


class Launcher:
    """The loop: requests in, children out."""

    def __init__(self, control: socket.socket) -> None:
        """Listen on `control`, and wake up when a child ends."""
        self.control = control
        self.pid = os.getpid()
        self.lives: dict[int, int] = {}
        self.wake, wake_end = socket.socketpair()
        for end in (self.wake, wake_end):
            end.settimeout(0)
        self.wake_end = wake_end
        signal.set_wakeup_fd(wake_end.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def say(self, message: dict[str, Any]) -> None:
        """Send one answer; a grader that has hung up needs none."""
        with contextlib.suppress(OSError):
            self.control.sendall(json.dumps(message).encode() + b"\n")

    def run(self) -> NoReturn:
        """Serve until the grader hangs up; then nothing below us survives."""
        try:
            self.say({"ready": True})
            while True:
                readable, _, _ = select.select([self.control, self.wake], [], [])
                if self.wake in readable:
                    self.reap()
                if self.control in readable and not self.take():
                    break
        finally:
            if os.getpid() == self.pid:  # a life that leaves passes here too
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # nobody reads the wake-up socket any more
                signal.set_wakeup_fd(-1)
                kernel.kill_below(os.getpid())
        os._exit(0)  # nothing is left to do, and to clear the modules away takes as long as a life

    def reap(self) -> None:
        """Report every child that has ended; adopted orphans are reaped in silence."""
        with contextlib.suppress(BlockingIOError):
            self.wake.recv(4096)
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = ended
                if (number := self.lives.pop(pid, None)) is not None:
                    self.say({"exit": number, "status": status})

    def take(self) -> bool:
        """Take one request and fork; False when the grader is gone."""
        data, descriptors, _, _ = socket.recv_fds(self.control, MAX_REQUEST, MAX_DESCRIPTORS)
        if not data:
            return False
        request = json.loads(data)
        pid = os.fork()
        if pid == 0:
            self.become(request, descriptors)
        self.lives[pid] = request["id"]
        for descriptor in descriptors:
            os.close(descriptor)
        self.say({"forked": request["id"]})
        return True

    def become(self, request: dict[str, Any], descriptors: list[int]) -> NoReturn:
        """In the child: let go of the launcher's own things and live."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self.control.close()
        self.wake.close()
        self.wake_end.close()
        life.live(request, descriptors)


def doubled(descriptor: int, twin: int) -> int:
    """Fork a launcher as warm as this one; the control socket of the one that returns."""
    if pid := os.fork():
        os.close(twin)
        with contextlib.suppress(OSError):  # a grader that has hung up is no trouble of ours
            os.write(descriptor, json.dumps({"twin": pid}).encode() + b"\n")
        return descriptor
    os.close(descriptor)
    kernel.adopt_orphans()
    return twin


def main(descriptor: int, twin: int | None = None) -> NoReturn:
    """Run the launcher on the control socket with this descriptor, and its twin on another one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the grader, which tells us by hanging up
    kernel.adopt_orphans()
    warm_up()
    if twin is not None:
        descriptor = doubled(descriptor, twin)
    kernel.forbid_inspection()
    Launcher(socket.socket(fileno=descriptor)).run()
