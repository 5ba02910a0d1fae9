"""The student's side: imports the libraries once, then forks one life of the app for each request.

It never imports student code itself: only the forked child does. Runs as a fresh interpreter, and uses the
standard library and its neighbours in this folder alone.

Requests come as one JSON line with descriptors attached, answers go back as JSON lines:
    <- {"id": 3, "do": "serve", "app": "/path", "cwd": "/path", "env": {...}, ...} + [stdout, stderr, testimony, talk, ...]
    -> {"ready": true}    -> {"forked": 3}    -> {"exit": 3, "status": 256}
    <- {"do": "twin"} + [the control socket of a launcher that is to be as warm as this one]
    -> {"twin": 4711}     -> {"parted": 4711}
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
        self.twins: set[int] = set()
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
                elif pid in self.twins:
                    self.twins.remove(pid)
                    self.say({"parted": pid})

    def take(self) -> bool:
        """Take one request and fork; False when the grader is gone."""
        data, descriptors, _, _ = socket.recv_fds(self.control, MAX_REQUEST, MAX_DESCRIPTORS)
        if not data:
            return False
        request = json.loads(data)
        pid = os.fork()
        if pid == 0:
            self.become(request, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        if request["do"] == "twin":
            self.twins.add(pid)
            self.say({"twin": pid})
        else:
            self.lives[pid] = request["id"]
            self.say({"forked": request["id"]})
        return True

    def become(self, request: dict[str, Any], descriptors: list[int]) -> NoReturn:
        """In the child: let go of the launcher's own things and live, or be another launcher."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self.control.close()
        self.wake.close()
        self.wake_end.close()
        if request["do"] == "twin":
            launch(*descriptors)
        life.live(request, descriptors)


def launch(descriptor: int) -> NoReturn:
    """Run a launcher on the control socket with this descriptor."""
    kernel.adopt_orphans()
    kernel.forbid_inspection()
    Launcher(socket.socket(fileno=descriptor)).run()


def main(descriptor: int) -> NoReturn:
    """Warm up, and run."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the grader, which tells us by hanging up
    warm_up()
    launch(descriptor)
