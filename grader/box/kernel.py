"""What differs by platform, in one place: process trees, credentials, death signals.

Imported on both sides of the boundary, so it uses the standard library alone.
"""

import contextlib
import ctypes
import os
import signal
import socket
import struct
import subprocess
import sys
import weakref
from collections.abc import Callable, Collection, Iterable
from typing import TypeAlias

LINUX = sys.platform == "linux"

# include/uapi/linux/prctl.h
PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
SO_PASSCRED = 16
SCM_CREDENTIALS = 2


def _prctl(option: int, value: int) -> None:
    if LINUX:
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies, `setsid` or not (Linux)."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Be killed when the parent dies (Linux)."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def forbid_privileges() -> None:
    """Gain no privilege by starting a program, ever: what filters and Landlock ask for (Linux)."""
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


def forbid_inspection() -> None:
    """Let no other process of this user read our memory or take our descriptors (Linux)."""
    _prctl(PR_SET_DUMPABLE, 0)


def ask_for_credentials(ours: socket.socket) -> None:
    """Have the kernel name the sender of what arrives on `ours` (Linux)."""
    if LINUX:
        ours.setsockopt(socket.SOL_SOCKET, SO_PASSCRED, 1)


def receive_pid(ours: socket.socket) -> int:
    """Read the process id that a new life sends of itself.

    Where the kernel names the sender (Linux), its number counts, which is valid in our own pid namespace
    whatever the sender believes; elsewhere there are no namespaces, and the number sent is taken.
    """
    told, ancillary, _, _ = ours.recvmsg(4, socket.CMSG_SPACE(12))
    if len(told) != 4:
        raise EOFError("the process ended before it said hello")
    for level, kind, data in ancillary:
        if LINUX and level == socket.SOL_SOCKET and kind == SCM_CREDENTIALS:
            return int(struct.unpack("3i", data[:12])[0])
    return int(struct.unpack("i", told)[0])


def open_process(pid: int) -> Callable[[int], None]:
    """A function that signals this very process, and never another that was given the number later."""
    if LINUX:
        handle = os.pidfd_open(pid)

        def send(number: int) -> None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, number)

        weakref.finalize(send, os.close, handle)  # when nobody can ask any more
        return send

    def send_by_number(number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)

    return send_by_number


Processes: TypeAlias = dict[int, tuple[int, int]]  # its id -> (its parent's id, its resident memory in bytes)


def _processes(names: Iterable[str]) -> Processes:
    """What Linux says of the processes with these names in /proc."""
    table: Processes = {}
    page = os.sysconf("SC_PAGE_SIZE")
    for name in names:
        with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 -- runs often
            fields = file.read().rpartition(b")")[2].split(None, 22)
            if fields[0] != b"Z":
                table[int(name)] = (int(fields[1]), int(fields[21]) * page)
    return table


def process_table() -> Processes:
    """Every process."""
    if LINUX:
        return _processes(filter(str.isdigit, os.listdir("/proc")))  # noqa: PTH208 -- runs often; names are all we need
    table: Processes = {}
    listing = subprocess.run(["/bin/ps", "-axo", "pid=,ppid=,rss="], capture_output=True, text=True, check=False)
    for line in listing.stdout.splitlines():
        pid, parent, kilobytes = (int(field) for field in line.split())
        table[pid] = (parent, kilobytes * 1024)
    return table


def descendants(root: int, table: Processes | None = None) -> list[int]:
    """The processes below `root`, children before grandchildren."""
    table = process_table() if table is None else table
    children: dict[int, list[int]] = {}
    for pid, (parent, _) in table.items():
        children.setdefault(parent, []).append(pid)
    found: list[int] = []
    queue = [root]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


def parent(pid: int) -> int:
    """The process that a process is a child of; 0 when it is gone."""
    return (_processes([str(pid)]) if LINUX else process_table()).get(pid, (0, 0))[0]


def ancestors(pid: int, root: int) -> set[int]:
    """The processes between `pid` and `root`, which is among them; nothing when `pid` is not below `root`."""
    found = set()
    while pid and pid != root:
        pid = parent(pid)
        found.add(pid)
    return found if pid == root else set()


def usage(pid: int, table: Processes) -> tuple[int, int]:
    """The resident memory in bytes of a process and all below it, and how many they are; 0 when it is gone."""
    there = [each for each in [pid, *descendants(pid, table)] if each in table]
    return sum(table[each][1] for each in there), len(there)


def kill_all(pids: list[int]) -> None:
    """Kill these processes at once."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def kill_below(root: int, keep: Collection[int] = (), keep_trees: Collection[int] = ()) -> None:
    """Kill everything below `root`, until nothing is left.

    Args:
        root: a process id; the process itself lives on.
        keep: processes that live on.
        keep_trees: processes that live on with everything below them.
    """
    for _ in range(50):  # a process may fork between the look and the kill; each round finds its children
        table = process_table()
        kept = {*keep, *keep_trees}
        for each in keep_trees:
            kept.update(descendants(each, table))
        doomed = [pid for pid in descendants(root, table) if pid not in kept]
        if not doomed:
            return
        kill_all(doomed)
