"""How much of the disk a life has taken."""

import contextlib
import os
import stat

from grader.box import kernel

SMALLEST = 4096  # bytes that a name counts, however little is in the file


def taken(folder: str, pid: int, table: kernel.Processes) -> int:
    """The bytes that the files below a folder take, with those that a process, or one below it, holds open and removed."""
    return _written(folder) + sum(_unlinked([pid, *kernel.descendants(pid, table)]).values() if kernel.LINUX else [])


def _written(folder: str) -> int:
    total = 0
    for where, folders, names in os.walk(folder):
        total += SMALLEST * len(folders)
        for name in names:
            with contextlib.suppress(OSError):
                total += max(SMALLEST, os.lstat(os.path.join(where, name)).st_blocks * 512)  # noqa: PTH118 -- runs often
    return total


def _unlinked(pids: list[int]) -> dict[tuple[int, int], int]:
    found: dict[tuple[int, int], int] = {}
    for pid in pids:
        with contextlib.suppress(OSError):  # it has ended, or may not be looked at
            for name in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208 -- runs often; names are all we need
                with contextlib.suppress(OSError):
                    about = os.stat(f"/proc/{pid}/fd/{name}")  # noqa: PTH116 -- runs often
                    if about.st_nlink == 0 and stat.S_ISREG(about.st_mode):
                        found[about.st_dev, about.st_ino] = about.st_blocks * 512
    return found
