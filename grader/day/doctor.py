"""Looks at the machine and the set-up: what is fine, what is not, and how to mend it. Changes nothing."""

import importlib.metadata
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement  # comes with pytest

from grader.board import PLAIN, SYMBOLS, Look, drawn, facts

OLDEST_PYTHON = (3, 11)
OLDEST_SQLITE = (3, 35)  # RETURNING
ROOM = 200 * 1024 * 1024  # bytes
DRIFT = 5.0  # seconds between the clock and the times of new files
AGAIN = "delete .nox/workbook; the next nox -s chapter-01 makes it anew"


class Finding(NamedTuple):
    """One thing that was looked at."""

    name: str
    words: str
    mend: str = ""  # when it is not good

    @property
    def good(self) -> bool:
        """Whether there is nothing to mend."""
        return not self.mend


def python(_root: Path) -> Finding:
    """The Python that runs the grader."""
    version = ".".join(map(str, sys.version_info[:3]))
    mend = "install Python 3.11 or newer, and run nox with it"
    return Finding("Python", f"{version}, {sys.executable}", "" if sys.version_info[:2] >= OLDEST_PYTHON else mend)


def environment(root: Path) -> Finding:
    """Whether this is the environment that nox made."""
    inside = Path(sys.prefix).resolve() == (root / ".nox" / "workbook").resolve()
    words = ".nox/workbook" if inside else f"{sys.prefix}, not .nox/workbook"
    return Finding("environment", words, "" if inside else "run it as nox -s doctor")


def packages(root: Path) -> Finding:
    """The installed libraries against the lock file."""
    wrong = []
    for line in (root / "requirements.lock").read_text("utf-8").splitlines():
        wanted = Requirement(line) if line.strip() and line[0] not in "#- " else None
        if wanted is None or (wanted.marker and not wanted.marker.evaluate()):
            continue
        try:
            there = importlib.metadata.version(wanted.name)
        except importlib.metadata.PackageNotFoundError:
            there = "missing"
        if there == "missing" or not wanted.specifier.contains(there, prereleases=True):
            wrong.append(f"{wanted} is {there}")
    return Finding("libraries", ", ".join(wrong[:3]) or "as requirements.lock says", AGAIN if wrong else "")


def sqlite(_root: Path) -> Finding:
    """The SQLite that Python was built with."""
    mend = "it must be 3.35 or newer: take a newer Python"
    return Finding("SQLite", sqlite3.sqlite_version, "" if sqlite3.sqlite_version_info >= OLDEST_SQLITE else mend)


def writing(root: Path) -> Finding:
    """Whether there can be written where the course writes."""
    for folder in (root, root / "chapters", Path(tempfile.gettempdir())):
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as problem:
            mend = "make it yours (ls -l shows whose it is), or clone the course into your home"
            return Finding("writing", f"{folder}: {problem.strerror}", mend)
    return Finding("writing", "here and in the temporary folder")


def disk(root: Path) -> Finding:
    """Room for databases and backups."""
    free = min(shutil.disk_usage(folder).free for folder in (root, tempfile.gettempdir()))
    mend = "" if free >= ROOM else "make room: databases that cannot grow fail oddly"
    return Finding("disk", f"{free // 1024**2} MB free", mend)


def clock(root: Path) -> Finding:
    """Whether the clock agrees with the times of files: tokens expire by the one, reload goes by the other."""
    with tempfile.NamedTemporaryFile(dir=root if os.access(root, os.W_OK) else None) as file:
        drift = abs(Path(file.name).stat().st_mtime - time.time())
    mend = "" if drift < DRIFT else "set the clock; in WSL: sudo hwclock -s, or wsl --shutdown in Windows"
    return Finding("clock", f"{time.strftime('%Y-%m-%d %H:%M:%S %z')}, files {drift:.0f} s apart", mend)


def sockets(_root: Path) -> Finding:
    """Whether a program can listen where the grader lets it."""
    try:
        with tempfile.TemporaryDirectory(prefix="wb-") as folder, socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"{folder}/s")
    except OSError as problem:
        return Finding("sockets", f"{tempfile.gettempdir()}: {problem}", "set TMPDIR to a short path on a local disk")
    return Finding("sockets", "a program can listen in the temporary folder")


def terminal(_root: Path) -> Finding:
    """What the screen can show."""
    columns, lines = shutil.get_terminal_size()
    kind = f"{os.environ.get('TERM', 'no TERM')}, {columns} x {lines}, {sys.stdout.encoding}"
    good = not sys.stdout.isatty() or (columns >= 60 and os.environ.get("TERM") != "dumb")
    mend = "60 columns and a TERM other than dumb let nox -s watch draw its screen"
    return Finding("terminal", kind, "" if good else mend)


def sandbox(_root: Path) -> Finding:
    """What could confine a stranger's program; your own needs none of it."""
    there = []
    if shutil.which("bwrap"):
        there.append("bubblewrap")
    if read("/proc/sys/user/max_user_namespaces") not in {"", "0"} and all(
        read(f"/proc/sys/kernel/{name}") in {"", good}
        for name, good in (("unprivileged_userns_clone", "1"), ("apparmor_restrict_unprivileged_userns", "0"))
    ):
        there.append("user namespaces")
    if "landlock" in read("/sys/kernel/security/lsm"):
        there.append("Landlock")
    return Finding("sandbox", ", ".join(there) or "none here; your own program needs none")


def origin(root: Path) -> Finding:
    """Whether a push would go to the course's own repository."""
    asked = subprocess.run(
        ["git", "-C", root, "remote", "get-url", "origin"], capture_output=True, text=True, check=False  # noqa: S607 -- the student's own git
    )  # fmt: skip
    there = asked.stdout.strip()
    if not there:
        return Finding("git", "there is no origin: nothing can be pushed by mistake")
    urls = tomllib.loads((root / "pyproject.toml").read_text("utf-8")).get("project", {}).get("urls", {})
    if place(there) != place(urls.get("Repository", "")):
        return Finding("git", f"origin is {there}")
    mend = "git remote rename origin course, make a repository of your own, and git remote add origin ITS-ADDRESS"
    return Finding("git", f"origin is the course's own repository, {there}: answers do not belong there", mend)


def place(url: str) -> str:
    """Where a repository is, however it is written: "host/owner/name"."""
    found = re.sub(r"^\w+://([^/@]*@)?|^[^/@]*@", "", url.strip().lower())
    return found.replace(":", "/", 1).removesuffix("/").removesuffix(".git")


def read(path: str) -> str:
    """A word the kernel tells, "" where it does not."""
    try:
        return Path(path).read_text("utf-8").strip()
    except OSError:
        return ""


LOOKS: tuple[Callable[[Path], Finding], ...] = (
    python, environment, packages, sqlite, writing, disk, clock, sockets, terminal, sandbox, origin,
)  # fmt: skip


def examine(root: Path) -> Iterator[Finding]:
    """Look at everything; a look that fails itself is a finding."""
    for look in LOOKS:
        try:
            yield look(root)
        except (OSError, ValueError) as problem:
            yield Finding(look.__name__, f"could not be looked at: {problem}", "see what that says")


def render(findings: list[Finding], look: Look) -> str:
    """The findings as text."""
    symbols = SYMBOLS if look.unicode else PLAIN
    rows = {}
    for found in findings:
        sign = symbols["passed" if found.good else "error"]
        rows[f"{sign} {found.name}"] = found.words + ("" if found.good else f"\nmend it: {found.mend}")
    return drawn([facts(rows)], look)
