"""What a life writes: drained for as long as it writes, kept to a cap."""

import os
import threading

from grader.box.sandbox import MEGABYTE

KEPT = MEGABYTE


class Tap:
    """The reading end of one pipe."""

    def __init__(self) -> None:
        """Open the pipe; `writer` goes to the life."""
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.reader, False)
        self.kept = bytearray()
        self.total = 0
        self.open = True
        self.lock = threading.Lock()

    def drain(self) -> bool:
        """Take what is there; False at the end. Any thread may: what was written before an answer is there with it."""
        with self.lock:
            return self.open and self._drain()

    def _drain(self) -> bool:
        while True:
            try:
                data = os.read(self.reader, 65_536)
            except BlockingIOError:
                return True
            except OSError:
                return False
            if not data:
                return False
            self.total += len(data)
            self.kept += data[: max(0, KEPT - len(self.kept))]
            if len(data) < 65_536:
                return True

    def text(self) -> str:
        """What was kept."""
        return self.kept.decode(errors="replace")

    def close(self) -> None:
        """Close the reading end, once."""
        with self.lock:
            if self.open:
                self.open = False
                os.close(self.reader)
