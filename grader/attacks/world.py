"""What an attack could reach or harm, and a witness of it: files, secrets, listeners, processes."""

import contextlib
import os
import secrets
import shutil
import socket
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from grader import course
from grader.box import kernel

MARK = "LC_WITNESS"  # a variable that the launcher inherits: whoever still has it afterwards was left behind
WATCHED = ("grader", "chapters", "solutions")  # of the repository
COMMON = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 -- looked at, not written
Listing = dict[str, tuple[int, int, int]]


def listing(folder: Path) -> Listing:
    """Every file below a folder: its mode, size and time; what Python caches is not looked at."""
    found: Listing = {}
    for where, names, files in os.walk(folder):
        names[:] = [name for name in names if name not in {"__pycache__", ".workbook"}]
        for name in [*names, *files]:
            with contextlib.suppress(FileNotFoundError):
                path = Path(where, name)
                about = path.lstat()
                time = 0 if name in names else about.st_mtime_ns  # a folder's changes with Python's caches
                found[str(path)] = (about.st_mode, about.st_size * (name not in names), time)
    return found


class World:
    """A fresh one for each attack; a context manager."""

    def __init__(self) -> None:
        """Make what there is to aim at."""
        self.token = secrets.token_hex(6)
        self.secret = f"secret-{secrets.token_hex(12)}"
        self.base = Path(tempfile.mkdtemp(prefix="at-", dir="/tmp"))
        self.base.chmod(0o755)
        for name in ("canary", "tmp", "out", "submission", "neighbour"):
            (self.base / name).mkdir()
            (self.base / name).chmod(0o777)
        for name in ("secret", "neighbour/main.py", "canary/feather"):
            (self.base / name).write_text(self.secret, "utf-8")
            (self.base / name).chmod(0o666)
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.abstract, self.named = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        self.abstract.bind(f"\0at-{self.token}")
        self.named.bind(str(self.base / "canary" / "socket"))
        (self.base / "canary" / "socket").chmod(0o777)
        for listener in (self.abstract, self.named):
            listener.listen()
        self.before = self.look()

    @property
    def aims(self) -> dict[str, object]:
        """What the names in an attack stand for."""
        return {
            "TOKEN": self.token, "SECRET": self.base / "secret", "NEIGHBOUR": self.base / "neighbour" / "main.py",
            "CANARY": self.base / "canary", "OUT": self.base / "out", "ROOT": course.ROOT, "US": os.getpid(),
            "PORT": self.tcp.getsockname()[1], "UDP": self.udp.getsockname()[1], "NAME": f"at-{self.token}",
        }  # fmt: skip

    @property
    def environment(self) -> dict[str, str]:
        """For the grader."""
        return os.environ | {MARK: self.token, "TMPDIR": str(self.base / "tmp"), "NO_COLOR": "1", "COLUMNS": "100"}

    def look(self) -> Listing:
        """The files that must stay as they are."""
        found = listing(self.base / "canary") | listing(self.base / "neighbour")
        for name in WATCHED:
            found |= listing(course.ROOT / name)
        return found

    def harm(self) -> list[str]:
        """What is not as it was, a sentence each."""
        after = self.look()
        changed = {path for path in {*after, *self.before} if after.get(path) != self.before.get(path)}
        changed |= {str(path) for path in (self.base / "tmp").iterdir()}
        for folder in COMMON:
            changed |= {str(path) for path in Path(folder).glob(f"*{self.token}*")}
        found = [f"{path} is not as it was" for path in sorted(changed)]
        found += [f"process {pid} was left behind" for pid in self.left()]
        for name, listener in (("TCP", self.tcp), ("abstract", self.abstract), ("Unix", self.named), ("UDP", self.udp)):
            listener.settimeout(0)
            with contextlib.suppress(BlockingIOError):
                if listener is self.udp:
                    listener.recv(1)
                else:
                    listener.accept()[0].close()
                found.append(f"the {name} listener was reached")
        return found

    def left(self) -> list[int]:
        """The processes that were started by this grader and still run: by their environment, and our orphans."""
        found = []
        for pid in kernel.process_table():
            with contextlib.suppress(OSError):
                if f"{MARK}={self.token}".encode() in Path(f"/proc/{pid}/environ").read_bytes():
                    found.append(pid)
        return found

    def __enter__(self) -> Self:
        """The world itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        """Remove it, with what was left."""
        kernel.kill_all(self.left())
        for listener in (self.tcp, self.udp, self.abstract, self.named):
            listener.close()
        shutil.rmtree(self.base, ignore_errors=True)
