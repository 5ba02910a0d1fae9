"""The levels for code that nobody has read: namespaces (bubblewrap) or Landlock, each with a filter of system calls.

Both shut each life into its own folder by Landlock where the kernel has it; the outer wall is what differs.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grader.box import landlock, refuge, seccomp
from grader.box.sandbox import LIMITS, MEGABYTE, Level, Refuge, Rules

SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/sbin")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
HARMLESS = ("/etc/mime.types", "/etc/localtime", "/etc/ld.so.cache", "/etc/ssl/openssl.cnf")  # libraries look there
SMALL, ROOMY = str(MEGABYTE), str(64 * MEGABYTE)  # bytes of the file systems in memory
TRIAL = 30  # seconds bubblewrap may take to start `true`
AT_MOST = {"RLIMIT_NPROC": 512}  # threads count too


class RefusedError(Exception):
    """No level of confinement works here, or not the one that was asked for. The message says what to do."""


def readable(place: Refuge) -> list[str]:
    """What every confined program may read."""
    own = [place.packages] if place.packages else [sys.prefix, sys.base_prefix]
    return [*own, str(Path(place.python).parent.parent), str(place.code / "grader" / "__init__.py"),
            str(place.code / "grader" / "box"), str(place.program)]  # fmt: skip


def rules(place: Refuge, own: Path) -> Rules:
    """What a life may reach, where there is Landlock."""
    if landlock.version() < landlock.NEEDED or not seccomp.supported():
        return {}
    return {"read": [*SYSTEM, *DEVICES, *HARMLESS, *readable(place)], "write": [str(own), "/dev/null"]}


@dataclass(frozen=True)
class Namespaces:
    """Bubblewrap: users, files, processes, network, IPC and host name of its own."""

    refuge: Refuge
    name: str = "namespaces"
    limits: Mapping[str, int] = field(default_factory=lambda: LIMITS | AT_MOST)

    def confine(self, command: list[str]) -> list[str]:
        """The command under bwrap."""
        walls = ["bwrap", "--unshare-all", "--unshare-user", "--disable-userns", "--cap-drop", "ALL", "--new-session"]
        walls += ["--die-with-parent", "--hostname", "box", "--proc", "/proc", "--dev", "/dev"]
        walls += ["--size", SMALL, "--tmpfs", "/dev/shm", "--size", ROOMY, "--tmpfs", "/tmp"]  # noqa: S108 -- inside
        for path in map(Path, SYSTEM):
            if path.is_symlink():
                walls += ["--symlink", str(path.readlink()), str(path)]
            elif path.exists():
                walls += ["--ro-bind", str(path), str(path)]
        for name in dict.fromkeys(readable(self.refuge)):
            walls += ["--ro-bind", name, name]
        return [*walls, "--bind", str(self.refuge.lives), str(self.refuge.lives), "--chdir", "/", "--", *command]

    def rules(self, own: Path) -> Rules:
        """Landlock inside, where there is any: other lives' folders are none of its business."""
        return rules(self.refuge, own)

    @staticmethod
    def missing() -> str:
        """Why it cannot be used here; nothing when it can."""
        if sys.platform != "linux":
            return "namespaces: they are Linux's; grade on Linux, or in a container"
        if shutil.which("bwrap") is None:
            return "namespaces: bubblewrap is not installed (Debian, Ubuntu: apt-get install bubblewrap)"
        trial = ["bwrap", "--unshare-all", "--unshare-user", "--disable-userns", "--ro-bind", "/", "/", "true"]
        done = subprocess.run(trial, capture_output=True, text=True, timeout=TRIAL, check=False, user=refuge.user())
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            return f"namespaces: bubblewrap may not make them ({said}); see docs/ci.md, user namespaces"
        return ""


@dataclass(frozen=True)
class Landlock:
    """Landlock and a filter of system calls alone, for containers that may make no namespaces."""

    refuge: Refuge
    name: str = "landlock"
    limits: Mapping[str, int] = field(default_factory=lambda: LIMITS)

    def confine(self, command: list[str]) -> list[str]:
        """The command as it is: each life shuts itself in before it runs a line of the submission."""
        return command

    def rules(self, own: Path) -> Rules:
        """Its own folder, and what every program reads."""
        return rules(self.refuge, own)

    @staticmethod
    def missing() -> str:
        """Why it cannot be used here; nothing when it can."""
        if landlock.version() < landlock.NEEDED:
            return f"landlock: the kernel offers version {landlock.version()}, {landlock.NEEDED} is needed (Linux 6.12)"
        if not seccomp.supported():
            return "landlock: there is no filter of system calls for this processor"
        return ""


LEVELS: dict[str, type[Namespaces] | type[Landlock]] = {"namespaces": Namespaces, "landlock": Landlock}


def make(name: str) -> Level:
    """A level with a refuge of its own, which `refuge.remove` removes.

    Raises:
        RefusedError: the level cannot be used here.
    """
    if why := LEVELS[name].missing():
        raise RefusedError(why)
    base = Path(tempfile.mkdtemp(prefix="wb-box-"))
    try:
        return LEVELS[name](refuge.make(base))
    except OSError as problem:
        shutil.rmtree(base, ignore_errors=True)
        raise RefusedError(f"{name}: {problem}") from problem
