"""The terminal while somebody watches: keys without Enter, and one screen that is drawn over itself."""

import os
import re
import select
import shutil
import signal
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self, TextIO

SEQUENCE = re.compile(r"\x1b[\[O][0-9;]*([A-Za-z~])")  # what the arrows and the like send
ARROWS = {"A": "k", "B": "j"}  # up and down
ENTER, LEAVE = "\x1b[?1049h\x1b[?25l\x1b[2J", "\x1b[?25h\x1b[?1049l"


class Terminal:
    """A terminal in which keys come one by one. Use it as a context manager."""

    def __init__(self, source: TextIO = sys.stdin, target: TextIO = sys.stdout) -> None:
        """Nothing is changed yet."""
        self.source = source
        self.target = target
        self.shown = ""
        self.saved: list[Any] = []
        self.ended: BaseException | None = None  # how to leave, once a signal has said so

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines."""
        found = (
            shutil.get_terminal_size((80, 24))
            if "COLUMNS" in os.environ
            else os.get_terminal_size(self.target.fileno())
        )
        return found.columns or 80, found.lines or 24

    def __enter__(self) -> Self:
        """Take over: the screen that was there comes back in the end."""
        self.saved = termios.tcgetattr(self.source)
        ends = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        self.old = [(number, signal.signal(number, self.leave)) for number in ends]
        self.old.append((signal.SIGCONT, signal.signal(signal.SIGCONT, lambda *_: self.take())))
        self.take()
        return self

    def take(self) -> None:
        """Set the terminal up; again after Ctrl-Z and `fg`."""
        tty.setcbreak(self.source)
        self.shown = ""
        self.write(ENTER)

    def leave(self, number: int, _frame: object) -> None:
        """A signal that ends us is an ordinary end: `wait` raises it, not whatever is being done just now."""
        self.ended = KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number)

    def __exit__(self, *_: object) -> None:
        """Give the terminal back as it was."""
        for number, handler in self.old:
            signal.signal(number, handler)
        termios.tcsetattr(self.source, termios.TCSADRAIN, self.saved)
        self.write(LEAVE)

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Lend the terminal to another program."""
        termios.tcsetattr(self.source, termios.TCSADRAIN, self.saved)
        self.write(LEAVE)
        try:
            yield
        finally:
            self.take()

    def write(self, text: str) -> None:
        """Write, whatever the encoding can show."""
        encoding = self.target.encoding or "utf-8"
        self.target.write(text.encode(encoding, "replace").decode(encoding))
        self.target.flush()

    def show(self, text: str) -> None:
        """Draw a screen over the one before, if it differs."""
        if text != self.shown:
            self.shown = text
            self.write("\x1b[H" + text.replace("\n", "\x1b[K\r\n") + "\x1b[K\x1b[J")

    def wait(self, other: Any, seconds: float) -> tuple[str, bool]:
        """Wait for a key or for `other`, at most so long: the keys ("" for none), and whether `other` has something.

        Raises:
            SystemExit, KeyboardInterrupt: a signal has ended us meanwhile, or the terminal is gone.
        """
        ready, _, _ = select.select([self.source, other], [], [], seconds)
        if self.ended:
            raise self.ended
        keys = ""
        if self.source in ready:
            data = os.read(self.source.fileno(), 64)
            if not data:
                raise SystemExit(0)  # the terminal is gone
            keys = data.decode(errors="replace").replace("\r", "\n")  # Enter, as it comes with some Pythons
        return SEQUENCE.sub(lambda found: ARROWS.get(found[1], ""), keys), other in ready
