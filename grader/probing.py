"""A probe at work: the grader's end of the conversation with a function that runs in the student's process."""

import contextlib
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from grader import source
from grader.answers import strict_json
from grader.expect import CheckFailed, Trouble
from grader.report import Outcome
from grader.submission import LAST_SIGNAL

if TYPE_CHECKING:
    from grader.box.lives import Exit, Life

PATIENCE = 20.0  # seconds for one value
LONGEST = 1024 * 1024
NOTHING = object()
GOES_ON = "a program that goes on"


class Probe:
    """The values a probe gives, one by one."""

    def __init__(self, life: "Life", did: str, end: Callable[..., "Exit"]) -> None:
        """The life has begun; the probe runs."""
        self.life = life
        self.did = did
        self.end = end
        self.buffer = b""
        self.spoke = False

    def next(self) -> Any:
        """The next value, for which the probe was written.

        Raises:
            CheckFailed: the student's code raised, or ended the program before it.
            Trouble: it ended, or gave nothing in time.
        """
        value = self._advance()
        if value is NOTHING:
            raise CheckFailed(self.did, GOES_ON, "it ended on the way", life=self.life)
        return value

    def _advance(self) -> Any:
        """The next value, NOTHING at the end."""
        end = time.monotonic() + PATIENCE
        while b"\n" not in self.buffer:
            self.life.talk.settimeout(max(0.01, end - time.monotonic()))
            try:
                data = self.life.talk.recv(65_536)
            except TimeoutError:
                got = f"nothing within {PATIENCE:g} seconds"
                raise Trouble(Outcome.TIMEOUT, self.did, "an end", got, life=self.life) from None
            except OSError:
                data = b""
            if not data:
                return self._over()
            self.buffer += data
            if len(self.buffer) > LONGEST:
                break
        line, _, self.buffer = self.buffer.partition(b"\n")
        with contextlib.suppress(ValueError, KeyError, TypeError):
            message = strict_json(line)
            if message["nonce"] == self.life.nonce:
                self.spoke = True
                return message["value"]
        raise CheckFailed(self.did, "what the program returns", "something else on our channel", life=self.life)

    def _over(self) -> Any:
        self.life.over.wait(PATIENCE)
        over = self.life.exit
        error = next(self.life.records("error"), None)
        if over and over.reason in ("memory", "deadline", "output"):
            outcome = {"memory": Outcome.MEMORY, "deadline": Outcome.TIMEOUT}.get(over.reason, Outcome.CRASHED)
            raise Trouble(outcome, self.did, "an end", f"your program is gone: {over}", life=self.life)
        if error:
            expected = GOES_ON if error.get("type") == "builtins.SystemExit" else "no error"
            raise CheckFailed(self.did, expected, source.named(error), life=self.life)
        if over and (over.status or not self.spoke):
            raise Trouble(Outcome.CRASHED, self.did, "an end", f"your program is gone: {over}", life=self.life)
        return NOTHING

    def go_on(self) -> None:
        """Let a probe that waits after a value go on."""
        with contextlib.suppress(OSError):
            self.life.talk.sendall(b"!")

    def finish(self) -> Any:
        """Let it run to its end; the last value."""
        last: Any = None
        while (value := self._advance()) is not NOTHING:
            last = value
            self.go_on()
        return last

    def __enter__(self) -> Self:
        """The probe itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        """End its life."""
        self.end(self.life, LAST_SIGNAL)
