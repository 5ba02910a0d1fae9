"""A program that tries every way out of its box and says which ones worked; `choose` runs it before anything else.

`escapes` runs in a life, as a probe does, and imports nothing of the grader. What it says is believed: nobody else's
code runs in that life.
"""

import contextlib
import ctypes
import os
import signal
import socket
from collections.abc import Callable, Mapping
from typing import Any

NEW_USER, ATTACH, REMOUNT = 0x10000000, 16, 32 | 4096  # linux/sched.h, linux/ptrace.h, linux/mount.h
GETFD = 438  # pidfd_getfd, on every architecture


def escapes(aims: Mapping[str, Any]) -> list[str]:
    """The names of the ways that worked.

    Args:
        aims: `secret` (a file of the grader), `neighbour` (a folder of another life), `program` (the folder of the
            submission), `port` and `name` (listeners of the grader: TCP, abstract Unix), `pid` (the grader).
    """
    libc = ctypes.CDLL(None)

    def write(path: str) -> Callable[[], object]:
        return lambda: os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))

    def connect(family: int, kind: int, address: Any) -> Callable[[], object]:
        def go() -> None:
            with socket.socket(family, kind) as client:
                client.settimeout(2)
                client.connect(address)
                client.send(b"out")

        return go

    def succeed(result: int) -> None:
        if result < 0:
            raise OSError

    pid, port = aims["pid"], aims["port"]
    ways: dict[str, Callable[[], object]] = {
        "read the grader's files": lambda: os.close(os.open(aims["secret"], os.O_RDONLY)),
        "list the grader's folder": lambda: os.listdir(os.path.dirname(aims["secret"])),  # noqa: PTH120, PTH208
        "write where another life lives": write(f"{aims['neighbour']}/feather"),
        "change the submission": write(f"{aims['program']}/feather"),
        "change the system": lambda: os.close(os.open("/usr/lib/os-release", os.O_WRONLY)),
        "read /etc/passwd": lambda: os.close(os.open("/etc/passwd", os.O_RDONLY)),
        "speak TCP": connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", port)),
        "speak UDP": connect(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", port)),
        "reach abstract sockets": connect(socket.AF_UNIX, socket.SOCK_STREAM, f"\0{aims['name']}"),
        "signal the grader": lambda: os.kill(pid, 0),
        "signal the launcher": lambda: os.kill(os.getppid(), 0),
        "signal everybody": lambda: os.kill(-1, signal.SIGCONT),
        "trace the launcher": lambda: succeed(libc.ptrace(ATTACH, os.getppid(), 0, 0)),
        "take the launcher's descriptors": lambda: succeed(libc.syscall(GETFD, os.pidfd_open(os.getppid()), 3, 0)),
        "read the grader's environment": lambda: os.close(os.open(f"/proc/{pid}/environ", os.O_RDONLY)),
        "make a user namespace": lambda: succeed(libc.unshare(NEW_USER)),
        "mount": lambda: succeed(libc.mount(b"none", b"/", None, REMOUNT, None)),
        "be root": lambda: os.setuid(0) if os.geteuid() else None,
    }
    worked = []
    for name, way in ways.items():
        with contextlib.suppress(OSError, PermissionError, TypeError):
            way()
            worked.append(name)
    return worked
