"""Landlock: a process gives up, for itself and all below it, every file it does not name, TCP, and others' signals.

The system calls are made directly: the life that makes them has the standard library and what a submission may use.
Numbers from include/uapi/linux/landlock.h and asm-generic/unistd.h (the same on every architecture).
"""

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

from grader.box import kernel

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION_FLAG = 1
PATH_BENEATH = 1
READ = 1 << 0 | 1 << 2 | 1 << 3  # execute, read a file, read a folder
EVERYTHING = (1 << 16) - 1  # with ioctl on devices, the last one (ABI 5)
OF_A_FILE = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15
NOT_TO_MAKE = (
    1 << 6 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12
)  # devices, sockets, pipes, links: the grader opens what lies there
TCP = 1 << 0 | 1 << 1  # bind, connect (ABI 4)
SCOPES = 1 << 0 | 1 << 1  # abstract Unix sockets, signals (ABI 6)
NEEDED = 6


def version() -> int:
    """The version of Landlock's interface; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    return max(0, int(ctypes.CDLL(None).syscall(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION_FLAG)))


def enter(read: Iterable[str], write: Iterable[str]) -> None:
    """Restrict this process for good.

    Args:
        read: files and folders that may be read and executed.
        write: folders in which files and folders may be made, changed and removed.

    Raises:
        OSError: the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)

    def call(number: int, *arguments: object) -> int:
        result = int(libc.syscall(number, *arguments))
        if result < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return result

    rights = struct.pack("QQQ", EVERYTHING, TCP, SCOPES)
    ruleset = call(CREATE_RULESET, rights, ctypes.c_size_t(len(rights)), 0)
    for paths, allowed in ((read, READ), (write, EVERYTHING & ~NOT_TO_MAKE)):
        for path in paths:
            if not os.path.exists(path):  # noqa: PTH110 -- not every machine has a /lib64
                continue
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
            mine = allowed if Path(path).is_dir() else allowed & OF_A_FILE
            call(ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", mine, descriptor), 0)
            os.close(descriptor)
    kernel.forbid_privileges()
    call(RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
