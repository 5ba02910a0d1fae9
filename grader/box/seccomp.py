"""A seccomp filter: no new sockets, nothing of other processes, no namespaces, no memory that stays.

Written as classic BPF for the two architectures that graders run on. Numbers from linux/filter.h, linux/seccomp.h and
the tables of system calls.
"""

import ctypes
import errno
import os
import platform
import struct

from grader.box import kernel

PR_SET_SECCOMP, MODE_FILTER = 22, 2
LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_BITS, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, FAIL = 0x7FFF0000, 0x80000000, 0x00050000
NUMBER, ARCHITECTURE, FIRST = 0, 4, 16  # offsets in struct seccomp_data
X32 = 0x40000000
CLONE_NEWUSER = 0x10000000
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CLONE, CLONE3 = {"x86_64": (56, 435), "aarch64": (220, 435)}.get(platform.machine(), (0, 0))
# kill, tgkill, prlimit64: the first argument must be our own process id (or 0: our own group, or ourselves).
OWN = {"x86_64": (62, 234, 302), "aarch64": (129, 131, 261)}
# socket (a life is handed the one it listens on; services listen on others), tkill, pidfd_send_signal, ptrace,
# process_vm_readv, process_vm_writev, pidfd_getfd, unshare, setns, mount, umount2, pivot_root, chroot, bpf,
# perf_event_open, userfaultfd, add_key, request_key, keyctl, io_uring_setup, kexec_load, init_module, finit_module,
# mount_setattr, open_tree, move_mount, fsopen, fsmount, setpriority, sched_setparam, sched_setscheduler,
# sched_setaffinity, sched_setattr, ioprio_set, migrate_pages, move_pages, memfd_create, memfd_secret, shmget, semget,
# msgget, mq_open
REFUSED = {
    "x86_64": (41, 200, 424, 101, 310, 311, 438, 272, 308, 165, 166, 155, 161, 321, 298, 323, 248, 249, 250, 425, 246,
               175, 313, 442, 428, 429, 430, 432, 141, 142, 144, 203, 314, 251, 256, 279, 319, 447, 29, 64, 68, 240),
    "aarch64": (198, 130, 424, 117, 270, 271, 438, 97, 268, 40, 39, 41, 51, 280, 241, 282, 217, 218, 219, 425, 104,
                105, 273, 442, 428, 429, 430, 432, 140, 118, 119, 122, 274, 30, 238, 239, 279, 447, 194, 190, 186, 180),
}  # fmt: skip


def supported() -> bool:
    """Whether there is a filter for this machine."""
    return platform.machine() in AUDIT


def _step(code: int, value: int, true: int = 0, false: int = 0) -> bytes:
    return struct.pack("HBBI", code, true, false, value)


def program(machine: str, pid: int) -> bytes:
    """The filter for a process, as the kernel reads it: one `struct sock_filter` (8 bytes) an instruction."""
    fail, denied = _step(RETURN, FAIL | errno.EPERM), _step(RETURN, FAIL | errno.ENOSYS)
    allow, kill = _step(RETURN, ALLOW), _step(RETURN, KILL)
    steps = [_step(LOAD, ARCHITECTURE), _step(JUMP_EQUAL, AUDIT[machine], 1), kill, _step(LOAD, NUMBER)]
    if machine == "x86_64":
        steps += [_step(JUMP_AT_LEAST, X32, 0, 1), fail]
    for number in REFUSED[machine]:
        steps += [_step(JUMP_EQUAL, number, 0, 1), fail]
    steps += [_step(JUMP_EQUAL, CLONE3, 0, 1), denied]  # its flags are in memory, which a filter cannot read
    steps += [_step(JUMP_EQUAL, CLONE, 0, 4), _step(LOAD, FIRST), _step(JUMP_BITS, CLONE_NEWUSER, 0, 1), fail, allow]
    for number in OWN[machine]:
        steps += [_step(JUMP_EQUAL, number, 0, 5), _step(LOAD, FIRST)]
        steps += [_step(JUMP_EQUAL, 0, 2), _step(JUMP_EQUAL, pid, 1), fail, allow]
    return b"".join([*steps, allow])


def enter() -> None:
    """Put the filter over this process and all below it, for good.

    Raises:
        OSError: the kernel refuses.
    """
    code = program(platform.machine(), os.getpid())
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    kernel.forbid_privileges()
    if libc.prctl(PR_SET_SECCOMP, MODE_FILTER, header, 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
