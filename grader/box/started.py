"""The launcher's process: one that we start, or a twin that a colleague's launcher forks for us."""

import contextlib
import os
import select
import socket
import subprocess
from collections.abc import Collection

from grader.box import kernel, refuge
from grader.box.sandbox import Level


class LauncherGoneError(Exception):
    """The launcher does not answer: killed, or stopped, by what ran in it."""


def hung_up(control: socket.socket) -> bool:
    """Whether there is nobody at the other end."""
    try:
        return not control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True


class Started:
    """A process of our own."""

    def __init__(self, level: Level) -> None:
        """Start it, confined like that; nothing is waited for."""
        self.control, theirs = socket.socketpair()
        command, environment, options = refuge.invocation(level.refuge, theirs.fileno())
        self.process = subprocess.Popen(
            level.confine(command), pass_fds=[theirs.fileno()], env=environment, stdin=subprocess.DEVNULL,
            start_new_session=True, cwd="/", **options,
        )  # fmt: skip
        theirs.close()
        self.pid = self.process.pid
        self.chain: frozenset[int] = frozenset({self.pid})

    def gone(self) -> bool:
        """Whether it has ended, or is about to."""
        if hung_up(self.control):
            self.process.kill()
            self.process.wait()
        return self.process.poll() is not None

    def bore(self, pid: int) -> None:
        """A life of it has this process id: whatever is between the two belongs to the launcher."""
        self.chain |= kernel.ancestors(pid, self.pid)

    def sweep(self, alive: Collection[int], others: Collection[int]) -> None:
        """Kill what lives left behind: everything below us but the launcher, these lives, and these other trees."""
        kernel.kill_below(os.getpid(), keep=self.chain, keep_trees={*alive, *others})

    def close(self, others: Collection[int]) -> None:
        """Hang up, on which it ends its lives and itself; kill what is left, but for these other trees."""
        with contextlib.suppress(OSError):
            self.control.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(2)
        kernel.kill_below(os.getpid(), keep_trees=others)
        self.process.wait()


class Twin:
    """A process below a colleague's launcher. It adopts the orphans of its lives, so they are found below it."""

    def __init__(self, control: socket.socket) -> None:
        """Our end of its control socket."""
        self.control = control
        self.pid = 0  # until its first life names it

    def gone(self) -> bool:
        """Whether it has ended."""
        return hung_up(self.control)

    def bore(self, pid: int) -> None:
        """A life of it has this process id: its parent is the twin, unless the twin is gone and another has adopted it."""
        found = kernel.parent(pid)
        looked = select.poll()
        looked.register(self.control, 0)  # tells that the other end was closed, whatever is still to be read
        if not self.pid and not looked.poll(0):
            self.pid = found

    def sweep(self, alive: Collection[int], others: Collection[int]) -> None:
        """Kill what lives left behind: everything below it but these lives."""
        del others
        if self.pid:
            kernel.kill_below(self.pid, keep_trees=alive)

    def close(self, others: Collection[int]) -> None:
        """Hang up, on which it ends its lives and itself; the colleague sees to that."""
        del others
        with contextlib.suppress(OSError):
            self.control.shutdown(socket.SHUT_RDWR)
