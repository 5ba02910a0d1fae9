"""The grader's side of the box: starts the launcher, begins and ends lives, drains what they write."""

import contextlib
import json
import os
import secrets
import selectors
import signal
import socket
import threading
import time
from typing import Any

from grader.box import kernel
from grader.box.lives import Exit, Life
from grader.box.sandbox import Level
from grader.box.started import LauncherGoneError, Started, Twin

BIRTH_DEADLINE = 60.0  # seconds; the first one waits for the launcher's imports
WATCH_EVERY = 0.25  # seconds between two looks at the memory


class Launcher:
    """One launcher process and the lives below it. Start it from the main thread."""

    def __init__(self, level: Level, *, control: socket.socket | None = None) -> None:
        """Start warming up; nothing is waited for yet.

        Args:
            level: how what runs is confined.
            control: take the twin at its other end (see `double`), and start no process.
        """
        self.level = level
        self.lives: dict[int, Life] = {}
        self.lock = threading.Lock()
        self.count = 0
        self.closed = False
        kernel.adopt_orphans()
        self.spare = frozenset(kernel.descendants(os.getpid()))  # not ours to end
        self.twins: set[int] = set()  # not ours either, until we close
        self.listen_to(Twin(control) if control else Started(level))
        self.thread = threading.Thread(target=self.pump, daemon=True, name="pump")
        self.thread.start()

    def listen_to(self, process: Started | Twin) -> None:
        """Have this process begin the lives from now on."""
        self.process = process
        self.selector = selectors.DefaultSelector()
        self.selector.register(process.control, selectors.EVENT_READ, self.hear)
        self.heard = b""

    def begin(self, request: dict[str, Any], listener: socket.socket | None = None) -> Life:
        """Begin a life.

        Args:
            request: what it does and where: `do`, `app`, `cwd`, `env`, and what life.py reads for a probe.
            listener: the listening socket to serve on; closed on our side.

        Raises:
            LauncherGoneError: the launcher was killed, or does not answer within a minute.
        """
        with self.lock:
            if self.process.gone():
                self.respawn()
            self.count += 1
            life = Life(self.count, nonce=secrets.token_hex(8), folder=request.get("own", ""))
            self.lives[life.number] = life
            for tap in life.taps:
                self.selector.register(tap.reader, selectors.EVENT_READ, tap)
            message = {"id": life.number, "nonce": life.nonce, "limits": self.level.limits} | request
            passed = [*(theirs := life.hand_over()), *([listener.fileno()] if listener else [])]
            try:
                socket.send_fds(self.process.control, [json.dumps(message).encode() + b"\n"], passed)
                life.meet(BIRTH_DEADLINE)
                self.process.bore(life.pid)
            except (OSError, EOFError) as problem:
                life.finish(Exit(reason="launcher"))
                raise LauncherGoneError(str(problem)) from problem
            finally:
                for descriptor in theirs:
                    os.close(descriptor)
                if listener:
                    listener.close()
            return life

    def double(self, control: socket.socket, colleague: int) -> None:
        """Have our process fork a twin of itself, once it is warm.

        Args:
            control: whose other end the colleague holds; closed on our side.
            colleague: its process id: not ours to end, should it be below us.
        """
        with self.lock, control:
            self.spare = self.spare.intersection(kernel.descendants(os.getpid())) | {colleague}
            if self.process.gone():
                self.respawn()
            with contextlib.suppress(OSError):  # gone in this moment: the colleague starts one of its own
                socket.send_fds(self.process.control, [b'{"do": "twin"}\n'], [control.fileno()])

    def respawn(self) -> None:
        """Start another launcher after the student's code ended the first."""
        self.process.control.close()
        kernel.kill_below(os.getpid(), keep_trees=self.spare | self.twins)
        self.bury()
        self.listen_to(Started(self.level))

    def bury(self) -> None:
        """Every life is over, since the launcher is."""
        for life in list(self.lives.values()):
            self.release(life)
            life.finish(Exit(reason="launcher"))
        self.lives.clear()
        self.selector.close()

    def pump(self) -> None:
        """Drain, listen and watch until closed; runs in a thread of its own."""
        next_watch = time.monotonic()
        while not self.closed:
            with contextlib.suppress(OSError, ValueError, RuntimeError):  # closed under us, by close() or respawn()
                for key, _ in self.selector.select(WATCH_EVERY / 5):  # it may be closed with nobody left to wake it
                    self.attend(key.fileobj, key.data)
            if time.monotonic() >= next_watch:
                self.watch()
                next_watch = time.monotonic() + WATCH_EVERY

    def attend(self, source: Any, handler: Any) -> None:
        """Take what is there from one pipe, or from the control socket."""
        if callable(handler):
            handler()
        elif handler.open and not handler.drain():  # closed by `release` since we looked
            self.selector.unregister(source)
            handler.close()

    def hear(self) -> None:
        """Take what the launcher says: which life has ended, and how."""
        data = self.process.control.recv(65_536)
        if not data:
            self.selector.unregister(self.process.control)
            for each in [] if self.closed else list(self.lives.values()):
                each.signal(signal.SIGKILL)
                self.ended(each, Exit(reason="launcher"))
            return
        *lines, self.heard = (self.heard + data[-65_536:]).split(b"\n")
        for line in lines:
            with contextlib.suppress(ValueError, AttributeError, TypeError):
                message = json.loads(line)
                self.twins |= {message["twin"]} if "twin" in message else set()
                self.twins -= {message["parted"]} if "parted" in message else set()
                if life := self.lives.get(message.get("exit")):
                    self.ended(life, Exit(status=int(message["status"])))

    def ended(self, life: Life, exit_: Exit) -> None:
        """A life is over: kill what it left behind, take its last words."""
        with self.lock:  # nobody may be born while we look for orphans: a newborn looks like one
            if not self.closed:  # what comes after us is not ours to sweep
                self.sweep()
        self.release(life)
        life.finish(exit_)
        self.lives.pop(life.number, None)

    def release(self, life: Life) -> None:
        """Take the last words of a life and close its pipes: nobody who could write is left."""
        for tap in life.taps:
            if tap.open:
                tap.drain()
                with contextlib.suppress(KeyError, ValueError, RuntimeError):  # of a selector that is closed already
                    self.selector.unregister(tap.reader)
                tap.close()

    def sweep(self) -> None:
        """Kill whatever is below us and is neither a life nor the launcher, with what confines it."""
        alive = [each.pid for each in self.lives.values() if each.signal_works()]
        self.process.sweep(alive, self.spare | self.twins)

    def watch(self) -> None:
        """Stop a life that takes more memory, starts more processes, writes or prints more than it may."""
        table = kernel.process_table() if self.lives else {}
        for life in [life for life in list(self.lives.values()) if life.pid and not life.exit]:
            if reason := life.excess(table):
                life.stop_for(reason)

    def end(self, life: Life, number: int = signal.SIGKILL, patience: float = 10.0) -> Exit:
        """End a life with a signal (a kill when that does not help) and wait until it is gone."""
        life.asked = True
        if not life.exit:
            life.signal(number)
            if not life.over.wait(patience):
                life.signal(signal.SIGKILL)
                if not life.over.wait(patience):
                    self.ended(life, Exit(reason="launcher"))
        return life.exit or Exit()

    def close(self) -> None:
        """End every life, the launcher, and whatever else is below us."""
        with self.lock:
            self.closed = True
        self.process.close(self.spare)
        self.thread.join(2)
        self.bury()
        self.process.control.close()
